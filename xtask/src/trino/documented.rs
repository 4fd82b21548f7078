//! Tables that AWS documents: their columns, in its order.

use super::tables::Ty;

fn texts(names: &str) -> Vec<(String, Ty)> {
    names.split_whitespace().map(|n| (n.to_owned(), Ty::Varchar)).collect()
}

fn member(name: &str, ty: Ty) -> (String, Ty) {
    (name.to_owned(), ty)
}

fn row(name: &str, members: Vec<(String, Ty)>) -> (String, Ty) {
    member(name, Ty::Row(members))
}

fn list(name: &str, members: Vec<(String, Ty)>) -> (String, Ty) {
    member(name, Ty::Array(Box::new(Ty::Row(members))))
}

/// The columns of a table that AWS documents, and whether the last one is a partition of days.
pub(super) fn columns(table: &str) -> Option<(Vec<(String, Ty)>, bool)> {
    match table {
        "cloudtrail_logs" => Some((cloudtrail(), true)),
        _ if table.contains("amazon_security_lake_table") && table.ends_with("_cloud_trail_mgmt_2_0") => {
            Some((security_lake(), false))
        }
        _ => None,
    }
}

/// Athena user guide, "Create a table for CloudTrail logs in Athena using partition projection".
fn cloudtrail() -> Vec<(String, Ty)> {
    let mut identity = texts("type principalid arn accountid invokedby accesskeyid username");
    identity.push(row("onbehalfof", texts("userid identitystorearn")));
    let mut federation = texts("federatedprovider");
    federation.push(member("attributes", Ty::Map));
    identity.push(row(
        "sessioncontext",
        vec![
            row("attributes", texts("mfaauthenticated creationdate")),
            row("sessionissuer", texts("type principalid arn accountid username")),
            member("ec2roledelivery", Ty::Varchar),
            row("webidfederationdata", federation),
        ],
    ));
    let mut columns = texts("eventversion");
    columns.push(row("useridentity", identity));
    columns.extend(texts(
        "eventtime eventsource eventname awsregion sourceipaddress useragent errorcode errormessage requestparameters \
         responseelements additionaleventdata requestid eventid readonly",
    ));
    columns.push(list("resources", texts("arn accountid type")));
    columns.extend(texts(
        "eventtype apiversion recipientaccountid serviceeventdetails sharedeventid vpcendpointid vpcendpointaccountid \
         eventcategory",
    ));
    columns.push(row("addendum", texts("reason updatedfields originalrequestid originaleventid")));
    columns.extend(texts("sessioncredentialfromconsole edgedevicedetails"));
    columns.push(row("tlsdetails", texts("tlsversion ciphersuite clientprovidedhostheader")));
    // The partition.
    columns.extend(texts("timestamp"));
    columns
}

/// Security Lake user guide, "Queries for CloudTrail data", source version 2 (OCSF 1.1.0).
fn security_lake() -> Vec<(String, Ty)> {
    let text = |name: &str| member(name, Ty::Varchar);
    let number = |name: &str| member(name, Ty::Integer);
    let mut product = texts("version name vendor_name");
    product.push(row("feature", texts("name")));
    let mut metadata = vec![row("product", product)];
    metadata.extend(texts("event_code uid"));
    metadata.push(member("profiles", Ty::Array(Box::new(Ty::Varchar))));
    metadata.push(text("version"));
    let mut user = texts("type name uid_alt uid");
    user.push(row("account", texts("uid")));
    user.push(text("credential_uid"));
    let session = vec![
        member("created_time", Ty::Bigint),
        member("created_time_dt", Ty::Timestamp),
        member("is_mfa", Ty::Boolean),
        text("issuer"),
    ];
    let actor = vec![row("user", user), row("session", session), text("invoked_by"), row("idp", texts("name uid"))];
    let api = vec![
        row("response", texts("error message data")),
        text("operation"),
        text("version"),
        row("service", texts("name")),
        row("request", texts("data uid")),
    ];
    let resource = vec![text("uid"), row("owner", vec![row("account", texts("uid"))]), text("type")];
    let mut observable = texts("name value type");
    observable.push(number("type_id"));
    vec![
        row("metadata", metadata),
        member("time", Ty::Bigint),
        member("time_dt", Ty::Timestamp),
        row("cloud", vec![text("region"), text("provider"), row("account", texts("uid"))]),
        row("api", api),
        row("dst_endpoint", texts("svc_name")),
        row("actor", actor),
        row("http_request", texts("user_agent")),
        row("src_endpoint", texts("uid ip domain")),
        list("resources", resource),
        text("class_name"),
        number("class_uid"),
        text("category_name"),
        number("category_uid"),
        number("severity_id"),
        text("severity"),
        row("user", texts("uid_alt uid name type")),
        text("activity_name"),
        number("activity_id"),
        member("type_uid", Ty::Bigint),
        text("type_name"),
        text("status"),
        number("status_id"),
        member("is_mfa", Ty::Boolean),
        text("message"),
        member("unmapped", Ty::Map),
        list("observables", observable),
        text("accountid"),
        text("region"),
        text("asl_version"),
    ]
}
