//! A strict reader of the emitted part of the language, for tests: it shares nothing with the printer, and knows what may
//! stand where.

use std::collections::BTreeSet;

#[derive(Clone, PartialEq, Debug)]
enum Token {
    Word(String),
    Quoted(String),
    Text,
    Number(String),
    Regex(String),
    Symbol(&'static str),
}

/// What a command reads and makes.
#[derive(Default, Debug)]
struct Facts {
    reads: Vec<String>,
    /// Names that are read as they are by `fields`, `display` or as keys.
    projects: Vec<String>,
    makes: Vec<String>,
}

/// Checks a query of a language level's number of `stats`.
pub(super) fn check(text: &str, max_stats: usize) -> Result<(), String> {
    if text.chars().count() > 10_000 {
        return Err("too long".to_owned());
    }
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: &tokens, at: 0 };
    let mut commands = Vec::new();
    loop {
        commands.push(parser.command()?);
        if parser.at == tokens.len() {
            break;
        }
        parser.symbol("|")?;
    }
    placement(&commands, max_stats)
}

/// The names of a query's commands.
pub(super) fn commands(text: &str) -> Result<Vec<String>, String> {
    let tokens = tokens(text)?;
    let starts = std::iter::once(0)
        .chain(tokens.iter().enumerate().filter(|(_, t)| **t == Token::Symbol("|")).map(|(i, _)| i + 1));
    Ok(starts
        .filter_map(|i| match tokens.get(i) {
            Some(Token::Word(w)) => Some(w.clone()),
            _ => None,
        })
        .collect())
}

fn placement(commands: &[(String, Facts)], max_stats: usize) -> Result<(), String> {
    let count = |name: &str| commands.iter().filter(|(c, _)| c == name).count();
    if count("stats") > max_stats {
        return Err("too many `stats`".to_owned());
    }
    if count("display") > 1 {
        return Err("only the last `display` counts".to_owned());
    }
    let last_stats = commands.iter().rposition(|(c, _)| c == "stats");
    let mut made: BTreeSet<&str> = BTreeSet::new();
    let mut projected: BTreeSet<&str> = BTreeSet::new();
    let mut visible: Option<BTreeSet<&str>> = None;
    let mut looked_up: Vec<&str> = Vec::new();
    for (i, (command, facts)) in commands.iter().enumerate() {
        if matches!(command.as_str(), "sort" | "limit") && last_stats.is_some_and(|s| i < s) {
            return Err(format!("`{command}` before the last `stats`"));
        }
        if i > 0 && commands.get(i - 1).is_some_and(|(c, _)| c == "dedup") && command != "limit" {
            return Err(format!("`{command}` after `dedup`"));
        }
        if let Some(visible) = &visible
            && let Some(unknown) = facts
                .reads
                .iter()
                .find(|n| !visible.contains(n.split('.').next().unwrap_or(n)) && !visible.contains(n.as_str()))
        {
            return Err(format!("`{unknown}` is unknown after `stats`"));
        }
        for name in &facts.makes {
            let heading = command == "display";
            // `lookup` overwrites its columns.
            if command == "lookup" && looked_up.contains(&name.as_str()) {
                continue;
            }
            if command == "lookup" {
                looked_up.push(name);
            }
            if !made.insert(name) || (projected.contains(name.as_str()) && !heading) {
                return Err(format!("`{name}` is assigned twice"));
            }
        }
        projected.extend(facts.projects.iter().map(String::as_str));
        if command == "stats" {
            visible = Some(facts.makes.iter().chain(&facts.projects).map(String::as_str).collect());
        } else if let Some(visible) = &mut visible {
            visible.extend(facts.makes.iter().map(String::as_str));
        }
    }
    Ok(())
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let chars: Vec<char> = text.chars().collect();
    let mut out = Vec::new();
    let mut i = 0;
    while let Some(&c) = chars.get(i) {
        let until = |from: usize, end: char, escapes: bool| -> Result<(String, usize), String> {
            let mut inner = String::new();
            let mut j = from;
            loop {
                match chars.get(j) {
                    None | Some('\n') => return Err(format!("open literal: {inner}")),
                    Some('\\') if escapes => {
                        inner.push('\\');
                        inner.extend(chars.get(j + 1));
                        j += 2;
                    }
                    Some(c) if *c == end => return Ok((inner, j + 1)),
                    Some(c) => {
                        inner.push(*c);
                        j += 1;
                    }
                }
            }
        };
        // A slash begins a regular expression behind `like` and, in `parse`, behind its source.
        let regex_here = match out.last() {
            Some(Token::Word(w)) => {
                w == "like" || matches!(out.get(out.len().wrapping_sub(2)), Some(Token::Word(p)) if p == "parse")
            }
            Some(Token::Quoted(_)) => {
                matches!(out.get(out.len().wrapping_sub(2)), Some(Token::Word(p)) if p == "parse")
            }
            _ => false,
        };
        match c {
            '#' => {
                while chars.get(i).is_some_and(|c| *c != '\n') {
                    i += 1;
                }
            }
            c if c.is_whitespace() => i += 1,
            '"' => {
                let (_, next) = until(i + 1, '"', true)?;
                out.push(Token::Text);
                i = next;
            }
            '`' => {
                let (inner, next) = until(i + 1, '`', false)?;
                out.push(Token::Quoted(inner));
                i = next;
            }
            '/' if regex_here => {
                let (inner, next) = until(i + 1, '/', true)?;
                out.push(Token::Regex(inner));
                i = next;
            }
            c if c.is_ascii_digit() || (c == '-' && chars.get(i + 1).is_some_and(char::is_ascii_digit)) => {
                let mut word = String::from(c);
                i += 1;
                while let Some(c) = chars.get(i).filter(|c| c.is_ascii_alphanumeric() || **c == '.') {
                    word.push(*c);
                    i += 1;
                }
                out.push(Token::Number(word));
            }
            c if c.is_ascii_alphabetic() || matches!(c, '@' | '_' | '.') => {
                let mut word = String::new();
                while let Some(c) = chars.get(i).filter(|c| c.is_ascii_alphanumeric() || matches!(c, '@' | '_' | '.')) {
                    word.push(*c);
                    i += 1;
                }
                out.push(Token::Word(word));
            }
            _ => {
                let two: String = chars.iter().skip(i).take(2).collect();
                let symbols =
                    ["!=", "<=", ">=", "=", "<", ">", "(", ")", "[", "]", ",", "|", "+", "-", "*", "/", "%", "^"];
                let Some(symbol) = symbols.into_iter().find(|s| two.starts_with(s)) else {
                    return Err(format!("unknown character `{c}`"));
                };
                out.push(Token::Symbol(symbol));
                i += symbol.len();
            }
        }
    }
    Ok(out)
}

struct Parser<'t> {
    tokens: &'t [Token],
    at: usize,
}

/// Functions and aggregates that are documented.
const FUNCTIONS: &[&str] = &[
    "abs",
    "avg",
    "bin",
    "case",
    "ceil",
    "coalesce",
    "concat",
    "count",
    "count_distinct",
    "datefloor",
    "earliest",
    "floor",
    "formatDate",
    "fromMillis",
    "greatest",
    "if",
    "isIpInSubnet",
    "isNumeric",
    "ispresent",
    "jsonParse",
    "jsonStringify",
    "latest",
    "least",
    "log",
    "ltrim",
    "max",
    "md5",
    "min",
    "now",
    "parseDate",
    "pct",
    "regexReplace",
    "replace",
    "round",
    "rtrim",
    "sha256",
    "sqrt",
    "stddev",
    "strcontains",
    "strlen",
    "substr",
    "sum",
    "toMillis",
    "toNumber",
    "tolower",
    "toupper",
    "trim",
    "urldecode",
    "values",
    "variance",
];

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Some(Token::Word(w)) if w == word)
    }

    fn take_word(&mut self, word: &str) -> bool {
        let hit = self.is_word(word);
        self.at += usize::from(hit);
        hit
    }

    fn take_symbol(&mut self, symbol: &str) -> bool {
        let hit = matches!(self.peek(), Some(Token::Symbol(s)) if *s == symbol);
        self.at += usize::from(hit);
        hit
    }

    fn symbol(&mut self, symbol: &str) -> Result<(), String> {
        if self.take_symbol(symbol) { Ok(()) } else { Err(format!("expected `{symbol}` at {:?}", self.peek())) }
    }

    fn command(&mut self) -> Result<(String, Facts), String> {
        let Some(Token::Word(word)) = self.peek().cloned() else {
            return Err(format!("no command: {:?}", self.peek()));
        };
        self.at += 1;
        let mut facts = Facts::default();
        match word.as_str() {
            "fields" | "display" => self.items(&mut facts, true)?,
            "filter" => self.condition(&mut facts)?,
            "stats" => {
                self.items(&mut facts, false)?;
                if self.take_word("by") {
                    self.items(&mut facts, true)?;
                }
            }
            "sort" => loop {
                let name = self.name()?;
                facts.reads.push(name);
                if !self.take_word("asc") && !self.take_word("desc") {
                    return Err("a direction is missing".to_owned());
                }
                if !self.take_symbol(",") {
                    break;
                }
            },
            "dedup" => loop {
                let name = self.name()?;
                facts.reads.push(name);
                if !self.take_symbol(",") {
                    break;
                }
            },
            "limit" => match self.peek() {
                Some(Token::Number(_)) => self.at += 1,
                other => return Err(format!("no number: {other:?}")),
            },
            "parse" => {
                let name = self.name()?;
                facts.reads.push(name);
                let Some(Token::Regex(source)) = self.peek().cloned() else { return Err("no expression".to_owned()) };
                self.at += 1;
                for part in source.split("(?<").skip(1) {
                    facts.makes.push(part.split('>').next().unwrap_or_default().to_owned());
                }
                if facts.makes.is_empty() {
                    return Err("`parse` names nothing".to_owned());
                }
            }
            "unnest" => {
                let name = self.name()?;
                facts.reads.push(name);
                if !self.take_word("into") {
                    return Err("expected `into`".to_owned());
                }
                let name = self.name()?;
                facts.makes.push(name);
            }
            // `lookup table column as field, … OUTPUT column, …`
            "lookup" => {
                self.table()?;
                loop {
                    let column = self.name()?;
                    let field = if self.take_word("as") { self.name()? } else { column };
                    facts.reads.push(field);
                    if !self.take_symbol(",") {
                        break;
                    }
                }
                self.outputs(&mut facts, false)?;
            }
            // `cidrlookup table field as column OUTPUT column as field, …`
            "cidrlookup" => {
                self.table()?;
                let field = self.name()?;
                facts.reads.push(field);
                if self.take_word("as") {
                    self.name()?;
                }
                self.outputs(&mut facts, true)?;
            }
            other => return Err(format!("unknown command `{other}`")),
        }
        Ok((word, facts))
    }

    fn table(&mut self) -> Result<(), String> {
        match self.peek().cloned() {
            Some(Token::Word(w)) if w.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') => {
                self.at += 1;
                Ok(())
            }
            other => Err(format!("no lookup table: {other:?}")),
        }
    }

    fn outputs(&mut self, facts: &mut Facts, renames: bool) -> Result<(), String> {
        if !self.take_word("OUTPUT") {
            return Err("expected `OUTPUT`".to_owned());
        }
        loop {
            let column = self.name()?;
            let made = if renames && self.take_word("as") { self.name()? } else { column };
            facts.makes.push(made);
            if !self.take_symbol(",") {
                return Ok(());
            }
        }
    }

    fn items(&mut self, facts: &mut Facts, projects: bool) -> Result<(), String> {
        loop {
            let start = self.at;
            let before = facts.reads.len();
            self.expr(facts)?;
            if self.take_word("as") {
                let name = self.name()?;
                facts.makes.push(name);
            } else if projects && facts.reads.len() == before + 1 && self.at == start + 1 {
                facts.projects.extend(facts.reads.last().cloned());
            } else if projects && facts.reads.len() != before + 1 {
                return Err("a computed column has no name".to_owned());
            }
            if !self.take_symbol(",") {
                return Ok(());
            }
        }
    }

    fn name(&mut self) -> Result<String, String> {
        match self.peek().cloned() {
            Some(Token::Word(w)) if !super::print::is_keyword(&w) => {
                self.at += 1;
                let mut name = w;
                if name.ends_with('.') {
                    let Some(Token::Quoted(q)) = self.peek().cloned() else { return Err("open path".to_owned()) };
                    self.at += 1;
                    name.push_str(&q);
                }
                while self.take_symbol("[") {
                    self.at += 1;
                    self.symbol("]")?;
                    match self.peek() {
                        Some(Token::Word(w)) if w.starts_with('.') => self.at += 1,
                        _ => continue,
                    }
                    if matches!(self.peek(), Some(Token::Quoted(_))) {
                        self.at += 1;
                    }
                }
                Ok(name)
            }
            Some(Token::Quoted(q)) => {
                self.at += 1;
                Ok(q)
            }
            other => Err(format!("no name: {other:?}")),
        }
    }

    /// Conditions joined by one word; parentheses where both occur.
    fn condition(&mut self, facts: &mut Facts) -> Result<(), String> {
        self.test(facts)?;
        let word = if self.is_word("and") {
            "and"
        } else if self.is_word("or") {
            "or"
        } else {
            return Ok(());
        };
        while self.take_word(word) {
            self.test(facts)?;
        }
        if self.is_word("and") || self.is_word("or") { Err("mixed `and` and `or`".to_owned()) } else { Ok(()) }
    }

    fn test(&mut self, facts: &mut Facts) -> Result<(), String> {
        if self.take_word("not") {
            self.symbol("(")?;
            self.condition(facts)?;
            return self.symbol(")");
        }
        if matches!(self.peek(), Some(Token::Symbol("("))) {
            // A condition in parentheses, or an operand.
            let (at, reads) = (self.at, facts.reads.len());
            self.at += 1;
            if self.condition(facts).is_ok() && self.take_symbol(")") && !self.operator_follows() {
                return Ok(());
            }
            self.at = at;
            facts.reads.truncate(reads);
        }
        self.expr(facts)?;
        let negated = self.take_word("not");
        if self.take_word("like") {
            return match self.peek() {
                Some(Token::Regex(source)) => {
                    super::regex::parsed(&source.replace("\\/", "/")).map_err(|e| e.to_string())?;
                    self.at += 1;
                    Ok(())
                }
                other => Err(format!("no expression: {other:?}")),
            };
        }
        if self.take_word("in") {
            self.symbol("[")?;
            loop {
                self.primary(facts)?;
                if !self.take_symbol(",") {
                    return self.symbol("]");
                }
            }
        }
        if negated {
            return Err("`not` before neither `like` nor `in`".to_owned());
        }
        for comparison in ["=", "!=", "<", "<=", ">", ">="] {
            if self.take_symbol(comparison) {
                return self.expr(facts);
            }
        }
        Ok(())
    }

    fn operator_follows(&self) -> bool {
        matches!(self.peek(), Some(Token::Symbol(s)) if !matches!(*s, ")" | "|" | "," | "]"))
    }

    /// At most one operation without parentheses.
    fn expr(&mut self, facts: &mut Facts) -> Result<(), String> {
        self.primary(facts)?;
        for op in ["+", "-", "*", "/", "%", "^"] {
            if self.take_symbol(op) {
                return self.primary(facts);
            }
        }
        Ok(())
    }

    fn primary(&mut self, facts: &mut Facts) -> Result<(), String> {
        match self.peek().cloned() {
            Some(Token::Text | Token::Number(_)) => {
                self.at += 1;
                Ok(())
            }
            Some(Token::Symbol("(")) => {
                self.at += 1;
                self.condition(facts)?;
                self.symbol(")")
            }
            Some(Token::Word(w)) if matches!(self.tokens.get(self.at + 1), Some(Token::Symbol("("))) => {
                if !FUNCTIONS.contains(&w.as_str()) {
                    return Err(format!("unknown function `{w}`"));
                }
                self.at += 2;
                if self.take_symbol(")") {
                    return Ok(());
                }
                if w == "count" && self.take_symbol("*") {
                    return self.symbol(")");
                }
                loop {
                    self.condition(facts)?;
                    if !self.take_symbol(",") {
                        return self.symbol(")");
                    }
                }
            }
            _ => {
                let name = self.name()?;
                facts.reads.push(name);
                Ok(())
            }
        }
    }
}

#[test]
fn well_formed_queries_pass() {
    for text in [
        "# a comment\nfilter a like /x\\/y|z/ and (b = 1 or not (ispresent(b)))\n| stats count(*) as n by c as k\n| sort n desc\n| limit 5\n| display n, k as `the key`",
        "fields a + 1 as b | display b, a | dedup a | limit 3",
        "lookup t k as a.b, j OUTPUT c, d | filter c = d | cidrlookup n ip as block OUTPUT e as f | display f",
        "parse m /(?<x>a)/ | filter x = \"a|b\" | fields @timestamp, x",
    ] {
        assert_eq!(check(text, 2), Ok(()), "{text}");
    }
}

#[test]
fn misplaced_commands_are_found() {
    for (text, message) in [
        ("stats count(*) as n | stats sum(n) as m | stats max(m) as k", "too many `stats`"),
        ("sort a asc | stats count(*) as n", "`sort` before the last `stats`"),
        ("dedup a | fields b", "`fields` after `dedup`"),
        ("stats count(*) as n by a | filter b = 1", "`b` is unknown after `stats`"),
        ("fields a as b | fields c as b", "`b` is assigned twice"),
        ("fields a | fields c as a", "`a` is assigned twice"),
        ("filter a = 1 and b = 2 or c = 3", "mixed `and` and `or`"),
        ("filter f(a) = 1", "unknown function `f`"),
        ("filter a = \"x", "open literal: x"),
        ("fields a as c | lookup t k OUTPUT c", "`c` is assigned twice"),
        ("lookup `t` k OUTPUT c", "no lookup table: Some(Quoted(\"t\"))"),
        ("lookup t k OUTPUT c as d", "expected `|` at Some(Word(\"as\"))"),
        ("stats count(*) as n | lookup t k OUTPUT c", "`k` is unknown after `stats`"),
    ] {
        assert_eq!(check(text, 2).err().as_deref(), Some(message), "{text}");
    }
}
