//! Informational functions (Search Reference, "Informational functions"). Text is a number where it reads as one, unless its type
//! says that it never is.

use super::tree::Node;
use super::{Apply, Context, Value};
use crate::ir::{Expr, Scalar};

pub(super) fn bind(name: &str, args: &[Expr]) -> Option<Box<dyn Apply>> {
    let [value] = args else { return None };
    let question = match name {
        "isnum" => Question::Number,
        "isint" => Question::Integer,
        "isstr" => Question::Text,
        "isbool" => Question::Boolean,
        "isdouble" => Question::Double,
        "ismv" => Question::Several,
        "isarray" => Question::Array,
        "isobject" => Question::Object,
        "typeof" => Question::Type,
        _ => return None,
    };
    let always_text = matches!(value.ty.scalar, Scalar::String | Scalar::Json);
    Some(Box::new(Kind { question, always_text }))
}

#[derive(Clone, Copy)]
enum Question {
    Number,
    Integer,
    Text,
    Boolean,
    /// A number with decimals.
    Double,
    Several,
    /// JSON texts.
    Array,
    Object,
    Type,
}

struct Kind {
    question: Question,
    always_text: bool,
}

impl Apply for Kind {
    fn apply<'e>(&'e self, args: &mut [Value<'e>], _: &Context) -> Value<'e> {
        let number = super::number(args, 0);
        let Some(value) = args.first() else { return Value::Null };
        let (is_boolean, is_number) =
            (matches!(value, Value::Boolean(_)), matches!(value, Value::Integer(_) | Value::Double(_)));
        let is_text = !value.is_null() && !is_boolean && !is_number && (self.always_text || number.is_none());
        match self.question {
            Question::Number => number.is_some().into(),
            Question::Integer => number.is_some_and(|n| n == n.trunc()).into(),
            Question::Text => is_text.into(),
            Question::Boolean => is_boolean.into(),
            Question::Double => number.is_some_and(|n| n != n.trunc()).into(),
            Question::Several => (value.values().len() > 1).into(),
            Question::Array => matches!(Node::parse(&value.to_text()), Some(Node::List(_))).into(),
            Question::Object => matches!(Node::parse(&value.to_text()), Some(Node::Object(_))).into(),
            Question::Type => match () {
                () if value.is_null() => "Invalid",
                () if is_boolean => "Boolean",
                () if is_text => "String",
                () => "Number",
            }
            .into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call, field};

    #[test]
    fn fields_are_numbers_where_they_read_as_such() {
        assert_eq!(call!(isnum(field("1.5"))), "True");
        assert_eq!(call!(isint(field("1.5"))), "False");
        assert_eq!(call!(isint(2)), "True");
        assert_eq!(call!(isnum(field("x"))), "False");
        assert_eq!(call!(isstr(field("x"))), "True");
        assert_eq!(call!(isstr(field("1"))), "False");
        assert_eq!(call!(isstr("1")), "True");
        assert_eq!(call!(isstr(5)), "False");
        assert_eq!(call!(isbool(true)), "True");
        for answer in [call!(isnum(())), call!(isint(())), call!(isstr(())), call!(isbool(()))] {
            assert_eq!(answer, "False");
        }
    }

    #[test]
    fn lists_and_objects_are_told_apart() {
        assert_eq!(call!(isarray(field("[1]"))), "True");
        assert_eq!(call!(isarray(field("{}"))), "False");
        assert_eq!(call!(isobject(field("{}"))), "True");
        assert_eq!(call!(isobject(())), "False");
        assert_eq!(call!(ismv(["a", "b"])), "True");
        assert_eq!(call!(ismv(["a"])), "False");
        assert_eq!(call!(isdouble(field("1.5"))), "True");
        assert_eq!(call!(isdouble(2)), "False");
    }

    #[test]
    fn types_have_names() {
        assert_eq!(call!(typeof(12)), "Number");
        assert_eq!(call!(typeof(field("12"))), "Number");
        assert_eq!(call!(typeof("12")), "String");
        assert_eq!(call!(typeof(true)), "Boolean");
        assert_eq!(call!(typeof(())), "Invalid");
    }
}
