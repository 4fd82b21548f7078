//! Which fields exist at a point of the pipeline, and what a name means there.

use std::sync::Arc;

use super::{Grouped, Lowering};
use crate::diagnostic::{Diagnostic, Effect, Reported, Severity, code, nearest};
use crate::ir::{Column, Expr, ExprKind, Name, Pattern, Rel, Scalar, Step, Type, parse_path};
use crate::schema::{Resolved, Schema, raw_path_type};
use crate::source::Span;

/// The plan so far and its fields.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    pub(crate) plan: Option<Rel>,
    /// Columns that the stages so far have made, in order.
    pub(crate) columns: Vec<Column>,
    /// Where other fields come from: events of a source, as long as no stage has fixed the list of fields.
    pub(crate) origin: Option<Origin>,
    /// Hidden columns whose members are fields (`spath input=…` without a path, `fromjson`, `extract`, `xmlkv`).
    pub(crate) lazy_inputs: Vec<LazyInput>,
    /// The data names further columns (`chart … by`, `xyseries`, `transpose`): any name may be one.
    pub(crate) open: bool,
    /// Names that `eval {field}=…` may have set, by what stands around the braces.
    pub(crate) assigned: Vec<Pattern>,
    /// A lookup's table whose columns are not listed anywhere: any name may be one.
    pub(crate) open_table: Option<Arc<str>>,
    /// The rows that a `transaction` grouped: where fields come from that a later stage names first.
    pub(crate) grouped: Option<Arc<Grouped>>,
}

/// A text whose members are fields. They are read where a later stage names them.
#[derive(Clone, Debug)]
pub(crate) struct LazyInput {
    /// The hidden column that holds the text.
    pub(crate) column: Name,
    pub(crate) nullable: bool,
    pub(crate) reader: Reader,
}

/// How a field is read from such a text.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Reader {
    /// A member by its path (`spath`).
    Json,
    /// A member of the object itself, under a prefix (`fromjson`).
    JsonObject { prefix: String },
    /// The value of a pair; every one, where `all` (`extract`).
    Pairs { pair_delimiters: String, value_delimiters: String, all: bool },
    /// The text of an element (`xmlkv`).
    Xml,
}

impl Reader {
    /// The value of a field of this name; `None` where the text can't have one.
    fn read(&self, text: Expr, name: &str, span: Span) -> Option<Expr> {
        let literal = |text: &str| Expr::string(text, span);
        let call = |function, args, ty| Expr::new(ExprKind::Call { function, args }, ty, true, span);
        Some(match self {
            Reader::Json => {
                let kind = ExprKind::JsonPath { value: Box::new(text), path: parse_path(name)? };
                Expr::new(kind, raw_path_type(name), true, span)
            }
            Reader::JsonObject { prefix } => {
                let key = name.strip_prefix(prefix.as_str()).filter(|k| !k.is_empty())?;
                let kind = ExprKind::JsonPath { value: Box::new(text), path: vec![Step::Key(key.to_owned())] };
                Expr::new(kind, Type::UNKNOWN, true, span)
            }
            Reader::Pairs { pair_delimiters, value_delimiters, all } => {
                let args = vec![text, literal(name), literal(pair_delimiters), literal(value_delimiters)];
                match all {
                    true => call("kv_fields", args, Type::many(Scalar::Unknown)),
                    false => call("kv_field", args, Type::UNKNOWN),
                }
            }
            Reader::Xml => call("xml_field", vec![text, literal(name)], Type::UNKNOWN),
        })
    }
}

/// Events whose fields are not yet listed.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub(crate) schema: Arc<Schema>,
    pub(crate) profile: Option<String>,
    /// Other sources whose events are read as well.
    pub(crate) others: Vec<Origin>,
    /// Fields that stages have removed or renamed away.
    pub(crate) removed: Vec<Name>,
    /// `rename requestParameters.* as *`: prefixes of fields and what stands for them now.
    pub(crate) prefixes: Vec<(String, String)>,
    /// Prefixes that names of a data model's fields carry before `drop_dm_object_name`: its datasets.
    pub(crate) datasets: Vec<String>,
    /// `fillnull` without fields: what stands for NULL in fields that are named from then on.
    pub(crate) fill: Option<String>,
    /// Inside the formula of a calculated field, which sees raw fields only.
    pub(crate) raw_only: bool,
}

impl Origin {
    pub(crate) fn new(schema: Arc<Schema>, profile: Option<String>) -> Self {
        Self {
            schema,
            profile,
            others: Vec::new(),
            removed: Vec::new(),
            prefixes: Vec::new(),
            datasets: Vec::new(),
            fill: None,
            raw_only: false,
        }
    }

    /// The field's own name behind the datasets that it is named through.
    pub(crate) fn without_dataset<'n>(&self, name: &'n str) -> &'n str {
        let strip = |name: &'n str| {
            self.datasets.iter().find_map(|d| name.strip_prefix(d.as_str()).and_then(|n| n.strip_prefix('.')))
        };
        let mut name = name;
        while let Some(inner) = strip(name) {
            name = inner;
        }
        name
    }

    /// The schemas of all sources that are read.
    pub(crate) fn schemas(&self) -> impl Iterator<Item = &Arc<Schema>> {
        std::iter::once(&self.schema).chain(self.others.iter().map(|o| &o.schema))
    }

    /// Whether some source that is read has the name.
    fn knows(&self, name: &str) -> bool {
        !matches!(self.resolve(name), Resolved::Unknown) || self.others.iter().any(|o| o.knows(name))
    }

    /// What a name means in the (first) source.
    pub(crate) fn resolve(&self, name: &str) -> Resolved<'_> {
        if self.raw_only { self.schema.resolve_raw(name) } else { self.schema.resolve(name, self.profile.as_deref()) }
    }
}

impl Scope {
    pub(crate) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|c| &*c.name == name)
    }

    /// Whether the list of fields is fixed.
    pub(crate) fn is_closed(&self) -> bool {
        self.origin.is_none()
    }

    /// Declares a column, or its new type.
    pub(crate) fn declare(&mut self, name: &Name, ty: Type, nullable: bool) {
        if let Some(origin) = &mut self.origin {
            origin.removed.retain(|r| r != name);
        }
        match self.columns.iter_mut().find(|c| c.name == *name) {
            Some(column) => {
                column.ty = ty;
                column.nullable = nullable;
            }
            None => self.columns.push(Column { name: name.clone(), ty, nullable }),
        }
    }
}

impl Lowering<'_> {
    /// Takes the plan out, to put an operator on top of it.
    pub(crate) fn take_plan(&mut self, span: Span) -> Result<Box<Rel>, Reported> {
        self.count_operator(span)?;
        match self.scope.plan.take() {
            Some(plan) => Ok(Box::new(plan)),
            None => {
                let help = "a search begins with a search, `tstats` or `inputlookup`";
                Err(self.sink.fail(Diagnostic::new(&code::NO_SOURCE, "this stage has no input").at(span).help(help)))
            }
        }
    }

    pub(crate) fn put_plan(&mut self, plan: Rel) {
        self.scope.plan = Some(plan);
    }

    pub(crate) fn filter(&mut self, predicate: Expr, span: Span) -> Result<(), Reported> {
        if predicate.is_literal_true() {
            return Ok(());
        }
        let input = self.take_plan(span)?;
        self.put_plan(Rel::Filter { input, predicate });
        Ok(())
    }

    /// Adds or replaces columns; all expressions see the columns as they were.
    pub(crate) fn extend(&mut self, columns: Vec<(Name, Expr)>, span: Span) -> Result<(), Reported> {
        if columns.is_empty() {
            return Ok(());
        }
        for (name, expr) in &columns {
            self.scope.declare(name, expr.ty, expr.nullable);
        }
        let input = self.take_plan(span)?;
        self.put_plan(Rel::Extend { input, columns });
        Ok(())
    }

    /// Fixes the list of fields to these columns.
    pub(crate) fn project(&mut self, columns: Vec<(Name, Expr)>, span: Span) -> Result<(), Reported> {
        let input = self.take_plan(span)?;
        self.close(
            columns.iter().map(|(name, e)| Column { name: name.clone(), ty: e.ty, nullable: e.nullable }).collect(),
        );
        self.put_plan(Rel::Project { input, columns });
        Ok(())
    }

    /// Fixes the list of fields without taking away what texts with members hold: renaming and removing. Where the data
    /// names columns, these stay too.
    pub(crate) fn reproject(&mut self, mut columns: Vec<(Name, Expr)>, span: Span) -> Result<(), Reported> {
        if self.scope.open {
            return self.replace_columns(columns, span);
        }
        let inputs = self.scope.lazy_inputs.clone();
        let hidden =
            inputs.iter().map(|i| (i.column.clone(), Expr::column(i.column.clone(), Type::UNKNOWN, i.nullable, span)));
        columns.extend(hidden);
        let assigned = std::mem::take(&mut self.scope.assigned);
        self.project(columns, span)?;
        self.scope.columns.retain(|c| !inputs.iter().any(|i| i.column == c.name));
        self.scope.lazy_inputs = inputs;
        self.scope.assigned = assigned;
        Ok(())
    }

    /// These columns in place of those that are known, beside those that the data names.
    fn replace_columns(&mut self, columns: Vec<(Name, Expr)>, span: Span) -> Result<(), Reported> {
        let gone: Vec<Name> = self.scope.columns.iter().map(|c| c.name.clone()).collect();
        let gone: Vec<Name> = gone.into_iter().filter(|g| !columns.iter().any(|(n, _)| n == g)).collect();
        let changed = columns.iter().filter(|(n, e)| e.as_column() != Some(n)).cloned().collect();
        self.extend(changed, span)?;
        self.remove_columns(gone, span)
    }

    /// Takes columns away where the data names others.
    pub(crate) fn remove_columns(&mut self, columns: Vec<Name>, span: Span) -> Result<(), Reported> {
        if columns.is_empty() {
            return Ok(());
        }
        self.scope.columns.retain(|c| !columns.contains(&c.name));
        let input = self.take_plan(span)?;
        self.put_plan(Rel::Remove { input, columns, span });
        Ok(())
    }

    /// Declares that these columns exist, and others that the data names.
    pub(crate) fn close_open(&mut self, columns: Vec<Column>) {
        self.close(columns);
        self.scope.open = true;
    }

    /// Refuses what needs the names of all columns, where the data names some.
    pub(crate) fn need_all_names(&mut self, what: &str, span: Span) -> Result<(), Reported> {
        if !self.scope.open {
            return Ok(());
        }
        let message = format!("{what} needs the names of all columns, and here the data names some of them");
        let help = "name the fields that the rule needs, or group by two fields with `stats` in place of columns";
        Err(self.sink.fail(Diagnostic::new(&code::WILDCARD_FIELDS, message).at(span).help(help)))
    }

    /// Makes the members of a text fields of the rows.
    pub(crate) fn open_text(&mut self, value: Expr, reader: Reader, span: Span) -> Result<(), Reported> {
        let what = match reader {
            Reader::Json | Reader::JsonObject { .. } => "json",
            Reader::Pairs { .. } => "pairs",
            Reader::Xml => "xml",
        };
        let column: Name = format!("({what} {})", self.variable()).into();
        let nullable = value.nullable;
        let input = self.take_plan(span)?;
        self.put_plan(Rel::Extend { input, columns: vec![(column.clone(), value)] });
        self.scope.lazy_inputs.push(LazyInput { column, nullable, reader });
        Ok(())
    }

    /// A member of the texts that were opened: that of the last one that has it.
    fn member(&mut self, name: &str, span: Span) -> Option<Expr> {
        let read = |input: &LazyInput| {
            let text = Expr::column(input.column.clone(), Type::UNKNOWN, input.nullable, span);
            input.reader.read(text, name, span)
        };
        let mut found: Vec<Expr> = self.scope.lazy_inputs.iter().rev().filter_map(read).collect();
        // Texts of one kind that follow each other were always read from the last one alone.
        if self.scope.lazy_inputs.iter().all(|i| i.reader == Reader::Json) {
            found.truncate(1);
        }
        let multivalue = found.first()?.ty.multivalue;
        found.retain(|f| f.ty.multivalue == multivalue);
        if found.len() == 1 {
            return found.pop();
        }
        let ty = found.iter().map(|f| f.ty).reduce(Type::union)?;
        Some(Expr::new(ExprKind::Coalesce(found), ty, true, span))
    }

    /// A column that the data may have named.
    fn named_by_data(&self, name: &str, span: Span) -> Option<Expr> {
        let assigned = self.scope.assigned.iter().any(|p| p.matches(name, false));
        // Hidden columns and internal fields are not.
        let usual = !name.starts_with('(') && !name.starts_with("_");
        (usual && (self.scope.open || assigned)).then(|| Expr::column(name, Type::UNKNOWN, true, span))
    }

    /// A column of an external table that is named here for the first time.
    fn table_column(&mut self, name: &str, span: Span) -> Option<Expr> {
        let table = self.scope.open_table.clone()?;
        let name: Name = name.into();
        add_table_column(self.scope.plan.as_mut()?, &table, &name);
        self.scope.declare(&name, Type::UNKNOWN, true);
        Some(Expr::column(name, Type::UNKNOWN, true, span))
    }

    /// Whether this is the pipeline of a subsearch.
    pub(crate) fn is_inner(&self) -> bool {
        self.depth > 0
    }

    /// Whether the rows of this pipeline become a condition of the search around it.
    pub(crate) fn is_condition(&self) -> bool {
        self.in_condition
    }

    /// Declares that exactly these columns exist.
    pub(crate) fn close(&mut self, columns: Vec<Column>) {
        self.scope.columns = columns;
        self.scope.origin = None;
        self.scope.lazy_inputs.clear();
        self.scope.open_table = None;
        self.scope.grouped = None;
        self.scope.open = false;
        self.scope.assigned.clear();
    }

    /// What a field name means here; a field that does not exist is null and is reported.
    pub(crate) fn field(&mut self, name: &str, span: Span) -> Expr {
        match self.find(name, span) {
            Some(expr) => expr,
            None if self.faulty => Expr::null(span),
            None => {
                let known: Vec<String> = self.scope.columns.iter().map(|c| c.name.to_string()).collect();
                let near = nearest(name, known.iter().map(String::as_str));
                let help = match near.as_slice() {
                    [] => format!("the fields here are {}", list(&known)),
                    near => format!("did you mean {}?", list(near)),
                };
                let message = format!("field `{name}` does not exist at this point, so it is always null");
                self.sink.push(Diagnostic::new(&code::ABSENT_FIELD, message).at(span).help(help));
                Expr::null(span)
            }
        }
    }

    /// The value that a name has here, where a stage made it or the schema knows it.
    pub(crate) fn existing(&mut self, name: &str, span: Span) -> Option<Expr> {
        let made = self.scope.column(name).is_some();
        let given = self
            .scope
            .origin
            .as_ref()
            .is_some_and(|o| !o.removed.iter().any(|r| &**r == name) && o.knows(o.without_dataset(name)));
        let by_data = self.named_by_data(name, span).is_some();
        if made || given || by_data { self.find(name, span).filter(|e| !e.is_null_literal()) } else { None }
    }

    /// What a field name means here; `None` where it can't exist.
    pub(crate) fn find(&mut self, name: &str, span: Span) -> Option<Expr> {
        if let Some(column) = self.scope.column(name) {
            return Some(Expr::column(column.name.clone(), column.ty, column.nullable, span));
        }
        let Some(origin) = self.scope.origin.clone() else {
            return self
                .named_by_data(name, span)
                .or_else(|| self.member(name, span))
                .or_else(|| self.table_column(name, span))
                .or_else(|| self.grouped_field(name, span));
        };
        if origin.removed.iter().any(|r| &**r == name) {
            return None;
        }
        let stripped = origin.without_dataset(name);
        let renamed = origin.prefixes.iter().any(|(_, to)| name.starts_with(to.as_str()));
        let mut found = match &self.scope.grouped {
            // Whether the field is unknown is said below, where no other name stands for it.
            Some(_) if renamed && !origin.knows(stripped) => None,
            _ => self.find_in_source(&origin, stripped, span),
        };
        for (from, to) in origin.prefixes.iter().rev() {
            let Some(rest) = name.strip_prefix(to.as_str()) else { continue };
            // A wildcard does not stand for internal fields.
            if name.starts_with('_') {
                continue;
            }
            let path = format!("{from}{rest}");
            if origin.schemas().all(|s| matches!(s.resolve_raw(&path), Resolved::Unknown)) {
                continue;
            }
            let renamed = self.find_in_source(&origin, &path, span);
            found = match (renamed, found) {
                (Some(renamed), Some(plain)) if origin.knows(stripped) => {
                    Some(self.coalesce_renamed(renamed, plain, name, span))
                }
                (renamed, _) => renamed,
            };
            break;
        }
        if found.is_none() {
            found = self.member(name, span);
        }
        if let Some(assigned) = self.named_by_data(name, span) {
            // An event may have a field of this name.
            if found.is_none() && origin.schemas().any(|s| s.json) && stripped == name {
                for schema in origin.schemas().filter(|s| s.json) {
                    self.use_raw(schema, name, raw_path_type(name), true, span);
                }
                found = Some(Expr::column(name, raw_path_type(name), true, span));
            }
            // The row's own assignment replaces what an event has, so the column is of that name whatever it held.
            found = match found {
                Some(known) if known.as_column().is_some_and(|c| **c == *name) => {
                    Some(Expr { ty: assigned.ty, nullable: true, ..known })
                }
                _ => Some(assigned),
            };
        }
        if found.is_none() {
            found = self.unknown_field(&origin, stripped, span);
        }
        match (&origin.fill, found) {
            (Some(filling), Some(found)) if name != "_time" && !found.ty.multivalue => {
                Some(super::fill::fill(found, filling, span))
            }
            (_, found) => found,
        }
    }

    /// A wildcard rename lays its fields over existing ones of the same name where an event has them.
    fn coalesce_renamed(&mut self, renamed: Expr, plain: Expr, name: &str, span: Span) -> Expr {
        let message = format!("`{name}` is the renamed field where an event has it, else the field of that name");
        self.sink.push(Diagnostic::new(&code::READING, message).at(span));
        let nullable = plain.nullable;
        if renamed.ty.multivalue != plain.ty.multivalue {
            return plain;
        }
        let ty = renamed.ty.union(plain.ty);
        Expr::new(ExprKind::Coalesce(vec![renamed, plain]), ty, nullable, span)
    }

    fn find_in_source(&mut self, origin: &Origin, name: &str, span: Span) -> Option<Expr> {
        if self.scope.grouped.is_some() {
            return self.grouped_field(name, span);
        }
        let mut found = self.find_in_one(origin, name, span);
        let knows = |o: &&Origin| !matches!(o.resolve(name), Resolved::Unknown);
        let all = std::iter::once(origin).chain(&origin.others);
        if let Some(with) = all.clone().find(knows) {
            for without in all.filter(|o| !knows(o)) {
                self.note_absent(name, &with.schema, &without.schema, span);
            }
        }
        for other in &origin.others {
            found = match (found, self.find_in_one(other, name, span)) {
                (Some(a), Some(b)) if a.ty.multivalue != b.ty.multivalue => {
                    let message = format!(
                        "`{name}` holds one value in one of the sources and several in another, which is not supported"
                    );
                    self.fail_syntax(message, span, "read the sources one by one, and join them with `append`");
                    Some(Expr::null(span))
                }
                (Some(a), Some(b)) => {
                    let (ty, nullable) = (a.ty.union(b.ty), a.nullable || b.nullable);
                    Some(Expr { ty, nullable, ..a })
                }
                // The events of the other source are without it.
                (Some(one), None) | (None, Some(one)) => Some(Expr { nullable: true, ..one }),
                (None, None) => None,
            };
        }
        found
    }

    /// One of several sources lacks a field that another has.
    fn note_absent(&mut self, name: &str, with: &Schema, without: &Schema, span: Span) {
        let message =
            format!("`{name}` is a field of `{}`; events of `{}` are taken to be without it", with.id, without.id);
        self.sink.push(Diagnostic::new(&code::READING, message).at(span));
    }

    fn find_in_one(&mut self, origin: &Origin, name: &str, span: Span) -> Option<Expr> {
        match origin.resolve(name) {
            Resolved::Raw { path, ty, nullable } => Some(self.use_raw(&origin.schema, &path, ty, nullable, span)),
            Resolved::Calculated { formula, from_profile } => {
                let formula = formula.eval.clone();
                if from_profile {
                    self.note_profile(origin, name, span);
                }
                Some(self.use_calculated(&origin.schema, name, &formula, span))
            }
            Resolved::Unknown => None,
        }
    }

    /// A raw field of the source by its path, even where a calculated field hides it (`spath path=…`).
    pub(crate) fn raw_field(&mut self, path: &str, span: Span) -> Option<Expr> {
        if self.scope.grouped.is_some() {
            return self.in_group(path, span, |lowering| lowering.raw_field(path, span));
        }
        let origin = self.scope.origin.clone()?;
        let hidden = |o: &Origin| matches!(o.resolve(path), Resolved::Calculated { .. });
        let hidden = hidden(&origin) || origin.others.iter().any(hidden);
        let mut found: Option<Expr> = None;
        for schema in origin.schemas() {
            let (ty, nullable) = match schema.resolve_raw(path) {
                Resolved::Raw { ty, nullable, .. } => (ty, nullable),
                _ if schema.json => (raw_path_type(path), true),
                _ => continue,
            };
            let mut raw = self.use_raw(schema, path, ty, nullable, span);
            if hidden {
                // The calculated field takes the name; the raw one gets another beside it.
                let alias: Name = format!("{path} (raw)").into();
                let uses = self.uses.entry(schema.id.clone()).or_default();
                uses.calculated.insert(alias.clone(), raw);
                raw = Expr::column(alias, ty, nullable, span);
            }
            found = Some(match found {
                Some(before) => Expr { ty: before.ty.union(ty), nullable: true, ..raw },
                None => raw,
            });
        }
        found
    }

    fn use_raw(&mut self, schema: &Arc<Schema>, path: &str, ty: Type, nullable: bool, span: Span) -> Expr {
        let name: Name = path.into();
        let uses = self.uses.entry(schema.id.clone()).or_default();
        uses.raw.entry(name.clone()).or_insert_with(|| Column { name: name.clone(), ty, nullable });
        Expr::column(name, ty, nullable, span)
    }

    fn use_calculated(&mut self, schema: &Arc<Schema>, name: &str, formula: &str, span: Span) -> Expr {
        let key: Name = name.into();
        if let Some(expr) = self.uses.get(&schema.id).and_then(|u| u.calculated.get(&key)) {
            return Expr::column(key, expr.ty, expr.nullable, span);
        }
        let expr = self.formula(schema, formula, span);
        let (ty, nullable) = (expr.ty, expr.nullable);
        self.uses.entry(schema.id.clone()).or_default().calculated.insert(key.clone(), expr);
        Expr::column(key, ty, nullable, span)
    }

    /// A calculated field's expression over raw fields.
    fn formula(&mut self, schema: &Arc<Schema>, formula: &str, span: Span) -> Expr {
        let parsed = match super::super::parse_formula(formula, span, self.sink) {
            Ok(parsed) => parsed,
            Err(Reported) => return Expr::null(span),
        };
        let origin = Origin { raw_only: true, ..Origin::new(schema.clone(), None) };
        let raw_only = Scope { origin: Some(origin), ..Scope::default() };
        let outer = std::mem::replace(&mut self.scope, raw_only);
        let expr = self.eval(&parsed);
        self.scope = outer;
        expr.unwrap_or_else(|Reported| Expr::null(span))
    }

    fn note_profile(&mut self, origin: &Origin, name: &str, span: Span) {
        let Some(profile) = origin.profile.as_deref().or(origin.schema.default_profile.as_deref()) else { return };
        let message = format!("`{name}` is read by field profile `{profile}` of `{}`", origin.schema.id);
        let mut others: Vec<&str> =
            origin.schema.profiles.keys().map(String::as_str).filter(|p| *p != profile).collect();
        others.sort_unstable();
        let help = format!("its meaning changed between versions of the add-on; others: {}", list(&others));
        self.sink.push(Diagnostic::new(&code::FIELD_PROFILE, message).at(span).help(help));
    }

    /// A data model has the fields of its definition and no others: any other name is without a value in each of its rows.
    fn absent_in_model(&mut self, origin: &Origin, name: &str, span: Span) -> Expr {
        let message = format!("the data model `{}` has no field `{name}`, so it is always null", origin.schema.id);
        let near = nearest(name, origin.schema.names());
        let hint = "a model that has it needs a schema file of its own (`--schema`)";
        let help = if near.is_empty() { hint.to_owned() } else { format!("did you mean {}? {hint}", list(&near)) };
        self.sink.push(Diagnostic::new(&code::ABSENT_FIELD, message).at(span).help(help));
        Expr::null(span)
    }

    /// A field that the schema does not know: the raw path of a JSON record, else nothing that can be read.
    fn unknown_field(&mut self, origin: &Origin, name: &str, span: Span) -> Option<Expr> {
        if self.faulty {
            return Some(Expr::null(span));
        }
        if self.scope.grouped.is_some() {
            return self.grouped_field(name, span);
        }
        let profile = |s: &Schema| self.options.profiles.get(&*s.id).cloned();
        let elsewhere = |s: &&Arc<Schema>| !matches!(s.resolve(name, profile(s).as_deref()), Resolved::Unknown);
        if let Some(sibling) = self.siblings.iter().find(elsewhere).cloned() {
            self.note_absent(name, &sibling, &origin.schema, span);
            return Some(Expr::null(span));
        }
        if !origin.datasets.is_empty() && !origin.schema.json && !name.starts_with('_') {
            return Some(self.absent_in_model(origin, name, span));
        }
        let near = nearest(name, origin.schemas().flat_map(|s| s.names()));
        let did_you_mean = if near.is_empty() { String::new() } else { format!("did you mean {}?", list(&near)) };
        let mut diagnostic = Diagnostic::new(
            &code::UNKNOWN_FIELD,
            match origin.others.len() {
                0 => format!("`{}` has no field `{name}` in its schema", origin.schema.id),
                _ => {
                    let ids: Vec<&str> = origin.schemas().map(|s| &*s.id).collect();
                    format!("none of {} has a field `{name}` in its schema", list(&ids))
                }
            },
        )
        .at(span);
        if !origin.schemas().any(|s| s.json) || name.starts_with('_') {
            diagnostic.severity = Severity::Error;
            diagnostic.effect = Effect::Unsupported;
            let hint = "add it to a schema file of your own (`--schema`)";
            self.sink.push(diagnostic.help(if did_you_mean.is_empty() { hint.to_owned() } else { did_you_mean }));
            return Some(Expr::null(span));
        }
        let hint = "it is read as a raw JSON path; add it to a schema file of your own (`--schema`) to give it a place";
        self.sink.push(diagnostic.help(if did_you_mean.is_empty() {
            hint.to_owned()
        } else {
            format!("{did_you_mean} {hint}")
        }));
        for schema in origin.schemas().filter(|s| s.json) {
            self.use_raw(schema, name, raw_path_type(name), true, span);
        }
        Some(Expr::column(name, raw_path_type(name), true, span))
    }
}

/// Adds a column to the rows of an external table.
pub(crate) fn add_table_column(plan: &mut Rel, table: &Arc<str>, column: &Name) {
    if let Rel::Values(values) = plan {
        if values.external && values.table == *table && !values.columns.contains(column) {
            values.columns.push(column.clone());
        }
        return;
    }
    for input in plan.inputs_mut() {
        add_table_column(input, table, column);
    }
}

/// "`a`, `b`", shortened.
pub(crate) fn list<T: AsRef<str>>(names: &[T]) -> String {
    const MOST: usize = 12;
    let mut shown: Vec<String> = names.iter().take(MOST).map(|n| format!("`{}`", n.as_ref())).collect();
    if names.len() > MOST {
        shown.push(format!("and {} more", names.len() - MOST));
    }
    if shown.is_empty() { "none".to_owned() } else { shown.join(", ") }
}
