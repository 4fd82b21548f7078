//! The values that the raw fields of a record have been given so far.

use std::collections::BTreeMap;

use super::regex::Cache;
use super::rng::Rng;
use crate::ir::{Column, Scalar, Type};

/// Values of texts, few enough that fields of different records are often equal.
const WORDS: [&str; 12] =
    ["alice", "Bob", "BOB", "carol-7", "svc_build", "12", "012", "3.5", "a b", "x*y", "true", "Zoë"];
const ADDRESSES: [&str; 7] =
    ["10.0.0.1", "10.0.0.2", "192.168.3.4", "198.51.100.7", "203.0.113.9", "2001:db8::1", "AWS Internal"];

/// The value of a field.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Given {
    Absent,
    Null,
    One(String),
    Many(Vec<String>),
}

/// What a record will say.
pub(super) struct Env<'a> {
    pub(super) rng: &'a mut Rng,
    pub(super) regexes: &'a mut Cache,
    /// By the path in the record.
    pub(super) given: BTreeMap<String, Given>,
    /// Fields that have their value by chance, and may change.
    pub(super) free: Vec<String>,
    /// Texts that the raw record must contain.
    pub(super) terms: Vec<String>,
    pub(super) columns: BTreeMap<String, Column>,
}

impl<'a> Env<'a> {
    pub(super) fn new(fields: &[Column], regexes: &'a mut Cache, rng: &'a mut Rng) -> Self {
        let columns = fields.iter().map(|c| (c.name.to_string(), c.clone())).collect();
        Self { rng, regexes, given: BTreeMap::new(), free: Vec::new(), terms: Vec::new(), columns }
    }

    pub(super) fn ty(&self, path: &str) -> Type {
        self.columns.get(path).map_or(Type::UNKNOWN, |c| c.ty)
    }

    /// Whether the schema allows that the field is not there.
    pub(super) fn is_optional(&self, path: &str) -> bool {
        path != "_raw" && self.columns.get(path).is_none_or(|c| c.nullable)
    }

    /// Sets a field; what its schema does not allow is left out.
    pub(super) fn set(&mut self, path: &str, value: Given) {
        let is_empty = match &value {
            Given::Absent | Given::Null => true,
            Given::Many(values) => values.is_empty(),
            Given::One(_) => false,
        };
        if is_empty && !self.is_optional(path) {
            return;
        }
        let ty = self.ty(path);
        let fits = |text: &String| match ty.scalar {
            Scalar::Integer => text.trim().parse::<i64>().is_ok(),
            Scalar::Double => text.trim().parse::<f64>().is_ok_and(f64::is_finite),
            Scalar::Boolean => matches!(text.as_str(), "true" | "false"),
            Scalar::Time => crate::event::parse_time(text).is_some(),
            Scalar::String | Scalar::Json | Scalar::Unknown => true,
        };
        let fit = match &value {
            Given::One(text) => fits(text),
            Given::Many(values) => values.iter().all(fits),
            Given::Absent | Given::Null => true,
        };
        if fit {
            self.given.insert(path.to_owned(), value);
        }
    }

    /// Gives the fields that no condition has set values by chance.
    pub(super) fn fill(&mut self) {
        let paths: Vec<String> = self.columns.keys().filter(|p| !self.given.contains_key(*p)).cloned().collect();
        for path in paths {
            if matches!(path.as_str(), "_time" | "_raw") {
                continue;
            }
            self.by_chance(&path);
            self.free.push(path);
        }
    }

    pub(super) fn by_chance(&mut self, path: &str) {
        let ty = self.ty(path);
        let value = match self.rng.below(20) {
            0..=2 => Given::Absent,
            3 => Given::Null,
            // Most lists of the library's records are not longer.
            4..=8 if ty.multivalue => {
                let count = self.rng.below(4);
                Given::Many((0..count).map(|_| self.chance_text(path)).collect())
            }
            9 => Given::One(String::new()),
            _ => Given::One(self.chance_text(path)),
        };
        self.set(path, value);
        if !self.given.contains_key(path) && !self.is_optional(path) {
            let text = self.chance_text(path);
            self.set(path, Given::One(text));
        }
    }

    /// A text that a field of this name and type can have.
    pub(super) fn chance_text(&mut self, path: &str) -> String {
        let lower = path.to_ascii_lowercase();
        let number = ["0", "1", "2", "5", "10", "443", "4104"];
        let pool: &[&str] = match self.ty(path).scalar {
            Scalar::Integer => &number,
            Scalar::Double => &["0", "1.5", "2", "-3", "99.5", "100"],
            Scalar::Boolean => &["true", "false"],
            Scalar::Time => &["2026-01-01T10:00:00Z", "2025-12-31T23:59:59Z", "1767261600"],
            Scalar::Json => &["{\"a\":\"x\",\"b\":[1,2]}", "[]", "[\"x\",{\"a\":1}]", "{}", "text"],
            Scalar::String | Scalar::Unknown if lower.contains("time") => &["2026-01-01T10:00:00Z", "1767261600"],
            Scalar::String | Scalar::Unknown
                if lower.ends_with("ip")
                    || lower.contains("address")
                    || lower.ends_with("src")
                    || lower.ends_with("dest") =>
            {
                &ADDRESSES
            }
            Scalar::String | Scalar::Unknown => &WORDS,
        };
        // Half of the time one of the first few, so that groups have several rows.
        let few = if self.rng.chance(50) { pool.len().min(2) } else { pool.len() };
        self.rng.pick(&pool[..few]).map_or_else(String::new, |t| (*t).to_owned())
    }
}
