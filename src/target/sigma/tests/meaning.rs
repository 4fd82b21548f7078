//! A detection selects what its predicate does: both are evaluated over small events, for many predicates.

use std::collections::BTreeMap;

use serde_yaml::{Mapping, Value};

use super::*;

type Event = BTreeMap<&'static str, &'static str>;

const FIELDS: [&str; 3] = ["a", "b", "c"];
const VALUES: [&str; 4] = ["x", "X", "xy", "y"];

/// A generator of numbers that is the same in each run (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n as u64) as usize
    }
}

fn value(random: &mut Numbers, depth: usize) -> Expr {
    match random.below(if depth == 0 { 3 } else { 5 }) {
        0..=2 => field(FIELDS[random.below(3)]),
        3 => coalesce(vec![value(random, depth - 1), literal_or_value(random, depth - 1)]),
        _ => if_else(generate(random, depth - 1), literal_or_value(random, 0), literal_or_value(random, depth - 1)),
    }
}

fn literal_or_value(random: &mut Numbers, depth: usize) -> Expr {
    if random.below(2) == 0 { text(VALUES[random.below(4)]) } else { value(random, depth) }
}

fn generate(random: &mut Numbers, depth: usize) -> Expr {
    let kinds = if depth == 0 { 6 } else { 11 };
    let case = if random.below(2) == 0 { Case::Sensitive } else { Case::Insensitive };
    match random.below(kinds) {
        0 => Expr::compare(CompareOp::Eq, value(random, depth), text(VALUES[random.below(4)]), case),
        1 => Expr::compare(CompareOp::Ne, value(random, depth), text(VALUES[random.below(4)]), case),
        2 => like(value(random, depth), ["x*", "*y", "*x*", "*"][random.below(4)], case),
        3 => one_of(value(random, depth), &VALUES[random.below(3)..]),
        4 => value(random, depth).is_null(),
        5 => not(eq(value(random, depth), VALUES[random.below(4)])),
        6 | 7 => Expr::and(vec![generate(random, depth - 1), generate(random, depth - 1)], span()),
        8 => Expr::or(vec![generate(random, depth - 1), generate(random, depth - 1)], span()),
        9 => generate(random, depth - 1).negate(),
        _ => not(generate(random, depth - 1)),
    }
}

/// SQL's logic.
fn holds(e: &Expr, event: &Event) -> Option<bool> {
    let compare = |text: &str, wanted: &str, case: Case| match case {
        Case::Sensitive => text == wanted,
        Case::Insensitive => text.eq_ignore_ascii_case(wanted),
    };
    match &e.kind {
        ExprKind::Literal(Literal::Boolean(b)) => Some(*b),
        ExprKind::Compare { op, left, right, case } => {
            let (left, right) = (text_of(left, event)?, text_of(right, event)?);
            Some(match op {
                CompareOp::Eq => compare(&left, &right, *case),
                CompareOp::Ne => !compare(&left, &right, *case),
                other => other.holds(left.cmp(&right)),
            })
        }
        ExprKind::OneOf { value, items, case } => {
            let text = text_of(value, event)?;
            Some(items.iter().any(|i| compare(&text, i, *case)))
        }
        ExprKind::Like { value, pattern, case } => {
            Some(pattern.matches(&text_of(value, event)?, *case == Case::Insensitive))
        }
        ExprKind::IsNull(inner) => Some(text_of(inner, event).is_none()),
        ExprKind::IsTrue(inner) => Some(holds(inner, event) == Some(true)),
        ExprKind::Not(inner) => holds(inner, event).map(|b| !b),
        ExprKind::And(parts) => {
            let all: Vec<_> = parts.iter().map(|p| holds(p, event)).collect();
            if all.contains(&Some(false)) {
                Some(false)
            } else {
                all.into_iter().collect::<Option<Vec<_>>>().map(|_| true)
            }
        }
        ExprKind::Or(parts) => {
            let all: Vec<_> = parts.iter().map(|p| holds(p, event)).collect();
            if all.contains(&Some(true)) {
                Some(true)
            } else {
                all.into_iter().collect::<Option<Vec<_>>>().map(|_| false)
            }
        }
        other => panic!("{other:?}"),
    }
}

fn text_of(e: &Expr, event: &Event) -> Option<String> {
    match &e.kind {
        ExprKind::Literal(Literal::String(text)) => Some(text.clone()),
        ExprKind::Column(name) => event.get(&**name).map(|v| (*v).to_owned()),
        ExprKind::Coalesce(parts) => parts.iter().find_map(|p| text_of(p, event)),
        ExprKind::Case { arms, otherwise } => match arms.iter().find(|(c, _)| holds(c, event) == Some(true)) {
            Some((_, value)) => text_of(value, event),
            None => otherwise.as_ref().and_then(|o| text_of(o, event)),
        },
        other => panic!("{other:?}"),
    }
}

/// Evaluates a detection as the specification says.
struct Detection<'a> {
    map: &'a Mapping,
    words: Vec<String>,
    at: usize,
}

impl<'a> Detection<'a> {
    fn selects(map: &'a Mapping, event: &Event) -> bool {
        let condition = map["condition"].as_str().unwrap().replace('(', "( ").replace(')', " )");
        let words = condition.split_whitespace().map(str::to_owned).collect();
        let mut detection = Self { map, words, at: 0 };
        let result = detection.or(event);
        assert_eq!(detection.at, detection.words.len(), "{condition}");
        result
    }

    fn take(&mut self, word: &str) -> bool {
        let hit = self.words.get(self.at).is_some_and(|w| w == word);
        self.at += usize::from(hit);
        hit
    }

    fn or(&mut self, event: &Event) -> bool {
        let mut result = self.and(event);
        while self.take("or") {
            result |= self.and(event);
        }
        result
    }

    fn and(&mut self, event: &Event) -> bool {
        let mut result = self.not(event);
        while self.take("and") {
            result &= self.not(event);
        }
        result
    }

    fn not(&mut self, event: &Event) -> bool {
        if self.take("not") {
            return !self.not(event);
        }
        if self.take("(") {
            let result = self.or(event);
            assert!(self.take(")"));
            return result;
        }
        let name = self.words[self.at].clone();
        self.at += 1;
        let selection = self.map[name.as_str()].as_mapping().unwrap();
        selection.iter().all(|(key, value)| entry(key.as_str().unwrap(), value, event))
    }
}

fn entry(key: &str, value: &Value, event: &Event) -> bool {
    let parts: Vec<&str> = key.split('|').collect();
    let (field, modifiers) = (parts[0], &parts[1..]);
    let actual = event.get(field);
    let values = match value {
        Value::Sequence(values) => values.clone(),
        one => vec![one.clone()],
    };
    let test = |value: &Value| match value {
        Value::Null => actual.is_none(),
        Value::Bool(b) if modifiers == ["exists"] => actual.is_some() == *b,
        Value::String(text) => {
            let mut text = text.clone();
            for modifier in modifiers {
                text = match *modifier {
                    "startswith" => format!("{text}*"),
                    "endswith" => format!("*{text}"),
                    "contains" => format!("*{text}*"),
                    "cased" | "all" => text,
                    other => panic!("{other}"),
                };
            }
            let pieces = text.chars().map(|c| if c == '*' { Piece::Any } else { Piece::Text(c.to_string()) });
            let fold = !modifiers.contains(&"cased");
            actual.is_some_and(|a| Pattern::new(pieces).matches(a, fold))
        }
        other => panic!("{other:?}"),
    };
    if modifiers.contains(&"all") { values.iter().all(test) } else { values.iter().any(test) }
}

/// Every event of three fields.
fn events() -> Vec<Event> {
    let options: Vec<Option<&'static str>> = std::iter::once(None).chain(VALUES.iter().map(|v| Some(*v))).collect();
    let event = |n: usize| {
        let mut event = Event::new();
        for (i, field) in FIELDS.iter().enumerate() {
            if let Some(value) = options[n / options.len().pow(i as u32) % options.len()] {
                event.insert(*field, value);
            }
        }
        event.insert("eventTime", "2024-01-01T00:00:00Z");
        event
    };
    (0..options.len().pow(3)).map(event).collect()
}

fn detection(predicate: &Expr) -> (Option<Mapping>, Vec<String>) {
    let (text, said) = emit(filter(scan(), predicate.clone()));
    let map = |text: String| {
        let document: Value = serde_yaml::from_str(&text).unwrap();
        document["detection"].as_mapping().unwrap().clone()
    };
    (text.map(map), said)
}

#[test]
fn detections_select_what_predicates_do() {
    let mut random = Numbers(0x9e37_79b9_7f4a_7c15);
    let (events, mut rules) = (events(), 0);
    for round in 0..600 {
        let predicate = generate(&mut random, 1 + round % 3);
        let (detection, said) = detection(&predicate);
        rules += usize::from(detection.is_some());
        for event in &events {
            let expected = holds(&predicate, event) == Some(true);
            // No rule only where nothing can ever be selected.
            let selected = detection.as_ref().is_some_and(|map| Detection::selects(map, event));
            assert_eq!(selected, expected, "{event:?}\n{predicate:#?}\n{detection:#?}\n{said:?}");
        }
    }
    assert!(rules > 480, "{rules}");
}

/// Conditions with parts that Sigma lacks, anywhere in them.
fn with_gaps(random: &mut Numbers, depth: usize) -> Expr {
    if random.below(4) == 0 {
        let op = [CompareOp::Lt, CompareOp::Ge][random.below(2)];
        return Expr::compare(op, field(FIELDS[random.below(3)]), field(FIELDS[random.below(3)]), Case::Sensitive);
    }
    match random.below(if depth == 0 { 1 } else { 6 }) {
        0 | 1 => generate(random, depth),
        2 | 3 => Expr::and((0..3).map(|_| with_gaps(random, depth - 1)).collect(), span()),
        4 => Expr::or(vec![with_gaps(random, depth - 1), with_gaps(random, depth - 1)], span()),
        _ => not(with_gaps(random, depth - 1)),
    }
}

#[test]
fn detections_without_what_sigma_lacks_select_no_less() {
    let mut random = Numbers(0x2545_f491_4f6c_dd1d);
    let events = events();
    let (mut wider, mut exact) = (0, 0);
    for round in 0..300 {
        let predicate = Expr::and((0..3).map(|i| with_gaps(&mut random, (round + i) % 3)).collect(), span());
        let (Some(detection), said) = detection(&predicate) else { continue };
        let widens = said.iter().any(|d| d.starts_with("C403 widens: a condition is left out"));
        let mut more = false;
        for event in &events {
            let expected = holds(&predicate, event) == Some(true);
            let selected = Detection::selects(&detection, event);
            more |= selected && !expected;
            assert!(selected || !expected, "{event:?}\n{predicate:#?}\n{detection:#?}\n{said:?}");
        }
        assert!(widens || !more, "{predicate:#?}\n{detection:#?}\n{said:?}");
        wider += usize::from(more);
        exact += usize::from(!widens);
    }
    assert!(wider > 75 && exact > 25, "{wider} {exact}");
}
