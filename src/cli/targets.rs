//! `rulecast targets`: what there is to compile for, and which log sources are known.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;

use super::args::{Format, TargetsArgs};
use super::config::Config;
use super::console::Console;
use super::settings::schemas;
use super::{Failure, OK};
use crate::schema::{Schema, Schemas};
use crate::target::TARGETS;

#[derive(Serialize)]
struct Listing {
    targets: Vec<TargetLine>,
    schemas: Vec<SchemaLine>,
}

#[derive(Serialize)]
struct TargetLine {
    id: &'static str,
    summary: &'static str,
    extension: &'static str,
    /// The best fidelity that an output can have.
    best: &'static str,
}

#[derive(Serialize)]
struct SchemaLine {
    id: String,
    title: String,
    /// `field=value`, any of which selects the schema.
    select: Vec<String>,
    profiles: Vec<ProfileLine>,
    /// By target: the settings of its section that are single values, such as the table.
    targets: BTreeMap<String, BTreeMap<String, String>>,
}

#[derive(Serialize)]
struct ProfileLine {
    name: String,
    summary: String,
    default: bool,
}

pub(super) fn run(args: &TargetsArgs, console: &mut Console) -> Result<u8, Failure> {
    let config = Config::load(args.config.as_deref())?;
    let listing = listing(&schemas(config.schemas.iter().chain(&args.schemas))?);
    match args.format {
        Format::Json => {
            let text = serde_json::to_string(&listing)
                .map_err(|e| Failure::new(format!("the listing can't be written as JSON: {e}")))?;
            console.print(&(text + "\n"));
        }
        Format::Text => console.print(&text(&listing)),
    }
    Ok(OK)
}

fn listing(schemas: &Schemas) -> Listing {
    let targets = TARGETS
        .iter()
        .map(|t| TargetLine {
            id: t.id().name(),
            summary: t.summary(),
            extension: t.extension(),
            best: t.best().name(),
        })
        .collect();
    Listing { targets, schemas: schemas.iter().map(|s| schema_line(s)).collect() }
}

fn schema_line(schema: &Schema) -> SchemaLine {
    let is_default = |name: &String| schema.default_profile.as_ref() == Some(name);
    let profiles = schema
        .profiles
        .iter()
        .map(|(name, p)| ProfileLine { name: name.clone(), summary: p.summary.clone(), default: is_default(name) })
        .collect();
    SchemaLine {
        id: schema.id.to_string(),
        title: schema.title.clone(),
        select: schema.select.iter().map(|s| format!("{}={}", s.field, s.value)).collect(),
        profiles,
        targets: schema.target.iter().map(|(id, section)| (id.clone(), settings(section))).collect(),
    }
}

fn settings(section: &toml::Table) -> BTreeMap<String, String> {
    let single = |value: &toml::Value| match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(n) => Some(n.to_string()),
        toml::Value::Float(n) => Some(n.to_string()),
        toml::Value::Boolean(b) => Some(b.to_string()),
        toml::Value::Datetime(t) => Some(t.to_string()),
        toml::Value::Array(_) | toml::Value::Table(_) => None,
    };
    section.iter().filter_map(|(key, value)| Some((key.clone(), single(value)?))).collect()
}

fn text(listing: &Listing) -> String {
    let mut text = String::from("Targets\n");
    // Writing to a string can't fail.
    for t in &listing.targets {
        let _ = writeln!(text, "  {:<14} {} (.{}, at best {})", t.id, t.summary, t.extension, t.best);
    }
    text.push_str("\nSchemas: the log sources that rules can read, chosen by a condition of their search\n");
    for s in &listing.schemas {
        let _ = writeln!(text, "  {:<14} {}", s.id, s.title);
        let _ = writeln!(text, "    chosen by    {}", s.select.join(", "));
        for p in &s.profiles {
            let default = if p.default { " (default)" } else { "" };
            let _ = writeln!(text, "    profile      {}{default}: {}", p.name, p.summary);
        }
        for (target, settings) in &s.targets {
            let settings: Vec<String> = settings.iter().map(|(k, v)| format!("{k} {v}")).collect();
            let _ = writeln!(text, "    {target:<12} {}", settings.join(", "));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_is_listed_with_what_selects_it() {
        let schema = Schema::parse(
            "id = 'a'\ntitle = 'A log'\ntime = 't'\ndefault_profile = 'p'\nselect = [{ field = 'sourcetype', value = 'a:b' }]\n\
             [fields]\nt = { type = 'time' }\n[profiles.p]\nsummary = 'new'\n[profiles.q]\nsummary = 'old'\n\
             [target.athena]\ntable = 'logs'\n[target.athena.x]\ny = 1\n",
        )
        .unwrap_or_else(|e| panic!("{e:?}"));
        let listing = Listing { targets: Vec::new(), schemas: vec![schema_line(&schema)] };
        insta::assert_snapshot!(text(&listing), @r"
        Targets

        Schemas: the log sources that rules can read, chosen by a condition of their search
          a              A log
            chosen by    sourcetype=a:b
            profile      p (default): new
            profile      q: old
            athena       table logs
        ");
    }
}
