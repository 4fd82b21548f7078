//! Constructors for SQL expressions. They alone decide about parentheses: `sqlparser` prints a tree as it is,
//! so an operand that binds weaker than its operator is wrapped in [`Expr::Nested`] here.

use sqlparser::ast::helpers::attached_token::AttachedToken;
use sqlparser::ast::{
    AccessExpr, Array, ArrayElemTypeDef, BinaryOperator, CaseWhen, CastKind, CeilFloorKind, DataType, DateTimeField,
    DuplicateTreatment, ExactNumberInfo, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause,
    FunctionArgumentList, FunctionArguments, InTarget, Interval, LambdaFunction, LambdaFunctionParameter, LambdaSyntax,
    ObjectName, OneOrManyWithParens, OrderByExpr, OrderByOptions, OrderBySort, Query, Subscript, TimezoneInfo,
    TypeModifier, TypedString, UnaryOperator, Value, WindowFrame, WindowSpec, WindowType,
};

use super::ident::{dotted, ident};

/// How strongly an expression holds together; from weak to strong.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Strength {
    Lambda,
    Or,
    And,
    Not,
    Comparison,
    Concat,
    Sum,
    Product,
    Unary,
    Atom,
}

fn strength(e: &Expr) -> Strength {
    match e {
        Expr::BinaryOp { op, .. } => match op {
            BinaryOperator::Or => Strength::Or,
            BinaryOperator::And => Strength::And,
            BinaryOperator::Plus | BinaryOperator::Minus => Strength::Sum,
            BinaryOperator::Multiply | BinaryOperator::Divide | BinaryOperator::Modulo => Strength::Product,
            BinaryOperator::StringConcat => Strength::Concat,
            _ => Strength::Comparison,
        },
        Expr::UnaryOp { op: UnaryOperator::Not, .. } => Strength::Not,
        Expr::UnaryOp { .. } => Strength::Unary,
        Expr::IsNull(_) | Expr::IsNotNull(_) | Expr::Like { .. } | Expr::In { .. } | Expr::Between { .. } => {
            Strength::Comparison
        }
        Expr::Lambda(_) => Strength::Lambda,
        _ => Strength::Atom,
    }
}

/// The expression as an operand: in parentheses unless it binds at least as strongly as asked for.
fn operand(e: Expr, least: Strength) -> Expr {
    if strength(&e) < least { Expr::Nested(Box::new(e)) } else { e }
}

fn binary(left: Expr, op: BinaryOperator, right: Expr) -> Expr {
    let probe = Expr::BinaryOp { left: Box::new(null()), op: op.clone(), right: Box::new(null()) };
    // Comparisons do not chain; the others group to the left. `||` binds weaker than `+` in Trino and not
    // everywhere else, so mixed ones always get parentheses.
    let (left_least, right_least) = match strength(&probe) {
        Strength::Comparison => (Strength::Concat, Strength::Concat),
        Strength::Concat if strength(&left) == Strength::Concat => (Strength::Concat, Strength::Unary),
        Strength::Concat => (Strength::Unary, Strength::Unary),
        Strength::Sum => (Strength::Sum, Strength::Product),
        Strength::Product => (Strength::Product, Strength::Unary),
        own => (own, own),
    };
    Expr::BinaryOp { left: Box::new(operand(left, left_least)), op, right: Box::new(operand(right, right_least)) }
}

/// `column`, or `struct.member`, from a dotted name.
pub(super) fn column(name: &str) -> Expr {
    let mut parts = dotted(name);
    if parts.len() == 1 { Expr::Identifier(parts.remove(0)) } else { Expr::CompoundIdentifier(parts) }
}

pub(super) fn name(ident: &sqlparser::ast::Ident) -> Expr {
    Expr::Identifier(ident.clone())
}

pub(super) fn qualified(relation: &sqlparser::ast::Ident, column: &sqlparser::ast::Ident) -> Expr {
    Expr::CompoundIdentifier(vec![relation.clone(), column.clone()])
}

pub(super) fn string(text: impl Into<String>) -> Expr {
    Expr::value(Value::SingleQuotedString(text.into()))
}

pub(super) fn integer(n: i64) -> Expr {
    number(&n.unsigned_abs().to_string(), n < 0)
}

/// A double literal: `1.5E0`. Without an exponent it would be a decimal. Infinities and NaN are calls.
pub(super) fn double(n: f64) -> Expr {
    if n.is_nan() {
        call("nan", vec![])
    } else if n.is_infinite() {
        let infinity = call("infinity", vec![]);
        if n < 0.0 { Expr::UnaryOp { op: UnaryOperator::Minus, expr: Box::new(infinity) } } else { infinity }
    } else {
        number(&format!("{:E}", n.abs()), n < 0.0)
    }
}

fn number(digits: &str, negative: bool) -> Expr {
    let e = Expr::value(Value::Number(digits.to_owned(), false));
    if negative { Expr::UnaryOp { op: UnaryOperator::Minus, expr: Box::new(e) } } else { e }
}

pub(super) fn boolean(b: bool) -> Expr {
    Expr::value(Value::Boolean(b))
}

pub(super) fn null() -> Expr {
    Expr::value(Value::Null)
}

/// `?`
pub(super) fn parameter() -> Expr {
    Expr::value(Value::Placeholder("?".to_owned()))
}

pub(super) fn and(parts: Vec<Expr>) -> Expr {
    connect(parts, BinaryOperator::And, true)
}

pub(super) fn or(parts: Vec<Expr>) -> Expr {
    connect(parts, BinaryOperator::Or, false)
}

fn connect(parts: Vec<Expr>, op: BinaryOperator, empty: bool) -> Expr {
    parts
        .into_iter()
        .flat_map(|p| chain(p, &op))
        .reduce(|a, b| binary(a, op.clone(), b))
        .unwrap_or_else(|| boolean(empty))
}

/// Negation. Predicates with a negative form of their own take that one.
pub(super) fn not(e: Expr) -> Expr {
    match e {
        Expr::IsNull(x) => Expr::IsNotNull(x),
        Expr::IsNotNull(x) => Expr::IsNull(x),
        Expr::Like { negated, any, expr, pattern, escape_char } => {
            Expr::Like { negated: !negated, any, expr, pattern, escape_char }
        }
        Expr::Exists { subquery, negated } => Expr::Exists { subquery, negated: !negated },
        Expr::In { expr, target, negated, global } => Expr::In { expr, target, negated: !negated, global },
        Expr::BinaryOp { left, op, right } => match negated(&op) {
            Some(op) => Expr::BinaryOp { left, op, right },
            None => prefix_not(Expr::BinaryOp { left, op, right }),
        },
        Expr::UnaryOp { op: UnaryOperator::Not, expr } => match *expr {
            Expr::Nested(inner) => *inner,
            other => other,
        },
        Expr::Nested(inner) => not(*inner),
        Expr::Value(v) if v.value == Value::Boolean(true) => boolean(false),
        Expr::Value(v) if v.value == Value::Boolean(false) => boolean(true),
        other => prefix_not(other),
    }
}

fn prefix_not(e: Expr) -> Expr {
    Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(operand(e, Strength::Comparison)) }
}

fn negated(op: &BinaryOperator) -> Option<BinaryOperator> {
    Some(match op {
        BinaryOperator::Eq => BinaryOperator::NotEq,
        BinaryOperator::NotEq => BinaryOperator::Eq,
        BinaryOperator::Lt => BinaryOperator::GtEq,
        BinaryOperator::LtEq => BinaryOperator::Gt,
        BinaryOperator::Gt => BinaryOperator::LtEq,
        BinaryOperator::GtEq => BinaryOperator::Lt,
        _ => return None,
    })
}

pub(super) fn cmp(left: Expr, op: crate::ir::CompareOp, right: Expr) -> Expr {
    use crate::ir::CompareOp;
    let op = match op {
        CompareOp::Eq => BinaryOperator::Eq,
        CompareOp::Ne => BinaryOperator::NotEq,
        CompareOp::Lt => BinaryOperator::Lt,
        CompareOp::Le => BinaryOperator::LtEq,
        CompareOp::Gt => BinaryOperator::Gt,
        CompareOp::Ge => BinaryOperator::GtEq,
    };
    binary(left, op, right)
}

pub(super) fn eq(left: Expr, right: Expr) -> Expr {
    binary(left, BinaryOperator::Eq, right)
}

pub(super) fn add(left: Expr, right: Expr) -> Expr {
    binary(left, BinaryOperator::Plus, right)
}

pub(super) fn subtract(left: Expr, right: Expr) -> Expr {
    binary(left, BinaryOperator::Minus, right)
}

pub(super) fn multiply(left: Expr, right: Expr) -> Expr {
    binary(left, BinaryOperator::Multiply, right)
}

pub(super) fn divide(left: Expr, right: Expr) -> Expr {
    binary(left, BinaryOperator::Divide, right)
}

pub(super) fn negative(e: Expr) -> Expr {
    Expr::UnaryOp { op: UnaryOperator::Minus, expr: Box::new(operand(e, Strength::Atom)) }
}

pub(super) fn modulo(left: Expr, right: Expr) -> Expr {
    binary(left, BinaryOperator::Modulo, right)
}

pub(super) fn concat(parts: Vec<Expr>) -> Expr {
    parts.into_iter().reduce(|a, b| binary(a, BinaryOperator::StringConcat, b)).unwrap_or_else(|| string(""))
}

pub(super) fn is_null(e: Expr) -> Expr {
    Expr::IsNull(Box::new(operand(uncast(e), Strength::Concat)))
}

pub(super) fn is_not_null(e: Expr) -> Expr {
    Expr::IsNotNull(Box::new(operand(uncast(e), Strength::Concat)))
}

/// What a cast to text stands around: NULL as often as the cast is. Of NULL itself the type is needed.
fn uncast(e: Expr) -> Expr {
    match e {
        Expr::Cast { kind: CastKind::Cast, expr, data_type: VARCHAR, .. } if !matches!(*expr, Expr::Value(_)) => *expr,
        other => other,
    }
}

/// `e LIKE pattern`, with `ESCAPE '\'` where the pattern escapes something.
pub(super) fn like(e: Expr, pattern: Expr, escaped: bool) -> Expr {
    Expr::Like {
        negated: false,
        any: false,
        expr: Box::new(operand(e, Strength::Concat)),
        pattern: Box::new(operand(pattern, Strength::Concat)),
        escape_char: escaped.then(|| Box::new(string("\\"))),
    }
}

pub(super) fn in_list(e: Expr, items: Vec<Expr>) -> Expr {
    Expr::In {
        expr: Box::new(operand(e, Strength::Concat)),
        target: InTarget::List(items),
        negated: false,
        global: false,
    }
}

pub(super) fn in_query(e: Expr, query: Query) -> Expr {
    Expr::In {
        expr: Box::new(operand(e, Strength::Concat)),
        target: InTarget::Subquery(Box::new(query)),
        negated: false,
        global: false,
    }
}

/// `EXISTS (query)`
pub(super) fn exists(query: Query) -> Expr {
    Expr::Exists { subquery: Box::new(query), negated: false }
}

pub(super) fn tuple(mut parts: Vec<Expr>) -> Expr {
    if parts.len() == 1 { parts.remove(0) } else { Expr::Tuple(parts) }
}

pub(super) fn subquery(query: Query) -> Expr {
    Expr::Subquery(Box::new(query))
}

fn arguments(args: Vec<Expr>, distinct: bool, order: Vec<OrderByExpr>) -> FunctionArguments {
    FunctionArguments::List(FunctionArgumentList {
        duplicate_treatment: distinct.then_some(DuplicateTreatment::Distinct),
        args: args.into_iter().map(|e| FunctionArg::Unnamed(FunctionArgExpr::Expr(e))).collect(),
        clauses: if order.is_empty() { vec![] } else { vec![FunctionArgumentClause::OrderBy(order)] },
    })
}

fn function(name: &str, args: FunctionArguments) -> Function {
    Function {
        name: ObjectName::from(vec![sqlparser::ast::Ident::new(name)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args,
        within_group: vec![],
        filter: None,
        null_treatment: None,
        over: None,
    }
}

/// A function call, as `sqlparser` would read it back.
pub(super) fn call(name: &str, mut args: Vec<Expr>) -> Expr {
    match (name, args.len()) {
        ("floor", 1) => Expr::Floor {
            expr: Box::new(args.remove(0)),
            field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime),
        },
        ("substr", 2 | 3) => {
            let length = (args.len() == 3).then(|| args.remove(2));
            let start = args.remove(1);
            Expr::Substring {
                expr: Box::new(args.remove(0)),
                substring_from: Some(Box::new(start)),
                substring_for: length.map(Box::new),
                special: true,
                shorthand: true,
            }
        }
        _ => Expr::Function(function(name, arguments(args, false, vec![]))),
    }
}

/// `current_timestamp`: a function without parentheses.
pub(super) fn current_timestamp() -> Expr {
    Expr::Function(function("current_timestamp", FunctionArguments::None))
}

pub(super) fn coalesce(mut parts: Vec<Expr>) -> Expr {
    if parts.len() == 1 { parts.remove(0) } else { call("coalesce", parts) }
}

/// What an aggregate call carries besides its arguments.
#[derive(Clone, Debug, Default)]
pub(super) struct AggregateCall {
    pub(super) distinct: bool,
    pub(super) order: Vec<OrderByExpr>,
    pub(super) filter: Option<Expr>,
    pub(super) over: Option<WindowSpec>,
}

pub(super) fn aggregate(name: &str, args: Vec<Expr>, extra: AggregateCall) -> Expr {
    let mut f = function(name, arguments(args, extra.distinct, extra.order));
    f.filter = extra.filter.map(Box::new);
    f.over = extra.over.map(WindowType::WindowSpec);
    Expr::Function(f)
}

/// `count(*)`
pub(super) fn count_rows(over: Option<WindowSpec>) -> Expr {
    let mut f = function(
        "count",
        FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: vec![FunctionArg::Unnamed(FunctionArgExpr::Wildcard)],
            clauses: vec![],
        }),
    );
    f.over = over.map(WindowType::WindowSpec);
    Expr::Function(f)
}

/// `count(variable.*)`: rows of a pattern's variable.
pub(super) fn count_of(variable: &str) -> Expr {
    let rows = FunctionArgExpr::QualifiedWildcard(ObjectName::from(vec![sqlparser::ast::Ident::new(variable)]));
    let list =
        FunctionArgumentList { duplicate_treatment: None, args: vec![FunctionArg::Unnamed(rows)], clauses: vec![] };
    Expr::Function(function("count", FunctionArguments::List(list)))
}

pub(super) fn window(partition: Vec<Expr>, order: Vec<OrderByExpr>, frame: Option<WindowFrame>) -> WindowSpec {
    WindowSpec { window_name: None, partition_by: partition, order_by: order, window_frame: frame }
}

pub(super) fn order_by(expr: Expr, descending: bool, nulls_first: Option<bool>) -> OrderByExpr {
    OrderByExpr {
        expr,
        options: OrderByOptions { sort: descending.then_some(OrderBySort::Desc), nulls_first },
        with_fill: None,
    }
}

fn convert(kind: CastKind, e: Expr, to: DataType) -> Expr {
    Expr::Cast { kind, expr: Box::new(e), data_type: to, format: None }
}

pub(super) fn cast(e: Expr, to: DataType) -> Expr {
    convert(CastKind::Cast, e, to)
}

pub(super) fn try_cast(e: Expr, to: DataType) -> Expr {
    convert(CastKind::TryCast, e, to)
}

/// `CASE WHEN … THEN … ELSE … END`
pub(super) fn case(arms: Vec<(Expr, Expr)>, otherwise: Option<Expr>) -> Expr {
    Expr::Case {
        case_token: AttachedToken::empty(),
        end_token: AttachedToken::empty(),
        operand: None,
        conditions: arms.into_iter().map(|(condition, result)| CaseWhen { condition, result }).collect(),
        else_result: otherwise.map(Box::new),
    }
}

/// `x -> body`, or `(x, y) -> body`
pub(super) fn lambda(parameters: &[&str], body: Expr) -> Expr {
    let mut params: Vec<LambdaFunctionParameter> =
        parameters.iter().map(|p| LambdaFunctionParameter { name: ident(p), data_type: None }).collect();
    let params =
        if params.len() == 1 { OneOrManyWithParens::One(params.remove(0)) } else { OneOrManyWithParens::Many(params) };
    Expr::Lambda(LambdaFunction { params, body: Box::new(body), syntax: LambdaSyntax::Arrow })
}

pub(super) fn array(elem: Vec<Expr>) -> Expr {
    Expr::Array(Array { elem, named: true })
}

/// `e[n]`
pub(super) fn subscript(e: Expr, n: i64) -> Expr {
    Expr::CompoundFieldAccess {
        root: Box::new(operand(e, Strength::Atom)),
        access_chain: vec![AccessExpr::Subscript(Subscript::Index { index: integer(n) })],
    }
}

/// `INTERVAL 'n' unit`; the sign stands outside, in the operator that uses it.
pub(super) fn interval(n: u64, unit: DateTimeField) -> Expr {
    Expr::Interval(Interval {
        value: Box::new(string(n.to_string())),
        leading_field: Some(unit),
        leading_precision: None,
        last_field: None,
        fractional_seconds_precision: None,
    })
}

/// `INTERVAL 's.fff' SECOND`
pub(super) fn fraction(seconds: &str) -> Expr {
    Expr::Interval(Interval {
        value: Box::new(string(seconds)),
        leading_field: Some(DateTimeField::Second),
        leading_precision: None,
        last_field: None,
        fractional_seconds_precision: None,
    })
}

/// `TIMESTAMP '…'`, `DATE '…'`
pub(super) fn typed_string(data_type: DataType, text: String) -> Expr {
    Expr::TypedString(TypedString { data_type, value: Value::SingleQuotedString(text).into(), uses_odbc_syntax: false })
}

/// `DECIMAL(precision, scale)`
pub(super) fn decimal(precision: u64, scale: i64) -> DataType {
    DataType::Decimal(ExactNumberInfo::PrecisionAndScale(precision, scale))
}

pub(super) const VARCHAR: DataType = DataType::Varchar(None);
pub(super) const BIGINT: DataType = DataType::BigInt(None);
pub(super) const DOUBLE: DataType = DataType::Double(ExactNumberInfo::None);
pub(super) const BOOLEAN: DataType = DataType::Boolean;
pub(super) const TIMESTAMP: DataType = DataType::Timestamp(None, TimezoneInfo::None);

pub(super) fn ip_address() -> DataType {
    DataType::Custom(ObjectName::from(vec![sqlparser::ast::Ident::new("ipaddress")]), vec![])
}

/// `ROW(a VARCHAR, b VARCHAR)`
pub(super) fn row_of_texts(members: &[sqlparser::ast::Ident]) -> DataType {
    let row = ObjectName::from(vec![sqlparser::ast::Ident::new("ROW")]);
    let member = |m: &sqlparser::ast::Ident| [m.clone(), sqlparser::ast::Ident::new("VARCHAR")];
    DataType::Custom(row, members.iter().flat_map(member).map(TypeModifier::Identifier).collect())
}

pub(super) fn array_of(element: DataType) -> DataType {
    DataType::Array(ArrayElemTypeDef::Parenthesis(Box::new(element)))
}

/// The operands of an expression, in the subset that this emitter builds. Queries inside are not entered.
pub(super) fn children_mut(e: &mut Expr) -> Vec<&mut Expr> {
    match e {
        Expr::BinaryOp { left, right, .. } => vec![left, right],
        Expr::UnaryOp { expr, .. }
        | Expr::IsNull(expr)
        | Expr::IsNotNull(expr)
        | Expr::Nested(expr)
        | Expr::Cast { expr, .. }
        | Expr::Floor { expr, .. } => vec![expr],
        Expr::Like { expr, pattern, .. } => vec![expr, pattern],
        Expr::In { expr, target, .. } => {
            let mut out: Vec<&mut Expr> = vec![expr];
            if let InTarget::List(items) = target {
                out.extend(items.iter_mut());
            }
            out
        }
        Expr::Substring { expr, substring_from, substring_for, .. } => {
            let mut out: Vec<&mut Expr> = vec![expr];
            out.extend(substring_from.iter_mut().map(|b| &mut **b));
            out.extend(substring_for.iter_mut().map(|b| &mut **b));
            out
        }
        Expr::Tuple(parts) | Expr::Array(Array { elem: parts, .. }) => parts.iter_mut().collect(),
        Expr::Lambda(l) => vec![&mut l.body],
        Expr::CompoundFieldAccess { root, .. } => vec![root],
        Expr::Case { conditions, else_result, .. } => {
            let mut out: Vec<&mut Expr> =
                conditions.iter_mut().flat_map(|w| [&mut w.condition, &mut w.result]).collect();
            out.extend(else_result.iter_mut().map(|b| &mut **b));
            out
        }
        Expr::Function(f) => function_children(f),
        _ => vec![],
    }
}

fn function_children(f: &mut Function) -> Vec<&mut Expr> {
    let mut out = Vec::new();
    if let FunctionArguments::List(list) = &mut f.args {
        for arg in &mut list.args {
            if let FunctionArg::Unnamed(FunctionArgExpr::Expr(e)) = arg {
                out.push(e);
            }
        }
        for clause in &mut list.clauses {
            if let FunctionArgumentClause::OrderBy(keys) = clause {
                out.extend(keys.iter_mut().map(|k| &mut k.expr));
            }
        }
    }
    out.extend(f.filter.iter_mut().map(|b| &mut **b));
    if let Some(WindowType::WindowSpec(spec)) = &mut f.over {
        out.extend(spec.partition_by.iter_mut());
        out.extend(spec.order_by.iter_mut().map(|k| &mut k.expr));
    }
    out
}

/// Calls `f` on an expression and all below it.
pub(super) fn walk(e: &Expr, f: &mut dyn FnMut(&Expr)) {
    fn go(e: &mut Expr, f: &mut dyn FnMut(&Expr)) {
        f(e);
        for child in children_mut(e) {
            go(child, f);
        }
    }
    go(&mut e.clone(), f);
}

/// How many nodes an expression has.
pub(super) fn size(e: &Expr) -> usize {
    let mut n = 0;
    walk(e, &mut |_| n += 1);
    n
}

/// Whether an expression is a bare column (or a member of a struct column).
pub(super) fn is_column(e: &Expr) -> bool {
    matches!(e, Expr::Identifier(_) | Expr::CompoundIdentifier(_))
}

/// Whether an expression needs no parentheses anywhere.
pub(super) fn is_atom(e: &Expr) -> bool {
    strength(e) == Strength::Atom
}

/// The conjuncts of an AND chain.
pub(super) fn conjuncts(e: Expr) -> Vec<Expr> {
    chain(e, &BinaryOperator::And)
}

/// The operands of a chain of one operator, through parentheses.
pub(super) fn chain(e: Expr, op: &BinaryOperator) -> Vec<Expr> {
    match e {
        Expr::BinaryOp { left, op: own, right } if own == *op => {
            let mut out = chain(*left, op);
            out.extend(chain(*right, op));
            out
        }
        Expr::Nested(inner) if matches!(&*inner, Expr::BinaryOp { op: own, .. } if own == op) => chain(*inner, op),
        other => vec![other],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::CompareOp;

    fn col(n: &str) -> Expr {
        column(n)
    }

    #[test]
    fn weaker_operands_get_parentheses() {
        let or = or(vec![eq(col("a"), integer(1)), is_null(col("b"))]);
        assert_eq!(and(vec![or.clone(), col("c")]).to_string(), "(a = 1 OR b IS NULL) AND c");
        assert_eq!(not(or).to_string(), "NOT (a = 1 OR b IS NULL)");
        assert_eq!(multiply(add(col("a"), col("b")), col("c")).to_string(), "(a + b) * c");
        assert_eq!(subtract(col("a"), subtract(col("b"), col("c"))).to_string(), "a - (b - c)");
        assert_eq!(subtract(subtract(col("a"), col("b")), col("c")).to_string(), "a - b - c");
        assert_eq!(eq(eq(col("a"), col("b")), boolean(true)).to_string(), "(a = b) = true");
        assert_eq!(concat(vec![add(col("a"), col("b")), col("c")]).to_string(), "(a + b) || c");
        assert_eq!(add(col("a"), concat(vec![col("b"), col("c")])).to_string(), "a + (b || c)");
    }

    #[test]
    fn negation_uses_the_negative_form() {
        let show = |e| not(e).to_string();
        assert_eq!(show(eq(col("a"), string("x"))), "a <> 'x'");
        assert_eq!(show(cmp(col("a"), CompareOp::Lt, integer(1))), "a >= 1");
        assert_eq!(show(like(col("a"), string("x%"), false)), "a NOT LIKE 'x%'");
        assert_eq!(show(in_list(col("a"), vec![string("x")])), "a NOT IN ('x')");
        assert_eq!(show(not(call("f", vec![]))), "f()");
    }

    #[test]
    fn numbers_keep_their_type() {
        assert_eq!(double(1.5).to_string(), "1.5E0");
        assert_eq!(double(-300.0).to_string(), "-3E2");
        assert_eq!(integer(i64::MIN).to_string(), "-9223372036854775808");
    }

    #[test]
    fn conjuncts_are_taken_apart() {
        let e = and(vec![col("a"), and(vec![col("b"), or(vec![col("c"), col("d")])])]);
        let parts: Vec<String> = conjuncts(e).iter().map(ToString::to_string).collect();
        assert_eq!(parts, ["a", "b", "(c OR d)"]);
    }
}
