//! The table of functions, `targets/athena/functions.toml`: templates that are parsed once and filled as trees.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;
use sqlparser::ast::{Expr, Ident, SelectItem, SetExpr, Value};

use super::{dialect, sql};

/// As what an argument is read, or what a function gives.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
pub(super) enum ArgumentType {
    Text,
    Integer,
    Double,
    /// An integer or a double.
    Number,
    Boolean,
    Time,
    /// A multivalue field of texts.
    Texts,
    Any,
    /// What the first argument is.
    Same,
}

/// A function for one number of arguments.
#[derive(Clone, Debug)]
pub(super) struct Template {
    sql: Expr,
    pub(super) takes: Vec<ArgumentType>,
    pub(super) gives: ArgumentType,
    /// NULL also where no argument is.
    pub(super) nullable: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Forms {
    One(Form),
    Several(Vec<Form>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    sql: String,
    takes: Vec<ArgumentType>,
    gives: ArgumentType,
    #[serde(default)]
    nullable: bool,
}

/// The forms of each function.
pub(super) type Functions = BTreeMap<String, Vec<Template>>;

/// The table that the program brings along. A test holds that it parses; without that it would be empty.
pub(super) fn functions() -> &'static Functions {
    static TABLE: OnceLock<Functions> = OnceLock::new();
    TABLE.get_or_init(|| parse(include_str!("../../../targets/athena/functions.toml")).unwrap_or_default())
}

fn parse(text: &str) -> Result<Functions, String> {
    let forms: BTreeMap<String, Forms> = toml::from_str(text).map_err(|e| e.to_string())?;
    forms
        .into_iter()
        .map(|(name, forms)| {
            let forms = match forms {
                Forms::One(form) => vec![form],
                Forms::Several(forms) => forms,
            };
            let templates = forms.into_iter().map(|f| template(f).map_err(|e| format!("`{name}`: {e}")));
            Ok((name.clone(), templates.collect::<Result<_, _>>()?))
        })
        .collect()
}

fn template(form: Form) -> Result<Template, String> {
    let query = dialect::parse(&format!("SELECT {}", form.sql)).map_err(|e| e.to_string())?;
    let SetExpr::Select(select) = *query.body else { return Err("not an expression".to_owned()) };
    let mut items = select.projection.into_iter();
    let (Some(SelectItem::UnnamedExpr(sql)), None) = (items.next(), items.next()) else {
        return Err("not one expression".to_owned());
    };
    let mut bad = None;
    sql::walk(&sql, &mut |e| {
        if let Some(n) = placeholder(e)
            && n >= form.takes.len()
        {
            bad = Some(format!("no argument `:{n}`"));
        }
    });
    match bad {
        Some(message) => Err(message),
        None => Ok(Template { sql, takes: form.takes, gives: form.gives, nullable: form.nullable }),
    }
}

fn placeholder(e: &Expr) -> Option<usize> {
    match e {
        Expr::Value(v) => match &v.value {
            Value::Placeholder(name) => name.strip_prefix(':')?.parse().ok(),
            _ => None,
        },
        _ => None,
    }
}

impl Template {
    /// The template with its arguments. Lambda parameters of the template take the given name.
    pub(super) fn fill(&self, args: &[Expr], parameter: &str) -> Expr {
        let mut out = self.sql.clone();
        rename(&mut out, parameter);
        fill(&mut out, args);
        out
    }
}

fn fill(e: &mut Expr, args: &[Expr]) {
    if let Expr::Nested(inner) = e
        && let Some(arg) = placeholder(inner).and_then(|n| args.get(n))
    {
        // Parentheses of the template stand for "where needed".
        *e = if sql::is_atom(arg) { arg.clone() } else { Expr::Nested(Box::new(arg.clone())) };
        return;
    }
    if let Some(arg) = placeholder(e).and_then(|n| args.get(n)) {
        *e = arg.clone();
        return;
    }
    for child in sql::children_mut(e) {
        fill(child, args);
    }
}

/// Renames the template's one lambda parameter, `v`.
fn rename(e: &mut Expr, parameter: &str) {
    match e {
        Expr::Identifier(i) if i.value == "v" => *i = Ident::new(parameter),
        Expr::Lambda(l) => {
            for p in l.params.iter().map(|p| p.name.value.clone()).collect::<Vec<_>>() {
                if p == "v" {
                    l.params = sqlparser::ast::OneOrManyWithParens::One(sqlparser::ast::LambdaFunctionParameter {
                        name: Ident::new(parameter),
                        data_type: None,
                    });
                }
            }
        }
        _ => {}
    }
    for child in sql::children_mut(e) {
        rename(child, parameter);
    }
}

#[cfg(test)]
mod tests {
    use super::super::print::expression;
    use super::*;

    #[test]
    fn the_table_parses() {
        let table = parse(include_str!("../../../targets/athena/functions.toml"));
        assert!(table.as_ref().is_ok_and(|t| t.len() > 20), "{:?}", table.err());
    }

    #[test]
    fn templates_are_filled_as_trees() {
        let table = parse("like = { sql = \"(:0) LIKE (:1)\", takes = [\"text\", \"text\"], gives = \"boolean\" }")
            .expect("a table");
        let args = [sql::concat(vec![sql::column("a"), sql::column("b")]), sql::string("x' OR 1=1")];
        assert_eq!(expression(&table["like"][0].fill(&args, "x")), "(a || b) LIKE 'x'' OR 1=1'");
    }

    #[test]
    fn lambda_parameters_are_renamed() {
        let table =
            parse("f = { sql = \"filter(:0, v -> v <> :1)\", takes = [\"texts\", \"text\"], gives = \"texts\" }")
                .expect("a table");
        assert_eq!(
            expression(&table["f"][0].fill(&[sql::column("a"), sql::column("v")], "y")),
            "filter(a, y -> y <> v)"
        );
    }

    #[test]
    fn unknown_arguments_are_refused() {
        assert!(parse("f = { sql = \"g(:1)\", takes = [\"text\"], gives = \"text\" }").is_err());
        assert!(parse("f = { sql = \"g(:0), 1\", takes = [\"text\"], gives = \"text\" }").is_err());
    }
}
