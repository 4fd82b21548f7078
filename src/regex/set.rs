//! Sets of characters that PCRE has names for. Without `(*UCP)` shorthands and POSIX classes are those of ASCII
//! (pcrepattern, "Generic character types" and "POSIX character classes").

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange, HirKind};

pub(super) fn of(ranges: &[(char, char)]) -> ClassUnicode {
    ClassUnicode::new(ranges.iter().map(|(a, b)| ClassUnicodeRange::new(*a, *b)))
}

pub(super) fn negated(mut set: ClassUnicode) -> ClassUnicode {
    set.negate();
    set
}

pub(super) fn all() -> ClassUnicode {
    of(&[('\0', char::MAX)])
}

/// All characters but the newline.
pub(super) fn not_newline() -> ClassUnicode {
    negated(of(&[('\n', '\n')]))
}

/// With the other cases of its letters: those of Unicode, as PCRE has them in UTF mode.
pub(super) fn any_case(mut set: ClassUnicode) -> ClassUnicode {
    // Fails only where the tables of case are left out of the build; then nothing is folded.
    let _ = set.try_case_fold_simple();
    set
}

/// `\d`, `\w`, `\s`, `\h`, `\v`, `\N` and their negations.
pub(super) fn shorthand(letter: char, unicode: bool) -> Option<ClassUnicode> {
    let set = match letter.to_ascii_lowercase() {
        'd' if unicode => property("Nd")?,
        'w' if unicode => {
            let mut set = property("L")?;
            set.union(&property("N")?);
            set.union(&of(&[('_', '_')]));
            set
        }
        's' if unicode => property("White_Space")?,
        'd' => of(&[('0', '9')]),
        'w' => of(&[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')]),
        's' => of(&[('\t', '\r'), (' ', ' ')]),
        'h' => of(&[
            ('\t', '\t'),
            (' ', ' '),
            ('\u{a0}', '\u{a0}'),
            ('\u{1680}', '\u{1680}'),
            ('\u{180e}', '\u{180e}'),
            ('\u{2000}', '\u{200a}'),
            ('\u{202f}', '\u{202f}'),
            ('\u{205f}', '\u{205f}'),
            ('\u{3000}', '\u{3000}'),
        ]),
        'v' => of(&[('\n', '\r'), ('\u{85}', '\u{85}'), ('\u{2028}', '\u{2029}')]),
        'n' if letter == 'N' => of(&[('\n', '\n')]),
        _ => return None,
    };
    Some(if letter.is_ascii_uppercase() { negated(set) } else { set })
}

/// A POSIX class by its name; under `(?i)` `upper` and `lower` are `alpha`.
pub(super) fn posix(name: &str, any_case: bool, unicode: bool) -> Option<ClassUnicode> {
    if unicode {
        let set = match name {
            "alpha" => property("L"),
            "lower" if any_case => property("L"),
            "upper" if any_case => property("L"),
            "lower" => property("Ll"),
            "upper" => property("Lu"),
            "alnum" => property("Xan"),
            "space" => shorthand('s', true),
            "blank" => shorthand('h', true),
            "digit" => shorthand('d', true),
            "word" => shorthand('w', true),
            _ => None,
        };
        if set.is_some() {
            return set;
        }
    }
    Some(match name {
        "alpha" => of(&[('A', 'Z'), ('a', 'z')]),
        "lower" | "upper" if any_case => of(&[('A', 'Z'), ('a', 'z')]),
        "lower" => of(&[('a', 'z')]),
        "upper" => of(&[('A', 'Z')]),
        "alnum" => of(&[('0', '9'), ('A', 'Z'), ('a', 'z')]),
        "ascii" => of(&[('\0', '\x7f')]),
        "blank" => of(&[('\t', '\t'), (' ', ' ')]),
        "cntrl" => of(&[('\0', '\x1f'), ('\x7f', '\x7f')]),
        "digit" => of(&[('0', '9')]),
        "graph" => of(&[('!', '~')]),
        "print" => of(&[(' ', '~')]),
        "punct" => of(&[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')]),
        "space" => of(&[('\t', '\r'), (' ', ' ')]),
        "word" => of(&[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')]),
        "xdigit" => of(&[('0', '9'), ('A', 'F'), ('a', 'f')]),
        _ => return None,
    })
}

/// A Unicode property or script by its name between the braces of `\p{…}`.
pub(super) fn property(name: &str) -> Option<ClassUnicode> {
    let inner = match name {
        "Any" => return Some(all()),
        "L&" => r"[\p{Lu}\p{Ll}\p{Lt}]",
        "Xan" => r"[\p{L}\p{N}]",
        "Xwd" => r"[\p{L}\p{N}_]",
        "Xsp" | "Xps" => r"\s",
        _ => "",
    };
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | ' ' | '-'));
    let source = match inner {
        "" if plain && !name.is_empty() => format!(r"\p{{{name}}}"),
        "" => return None,
        inner => inner.to_owned(),
    };
    match regex_syntax::parse(&source).ok()?.into_kind() {
        HirKind::Class(regex_syntax::hir::Class::Unicode(set)) => Some(set),
        HirKind::Literal(literal) => {
            let text = String::from_utf8(literal.0.into_vec()).ok()?;
            let c = text.chars().next()?;
            Some(of(&[(c, c)]))
        }
        _ => None,
    }
}
