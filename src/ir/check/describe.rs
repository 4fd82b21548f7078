//! Types along a plan as text, for `--emit types`.

use std::fmt::Write;

use super::layout::Checker;
use super::{Layout, infer};
use crate::ir::{Column, Query, Rel};

/// Each operator with the columns that it adds or changes, and those that it leaves out; then all columns of the result.
pub fn describe(query: &Query) -> String {
    let mut out = String::new();
    print(&query.plan, 0, &mut out);
    let _ = writeln!(out, "=> {}", list(&infer(&query.plan)));
    out
}

fn list(layout: &Layout) -> String {
    let mut parts: Vec<String> = layout.columns.iter().map(Column::to_string).collect();
    if layout.open {
        parts.push("and columns named by the data".to_owned());
    }
    if parts.is_empty() { "no columns".to_owned() } else { parts.join(", ") }
}

/// Prints an operator behind those that it reads; gives its columns.
fn print(rel: &Rel, depth: usize, out: &mut String) -> Layout {
    let pad = "  ".repeat(depth);
    let mut inputs = rel.inputs().into_iter();
    let below = match rel {
        Rel::Union { .. } => Layout::default(),
        _ => inputs.next().map(|input| print(input, depth, out)).unwrap_or_default(),
    };
    let here = Checker::default().rel(rel).layout;
    let _ = write!(out, "{pad}{}", rel.name());
    let mut parts: Vec<String> =
        here.columns.iter().filter(|c| below.column(&c.name) != Some(c)).map(Column::to_string).collect();
    let gone: Vec<String> =
        below.columns.iter().filter(|c| here.column(&c.name).is_none()).map(|c| c.name.to_string()).collect();
    if !gone.is_empty() {
        parts.push(format!("without {}", gone.join(", ")));
    }
    if here.open && !below.open {
        parts.push("and columns named by the data".to_owned());
    }
    match parts.is_empty() {
        true => out.push('\n'),
        false => {
            let _ = writeln!(out, ": {}", parts.join(", "));
        }
    }
    for other in inputs {
        let _ = writeln!(out, "{pad}[");
        print(other, depth + 1, out);
        let _ = writeln!(out, "{pad}]");
    }
    here
}
