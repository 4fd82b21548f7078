//! Schemas: data files that bind a log source to its fields, and each field to each target.
//!
//! A schema names the *raw* fields of a source's records, the *calculated* fields that a Splunk add-on derives from
//! them (written in SPL's own evaluation language), and a section per target that says where a raw field is to be
//! read there. Everything is data: a user's file adds a schema, or replaces the one of the same id.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use serde::Deserialize;

use crate::ir::{Pattern, Piece, Scalar, Type};

/// One log source, read from `targets/sources/<id>.toml`.
#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    /// E.g. `cloudtrail`.
    pub id: Arc<str>,
    pub title: String,
    /// A search reads this source where one of these is among its conditions.
    pub select: Vec<Selector>,
    /// Whether records are JSON, so that any dotted path names a field.
    #[serde(default)]
    pub json: bool,
    /// The raw field that holds the event's time.
    pub time: String,
    /// Raw fields by their path in the record; `{}` after a name stands for each element of a list.
    pub fields: BTreeMap<String, Field>,
    /// Raw objects whose members are all fields of type `unknown`, e.g. `requestParameters`.
    #[serde(default)]
    pub open: Vec<String>,
    /// Names of metrics, for wildcards in `mstats`.
    #[serde(default)]
    pub metrics: Vec<String>,
    /// Calculated fields whose formula is the same in every profile: name to SPL eval expression. Expressions see raw fields only.
    #[serde(default)]
    pub calculated: BTreeMap<String, Calculated>,
    #[serde(default)]
    pub default_profile: Option<String>,
    /// Formulas that depend on the add-on's version.
    #[serde(default)]
    pub profiles: BTreeMap<String, Profile>,
    /// How events of this source are told from others where nothing else says it.
    #[serde(default)]
    pub recognise: Option<Recognise>,
    /// Sections per target, read by the targets themselves.
    #[serde(default)]
    pub target: BTreeMap<String, toml::Table>,
}

/// A condition of a search that chooses the source: `sourcetype`, `source`, `index`, `eventtype`, `tag` or `datamodel`, or
/// another field whose value tells the source; `data_source` is the name that the rule library gives it.
#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
pub struct Selector {
    pub field: String,
    /// Compared without case; data models with their dataset, e.g. `Change.All_Changes`. `*` stands for any text.
    pub value: String,
    /// A condition in SPL's `search` language that this choice adds: which of the source's events are meant
    /// (a dataset of a data model is a part of it). `$1` in it is the text that the value's `*` stands for.
    #[serde(default)]
    pub condition: Option<String>,
    /// Other schemas have this selector too, and all of them are read. Otherwise the schema added last has it alone.
    #[serde(default)]
    pub shared: bool,
}

impl Selector {
    /// Whether a search condition is this selector, and what it says of the events (`None`: nothing).
    fn matches(&self, field: &str, value: &str) -> Option<Option<String>> {
        if !self.field.eq_ignore_ascii_case(field) {
            return None;
        }
        let Some((before, after)) = self.value.split_once('*') else {
            return self.value.eq_ignore_ascii_case(value).then(|| self.condition.clone());
        };
        let middle = value.len().checked_sub(before.len() + after.len())?;
        let (start, rest) = value.split_at_checked(before.len())?;
        let (part, end) = rest.split_at_checked(middle)?;
        if !(start.eq_ignore_ascii_case(before) && end.eq_ignore_ascii_case(after)) {
            return None;
        }
        let part = part.replace('\\', "\\\\").replace('"', "\\\"");
        Some(self.condition.as_ref().map(|c| c.replace("$1", &part)))
    }
}

/// A source that a condition chooses.
#[derive(Clone, Debug)]
pub struct Chosen {
    pub schema: Arc<Schema>,
    /// Which of its events are meant, in SPL's `search` language; `None`: all.
    pub condition: Option<String>,
}

#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
pub struct Field {
    #[serde(rename = "type")]
    pub scalar: FieldType,
    /// Whether every record has it.
    #[serde(default)]
    pub required: bool,
    /// Whether it can have several values though its path goes through no list.
    #[serde(default)]
    pub multivalue: bool,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
pub enum FieldType {
    String,
    Integer,
    Double,
    Boolean,
    Time,
    Json,
    Unknown,
}

/// The formula of a calculated field. In TOML: a string, or a table with `eval` and `type`.
#[derive(Deserialize, Clone, Debug)]
#[serde(from = "CalculatedForm")]
pub struct Calculated {
    /// An SPL eval expression.
    pub eval: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum CalculatedForm {
    Short(String),
    Long { eval: String },
}

impl From<CalculatedForm> for Calculated {
    fn from(form: CalculatedForm) -> Self {
        match form {
            CalculatedForm::Short(eval) | CalculatedForm::Long { eval } => Self { eval },
        }
    }
}

/// What an event of the source looks like. An event is of the source where every condition here holds; a table without
/// conditions recognises nothing.
#[derive(Deserialize, Clone, PartialEq, Eq, Debug, Default)]
#[serde(deny_unknown_fields)]
pub struct Recognise {
    /// Paths that must all exist in the event.
    #[serde(default)]
    pub fields: Vec<String>,
    /// Paths with the value that each must have, compared without case; `*` stands for any text.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
    /// The member of a JSON document whose list holds the events, e.g. `Records`. Events may also come without it.
    #[serde(default)]
    pub records: Option<String>,
}

#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// One line: which add-on version it describes.
    pub summary: String,
    #[serde(default)]
    pub calculated: BTreeMap<String, Calculated>,
}

/// What a name means in a source.
#[derive(Clone, Debug)]
pub enum Resolved<'a> {
    /// A raw field, with the path under which targets know it.
    Raw {
        path: String,
        ty: Type,
        nullable: bool,
    },
    Calculated {
        formula: &'a Calculated,
        from_profile: bool,
    },
    /// Not in the schema. For JSON sources it can be read as a raw path all the same.
    Unknown,
}

impl Schema {
    /// Reads a schema file.
    ///
    /// # Errors
    /// The message of the TOML reader, and the byte range it concerns.
    pub fn parse(text: &str) -> Result<Schema, SchemaError> {
        let schema: Schema =
            toml::from_str(text).map_err(|e| SchemaError { message: e.message().to_owned(), range: e.span() })?;
        if let Some(profile) = &schema.default_profile
            && !schema.profiles.contains_key(profile)
        {
            return Err(SchemaError {
                message: format!("`default_profile` names `{profile}`, which is not among the profiles"),
                range: None,
            });
        }
        Ok(schema)
    }

    /// What a field name means under a profile. Calculated fields hide raw ones of the same name.
    pub fn resolve(&self, name: &str, profile: Option<&str>) -> Resolved<'_> {
        let profile = profile.or(self.default_profile.as_deref()).and_then(|p| self.profiles.get(p));
        if let Some(formula) = profile.and_then(|p| p.calculated.get(name)) {
            return Resolved::Calculated { formula, from_profile: true };
        }
        if let Some(formula) = self.calculated.get(name) {
            return Resolved::Calculated { formula, from_profile: false };
        }
        self.resolve_raw(name)
    }

    /// What a name means among the raw fields.
    pub fn resolve_raw(&self, name: &str) -> Resolved<'_> {
        if name == "_raw" {
            return Resolved::Raw { path: "_raw".to_owned(), ty: Type::STRING, nullable: false };
        }
        if name == "_time" {
            let nullable = self.fields.get(&self.time).is_none_or(|f| !f.required);
            return Resolved::Raw { path: "_time".to_owned(), ty: Type::TIME, nullable };
        }
        if let Some(field) = self.fields.get(name) {
            let ty = Type { scalar: field.scalar.into(), multivalue: field.multivalue || name.contains("{}") };
            return Resolved::Raw { path: name.to_owned(), ty, nullable: !field.required };
        }
        let under_open = self.open.iter().any(|root| {
            name.strip_prefix(root.as_str()).is_some_and(|rest| rest.starts_with('.') || rest.starts_with('{'))
        });
        if under_open {
            return Resolved::Raw { path: name.to_owned(), ty: raw_path_type(name), nullable: true };
        }
        Resolved::Unknown
    }

    /// Every name that the schema knows: raw fields, calculated fields, those of profiles.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.fields
            .keys()
            .chain(self.calculated.keys())
            .chain(self.profiles.values().flat_map(|p| p.calculated.keys()))
            .map(String::as_str)
    }

    /// A target's section, as the target reads it; `None` where the schema has none for it.
    ///
    /// # Errors
    /// The TOML reader's message where the section does not have the target's form.
    pub fn section<T: serde::de::DeserializeOwned>(&self, target: &str) -> Option<Result<T, String>> {
        let table = self.target.get(target)?;
        Some(T::deserialize(toml::Value::Table(table.clone())).map_err(|e| e.message().to_owned()))
    }
}

/// The type of a path that the schema does not list: extracted text, multivalue where the path goes through a list.
pub fn raw_path_type(path: &str) -> Type {
    Type { scalar: Scalar::Unknown, multivalue: path.contains("{}") }
}

impl From<FieldType> for Scalar {
    fn from(ty: FieldType) -> Self {
        match ty {
            FieldType::String => Scalar::String,
            FieldType::Integer => Scalar::Integer,
            FieldType::Double => Scalar::Double,
            FieldType::Boolean => Scalar::Boolean,
            FieldType::Time => Scalar::Time,
            FieldType::Json => Scalar::Json,
            FieldType::Unknown => Scalar::Unknown,
        }
    }
}

/// A schema file that can't be read.
#[derive(Debug, Clone)]
pub struct SchemaError {
    pub message: String,
    /// Bytes of the file.
    pub range: Option<std::ops::Range<usize>>,
}

/// The schemas of a compilation.
#[derive(Clone, Debug, Default)]
pub struct Schemas {
    schemas: Vec<Arc<Schema>>,
}

impl Schemas {
    /// The schemas that the program brings along. They are read once.
    pub fn builtin() -> Self {
        static SCHEMAS: OnceLock<Schemas> = OnceLock::new();
        let read = || {
            let mut schemas = Self::default();
            for (_, text) in BUILTIN {
                // A test holds that each of these parses.
                if let Ok(schema) = Schema::parse(text) {
                    schemas.add(schema);
                }
            }
            schemas
        };
        SCHEMAS.get_or_init(read).clone()
    }

    /// Adds a schema; one of the same id is replaced.
    pub fn add(&mut self, schema: Schema) {
        self.schemas.retain(|s| s.id != schema.id);
        self.schemas.push(Arc::new(schema));
    }

    pub fn get(&self, id: &str) -> Option<&Arc<Schema>> {
        self.schemas.iter().find(|s| &*s.id == id)
    }

    /// The schema of which a condition such as `sourcetype=aws:cloudtrail` chooses every event. A schema of which it
    /// chooses a part is not found here, so that the part is not taken for the whole: see [`Schemas::selector`].
    pub fn select(&self, field: &str, value: &str) -> Option<&Arc<Schema>> {
        self.selector(field, value).filter(|(_, selector)| selector.condition.is_none()).map(|(schema, _)| schema)
    }

    /// The schema that a condition chooses, and the selector, which may narrow it further. Schemas added later come first.
    pub fn selector(&self, field: &str, value: &str) -> Option<(&Arc<Schema>, &Selector)> {
        let hit = |x: &&Selector| x.field.eq_ignore_ascii_case(field) && x.value.eq_ignore_ascii_case(value);
        self.schemas.iter().rev().find_map(|s| s.select.iter().find(hit).map(|x| (s, x)))
    }

    /// The sources that a condition of a search chooses; `*` in its value stands for any text. A selector whose value has
    /// no `*` comes before one that has, and a longer one before a shorter one.
    pub fn choose(&self, field: &str, value: &str) -> Vec<Chosen> {
        if value.contains('*') {
            return self.choose_all(field, value);
        }
        let mut best: Vec<(usize, bool, Chosen)> = Vec::new();
        for schema in self.schemas.iter().rev() {
            for selector in &schema.select {
                let Some(condition) = selector.matches(field, value) else { continue };
                let length = if selector.value.contains('*') { selector.value.len() } else { usize::MAX };
                let longest = best.first().map_or(0, |(l, ..)| *l);
                if length > longest {
                    best.clear();
                }
                // A later schema has a selector alone, unless both say that they share it.
                let first = best.is_empty()
                    || best.iter().all(|(_, shared, c)| *shared && selector.shared || c.schema.id == schema.id);
                if length >= longest && first {
                    best.push((length, selector.shared, Chosen { schema: schema.clone(), condition }));
                }
            }
        }
        best.reverse();
        best.into_iter().map(|(.., chosen)| chosen).collect()
    }

    /// All sources of which some name matches a wildcard.
    fn choose_all(&self, field: &str, value: &str) -> Vec<Chosen> {
        let pattern = Pattern::new(value.split('*').enumerate().flat_map(|(i, text)| {
            let star = (i > 0).then_some(Piece::Any);
            star.into_iter().chain([Piece::Text(text.to_owned())])
        }));
        let mut chosen: Vec<Chosen> = Vec::new();
        for schema in &self.schemas {
            for selector in &schema.select {
                let condition = match selector.matches(field, value) {
                    Some(condition) => condition,
                    None if selector.field.eq_ignore_ascii_case(field) && pattern.matches(&selector.value, true) => {
                        selector.condition.clone().filter(|c| !c.contains("$1"))
                    }
                    None => continue,
                };
                chosen.push(Chosen { schema: schema.clone(), condition });
            }
        }
        chosen
    }

    pub fn iter(&self) -> impl Iterator<Item = &Arc<Schema>> {
        self.schemas.iter()
    }
}

/// File name and text of each schema that the program brings along.
pub const BUILTIN: &[(&str, &str)] = &[
    ("cloudtrail.toml", include_str!("../../targets/sources/cloudtrail.toml")),
    ("security_lake.toml", include_str!("../../targets/sources/security_lake.toml")),
    ("change.toml", include_str!("../../targets/sources/change.toml")),
    ("authentication.toml", include_str!("../../targets/sources/authentication.toml")),
    ("endpoint_processes.toml", include_str!("../../targets/sources/endpoint_processes.toml")),
    ("endpoint_filesystem.toml", include_str!("../../targets/sources/endpoint_filesystem.toml")),
    ("endpoint_registry.toml", include_str!("../../targets/sources/endpoint_registry.toml")),
    ("endpoint_services.toml", include_str!("../../targets/sources/endpoint_services.toml")),
    ("endpoint_ports.toml", include_str!("../../targets/sources/endpoint_ports.toml")),
    ("web.toml", include_str!("../../targets/sources/web.toml")),
    ("network_traffic.toml", include_str!("../../targets/sources/network_traffic.toml")),
    ("network_resolution.toml", include_str!("../../targets/sources/network_resolution.toml")),
    ("risk.toml", include_str!("../../targets/sources/risk.toml")),
    ("email.toml", include_str!("../../targets/sources/email.toml")),
    ("intrusion_detection.toml", include_str!("../../targets/sources/intrusion_detection.toml")),
    ("network_sessions.toml", include_str!("../../targets/sources/network_sessions.toml")),
    ("windows_sysmon.toml", include_str!("../../targets/sources/windows_sysmon.toml")),
    ("windows_security.toml", include_str!("../../targets/sources/windows_security.toml")),
    ("windows_system.toml", include_str!("../../targets/sources/windows_system.toml")),
    ("windows_application.toml", include_str!("../../targets/sources/windows_application.toml")),
    ("windows_powershell.toml", include_str!("../../targets/sources/windows_powershell.toml")),
    ("windows_defender.toml", include_str!("../../targets/sources/windows_defender.toml")),
    ("windows_event.toml", include_str!("../../targets/sources/windows_event.toml")),
    ("linux_auditd.toml", include_str!("../../targets/sources/linux_auditd.toml")),
    ("linux_secure.toml", include_str!("../../targets/sources/linux_secure.toml")),
    ("unix.toml", include_str!("../../targets/sources/unix.toml")),
    ("osquery.toml", include_str!("../../targets/sources/osquery.toml")),
    ("o365.toml", include_str!("../../targets/sources/o365.toml")),
    ("o365_graph.toml", include_str!("../../targets/sources/o365_graph.toml")),
    ("azure_ad.toml", include_str!("../../targets/sources/azure_ad.toml")),
    ("azure_activity.toml", include_str!("../../targets/sources/azure_activity.toml")),
    ("gcp_audit.toml", include_str!("../../targets/sources/gcp_audit.toml")),
    ("google_workspace.toml", include_str!("../../targets/sources/google_workspace.toml")),
    ("okta.toml", include_str!("../../targets/sources/okta.toml")),
    ("pingid.toml", include_str!("../../targets/sources/pingid.toml")),
    ("kubernetes_audit.toml", include_str!("../../targets/sources/kubernetes_audit.toml")),
    ("kubernetes_objects.toml", include_str!("../../targets/sources/kubernetes_objects.toml")),
    ("kubernetes_falco.toml", include_str!("../../targets/sources/kubernetes_falco.toml")),
    ("aws_vpcflow.toml", include_str!("../../targets/sources/aws_vpcflow.toml")),
    ("aws_securityhub.toml", include_str!("../../targets/sources/aws_securityhub.toml")),
    ("aws_s3_access.toml", include_str!("../../targets/sources/aws_s3_access.toml")),
    ("aws_config.toml", include_str!("../../targets/sources/aws_config.toml")),
    ("aws_cloudfront.toml", include_str!("../../targets/sources/aws_cloudfront.toml")),
    ("aws_cloudwatch.toml", include_str!("../../targets/sources/aws_cloudwatch.toml")),
    ("github.toml", include_str!("../../targets/sources/github.toml")),
    ("circleci.toml", include_str!("../../targets/sources/circleci.toml")),
    ("crowdstrike.toml", include_str!("../../targets/sources/crowdstrike.toml")),
    ("ms_defender_xdr.toml", include_str!("../../targets/sources/ms_defender_xdr.toml")),
    ("nginx.toml", include_str!("../../targets/sources/nginx.toml")),
    ("iis.toml", include_str!("../../targets/sources/iis.toml")),
    ("zscaler.toml", include_str!("../../targets/sources/zscaler.toml")),
    ("stream.toml", include_str!("../../targets/sources/stream.toml")),
    ("zeek.toml", include_str!("../../targets/sources/zeek.toml")),
    ("suricata.toml", include_str!("../../targets/sources/suricata.toml")),
    ("cisco_ios.toml", include_str!("../../targets/sources/cisco_ios.toml")),
    ("palo_alto.toml", include_str!("../../targets/sources/palo_alto.toml")),
    ("f5_bigip.toml", include_str!("../../targets/sources/f5_bigip.toml")),
    ("netbackup.toml", include_str!("../../targets/sources/netbackup.toml")),
    ("ivanti_vtm.toml", include_str!("../../targets/sources/ivanti_vtm.toml")),
    ("crushftp.toml", include_str!("../../targets/sources/crushftp.toml")),
    ("papercut.toml", include_str!("../../targets/sources/papercut.toml")),
    ("moveit.toml", include_str!("../../targets/sources/moveit.toml")),
    ("exchange_management.toml", include_str!("../../targets/sources/exchange_management.toml")),
    ("admon.toml", include_str!("../../targets/sources/admon.toml")),
    ("pwsh_inventory.toml", include_str!("../../targets/sources/pwsh_inventory.toml")),
    ("splunk_internal.toml", include_str!("../../targets/sources/splunk_internal.toml")),
    ("ms_sql.toml", include_str!("../../targets/sources/ms_sql.toml")),
    ("vmware_esxi.toml", include_str!("../../targets/sources/vmware_esxi.toml")),
    ("jamf.toml", include_str!("../../targets/sources/jamf.toml")),
    ("linux_syslog.toml", include_str!("../../targets/sources/linux_syslog.toml")),
    ("updates.toml", include_str!("../../targets/sources/updates.toml")),
    ("certificates.toml", include_str!("../../targets/sources/certificates.toml")),
    ("alerts.toml", include_str!("../../targets/sources/alerts.toml")),
    ("identity_management.toml", include_str!("../../targets/sources/identity_management.toml")),
    ("ueba.toml", include_str!("../../targets/sources/ueba.toml")),
    ("vulnerabilities.toml", include_str!("../../targets/sources/vulnerabilities.toml")),
    ("malware.toml", include_str!("../../targets/sources/malware.toml")),
    ("performance.toml", include_str!("../../targets/sources/performance.toml")),
    ("databases.toml", include_str!("../../targets/sources/databases.toml")),
    ("data_loss_prevention.toml", include_str!("../../targets/sources/data_loss_prevention.toml")),
    ("inventory.toml", include_str!("../../targets/sources/inventory.toml")),
    ("jvm.toml", include_str!("../../targets/sources/jvm.toml")),
    ("ticket_management.toml", include_str!("../../targets/sources/ticket_management.toml")),
    ("splunk_audit.toml", include_str!("../../targets/sources/splunk_audit.toml")),
    ("interprocess_messaging.toml", include_str!("../../targets/sources/interprocess_messaging.toml")),
    ("application_state.toml", include_str!("../../targets/sources/application_state.toml")),
    ("event_signatures.toml", include_str!("../../targets/sources/event_signatures.toml")),
    ("data_access.toml", include_str!("../../targets/sources/data_access.toml")),
    ("threat_intelligence.toml", include_str!("../../targets/sources/threat_intelligence.toml")),
    ("metrics.toml", include_str!("../../targets/sources/metrics.toml")),
    ("incident_management.toml", include_str!("../../targets/sources/incident_management.toml")),
];

#[cfg(test)]
mod tests;
