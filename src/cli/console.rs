//! Standard output and standard error. That nobody reads them is no error.

use std::io::{self, IsTerminal, Write};

use super::args::Color;
use super::{Failure, NOT_RUN, OK};
use crate::diagnostic::render::{self, Paint};
use crate::diagnostic::{Diagnostic, Severity};
use crate::source::{Position, SourceFile};

/// How diagnostics look on a stream.
#[derive(Clone, Copy)]
struct Look {
    paint: Paint,
    full: bool,
}

pub(super) struct Console {
    out: io::BufWriter<io::Stdout>,
    on_out: Look,
    on_err: Look,
    /// The reader of standard output is gone.
    closed: bool,
    failed: Option<io::Error>,
}

impl Console {
    pub(super) fn new(color: Color) -> Self {
        let out = io::stdout();
        let on_out = look(color, out.is_terminal());
        Self {
            on_out,
            on_err: look(color, io::stderr().is_terminal()),
            out: io::BufWriter::new(out),
            closed: false,
            failed: None,
        }
    }

    /// Writes to standard output, as it is.
    pub(super) fn print(&mut self, text: &str) {
        let result = if self.closed { Ok(()) } else { self.out.write_all(text.as_bytes()) };
        self.note(result);
    }

    fn note(&mut self, result: io::Result<()>) {
        if let Err(error) = result {
            self.closed = true;
            if error.kind() != io::ErrorKind::BrokenPipe {
                self.failed.get_or_insert(error);
            }
        }
    }

    fn flush(&mut self) {
        let result = if self.closed { Ok(()) } else { self.out.flush() };
        self.note(result);
    }

    /// Writes to standard error, after what was printed so far.
    pub(super) fn say(&mut self, text: &str) {
        self.flush();
        let _ = io::stderr().write_all(text.as_bytes());
    }

    /// A diagnostic on standard error.
    pub(super) fn diagnostic(&mut self, diagnostic: &Diagnostic, file: &SourceFile) {
        let text = self.on_err.render(diagnostic, file);
        self.say(&text);
    }

    /// A diagnostic about another file than a rule's, on standard error.
    pub(super) fn diagnostic_at(&mut self, diagnostic: &Diagnostic, path: &str, position: Option<Position>) {
        let text = render::elsewhere(diagnostic, path, position, self.on_err.paint, self.on_err.full);
        self.say(&text);
    }

    /// A diagnostic on standard output.
    pub(super) fn print_diagnostic(&mut self, diagnostic: &Diagnostic, file: &SourceFile) {
        let text = self.on_out.render(diagnostic, file);
        self.print(&text);
    }

    /// A line `error: …` on standard error.
    pub(super) fn error(&mut self, message: &str) {
        let label = self.on_err.paint.severity(Severity::Error, "error");
        self.say(&format!("{label}: {}\n", render::visible(message)));
    }

    pub(super) fn failure(&mut self, failure: &Failure) {
        self.error(&failure.message);
        if let Some(help) = &failure.help {
            self.say(&format!("help: {}\n", render::visible(help)));
        }
    }

    /// Writes what is left; the exit status that the output itself causes.
    pub(super) fn finish(&mut self) -> u8 {
        self.flush();
        match self.failed.take() {
            Some(error) => {
                self.error(&format!("standard output can't be written: {error}"));
                NOT_RUN
            }
            None => OK,
        }
    }
}

impl Look {
    fn render(self, diagnostic: &Diagnostic, file: &SourceFile) -> String {
        if self.full {
            render::full(diagnostic, file, self.paint) + "\n"
        } else {
            render::concise(diagnostic, file, self.paint) + "\n"
        }
    }
}

fn look(color: Color, is_terminal: bool) -> Look {
    let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty());
    let forced = set("CLICOLOR_FORCE").is_some_and(|v| v != "0");
    let refused = set("NO_COLOR").is_some() || set("TERM").is_some_and(|v| v == "dumb");
    decide(color, is_terminal, forced, refused)
}

/// Asking for colours asks for the form of terminals too.
fn decide(color: Color, is_terminal: bool, forced: bool, refused: bool) -> Look {
    let colour = match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => !refused && (forced || is_terminal),
    };
    Look { paint: if colour { Paint::Colour } else { Paint::Plain }, full: colour || is_terminal }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_follows_the_flag_then_the_environment_then_the_terminal() {
        let colour = |c, t, f, r| decide(c, t, f, r).paint == Paint::Colour;
        assert!(colour(Color::Always, false, false, true));
        assert!(!colour(Color::Never, true, true, false));
        assert!(colour(Color::Auto, false, true, false));
        assert!(!colour(Color::Auto, true, true, true));
        assert!(colour(Color::Auto, true, false, false));
        assert!(!colour(Color::Auto, false, false, false));
    }

    #[test]
    fn terminals_get_the_full_form_without_colours_too() {
        assert!(decide(Color::Never, true, false, false).full);
        assert!(!decide(Color::Auto, false, false, false).full);
    }
}
