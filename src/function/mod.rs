//! The functions of SPL's evaluation language, one file each (Search Reference, "Evaluation functions").
//!
//! A function says what it takes and how it becomes an expression of the IR: either by nodes of its own meaning
//! (`if`, `match`, `like`), or as a [`ExprKind::Call`] under its SPL name, which targets spell by their `functions.toml`.

mod call;
#[cfg(test)]
mod tests;

pub(crate) use call::to_text;
pub use call::{Call, Fault};

use crate::ir::Expr;

/// A function of the evaluation language.
pub struct Function {
    /// As SPL spells it.
    pub name: &'static str,
    /// E.g. `substr(text, start[, length])`.
    pub usage: &'static str,
    /// Least and most number of arguments.
    pub arity: (usize, usize),
    /// Whether the argument at a position (of so many) is a condition.
    pub condition: fn(usize, usize) -> bool,
    pub lower: fn(Call<'_>) -> Result<Expr, Fault>,
}

/// For functions whose arguments are all values.
pub(crate) fn no_condition(_: usize, _: usize) -> bool {
    false
}

macro_rules! functions {
    ($($module:ident),* $(,)?) => {
        $(mod $module;)*
        static FUNCTIONS: &[&Function] = &[$(&$module::FUNCTION),*];
    };
}

functions! {
    abs, acos, acosh, asin, asinh, atan, atan2, atanh, avg, bit_and, bit_not, bit_or, bit_shift_left, bit_shift_right,
    bit_xor, case, ceiling, cidrmatch, coalesce, cos, cosh, exact, exp, false_, floor, hypot, if_, in_, ipmask,
    isarray, isbool, isdouble, isint, ismv, isnotnull, isnull, isnum, isobject, isstr, json, json_append, json_array,
    json_array_to_mv, json_delete, json_entries, json_extend, json_extract, json_extract_exact, json_has_key_exact,
    json_keys, json_object, json_set, json_set_exact, json_valid, len, like, ln, log, lower, ltrim, match_, max, md5,
    min, mv_to_json_array, mvappend, mvcount, mvdedup, mvfind, mvindex, mvjoin, mvrange, mvsort, mvzip, now, null,
    nullif, pi, pow, printf, random, relative_time, replace, round, rtrim, sha1, sha256, sha512, sigfig, sin, sinh,
    spath, split, sqrt, strftime, strptime, substr, sum, tan, tanh, time, toarray, tobool, todouble, toint, tojson,
    tomv, tonumber, toobject, tostring, trim, true_, typeof_, upper, urldecode, validate,
}

/// Functions that exist in SPL and are not implemented, and what to do.
const KNOWN: &[(&str, &str)] = &[
    ("array_to_mv", "use `json_array_to_mv`"),
    ("cluster", "grouping by likeness is Splunk's own measure"),
    ("commands", "it reads the text of searches; use `match` or `rex`"),
    ("getfields", "the names of fields are not known before the query runs; name the fields"),
    ("lookup", "use the command `lookup`"),
    ("object_to_array", "use `json_entries`"),
    ("trendline", "use the command `streamstats`"),
];

/// The function of a name; case does not matter.
pub fn find(name: &str) -> Option<&'static Function> {
    let name = match name {
        "ceil" => "ceiling",
        other => other,
    };
    FUNCTIONS.iter().copied().find(|f| f.name.eq_ignore_ascii_case(name))
}

/// The names of all functions that are implemented.
pub fn names() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.iter().map(|f| f.name)
}

/// The names of functions of SPL that are not implemented.
pub fn refused() -> impl Iterator<Item = &'static str> {
    KNOWN.iter().map(|(name, _)| *name)
}

/// Whether all arguments are single numbers: a multivalue field counts by its only value.
pub fn takes_numbers(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "abs",
        "acos",
        "acosh",
        "asin",
        "asinh",
        "atan",
        "atan2",
        "atanh",
        "bit_and",
        "bit_not",
        "bit_or",
        "bit_shift_left",
        "bit_shift_right",
        "bit_xor",
        "ceiling",
        "cos",
        "cosh",
        "exp",
        "floor",
        "ln",
        "log",
        "pow",
        "round",
        "sigfig",
        "sin",
        "sinh",
        "sqrt",
        "tan",
        "tanh",
    ];
    NAMES.contains(&name)
}

/// What a function does with several values where it takes one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Several {
    /// Its own affair: it takes several values, or refuses them.
    Own,
    /// It is computed for each value of the first multivalue field among its arguments.
    Each,
    /// It is true if it is for some value.
    Some,
}

/// What a function does with several values (the manual is silent; docs/semantics.md says what was chosen).
pub fn on_several(name: &str) -> Several {
    const EACH: &[&str] = &[
        "ipmask",
        "json",
        "json_array_to_mv",
        "json_delete",
        "json_entries",
        "json_extract",
        "json_extract_exact",
        "json_has_key_exact",
        "json_keys",
        "json_set",
        "json_valid",
        "len",
        "lower",
        "ltrim",
        "md5",
        "nullif",
        "printf",
        "relative_time",
        "replace",
        "rtrim",
        "sha1",
        "sha256",
        "sha512",
        "spath",
        "split",
        "strftime",
        "strptime",
        "substr",
        "tobool",
        "todouble",
        "toint",
        "tonumber",
        "toobject",
        "tostring",
        "trim",
        "upper",
        "urldecode",
    ];
    match name {
        "cidrmatch" | "like" | "match" => Several::Some,
        name if EACH.contains(&name) => Several::Each,
        _ => Several::Own,
    }
}

/// Whether SPL has a function of this name that is not implemented.
pub fn is_known(name: &str) -> bool {
    instead_of(name).is_some()
}

/// What to do without a function of SPL that is not implemented.
pub fn instead_of(name: &str) -> Option<&'static str> {
    KNOWN.iter().find(|(known, _)| *known == name).map(|(_, instead)| *instead)
}
