//! Command line and configuration together: what is compiled for, with which schemas and options.

use std::path::{Path, PathBuf};

use super::Failure;
use super::args::CommonArgs;
use super::config::Config;
use crate::compile::Compiler;
use crate::diagnostic::did_you_mean;
use crate::ir::{TimeBound, Window};
use crate::options::{Options, WindowStyle};
use crate::rule::Library;
use crate::schema::{Schema, Schemas};
use crate::source::SourceFile;
use crate::target::TargetId;
use crate::time;

/// The settings of a run.
pub(super) struct Settings {
    /// In the order of [`TargetId::ALL`], each once.
    pub(super) targets: Vec<TargetId>,
    pub(super) schemas: Schemas,
    pub(super) options: Options,
    pub(super) content: Option<PathBuf>,
    templates: Vec<(TargetId, String)>,
}

impl Settings {
    pub(super) fn new(args: &CommonArgs) -> Result<Self, Failure> {
        let config = Config::load(args.config.as_deref())?;
        let schemas = schemas(config.schemas.iter().chain(&args.schemas))?;
        let wanted = if args.targets.is_empty() { &config.targets } else { &args.targets };
        let wanted: Vec<TargetId> = wanted.iter().map(|t| TargetId::from(*t)).collect();
        let targets = TargetId::ALL.into_iter().filter(|t| wanted.is_empty() || wanted.contains(t)).collect();
        let content = args.content.clone().or_else(|| config.content.clone());
        if let Some(folder) = content.as_ref().filter(|f| !f.is_dir()) {
            return Err(Failure::new(format!("the content folder `{}` does not exist", folder.display()))
                .help("name the folder that has `macros`, `lookups` and `deployments` in it"));
        }
        let options = options(args, &config, &schemas)?;
        let settings = Self { targets, schemas, options, content, templates: templates(args, &config)? };
        // Templates are checked once, before any rule.
        settings.compiler(Library::default())?;
        Ok(settings)
    }

    /// A compiler over a content folder's definitions.
    pub(super) fn compiler(&self, library: Library) -> Result<Compiler, Failure> {
        let mut compiler = Compiler::new(library, self.schemas.clone(), self.options.clone());
        for (target, text) in &self.templates {
            compiler
                .set_template(*target, text.clone())
                .map_err(|e| Failure::new(format!("the template for {} is malformed: {e}", target.name())))?;
        }
        Ok(compiler)
    }
}

/// The schemas that the program brings along, and those of files.
pub(super) fn schemas<'a>(files: impl IntoIterator<Item = &'a PathBuf>) -> Result<Schemas, Failure> {
    let mut schemas = Schemas::builtin();
    for path in files {
        let file = SourceFile::new(path.display().to_string(), read_text(path, "schema")?);
        let schema = Schema::parse(file.text()).map_err(|e| {
            let at = file.position(e.range.map_or(0, |r| u32::try_from(r.start).unwrap_or(u32::MAX)));
            Failure::new(format!("{}:{at}: the schema is malformed: {}", file.path(), e.message))
        })?;
        schemas.add(schema);
    }
    Ok(schemas)
}

fn read_text(path: &Path, what: &str) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|e| {
        Failure::new(format!("the {what} `{}` can't be read: {}", path.display(), super::input::reason(&e)))
    })
}

fn templates(args: &CommonArgs, config: &Config) -> Result<Vec<(TargetId, String)>, Failure> {
    let mut files: Vec<(String, PathBuf)> = config.templates.clone().into_iter().collect();
    for template in &args.templates {
        let Some((target, path)) = template.split_once('=') else {
            return Err(Failure::new(format!("`--template {template}` names no file"))
                .help("write the target and the file, as in `--template athena=query.j2`"));
        };
        files.push((target.to_owned(), PathBuf::from(path)));
    }
    let mut templates = Vec::new();
    for (name, path) in files {
        let Some(target) = TargetId::parse(&name) else {
            let help = did_you_mean(&name, TargetId::ALL.map(TargetId::name));
            return Err(Failure::new(format!("there is no target `{name}` for a template"))
                .help(help.unwrap_or_else(|| "see `rulecast targets`".to_owned())));
        };
        templates.push((target, read_text(&path, "template")?));
    }
    Ok(templates)
}

fn options(args: &CommonArgs, config: &Config, schemas: &Schemas) -> Result<Options, Failure> {
    let from_args = args.all_time || args.earliest.is_some() || args.latest.is_some();
    let (all_time, earliest, latest) = if from_args {
        (args.all_time, &args.earliest, &args.latest)
    } else {
        (config.all_time, &config.earliest, &config.latest)
    };
    let bound = |text: &Option<String>, name: &str| text.as_deref().map(|t| bound(t, name)).transpose();
    let window = Window { earliest: bound(earliest, "earliest")?, latest: bound(latest, "latest")? };
    if let (Some(TimeBound::Absolute(from)), Some(TimeBound::Absolute(to))) = (&window.earliest, &window.latest)
        && from >= to
    {
        return Err(Failure::new("the time window is empty: `earliest` is not before `latest`"));
    }
    let mut options = Options {
        window,
        all_time,
        window_style: args.window.or(config.window).map(WindowStyle::from).unwrap_or_default(),
        insights_level: args.insights_level.or(config.insights_level).map(Into::into).unwrap_or_default(),
        lookup_database: args.lookup_database.clone().or_else(|| config.lookup_database.clone()),
        max_inline_lookup_rows: args.max_inline_lookup_rows.or(config.max_inline_lookup_rows),
        ..Options::default()
    };
    options.as_of = args.as_of.as_deref().map(|text| moment(text, "--as-of")).transpose()?;
    options.now = match &args.now {
        Some(text) => Some(now(text)?),
        None => (options.window_style == WindowStyle::Literal).then(|| options.as_of.unwrap_or_else(clock)),
    };
    for (schema, profile) in &config.profiles {
        add_profile(&mut options, schemas, Some(schema), profile)?;
    }
    for profile in &args.profiles {
        match profile.split_once('=') {
            Some((schema, name)) => add_profile(&mut options, schemas, Some(schema), name)?,
            None => add_profile(&mut options, schemas, None, profile)?,
        }
    }
    Ok(options)
}

fn bound(text: &str, name: &str) -> Result<TimeBound, Failure> {
    let text = text.trim();
    let absolute = time::parse_absolute(text).map(TimeBound::Absolute);
    let relative = || time::parse_relative(text).filter(|_| !text.is_empty()).map(TimeBound::Relative);
    absolute.or_else(relative).ok_or_else(|| {
        let help = if text == "0" {
            "`--all-time` reads everything"
        } else {
            "write an SPL time modifier (`-24h@h`, `now`) or a time (`2024-08-01T00:00:00Z`, `1722470400`)"
        };
        Failure::new(format!("`{text}` is no time for `{name}`")).help(help)
    })
}

pub(super) fn now(text: &str) -> Result<i64, Failure> {
    moment(text, "--now")
}

/// A moment, in seconds since the epoch.
fn moment(text: &str, option: &str) -> Result<i64, Failure> {
    if text.trim() == "now" {
        return Ok(clock());
    }
    time::parse_absolute(text).ok_or_else(|| {
        Failure::new(format!("`{text}` is no time for `{option}`"))
            .help("write a time such as `2024-08-01T00:00:00Z` or `1722470400`")
    })
}

/// Seconds since the epoch.
pub(super) fn clock() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// Chooses a profile for a schema, or for each schema that has it.
fn add_profile(options: &mut Options, schemas: &Schemas, schema: Option<&str>, name: &str) -> Result<(), Failure> {
    if let Some(id) = schema
        && schemas.get(id).is_none()
    {
        let help = did_you_mean(id, schemas.iter().map(|s| &*s.id));
        return Err(Failure::new(format!("there is no schema `{id}` for the profile `{name}`"))
            .help(help.unwrap_or_else(|| "see `rulecast targets`".to_owned())));
    }
    let candidates: Vec<_> = schemas.iter().filter(|s| schema.is_none_or(|id| &*s.id == id)).collect();
    let mut found = false;
    for schema in candidates.iter().filter(|s| s.profiles.contains_key(name)) {
        options.profiles.insert(schema.id.to_string(), name.to_owned());
        found = true;
    }
    if found {
        return Ok(());
    }
    let known: Vec<&str> = candidates.iter().flat_map(|s| s.profiles.keys()).map(String::as_str).collect();
    let of = schema.map_or_else(|| "no schema has".to_owned(), |id| format!("the schema `{id}` does not have"));
    Err(Failure::new(format!("{of} the profile `{name}`"))
        .help(did_you_mean(name, known).unwrap_or_else(|| "see `rulecast targets`".to_owned())))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::args::{Cli, Command};

    fn settings(args: &[&str]) -> Result<Options, String> {
        let cli = Cli::try_parse_from(["rulecast", "compile", "x.yml"].iter().chain(args)).expect("arguments");
        let Command::Compile(args) = cli.command else { panic!("not compile") };
        options(&args.common, &Config::default(), &Schemas::builtin()).map_err(|f| f.message)
    }

    #[test]
    fn windows_are_parsed() {
        let options = settings(&["--earliest", "-24h@h", "--latest", "2024-08-01"]).expect("options");
        assert!(matches!(options.window.earliest, Some(TimeBound::Relative(_))));
        assert_eq!(options.window.latest, Some(TimeBound::Absolute(1_722_470_400)));
        assert!(settings(&["--earliest", "yesterday"]).is_err());
        assert!(settings(&["--earliest", ""]).is_err());
        assert!(settings(&["--earliest", "2024-08-02", "--latest", "2024-08-01"]).is_err());
    }

    #[test]
    fn literal_windows_know_the_time() {
        assert_eq!(
            settings(&["--window", "literal", "--now", "1722470400"]).expect("options").now,
            Some(1_722_470_400)
        );
        assert!(settings(&["--window", "literal"]).expect("options").now.is_some());
        assert_eq!(settings(&[]).expect("options").now, None);
        assert!(settings(&["--now", "soon"]).is_err());
        let replay = settings(&["--window", "literal", "--as-of", "1722470400"]).expect("options");
        assert_eq!((replay.now, replay.as_of), (Some(1_722_470_400), Some(1_722_470_400)));
        assert!(settings(&["--as-of", "soon"]).is_err_and(|e| e.contains("`--as-of`")));
    }

    #[test]
    fn profiles_must_exist() {
        let schemas = Schemas::builtin();
        let schema = schemas.iter().find(|s| !s.profiles.is_empty()).expect("a schema with profiles");
        let name = schema.profiles.keys().next().expect("a profile").clone();
        let id = schema.id.to_string();
        assert_eq!(settings(&["--profile", &name]).expect("options").profiles.get(&id), Some(&name));
        assert_eq!(settings(&["--profile", &format!("{id}={name}")]).expect("options").profiles[&id], name);
        assert!(settings(&["--profile", "nonesuch"]).is_err_and(|e| e.contains("no schema has")));
        assert!(settings(&["--profile", "nonesuch=x"]).is_err_and(|e| e.contains("no schema `nonesuch`")));
    }

    #[test]
    fn the_command_line_wins_over_the_configuration() {
        let cli = Cli::try_parse_from(["rulecast", "compile", "x.yml", "--latest", "now"]).expect("arguments");
        let Command::Compile(args) = cli.command else { panic!("not compile") };
        let config = Config { all_time: true, ..Config::default() };
        let options = options(&args.common, &config, &Schemas::builtin()).unwrap_or_else(|f| panic!("{f:?}"));
        assert!(!options.all_time && options.window.latest.is_some());
    }
}
