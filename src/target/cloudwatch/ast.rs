//! The tree of a Logs Insights query: the part of the language that this emitter writes.

use std::collections::BTreeSet;

/// A query: comment lines, then commands joined by `|`.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Query {
    /// Text of comment lines, without `#`.
    pub comments: Vec<String>,
    pub commands: Vec<Command>,
    /// Names that the query itself makes, by the number in [`Field::Local`].
    pub names: Vec<String>,
    /// Those of them whose spelling is not free: columns that `lookup` adds under the table's own name.
    pub fixed: BTreeSet<usize>,
}

#[derive(Clone, PartialEq, Debug)]
pub(super) enum Command {
    Fields(Vec<Item>),
    Display(Vec<Item>),
    /// Conditions that must all hold.
    Filter(Vec<Expr>),
    Stats {
        aggregates: Vec<Item>,
        keys: Vec<Item>,
    },
    Sort(Vec<(Field, Direction)>),
    Limit(u64),
    Dedup(Vec<Field>),
    /// `parse source /regex/`: each named group becomes a field; where nothing matches the event stays, without them.
    Parse {
        source: Expr,
        parts: Vec<RegexPart>,
    },
    /// One row for each element of a parsed list.
    Unnest {
        list: Expr,
        into: Field,
    },
    /// `lookup table column as field, … OUTPUT column, …`: columns of the row whose other columns equal the fields, with
    /// case; absent where no row does.
    Lookup {
        table: String,
        on: Vec<(String, Field)>,
        /// Numbers of fixed names: the columns.
        outputs: Vec<usize>,
    },
    /// `cidrlookup table field as column OUTPUT column as name, …`: the same for a column of address blocks.
    CidrLookup {
        table: String,
        field: Field,
        column: String,
        outputs: Vec<(String, usize)>,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Direction {
    Ascending,
    Descending,
}

/// A column of `fields`, `display` or `stats`.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Item {
    pub expr: Expr,
    pub alias: Option<Alias>,
}

#[derive(Clone, PartialEq, Debug)]
pub(super) enum Alias {
    /// A name that later commands refer to.
    Local(usize),
    /// A heading of the result, spelled as SPL does.
    Output(String),
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Field {
    /// A discovered or system field, by its dotted path.
    Raw(String),
    /// A name that the query makes.
    Local(usize),
}

/// A piece of the regular expression of `parse`.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum RegexPart {
    /// Source text of the expression, `/` already escaped.
    Source(String),
    /// The name of a group.
    Group(usize),
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Number {
    Integer(i64),
    Double(f64),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Unit {
    Second,
    Minute,
    Hour,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Power,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

/// A step below a field that holds parsed JSON.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Step {
    Key(String),
    Index(u32),
}

#[derive(Clone, PartialEq, Debug)]
pub(super) enum Expr {
    /// A constant condition; [`and`] and [`or`] remove it.
    Bool(bool),
    Field(Field),
    Member(Field, Vec<Step>),
    Text(String),
    Number(Number),
    Duration(u64, Unit),
    Call(String, Vec<Expr>),
    /// `count(*)`.
    CountRows,
    Binary(Operator, Box<Expr>, Box<Expr>),
    /// `value like /regex/`; the source text, `/` already escaped.
    Like {
        value: Box<Expr>,
        regex: String,
        negated: bool,
    },
    In {
        value: Box<Expr>,
        items: Vec<Expr>,
        negated: bool,
    },
    Not(Box<Expr>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
}

impl Query {
    /// A new name, spelled after the hint; spellings are settled by [`super::name::settle`].
    pub(super) fn local(&mut self, hint: &str) -> usize {
        self.names.push(hint.to_owned());
        self.names.len() - 1
    }

    /// A new name with just this spelling.
    pub(super) fn fixed_local(&mut self, spelling: &str) -> usize {
        let id = self.local(spelling);
        self.fixed.insert(id);
        id
    }
}

impl Expr {
    pub(super) fn raw(path: impl Into<String>) -> Expr {
        Expr::Field(Field::Raw(path.into()))
    }

    pub(super) fn local(id: usize) -> Expr {
        Expr::Field(Field::Local(id))
    }

    pub(super) fn integer(n: i64) -> Expr {
        Expr::Number(Number::Integer(n))
    }

    pub(super) fn number(n: f64) -> Expr {
        // Whole numbers below 2^53 are exact as integers.
        if n.fract() == 0.0 && n.abs() < 9e15 { Expr::integer(n as i64) } else { Expr::Number(Number::Double(n)) }
    }

    pub(super) fn call(name: &str, args: Vec<Expr>) -> Expr {
        Expr::Call(name.to_owned(), args)
    }

    pub(super) fn like(value: Expr, regex: String) -> Expr {
        Expr::Like { value: Box::new(value), regex, negated: false }
    }

    /// A comparison, or arithmetic; arithmetic on two integers is computed here.
    pub(super) fn binary(op: Operator, left: Expr, right: Expr) -> Expr {
        if let (Expr::Number(Number::Integer(a)), Expr::Number(Number::Integer(b))) = (&left, &right) {
            let folded = match op {
                Operator::Add => a.checked_add(*b),
                Operator::Subtract => a.checked_sub(*b),
                Operator::Multiply => a.checked_mul(*b),
                _ => None,
            };
            if let Some(n) = folded {
                return Expr::integer(n);
            }
        }
        Expr::Binary(op, Box::new(left), Box::new(right))
    }

    /// `ispresent(field)`.
    pub(super) fn present(field: Expr) -> Expr {
        Expr::call("ispresent", vec![field])
    }

    /// Calls `f` on this node and all below it.
    pub(super) fn walk<'a>(&'a self, f: &mut dyn FnMut(&'a Expr)) {
        f(self);
        match self {
            Expr::Bool(_)
            | Expr::Field(_)
            | Expr::Member(..)
            | Expr::Text(_)
            | Expr::Number(_)
            | Expr::Duration(..)
            | Expr::CountRows => {}
            Expr::Call(_, args) | Expr::And(args) | Expr::Or(args) => args.iter().for_each(|a| a.walk(f)),
            Expr::Binary(_, a, b) => {
                a.walk(f);
                b.walk(f);
            }
            Expr::Like { value, .. } => value.walk(f),
            Expr::In { value, items, .. } => {
                value.walk(f);
                items.iter().for_each(|i| i.walk(f));
            }
            Expr::Not(inner) => inner.walk(f),
        }
    }
}

/// All hold. Constants disappear, nested ones are flattened, repeated ones stay once.
pub(super) fn and(parts: impl IntoIterator<Item = Expr>) -> Expr {
    connective(parts, true)
}

/// Some holds; see [`and`].
pub(super) fn or(parts: impl IntoIterator<Item = Expr>) -> Expr {
    connective(parts, false)
}

fn connective(parts: impl IntoIterator<Item = Expr>, conjunction: bool) -> Expr {
    let mut flat: Vec<Expr> = Vec::new();
    let mut add = |e: Expr| {
        if !flat.contains(&e) {
            flat.push(e);
        }
    };
    for part in parts {
        match part {
            Expr::Bool(b) if b == conjunction => {}
            Expr::Bool(b) => return Expr::Bool(b),
            Expr::And(inner) if conjunction => inner.into_iter().for_each(&mut add),
            Expr::Or(inner) if !conjunction => inner.into_iter().for_each(&mut add),
            other => add(other),
        }
    }
    let mut flat = merge_tests(flat, conjunction);
    match flat.len() {
        0 => Expr::Bool(conjunction),
        1 => flat.remove(0),
        _ if conjunction => Expr::And(flat),
        _ => Expr::Or(flat),
    }
}

/// Three or more comparisons of one value with texts, or with numbers, become one list.
fn merge_tests(parts: Vec<Expr>, conjunction: bool) -> Vec<Expr> {
    let wanted = if conjunction { Operator::Ne } else { Operator::Eq };
    let test = |e: &Expr| match e {
        Expr::Binary(op, value, item) if *op == wanted && matches!(**item, Expr::Text(_) | Expr::Number(_)) => {
            Some(((**value).clone(), (**item).clone()))
        }
        _ => None,
    };
    let mut out: Vec<Expr> = Vec::with_capacity(parts.len());
    let tests: Vec<(Expr, Expr)> = parts.iter().filter_map(test).collect();
    for part in parts {
        let Some((value, item)) = test(&part) else {
            out.push(part);
            continue;
        };
        let items: Vec<Expr> =
            tests.iter().filter(|(v, i)| *v == value && same_kind(i, &item)).map(|(_, i)| i.clone()).collect();
        let merged = Expr::In { value: Box::new(value), items: items.clone(), negated: conjunction };
        if items.len() < 3 {
            out.push(part);
        } else if !out.contains(&merged) {
            out.push(merged);
        }
    }
    out
}

fn same_kind(a: &Expr, b: &Expr) -> bool {
    matches!((a, b), (Expr::Text(_), Expr::Text(_)) | (Expr::Number(_), Expr::Number(_)))
}

/// The opposite of a condition that is always true or false, never absent: presence tests and what guards make of them.
pub(super) fn not(e: Expr) -> Expr {
    match e {
        Expr::Bool(b) => Expr::Bool(!b),
        Expr::Not(inner) => *inner,
        other => Expr::Not(Box::new(other)),
    }
}

/// The opposite of a test of a value, for rows in which the value is present.
pub(super) fn negated_test(e: Expr) -> Expr {
    match e {
        Expr::Binary(op, a, b) if let Some(op) = op.negated() => Expr::Binary(op, a, b),
        Expr::Like { value, regex, negated } => Expr::Like { value, regex, negated: !negated },
        Expr::In { value, items, negated } => Expr::In { value, items, negated: !negated },
        Expr::Or(parts) => and(parts.into_iter().map(negated_test)),
        Expr::And(parts) => or(parts.into_iter().map(negated_test)),
        other => not(other),
    }
}

impl Operator {
    pub(super) fn symbol(self) -> &'static str {
        match self {
            Operator::Add => "+",
            Operator::Subtract => "-",
            Operator::Multiply => "*",
            Operator::Divide => "/",
            Operator::Modulo => "%",
            Operator::Power => "^",
            Operator::Eq => "=",
            Operator::Ne => "!=",
            Operator::Lt => "<",
            Operator::Le => "<=",
            Operator::Gt => ">",
            Operator::Ge => ">=",
        }
    }

    /// The comparison that holds exactly where this one does not; `None` for arithmetic.
    pub(super) fn negated(self) -> Option<Operator> {
        Some(match self {
            Operator::Eq => Operator::Ne,
            Operator::Ne => Operator::Eq,
            Operator::Lt => Operator::Ge,
            Operator::Le => Operator::Gt,
            Operator::Gt => Operator::Le,
            Operator::Ge => Operator::Lt,
            Operator::Add
            | Operator::Subtract
            | Operator::Multiply
            | Operator::Divide
            | Operator::Modulo
            | Operator::Power => return None,
        })
    }
}

impl From<crate::ir::CompareOp> for Operator {
    fn from(op: crate::ir::CompareOp) -> Self {
        use crate::ir::CompareOp;
        match op {
            CompareOp::Eq => Operator::Eq,
            CompareOp::Ne => Operator::Ne,
            CompareOp::Lt => Operator::Lt,
            CompareOp::Le => Operator::Le,
            CompareOp::Gt => Operator::Gt,
            CompareOp::Ge => Operator::Ge,
        }
    }
}
