//! The `[target.athena]` section of a schema: where each raw field stands in the Athena table.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::ir::Step;

/// A schema's place in Athena.
#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct Binding {
    /// The table, with database and catalog where they are not the session's: `db.table`. A piece that holds a dot
    /// stands in double quotes.
    pub(super) table: String,
    /// Column of the event's time.
    pub(super) time: String,
    pub(super) time_type: TimeType,
    /// Partition columns that follow from the event's time.
    #[serde(default)]
    pub(super) partitions: Vec<Partition>,
    /// Raw field to column, or member of a struct column: `"userIdentity.arn" = "useridentity.arn"`.
    /// `"userIdentity.*" = "useridentity.*"` places every other field below, its name in lower case.
    #[serde(default)]
    pub(super) columns: BTreeMap<String, ColumnForm>,
    /// Raw object to the text column that holds its JSON.
    #[serde(default)]
    pub(super) json: BTreeMap<String, String>,
    /// Raw list of objects to an array column of structs.
    #[serde(default)]
    pub(super) arrays: BTreeMap<String, ArrayColumn>,
    /// Raw object to a `map(varchar, varchar)` column, keyed by the rest of the path. `"*"`: fields without another place, by
    /// their whole path.
    #[serde(default)]
    pub(super) maps: BTreeMap<String, String>,
    /// A column that tells records apart: it stands for `_raw` in distinct counts.
    #[serde(default)]
    pub(super) record_id: Option<String>,
    /// Text columns in which bare words are sought, where the table lacks the raw record.
    #[serde(default)]
    pub(super) text: Vec<String>,
}

/// How a column holds a moment.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "snake_case")]
pub(super) enum TimeType {
    /// Text such as `2024-08-01T13:52:02Z`, always UTC, so that it sorts by time.
    Iso8601,
    /// A timestamp without time zone, in UTC.
    Timestamp,
    EpochMillis,
    EpochSeconds,
}

/// A partition column.
#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct Partition {
    pub(super) column: String,
    /// Its value as a strftime format of the event's time. It must sort by time: the year comes first.
    pub(super) format: String,
    #[serde(default, rename = "type")]
    pub(super) ty: PartitionType,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug, Default)]
#[serde(rename_all = "lowercase")]
pub(super) enum PartitionType {
    #[default]
    Varchar,
    Integer,
    Date,
}

/// A column, or a member of a struct column, and what it holds. In TOML: a string, or a table.
#[derive(Deserialize, Clone, Debug)]
#[serde(untagged)]
pub(super) enum ColumnForm {
    Short(String),
    Long(TypedColumn),
}

#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct TypedColumn {
    pub(super) column: String,
    #[serde(default, rename = "type")]
    pub(super) ty: ColumnType,
    /// The letters in which the column holds each value, where it has one spelling.
    #[serde(default)]
    pub(super) case: Option<Letters>,
}

/// The one spelling that a column has for each of its values, so that it can be compared exactly.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "snake_case")]
pub(super) enum Letters {
    Lower,
    Upper,
    /// The spelling is known to those who write the rules.
    AsWritten,
}

/// What a column holds; plain columns hold text.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug, Default)]
#[serde(rename_all = "snake_case")]
pub(super) enum ColumnType {
    #[default]
    Varchar,
    Bigint,
    Double,
    Boolean,
    Iso8601,
    Timestamp,
    EpochMillis,
    EpochSeconds,
    /// `array(varchar)`
    VarcharArray,
}

/// An array column of structs.
#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct ArrayColumn {
    pub(super) column: String,
    /// Raw member to struct member, dotted below.
    pub(super) members: BTreeMap<String, String>,
}

/// Where a raw field is to be read.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Place {
    Column {
        column: String,
        ty: ColumnType,
        case: Option<Letters>,
    },
    /// Below a text column that holds JSON; no steps: the text itself.
    Json {
        column: String,
        path: Vec<Step>,
    },
    /// A member of each struct of an array column.
    Array {
        column: String,
        member: String,
    },
    /// The keys of a map column, or its values in the same order: what Splunk has of a map is a list of pairs.
    MapSide {
        column: String,
        keys: bool,
    },
    /// An entry of a map column.
    Map {
        column: String,
        key: String,
    },
}

impl Place {
    /// Whether this is a text column of that name.
    pub(super) fn is_text(&self, name: &str) -> bool {
        matches!(self, Place::Column { column, ty: ColumnType::Varchar, .. } if column == name)
    }
}

impl Binding {
    /// Where a raw path is read; `None` where the table has no place for it.
    pub(super) fn place(&self, path: &str) -> Option<Place> {
        if let Some(form) = self.columns.get(path) {
            return Some(match form.clone() {
                ColumnForm::Short(column) => Place::Column { column, ty: ColumnType::Varchar, case: None },
                ColumnForm::Long(TypedColumn { column, ty, case }) => Place::Column { column, ty, case },
            });
        }
        if let Some(place) = self.array(path).or_else(|| self.map(path)).or_else(|| self.json_path(path)) {
            return Some(place);
        }
        if let Some(column) = self.maps.get("*").filter(|_| path != "_raw") {
            return Some(Place::Map { column: column.clone(), key: path.to_owned() });
        }
        self.columns.iter().find_map(|(from, to)| {
            let rest = path.strip_prefix(from.strip_suffix('*')?)?;
            let ColumnForm::Short(to) = to else { return None };
            let plain = !rest.is_empty() && rest.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'));
            let column = format!("{}{}", to.strip_suffix('*')?, rest.to_ascii_lowercase());
            plain.then_some(Place::Column { column, ty: ColumnType::Varchar, case: None })
        })
    }

    fn array(&self, path: &str) -> Option<Place> {
        self.arrays.iter().find_map(|(from, array)| {
            let member = path.strip_prefix(from.as_str())?.strip_prefix('.')?;
            let member = array.members.get(member)?.clone();
            Some(Place::Array { column: array.column.clone(), member })
        })
    }

    fn map(&self, path: &str) -> Option<Place> {
        self.maps.iter().find_map(|(from, column)| {
            let rest = path.strip_prefix(from.as_str())?;
            if matches!(rest, "{}.key" | "{}.value") {
                return Some(Place::MapSide { column: column.clone(), keys: rest == "{}.key" });
            }
            let key = rest.strip_prefix('.')?;
            Some(Place::Map { column: column.clone(), key: key.to_owned() })
        })
    }

    /// The deepest root wins: `api.request.data` before `api`.
    fn json_path(&self, path: &str) -> Option<Place> {
        let (root, column) = self
            .json
            .iter()
            .filter(|(root, _)| {
                path.strip_prefix(root.as_str()).is_some_and(|r| r.is_empty() || r.starts_with(['.', '{']))
            })
            .max_by_key(|(root, _)| root.len())?;
        Some(Place::Json { column: column.clone(), path: steps(&path[root.len()..])? })
    }

    /// Gives each of a schema's fields that has only the place `"*" = "*"` its column by name.
    pub(super) fn spread<'f>(&mut self, fields: impl Iterator<Item = &'f String>) {
        if !self.columns.contains_key("*") {
            return;
        }
        let plain = |f: &&String| !f.contains(['.', '{']) && !self.columns.contains_key(*f);
        let named: Vec<&String> = fields.filter(plain).collect();
        for field in named {
            if let Some(Place::Column { column, .. }) = self.place(field).filter(|_| *field != "_time") {
                self.columns.insert(field.clone(), ColumnForm::Short(column));
            }
        }
    }

    /// The table's columns as far as this section names them, each once: what whole events show.
    pub(super) fn table_columns(&self) -> Vec<String> {
        let root = |column: &str| {
            let end = column.find('.').unwrap_or(column.len());
            column[..end].to_owned()
        };
        let mut out = vec![root(&self.time)];
        let columns = self.columns.values().map(|c| match c {
            ColumnForm::Short(column) | ColumnForm::Long(TypedColumn { column, .. }) => root(column),
        });
        let others = self
            .json
            .values()
            .chain(self.arrays.values().map(|a| &a.column))
            .chain(self.maps.values())
            .chain(self.partitions.iter().map(|p| &p.column))
            .map(|c| root(c));
        for column in columns.chain(others) {
            // `"*" = "*"` places any name and is no column.
            if column != "*" && !out.contains(&column) {
                out.push(column);
            }
        }
        out
    }
}

/// Reads `.a.b{}.c{0}`; `None` where it is malformed.
pub(super) fn steps(path: &str) -> Option<Vec<Step>> {
    let mut out = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('{') {
            let end = after.find('}')?;
            out.push(match &after[..end] {
                "" => Step::Each,
                n => Step::Index(n.parse().ok()?),
            });
            rest = &after[end + 1..];
        } else {
            let after = rest.strip_prefix('.')?;
            let end = after.find(['.', '{']).unwrap_or(after.len());
            if end == 0 {
                return None;
            }
            out.push(Step::Key(after[..end].to_owned()));
            rest = &after[end..];
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binding() -> Binding {
        toml::from_str(
            r#"
            table = "t"
            time = "eventtime"
            time_type = "iso8601"
            partitions = [{ column = "day", format = "%Y/%m/%d" }]
            [columns]
            eventName = "eventname"
            "userIdentity.*" = "useridentity.*"
            "session.mfa" = { column = "session.is_mfa", type = "boolean" }
            eventSource = { column = "eventsource", case = "lower" }
            [json]
            requestParameters = "requestparameters"
            "api.request.data" = "api.request.data"
            [arrays."resources{}"]
            column = "resources"
            members = { ARN = "arn" }
            [maps]
            unmapped = "unmapped"
            "#,
        )
        .expect("a binding")
    }

    fn place(path: &str) -> Option<Place> {
        binding().place(path)
    }

    #[test]
    fn columns_and_members_are_placed() {
        let column = |c: &str, ty| Some(Place::Column { column: c.to_owned(), ty, case: None });
        assert_eq!(place("eventName"), column("eventname", ColumnType::Varchar));
        assert_eq!(
            place("userIdentity.sessionContext.mfa"),
            column("useridentity.sessioncontext.mfa", ColumnType::Varchar)
        );
        assert_eq!(place("session.mfa"), column("session.is_mfa", ColumnType::Boolean));
        let ty = ColumnType::Varchar;
        let column = "eventsource".to_owned();
        assert_eq!(place("eventSource"), Some(Place::Column { column, ty, case: Some(Letters::Lower) }));
        assert_eq!(place("eventname"), None);
        assert_eq!(place("userIdentity.a{}.b"), None);
    }

    #[test]
    fn json_members_have_a_path() {
        let Some(Place::Json { column, path }) = place("requestParameters.a.items{}.b{0}") else { panic!("no place") };
        assert_eq!(column, "requestparameters");
        let key = |k: &str| Step::Key(k.to_owned());
        assert_eq!(path, [key("a"), key("items"), Step::Each, key("b"), Step::Index(0)]);
        assert_eq!(place("requestParametersX.a"), None);
        assert_eq!(place("requestParameters{}.a").map(|_| ()), Some(()));
        assert!(matches!(place("api.request.data"), Some(Place::Json { path, .. }) if path.is_empty()));
    }

    #[test]
    fn array_members_and_map_entries_are_placed() {
        assert_eq!(
            place("resources{}.ARN"),
            Some(Place::Array { column: "resources".to_owned(), member: "arn".to_owned() })
        );
        assert_eq!(place("resources{}.other"), None);
        let side = |keys| Some(Place::MapSide { column: "unmapped".to_owned(), keys });
        assert_eq!((place("unmapped{}.key"), place("unmapped{}.value")), (side(true), side(false)));
        assert_eq!(place("unmapped.a.b"), Some(Place::Map { column: "unmapped".to_owned(), key: "a.b".to_owned() }));
    }

    #[test]
    fn table_columns_are_the_roots() {
        assert_eq!(
            binding().table_columns(),
            [
                "eventtime",
                "eventname",
                "eventsource",
                "session",
                "useridentity",
                "api",
                "requestparameters",
                "resources",
                "unmapped",
                "day"
            ]
        );
    }
}
