//! Scalar expressions. Their logic is SQL's three-valued one; SPL's two-valued `search` conditions are
//! written with [`ExprKind::IsTrue`].

use std::sync::Arc;

use super::{Pattern, Scalar, Type};
use crate::source::Span;

/// A column's name, as SPL spells it (case-sensitive).
pub type Name = Arc<str>;

/// An expression with its type, whether it can be NULL, and where it comes from in the rule file.
#[derive(Clone, PartialEq, Debug)]
pub struct Expr {
    pub kind: ExprKind,
    pub ty: Type,
    pub nullable: bool,
    pub span: Span,
}

#[derive(Clone, PartialEq, Debug)]
pub enum ExprKind {
    /// A column of the operator's input.
    Column(Name),
    /// The parameter of an enclosing [`ExprKind::Any`], [`ExprKind::MapValues`] or [`ExprKind::FilterValues`]; numbers are unique in a query.
    Variable(u32),
    Literal(Literal),
    /// Numbers compare as numbers; text and text as `case` says; text of type `unknown` against a number,
    /// or against other `unknown` text under an order operator, as numbers where it reads as one, else as text.
    Compare {
        op: CompareOp,
        left: Box<Expr>,
        right: Box<Expr>,
        case: Case,
    },
    /// The text equals one of the items.
    OneOf {
        value: Box<Expr>,
        items: Vec<String>,
        case: Case,
    },
    /// The whole text matches a wildcard pattern.
    Like {
        value: Box<Expr>,
        pattern: Pattern,
        case: Case,
    },
    /// The regular expression (PCRE) matches somewhere in the text.
    Regex {
        value: Box<Expr>,
        regex: String,
    },
    /// The text is an IP address inside the block, e.g. `10.0.0.0/8`.
    InCidr {
        value: Box<Expr>,
        cidr: String,
    },
    /// The event's raw text contains the term or phrase at token boundaries, without case.
    Term {
        pattern: Pattern,
    },
    IsNull(Box<Expr>),
    /// `false` in place of NULL: the truth of a `search` condition.
    IsTrue(Box<Expr>),
    Not(Box<Expr>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    /// Some value of a multivalue field satisfies the predicate; NULL where there is no value.
    Any {
        value: Box<Expr>,
        variable: u32,
        predicate: Box<Expr>,
    },
    /// Each value of a multivalue field, mapped (`mvmap`).
    MapValues {
        value: Box<Expr>,
        variable: u32,
        body: Box<Expr>,
    },
    /// The values that satisfy the predicate (`mvfilter`); NULL where none is left.
    FilterValues {
        value: Box<Expr>,
        variable: u32,
        predicate: Box<Expr>,
    },
    Case {
        arms: Vec<(Expr, Expr)>,
        otherwise: Option<Box<Expr>>,
    },
    Coalesce(Vec<Expr>),
    Arithmetic {
        op: ArithmeticOp,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    /// Joins texts; NULL where one is NULL.
    Concat(Vec<Expr>),
    /// Reads below a JSON text. Multivalue when a step is [`Step::Each`].
    JsonPath {
        value: Box<Expr>,
        path: Vec<Step>,
    },
    /// Text captured by a named group of the first match (`rex`); NULL where nothing matches.
    /// Multivalue (`all`): the group of every match, at most `limit` of them (0: no limit); of a multivalue, of each value.
    Capture {
        value: Box<Expr>,
        regex: String,
        group: Arc<str>,
        all: bool,
        limit: u32,
    },
    /// Reads the value as another type; NULL where that fails (`tonumber`, `tostring`).
    Cast {
        value: Box<Expr>,
        to: Scalar,
    },
    /// A time moved and snapped as `relative_time` does.
    RelativeTime {
        time: Box<Expr>,
        shift: RelativeTime,
    },
    /// The moment at which the search runs.
    Now,
    /// Rounds down to a multiple of the span (`bin`). For times the span is in seconds.
    Bin {
        value: Box<Expr>,
        span: f64,
    },
    /// Text of a time (`strftime`, `ctime`), in C's strftime notation.
    FormatTime {
        time: Box<Expr>,
        format: String,
    },
    /// A time from text (`strptime`), in C's strftime notation; NULL where it does not fit.
    ParseTime {
        text: Box<Expr>,
        format: String,
    },
    /// Any other function of SPL's evaluation language, by its SPL name (see `crate::function`).
    Call {
        function: &'static str,
        args: Vec<Expr>,
    },
}

#[derive(Clone, PartialEq, Debug)]
pub enum Literal {
    Null,
    Boolean(bool),
    Integer(i64),
    Double(f64),
    String(String),
    /// A multivalue constant.
    Strings(Vec<String>),
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CompareOp {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl CompareOp {
    /// The operator that holds exactly where this one does not, NULL aside.
    pub fn negated(self) -> Self {
        match self {
            Self::Eq => Self::Ne,
            Self::Ne => Self::Eq,
            Self::Lt => Self::Ge,
            Self::Le => Self::Gt,
            Self::Gt => Self::Le,
            Self::Ge => Self::Lt,
        }
    }

    /// The operator with its sides exchanged.
    pub fn flipped(self) -> Self {
        match self {
            Self::Lt => Self::Gt,
            Self::Le => Self::Ge,
            Self::Gt => Self::Lt,
            Self::Ge => Self::Le,
            same => same,
        }
    }

    pub fn symbol(self) -> &'static str {
        match self {
            Self::Eq => "=",
            Self::Ne => "!=",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
        }
    }

    /// Whether an ordering of the two sides satisfies the operator.
    pub fn holds(self, ordering: std::cmp::Ordering) -> bool {
        match self {
            Self::Eq => ordering.is_eq(),
            Self::Ne => ordering.is_ne(),
            Self::Lt => ordering.is_lt(),
            Self::Le => ordering.is_le(),
            Self::Gt => ordering.is_gt(),
            Self::Ge => ordering.is_ge(),
        }
    }
}

/// How letters compare: `search` ignores case, `where` and `eval` do not.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Case {
    Sensitive,
    Insensitive,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ArithmeticOp {
    Add,
    Subtract,
    Multiply,
    /// Of real numbers: `3/2` is 1.5; NULL when the divisor is 0.
    Divide,
    Modulo,
}

impl ArithmeticOp {
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
        }
    }
}

/// A step of a JSON path.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Step {
    Key(String),
    /// `{}`: each element of a list, or the thing itself where it is no list.
    Each,
    /// `{n}`: one element, counted from 0.
    Index(u32),
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TimeUnit {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

/// SPL's relative time modifier, e.g. `-1d@d+2h`: moves and snaps, applied in order.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct RelativeTime {
    pub steps: Vec<TimeStep>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TimeStep {
    /// Adds so many units (negative: back).
    Shift(i64, TimeUnit),
    /// Goes back to the start of the unit. `SnapWeekday(0)` is Sunday.
    Snap(TimeUnit),
    SnapWeekday(u8),
}

impl Expr {
    pub fn new(kind: ExprKind, ty: Type, nullable: bool, span: Span) -> Self {
        Self { kind, ty, nullable, span }
    }

    pub fn column(name: impl Into<Name>, ty: Type, nullable: bool, span: Span) -> Self {
        Self::new(ExprKind::Column(name.into()), ty, nullable, span)
    }

    pub fn string(text: impl Into<String>, span: Span) -> Self {
        Self::new(ExprKind::Literal(Literal::String(text.into())), Type::STRING, false, span)
    }

    pub fn integer(n: i64, span: Span) -> Self {
        Self::new(ExprKind::Literal(Literal::Integer(n)), Type::INTEGER, false, span)
    }

    pub fn double(n: f64, span: Span) -> Self {
        Self::new(ExprKind::Literal(Literal::Double(n)), Type::DOUBLE, false, span)
    }

    pub fn boolean(b: bool, span: Span) -> Self {
        Self::new(ExprKind::Literal(Literal::Boolean(b)), Type::BOOLEAN, false, span)
    }

    pub fn null(span: Span) -> Self {
        Self::new(ExprKind::Literal(Literal::Null), Type::UNKNOWN, true, span)
    }

    pub fn is_null(self) -> Self {
        let span = self.span;
        Self::new(ExprKind::IsNull(Box::new(self)), Type::BOOLEAN, false, span)
    }

    pub fn is_not_null(self) -> Self {
        self.is_null().negate()
    }

    /// Three-valued negation.
    pub fn negate(self) -> Self {
        let (nullable, span) = (self.nullable, self.span);
        Self::new(ExprKind::Not(Box::new(self)), Type::BOOLEAN, nullable, span)
    }

    /// `false` in place of NULL.
    pub fn is_true(self) -> Self {
        if !self.nullable {
            return self;
        }
        let span = self.span;
        Self::new(ExprKind::IsTrue(Box::new(self)), Type::BOOLEAN, false, span)
    }

    pub fn and(parts: Vec<Expr>, span: Span) -> Self {
        Self::connective(parts, span, true)
    }

    pub fn or(parts: Vec<Expr>, span: Span) -> Self {
        Self::connective(parts, span, false)
    }

    /// Flattens nested connectives of the same kind; an empty `and` is true, an empty `or` false.
    fn connective(parts: Vec<Expr>, span: Span, and: bool) -> Self {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part.kind {
                ExprKind::And(inner) if and => flat.extend(inner),
                ExprKind::Or(inner) if !and => flat.extend(inner),
                _ => flat.push(part),
            }
        }
        match flat.len() {
            0 => Self::boolean(and, span),
            1 => flat.remove(0),
            _ => {
                let nullable = flat.iter().any(|e| e.nullable);
                let kind = if and { ExprKind::And(flat) } else { ExprKind::Or(flat) };
                Self::new(kind, Type::BOOLEAN, nullable, span)
            }
        }
    }

    pub fn compare(op: CompareOp, left: Expr, right: Expr, case: Case) -> Self {
        let nullable = left.nullable || right.nullable;
        let span = left.span.to(right.span);
        let kind = ExprKind::Compare { op, left: Box::new(left), right: Box::new(right), case };
        Self::new(kind, Type::BOOLEAN, nullable, span)
    }

    pub fn as_literal(&self) -> Option<&Literal> {
        match &self.kind {
            ExprKind::Literal(l) => Some(l),
            _ => None,
        }
    }

    pub fn as_column(&self) -> Option<&Name> {
        match &self.kind {
            ExprKind::Column(name) => Some(name),
            _ => None,
        }
    }

    /// Whether this is the literal `true`.
    pub fn is_literal_true(&self) -> bool {
        self.as_literal() == Some(&Literal::Boolean(true))
    }
}
