//! Lowering of the evaluation language.

use super::Lowering;
use super::each::Each;
use super::search::as_text;
use crate::diagnostic::{Diagnostic, Reported, code, did_you_mean};
use crate::function;
use crate::ir::{ArithmeticOp, Case, CompareOp, Expr, ExprKind, Literal, Scalar, Type};
use crate::source::Span;
use crate::spl::eval::{Eval, EvalKind, Operator};
use crate::spl::parser::Spanned;

/// Bound on the size of operands that stand twice in what they are lowered to.
const MOST_DOUBLED: usize = 400;

impl Lowering<'_> {
    /// An expression of `eval`, `where` and the like.
    pub(crate) fn eval(&mut self, eval: &Eval) -> Result<Expr, Reported> {
        let span = eval.span;
        Ok(match &eval.kind {
            EvalKind::Field(name) => self.eval_field(name, span),
            EvalKind::String(text) => Expr::string(text.clone(), span),
            EvalKind::Integer(n) => Expr::integer(*n, span),
            EvalKind::Double(n) => Expr::double(*n, span),
            EvalKind::Not(inner) => {
                let mut negated = self.predicate(inner)?.negate();
                negated.span = span;
                negated
            }
            EvalKind::Negative(inner) => {
                let inner = self.eval(inner)?;
                arithmetic(ArithmeticOp::Subtract, Expr::integer(0, span), inner, span)
            }
            EvalKind::Binary { op, left, right } => self.binary(*op, left, right, span)?,
            EvalKind::In { value, items } => {
                let value = self.eval(value)?;
                let items = items.iter().map(|i| self.eval(i)).collect::<Result<Vec<_>, _>>()?;
                self.one_of(value, items, span)
            }
            EvalKind::Call { name, arguments } => self.call(name, arguments, span)?,
        })
    }

    /// `true` and `false` as bare words are fields in SPL; `true()` is the value. Everything else is a field.
    fn eval_field(&mut self, name: &str, span: Span) -> Expr {
        if self.scope.is_closed() && self.scope.column(name).is_none() {
            // `a.b` is a name where there is one, else it joins two fields.
            if let Some((left, right)) = name.split_once('.')
                && self.scope.column(left).is_some()
                && self.scope.column(right).is_some()
            {
                let (left, right) = (self.field(left, span), self.field(right, span));
                return self.join_texts(left, right, span);
            }
        }
        self.field(name, span)
    }

    /// An expression that must be true or false.
    pub(crate) fn predicate(&mut self, eval: &Eval) -> Result<Expr, Reported> {
        let lowered = self.eval(eval)?;
        if lowered.ty == Type::BOOLEAN || lowered.is_null_literal() {
            return Ok(lowered);
        }
        let message = format!("a condition is expected here, not a value of type {}", lowered.ty);
        let help = "compare it with something, e.g. `= \"…\"` or `isnotnull(…)`";
        Err(self.sink.fail(Diagnostic::new(&code::TYPE_MISMATCH, message).at(eval.span).help(help)))
    }

    fn binary(&mut self, op: Operator, left: &Eval, right: &Eval, span: Span) -> Result<Expr, Reported> {
        match op {
            Operator::And | Operator::Or => {
                let parts = vec![self.predicate(left), self.predicate(right)];
                let parts = parts.into_iter().collect::<Result<Vec<_>, _>>()?;
                Ok(if op == Operator::And { Expr::and(parts, span) } else { Expr::or(parts, span) })
            }
            Operator::Xor => {
                let (a, b) = (self.predicate(left)?, self.predicate(right)?);
                // Each side stands twice, so a chain of XOR doubles with each link.
                if a.size() + b.size() > MOST_DOUBLED {
                    let message = "an XOR of conditions as large as these is not supported";
                    return Err(self.fail_syntax(message, span, "compute one side with `eval` and `if` before"));
                }
                let first = Expr::and(vec![a.clone(), b.clone().negate()], span);
                let second = Expr::and(vec![a.negate(), b], span);
                Ok(Expr::or(vec![first, second], span))
            }
            Operator::Compare(op) => {
                let (left, right) = (self.eval(left)?, self.eval(right)?);
                Ok(self.compare_values(op, left, right, span))
            }
            Operator::Like => {
                let name = Spanned { text: "like".to_owned(), span };
                self.call(&name, &[left.clone(), right.clone()], span)
            }
            Operator::Arithmetic(op) => {
                let (left, right) = (self.eval(left)?, self.eval(right)?);
                // `+` joins where a side is text that is no number.
                let joins = op == ArithmeticOp::Add
                    && [&left, &right].iter().any(|e| e.ty.scalar == Scalar::String && !is_number_text(e));
                if joins {
                    return Ok(self.join_texts(left, right, span));
                }
                if op == ArithmeticOp::Add && [&left, &right].iter().all(|e| e.ty.scalar == Scalar::Unknown) {
                    let message = "`+` adds these fields as numbers; where both hold other text Splunk joins it, and here \
                                   is no value (differs)";
                    let help = "write `.` to join texts, or `tonumber` around a number";
                    self.sink.push(Diagnostic::new(&code::APPROXIMATION, message).at(span).help(help));
                }
                let (left, right) = (only_value(left), only_value(right));
                for side in [&left, &right] {
                    if side.ty.scalar == Scalar::Boolean {
                        let message = format!("`{}` does not take a value of type {}", op.symbol(), side.ty);
                        let help = "arithmetic works on single numbers; `mvindex` takes one value out of several";
                        return Err(self
                            .sink
                            .fail(Diagnostic::new(&code::TYPE_MISMATCH, message).at(side.span).help(help)));
                    }
                }
                Ok(arithmetic(op, left, right, span))
            }
            Operator::Concat => {
                let (left, right) = (self.eval(left)?, self.eval(right)?);
                Ok(self.join_texts(left, right, span))
            }
        }
    }

    /// Two texts as one. A text is joined to each value of a multivalue field; of two such fields each counts where it has just
    /// one value, as in arithmetic.
    fn join_texts(&mut self, left: Expr, right: Expr, span: Span) -> Expr {
        match (left.ty.multivalue, right.ty.multivalue) {
            (true, false) => self.each_value(left, span, |one| concat(vec![one, right], span)),
            (false, true) => self.each_value(right, span, |one| concat(vec![left, one], span)),
            _ => concat(vec![only_value(left), only_value(right)], span),
        }
    }

    /// A comparison as `where` makes it: with case, and true for a multivalue field if some value satisfies it.
    pub(crate) fn compare_values(&mut self, op: CompareOp, left: Expr, right: Expr, span: Span) -> Expr {
        let (op, many, one) = match (left.ty.multivalue, right.ty.multivalue) {
            (false, true) => (op.flipped(), right, left),
            _ => (op, left, right),
        };
        if one.ty.multivalue {
            // Both are: some pair of values.
            let variable = self.variable();
            let element = Expr::new(ExprKind::Variable(variable), one.ty.element(), false, one.span);
            let inner = self.for_some(many, span, |value| compare(op, value, element, span));
            let nullable = one.nullable || inner.nullable;
            let kind = ExprKind::Any { value: Box::new(one), variable, predicate: Box::new(inner) };
            return Expr::new(kind, Type::BOOLEAN, nullable, span);
        }
        self.for_some(many, span, |value| compare(op, value, one, span))
    }

    /// `x IN (…)`, `in(x, …)`.
    pub(crate) fn one_of(&mut self, value: Expr, items: Vec<Expr>, span: Span) -> Expr {
        let texts: Option<Vec<String>> = items
            .iter()
            .map(|i| match i.as_literal() {
                Some(Literal::String(text)) => Some(text.clone()),
                _ => None,
            })
            .collect();
        if let (Some(items), true) = (texts, matches!(value.ty.scalar, Scalar::String | Scalar::Unknown | Scalar::Json))
        {
            return self.for_some(value, span, |element| {
                let nullable = element.nullable;
                let kind = ExprKind::OneOf { value: Box::new(element), items, case: Case::Sensitive };
                Expr::new(kind, Type::BOOLEAN, nullable, span)
            });
        }
        let parts = items.into_iter().map(|i| self.compare_values(CompareOp::Eq, value.clone(), i, span)).collect();
        Expr::or(parts, span)
    }

    fn call(&mut self, name: &Spanned, arguments: &[Eval], span: Span) -> Result<Expr, Reported> {
        let lower_name = name.text.to_ascii_lowercase();
        match lower_name.as_str() {
            "mvmap" | "mvfilter" => return self.over_values(&lower_name, arguments, span),
            "searchmatch" => return self.searchmatch(arguments, span),
            "if" | "case" | "validate" => {}
            _ => {}
        }
        let Some(function) = function::find(&lower_name) else {
            let help = did_you_mean(&lower_name, function::names())
                .unwrap_or_else(|| "see the list of evaluation functions of SPL".to_owned());
            if let Some(help) = function::instead_of(&lower_name) {
                let message = format!("function `{}` is not supported", name.text);
                return Err(self
                    .sink
                    .fail(Diagnostic::new(&code::UNSUPPORTED_FUNCTION, message).at(name.span).help(help)));
            }
            let message = format!("unknown function `{}`", name.text);
            return Err(self.sink.fail(Diagnostic::new(&code::UNKNOWN_FUNCTION, message).at(name.span).help(help)));
        };
        let (least, most) = function.arity;
        if arguments.len() < least || arguments.len() > most {
            let takes = if least == most {
                least.to_string()
            } else if most == usize::MAX {
                format!("at least {least}")
            } else {
                format!("{least} to {most}")
            };
            let message = format!("`{}` takes {takes} arguments, not {}", name.text, arguments.len());
            let help = format!("write `{}`", function.usage);
            return Err(self.sink.fail(Diagnostic::new(&code::WRONG_ARGUMENTS, message).at(span).help(help)));
        }
        let numeric = function::takes_numbers(function.name);
        let mut lowered = Vec::with_capacity(arguments.len());
        for (i, argument) in arguments.iter().enumerate() {
            lowered.push(if (function.condition)(i, arguments.len()) {
                self.predicate(argument)?
            } else {
                self.eval(argument)?
            });
        }
        if numeric {
            lowered = lowered.into_iter().map(only_value).collect();
        }
        let each = match function::on_several(function.name) {
            function::Several::Own => Vec::new(),
            function::Several::Each => self.open_first(&mut lowered),
            function::Several::Some => self.open_all(&mut lowered),
        };
        let call =
            function::Call { name: function.name, arguments: lowered, span, next_variable: &mut self.next_variable };
        match (function.lower)(call) {
            Ok(expr) => Ok(each.into_iter().rev().fold(expr, |body, each| each.close(body, span))),
            Err(fault) => {
                let at = fault.span.unwrap_or(span);
                Err(self.sink.fail(Diagnostic::new(fault.code, fault.message).at(at).help(fault.help)))
            }
        }
    }

    /// Opens the first multivalue argument; others count where they have one value.
    fn open_first(&mut self, arguments: &mut [Expr]) -> Vec<Each> {
        let mut each = Vec::new();
        for argument in arguments.iter_mut().filter(|a| a.ty.multivalue) {
            let value = std::mem::replace(argument, Expr::null(argument.span));
            *argument = if each.is_empty() {
                let (opened, one) = self.open(value);
                each.push(opened);
                one
            } else {
                only_value(value)
            };
        }
        each
    }

    /// Opens all multivalue arguments.
    fn open_all(&mut self, arguments: &mut [Expr]) -> Vec<Each> {
        let mut each = Vec::new();
        for argument in arguments.iter_mut().filter(|a| a.ty.multivalue) {
            let value = std::mem::replace(argument, Expr::null(argument.span));
            let (opened, one) = self.open(value);
            each.push(opened);
            *argument = one;
        }
        each
    }

    /// `mvmap(field, expression)` and `mvfilter(condition)`: inside, the field's name stands for one value.
    fn over_values(&mut self, name: &str, arguments: &[Eval], span: Span) -> Result<Expr, Reported> {
        let (field, body) = match (name, arguments) {
            ("mvmap", [field, body]) => (Some(field.clone()), body),
            ("mvfilter", [condition]) => (first_field(condition), condition),
            _ => (None, &arguments[0]),
        };
        let Some(Eval { kind: EvalKind::Field(field), span: at }) = field else {
            let message = format!("`{name}` works on one multivalue field");
            let help = if name == "mvmap" {
                "write `mvmap(field, expression over field)`"
            } else {
                "write `mvfilter(condition over one field)`"
            };
            return Err(self.sink.fail(Diagnostic::new(&code::WRONG_ARGUMENTS, message).at(span).help(help)));
        };
        let value = self.field(&field, at);
        let variable = self.variable();
        let element_type = value.ty.element();
        // A single value stands for itself in the body, NULL or not.
        let nullable = !value.ty.multivalue && value.nullable;
        // For the body, the name is a column of its own, which is then replaced by the parameter.
        let placeholder: crate::ir::Name = format!("{field} (value {variable})").into();
        self.scope.columns.push(crate::ir::Column { name: placeholder.clone(), ty: element_type, nullable });
        let body = replace_field(body.clone(), &field, &placeholder);
        let lowered = if name == "mvmap" { self.eval(&body) } else { self.predicate(&body) };
        self.scope.columns.retain(|c| c.name != placeholder);
        let parameter = Expr::new(ExprKind::Variable(variable), element_type, nullable, at);
        let body = lowered?.substitute(&|n| (*n == placeholder).then(|| parameter.clone()));
        let ty = if name == "mvmap" { Type::many(body.ty.scalar) } else { value.ty };
        if !value.ty.multivalue {
            let kind = if name == "mvmap" {
                let body = body.clone().substitute_variable(variable, &value);
                // Without a value there is nothing to compute with, whatever the body says.
                match value.nullable {
                    true => ExprKind::Case { arms: vec![(value.clone().is_not_null(), body)], otherwise: None },
                    false => body.kind,
                }
            } else {
                let condition = body.substitute_variable(variable, &value);
                ExprKind::Case { arms: vec![(condition, value.clone())], otherwise: None }
            };
            return Ok(Expr::new(kind, ty.element(), true, span));
        }
        let value = Box::new(value);
        let kind = if name == "mvmap" {
            ExprKind::MapValues { value, variable, body: Box::new(body) }
        } else {
            ExprKind::FilterValues { value, variable, predicate: Box::new(body) }
        };
        Ok(Expr::new(kind, ty, true, span))
    }

    /// `searchmatch("f=v …")`: a condition in the `search` language.
    fn searchmatch(&mut self, arguments: &[Eval], span: Span) -> Result<Expr, Reported> {
        let [Eval { kind: EvalKind::String(text), span: at }] = arguments else {
            let message = "`searchmatch` takes one string, a search";
            let help = "write `searchmatch(\"field=value\")`";
            return Err(self.sink.fail(Diagnostic::new(&code::WRONG_ARGUMENTS, message).at(span).help(help)));
        };
        let text = crate::spl::text::Text::of_formula(text, *at);
        let mut p = crate::spl::parser::Parser::new(&text, self.sink);
        let condition = crate::spl::search::parse(&mut p, &[])?;
        self.search(&condition)
    }

    pub(crate) fn fail_syntax(&mut self, message: impl Into<String>, span: Span, help: &str) -> Reported {
        self.sink.fail(Diagnostic::new(&code::UNSUPPORTED_SYNTAX, message).at(span).help(help))
    }
}

impl Expr {
    /// Replaces the parameter of a lambda.
    pub(crate) fn substitute_variable(self, variable: u32, by: &Expr) -> Expr {
        if self.kind == ExprKind::Variable(variable) {
            return by.clone();
        }
        self.map_children(&mut |child| child.substitute_variable(variable, by))
    }
}

/// Arithmetic takes a multivalue field by its value where it has just one, else it is NULL.
pub(crate) fn only_value(value: Expr) -> Expr {
    if !value.ty.multivalue {
        return value;
    }
    let (span, element) = (value.span, value.ty.element());
    let value = match joined_to_each(value) {
        Ok(joined) => return joined,
        Err(value) => value,
    };
    let call = |function, args, ty| Expr::new(ExprKind::Call { function, args }, ty, true, span);
    let count = call("mvcount", vec![value.clone()], Type::INTEGER);
    let single = Expr::compare(CompareOp::Eq, count, Expr::integer(1, span), Case::Sensitive);
    let first = call("mvindex", vec![value, Expr::integer(0, span)], element);
    Expr::new(ExprKind::Case { arms: vec![(single, first)], otherwise: None }, element, true, span)
}

/// A text that is joined to each value: joined to the only value.
fn joined_to_each(value: Expr) -> Result<Expr, Expr> {
    let ExprKind::MapValues { value: list, variable, body } = &value.kind else { return Err(value) };
    let ExprKind::Concat(parts) = &body.kind else { return Err(value) };
    let one = |part: &Expr| part.kind == ExprKind::Variable(*variable);
    if !parts.iter().all(|part| one(part) || part.as_literal().is_some() || part.as_column().is_some()) {
        return Err(value);
    }
    let only = only_value((**list).clone());
    let parts = parts.iter().map(|part| if one(part) { only.clone() } else { part.clone() }).collect();
    Ok(Expr::new(ExprKind::Concat(parts), Type::STRING, true, value.span))
}

/// The first field that an expression names.
fn first_field(eval: &Eval) -> Option<Eval> {
    match &eval.kind {
        EvalKind::Field(_) => Some(eval.clone()),
        EvalKind::String(_) | EvalKind::Integer(_) | EvalKind::Double(_) => None,
        EvalKind::Not(e) | EvalKind::Negative(e) => first_field(e),
        EvalKind::Binary { left, right, .. } => first_field(left).or_else(|| first_field(right)),
        EvalKind::In { value, items } => first_field(value).or_else(|| items.iter().find_map(first_field)),
        EvalKind::Call { arguments, .. } => arguments.iter().find_map(first_field),
    }
}

fn replace_field(mut eval: Eval, field: &str, by: &str) -> Eval {
    eval.kind = match eval.kind {
        EvalKind::Field(name) if name == field => EvalKind::Field(by.to_owned()),
        EvalKind::Not(e) => EvalKind::Not(Box::new(replace_field(*e, field, by))),
        EvalKind::Negative(e) => EvalKind::Negative(Box::new(replace_field(*e, field, by))),
        EvalKind::Binary { op, left, right } => EvalKind::Binary {
            op,
            left: Box::new(replace_field(*left, field, by)),
            right: Box::new(replace_field(*right, field, by)),
        },
        EvalKind::In { value, items } => EvalKind::In {
            value: Box::new(replace_field(*value, field, by)),
            items: items.into_iter().map(|i| replace_field(i, field, by)).collect(),
        },
        EvalKind::Call { name, arguments } => {
            EvalKind::Call { name, arguments: arguments.into_iter().map(|a| replace_field(a, field, by)).collect() }
        }
        other => other,
    };
    eval
}

fn is_number_text(e: &Expr) -> bool {
    matches!(e.as_literal(), Some(Literal::String(t)) if super::search::literal_number(t, e.span).is_some())
}

/// A comparison of single values. A string literal that reads as a number is one where it meets numbers.
fn compare(op: CompareOp, left: Expr, right: Expr, span: Span) -> Expr {
    let (left, right) = (numeric_literal_for(left, &right), right);
    let right = numeric_literal_for(right, &left);
    let (left, right) = match (left.ty.scalar, right.ty.scalar) {
        (Scalar::Boolean, Scalar::Boolean) => (left, right),
        (Scalar::Boolean, _) => (as_text(left), right),
        (_, Scalar::Boolean) => (left, as_text(right)),
        _ => (left, right),
    };
    let mut compared = Expr::compare(op, left, right, Case::Sensitive);
    compared.span = span;
    compared
}

fn numeric_literal_for(e: Expr, other: &Expr) -> Expr {
    let text = match e.as_literal() {
        Some(Literal::String(text)) if other.ty.is_numeric() => super::search::literal_number(text, e.span),
        _ => None,
    };
    text.unwrap_or(e)
}

fn concat(parts: Vec<Expr>, span: Span) -> Expr {
    let mut flat = Vec::new();
    for part in parts {
        match part.kind {
            ExprKind::Concat(inner) => flat.extend(inner),
            _ => flat.push(as_text(part)),
        }
    }
    let nullable = flat.iter().any(|p| p.nullable);
    Expr::new(ExprKind::Concat(flat), Type::STRING, nullable, span)
}

fn arithmetic(op: ArithmeticOp, left: Expr, right: Expr, span: Span) -> Expr {
    let integers = left.ty.scalar == Scalar::Integer && right.ty.scalar == Scalar::Integer;
    let times = (left.ty.scalar, right.ty.scalar);
    let ty = match op {
        ArithmeticOp::Divide => Type::DOUBLE,
        _ if integers => Type::INTEGER,
        // A time moved by seconds is a time; the difference of two times is seconds.
        ArithmeticOp::Add | ArithmeticOp::Subtract
            if times.0 == Scalar::Time && matches!(times.1, Scalar::Integer | Scalar::Double) =>
        {
            Type::TIME
        }
        ArithmeticOp::Add if times.1 == Scalar::Time && matches!(times.0, Scalar::Integer | Scalar::Double) => {
            Type::TIME
        }
        _ => Type::DOUBLE,
    };
    let divides = matches!(op, ArithmeticOp::Divide | ArithmeticOp::Modulo);
    let text = left.ty.is_text() || right.ty.is_text();
    let nullable = left.nullable || right.nullable || divides || text;
    Expr::new(ExprKind::Arithmetic { op, left: Box::new(left), right: Box::new(right) }, ty, nullable, span)
}
