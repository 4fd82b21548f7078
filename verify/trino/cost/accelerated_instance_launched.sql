-- Machines with accelerators started.
WITH launches AS (
  SELECT
    split(json_extract_scalar(requestparameters, '$.instanceType'), '.') AS parts,
    replace(awsregion, '-') AS region_code,
    coalesce(useridentity.arn, json_extract_scalar(requestparameters, '$.roleArn')) AS user_arn,
    sourceipaddress AS src,
    if(useridentity.type IN ('AWSAccount', 'AWSService'), recipientaccountid, useridentity.accountid) AS aws_account_id,
    coalesce(errorcode, 'success') AS outcome,
    eventtime
  FROM cloudtrail_logs
  WHERE "timestamp" = '2026/01/01'
    AND eventtime >= '2026-01-01T19:50:00Z' AND eventtime < '2026-01-01T23:50:00Z'
    AND lower(eventsource) = 'ec2.amazonaws.com'
    AND lower(eventname) = 'runinstances'
),
named AS (
  SELECT
    upper(substr(parts[1], 1, 1)) AS class, lower(parts[1]) AS family, element_at(parts, -1) AS size,
    region_code, user_arn, src, aws_account_id, outcome, eventtime
  FROM launches
  WHERE regexp_like(lower(parts[1]), '^(p|g|trn|inf)[0-9]') AND length(parts[1]) >= 2
)
SELECT
  class, family, size, region_code, user_arn, src, aws_account_id, count(*) AS count,
  substr(min(eventtime), 1, 19) AS "firstTime", substr(max(eventtime), 1, 19) AS "lastTime",
  array_sort(array_agg(DISTINCT outcome)) AS "errorCode"
FROM named
WHERE user_arn IS NOT NULL AND aws_account_id IS NOT NULL
GROUP BY class, family, size, region_code, user_arn, src, aws_account_id
