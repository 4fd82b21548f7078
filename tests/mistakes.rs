//! Meanings of SPL that translators classically lose, each held on the IR and on the text of every target.
//!
//! The sources are Splunk's Search Reference and Search Manual; a test's name says the meaning.

mod support;

use rulecast::target::{Fidelity, TargetId};
use support::{Case, compile, compile_with};

/// Checks the IR, then Athena's conditions, the Logs Insights query and the Sigma sections.
fn check(case: &Case, ir: &str, athena: &str, insights: &str, sigma: &str) {
    assert_eq!(case.ir().trim(), ir, "IR");
    assert_eq!(case.sql_where(), athena, "Athena");
    assert_eq!(case.insights(), insights, "Logs Insights");
    assert_eq!(case.sigma(), sigma, "Sigma");
}

#[test]
fn or_binds_tighter_than_and_in_search() {
    check(
        &compile("`cloudtrail` awsRegion=C eventName=A OR eventName=B AND errorMessage=D"),
        "filter\n    awsRegion = \"C\" (any case)\n    and eventName in [\"A\", \"B\"] (any case)\n    and errorMessage = \"D\" (any case)\n=> events with {} without {}",
        "AND lower(awsregion) = 'c' AND lower(eventname) IN ('a', 'b') AND lower(errormessage) = 'd'",
        "filter awsRegion like /(?i)^C$/ and eventName like /(?i)^(A|B)$/ and errorMessage like /(?i)^D$/ | fields @timestamp, @message",
        "detection: selection: awsRegion: 'C' eventName: - 'A' - 'B' errorMessage: 'D' condition: selection",
    );
}

#[test]
fn and_binds_tighter_than_or_in_where() {
    check(
        &compile("`cloudtrail` | where eventName=\"A\" OR awsRegion=\"B\" AND userAgent=\"C\""),
        "filter eventName = \"A\" or (awsRegion = \"B\" and userAgent = \"C\")\n=> events with {} without {}",
        "AND (eventname = 'A' OR awsregion = 'B' AND useragent = 'C')",
        "filter eventName = \"A\" or (awsRegion = \"B\" and userAgent = \"C\") | fields @timestamp, @message",
        "detection: selection_event_name: eventName|cased: 'A' selection_aws_region: awsRegion|cased: 'B' userAgent|cased: 'C' condition: selection_event_name or selection_aws_region",
    );
}

#[test]
fn a_negated_wildcard_stays_negated_and_needs_the_field() {
    check(
        &compile("`cloudtrail` userAgent!=*.amazonaws.com"),
        "filter not (userAgent like \"*.amazonaws.com\" (any case))\n=> events with {} without {}",
        "AND lower(useragent) NOT LIKE '%.amazonaws.com'",
        "filter ispresent(userAgent) and userAgent not like /(?i)\\.amazonaws\\.com$/ | fields @timestamp, @message",
        "detection: selection: userAgent|exists: true filter_user_agent: userAgent|endswith: '.amazonaws.com' condition: selection and not filter_user_agent",
    );
}

#[test]
fn not_keeps_events_without_the_field() {
    check(
        &compile("`cloudtrail` NOT userAgent=*.amazonaws.com"),
        "filter not (is-true(userAgent like \"*.amazonaws.com\" (any case)))\n=> events with {} without {}",
        "AND (useragent IS NULL OR lower(useragent) NOT LIKE '%.amazonaws.com')",
        "filter not (ispresent(userAgent)) or userAgent not like /(?i)\\.amazonaws\\.com$/ | fields @timestamp, @message",
        "detection: filter_user_agent: userAgent|endswith: '.amazonaws.com' condition: not filter_user_agent",
    );
}

/// `NOT f=v` alone lets events without `f` pass; beside `f=*` it does not, whichever stands first.
#[test]
fn a_condition_on_presence_survives_beside_a_negation() {
    for search in ["`cloudtrail` NOT userAgent=y userAgent=*", "`cloudtrail` userAgent=* NOT userAgent=y"] {
        let case = compile(search);
        assert!(case.sql().contains("lower(useragent) <> 'y'"), "{}", case.sql());
        assert!(case.insights().contains("ispresent(userAgent)"), "{search}: {}", case.insights());
        assert_eq!(
            case.sigma(),
            "detection: selection: userAgent|exists: true filter_user_agent: userAgent: 'y' condition: selection and not filter_user_agent",
            "{search}"
        );
    }
    for filter in ["isnotnull(userAgent) AND userAgent!=\"y\"", "userAgent!=\"y\" AND isnotnull(userAgent)"] {
        let case = compile(&format!("`cloudtrail` | where {filter}"));
        assert!(case.insights().contains("ispresent(userAgent)"), "{filter}: {}", case.insights());
        assert!(case.sigma().contains("userAgent|exists: true"), "{filter}: {}", case.sigma());
    }
}

#[test]
fn a_threshold_survives() {
    for (stage, condition) in
        [("where count > 20", "count > 20"), ("search count > 20", "count > 20"), ("`over(count, 20)`", "count > 20")]
    {
        let case = compile_with(
            &[("over", &["f", "n"], "where $f$ > $n$")],
            &format!("`cloudtrail` | stats count by eventName | {stage}"),
        );
        check(
            &case,
            &format!(
                "aggregate count = count()\n    by eventName\nfilter {condition}\n=> eventName: string, count: integer"
            ),
            "GROUP BY eventname HAVING count(*) > 20",
            "stats count(*) as count by eventName | filter count > 20 | display eventName, count",
            "detection: selection: eventTime|exists: true condition: selection correlation: type: event_count rules: - a_rule_events group-by: - eventName timespan: 1d condition: gt: 20",
        );
    }
}

#[test]
fn a_lone_star_means_present() {
    check(
        &compile("`cloudtrail` requestParameters.force=*"),
        "filter requestParameters.force is not null\n=> events with {} without {}",
        "AND json_extract_scalar(requestparameters, '$.force') IS NOT NULL",
        "filter ispresent(requestParameters.force) | fields @timestamp, @message",
        "detection: selection: requestParameters.force|exists: true condition: selection",
    );
    let absent = compile("`cloudtrail` NOT requestParameters.force=*");
    assert_eq!(absent.sql_where(), "AND json_extract_scalar(requestparameters, '$.force') IS NULL");
    assert!(absent.insights().starts_with("filter not (ispresent(requestParameters.force))"));
    assert_eq!(compile("`cloudtrail` requestParameters.force!=*").front(), ["C410 no row can satisfy this condition"]);
}

#[test]
fn a_trailing_filter_hook_keeps_every_row() {
    let plain = compile("`cloudtrail` eventName=A | stats count by eventName");
    for search in [
        "`cloudtrail` eventName=A | stats count by eventName | `a_rule_filter`",
        "`cloudtrail` eventName=A `a_rule_filter` | stats count by eventName",
    ] {
        let hooked = compile(search);
        assert_eq!(hooked.ir(), plain.ir());
        assert_eq!((hooked.sql(), hooked.insights(), hooked.sigma()), (plain.sql(), plain.insights(), plain.sigma()));
    }
    let inline = compile("`cloudtrail` eventName=A `a_rule_filter`");
    assert!(inline.compiled.diagnostics.iter().any(|d| d.code.id == "M107"));
    let defined =
        compile_with(&[("a_rule_filter", &[], "search NOT userAgent=x")], "`cloudtrail` eventName=A | `a_rule_filter`");
    assert!(defined.sql_where().contains("useragent"), "{}", defined.sql_where());
}

#[test]
fn a_hook_without_its_pipe_is_refused() {
    assert_eq!(
        compile("`cloudtrail` | stats count by eventName `a_rule_filter`").front(),
        ["M104 the tuning hook `a_rule_filter` stands within `stats`, which takes no search"]
    );
    let subsearch =
        "`cloudtrail` | join type=inner eventName [search `cloudtrail` | table eventName awsRegion] `a_rule_filter`";
    assert_eq!(
        compile(subsearch).front(),
        ["M104 the tuning hook `a_rule_filter` stands within `join`, which takes no search"]
    );
}

#[test]
fn a_by_list_over_several_lines_is_one_list() {
    let case = compile("`cloudtrail` | stats count BY eventName,\n  awsRegion\n  userAgent");
    check(
        &case,
        "filter userAgent is not null\naggregate count = count()\n    by eventName, awsRegion, userAgent\n=> eventName: string, awsRegion: string, userAgent: string, count: integer",
        "AND useragent IS NOT NULL GROUP BY eventname, awsregion, useragent",
        "filter ispresent(userAgent) | stats count(*) as count by eventName, awsRegion, userAgent | display eventName, awsRegion, userAgent, count",
        "detection: group_keys: userAgent|exists: true condition: group_keys",
    );
}

#[test]
fn the_source_macro_chooses_the_table() {
    let trail = compile("`cloudtrail` eventName=A");
    assert!(trail.sql().contains(" FROM cloudtrail_logs "), "{}", trail.sql());
    assert!(trail.text(TargetId::Sigma).contains("service: cloudtrail"));
    let lake = compile("`amazon_security_lake` api.operation=A");
    assert!(lake.sql().contains("cloud_trail_mgmt"), "{}", lake.sql());
    let own = compile_with(&[("mine", &[], "index=aws sourcetype=aws:cloudtrail")], "`mine` eventName=A");
    assert!(own.sql().contains(" FROM cloudtrail_logs "), "{}", own.sql());
    assert_eq!(compile("eventName=A").front(), ["N301 the search names no log source"]);
    assert_eq!(compile("`mine` eventName=A").front(), ["M101 unknown macro `mine`"]);
}

#[test]
fn alternative_sources_are_not_dropped() {
    assert_eq!(
        compile("(sourcetype=aws:cloudtrail OR sourcetype=other) eventName=A").front(),
        ["C403 the search also reads `sourcetype=other`, which no schema describes; its events are missing (narrows)"]
    );
    for search in
        ["sourcetype IN (aws:cloudtrail, aws:asl) eventName=A", "(`cloudtrail` OR `amazon_security_lake`) eventName=A"]
    {
        // Events of Security Lake have no `eventName`, so that none can pass.
        let case = compile(search);
        assert!(
            case.ir().starts_with("filter\n    eventName") || case.ir().starts_with("filter eventName"),
            "{search}"
        );
        let said: Vec<&str> = case.compiled.diagnostics.iter().map(|d| d.message.as_str()).collect();
        assert_eq!(
            said,
            ["`eventName` is a field of `cloudtrail`; events of `security_lake` are taken to be without it"],
            "{search}"
        );
    }
    assert_eq!(compile("(sourcetype=aws:cloudtrail OR source=aws_cloudtrail) eventName=A").said(), "");
}

#[test]
fn operators_of_search_are_upper_case() {
    let case = compile("`cloudtrail` eventName=A and awsRegion=B or errorMessage=C");
    let words: Vec<String> =
        case.ir().lines().filter(|l| l.contains("contains")).map(|l| l.trim().to_owned()).collect();
    assert_eq!(words, ["and event contains \"and\"", "and event contains \"or\""]);
    assert!(case.ir().contains("and errorMessage = \"C\" (any case)"), "{}", case.ir());
}

#[test]
fn operators_of_where_have_any_case() {
    let lower = compile("`cloudtrail` | where not (eventName=\"A\" and awsRegion=\"B\") or userAgent like \"C%\"");
    let upper = compile("`cloudtrail` | where NOT (eventName=\"A\" AND awsRegion=\"B\") OR userAgent LIKE \"C%\"");
    assert_eq!(lower.ir(), upper.ir());
    assert_eq!(lower.sql_where(), "AND (eventname <> 'A' OR awsregion <> 'B' OR useragent LIKE 'C%')");
    assert_eq!((lower.insights(), lower.sigma()), (upper.insights(), upper.sigma()));
}

#[test]
fn single_quotes_name_fields_in_eval() {
    check(
        &compile("`cloudtrail` | where 'userIdentity.type'=\"Root\" | eval x='eventName', y=\"eventName\" | table x y"),
        "filter userIdentity.type = \"Root\"\nextend x = eventName\nextend y = \"eventName\"\nproject x, y\n=> x: string, y: string",
        "AND useridentity.type = 'Root'",
        "filter userIdentity.type = \"Root\" | display eventName as x, concat(\"eventName\", \"\") as y",
        "detection: selection: userIdentity.type: 'Root' condition: selection",
    );
    let case = compile("`cloudtrail` | eval x='eventName', y=\"eventName\" | table x y");
    assert!(case.sql().starts_with("SELECT eventname AS x, 'eventName' AS y FROM"), "{}", case.sql());
}

#[test]
fn wildcards_count_inside_double_quotes() {
    check(
        &compile("`cloudtrail` userAgent=\"*aws cli*\""),
        "filter userAgent like \"*aws cli*\" (any case)\n=> events with {} without {}",
        "AND lower(useragent) LIKE '%aws cli%'",
        "filter userAgent like /(?i)aws cli/ | fields @timestamp, @message",
        "detection: selection: userAgent|contains: 'aws cli' condition: selection",
    );
}

#[test]
fn wildcards_do_not_count_in_where() {
    check(
        &compile("`cloudtrail` | where userAgent=\"*aws?cli*\""),
        "filter userAgent = \"*aws?cli*\"\n=> events with {} without {}",
        "AND useragent = '*aws?cli*'",
        "filter userAgent = \"*aws?cli*\" | fields @timestamp, @message",
        "detection: selection: userAgent|cased: '\\*aws\\?cli\\*' condition: selection",
    );
}

#[test]
fn like_s_signs_are_literal_in_search_values() {
    check(
        &compile("`cloudtrail` userAgent=\"100%_a?.*\""),
        "filter userAgent like \"100%_a\\\\?.*\" (any case)\n=> events with {} without {}",
        "AND lower(useragent) LIKE '100\\%\\_a?.%' ESCAPE '\\'",
        "filter userAgent like /(?i)^100%_a\\?\\./ | fields @timestamp, @message",
        "detection: selection: userAgent|startswith: '100%_a\\?.' condition: selection",
    );
}

#[test]
fn search_ignores_case_and_where_does_not() {
    check(
        &compile("`cloudtrail` eventName=Ab | where awsRegion=\"Ab\""),
        "filter\n    eventName = \"Ab\" (any case)\n    and awsRegion = \"Ab\"\n=> events with {} without {}",
        "AND lower(eventname) = 'ab' AND awsregion = 'Ab'",
        "filter eventName like /(?i)^Ab$/ and awsRegion = \"Ab\" | fields @timestamp, @message",
        "detection: selection: eventName: 'Ab' awsRegion|cased: 'Ab' condition: selection",
    );
}

#[test]
fn in_lists_have_wildcards() {
    check(
        &compile("`cloudtrail` eventName IN (Get*, \"List Users\", Put*Policy)"),
        "filter eventName like \"Get*\" (any case) or eventName = \"List Users\" (any case) or eventName like \"Put*Policy\" (any case)\n=> events with {} without {}",
        "AND (lower(eventname) LIKE 'get%' OR lower(eventname) = 'list users' OR lower(eventname) LIKE 'put%policy')",
        "filter eventName like /(?i)^Get/ or eventName like /(?i)^List Users$/ or eventName like /(?i)^Put[\\s\\S]*Policy$/ | fields @timestamp, @message",
        "detection: selection: eventName: - 'Get*' - 'List Users' - 'Put*Policy' condition: selection",
    );
}

#[test]
fn an_operator_inside_an_in_list_is_no_value() {
    assert_eq!(compile("`cloudtrail` eventName IN (A OR B)").front(), ["S201 `OR` stands in a list of values"]);
    let quoted = compile("`cloudtrail` eventName IN (A, \"OR\")");
    assert_eq!(quoted.ir().trim(), "filter eventName in [\"A\", \"OR\"] (any case)\n=> events with {} without {}");
}

#[test]
fn groups_without_a_key_are_dropped() {
    check(
        &compile("`cloudtrail` | stats count by errorMessage"),
        "filter errorMessage is not null\naggregate count = count()\n    by errorMessage\n=> errorMessage: string, count: integer",
        "AND errormessage IS NOT NULL GROUP BY errormessage",
        "filter ispresent(errorMessage) | stats count(*) as count by errorMessage | display errorMessage, count",
        "detection: group_keys: errorMessage|exists: true condition: group_keys",
    );
}

#[test]
fn multivalue_keys_give_a_row_for_each_value() {
    let case = compile("`cloudtrail` | stats count by \"resources{}.ARN\"");
    assert_eq!(
        case.ir().trim(),
        "unnest resources{}.ARN\naggregate count = count()\n    by resources{}.ARN\n=> resources{}.ARN: string, count: integer"
    );
    assert!(case.sql().contains("CROSS JOIN UNNEST("), "{}", case.sql());
    assert!(case.insights().contains("| unnest json.resources into item "), "{}", case.insights());
    assert_eq!(case.fidelity(TargetId::Sigma), Fidelity::Approximate);
}

#[test]
fn sort_keeps_ten_thousand_rows_and_sort_0_all() {
    let plain = compile("`cloudtrail` | stats count by eventName | sort - count");
    assert!(plain.ir().contains("sort count desc limit 10000\n"), "{}", plain.ir());
    assert!(plain.sql().ends_with("ORDER BY count DESC LIMIT 10000"), "{}", plain.sql());
    assert!(plain.insights().contains("| sort count desc | limit 10000 "), "{}", plain.insights());
    let all = compile("`cloudtrail` | stats count by eventName | sort 0 -count, eventName");
    assert!(all.ir().contains("sort count desc, eventName\n"), "{}", all.ir());
    assert!(all.sql().ends_with("ORDER BY count DESC, \"eventName\""), "{}", all.sql());
    let some = compile("`cloudtrail` | stats count by eventName | sort 3 -count");
    assert!(some.sql().ends_with("ORDER BY count DESC LIMIT 3"), "{}", some.sql());
}

#[test]
fn head_keeps_ten_rows_of_the_current_order() {
    let newest = compile("`cloudtrail` | head");
    assert!(newest.ir().contains("first 10\n"), "{}", newest.ir());
    assert!(newest.sql().ends_with("ORDER BY from_iso8601_timestamp(eventtime) DESC LIMIT 10"), "{}", newest.sql());
    assert_eq!(newest.insights(), "sort @timestamp desc | limit 10 | fields @timestamp, @message");
    assert_eq!(newest.fidelity(TargetId::Sigma), Fidelity::Approximate);
    let sorted = compile("`cloudtrail` | stats count by eventName | sort - count | head 5");
    assert!(sorted.sql().ends_with("ORDER BY count DESC LIMIT 5"), "{}", sorted.sql());
    assert!(sorted.insights().contains("| sort count desc | limit 5 |"), "{}", sorted.insights());
}

#[test]
fn rename_takes_several_pairs_with_and_without_commas() {
    let case = compile(
        "`cloudtrail` | rename eventName as a, awsRegion as \"b c\" userAgent AS d | table a \"b c\" d eventName",
    );
    assert_eq!(case.front(), ["N304 field `eventName` does not exist at this point, so it is always null"]);
    let case = compile("`cloudtrail` | rename eventName as a, awsRegion as \"b c\" userAgent AS d | table a \"b c\" d");
    assert!(
        case.sql().starts_with("SELECT eventname AS a, awsregion AS \"b c\", useragent AS d FROM"),
        "{}",
        case.sql()
    );
    assert_eq!(case.insights(), "display eventName as a, awsRegion as `b c`, userAgent as d");
    assert_eq!(case.ir().lines().last(), Some("=> a: string, `b c`: string, d: string?"));
}

#[test]
fn dedup_keeps_the_newest_event_and_drops_events_without_a_key() {
    let case = compile("`cloudtrail` | dedup userAgent awsRegion | table _time userAgent awsRegion");
    assert!(
        case.ir().contains("filter userAgent is not null\ndistinct first 1 of userAgent, awsRegion\n"),
        "{}",
        case.ir()
    );
    let ranked =
        "row_number() OVER (PARTITION BY useragent, awsregion ORDER BY from_iso8601_timestamp(eventtime) DESC) AS nth";
    assert!(case.sql().contains(ranked), "{}", case.sql());
    assert!(case.sql().contains("AND useragent IS NOT NULL"), "{}", case.sql());
    assert!(case.insights().starts_with("filter ispresent(userAgent) | sort @timestamp desc |"), "{}", case.insights());
    assert!(case.insights().ends_with("| dedup userAgent, awsRegion"), "{}", case.insights());
    assert_eq!(case.fidelity(TargetId::Sigma), Fidelity::Approximate);
}

#[test]
fn words_are_sought_in_the_event_and_later_in_each_field() {
    let case = compile("`cloudtrail` mimikatz | stats count by eventName");
    assert!(case.ir().contains("filter event contains \"mimikatz\""), "{}", case.ir());
    let later = compile("`cloudtrail` | table eventName userAgent | search NOT mimikatz");
    assert_eq!(later.front(), [""; 0]);
    assert_eq!(later.ir().matches("mimikatz").count(), 2, "{}", later.ir());
    let message = "S211 the rows here have no raw event in which `mimikatz` could be sought";
    assert_eq!(compile("`cloudtrail` | chart count over eventName by awsRegion | search mimikatz").front(), [message]);
}

#[test]
fn text_against_a_value_is_not_split_off() {
    for (search, text) in
        [("userAgent=*\"foo bar\"*", "\"foo"), ("userAgent=\"foo\"bar", "bar"), ("userAgent=\"a\"*b", "b")]
    {
        let message = format!("S211 `{text}` stands against the value before it");
        assert_eq!(compile(&format!("`cloudtrail` {search}")).front(), [message]);
    }
    let star = compile("`cloudtrail` userAgent=\"a b\"*");
    assert_eq!(star.sql_where(), "AND lower(useragent) LIKE 'a b%'");
    let escaped = compile("`cloudtrail` userAgent=*\\\"priv\\\":true*");
    assert_eq!(escaped.sql_where(), "AND lower(useragent) LIKE '%\"priv\":true%'");
    let doubled = compile("`cloudtrail` userAgent IN (\"*a*\", \"\"*b*\"\", \"\")");
    assert_eq!(
        doubled.sql_where(),
        "AND (lower(useragent) LIKE '%a%' OR lower(useragent) LIKE '%b%' OR useragent = '')"
    );
}

#[test]
fn time_modifiers_in_later_stages_are_no_fields() {
    let message = "S211 `earliest` sets the time window, which only the first search can do, outside OR and NOT";
    assert_eq!(compile("`cloudtrail` | search earliest=-5m").front(), [message]);
    assert_eq!(compile("`cloudtrail` (earliest=-5m OR eventName=A)").front(), [message]);
    let column = compile("`cloudtrail` | stats earliest(_time) as earliest by eventName | search earliest > 5");
    assert_eq!(column.front(), Vec::<String>::new());
}

#[test]
fn a_condition_that_nothing_satisfies_is_reported() {
    assert_eq!(compile("`cloudtrail` | search sourcetype=foo").front(), ["C410 no row can satisfy this condition"]);
    assert_eq!(compile("`cloudtrail` eventName=A eventName=B").front(), ["C410 no row can satisfy this condition"]);
}

#[test]
fn function_names_may_stand_apart_from_their_arguments() {
    let apart = compile("`cloudtrail` | where LIKE (userAgent, \"a%\") OR in (eventName, \"A\", \"B\")");
    let joined = compile("`cloudtrail` | where like(userAgent, \"a%\") OR in(eventName, \"A\", \"B\")");
    assert_eq!(apart.ir(), joined.ir());
    assert_eq!(apart.sql_where(), "AND (useragent LIKE 'a%' OR eventname IN ('A', 'B'))");
}

#[test]
fn output_names_may_hold_parentheses() {
    let case = compile("`cloudtrail` | stats values(awsRegion) as regions(all) count by eventName");
    assert_eq!(
        case.ir().lines().last(),
        Some("=> eventName: string, `regions(all)`: multivalue<unknown>, count: integer")
    );
}

#[test]
fn a_bracket_may_stand_against_an_option() {
    let case = compile(
        "`cloudtrail` | join eventName type=inner[search `cloudtrail` | stats count as n by eventName] | table eventName n",
    );
    assert_eq!(case.front(), Vec::<String>::new());
    assert!(case.sql().contains("JOIN"), "{}", case.sql());
}

#[test]
fn a_wildcard_rename_lays_fields_over_others_but_not_over_internal_ones() {
    let case = compile("`cloudtrail` | rename requestParameters.* as * | table _time userAgent bucketName");
    assert_eq!(
        case.insights(),
        "display @timestamp as _time, coalesce(requestParameters.userAgent, userAgent) as userAgent, requestParameters.bucketName as bucketName"
    );
}

/// `span` belongs to the key: the first and last time of a group are times of events.
#[test]
fn a_span_of_tstats_changes_the_key_alone() {
    let case = compile(
        "| tstats count min(_time) as first from datamodel=Change where All_Changes.action=created by All_Changes.object _time span=1h",
    );
    assert!(case.ir().contains("aggregate count = count(), first = min(_time)\n"), "{}", case.ir());
    assert!(case.ir().contains("_time = bin(_time, 3600)"), "{}", case.ir());
    assert!(case.sql().contains("min(with_timezone(_time, 'UTC'))"), "{}", case.sql());
    assert!(case.insights().contains("min(@timestamp) as first"), "{}", case.insights());
}

#[test]
fn a_second_argument_does_not_replace_the_first() {
    for stage in [
        "bin span=5m _time errorMessage",
        "iplocation sourceIPAddress userAgent",
        "rex field=userAgent \"(?<a>x)\" \"(?<b>y)\"",
        "spath output=x requestParameters.a requestParameters.b",
        "append [| inputlookup a b]",
    ] {
        let front = compile(&format!("`cloudtrail` | {stage}")).front();
        assert!(front.len() == 1 && front[0].starts_with("S206 "), "{stage}: {front:?}");
    }
}

#[test]
fn a_subsearch_without_known_fields_is_refused() {
    assert_eq!(
        compile("`cloudtrail` NOT [| inputlookup somewhere_else]").front().last().map(String::as_str),
        Some("S211 which fields the subsearch returns is not known")
    );
}

#[test]
fn a_bound_on_groups_of_widened_events_can_narrow_and_says_so() {
    let case = compile("`cloudtrail` eventName=A resources{}.ARN!=x | stats count by eventSource | where count < 5");
    let output = case.output(TargetId::Cloudwatch);
    assert_eq!(output.fidelity, Fidelity::Approximate);
    let said = output.diagnostics.iter().any(|d| d.message.contains("this condition can drop groups too"));
    assert!(said, "{:?}", output.diagnostics);
}

#[test]
fn definitions_that_multiply_are_refused_before_they_exhaust_the_memory() {
    let chain: String = (1..40).map(|i| format!(" | eval x{i}=if(x{p}=1,x{p}+1,x{p}-1)", p = i - 1)).collect();
    let case = compile(&format!("`cloudtrail` eventName=A | eval x0=len(eventName){chain}"));
    let output = case.output(TargetId::Athena);
    assert_eq!(output.fidelity, Fidelity::Unsupported);
    assert!(output.diagnostics.iter().any(|d| d.code.id == "C407"), "{:?}", output.diagnostics);
}
