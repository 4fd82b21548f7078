use super::*;
use crate::ir::Scalar;

fn builtin(id: &str) -> Schema {
    let schemas = Schemas::builtin();
    Schema::clone(schemas.get(id).expect("a schema of the program"))
}

/// Each formula of a schema, with where it stands.
fn formulas(schema: &Schema) -> Vec<(String, &str)> {
    let own = schema.calculated.iter().map(|(name, c)| (format!("{}: {name}", schema.id), c.eval.as_str()));
    let profiles = schema.profiles.iter().flat_map(|(profile, p)| {
        p.calculated.iter().map(move |(name, c)| (format!("{} {profile}: {name}", schema.id), c.eval.as_str()))
    });
    own.chain(profiles).collect()
}

/// The names that an eval expression reads, found without the front end: what stands in single quotes, and bare words
/// that are neither operators nor followed by `(`. The second result says whether quotes and parentheses match.
fn names_read(eval: &str) -> (Vec<String>, bool) {
    let (mut names, mut depth, mut sound) = (Vec::new(), 0i32, true);
    let mut rest = eval;
    while let Some(c) = rest.chars().next() {
        if c == '"' || c == '\'' {
            let Some(end) = rest[1..].find(c) else { return (names, false) };
            if c == '\'' {
                names.push(rest[1..=end].to_owned());
            }
            rest = &rest[end + 2..];
        } else if c.is_ascii_alphabetic() || c == '_' {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            if !after.starts_with('(') && !matches!(word, "AND" | "OR" | "NOT") {
                names.push(word.to_owned());
            }
            rest = after;
        } else {
            depth += i32::from(c == '(') - i32::from(c == ')');
            sound &= depth >= 0;
            rest = &rest[c.len_utf8()..];
        }
    }
    (names, sound && depth == 0)
}

#[test]
fn builtin_schemas_parse() {
    for (name, text) in BUILTIN {
        if let Err(e) = Schema::parse(text) {
            panic!("{name}: {} at {:?}", e.message, e.range);
        }
    }
    assert_eq!(Schemas::builtin().iter().count(), BUILTIN.len());
}

#[test]
fn formulas_read_only_raw_fields_of_their_schema() {
    for schema in Schemas::builtin().iter() {
        for (place, eval) in formulas(schema) {
            let (names, sound) = names_read(eval);
            assert!(sound, "{place}: quotes or parentheses do not match in {eval}");
            for name in names {
                assert!(!matches!(schema.resolve_raw(&name), Resolved::Unknown), "{place} reads `{name}`");
            }
        }
    }
}

#[test]
fn the_time_field_is_listed_and_required() {
    for schema in Schemas::builtin().iter() {
        assert!(schema.fields.get(&schema.time).is_some_and(|f| f.required), "{}", schema.id);
        assert!(matches!(schema.resolve_raw("_time"), Resolved::Raw { ty: Type::TIME, nullable: false, .. }));
    }
}

#[test]
fn open_objects_are_fields_of_type_json() {
    for schema in Schemas::builtin().iter() {
        for root in schema.open.iter().filter(|root| !root.contains('.')) {
            assert!(schema.fields.get(root).is_some_and(|f| f.scalar == FieldType::Json), "{}: {root}", schema.id);
        }
    }
}

#[test]
fn no_condition_chooses_two_schemas_unless_they_share_it() {
    let mut seen = std::collections::BTreeSet::new();
    for schema in Schemas::builtin().iter() {
        for x in schema.select.iter().filter(|x| !x.shared) {
            let condition = (x.field.to_lowercase(), x.value.to_lowercase());
            assert!(seen.insert(condition), "{}: {}={}", schema.id, x.field, x.value);
        }
    }
}

#[test]
fn sources_are_selected_by_any_of_their_names_without_case() {
    let schemas = Schemas::builtin();
    let id = |field, value| schemas.select(field, value).map(|s| s.id.to_string());
    assert_eq!(id("sourcetype", "aws:cloudtrail").as_deref(), Some("cloudtrail"));
    assert_eq!(id("sourcetype", "aws:cloudtrail:lake").as_deref(), Some("security_lake"));
    assert_eq!(id("sourcetype", "AWS:ASL").as_deref(), Some("security_lake"));
    assert_eq!(id("datamodel", "Change").as_deref(), Some("change"));
    assert_eq!(id("datamodel", "Authentication.Authentication").as_deref(), Some("authentication"));
    assert_eq!(id("sourcetype", "acme:vpn"), None);
}

/// Schemas and conditions that a selector chooses.
fn chosen(field: &str, value: &str) -> Vec<(String, Option<String>)> {
    let chosen = Schemas::builtin().choose(field, value);
    chosen.into_iter().map(|c| (c.schema.id.to_string(), c.condition)).collect()
}

fn ids(field: &str, value: &str) -> Vec<String> {
    chosen(field, value).into_iter().map(|(id, _)| id).collect()
}

#[test]
fn a_channel_of_windows_without_a_schema_of_its_own_is_a_part_of_the_others() {
    assert_eq!(chosen("source", "xmlwineventlog:security"), [("windows_security".to_owned(), None)]);
    let condition = |text: &str| Some(text.to_owned());
    assert_eq!(
        chosen("source", "XmlWinEventLog:Microsoft-Windows-CAPI2/Operational"),
        [("windows_event".to_owned(), condition("Channel=\"Microsoft-Windows-CAPI2/Operational\""))]
    );
    assert_eq!(
        chosen("source", "WinEventLog:Microsoft-Windows-AppLocker/*"),
        [("windows_event".to_owned(), condition("Channel=\"Microsoft-Windows-AppLocker/*\""))]
    );
}

#[test]
fn text_that_a_selector_takes_over_stays_text() {
    let condition = "Channel=\"a\\\\b\\\" OR x=\\\"\"";
    assert_eq!(
        chosen("source", "WinEventLog:a\\b\" OR x=\""),
        [("windows_event".to_owned(), Some(condition.to_owned()))]
    );
}

#[test]
fn a_wildcard_chooses_every_source_that_it_matches() {
    assert_eq!(ids("source", "*WinEventLog:Security"), ["windows_security", "windows_security"]);
    let all = ids("source", "*WinEventLog:*");
    for id in ["windows_sysmon", "windows_security", "windows_system", "windows_powershell", "windows_event"] {
        assert!(all.iter().any(|i| i == id), "{id}");
    }
    assert!(!all.iter().any(|i| i == "cloudtrail"));
    assert_eq!(ids("sourcetype", "aws:cloudtrail*"), ["cloudtrail", "security_lake"]);
}

#[test]
fn a_shared_selector_chooses_all_schemas_that_have_it() {
    assert!(ids("sourcetype", "XmlWinEventLog").len() > 5);
    // A schema of the user's has it alone.
    let mut schemas = Schemas::builtin();
    let text = r#"
        id = "mine"
        title = "Windows events of ours"
        time = "at"
        select = [{ field = "sourcetype", value = "XmlWinEventLog" }]
        fields = { at = { type = "time", required = true } }
    "#;
    schemas.add(Schema::parse(text).expect("a schema"));
    let ids: Vec<_> = schemas.choose("sourcetype", "xmlwineventlog").into_iter().map(|c| c.schema.id.clone()).collect();
    assert_eq!(ids, ["mine".into()]);
}

#[test]
fn a_selector_without_a_wildcard_comes_before_one_with() {
    assert_eq!(ids("sourcetype", "o365:graph:api"), ["o365_graph"]);
    assert_eq!(ids("sourcetype", "o365:service:message"), ["o365"]);
    assert_eq!(ids("sourcetype", "aws:cloudwatchlogs:vpcflow"), ["aws_vpcflow"]);
    assert_eq!(ids("data_source", "Windows Event Log Security 4688"), ["windows_security"]);
    assert_eq!(ids("data_source", "Windows Event Log CAPI2 70"), ["windows_event"]);
}

#[test]
fn a_dataset_that_is_a_part_of_its_model_is_not_taken_for_the_whole() {
    let schemas = Schemas::builtin();
    assert!(schemas.select("datamodel", "Change.Accounts_Deleted").is_none());
    let (schema, selector) = schemas.selector("datamodel", "change.accounts_deleted").expect("a selector");
    assert_eq!(&*schema.id, "change");
    assert_eq!(selector.condition.as_deref(), Some("is_Account_Management=1 action=deleted"));
}

#[test]
fn a_schema_of_the_user_comes_before_the_builtin_ones() {
    let mut schemas = Schemas::builtin();
    let text = r#"
        id = "audit"
        title = "Audit table"
        time = "at"
        select = [{ field = "datamodel", value = "Change" }]
        fields = { at = { type = "time", required = true } }
    "#;
    schemas.add(Schema::parse(text).expect("a schema"));
    assert_eq!(schemas.select("datamodel", "Change").map(|s| &*s.id), Some("audit"));
}

#[test]
fn default_profile_is_used_and_another_replaces_it() {
    let cloudtrail = builtin("cloudtrail");
    let eval = |name: &str, profile: Option<&str>| match cloudtrail.resolve(name, profile) {
        Resolved::Calculated { formula, from_profile: true } => Some(formula.eval.clone()),
        Resolved::Calculated { .. } | Resolved::Raw { .. } | Resolved::Unknown => None,
    };
    assert_eq!(eval("app", None).as_deref(), Some("eventType"));
    assert_eq!(eval("app", Some("ta6")).as_deref(), Some("eventType"));
    assert_eq!(eval("app", Some("ta5")).as_deref(), Some("eventSource"));
    assert_eq!(eval("dest", Some("ta4")).as_deref(), Some("eventSource"));
    // Version 5.1 has no user_name, and what its lookups hold is not known.
    assert!(matches!(cloudtrail.resolve("user_name", Some("ta5")), Resolved::Unknown));
    assert!(matches!(cloudtrail.resolve("action", Some("ta5")), Resolved::Unknown));
}

#[test]
fn calculated_fields_hide_raw_ones_but_not_from_formulas() {
    let cloudtrail = builtin("cloudtrail");
    assert!(matches!(cloudtrail.resolve("errorCode", None), Resolved::Calculated { from_profile: false, .. }));
    assert!(matches!(cloudtrail.resolve_raw("errorCode"), Resolved::Raw { nullable: true, .. }));
}

#[test]
fn members_of_open_objects_are_fields_and_lists_give_multivalue() {
    let cloudtrail = builtin("cloudtrail");
    let ty = |name: &str| match cloudtrail.resolve_raw(name) {
        Resolved::Raw { ty, .. } => Some((ty.scalar, ty.multivalue)),
        Resolved::Calculated { .. } | Resolved::Unknown => None,
    };
    assert_eq!(ty("requestParameters.policyName"), Some((Scalar::Unknown, false)));
    assert_eq!(ty("requestParameters.ipPermissions.items{}.ipProtocol"), Some((Scalar::Unknown, true)));
    assert_eq!(ty("requestParameters{}.bucketName"), Some((Scalar::Unknown, true)));
    assert_eq!(ty("resources{}.ARN"), Some((Scalar::String, true)));
    assert_eq!(ty("requestParameters"), Some((Scalar::Json, false)));
    assert_eq!(ty("requestParametersX.y"), None);
    assert_eq!(ty("userIdentity.unheardOf"), None);
}

#[test]
fn action_and_status_list_the_same_events() {
    let cloudtrail = builtin("cloudtrail");
    let events = |eval: &str| -> std::collections::BTreeSet<String> {
        let name = |s: &&str| s.starts_with(|c: char| c.is_ascii_uppercase()) && *s != "Failure";
        eval.split('"').skip(1).step_by(2).filter(name).map(str::to_owned).collect()
    };
    for (id, profile) in &cloudtrail.profiles {
        let (Some(action), Some(status)) = (profile.calculated.get("action"), profile.calculated.get("status")) else {
            continue;
        };
        assert_eq!(events(&action.eval), events(&status.eval), "{id}");
        assert_eq!(events(&action.eval).len(), 160, "{id}");
    }
}

#[test]
fn older_names_of_security_lake_read_the_newer_columns() {
    let lake = builtin("security_lake");
    for (old, new) in
        [("actor.user.account_uid", "'actor.user.account.uid'"), ("identity.user.uuid", "'actor.user.uid_alt'")]
    {
        match lake.resolve(old, None) {
            Resolved::Calculated { formula, .. } => assert_eq!(formula.eval, new),
            Resolved::Raw { .. } | Resolved::Unknown => panic!("{old} is not calculated"),
        }
    }
}

#[test]
fn the_example_of_the_manual_is_a_schema() {
    let manual = include_str!("../../docs/schemas.md");
    let example = manual.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    let schema = Schema::parse(example).unwrap_or_else(|e| panic!("{} at {:?}", e.message, e.range));
    for (place, eval) in formulas(&schema) {
        let (names, sound) = names_read(eval);
        assert!(sound, "{place}");
        assert!(names.iter().all(|n| !matches!(schema.resolve_raw(n), Resolved::Unknown)), "{place} reads {names:?}");
    }
    for profile in ["recommended", "ta4", "ta5", "ta6"] {
        assert!(manual.contains(&format!("| `{profile}` |")));
    }
    let builtin = builtin("cloudtrail");
    assert_eq!(builtin.profiles.len(), 4);
}

#[test]
fn what_is_recognised_is_a_field_of_the_schema() {
    for schema in Schemas::builtin().iter() {
        let Some(recognise) = &schema.recognise else { continue };
        assert!(!(recognise.fields.is_empty() && recognise.values.is_empty()), "{} recognises nothing", schema.id);
        for path in recognise.fields.iter().chain(recognise.values.keys()) {
            assert!(!matches!(schema.resolve_raw(path), Resolved::Unknown), "{}: {path}", schema.id);
        }
    }
    assert_eq!(builtin("cloudtrail").recognise.and_then(|r| r.records).as_deref(), Some("Records"));
}
