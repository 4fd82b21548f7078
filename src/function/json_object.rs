//! `json_object(key, x, …)`: a JSON object of keys and values (JSON functions).

use super::{Call, Fault, Function, no_condition};
use crate::ir::{Expr, Type};

pub(super) static FUNCTION: Function =
    Function { name: "json_object", usage: "json_object(key, value, …)", arity: (0, usize::MAX), condition: no_condition, lower };

fn lower(call: Call<'_>) -> Result<Expr, Fault> {
    if call.arguments.len() % 2 == 1 {
        let message = "`json_object` takes keys and values in pairs";
        return Err(Fault::arguments(message, "write `json_object(key, value, …)`", call.span));
    }
    call.pass_present(Type::JSON)
}
