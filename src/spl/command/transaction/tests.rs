use super::super::tests::{faults, ir, ir_of, notes};

#[test]
fn fields_named_later_become_columns_of_the_transaction() {
    insta::assert_snapshot!(ir("transaction userAgent maxspan=10m | where eventcount>5 | table userAgent eventName duration"), @r#"
    transaction of at most 1000 rows by userAgent max span 600s
        keeping userAgent, eventName
    filter eventcount > 5
    extend userAgent = mvindex(userAgent, 0)
    project userAgent, eventName, duration
    => userAgent: string, eventName: multivalue<string>?, duration: double
    "#);
}

#[test]
fn columns_made_before_are_kept() {
    insta::assert_snapshot!(ir("stats count values(eventName) as names by awsRegion _time | transaction awsRegion connected=f maxpause=5m | table _time awsRegion names count duration"), @r#"
    aggregate count = count(), names = values(eventName)
        by awsRegion, _time
    transaction of at most 1000 rows by awsRegion max pause 300s without a shared field
        keeping awsRegion, count, names
    extend awsRegion = mvindex(awsRegion, 0)
    project _time, awsRegion, names, count, duration
    => _time: time, awsRegion: string, names: multivalue<unknown>?, count: multivalue<integer>?, duration: double
    "#);
}

#[test]
fn boundaries_are_conditions_on_the_rows() {
    insta::assert_snapshot!(ir(r#"transaction userAgent startsWith=(eventName="A" errorCode=*) endswith=eval(eventName="B") maxevents=10 | table duration"#), @r#"
    transaction of at most 10 rows by userAgent
        starts with eventName = "A" (any case) and true
        ends with eventName = "B"
    project duration
    => duration: double
    "#);
    insta::assert_snapshot!(ir(r#"transaction userAgent startswith="eventName=A OR eventName=B" endswith=login keepevicted=t | table closed_txn"#), @r#"
    transaction of at most 1000 rows by userAgent with open ones
        starts with eventName = "A" (any case) or eventName = "B" (any case)
        ends with event contains "login"
    project closed_txn
    => closed_txn: integer
    "#);
}

#[test]
fn lists_keep_each_value_and_name_the_absent_ones() {
    insta::assert_snapshot!(ir("transaction userAgent mvlist=errorMessage,eventName nullstr=none delim=\",\" mvraw=t startswith=(errorMessage=*) | table errorMessage eventName"), @r#"
    extend `(boundary 1)` = errorMessage is not null
    extend errorMessage = coalesce(errorMessage, "none")
    transaction of at most 1000 rows by userAgent
        starts with `(boundary 1)`
        all values of errorMessage, eventName
        keeping errorMessage, eventName
    project errorMessage, eventName
    => errorMessage: multivalue<string>?, eventName: multivalue<string>?
    "#);
    insta::assert_snapshot!(ir("transaction userAgent mvlist=t | table errorMessage"), @r#"
    extend errorMessage = coalesce(errorMessage, "NULL")
    transaction of at most 1000 rows by userAgent
        all values of errorMessage
        keeping errorMessage
    project errorMessage
    => errorMessage: multivalue<string>?
    "#);
}

#[test]
fn renamed_and_removed_fields_stay_so() {
    insta::assert_snapshot!(ir("transaction userAgent | rename requestParameters.* as * | fields - eventName | table bucketName eventName"), @r#"
    transaction of at most 1000 rows by userAgent
        keeping requestParameters.bucketName
    project bucketName = requestParameters.bucketName, eventName = null
    => bucketName: multivalue<unknown>?, eventName: unknown?
    "#);
    insta::assert_snapshot!(ir("transaction userAgent | rename userAgent as agent | stats count by agent, awsRegion"), @r#"
    transaction of at most 1000 rows by userAgent
        keeping userAgent, awsRegion
    extend userAgent = mvindex(userAgent, 0)
    extend agent = userAgent
    unnest awsRegion
    aggregate count = count()
        by agent, awsRegion
    => agent: string, awsRegion: string, count: integer
    "#);
}

#[test]
fn transactions_of_transactions_reach_down() {
    insta::assert_snapshot!(ir("transaction userAgent | transaction userAgent maxspan=1h | table errorMessage"), @r#"
    transaction of at most 1000 rows by userAgent
        keeping userAgent, errorMessage
    extend userAgent = mvindex(userAgent, 0)
    transaction of at most 1000 rows by userAgent max span 3600s
        keeping errorMessage
    project errorMessage
    => errorMessage: multivalue<string>?
    "#);
}

#[test]
fn rows_without_a_table_show_what_the_rule_names() {
    insta::assert_snapshot!(ir("transaction userAgent | search errorCode=x"), @r#"
    extend errorCode = coalesce(errorCode, case when eventName = "ConsoleLogin" and responseElements.ConsoleLogin = "Failure" then "failure" else "success" end)
    transaction of at most 1000 rows by userAgent
        keeping userAgent, errorCode
    filter any $1 of errorCode has ($1 = "x" (any case))
    extend userAgent = mvindex(userAgent, 0)
    => _time: time, duration: double, eventcount: integer, userAgent: string, errorCode: multivalue<string>?
    "#);
    insta::assert_snapshot!(notes("transaction userAgent maxopentxn=5 | search errorCode=x"), @r#"
    C406 `maxopentxn` bounds what Splunk keeps in memory; here no transaction is given up for it
    C404 the rows of `transaction` show the fields that the rule names; Splunk shows every field of their events
    "#);
}

#[test]
fn several_fields_may_be_absent() {
    insta::assert_snapshot!(ir("transaction userAgent, errorCode keeporphans=t | table userAgent errorCode"), @r#"
    extend errorCode = coalesce(errorCode, case when eventName = "ConsoleLogin" and responseElements.ConsoleLogin = "Failure" then "failure" else "success" end)
    transaction of at most 1000 rows by userAgent, errorCode with orphans
        keeping userAgent, errorCode
    extend userAgent = mvindex(userAgent, 0), errorCode = mvindex(errorCode, 0)
    project userAgent, errorCode
    => userAgent: string?, errorCode: string
    "#);
}

#[test]
fn wrong_options_are_named() {
    insta::assert_snapshot!(faults("transaction userAgent maxspan=foo"), @"S206 `foo` of `maxspan` is no length of time");
    insta::assert_snapshot!(faults("transaction userAgent unifyends=t"), @"S207 option `unifyends` of `transaction` is not supported");
    insta::assert_snapshot!(faults("transaction userAgent maxspam=1"), @"S206 `transaction` has no option `maxspam`");
    insta::assert_snapshot!(faults("transaction userAgent startswith=()"), @"S206 `startswith` has no condition");
    insta::assert_snapshot!(faults(r#"transaction userAgent startswith="a=b) c" | table x"#), @"S201 expected the end of the condition, found `)`");
    insta::assert_snapshot!(faults("transaction user*"), @"S211 `transaction` with a field wildcard is not supported");
    insta::assert_snapshot!(faults("transaction name=mine"), @"C405 `transaction name=mine` needs a transaction type of Splunk's configuration, which is not in the query");
}

#[test]
fn rows_need_a_time_and_single_keys() {
    insta::assert_snapshot!(faults("stats count by awsRegion | transaction awsRegion"), @"S211 `transaction` needs the rows' `_time`, which they do not have here");
    insta::assert_snapshot!(faults("stats count values(userAgent) as a by _time | transaction a"), @"S211 `transaction` of the multivalue field `a` is not supported");
    insta::assert_snapshot!(faults("transaction userAgent | search foo"), @"S211 the rows here have no raw event in which `foo` could be sought");
    insta::assert_snapshot!(faults("transaction userAgent | append [search sourcetype=aws:cloudtrail]"), @"S211 rows of transactions together with other rows are not supported where their fields are not listed");
    insta::assert_snapshot!(ir_of("| transaction userAgent"), @"N301 this stage has no input");
}
