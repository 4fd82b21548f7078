use super::super::tests::{faults, ir, ir_of, notes};

#[test]
fn fields_named_later_become_columns_of_the_transaction() {
    insta::assert_snapshot!(ir("transaction userAgent maxspan=10m | where eventcount>5 | table userAgent eventName duration"), @"");
}

#[test]
fn columns_made_before_are_kept() {
    insta::assert_snapshot!(ir("stats count values(eventName) as names by awsRegion _time | transaction awsRegion connected=f maxpause=5m | table _time awsRegion names count duration"), @"");
}

#[test]
fn boundaries_are_conditions_on_the_rows() {
    insta::assert_snapshot!(ir(r#"transaction userAgent startsWith=(eventName="A" errorCode=*) endswith=eval(eventName="B") maxevents=10 | table duration"#), @"");
    insta::assert_snapshot!(ir(r#"transaction userAgent startswith="eventName=A OR eventName=B" endswith=login keepevicted=t | table closed_txn"#), @"");
}

#[test]
fn lists_keep_each_value_and_name_the_absent_ones() {
    insta::assert_snapshot!(ir("transaction userAgent mvlist=errorCode,eventName nullstr=none delim=\",\" mvraw=t | table errorCode eventName"), @"");
    insta::assert_snapshot!(ir("transaction userAgent mvlist=t | table errorCode"), @"");
}

#[test]
fn renamed_and_removed_fields_stay_so() {
    insta::assert_snapshot!(ir("transaction userAgent | rename requestParameters.* as * | fields - eventName | table bucketName eventName"), @"");
    insta::assert_snapshot!(ir("transaction userAgent | rename userAgent as agent | stats count by agent, awsRegion"), @"");
}

#[test]
fn transactions_of_transactions_reach_down() {
    insta::assert_snapshot!(ir("transaction userAgent | transaction awsRegion maxspan=1h | table errorCode"), @"");
}

#[test]
fn rows_without_a_table_show_what_the_rule_names() {
    insta::assert_snapshot!(ir("transaction userAgent | search errorCode=x"), @"");
    insta::assert_snapshot!(notes("transaction userAgent maxopentxn=5 | search errorCode=x"), @"");
}

#[test]
fn several_fields_may_be_absent() {
    insta::assert_snapshot!(ir("transaction userAgent, errorCode keeporphans=t | table userAgent errorCode"), @"");
}

#[test]
fn wrong_options_are_named() {
    insta::assert_snapshot!(faults("transaction userAgent maxspan=foo"), @"");
    insta::assert_snapshot!(faults("transaction userAgent unifyends=t"), @"");
    insta::assert_snapshot!(faults("transaction userAgent maxspam=1"), @"");
    insta::assert_snapshot!(faults("transaction userAgent startswith=()"), @"");
    insta::assert_snapshot!(faults(r#"transaction userAgent startswith="a=b) c" | table x"#), @"");
    insta::assert_snapshot!(faults("transaction user*"), @"");
    insta::assert_snapshot!(faults("transaction name=mine"), @"");
}

#[test]
fn rows_need_a_time_and_single_keys() {
    insta::assert_snapshot!(faults("stats count by awsRegion | transaction awsRegion"), @"");
    insta::assert_snapshot!(faults("stats count values(userAgent) as a by _time | transaction a"), @"");
    insta::assert_snapshot!(faults("transaction userAgent | search foo"), @"");
    insta::assert_snapshot!(faults("transaction userAgent | append [search sourcetype=aws:cloudtrail]"), @"");
    insta::assert_snapshot!(ir_of("| transaction userAgent"), @"");
}
