//! `addinfo`: the search's time window and moment as fields (Search Reference, `addinfo`).

use super::Syntax;
use crate::diagnostic::{Diagnostic, Reported, code};
use crate::ir::{Expr, ExprKind, Rel, TimeBound, Type, Window};
use crate::source::Span;
use crate::spl::lower::Lowering;
use crate::spl::parser::Parser;
use crate::spl::print::Printer;

#[derive(Clone, PartialEq, Debug)]
pub struct Addinfo;

impl Syntax for Addinfo {
    const NAMES: &'static [&'static str] = &["addinfo"];

    fn parse(_: &mut Parser<'_>) -> Result<Self, Reported> {
        Ok(Addinfo)
    }

    fn print(&self, _: &mut Printer) {}

    fn lower(&self, span: Span, lowering: &mut Lowering<'_>) -> Result<(), Reported> {
        let window = match lowering.scope.plan.as_ref().and_then(scan_window) {
            Some(window) => window.clone(),
            None => lowering.window().clone(),
        };
        let earliest = match &window.earliest {
            Some(bound) => moment(bound, span),
            None => Expr::new(Expr::integer(0, span).kind, Type::TIME, false, span),
        };
        let latest = match &window.latest {
            Some(bound) => moment(bound, span),
            None => Expr::new(Expr::string("+Infinity", span).kind, Type::UNKNOWN, false, span),
        };
        let message = "the window of `addinfo` is that of the query's text; `info_sid` does not exist here";
        lowering.sink.push(Diagnostic::new(&code::READING, message).at(span));
        let columns = vec![
            ("info_min_time".into(), earliest),
            ("info_max_time".into(), latest),
            ("info_search_time".into(), Expr::new(ExprKind::Now, Type::TIME, false, span)),
        ];
        lowering.extend(columns, span)
    }
}

/// The time window of the first scan.
fn scan_window(rel: &Rel) -> Option<&Window> {
    match rel {
        Rel::Scan(scan) => Some(&scan.window),
        other => other.inputs().into_iter().find_map(scan_window),
    }
}

fn moment(bound: &TimeBound, span: Span) -> Expr {
    let now = || Expr::new(ExprKind::Now, Type::TIME, false, span);
    match bound {
        TimeBound::Absolute(seconds) => Expr::new(Expr::integer(*seconds, span).kind, Type::TIME, false, span),
        TimeBound::Relative(shift) if shift.steps.is_empty() => now(),
        TimeBound::Relative(shift) => {
            let kind = ExprKind::RelativeTime { time: Box::new(now()), shift: shift.clone() };
            Expr::new(kind, Type::TIME, false, span)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ir, ir_of};

    #[test]
    fn the_window_of_the_scan_is_given() {
        insta::assert_snapshot!(ir("addinfo | table info_min_time info_max_time info_search_time"), @r#"
        extend info_min_time = relative_time(now(), "-1h"), info_max_time = now(), info_search_time = now()
        project info_min_time, info_max_time, info_search_time
        => info_min_time: time, info_max_time: time, info_search_time: time
        "#);
    }

    #[test]
    fn without_a_window_all_time_is_meant() {
        let search = "sourcetype=aws:cloudtrail | addinfo | where _time<info_max_time | table info_min_time info_max_time";
        insta::assert_snapshot!(ir_of(search), @r#"
        scan cloudtrail
            _time: time
        filter _time < "+Infinity"
        extend info_min_time = 0, info_max_time = "+Infinity"
        project info_min_time, info_max_time
        => info_min_time: time, info_max_time: unknown
        "#);
    }
}
