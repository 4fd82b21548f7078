//! Aggregations: `function(argument) as name`.

use super::{Printer, quote};
use crate::ir::AggregateFunction;
use crate::spl::{Aggregation, Argument};

/// SPL's name of an aggregate; of a percentile, the part before its number.
pub(crate) fn aggregate_name(function: AggregateFunction) -> &'static str {
    use AggregateFunction::*;
    match function {
        Count | CountIf => "count",
        DistinctCount => "dc",
        EstimatedDistinctCount => "estdc",
        Values => "values",
        List => "list",
        Min => "min",
        Max => "max",
        Sum => "sum",
        Average => "avg",
        StandardDeviation => "stdev",
        PopulationStandardDeviation => "stdevp",
        Variance => "var",
        PopulationVariance => "varp",
        SumOfSquares => "sumsq",
        Median => "median",
        Percentile(_, false) => "perc",
        Percentile(_, true) => "exactperc",
        Mode => "mode",
        Range => "range",
        First => "first",
        Last => "last",
        Earliest => "earliest",
        Latest => "latest",
        EarliestTime => "earliest_time",
        LatestTime => "latest_time",
        Rate => "rate",
    }
}

impl Printer {
    pub(crate) fn aggregations(&mut self, aggregations: &[Aggregation]) {
        aggregations.iter().for_each(|a| self.aggregation(a));
    }

    /// The name stands there only where it is another than the one that Splunk gives: the text as written here.
    pub(crate) fn aggregation(&mut self, aggregation: &Aggregation) {
        let function = match aggregation.argument {
            Argument::Sparkline(_) => "sparkline",
            _ => aggregate_name(aggregation.function),
        };
        self.word(function);
        let start = self.out.len() - function.len();
        if let AggregateFunction::Percentile(n, _) = aggregation.function {
            self.glued(&n.to_string());
        }
        match &aggregation.argument {
            Argument::Rows => {}
            Argument::Field(field) => {
                // `count(*)` counts rows.
                let of_rows = aggregation.function == AggregateFunction::Count && field.text.starts_with('*');
                let field = if of_rows { quote::quoted(&field.text, '"') } else { quote::name(&field.text, '"') };
                self.glued(&format!("({field})"));
            }
            Argument::Sparkline(drawn) if drawn.text.is_empty() => {}
            Argument::Sparkline(drawn) => self.glued(&format!("({})", drawn.text)),
            Argument::Eval(eval) => {
                self.open_glued("(eval(");
                self.eval(eval);
                self.glued("))");
            }
        }
        if self.out.get(start..) != Some(aggregation.name.text.as_str()) {
            self.output(Some(&aggregation.name));
        }
    }
}
