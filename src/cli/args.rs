//! Arguments and help texts.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use serde::Deserialize;

use crate::options::{InsightsLevel, WindowStyle};
use crate::target::TargetId;

const EXIT_STATUS: &str = "\
Exit status:
  0  every rule was compiled for every target
  1  at least one rule is unsupported by a target, or invalid (with --strict also: approximate)
  2  wrong usage, or an input that can't be read";

const COVERAGE_STATUS: &str = "\
Exit status:
  0  the document was written, or --check found it up to date
  1  --check found it stale
  2  wrong usage, or an input that can't be read";

const EXAMPLES: &str = "\
Examples:
  rulecast compile rules/                              each rule for each target, to standard output
  rulecast compile rules/ --target athena --out sql/   one file per rule
  rulecast compile 'detections/cloud/aws_*.yml' --format json | jq .fidelity
  rulecast compile - --earliest -24h@h --latest now < rule.yml

Each output has a fidelity:
  exact        the same rows as in Splunk
  events       the same events, in rows of another shape
  approximate  rows can differ; every difference is reported
  unsupported  the target can't say it: no query, and a diagnostic that says why
  invalid      the rule itself is broken";

const RUN_STATUS: &str = "\
Exit status:
  0  every rule was run, and every record was read
  1  a rule could not be run to its end, or a record could not be read
  2  wrong usage, or an input that can't be read
  3  with --fail-on-hits: as 0, and there are rows";

const RUN_EXAMPLES: &str = "\
Examples:
  rulecast run rule.yml --events logs/                     the rows of one rule
  rulecast run --all rules/ --events logs/ --format json   hunting: all rules in one pass
  zcat big.json.gz | rulecast run rule.yml --events -
  rulecast run rule.yml --events vpn.csv --sourcetype vpn:log --schema vpn.toml

Events are JSON (a record per line, lists, {\"Records\": [...]}, or values in any layout) or tables with a header (*.csv), each also
compressed with gzip. In folders, files that end in json, jsonl, ndjson, log, csv or gz are read.";

const TEST_STATUS: &str = "\
Exit status:
  0  no test failed
  1  a test failed
  2  wrong usage, or an input that can't be read";

const TEST_EXAMPLES: &str = "\
Examples:
  rulecast test rules/
  rulecast test detections/ --data-map https://media.githubusercontent.com/media/splunk/attack_data/master=attack_data
  rulecast test rules/ --format junit > results.xml";

/// Compiles Splunk detection rules to Amazon Athena SQL, CloudWatch Logs Insights and Sigma: the same rows, or a precise
/// reason why not.
#[derive(Parser, Debug)]
#[command(name = "rulecast", version, after_help = EXIT_STATUS, max_term_width = 110)]
pub(super) struct Cli {
    /// When to colour diagnostics; `auto` looks at the terminal, NO_COLOR and CLICOLOR_FORCE
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(super) color: Color,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Subcommand, Debug)]
pub(super) enum Command {
    /// Compile rules and print or write their queries
    #[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{EXIT_STATUS}"))]
    Compile(CompileArgs),
    /// Compile rules and show only what is wrong with them, or lost
    #[command(after_help = EXIT_STATUS)]
    Check(CheckArgs),
    /// Compile a rule library for all targets and write what was reached as a Markdown document
    #[command(after_help = COVERAGE_STATUS)]
    Coverage(CoverageArgs),
    /// Run rules over files of events and print the rows, as Splunk would
    #[command(after_help = RUN_EXAMPLES, after_long_help = format!("{RUN_EXAMPLES}\n\n{RUN_STATUS}"))]
    Run(RunArgs),
    /// Run the tests that rules declare
    #[command(after_help = TEST_EXAMPLES, after_long_help = format!("{TEST_EXAMPLES}\n\n{TEST_STATUS}"))]
    Test(TestArgs),
    /// List the targets, and the schemas with what selects them, their tables and profiles
    Targets(TargetsArgs),
}

#[derive(Args, Debug)]
pub(super) struct CompileArgs {
    #[command(flatten)]
    pub(super) common: CommonArgs,
    /// Write each query to a file in this folder, named after its rule
    ///
    /// The folder is created. Files are replaced as a whole and only where they change; nothing is written where there
    /// is no query, and older files stay.
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// What to print: the queries, the intermediate representation, the columns behind each of its operators, the syntax
    /// tree of the search, or the search itself in canonical SPL, its macros expanded
    #[arg(long, value_name = "WHAT", default_value = "query")]
    pub(super) emit: Emit,
}

#[derive(Args, Debug)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    pub(super) common: CommonArgs,
}

#[derive(Args, Debug)]
pub(super) struct CoverageArgs {
    /// A rule library: a folder with rules below it
    #[arg(value_name = "CONTENT")]
    content: PathBuf,
    /// Show in detail only rules whose files mention one of these words, with commas between them; case does not matter
    #[arg(long, value_name = "WORDS", value_delimiter = ',')]
    pub(super) mentions: Vec<String>,
    /// Write the document to this file [default: standard output]
    #[arg(long, value_name = "FILE", conflicts_with = "check")]
    pub(super) out: Option<PathBuf>,
    /// Compare the document with this file, and fail where it differs
    #[arg(long, value_name = "FILE")]
    pub(super) check: Option<PathBuf>,
    /// A schema file: adds a log source, or replaces the one of the same id
    #[arg(long = "schema", value_name = "FILE")]
    schemas: Vec<PathBuf>,
    /// The configuration file [default: rulecast.toml here or in a folder above]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl CoverageArgs {
    /// The settings of a plain `compile` of the library.
    pub(super) fn common(&self) -> CommonArgs {
        CommonArgs {
            paths: vec![self.content.clone()],
            targets: Vec::new(),
            format: Format::Text,
            schemas: self.schemas.clone(),
            content: None,
            templates: Vec::new(),
            earliest: None,
            latest: None,
            all_time: false,
            window: None,
            now: None,
            as_of: None,
            profiles: Vec::new(),
            insights_level: None,
            lookup_database: None,
            max_inline_lookup_rows: None,
            config: self.config.clone(),
            strict: false,
            jobs: None,
        }
    }
}

#[derive(Args, Debug)]
pub(super) struct TargetsArgs {
    /// Text for people, or one JSON object
    #[arg(long, default_value = "text")]
    pub(super) format: Format,
    /// A schema file: adds a log source, or replaces the one of the same id
    #[arg(long = "schema", value_name = "FILE")]
    pub(super) schemas: Vec<PathBuf>,
    /// The configuration file [default: rulecast.toml here or in a folder above]
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(super) struct RunArgs {
    /// Rule files, folders, patterns such as 'rules/**/aws_*.yml', or `-` for standard input
    #[arg(required_unless_present = "all", value_name = "RULES")]
    rules: Vec<PathBuf>,
    /// A folder of rules, all of which are run in the same pass over the events
    #[arg(long, value_name = "DIR")]
    all: Vec<PathBuf>,
    /// Files of events, folders, or `-` for standard input
    #[arg(long, value_name = "PATHS", required = true, num_args = 1..)]
    pub(super) events: Vec<PathBuf>,
    /// How rows are printed
    ///
    /// `json`: an object per row and line. Multivalue fields are lists, fields without a value are left out; with several rules,
    /// `_rule` names the rule. `csv`: the values of a multivalue field have line breaks between them.
    #[arg(long, default_value = "table")]
    pub(super) format: RowFormat,
    /// The sourcetype of all events; also a source, a data model or a schema's id
    ///
    /// Without it, `[events]` in the configuration, the records' own `source` and `sourcetype`, or what they look like
    /// say which schema reads them.
    #[arg(long, value_name = "NAME")]
    pub(super) sourcetype: Option<String>,
    /// Begin of the time window: an SPL time modifier (-24h@h) or a time (2024-08-01T00:00:00Z, 1722470400) [default: all time]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    earliest: Option<String>,
    /// End of the time window, exclusive: an SPL time modifier (now, -5m@m) or a time
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    latest: Option<String>,
    /// Exit with status 3 where a rule has rows
    #[arg(long)]
    pub(super) fail_on_hits: bool,
    #[command(flatten)]
    pub(super) evaluation: EvaluationArgs,
}

#[derive(Args, Debug)]
pub(super) struct TestArgs {
    /// Rule files, folders, or patterns
    #[arg(default_value = ".", value_name = "PATHS")]
    paths: Vec<PathBuf>,
    /// Text for people, a JSON object per test and line, or JUnit's XML
    #[arg(long, default_value = "text")]
    pub(super) format: TestFormat,
    /// Where data sets are on this machine: those whose URL begins so are read from the folder
    #[arg(long = "data-map", value_name = "URL_PREFIX=DIR")]
    pub(super) data_maps: Vec<String>,
    #[command(flatten)]
    pub(super) evaluation: EvaluationArgs,
}

/// What `run` and `test` have in common.
#[derive(Args, Debug)]
pub(super) struct EvaluationArgs {
    /// The moment of the search, for relative times and `now()` [default: now]
    #[arg(long, value_name = "TIME")]
    pub(super) now: Option<String>,
    /// A schema file: adds a log source, or replaces the one of the same id
    #[arg(long = "schema", value_name = "FILE")]
    schemas: Vec<PathBuf>,
    /// The folder of macros, lookups and deployments
    ///
    /// Without it, each rule uses the nearest folder above it that has a subfolder `macros`, `lookups` or `deployments`.
    #[arg(long, value_name = "DIR")]
    content: Option<PathBuf>,
    /// A profile of field meanings, for one schema or for each that has it; see `rulecast targets`
    #[arg(long = "profile", value_name = "SCHEMA=NAME|NAME")]
    profiles: Vec<String>,
    /// The configuration file [default: rulecast.toml here or in a folder above]
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// How many rows an operation of a rule may hold in memory
    #[arg(long, value_name = "N")]
    pub(super) limit_rows: Option<usize>,
    /// How many threads work at the same time [default: one per processor]
    #[arg(long, value_name = "N")]
    pub(super) jobs: Option<std::num::NonZeroUsize>,
}

impl EvaluationArgs {
    /// The settings of the compilation before: as of `compile`, for no target, over all time unless a window is given.
    fn common(&self, paths: Vec<PathBuf>, earliest: Option<&String>, latest: Option<&String>) -> CommonArgs {
        CommonArgs {
            paths,
            targets: Vec::new(),
            format: Format::Text,
            schemas: self.schemas.clone(),
            content: self.content.clone(),
            templates: Vec::new(),
            earliest: earliest.cloned(),
            latest: latest.cloned(),
            all_time: earliest.is_none() && latest.is_none(),
            window: None,
            now: self.now.clone(),
            as_of: None,
            profiles: self.profiles.clone(),
            insights_level: None,
            lookup_database: None,
            max_inline_lookup_rows: None,
            config: self.config.clone(),
            strict: false,
            jobs: self.jobs,
        }
    }
}

impl RunArgs {
    pub(super) fn common(&self) -> CommonArgs {
        let paths = self.rules.iter().chain(&self.all).cloned().collect();
        self.evaluation.common(paths, self.earliest.as_ref(), self.latest.as_ref())
    }
}

impl TestArgs {
    pub(super) fn common(&self) -> CommonArgs {
        self.evaluation.common(self.paths.clone(), None, None)
    }
}

/// What `compile` and `check` have in common.
#[derive(Args, Debug)]
pub(super) struct CommonArgs {
    /// Rule files, folders, patterns such as 'rules/**/aws_*.yml', or `-` for standard input
    ///
    /// Folders are searched for *.yml and *.yaml; hidden files and the content folders (macros, lookups, deployments and
    /// the like) are skipped.
    #[arg(required = true, value_name = "PATHS")]
    pub(super) paths: Vec<PathBuf>,
    /// Targets, with commas between them [default: all]
    #[arg(long = "target", value_name = "TARGETS", value_delimiter = ',')]
    pub(super) targets: Vec<TargetArg>,
    /// Text for people, or a JSON object per rule and target, one per line
    #[arg(long, default_value = "text")]
    pub(super) format: Format,
    /// A schema file: adds a log source, or replaces the one of the same id
    #[arg(long = "schema", value_name = "FILE")]
    pub(super) schemas: Vec<PathBuf>,
    /// The folder of macros, lookups and deployments
    ///
    /// Without it, each rule uses the nearest folder above it that has a subfolder `macros`, `lookups` or `deployments`.
    #[arg(long, value_name = "DIR")]
    pub(super) content: Option<PathBuf>,
    /// A template for the text around the queries of a target, e.g. `athena=query.j2`
    #[arg(long = "template", value_name = "TARGET=FILE")]
    pub(super) templates: Vec<String>,
    /// Begin of the time window: an SPL time modifier (-24h@h) or a time (2024-08-01T00:00:00Z, 1722470400)
    ///
    /// Without --earliest and --latest, the schedule in the content folder's deployments decides.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, conflicts_with = "all_time")]
    pub(super) earliest: Option<String>,
    /// End of the time window, exclusive: an SPL time modifier (now, -5m@m) or a time
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, conflicts_with = "all_time")]
    pub(super) latest: Option<String>,
    /// Allow queries over all time: they read the whole table
    #[arg(long)]
    pub(super) all_time: bool,
    /// How the window is written: relative to the query's run, as literal times, or as parameters to be filled
    #[arg(long, value_name = "STYLE")]
    pub(super) window: Option<WindowArg>,
    /// The moment that literal times are computed from [default: now]
    #[arg(long, value_name = "TIME")]
    pub(super) now: Option<String>,
    /// Replay the search as of a moment: it stands in the queries instead of the engine's clock
    #[arg(long, value_name = "TIME")]
    pub(super) as_of: Option<String>,
    /// A profile of field meanings, for one schema or for each that has it; see `rulecast targets`
    #[arg(long = "profile", value_name = "SCHEMA=NAME|NAME")]
    pub(super) profiles: Vec<String>,
    /// Language level of Logs Insights: `core` runs in every Region
    #[arg(long, value_name = "LEVEL")]
    pub(super) insights_level: Option<LevelArg>,
    /// The database of tables that stand for lookups whose rows are not in the content folder (Athena)
    #[arg(long, value_name = "NAME")]
    pub(super) lookup_database: Option<String>,
    /// Rows up to which a lookup table is written into a query; a larger one is a table in Athena
    #[arg(long, value_name = "N")]
    pub(super) max_inline_lookup_rows: Option<usize>,
    /// The configuration file [default: rulecast.toml here or in a folder above]
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Treat approximate outputs as failures
    #[arg(long)]
    pub(super) strict: bool,
    /// How many rules are compiled at the same time [default: one per processor]
    #[arg(long, value_name = "N")]
    pub(super) jobs: Option<std::num::NonZeroUsize>,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Color {
    Auto,
    Always,
    Never,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Format {
    Text,
    Json,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum RowFormat {
    Table,
    Json,
    Csv,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum TestFormat {
    Text,
    Json,
    Junit,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Emit {
    Query,
    Ir,
    Types,
    Ast,
    Spl,
}

#[derive(ValueEnum, Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
pub(super) enum TargetArg {
    Athena,
    Cloudwatch,
    Sigma,
}

impl From<TargetArg> for TargetId {
    fn from(target: TargetArg) -> Self {
        match target {
            TargetArg::Athena => TargetId::Athena,
            TargetArg::Cloudwatch => TargetId::Cloudwatch,
            TargetArg::Sigma => TargetId::Sigma,
        }
    }
}

#[derive(ValueEnum, Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
pub(super) enum WindowArg {
    Relative,
    Literal,
    Parameter,
}

impl From<WindowArg> for WindowStyle {
    fn from(style: WindowArg) -> Self {
        match style {
            WindowArg::Relative => WindowStyle::Relative,
            WindowArg::Literal => WindowStyle::Literal,
            WindowArg::Parameter => WindowStyle::Parameter,
        }
    }
}

#[derive(ValueEnum, Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum LevelArg {
    #[serde(rename = "core")]
    Core,
    #[value(name = "2026")]
    #[serde(rename = "2026")]
    Y2026,
}

impl From<LevelArg> for InsightsLevel {
    fn from(level: LevelArg) -> Self {
        match level {
            LevelArg::Core => InsightsLevel::Core,
            LevelArg::Y2026 => InsightsLevel::Y2026,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn times_may_begin_with_a_hyphen() {
        let cli = Cli::try_parse_from(["rulecast", "compile", "x.yml", "--earliest", "-24h@h", "--latest", "-5m"]);
        assert!(cli.is_ok(), "{cli:?}");
    }

    #[test]
    fn paths_are_required() {
        assert!(Cli::try_parse_from(["rulecast", "compile"]).is_err());
        assert!(Cli::try_parse_from(["rulecast", "run", "--events", "e"]).is_err());
        assert!(Cli::try_parse_from(["rulecast", "run", "x.yml"]).is_err());
        assert!(Cli::try_parse_from(["rulecast", "run", "--all", "rules", "--events", "e", "f"]).is_ok());
        assert!(Cli::try_parse_from(["rulecast", "test"]).is_ok());
    }
}
