//! The options of `transaction`.

use super::{Boundary, MvList, Transaction};
use crate::diagnostic::{Reported, code};
use crate::spl::parser::{Parser, Spanned};
use crate::spl::text::Text;
use crate::spl::{eval, search};
use crate::time;

const OPTIONS: &[&str] = &[
    "name",
    "fields",
    "maxspan",
    "maxpause",
    "maxevents",
    "startswith",
    "endswith",
    "connected",
    "unifyends",
    "keepevicted",
    "keeporphans",
    "mvlist",
    "mvraw",
    "delim",
    "nullstr",
    "maxopentxn",
    "maxopenevents",
];
const HELP: &str = "write `transaction field maxspan=10m startswith=(a=b) endswith=(c=d)`";
pub(super) const DEFAULT_EVENTS: u32 = 1000;
pub(super) const NULL_TEXT: &str = "NULL";
/// Bound on lengths of time, in seconds: whole numbers that a `f64` holds.
const MOST_SECONDS: i64 = 1 << 53;

pub(super) fn parse(p: &mut Parser<'_>) -> Result<Transaction, Reported> {
    let mut transaction = Transaction {
        fields: Vec::new(),
        name: None,
        max_span: None,
        max_pause: None,
        max_events: DEFAULT_EVENTS,
        starts_with: None,
        ends_with: None,
        connected: true,
        keep_evicted: false,
        keep_orphans: false,
        lists: MvList::Fields(Vec::new()),
        null_text: NULL_TEXT.to_owned(),
        memory: Vec::new(),
    };
    loop {
        while p.eat(",") {}
        if p.at_stage_end() {
            return Ok(transaction);
        }
        if let Some(boundary) = boundary(p, "startswith")? {
            transaction.starts_with = Some(boundary);
        } else if let Some(boundary) = boundary(p, "endswith")? {
            transaction.ends_with = Some(boundary);
        } else if let Some((option, value)) = p.option()? {
            set(p, &mut transaction, option, value)?;
        } else {
            let field = p.expect_name("a field name or an option", HELP)?;
            refuse_wildcard(p, &field)?;
            transaction.fields.push(field);
        }
    }
}

fn refuse_wildcard(p: &mut Parser<'_>, field: &Spanned) -> Result<(), Reported> {
    if !field.text.contains('*') {
        return Ok(());
    }
    let message = "`transaction` with a field wildcard is not supported";
    Err(p.fail(&code::UNSUPPORTED_SYNTAX, message, field.span, "name the fields"))
}

fn set(p: &mut Parser<'_>, transaction: &mut Transaction, option: Spanned, value: Spanned) -> Result<(), Reported> {
    match option.text.to_ascii_lowercase().as_str() {
        "name" => transaction.name = Some(value),
        "fields" => {
            for field in names(p, value) {
                refuse_wildcard(p, &field)?;
                transaction.fields.push(field);
            }
        }
        "maxspan" => transaction.max_span = seconds(p, &option, &value)?,
        "maxpause" => transaction.max_pause = seconds(p, &option, &value)?,
        "maxevents" => transaction.max_events = p.number("maxevents", &value)?,
        "connected" => transaction.connected = p.boolean(&option, &value)?,
        "keepevicted" => transaction.keep_evicted = p.boolean(&option, &value)?,
        "keeporphans" => transaction.keep_orphans = p.boolean(&option, &value)?,
        "unifyends" if !p.boolean(&option, &value)? => {}
        "mvlist" => {
            transaction.lists = match truth(&value.text) {
                Some(true) => MvList::All,
                Some(false) => MvList::Fields(Vec::new()),
                None => MvList::Fields(names(p, value)),
            }
        }
        "nullstr" => transaction.null_text = value.text,
        // How the raw text of the events is put together, and what stands between values that are shown as one text.
        "mvraw" => {
            p.boolean(&option, &value)?;
        }
        "delim" => {}
        "maxopentxn" | "maxopenevents" => transaction.memory.push((option, value)),
        name if OPTIONS.contains(&name) => return Err(p.unsupported_option("transaction", &option)),
        _ => return Err(p.unknown_option("transaction", &option, OPTIONS)),
    }
    Ok(())
}

/// What a list of fields may be in place of names.
pub(super) fn truth(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "t" | "true" | "1" | "yes" => Some(true),
        "f" | "false" | "0" | "no" => Some(false),
        _ => None,
    }
}

/// `a,b` in quotation marks, or joined by commas without a blank.
fn names(p: &mut Parser<'_>, value: Spanned) -> Vec<Spanned> {
    let name = |text: &str| Spanned { text: text.trim().to_owned(), span: value.span };
    let mut names: Vec<Spanned> = value.text.split(',').filter(|t| !t.trim().is_empty()).map(name).collect();
    while p.rest().starts_with(',') && !p.rest()[1..].starts_with(char::is_whitespace) {
        let start = p.pos();
        p.eat(",");
        match p.bare(&['|', '[', ']', '(', ')', ',', '=', '"']) {
            Some(word) if !p.rest().starts_with('=') => names.push(word),
            _ => {
                p.set_pos(start);
                break;
            }
        }
    }
    names
}

/// A time such as `30s`; a bare number counts seconds, -1 is no bound.
fn seconds(p: &mut Parser<'_>, option: &Spanned, value: &Spanned) -> Result<Option<f64>, Reported> {
    let digits = value.text.find(|c: char| !(c.is_ascii_digit() || c == '-')).unwrap_or(value.text.len());
    let (number, unit) = value.text.split_at(digits);
    let unit = if unit.is_empty() { Some(1) } else { time::unit(unit).and_then(time::seconds) };
    let number = number.parse::<i64>().ok();
    if number == Some(-1) {
        return Ok(None);
    }
    let length = number.zip(unit).and_then(|(n, unit)| n.checked_mul(unit));
    match length.filter(|n| (0..=MOST_SECONDS).contains(n)) {
        Some(length) => Ok(Some(length as f64)),
        None => {
            let message = format!("`{}` of `{}` is no length of time", value.text, option.text);
            Err(p.fail(&code::WRONG_ARGUMENTS, message, value.span, "write e.g. `30s`, `5m`, `2h` or `1d`"))
        }
    }
}

/// `startswith=(condition)`, `startswith=eval(condition)`, `startswith="condition"`, `startswith=word`.
fn boundary(p: &mut Parser<'_>, option: &str) -> Result<Option<Boundary>, Reported> {
    p.skip_space();
    let start = p.pos();
    if !p.eat_keyword(option) {
        return Ok(None);
    }
    if !p.eat("=") {
        p.set_pos(start);
        return Ok(None);
    }
    if p.at_keyword("eval") {
        let before = p.pos();
        p.eat_keyword("eval");
        if p.eat("(") {
            let condition = p.nested(eval::parse)?;
            p.expect(")", HELP)?;
            return Ok(Some(Boundary::Eval(condition)));
        }
        p.set_pos(before);
    }
    if p.eat("(") {
        let condition = p.nested(|p| search::parse(p, &[]))?;
        p.expect(")", HELP)?;
        return non_empty(p, option, condition, start).map(Some);
    }
    let text = match p.quoted()? {
        Some(text) => text,
        None => match p.bare(&['|', '[', ']', ',', ')', '"']) {
            Some(word) => word,
            None => return Err(p.expected(&format!("a condition for `{option}`"), HELP)),
        },
    };
    let inner = Text::of_formula(&text.text, text.span);
    let mut inner = Parser::new(&inner, p.sink);
    let parsed = search::parse(&mut inner, &[])?;
    if inner.peek().is_some() {
        return Err(inner.expected("the end of the condition", HELP));
    }
    non_empty(p, option, parsed, start).map(Some)
}

fn non_empty(p: &mut Parser<'_>, option: &str, condition: search::Search, start: usize) -> Result<Boundary, Reported> {
    if !condition.is_empty() {
        return Ok(Boundary::Search(condition));
    }
    let span = p.span_from(start);
    Err(p.fail(&code::WRONG_ARGUMENTS, format!("`{option}` has no condition"), span, HELP))
}
