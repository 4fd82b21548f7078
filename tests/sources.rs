//! Which log sources a search reads: several at once, parts of one, those that the rule's `data_source` names.

mod support;

use rulecast::SourceFile;
use support::{Case, compile, compile_file, compile_with, compiler, library};

const WINDOWS: &[(&str, &[&str], &str)] = &[
    (
        "sysmon",
        &[],
        "sourcetype=XmlWinEventLog:Microsoft-Windows-Sysmon/Operational OR source=Syslog:Linux-Sysmon/Operational",
    ),
    ("security", &[], "eventtype=wineventlog_security OR Channel=security OR source=XmlWinEventLog:Security"),
];

/// The IR with its scans, one operator or condition a line.
fn ir(case: &Case) -> String {
    let Some(ir) = &case.compiled.ir else { panic!("no IR: {}", case.said()) };
    let text = ir.to_string();
    let window = " earliest 2026-01-01T00:00:00Z latest 2026-01-02T00:00:00Z";
    text.replace(window, "").lines().map(|l| format!("{}\n", l.trim())).collect()
}

/// What is reported of the search, notes too.
fn notes(case: &Case) -> Vec<String> {
    case.compiled.diagnostics.iter().map(|d| format!("{} {}", d.code.id, d.message)).collect()
}

/// The sources that are scanned, in order.
fn scans(case: &Case) -> Vec<String> {
    let lines = ir(case);
    lines.lines().filter_map(|l| l.strip_prefix("scan ")).map(|l| l.split(' ').next().unwrap_or(l).to_owned()).collect()
}

fn with_data_source(name: &str, search: &str) -> Case {
    let text = format!(
        "name: A rule\nid: 0c6b3a5e-0000-4000-8000-000000000001\ntype: TTP\ndescription: What it finds.\ndata_source:\n- {name}\nsearch: {}\n",
        support::yaml_text(search)
    );
    compile_file(&compiler(library(&[])), SourceFile::new("rule.yml", text))
}

#[test]
fn names_of_one_source_joined_by_or_say_nothing_of_its_events() {
    let case = compile_with(WINDOWS, "`security` EventCode=4624 | stats count by Computer");
    assert_eq!(scans(&case), ["windows_security"]);
    assert!(!ir(&case).contains("Channel"), "{}", ir(&case));
    assert_eq!(case.said(), "");
    let case = compile_with(WINDOWS, "`sysmon` EventCode=1 | stats count by Computer");
    assert_eq!(scans(&case), ["windows_sysmon"]);
    assert_eq!(case.said(), "");
}

#[test]
fn each_source_of_an_or_has_the_condition_beside_it() {
    let case = compile_with(WINDOWS, "(`sysmon` EventCode=7) OR (`security` EventCode=4688) | stats count by Computer");
    assert_eq!(scans(&case), ["windows_sysmon", "windows_security"]);
    let ir = ir(&case);
    let (sysmon, security) = ir.split_once("scan windows_security").expect("two scans");
    assert!(sysmon.contains("\"7\"") && !sysmon.contains("\"4688\""), "{ir}");
    assert!(security.contains("\"4688\"") && !security.contains("\"7\""), "{ir}");
}

#[test]
fn events_of_several_sources_come_newest_first() {
    let case = compile_with(WINDOWS, "`sysmon` OR `security` | head 1 | table Computer EventCode");
    let ir = ir(&case);
    let at = |line: &str| ir.lines().position(|l| l == line);
    assert!(at("union") < at("sort _time desc as number"), "{ir}");
    assert!(at("sort _time desc as number") < at("first 1"), "{ir}");
}

#[test]
fn a_field_of_one_source_is_absent_in_the_others_which_is_said() {
    let case = compile_with(WINDOWS, "`sysmon` OR `security` | stats count by ImageLoaded");
    assert_eq!(
        notes(&case),
        ["C408 `ImageLoaded` is a field of `windows_sysmon`; events of `windows_security` are taken to be without it"]
    );
    // A source whose events can't pass the condition is not read at all.
    let case = compile_with(WINDOWS, "(`sysmon` OR `security`) ImageLoaded=*x.dll | stats count by Computer");
    assert_eq!(scans(&case), ["windows_sysmon"]);
    let case = compile_with(WINDOWS, "(`sysmon` OR `security`) NOT ImageLoaded=*x.dll | stats count by Computer");
    assert_eq!(scans(&case), ["windows_sysmon", "windows_security"]);
}

#[test]
fn a_selector_for_a_part_of_a_source_is_a_condition() {
    let case =
        compile("source=\"XmlWinEventLog:Microsoft-Windows-CAPI2/Operational\" EventID=70 | stats count by Computer");
    assert_eq!(scans(&case), ["windows_event"]);
    assert!(ir(&case).contains("Channel = \"Microsoft-Windows-CAPI2/Operational\" (any case)"), "{}", ir(&case));
    let case = compile("source=\"WinEventLog:Microsoft-Windows-AppLocker/*\" | stats count by Computer");
    assert!(ir(&case).contains("Channel like \"Microsoft-Windows-AppLocker/*\" (any case)"), "{}", ir(&case));
}

#[test]
fn a_selector_that_is_negated_leaves_its_source_out() {
    let case =
        compile_with(WINDOWS, "(`sysmon` OR `security`) NOT source=XmlWinEventLog:Security | stats count by Computer");
    assert_eq!(scans(&case), ["windows_sysmon"]);
    let case = compile("sourcetype=aws:cloudtrail index!=main | stats count by awsRegion");
    assert_eq!(notes(&case), ["N308 `index=main` is not checked: the schema `cloudtrail` chooses the table"]);
}

#[test]
fn sources_that_exclude_each_other_are_refused() {
    assert_eq!(
        compile("sourcetype=aws:cloudtrail source=XmlWinEventLog:Security").front(),
        ["N302 the search reads `cloudtrail` and `windows_security` at once, and no event is of both"]
    );
}

#[test]
fn the_rules_data_source_stands_in_for_a_source_that_is_not_named() {
    let case = with_data_source("Windows Event Log Security 4688", "EventCode=4688 | stats count by Computer");
    assert_eq!(scans(&case), ["windows_security"]);
    assert_eq!(
        notes(&case),
        [
            "N320 the search names no log source that a schema describes; `Windows Event Log Security 4688` of the rule's `data_source` chooses `windows_security`"
        ]
    );
    let case = with_data_source("Okta", "index=identity eventType=x | stats count by src_ip");
    assert_eq!(scans(&case), ["okta"]);
    // A source type that no schema has is not passed over.
    assert_eq!(
        with_data_source("Okta", "sourcetype=acme:vpn | stats count").front(),
        ["N302 no schema describes the log source `sourcetype=acme:vpn`"]
    );
    let both = with_data_source("Sysmon EventID 1 AND Windows Event Log System 7045", "EventID=* | stats count");
    assert_eq!(scans(&both), ["windows_sysmon", "windows_system"]);
}

#[test]
fn nodename_is_the_dataset_of_a_data_model() {
    let case =
        compile("| tstats count from datamodel=Change where nodename=All_Changes.Auditing_Changes by All_Changes.user");
    assert!(ir(&case).contains("is_Auditing_Changes = 1"), "{}", ir(&case));
    let case = compile("| tstats count from datamodel=Endpoint where nodename=Processes by Processes.user");
    assert_eq!(scans(&case), ["endpoint_processes"]);
    assert_eq!(
        compile("| tstats count from datamodel=Change where nodename=Nothing by All_Changes.user").front(),
        ["N302 no schema describes the dataset `Change.Nothing`"]
    );
}

#[test]
fn a_name_that_a_data_model_lacks_is_null_and_said() {
    let case =
        compile("| tstats count values(Processes.temp) as temp from datamodel=Endpoint.Processes by Processes.user");
    assert_eq!(case.front(), ["N304 the data model `endpoint_processes` has no field `temp`, so it is always null"]);
    assert_eq!(scans(&case), ["endpoint_processes"]);
}
