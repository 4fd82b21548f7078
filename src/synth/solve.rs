//! Values of raw fields for which a condition is true, or false.
//!
//! Expressions are run backwards: `lower(x) = "a"` gives `x` the text `a`. What can't be run backwards is left to chance, as
//! are conditions that contradict each other.

use super::given::{Env, Given};
use super::reading::sample;
use crate::ir::{ArithmeticOp, Case, CompareOp, Expr, ExprKind, Literal, Pattern, Step};

/// Nesting beyond this is left to chance.
const DEEPEST: u32 = 60;

/// Texts that several conditions ask for something grow up to here.
const LONGEST: usize = 600;

/// A test of one text.
enum Test<'e> {
    Compare(CompareOp, String, Case, bool),
    OneOf(&'e [String], Case),
    Like(&'e Pattern, Case),
    Regex(&'e str),
    Cidr(&'e str),
}

/// Gives fields values for which the condition is true, or is not.
pub(super) fn want(e: &Expr, truth: bool, env: &mut Env<'_>) {
    Solver { bound: Vec::new(), depth: 0 }.want(e, truth, env);
}

struct Solver<'e> {
    /// Variables and the multivalue that they run over.
    bound: Vec<(u32, &'e Expr)>,
    depth: u32,
}

impl<'e> Solver<'e> {
    fn want(&mut self, e: &'e Expr, truth: bool, env: &mut Env<'_>) {
        if self.depth > DEEPEST || self.truth(e, env) == Some(truth) {
            return;
        }
        self.depth += 1;
        self.change(e, truth, env);
        self.depth -= 1;
    }

    fn change(&mut self, e: &'e Expr, truth: bool, env: &mut Env<'_>) {
        match &e.kind {
            ExprKind::And(parts) | ExprKind::Or(parts) => {
                if matches!(e.kind, ExprKind::And(_)) == truth {
                    parts.iter().for_each(|p| self.want(p, truth, env));
                } else if let Some(part) = env.rng.pick(parts) {
                    self.want(part, truth, env);
                }
            }
            ExprKind::Not(inner) => self.want(inner, !truth, env),
            ExprKind::IsTrue(inner) => {
                if !truth && env.rng.chance(30) {
                    self.give(inner.children().first().copied().unwrap_or(inner), None, env);
                } else {
                    self.want(inner, truth, env);
                }
            }
            ExprKind::IsNull(value) if truth => self.give(value, None, env),
            ExprKind::IsNull(value) => {
                let text = env.chance_text("");
                self.give(value, Some(text), env);
            }
            ExprKind::Any { value, variable, predicate } => {
                self.bound.push((*variable, value));
                self.want(predicate, truth, env);
                self.bound.pop();
            }
            ExprKind::Case { arms, otherwise } => {
                let at = env.rng.below(arms.len() + usize::from(otherwise.is_some()));
                for (condition, _) in arms.iter().take(at) {
                    self.want(condition, false, env);
                }
                match arms.get(at) {
                    Some((condition, value)) => {
                        self.want(condition, true, env);
                        self.want(value, truth, env);
                    }
                    None => otherwise.iter().for_each(|o| self.want(o, truth, env)),
                }
            }
            ExprKind::Coalesce(parts) => {
                let at = env.rng.below(parts.len());
                parts.iter().take(at).for_each(|p| self.give(p, None, env));
                if let Some(part) = parts.get(at) {
                    self.want(part, truth, env);
                }
            }
            ExprKind::Compare { op, left, right, case } => self.compare(*op, left, right, *case, truth, env),
            ExprKind::OneOf { value, items, case } => self.test(value, &Test::OneOf(items, *case), truth, env),
            ExprKind::Like { value, pattern, case } => self.test(value, &Test::Like(pattern, *case), truth, env),
            ExprKind::Regex { value, regex } => self.test(value, &Test::Regex(regex), truth, env),
            ExprKind::InCidr { value, cidr } => self.test(value, &Test::Cidr(cidr), truth, env),
            // As a wish: that there is something to capture.
            ExprKind::Capture { .. } => {
                let text = env.chance_text("");
                self.give(e, Some(text), env);
            }
            ExprKind::Term { pattern } => {
                let term = sample(pattern.pieces(), &mut || "w".to_owned());
                if truth {
                    env.terms.push(term);
                }
            }
            ExprKind::Column(_) => self.give(e, Some(truth.to_string()), env),
            ExprKind::Variable(_)
            | ExprKind::Literal(_)
            | ExprKind::MapValues { .. }
            | ExprKind::FilterValues { .. }
            | ExprKind::Arithmetic { .. }
            | ExprKind::Concat(_)
            | ExprKind::JsonPath { .. }
            | ExprKind::Cast { .. }
            | ExprKind::RelativeTime { .. }
            | ExprKind::Now
            | ExprKind::Bin { .. }
            | ExprKind::FormatTime { .. }
            | ExprKind::ParseTime { .. }
            | ExprKind::Call { .. } => {}
        }
    }

    fn compare(&mut self, op: CompareOp, left: &'e Expr, right: &'e Expr, case: Case, truth: bool, env: &mut Env<'_>) {
        let (op, left, right) = if constant(left).is_some() { (op.flipped(), right, left) } else { (op, left, right) };
        let numeric = left.ty.is_numeric() || right.ty.is_numeric();
        let side = constant(right).or_else(|| self.known(right, env).flatten());
        let Some(text) = side else {
            // Two fields: of the one what the other has.
            if let Some(Some(text)) = self.known(left, env) {
                self.test(right, &Test::Compare(op.flipped(), text, case, numeric), truth, env);
            } else {
                let text = if numeric { env.rng.below(20).to_string() } else { env.chance_text("") };
                self.give(right, Some(text.clone()), env);
                self.test(left, &Test::Compare(op, text, case, numeric), truth, env);
            }
            return;
        };
        if let ExprKind::Call { function: function @ ("len" | "mvcount"), args } = &left.kind
            && let (Some(argument), Some(number)) = (args.first(), text.parse::<f64>().ok())
        {
            let number = wanted_number(op, number, truth, env).clamp(0.0, 300.0) as usize;
            if *function == "len" {
                self.give(argument, Some("n".repeat(number)), env);
            } else if let Some(path) = self.path(argument) {
                let values = (0..number).map(|n| format!("value{n}")).collect();
                env.set(&path, Given::Many(values));
            }
            return;
        }
        self.test(left, &Test::Compare(op, text, case, numeric), truth, env);
    }

    /// Gives the value a text for which the test has this result.
    fn test(&mut self, value: &'e Expr, test: &Test<'_>, truth: bool, env: &mut Env<'_>) {
        let before = self.known(value, env).flatten().filter(|t| truth && t.len() < LONGEST);
        if let Some(text) = before.and_then(|before| joined(test, &before, env)) {
            return self.give(value, Some(text), env);
        }
        for _ in 0..6 {
            let Some(text) = propose(test, truth, env) else { return };
            if check(test, &text, env) == Some(truth) {
                self.give(value, Some(text), env);
                return;
            }
        }
    }

    /// Runs an expression backwards: afterwards it has this text, or none.
    fn give(&mut self, e: &'e Expr, text: Option<String>, env: &mut Env<'_>) {
        if self.depth > DEEPEST {
            return;
        }
        self.depth += 1;
        self.give_below(e, text, env);
        self.depth -= 1;
    }

    fn give_below(&mut self, e: &'e Expr, text: Option<String>, env: &mut Env<'_>) {
        if let Some(path) = self.path(e) {
            let value = match text {
                None if env.rng.chance(30) => Given::Null,
                None => Given::Absent,
                // Other values beside the wanted one.
                Some(text) if env.ty(&path).multivalue && env.rng.chance(25) => {
                    Given::Many(vec![env.chance_text(&path), text])
                }
                Some(text) => Given::One(text),
            };
            env.set(&path, value);
            return;
        }
        match &e.kind {
            ExprKind::Coalesce(parts) => match text {
                None => parts.iter().for_each(|p| self.give(p, None, env)),
                Some(_) => {
                    let fields = parts.iter().take_while(|p| constant(p).is_none()).count();
                    let at = parts.iter().position(|p| constant(p) == text);
                    let at = at.unwrap_or_else(|| env.rng.below(fields));
                    parts.iter().take(at).for_each(|p| self.give(p, None, env));
                    if let Some(part) = parts.get(at) {
                        self.give(part, text, env);
                    }
                }
            },
            ExprKind::Case { arms, otherwise } => self.give_case(arms, otherwise.as_deref(), text, env),
            ExprKind::Variable(_) => {
                if let Some(value) = self.of_variable(e) {
                    self.give(value, text, env);
                }
            }
            ExprKind::Cast { value, .. } | ExprKind::Bin { value, .. } => self.give(value, text, env),
            ExprKind::MapValues { value, variable, body } => {
                self.bound.push((*variable, value));
                self.give(body, text, env);
                self.bound.pop();
            }
            ExprKind::FilterValues { value, .. } => self.give(value, text, env),
            ExprKind::Capture { value, regex, group, .. } => {
                let whole = match &text {
                    None => text,
                    Some(text) => {
                        let Some(pattern) = env.regexes.get(regex) else { return };
                        let found = pattern.with_group(group, text, env.rng);
                        let Some(found) = found.or_else(|| pattern.sample(env.rng)) else { return };
                        Some(found)
                    }
                };
                self.give(value, whole, env);
            }
            ExprKind::Concat(parts) => self.give_concat(parts, text, env),
            ExprKind::Arithmetic { op, left, right } => {
                let number = |e: &Expr| constant(e).and_then(|t| t.parse::<f64>().ok());
                let Some(wanted) = text.as_deref().and_then(|t| t.parse::<f64>().ok()) else {
                    return self.give(left, None, env);
                };
                let (side, value) = match (number(left), number(right)) {
                    (None, Some(n)) => {
                        let value = match op {
                            ArithmeticOp::Add => wanted - n,
                            ArithmeticOp::Subtract => wanted + n,
                            ArithmeticOp::Multiply => wanted / n,
                            ArithmeticOp::Divide => wanted * n,
                            ArithmeticOp::Modulo => wanted,
                        };
                        (left, value)
                    }
                    (Some(n), None) => (right, if *op == ArithmeticOp::Add { wanted - n } else { n - wanted }),
                    _ => return,
                };
                if value.is_finite() {
                    self.give(side, Some(value.to_string()), env);
                }
            }
            ExprKind::Call { function, args } => {
                let at = match *function {
                    "lower" | "upper" | "trim" | "ltrim" | "rtrim" | "replace" | "mvindex" | "mvappend" | "mvdedup"
                    | "mvsort" | "split" | "urldecode" | "nullif" | "mvjoin" | "max" | "min" | "round" | "tonumber"
                    | "tostring" | "floor" | "ceiling" | "abs" | "exact" | "len" | "spath" | "json_extract" => 0,
                    _ => return,
                };
                if let Some(argument) = args.get(at) {
                    self.give(argument, text, env);
                }
            }
            // As a field that holds a truth.
            ExprKind::Compare { .. } | ExprKind::OneOf { .. } | ExprKind::Like { .. } | ExprKind::Regex { .. } => {
                if let Some(text) = text {
                    self.want(e, text == "true" || text == "True", env);
                }
            }
            ExprKind::Column(_)
            | ExprKind::Literal(_)
            | ExprKind::InCidr { .. }
            | ExprKind::Term { .. }
            | ExprKind::IsNull(_)
            | ExprKind::IsTrue(_)
            | ExprKind::Not(_)
            | ExprKind::And(_)
            | ExprKind::Or(_)
            | ExprKind::Any { .. }
            | ExprKind::JsonPath { .. }
            | ExprKind::RelativeTime { .. }
            | ExprKind::Now
            | ExprKind::FormatTime { .. }
            | ExprKind::ParseTime { .. } => {}
        }
    }

    fn give_case(
        &mut self,
        arms: &'e [(Expr, Expr)],
        otherwise: Option<&'e Expr>,
        text: Option<String>,
        env: &mut Env<'_>,
    ) {
        let values: Vec<&Expr> = arms.iter().map(|(_, v)| v).chain(otherwise).collect();
        let same = |v: &Expr| match v.as_literal() {
            Some(Literal::Null) => text.is_none(),
            Some(_) => constant(v).is_some_and(|c| text.as_ref().is_some_and(|t| t.eq_ignore_ascii_case(&c))),
            None => true,
        };
        let able: Vec<usize> = (0..values.len()).filter(|n| same(values[*n])).collect();
        let Some(at) = env.rng.pick(&able).copied() else { return };
        for (condition, _) in arms.iter().take(at) {
            self.want(condition, false, env);
        }
        if let Some((condition, _)) = arms.get(at) {
            self.want(condition, true, env);
        }
        self.give(values[at], text, env);
    }

    /// The text without the constants before and behind the one part that is given the rest.
    fn give_concat(&mut self, parts: &'e [Expr], text: Option<String>, env: &mut Env<'_>) {
        let Some(first) = parts.iter().position(|p| constant(p).is_none()) else { return };
        let Some(text) = text else { return self.give(&parts[first], None, env) };
        let before: String = parts[..first].iter().filter_map(constant).collect();
        let Some(mut rest) = text.strip_prefix(before.as_str()) else { return };
        for (at, part) in parts.iter().enumerate().skip(first).filter(|(_, p)| constant(p).is_none()) {
            let behind: String = parts[at + 1..].iter().map_while(constant).collect();
            let is_last = parts[at + 1..].iter().all(|p| constant(p).is_some());
            let end = match behind.as_str() {
                _ if is_last => rest.strip_suffix(behind.as_str()).map(str::len),
                "" => Some(rest.chars().next().map_or(0, char::len_utf8)),
                behind => rest.find(behind),
            };
            let Some(end) = end else { return };
            self.give(part, Some(rest[..end].to_owned()), env);
            rest = rest.get(end + behind.len()..).unwrap_or("");
        }
    }

    fn of_variable(&self, e: &Expr) -> Option<&'e Expr> {
        let ExprKind::Variable(number) = &e.kind else { return None };
        self.bound.iter().rev().find(|(n, _)| n == number).map(|(_, value)| *value)
    }

    /// The path in the record that an expression reads as it stands.
    fn path(&self, e: &Expr) -> Option<String> {
        match &e.kind {
            ExprKind::Column(name) => Some(name.to_string()),
            ExprKind::Variable(_) => self.of_variable(e).and_then(|value| self.path(value)),
            ExprKind::JsonPath { value, path } => {
                let mut out = self.path(value)?;
                for step in path {
                    match step {
                        Step::Key(key) => {
                            out.push('.');
                            out.push_str(key);
                        }
                        Step::Each => out.push_str("{}"),
                        Step::Index(n) => out.push_str(&format!("{{{n}}}")),
                    }
                }
                Some(out)
            }
            _ => None,
        }
    }

    /// The text that an expression has by what is given so far; `None`: that is not known.
    fn known(&self, e: &Expr, env: &Env<'_>) -> Option<Option<String>> {
        if let Some(path) = self.path(e) {
            return match env.given.get(&path)? {
                Given::Absent | Given::Null => Some(None),
                Given::One(text) => Some(Some(text.clone())),
                Given::Many(values) if values.is_empty() => Some(None),
                Given::Many(_) => None,
            };
        }
        match &e.kind {
            ExprKind::Call { function: "lower", args } => {
                Some(self.known(args.first()?, env)?.map(|t| t.to_lowercase()))
            }
            ExprKind::Cast { value, .. } => self.known(value, env),
            ExprKind::Coalesce(parts) => {
                for part in parts {
                    if let Some(text) = constant(part) {
                        return Some(Some(text));
                    }
                    if let Some(text) = self.known(part, env)? {
                        return Some(Some(text));
                    }
                }
                Some(None)
            }
            _ => None,
        }
    }

    /// Whether the condition is true by what is given so far.
    fn truth(&self, e: &Expr, env: &mut Env<'_>) -> Option<bool> {
        match &e.kind {
            ExprKind::Literal(Literal::Boolean(b)) => Some(*b),
            ExprKind::IsTrue(inner) => self.truth(inner, env),
            ExprKind::Not(inner) => self.truth(inner, env).map(|t| !t),
            ExprKind::And(parts) | ExprKind::Or(parts) => {
                let and = matches!(e.kind, ExprKind::And(_));
                let mut all = Some(and);
                for part in parts {
                    match self.truth(part, env) {
                        Some(t) if t != and => return Some(t),
                        Some(_) => {}
                        None => all = None,
                    }
                }
                all
            }
            ExprKind::IsNull(value) => self.known(value, env).map(|t| t.is_none()),
            ExprKind::Compare { op, left, right, case } => {
                let numeric = left.ty.is_numeric() || right.ty.is_numeric();
                let (op, left, right) =
                    if constant(left).is_some() { (op.flipped(), right, left) } else { (*op, left, right) };
                let side = constant(right).map(Some).or_else(|| self.known(right, env))??;
                let text = self.known(left, env)??;
                check(&Test::Compare(op, side, *case, numeric), &text, env)
            }
            ExprKind::OneOf { value, items, case } => {
                let text = self.known(value, env)??;
                check(&Test::OneOf(items, *case), &text, env)
            }
            ExprKind::Like { value, pattern, case } => {
                let text = self.known(value, env)??;
                check(&Test::Like(pattern, *case), &text, env)
            }
            ExprKind::Regex { value, regex } => {
                let text = self.known(value, env)??;
                check(&Test::Regex(regex), &text, env)
            }
            _ => None,
        }
    }
}

/// The text of a constant.
pub(super) fn constant(e: &Expr) -> Option<String> {
    match e.as_literal()? {
        Literal::String(text) => Some(text.clone()),
        Literal::Integer(n) => Some(n.to_string()),
        Literal::Double(n) => Some(n.to_string()),
        Literal::Boolean(b) => Some(b.to_string()),
        Literal::Null | Literal::Strings(_) => None,
    }
}

fn same(a: &str, b: &str, case: Case) -> bool {
    a == b || case == Case::Insensitive && a.to_lowercase() == b.to_lowercase()
}

/// What the test says of a text; `None`: that is not known.
fn check(test: &Test<'_>, text: &str, env: &mut Env<'_>) -> Option<bool> {
    match test {
        Test::Compare(op, side, case, numeric) => {
            let numbers = text.trim().parse::<f64>().ok().zip(side.trim().parse::<f64>().ok());
            match (op, numbers) {
                (_, Some((a, b))) if *numeric => a.partial_cmp(&b).map(|o| op.holds(o)),
                (CompareOp::Eq, _) => Some(same(text, side, *case)),
                (CompareOp::Ne, _) => Some(!same(text, side, *case)),
                (_, Some((a, b))) => a.partial_cmp(&b).map(|o| op.holds(o)),
                _ => Some(op.holds(text.cmp(side))),
            }
        }
        Test::OneOf(items, case) => Some(items.iter().any(|i| same(i, text, *case))),
        Test::Like(pattern, case) => Some(pattern.matches(text, *case == Case::Insensitive)),
        Test::Regex(regex) => env.regexes.get(regex).map(|p| p.matches(text)),
        Test::Cidr(cidr) => {
            let (address, bits) = cidr.split_once('/')?;
            let of = |t: &str| t.parse::<std::net::Ipv4Addr>().ok().map(u32::from);
            let (address, bits) = (of(address)?, bits.parse::<u32>().ok().filter(|b| *b <= 32)?);
            let mask = if bits == 0 { 0 } else { u32::MAX << (32 - bits) };
            Some(of(text).is_some_and(|a| a & mask == address & mask))
        }
    }
}

/// A number for which a comparison has this result, near the edge.
fn wanted_number(op: CompareOp, number: f64, truth: bool, env: &mut Env<'_>) -> f64 {
    let op = if truth { op } else { op.negated() };
    let edge = env.rng.chance(60);
    match op {
        CompareOp::Eq => number,
        CompareOp::Ne => number + if edge { 1.0 } else { -1.0 },
        CompareOp::Lt => number - if edge { 1.0 } else { 3.0 },
        CompareOp::Le => number - if edge { 0.0 } else { 1.0 },
        CompareOp::Gt => number + if edge { 1.0 } else { 3.0 },
        CompareOp::Ge => number + if edge { 0.0 } else { 1.0 },
    }
}

/// A text that passes the test and has in it what the field has already: another condition may ask for that.
fn joined(test: &Test<'_>, before: &str, env: &mut Env<'_>) -> Option<String> {
    let text = match test {
        Test::Like(pattern, _) => {
            let mut rest = Some(before);
            sample(pattern.pieces(), &mut || rest.take().unwrap_or("").to_owned())
        }
        Test::Regex(regex) => {
            let pattern = env.regexes.get(regex)?;
            format!("{before} {}", pattern.sample(env.rng)?)
        }
        Test::Compare(..) | Test::OneOf(..) | Test::Cidr(_) => return None,
    };
    (text.contains(before) && check(test, &text, env) == Some(true)).then_some(text)
}

/// A text that may give the test this result.
fn propose(test: &Test<'_>, truth: bool, env: &mut Env<'_>) -> Option<String> {
    if !truth && env.rng.chance(50) && !matches!(test, Test::Compare(_, _, _, true)) {
        return Some(env.chance_text(""));
    }
    let text = match test {
        Test::Compare(op, side, _, numeric) => {
            let positive = (*op == CompareOp::Eq) == truth;
            match side.trim().parse::<f64>() {
                Ok(n) if *numeric || !matches!(op, CompareOp::Eq | CompareOp::Ne) => {
                    wanted_number(*op, n, truth, env).to_string()
                }
                _ if positive || matches!(op, CompareOp::Le | CompareOp::Ge) => side.clone(),
                _ => format!("{side}{}", if env.rng.chance(50) { "z" } else { " " }),
            }
        }
        Test::OneOf(items, _) => env.rng.pick(items)?.clone(),
        Test::Like(pattern, _) => {
            let rng = &mut *env.rng;
            sample(pattern.pieces(), &mut || ["", "mid", "x-1 ", "A", "a*b"][rng.below(5)].to_owned())
        }
        Test::Regex(regex) => {
            let pattern = env.regexes.get(regex)?;
            pattern.sample(env.rng)?
        }
        Test::Cidr(cidr) => {
            let (address, bits) = cidr.split_once('/')?;
            let Ok(address) = address.parse::<std::net::Ipv4Addr>() else { return Some(address.to_owned()) };
            let free = 32_u32.saturating_sub(bits.parse().ok()?);
            let low = if free == 0 { 0 } else { (env.rng.next() as u32) & (u32::MAX >> (32 - free)) };
            std::net::Ipv4Addr::from(u32::from(address) & !low | low).to_string()
        }
    };
    // Letters of other case, where they do not count; half a value where it must not be equal.
    let ignores = matches!(
        test,
        Test::Compare(_, _, Case::Insensitive, _)
            | Test::OneOf(_, Case::Insensitive)
            | Test::Like(_, Case::Insensitive)
    );
    Some(match env.rng.below(10) {
        0..=2 if ignores => text.to_uppercase(),
        3 if ignores => text.to_lowercase(),
        0..=4 if !truth && !ignores => text.to_uppercase(),
        5..=7 if !truth => format!("{text}x"),
        8 if !truth => text.chars().skip(1).collect(),
        _ => text,
    })
}
