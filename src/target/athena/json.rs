//! Reading below JSON texts.
//!
//! `json_extract_scalar` gives text for texts, numbers and booleans, and NULL for everything else: absent members,
//! JSON's null, objects, lists, malformed text (tried on Trino 435). So absent and null fall together.

use sqlparser::ast::{DataType, Expr};

use super::sql;
use super::typed::{Elements, Kind, Phys, Typed, without_nulls};
use crate::ir::{Scalar, Step, Type};

/// What a path's end may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Leaf {
    /// A field as Splunk extracts it: objects and lists are no values.
    Field,
    /// What `spath` gives: the JSON text of objects and lists.
    Any,
}

/// Steps without [`Step::Each`], in Trino's JSON path notation.
pub(super) fn path(steps: &[Step]) -> String {
    let mut out = "$".to_owned();
    for step in steps {
        match step {
            Step::Key(key) => {
                let plain = key.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
                    && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
                if plain {
                    out.push('.');
                    out.push_str(key);
                } else {
                    let key = key.replace('\\', "\\\\").replace('"', "\\\"");
                    out.push_str(&format!("[\"{key}\"]"));
                }
            }
            Step::Index(n) => out.push_str(&format!("[{n}]")),
            // Callers split paths there.
            Step::Each => {}
        }
    }
    out
}

fn extract(base: Expr, steps: &[Step]) -> Expr {
    sql::call("json_extract", vec![base, sql::string(path(steps))])
}

fn scalar(base: Expr, steps: &[Step]) -> Expr {
    sql::call("json_extract_scalar", vec![base, sql::string(path(steps))])
}

/// The JSON text of a JSON value; NULL for JSON's null.
fn json_text(json: Expr) -> Expr {
    sql::call("nullif", vec![sql::call("json_format", vec![json]), sql::string("null")])
}

fn leaf(base: Expr, steps: &[Step], ty: Type, leaf: Leaf) -> Expr {
    match (leaf, ty.scalar) {
        (_, Scalar::Json) => json_text(extract(base, steps)),
        (Leaf::Field, _) => scalar(base, steps),
        (Leaf::Any, _) => sql::coalesce(vec![scalar(base.clone(), steps), json_text(extract(base, steps))]),
    }
}

/// The elements at a path: those of a list, or the thing itself where it is no list. An array of JSON values;
/// absent things are NULL elements.
fn items(base: Expr, steps: &[Step], base_is_json: bool) -> Expr {
    let thing = if steps.is_empty() && base_is_json { base } else { extract(base, steps) };
    let list = sql::try_cast(thing.clone(), sql::array_of(DataType::JSON));
    sql::coalesce(vec![list, sql::array(vec![thing])])
}

/// Reads a path below a JSON text. `parameter` names lambda parameters.
pub(super) fn read(base: Typed, steps: &[Step], ty: Type, end: Leaf, parameter: &str) -> Typed {
    let mut segments: Vec<&[Step]> = steps.split(|s| *s == Step::Each).collect();
    if segments.len() == 1 && !base.phys.array {
        let sql = if steps.is_empty() { base.sql } else { leaf(base.sql, steps, ty, end) };
        return Typed::new(sql, Phys::VARCHAR, Type::one(ty.scalar), true);
    }
    let x = sql::column(parameter);
    let flat_map = |array: Expr, inner: Expr| {
        sql::call("flatten", vec![sql::call("transform", vec![array, sql::lambda(&[parameter], inner)])])
    };
    let last = segments.pop().unwrap_or(&[]);
    let mut array = base.sql;
    let mut is_array = base.phys.array;
    let mut is_json = false;
    for segment in segments {
        array =
            if is_array { flat_map(array, items(x.clone(), segment, is_json)) } else { items(array, segment, false) };
        is_array = true;
        is_json = true;
    }
    let element = if last.is_empty() && is_json {
        sql::coalesce(vec![scalar(x.clone(), &[]), json_text(x)])
    } else {
        leaf(x, last, ty, end)
    };
    mapped(array, parameter, element, Type::many(ty.scalar))
}

/// An array's items with a last step taken on each; items without a value are left out.
pub(super) fn mapped(items: Expr, parameter: &str, element: Expr, ty: Type) -> Typed {
    let values = sql::call("transform", vec![items.clone(), sql::lambda(&[parameter], element.clone())]);
    Typed {
        sql: without_nulls(values, parameter),
        phys: Phys::many(Kind::Varchar),
        ty,
        nullable: true,
        can_be_empty: true,
        elements: Some(Box::new(Elements { items, parameter: parameter.to_owned(), element })),
        letters: None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::binding::steps;
    use super::super::print::expression;
    use super::*;

    fn shown(path: &str, end: Leaf) -> String {
        let base = Typed::plain(sql::column("rp"), Phys::VARCHAR, true);
        let steps = steps(path).expect("a path");
        let ty = Type { scalar: Scalar::Unknown, multivalue: steps.contains(&Step::Each) };
        expression(&read(base, &steps, ty, end, "x").sql)
    }

    #[test]
    fn odd_keys_are_quoted_in_paths() {
        let key = |k: &str| Step::Key(k.to_owned());
        assert_eq!(path(&[key("a"), key("x-y"), Step::Index(2), key("q\"\\")]), r#"$.a["x-y"][2]["q\"\\"]"#);
    }

    #[test]
    fn scalars_are_extracted_as_text() {
        assert_eq!(shown(".a.b", Leaf::Field), "json_extract_scalar(rp, '$.a.b')");
        assert_eq!(
            shown(".a", Leaf::Any),
            "coalesce(json_extract_scalar(rp, '$.a'), nullif(json_format(json_extract(rp, '$.a')), 'null'))"
        );
    }

    #[test]
    fn each_takes_elements_or_the_thing_itself() {
        assert_eq!(
            shown(".a{}.b", Leaf::Field),
            "filter(transform(coalesce(TRY_CAST(json_extract(rp, '$.a') AS ARRAY(JSON)), \
             ARRAY[json_extract(rp, '$.a')]), x -> json_extract_scalar(x, '$.b')), x -> x IS NOT NULL)"
        );
    }

    #[test]
    fn nested_lists_are_flattened() {
        assert_eq!(
            shown("{}{}", Leaf::Field),
            "filter(transform(flatten(transform(coalesce(TRY_CAST(json_extract(rp, '$') AS ARRAY(JSON)), \
             ARRAY[json_extract(rp, '$')]), x -> coalesce(TRY_CAST(x AS ARRAY(JSON)), ARRAY[x]))), \
             x -> coalesce(json_extract_scalar(x, '$'), nullif(json_format(x), 'null'))), x -> x IS NOT NULL)"
        );
    }
}
