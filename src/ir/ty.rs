//! Types of columns and expressions.

use std::fmt;

/// The type of one value.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Scalar {
    /// Text that is never read as a number.
    String,
    Integer,
    Double,
    Boolean,
    /// A moment, as seconds since the epoch in SPL's eyes; targets keep their own time type.
    Time,
    /// The JSON text of an object or a list.
    Json,
    /// Extracted text: SPL reads it as a number where it looks like one.
    Unknown,
}

/// A scalar, or a multivalue field of such scalars.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Type {
    pub scalar: Scalar,
    pub multivalue: bool,
}

impl Type {
    pub const STRING: Type = Type::one(Scalar::String);
    pub const INTEGER: Type = Type::one(Scalar::Integer);
    pub const DOUBLE: Type = Type::one(Scalar::Double);
    pub const BOOLEAN: Type = Type::one(Scalar::Boolean);
    pub const TIME: Type = Type::one(Scalar::Time);
    pub const JSON: Type = Type::one(Scalar::Json);
    pub const UNKNOWN: Type = Type::one(Scalar::Unknown);

    pub const fn one(scalar: Scalar) -> Type {
        Type { scalar, multivalue: false }
    }

    pub const fn many(scalar: Scalar) -> Type {
        Type { scalar, multivalue: true }
    }

    /// The type of one value of this type.
    pub const fn element(self) -> Type {
        Type::one(self.scalar)
    }

    /// Whether every value is a number (a time counts as its epoch seconds).
    pub fn is_numeric(self) -> bool {
        !self.multivalue && matches!(self.scalar, Scalar::Integer | Scalar::Double | Scalar::Time)
    }

    /// Whether values are text, read as numbers or not.
    pub fn is_text(self) -> bool {
        !self.multivalue && matches!(self.scalar, Scalar::String | Scalar::Unknown | Scalar::Json)
    }

    /// The type that holds values of both.
    pub fn union(self, other: Type) -> Type {
        let scalar = match (self.scalar, other.scalar) {
            (a, b) if a == b => a,
            (Scalar::Integer | Scalar::Double, Scalar::Integer | Scalar::Double) => Scalar::Double,
            _ => Scalar::Unknown,
        };
        Type { scalar, multivalue: self.multivalue || other.multivalue }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.scalar {
            Scalar::String => "string",
            Scalar::Integer => "integer",
            Scalar::Double => "double",
            Scalar::Boolean => "boolean",
            Scalar::Time => "time",
            Scalar::Json => "json",
            Scalar::Unknown => "unknown",
        };
        if self.multivalue { write!(f, "multivalue<{name}>") } else { f.write_str(name) }
    }
}
