//! `tomv(x)`: a multivalue of the elements of a JSON list, else of the value (conversion functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Scalar, Type};

pub(super) static FUNCTION: Function =
    Function { name: "tomv", usage: "tomv(value)", arity: (1, 1), condition: no_condition, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    call.pass_nullable(Type::many(Scalar::Unknown))
}
