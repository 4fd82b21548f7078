//! The rule that the project starts from.

use super::*;

fn error_code() -> Expr {
    let failed = eq_cased(field("responseElements.ConsoleLogin"), "Failure");
    coalesce(vec![field("errorCode"), if_else(failed, text("failure"), text("success"))])
}

/// The rule that the project starts from, as lowering leaves it.
fn seed() -> Query {
    let conditions = Expr::and(
        vec![
            eq(required("eventSource"), "lambda.amazonaws.com"),
            like(required("eventName"), "UpdateFunctionCode*", Case::Insensitive),
            eq(error_code(), "success").is_true(),
            eq(field("userIdentity.type"), "IAMUser").is_true(),
        ],
        span(),
    );
    let account = coalesce(vec![field("userIdentity.accountId"), field("recipientAccountId")]);
    let keys = [
        ("signature", required("eventName")),
        ("dest", required("eventSource")),
        ("user", field("user")),
        ("user_agent", field("userAgent")),
        ("src", required("sourceIPAddress")),
        ("vendor_account", account),
        ("vendor_region", required("awsRegion")),
        ("vendor_product", text("AWS CloudTrail")),
    ];
    let time = || Some(Expr::column("_time", Type::TIME, false, span()));
    let input = extend(filter(scan(), conditions), "user", user_name());
    let grouped = stats(
        input,
        &keys,
        vec![
            ("count", count()),
            ("firstTime", aggregate(AggregateFunction::Min, time())),
            ("lastTime", aggregate(AggregateFunction::Max, time())),
        ],
    );
    let ctime = Expr::new(
        ExprKind::FormatTime { time: Box::new(field("firstTime")), format: "%Y-%m-%dT%H:%M:%S".to_owned() },
        Type::STRING,
        true,
        span(),
    );
    let plan = extend(grouped, "firstTime", ctime);
    let names = ["signature", "dest", "user", "user_agent", "src", "vendor_account", "vendor_region", "count"];
    let column = |n: &&str| Column { name: (*n).into(), ty: Type::UNKNOWN, nullable: true };
    Query { plan, output: Output::Columns(names.iter().map(column).collect()) }
}

#[test]
fn the_seed_rule() {
    let (text, diagnostics) = emit_with(&seed(), &Schemas::builtin());
    insta::assert_snapshot!(text.unwrap(), @r"
    title: AWS Lambda UpdateFunctionCode
    id: 4430cc25-d438-5b69-982a-5764a66d0257
    related:
        - id: 211b80d3-6340-4345-11ad-212bf3d0d111
          type: derived
    status: stable
    description: 'Identifies IAM users who: update Lambda code via the CLI.'
    references:
        - https://sysdig.com/blog/exploit-mitigate-aws-lambdas-mitre/
    author: Bhavin Patel, Splunk
    date: 2022-02-28
    modified: 2026-05-13
    tags:
        - attack.execution
        - attack.t1204
    logsource:
        product: aws
        service: cloudtrail
    detection:
        selection:
            eventSource: 'lambda.amazonaws.com'
            eventName|startswith: 'UpdateFunctionCode'
            userIdentity.type: 'IAMUser'
        selection_error_code:
            errorCode: 'success'
        selection_error_code_absent:
            errorCode: null
        filter_console_login:
            responseElements.ConsoleLogin: 'Failure'
        group_keys:
            userAgent|exists: true
        filter_user_name_absent:
            userIdentity.userName: null
            userIdentity.sessionContext.sessionIssuer.userName: null
            userIdentity.arn: null
            requestParameters.roleArn: null
        filter_account_id_absent:
            userIdentity.accountId: null
            recipientAccountId: null
        condition: selection and (selection_error_code or (selection_error_code_absent and not filter_console_login)) and group_keys and not filter_user_name_absent and not filter_account_id_absent
    fields:
        - eventName
        - eventSource
        - userIdentity.userName
        - userIdentity.sessionContext.sessionIssuer.userName
        - userIdentity.arn
        - requestParameters.roleArn
        - userAgent
        - sourceIPAddress
        - userIdentity.accountId
        - recipientAccountId
        - awsRegion
    falsepositives:
        - 'An administrator''s update.'
    level: low
    ");
    assert_eq!(
        diagnostics,
        [
            "C408 values of `responseElements.ConsoleLogin` have one spelling each, so they compare without case",
            "C404 the rule selects the events that `stats` groups; the groups are left to whoever reads them",
        ]
    );
}
