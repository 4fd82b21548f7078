//! `rulecast.toml`. Paths in it count from its own folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::Failure;
use super::args::{LevelArg, TargetArg, WindowArg};
use crate::source::SourceFile;

const NAME: &str = "rulecast.toml";

#[derive(Deserialize, Debug, Default, PartialEq)]
#[serde(deny_unknown_fields)]
pub(super) struct Config {
    pub(super) content: Option<PathBuf>,
    #[serde(default)]
    pub(super) schemas: Vec<PathBuf>,
    #[serde(default)]
    pub(super) targets: Vec<TargetArg>,
    pub(super) earliest: Option<String>,
    pub(super) latest: Option<String>,
    #[serde(default)]
    pub(super) all_time: bool,
    pub(super) window: Option<WindowArg>,
    /// Profile by schema id.
    #[serde(default)]
    pub(super) profiles: BTreeMap<String, String>,
    pub(super) insights_level: Option<LevelArg>,
    /// The database of tables that stand for lookups.
    pub(super) lookup_database: Option<String>,
    /// Rows up to which a lookup table is written into a query.
    pub(super) max_inline_lookup_rows: Option<usize>,
    /// Sourcetype of files of events, by a pattern of their paths.
    #[serde(default)]
    pub(super) events: BTreeMap<String, String>,
    /// Template file by target.
    #[serde(default)]
    pub(super) templates: BTreeMap<String, PathBuf>,
}

impl Config {
    /// Reads the given file, else the nearest `rulecast.toml` here or above, else nothing.
    pub(super) fn load(given: Option<&Path>) -> Result<Self, Failure> {
        let path = match given {
            Some(path) => Some(path.to_owned()),
            None => find(),
        };
        let Some(path) = path else { return Ok(Self::default()) };
        let bytes = std::fs::read(&path).map_err(|e| {
            Failure::new(format!("the configuration `{}` can't be read: {}", path.display(), super::input::reason(&e)))
        })?;
        let file = SourceFile::from_bytes(path.display().to_string(), bytes);
        let mut config = Self::parse(&file)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        for path in config.content.iter_mut().chain(&mut config.schemas).chain(config.templates.values_mut()) {
            *path = folder.join(&*path);
        }
        let patterns = std::mem::take(&mut config.events);
        config.events = patterns.into_iter().map(|(p, name)| (folder.join(p).display().to_string(), name)).collect();
        Ok(config)
    }

    fn parse(file: &SourceFile) -> Result<Self, Failure> {
        if let Some(at) = file.invalid_utf8() {
            return Err(Failure::new(format!(
                "{}:{}: the file is not valid UTF-8 here",
                file.path(),
                file.position(at)
            )));
        }
        let config: Self = toml::from_str(file.text()).map_err(|e| {
            let at = file.position(e.span().map_or(0, |s| u32::try_from(s.start).unwrap_or(u32::MAX)));
            Failure::new(format!("{}:{at}: {}", file.path(), e.message()))
        })?;
        if config.all_time && (config.earliest.is_some() || config.latest.is_some()) {
            return Err(Failure::new(format!(
                "{}: `all_time` and `earliest` or `latest` exclude each other",
                file.path()
            )));
        }
        Ok(config)
    }
}

fn find() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    let found = here.ancestors().map(|folder| folder.join(NAME)).find(|path| path.is_file())?;
    // Shown as people would write it where that is shorter.
    Some(found.strip_prefix(&here).map(Path::to_owned).unwrap_or(found))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse(&SourceFile::new(NAME, text)).map_err(|f| f.message)
    }

    #[test]
    fn every_key_is_read() {
        let config = parse(
            "content = 'c'\nschemas = ['s.toml']\ntargets = ['athena', 'sigma']\nearliest = '-1h'\nlatest = 'now'\n\
             window = 'literal'\ninsights_level = '2026'\n\
             lookup_database = 'd'\nmax_inline_lookup_rows = 50\n[events]\n'logs/*' = 'st'\n[profiles]\ncloudtrail = 'p'\n[templates]\nathena = 't.j2'\n",
        )
        .expect("a configuration");
        assert_eq!(config.targets, [TargetArg::Athena, TargetArg::Sigma]);
        assert_eq!((config.window, config.insights_level), (Some(WindowArg::Literal), Some(LevelArg::Y2026)));
        assert_eq!((config.lookup_database.as_deref(), config.max_inline_lookup_rows), (Some("d"), Some(50)));
        assert_eq!(config.profiles["cloudtrail"], "p");
        assert_eq!(config.events["logs/*"], "st");
        assert_eq!(config.templates["athena"], PathBuf::from("t.j2"));
    }

    #[test]
    fn unknown_keys_and_values_are_errors_with_their_line() {
        assert!(
            parse("content = 'c'\ncontents = 'd'\n")
                .is_err_and(|e| e.starts_with("rulecast.toml:2:1: unknown field `contents`"))
        );
        assert!(
            parse("\ntargets = ['splunk']\n")
                .is_err_and(|e| e.starts_with("rulecast.toml:2:12: unknown variant `splunk`"))
        );
    }

    #[test]
    fn all_time_and_a_window_exclude_each_other() {
        assert!(parse("all_time = true\nearliest = '-1h'\n").is_err());
    }
}
