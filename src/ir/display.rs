//! The IR as text, for `--emit ir` and snapshots: operators from the source to the output, as SPL reads.

use std::fmt::{self, Write};

use super::*;

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        print_rel(&self.plan, 0, &mut out)?;
        let columns = |columns: &[Column]| columns.iter().map(Column::to_string).collect::<Vec<_>>().join(", ");
        match &self.output {
            Output::Columns(list) => writeln!(out, "=> {}", columns(list))?,
            Output::Open(list) => writeln!(out, "=> {}, and columns named by the data", columns(list))?,
            Output::Events { added, removed } => {
                writeln!(out, "=> events with {{{}}} without {{{}}}", columns(added), removed.join(", "))?;
            }
        }
        f.write_str(&out)
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}{}", name(&self.name), self.ty, if self.nullable { "?" } else { "" })
    }
}

/// A name, in backticks where it is no plain word.
fn name(name: &str) -> String {
    let plain = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '{' | '}' | '-'));
    if plain && !name.is_empty() { name.to_owned() } else { format!("`{name}`") }
}

fn assignments(columns: &[(Name, Expr)]) -> String {
    let one = |(n, e): &(Name, Expr)| if e.as_column() == Some(n) { name(n) } else { format!("{} = {e}", name(n)) };
    columns.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn list<T: fmt::Display>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn print_inner(rel: &Rel, depth: usize, out: &mut String) -> fmt::Result {
    writeln!(out, "{}[", "  ".repeat(depth))?;
    print_rel(rel, depth + 1, out)?;
    writeln!(out, "{}]", "  ".repeat(depth))
}

fn print_rel(rel: &Rel, depth: usize, out: &mut String) -> fmt::Result {
    let pad = "  ".repeat(depth);
    match rel {
        Rel::Union { inputs, .. } => {
            writeln!(out, "{pad}union")?;
            return inputs.iter().try_for_each(|input| print_inner(input, depth, out));
        }
        _ => {
            if let Some(first) = rel.inputs().first() {
                print_rel(first, depth, out)?;
            }
        }
    }
    match rel {
        Rel::Scan(scan) => {
            write!(out, "{pad}scan {}", scan.source)?;
            for (label, bound) in [("earliest", &scan.window.earliest), ("latest", &scan.window.latest)] {
                if let Some(bound) = bound {
                    write!(out, " {label} {bound}")?;
                }
            }
            writeln!(out)?;
            for column in &scan.fields {
                writeln!(out, "{pad}    {column}")?;
            }
        }
        Rel::Values(values) => {
            writeln!(out, "{pad}values {} ({}) {} rows", values.table, values.columns.join(", "), values.rows.len())?;
        }
        Rel::Filter { predicate, .. } => match &predicate.kind {
            ExprKind::And(parts) => {
                writeln!(out, "{pad}filter")?;
                for (i, part) in parts.iter().enumerate() {
                    let word = if i > 0 { "and " } else { "" };
                    match part.kind {
                        ExprKind::Or(_) => writeln!(out, "{pad}    {word}({part})")?,
                        _ => writeln!(out, "{pad}    {word}{part}")?,
                    }
                }
            }
            _ => writeln!(out, "{pad}filter {predicate}")?,
        },
        Rel::Extend { columns, .. } => writeln!(out, "{pad}extend {}", assignments(columns))?,
        Rel::Project { columns, .. } => writeln!(out, "{pad}project {}", assignments(columns))?,
        Rel::Aggregate { keys, aggregates, .. } => {
            let aggregates: Vec<String> = aggregates.iter().map(|(n, a)| format!("{} = {a}", name(n))).collect();
            writeln!(out, "{pad}aggregate {}", aggregates.join(", "))?;
            if !keys.is_empty() {
                writeln!(out, "{pad}    by {}", assignments(keys))?;
            }
        }
        Rel::Window { partition, frame, columns, .. } => {
            let columns: Vec<String> = columns.iter().map(|(n, a)| format!("{} = {a}", name(n))).collect();
            write!(out, "{pad}window {}", columns.join(", "))?;
            if !partition.is_empty() {
                write!(out, " by {}", list(partition))?;
            }
            match frame {
                Frame::Partition => {}
                Frame::Running { current, rows } => {
                    write!(out, " over {}", if *current { "rows so far" } else { "rows before" })?;
                    if let Some(rows) = rows {
                        write!(out, ", the last {rows}")?;
                    }
                }
                Frame::Recent { current, within } => {
                    write!(out, " over {}, ", if *current { "rows so far" } else { "rows before" })?;
                    match within {
                        Within::Rows(rows) => write!(out, "of the last {rows} of all groups")?,
                        Within::Seconds(seconds) => write!(out, "less than {seconds}s away")?,
                    }
                }
            }
            writeln!(out)?;
        }
        Rel::Unnest { column, .. } => writeln!(out, "{pad}unnest {}", name(column))?,
        Rel::Join(join) => {
            let kind = match join.kind {
                JoinKind::Inner => "inner",
                JoinKind::Left => "left",
            };
            let max = join.max.map_or_else(|| "all".to_owned(), |m| m.to_string());
            writeln!(out, "{pad}join {kind} max {max} on {}", join.on.join(", "))?;
            print_inner(&join.right, depth, out)?;
        }
        Rel::SemiJoin { other, on, negated, .. } => {
            let on: Vec<String> = on.iter().map(|(e, n)| format!("{e} = {}", name(n))).collect();
            writeln!(out, "{pad}{} on {}", if *negated { "anti-join" } else { "semi-join" }, on.join(", "))?;
            print_inner(other, depth, out)?;
        }
        Rel::Union { .. } => {}
        Rel::Sort { keys, limit, .. } => {
            let keys: Vec<String> = keys
                .iter()
                .map(|k| format!("{}{} {}", k.expr, if k.descending { " desc" } else { "" }, order(k.order)))
                .map(|k| k.trim_end().to_owned())
                .collect();
            let limit = limit.map_or_else(String::new, |n| format!(" limit {n}"));
            writeln!(out, "{pad}sort {}{limit}", keys.join(", "))?;
        }
        Rel::Limit { count, last, .. } => writeln!(out, "{pad}{} {count}", if *last { "last" } else { "first" })?,
        Rel::Distinct { keys, count, .. } => writeln!(out, "{pad}distinct first {count} of {}", list(keys))?,
        Rel::Lookup(lookup) => {
            let on: Vec<String> = lookup.on.iter().map(|(n, e)| format!("{} = {e}", name(n))).collect();
            let outputs: Vec<String> = lookup
                .outputs
                .iter()
                .map(|o| {
                    format!(
                        "{} = {}{}",
                        name(&o.output),
                        name(&o.column),
                        if o.keep_existing { " if null" } else { "" }
                    )
                })
                .collect();
            writeln!(out, "{pad}lookup {} on {} giving {}", lookup.table.name, on.join(", "), outputs.join(", "))?;
        }
        Rel::Transaction(t) => print_transaction(t, &pad, out)?,
        Rel::Beside { right, replace, .. } => {
            writeln!(out, "{pad}beside{}", if *replace { " replacing" } else { "" })?;
            print_inner(right, depth, out)?;
        }
        Rel::Pivot(p) => {
            let values: Vec<String> = p.values.iter().map(|v| name(v)).collect();
            write!(out, "{pad}pivot {} by {} over {}", values.join(", "), name(&p.column), name(&p.row))?;
            if p.naming != [NamePart::Column] {
                write!(out, " called {}", naming(&p.naming))?;
            }
            if !p.zeros.is_empty() {
                write!(out, ", 0 for no {}", p.zeros.iter().map(|z| name(z)).collect::<Vec<_>>().join(", "))?;
            }
            if !p.last.is_empty() {
                write!(out, ", {} last", p.last.join(", "))?;
            }
            writeln!(out)?;
        }
        Rel::Unpivot { keep, name: column, value, .. } => {
            writeln!(out, "{pad}unpivot into {} and {} keeping {}", name(column), name(value), name(keep))?;
        }
        Rel::Transpose(t) => {
            write!(out, "{pad}transpose {} rows, names in {}", t.rows, name(&t.names))?;
            if let Some(header) = &t.header {
                write!(out, ", called by {}", name(header))?;
            }
            writeln!(out, "{}", if t.include_empty { "" } else { ", without empty ones" })?;
        }
        Rel::Assign { name, value, .. } => writeln!(out, "{pad}assign {{{name}}} = {value}")?,
        Rel::Continuous(c) => {
            write!(out, "{pad}continuous {} every ", name(&c.column))?;
            match c.stride {
                Stride::Even(n) => write!(out, "{n}")?,
                Stride::Months(n) => write!(out, "{n} months")?,
            }
            for (label, bound) in [("from", &c.from), ("until", &c.until)] {
                if let Some(bound) = bound {
                    write!(out, " {label} {bound}")?;
                }
            }
            writeln!(out)?;
        }
        Rel::Remove { columns, .. } => {
            writeln!(out, "{pad}remove {}", columns.iter().map(|c| name(c)).collect::<Vec<_>>().join(", "))?;
        }
    }
    Ok(())
}

fn naming(parts: &[NamePart]) -> String {
    let piece = |part: &NamePart| match part {
        NamePart::Text(text) => format!("{text:?}"),
        NamePart::Value => "value".to_owned(),
        NamePart::Column => "column".to_owned(),
    };
    parts.iter().map(piece).collect::<Vec<_>>().join(" + ")
}

fn print_transaction(t: &Transaction, pad: &str, out: &mut String) -> fmt::Result {
    write!(out, "{pad}transaction of at most {} rows", t.max_events)?;
    if !t.fields.is_empty() {
        write!(out, " by {}", t.fields.join(", "))?;
    }
    for (label, seconds) in [("max span", t.max_span), ("max pause", t.max_pause)] {
        if let Some(seconds) = seconds {
            write!(out, " {label} {seconds}s")?;
        }
    }
    for (flag, label) in
        [(t.keep_evicted, "with open ones"), (t.keep_orphans, "with orphans"), (!t.connected, "without a shared field")]
    {
        if flag {
            write!(out, " {label}")?;
        }
    }
    writeln!(out)?;
    for (label, condition) in [("starts with", &t.starts_with), ("ends with", &t.ends_with)] {
        if let Some(condition) = condition {
            writeln!(out, "{pad}    {label} {condition}")?;
        }
    }
    if !t.lists.is_empty() {
        writeln!(out, "{pad}    all values of {}", t.lists.join(", "))?;
    }
    if t.columns.is_empty() {
        return Ok(());
    }
    writeln!(out, "{pad}    keeping {}", t.columns.join(", "))
}

fn order(order: SortOrder) -> &'static str {
    match order {
        SortOrder::Auto => "",
        SortOrder::Number => "as number",
        SortOrder::Text => "as text",
        SortOrder::Ip => "as address",
    }
}

impl fmt::Display for TimeBound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TimeBound::Absolute(t) => f.write_str(&crate::time::iso8601(*t)),
            TimeBound::Relative(shift) if shift.steps.is_empty() => f.write_str("now"),
            TimeBound::Relative(shift) => write!(f, "{shift}"),
        }
    }
}

impl fmt::Display for RelativeTime {
    /// As SPL writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = |unit: TimeUnit| match unit {
            TimeUnit::Second => "s",
            TimeUnit::Minute => "m",
            TimeUnit::Hour => "h",
            TimeUnit::Day => "d",
            TimeUnit::Week => "w",
            TimeUnit::Month => "mon",
            TimeUnit::Quarter => "q",
            TimeUnit::Year => "y",
        };
        for step in &self.steps {
            match step {
                TimeStep::Shift(n, u) => write!(f, "{n:+}{}", unit(*u))?,
                TimeStep::Snap(u) => write!(f, "@{}", unit(*u))?,
                TimeStep::SnapWeekday(n) => write!(f, "@w{n}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Literal::Null => f.write_str("null"),
            Literal::Boolean(b) => write!(f, "{b}"),
            Literal::Integer(n) => write!(f, "{n}"),
            Literal::Double(n) => write!(f, "{n:?}"),
            Literal::String(text) => write!(f, "{text:?}"),
            Literal::Strings(texts) => write!(f, "{texts:?}"),
        }
    }
}

impl fmt::Display for Aggregate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use AggregateFunction::*;
        let function = match self.function {
            Count => "count",
            CountIf => "count_if",
            DistinctCount => "distinct_count",
            EstimatedDistinctCount => "estimated_distinct_count",
            Values => "values",
            List => "list",
            Min => "min",
            Max => "max",
            Sum => "sum",
            Average => "average",
            StandardDeviation => "standard_deviation",
            PopulationStandardDeviation => "population_standard_deviation",
            Variance => "variance",
            PopulationVariance => "population_variance",
            SumOfSquares => "sum_of_squares",
            Median => "median",
            Percentile(n, exact) => {
                write!(f, "percentile {n}{} ", if exact { " exactly" } else { "" })?;
                ""
            }
            Mode => "mode",
            Range => "range",
            First => "first",
            Last => "last",
            Earliest => "earliest",
            Latest => "latest",
            EarliestTime => "earliest_time",
            LatestTime => "latest_time",
            Rate => "rate",
        };
        match &self.argument {
            Some(argument) => write!(f, "{function}({argument})"),
            None => write!(f, "{function}()"),
        }
    }
}

fn fold(case: Case) -> &'static str {
    match case {
        Case::Sensitive => "",
        Case::Insensitive => " (any case)",
    }
}

fn steps(path: &[Step]) -> String {
    let mut out = String::new();
    for step in path {
        match step {
            Step::Key(key) => {
                if !out.is_empty() {
                    out.push('.');
                }
                out.push_str(key);
            }
            Step::Each => out.push_str("{}"),
            Step::Index(n) => out.push_str(&format!("{{{n}}}")),
        }
    }
    out
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use ExprKind::*;
        let joined = |parts: &[Expr], word: &str| {
            let one = |p: &Expr| if matches!(p.kind, And(_) | Or(_)) { format!("({p})") } else { p.to_string() };
            parts.iter().map(one).collect::<Vec<_>>().join(word)
        };
        match &self.kind {
            Column(column) => f.write_str(&name(column)),
            Variable(n) => write!(f, "${n}"),
            Literal(literal) => write!(f, "{literal}"),
            Compare { op, left, right, case } => {
                let fold = if right.ty.is_numeric() || left.ty.is_numeric() { "" } else { fold(*case) };
                write!(f, "{left} {} {right}{fold}", op.symbol())
            }
            OneOf { value, items, case } => write!(f, "{value} in {items:?}{}", fold(*case)),
            Like { value, pattern, case } => write!(f, "{value} like {:?}{}", pattern.to_string(), fold(*case)),
            Regex { value, regex } => write!(f, "{value} matches {regex:?}"),
            InCidr { value, cidr } => write!(f, "{value} inside {cidr}"),
            Term { pattern } => write!(f, "event contains {:?}", pattern.to_string()),
            IsNull(e) => write!(f, "{e} is null"),
            IsTrue(e) => write!(f, "is-true({e})"),
            Not(e) => match &e.kind {
                IsNull(e) => write!(f, "{e} is not null"),
                _ => write!(f, "not ({e})"),
            },
            And(parts) => f.write_str(&joined(parts, " and ")),
            Or(parts) => f.write_str(&joined(parts, " or ")),
            Any { value, variable, predicate } => write!(f, "any ${variable} of {value} has ({predicate})"),
            MapValues { value, variable, body } => write!(f, "each ${variable} of {value} as ({body})"),
            FilterValues { value, variable, predicate } => write!(f, "those ${variable} of {value} with ({predicate})"),
            Case { arms, otherwise } => {
                f.write_str("case")?;
                for (condition, value) in arms {
                    write!(f, " when {condition} then {value}")?;
                }
                if let Some(otherwise) = otherwise {
                    write!(f, " else {otherwise}")?;
                }
                f.write_str(" end")
            }
            Coalesce(parts) => write!(f, "coalesce({})", list(parts)),
            Arithmetic { op, left, right } => write!(f, "({left} {} {right})", op.symbol()),
            Concat(parts) => write!(f, "concat({})", list(parts)),
            JsonPath { value, path } => write!(f, "json({value}, {:?})", steps(path)),
            Capture { value, regex, group, all, .. } => {
                write!(f, "capture{}({value}, {regex:?}, {group})", if *all { "_all" } else { "" })
            }
            Cast { value, to } => write!(f, "{value} as {}", Type::one(*to)),
            RelativeTime { time, shift } => write!(f, "relative_time({time}, {:?})", shift.to_string()),
            Now => f.write_str("now()"),
            Bin { value, span } => write!(f, "bin({value}, {span})"),
            FormatTime { time, format } => write!(f, "format_time({time}, {format:?})"),
            ParseTime { text, format } => write!(f, "parse_time({text}, {format:?})"),
            Call { function, args } => write!(f, "{function}({})", list(args)),
        }
    }
}
