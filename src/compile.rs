//! The chain of the stages: a rule file in, a query and its diagnostics per target out.

use minijinja::Environment;
use minijinja::syntax::SyntaxConfig;

use crate::diagnostic::{Diagnostic, Effect, Sink, code};
use crate::ir::Query;
use crate::options::Options;
use crate::rule::{Library, Rule};
use crate::schema::Schemas;
use crate::source::SourceFile;
use crate::spl;
use crate::target::{Context, Fidelity, TARGETS, Target, TargetId};

/// Everything that compilations share. It touches neither files nor threads.
#[derive(Debug)]
pub struct Compiler {
    pub library: Library,
    pub schemas: Schemas,
    pub options: Options,
    templates: Environment<'static>,
}

/// One target's result.
#[derive(Clone, Debug)]
pub struct Output {
    pub target: TargetId,
    pub fidelity: Fidelity,
    /// The query in its skeleton; `None` where there is none.
    pub query: Option<String>,
    /// Those of the front end that concern this target too, then the target's own.
    pub diagnostics: Vec<Diagnostic>,
}

/// The result of one rule.
#[derive(Debug)]
pub struct Compiled {
    /// `None` where the file is no rule.
    pub rule: Option<Rule>,
    pub ast: Option<spl::Pipeline>,
    pub ir: Option<Query>,
    /// The front end's diagnostics.
    pub diagnostics: Vec<Diagnostic>,
    pub outputs: Vec<Output>,
}

impl Compiler {
    pub fn new(library: Library, schemas: Schemas, options: Options) -> Self {
        let mut templates = Environment::new();
        templates.set_syntax(template_syntax());
        for target in TARGETS {
            // A test holds that the templates that the program brings along compile.
            let _ = templates.add_template(target.id().name(), target.template());
        }
        Self { library, schemas, options, templates }
    }

    /// Replaces the skeleton of a target's queries.
    ///
    /// # Errors
    /// The template engine's message where the template is malformed.
    pub fn set_template(&mut self, target: TargetId, text: String) -> Result<(), String> {
        self.templates.add_template_owned(target.name(), text).map_err(|e| e.to_string())
    }

    /// Compiles one rule file for some targets.
    pub fn compile(&self, file: &SourceFile, targets: &[TargetId]) -> Compiled {
        let mut sink = Sink::default();
        let rule = Rule::parse(file, &mut sink);
        // That a search is missing was said already.
        let searchable = rule.as_ref().filter(|rule| !rule.search.text.trim().is_empty());
        let parsed = searchable.and_then(|rule| spl::parse(&rule.search, &self.library, &mut sink).ok());
        if let Some(rule) = &rule {
            self.check_drilldowns(rule, &mut sink);
        }
        let ir = match (&rule, &parsed) {
            (Some(rule), Some(ast)) => {
                spl::lower(ast, rule, &self.library, &self.schemas, &self.options, &mut sink).ok()
            }
            _ => None,
        };
        let mut compiled =
            Compiled { rule, ast: parsed, ir, diagnostics: sink.into_diagnostics(), outputs: Vec::new() };
        compiled.outputs =
            TARGETS.iter().filter(|t| targets.contains(&t.id())).map(|t| self.output(*t, &compiled)).collect();
        compiled
    }

    /// Parses the searches that an analyst opens from a finding. Their tokens (`$user$`) stand for values, and they are not
    /// compiled; what is malformed is a warning.
    fn check_drilldowns(&self, rule: &Rule, sink: &mut Sink) {
        for drilldown in rule.drilldown_searches.iter().filter(|d| !d.search.text.trim().is_empty()) {
            let mut own = Sink::default();
            let _ = spl::parse(&drilldown.search, &self.library, &mut own);
            for fault in own.into_diagnostics().into_iter().filter(|d| d.effect == Effect::Invalid) {
                let message = format!("drilldown search `{}`: {}", one_line(&drilldown.name), fault.message);
                let mut diagnostic = Diagnostic::new(&code::DRILLDOWN, message);
                diagnostic.span = fault.span;
                diagnostic.help = fault.help;
                sink.push(diagnostic);
            }
        }
    }

    fn output(&self, target: &dyn Target, compiled: &Compiled) -> Output {
        let mut sink = Sink::default();
        for diagnostic in &compiled.diagnostics {
            sink.push(diagnostic.clone());
        }
        let mut query = None;
        if let (Some(rule), Some(ir)) = (&compiled.rule, &compiled.ir) {
            let context = Context { rule, schemas: &self.schemas, options: &self.options };
            let mut own = Sink::default();
            let body = target.emit(ir, &context, &mut own).ok();
            let emitted = body.is_some();
            for diagnostic in own.into_diagnostics() {
                sink.push(diagnostic.target(target.id()));
            }
            let fidelity = fidelity(target, &sink, emitted);
            query = body.filter(|_| fidelity < Fidelity::Unsupported);
            if let Some(body) = query.take() {
                match self.render(target, rule, &body, fidelity, &sink) {
                    Ok(text) => query = Some(text),
                    Err(message) => sink.push(
                        Diagnostic::new(&code::INVALID_TEMPLATE, format!("the template fails: {message}"))
                            .target(target.id()),
                    ),
                }
            }
        }
        if query.is_none() && sink.effect() < Effect::Unsupported {
            // No stage may give up without a reason.
            sink.push(Diagnostic::new(&code::INTERNAL, "there is no query, and no stage said why").target(target.id()));
        }
        let fidelity = fidelity(target, &sink, query.is_some());
        Output { target: target.id(), fidelity, query, diagnostics: sink.into_diagnostics() }
    }

    fn render(
        &self,
        target: &dyn Target,
        rule: &Rule,
        body: &str,
        fidelity: Fidelity,
        sink: &Sink,
    ) -> Result<String, String> {
        let notes: Vec<String> = sink
            .diagnostics()
            .iter()
            .filter(|d| ![&code::UNKNOWN_KEY, &code::DRILLDOWN].contains(&d.code))
            .map(|d| one_line(&format!("{} {}: {}", d.code.id, d.code.name(), d.message)))
            .collect();
        let template = self.templates.get_template(target.id().name()).map_err(|e| e.to_string())?;
        template
            .render(minijinja::context! {
                query => body.trim_end(),
                fidelity => fidelity.name(),
                notes => notes,
                rule => minijinja::context! {
                    id => one_line(&rule.id),
                    name => one_line(&rule.name),
                    version => one_line(&rule.version),
                    status => one_line(&rule.status),
                    kind => one_line(&rule.kind),
                    author => one_line(&rule.author),
                    date => one_line(&rule.date),
                    modified => one_line(&rule.modified),
                    description => one_line(&rule.description),
                    mitre_attack_id => rule.mitre_attack_id.iter().map(|t| one_line(t)).collect::<Vec<_>>(),
                },
            })
            .map_err(|e| e.to_string())
    }
}

/// Lines that hold only a tag leave nothing behind, and the final line break stays.
fn template_syntax() -> SyntaxConfig {
    SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build()
        .unwrap_or_default()
}

/// Text from a rule, made safe for a comment: line breaks and other control characters become blanks.
fn one_line(text: &str) -> String {
    let is_break = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    text.chars()
        .map(|c| if is_break(c) { ' ' } else { c })
        .collect::<String>()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

fn fidelity(target: &dyn Target, sink: &Sink, emitted: bool) -> Fidelity {
    match sink.effect() {
        Effect::Invalid => Fidelity::Invalid,
        Effect::Unsupported => Fidelity::Unsupported,
        _ if !emitted => Fidelity::Unsupported,
        Effect::Approximate => Fidelity::Approximate,
        Effect::None => {
            let shape = sink.diagnostics().iter().any(|d| std::ptr::eq(d.code, &code::SHAPE_NOT_KEPT));
            if shape { target.best().max(Fidelity::Events) } else { target.best() }
        }
    }
}
