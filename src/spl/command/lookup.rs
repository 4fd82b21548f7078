//! `lookup`: adds fields of a lookup table's matching row (Search Reference, `lookup`).

use super::Syntax;
use crate::diagnostic::{Diagnostic, Reported, code, did_you_mean};
use crate::ir::{Lookup as LookupRel, LookupOutput, LookupTable, Name, Rel, Type};
use crate::rule::LookupDefinition;
use crate::source::Span;
use crate::spl::lower::Lowering;
use crate::spl::parser::{Parser, Spanned};
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Lookup {
    pub table: Spanned,
    /// Column of the table, field of the row.
    pub on: Vec<(Spanned, Spanned)>,
    /// Column of the table, field that it becomes. Empty: all columns that are not matched on.
    pub outputs: Vec<(Spanned, Spanned)>,
    /// `OUTPUTNEW`.
    pub keep_existing: bool,
}

const HELP: &str = "write `lookup table column as field OUTPUT column as field`";

impl Syntax for Lookup {
    const NAMES: &'static [&'static str] = &["lookup"];

    fn parse(p: &mut Parser<'_>) -> Result<Self, Reported> {
        while let Some((option, value)) = p.option()? {
            match option.text.as_str() {
                "local" | "update" => {
                    // Where Splunk runs the lookup.
                    p.boolean(&option, &value)?;
                }
                _ => return Err(p.unknown_option("lookup", &option, &["local", "update"])),
            }
        }
        let table = p.expect_name("the lookup's name", HELP)?;
        let on = pairs(p, &["output", "outputnew"])?;
        let keep_existing = p.eat_keyword("outputnew");
        let outputs = if keep_existing || p.eat_keyword("output") { pairs(p, &[])? } else { Vec::new() };
        if on.is_empty() {
            return Err(p.expected("a column to match", HELP));
        }
        Ok(Lookup { table, on, outputs, keep_existing })
    }

    fn print(&self, out: &mut Printer) {
        let Self { table, on, outputs, keep_existing } = self;
        out.name(&table.text);
        for (column, field) in on {
            out.renamed(&column.text, &field.text);
        }
        if *keep_existing || !outputs.is_empty() {
            out.word(if *keep_existing { "OUTPUTNEW" } else { "OUTPUT" });
        }
        for (column, field) in outputs {
            out.renamed(&column.text, &field.text);
        }
    }

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let table = lowering.lookup_table(&self.table)?;
        let mut on = Vec::new();
        for (column, field) in &self.on {
            let name = lowering.lookup_column(&table, column)?;
            let value = lowering.field(&field.text, field.span);
            on.push((name, value));
        }
        let mut outputs = Vec::new();
        if self.outputs.is_empty() {
            if table.external && table.columns.is_empty() {
                let message = format!("which fields lookup `{}` gives is not known", table.name);
                return Err(super::unsupported(lowering, span, message, "name them: `lookup … OUTPUT a b`"));
            }
            for column in table.columns.iter().filter(|c| !on.iter().any(|(n, _)| n == *c)) {
                outputs.push(LookupOutput { column: column.clone(), output: column.clone(), keep_existing: false });
            }
        }
        for (column, field) in &self.outputs {
            let name = lowering.lookup_column(&table, column)?;
            let output: Name = field.text.as_str().into();
            if self.keep_existing {
                // The value that the row has so far, if any, must be a column.
                let existing = lowering.existing(&output, field.span);
                if let Some(existing) = existing
                    && existing.as_column() != Some(&output)
                {
                    lowering.extend(vec![(output.clone(), existing)], span)?;
                }
            }
            let keep_existing = self.keep_existing && lowering.scope.column(&output).is_some();
            outputs.push(LookupOutput { column: name, output, keep_existing });
        }
        let input = lowering.take_plan(span)?;
        let lookup = LookupRel { input, table, on, outputs, span };
        let many = lookup.gives_several();
        for output in &lookup.outputs {
            let nullable = !lookup.table.always_gives(&output.column);
            // A value of the row's own stands beside those that are found.
            let own = lowering.scope.column(&output.output).is_some_and(|c| output.keep_existing && c.ty.multivalue);
            lowering.scope.declare(&output.output, Type { multivalue: many || own, ..Type::UNKNOWN }, nullable);
        }
        lowering.put_plan(Rel::Lookup(lookup));
        Ok(())
    }
}

/// `column [as field]`, until the stage ends or a stop word comes.
fn pairs(p: &mut Parser<'_>, stops: &[&str]) -> Result<Vec<(Spanned, Spanned)>, Reported> {
    let mut out = Vec::new();
    loop {
        while p.eat(",") {}
        if p.at_stage_end() || stops.iter().any(|w| p.at_keyword(w)) {
            return Ok(out);
        }
        let column = p.expect_name("a column", HELP)?;
        let field = if p.eat_keyword("as") { p.expect_name("a field name", HELP)? } else { column.clone() };
        out.push((column, field));
    }
}

impl Lowering<'_> {
    /// The table of a lookup's name; `x.csv` names a file as well as a definition.
    pub(crate) fn lookup_table(&mut self, name: &Spanned) -> Result<std::sync::Arc<LookupTable>, Reported> {
        let bare = name.text.strip_suffix(".csv").unwrap_or(&name.text);
        let found = self.library.lookups.get(&name.text).or_else(|| self.library.lookups.get(bare));
        match found {
            Some(LookupDefinition::Table(table)) => Ok(table.clone()),
            Some(LookupDefinition::Unavailable { reason, columns }) => {
                let reason = reason.clone();
                let columns = columns.iter().map(|c| c.as_str().into()).collect();
                Ok(self.external_table(bare, columns, &reason, name.span))
            }
            None => {
                let near = did_you_mean(&name.text, self.library.lookups.keys().map(String::as_str));
                let reason = match near {
                    Some(near) => format!("the content folder does not define it ({near})"),
                    None => "the content folder does not define it".to_owned(),
                };
                Ok(self.external_table(bare, Vec::new(), &reason, name.span))
            }
        }
    }

    /// A table that the target has under the lookup's name.
    pub(crate) fn external_table(
        &mut self,
        name: &str,
        columns: Vec<Name>,
        reason: &str,
        span: Span,
    ) -> std::sync::Arc<LookupTable> {
        let message = format!("the rows of lookup `{name}` are not known ({reason}); a table of that name stands for them (differs)");
        let help = "keep such a table beside the logs, or give the content folder a CSV file with the rows";
        self.sink.push(Diagnostic::new(&code::LOOKUP_TABLE, message).at(span).help(help));
        std::sync::Arc::new(LookupTable {
            name: name.into(),
            columns,
            rows: Vec::new(),
            external: true,
            case_sensitive: true,
            matching: Vec::new(),
            max_matches: 1,
            default_match: None,
        })
    }

    fn lookup_column(&mut self, table: &LookupTable, column: &Spanned) -> Result<Name, Reported> {
        if let Some(name) = table.columns.iter().find(|c| ***c == *column.text) {
            return Ok(name.clone());
        }
        if table.external && table.columns.is_empty() {
            return Ok(column.text.as_str().into());
        }
        let message = format!("lookup `{}` has no column `{}`", table.name, column.text);
        let help = format!("its columns are {}", crate::spl::lower::scope::list(&table.columns));
        Err(self.sink.fail(Diagnostic::new(&code::WRONG_ARGUMENTS, message).at(column.span).help(help)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::for_tests::{codes, ir};

    #[test]
    fn each_value_of_a_multivalue_field_is_looked_up() {
        insta::assert_snapshot!(ir(r#"eval urls=split(userAgent, " ") | lookup brands url as urls OUTPUT brand | where mvcount(brand) > 1 | table brand"#), @r#"
        extend urls = split(userAgent, " ")
        lookup brands on url = urls giving brand = brand
        filter mvcount(brand) > 1
        project brand
        => brand: multivalue<unknown>?
        "#);
    }

    #[test]
    fn a_value_of_the_row_stands_beside_those_that_are_found() {
        insta::assert_snapshot!(ir(r#"eval a=split(userAgent, " "), brand=eventName | lookup brands url as a OUTPUTNEW brand | table brand"#), @r#"
        extend a = split(userAgent, " ")
        extend brand = eventName
        lookup brands on url = a giving brand = brand if null
        project brand
        => brand: multivalue<unknown>?
        "#);
    }

    #[test]
    fn several_multivalue_fields_are_looked_up_in_each_combination() {
        let two = r#"eval a=split(userAgent, " "), b=split(userAgent, ",") | lookup brands url as a n as b OUTPUT brand"#;
        assert_eq!(codes(two), ["N314"]);
    }
}
