//! Settles the spelling of the names that a query makes. Insights rejects a query that assigns a name twice, or that
//! assigns a name that it also reads as a discovered field; so each name is made once, and SPL's own names stand as
//! headings in the last `display`.

use std::collections::BTreeSet;

use super::ast::{Alias, Command, Expr, Field, Item, Query};

/// Gives every name of the query its spelling: SPL's where the last `display` only passes the column on under it,
/// else the hint with a number where it is taken. `avoid` tells names that the source's records may have.
pub(super) fn settle(query: &mut Query, avoid: &dyn Fn(&str) -> bool) {
    let mut taken = raw_names(query);
    let mut settled: Vec<Option<String>> = vec![None; query.names.len()];
    for id in &query.fixed {
        if let (Some(slot), Some(spelling)) = (settled.get_mut(*id), query.names.get(*id)) {
            *slot = Some(spelling.clone());
            taken.insert(spelling.clone());
        }
    }
    if let Some(items) = query.commands.iter_mut().rev().find_map(headed) {
        for item in items.iter() {
            if let (Expr::Field(Field::Local(id)), Some(Alias::Output(heading))) = (&item.expr, &item.alias)
                && is_word(heading)
                && let Some(slot @ None) = settled.get_mut(*id)
                && taken.insert(heading.clone())
            {
                *slot = Some(heading.clone());
            }
        }
        drop_needless_headings(items, &settled);
        for item in items.iter() {
            if let Some(Alias::Output(heading)) = &item.alias {
                taken.insert(heading.clone());
            }
        }
    }
    for (id, hint) in query.names.iter_mut().enumerate() {
        let name = match settled.get_mut(id).and_then(Option::take) {
            Some(name) => name,
            None => fresh(hint, &mut taken, avoid),
        };
        *hint = name;
    }
}

/// The items of the command that shows the result.
fn headed(command: &mut Command) -> Option<&mut Vec<Item>> {
    match command {
        Command::Fields(items) | Command::Display(items)
            if items.iter().any(|i| matches!(i.alias, Some(Alias::Output(_)))) =>
        {
            Some(items)
        }
        _ => None,
    }
}

/// A heading that is the column's own name is not written.
fn drop_needless_headings(items: &mut [Item], settled: &[Option<String>]) {
    for item in items {
        let same = match (&item.expr, &item.alias) {
            (Expr::Field(Field::Local(id)), Some(Alias::Output(h))) => {
                settled.get(*id).and_then(Option::as_ref) == Some(h)
            }
            (Expr::Field(Field::Raw(path)), Some(Alias::Output(h))) => path == h,
            _ => false,
        };
        if same {
            item.alias = None;
        }
    }
}

/// A name that nothing has yet; letters, digits and `_` only.
fn fresh(hint: &str, taken: &mut BTreeSet<String>, avoid: &dyn Fn(&str) -> bool) -> String {
    let mut word = String::new();
    for c in hint.chars() {
        let c = if c.is_ascii_alphanumeric() { c } else { '_' };
        if !(c == '_' && word.ends_with('_')) {
            word.push(c);
        }
    }
    let word = word.trim_matches('_');
    let word =
        if word.starts_with(|c: char| c.is_ascii_alphabetic()) { word.to_owned() } else { ["x_", word].concat() };
    if is_word(&word) && !avoid(&word) && taken.insert(word.clone()) {
        return word;
    }
    for n in 1u32.. {
        let name = format!("{word}_{n}");
        if !avoid(&name) && taken.insert(name.clone()) {
            return name;
        }
    }
    word
}

fn is_word(name: &str) -> bool {
    super::print::name(name) == name
}

/// The discovered fields that the query reads.
pub(super) fn raw_names(query: &Query) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    let mut add = |e: &Expr| {
        if let Expr::Field(Field::Raw(path)) | Expr::Member(Field::Raw(path), _) = e {
            out.insert(path.clone());
        }
    };
    for command in &query.commands {
        match command {
            Command::Fields(items) | Command::Display(items) => items.iter().for_each(|i| i.expr.walk(&mut add)),
            Command::Filter(parts) => parts.iter().for_each(|p| p.walk(&mut add)),
            Command::Stats { aggregates, keys } => {
                aggregates.iter().chain(keys).for_each(|i| i.expr.walk(&mut add));
            }
            Command::Parse { source, .. } => source.walk(&mut add),
            Command::Unnest { list, .. } => list.walk(&mut add),
            Command::Lookup { on, .. } => on.iter().for_each(|(_, f)| add(&Expr::Field(f.clone()))),
            Command::CidrLookup { field, .. } => add(&Expr::Field(field.clone())),
            Command::Sort(keys) => keys.iter().for_each(|(f, _)| add(&Expr::Field(f.clone()))),
            Command::Dedup(fields) => fields.iter().for_each(|f| add(&Expr::Field(f.clone()))),
            Command::Limit(_) => {}
        }
    }
    out
}
