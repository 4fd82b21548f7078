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

/// The same with the number of a percentile.
pub(crate) fn spelled(function: AggregateFunction) -> String {
    let name = aggregate_name(function);
    match function {
        AggregateFunction::Percentile(n, _) => format!("{name}{n}"),
        _ => name.to_owned(),
    }
}

impl Printer {
    pub(crate) fn aggregations(&mut self, aggregations: &[Aggregation]) {
        aggregations.iter().for_each(|a| self.aggregation(a));
    }

    /// The name stands there only where it is another than the one that Splunk gives: the text as written here.
    pub(crate) fn aggregation(&mut self, aggregation: &Aggregation) {
        let Aggregation { function, argument, name, span: _ } = aggregation;
        self.named(name, |out| out.measure(&spelled(*function), argument));
    }

    /// `function(argument)`.
    pub(crate) fn measure(&mut self, function: &str, argument: &Argument) {
        match argument {
            Argument::Rows => self.word(function),
            Argument::Field(field) => {
                // `count(*)` counts rows.
                let of_rows = function == "count" && field.text.starts_with('*');
                let field = if of_rows { quote::quoted(&field.text, '"') } else { quote::name(&field.text, '"') };
                self.word(&format!("{function}({field})"));
            }
            Argument::Sparkline(drawn) if drawn.text.is_empty() => self.word("sparkline"),
            Argument::Sparkline(drawn) => self.word(&format!("sparkline({})", drawn.text)),
            Argument::Eval(eval) => {
                self.open(&format!("{function}(eval("));
                self.eval(eval);
                self.glued("))");
            }
        }
    }
}
