-- Users that were created and then given keys or a password.
WITH steps AS (
  SELECT
    json_extract_scalar(requestparameters, '$.userName') AS target_user,
    if(useridentity.type IN ('AWSAccount', 'AWSService'), recipientaccountid, useridentity.accountid) AS aws_account_id,
    coalesce(useridentity.arn, json_extract_scalar(requestparameters, '$.roleArn')) AS arn,
    eventname, sourceipaddress, eventtime
  FROM cloudtrail_logs
  WHERE "timestamp" = '2026/01/01'
    AND eventtime >= '2026-01-01T19:50:00Z' AND eventtime < '2026-01-01T23:50:00Z'
    AND lower(eventsource) = 'iam.amazonaws.com'
    AND lower(eventname) IN ('createuser', 'createaccesskey', 'createloginprofile')
    AND (errorcode IS NULL OR lower(errorcode) = 'success')
)
SELECT
  target_user, aws_account_id, count(DISTINCT eventname) AS steps, array_sort(array_agg(DISTINCT eventname)) AS calls,
  substr(min(eventtime), 1, 19) AS "firstTime", substr(max(eventtime), 1, 19) AS "lastTime",
  array_sort(array_agg(DISTINCT arn) FILTER (WHERE arn IS NOT NULL)) AS user_arn,
  array_sort(array_agg(DISTINCT sourceipaddress)) AS src
FROM steps
WHERE target_user IS NOT NULL AND aws_account_id IS NOT NULL
GROUP BY target_user, aws_account_id
HAVING count(DISTINCT eventname) > 1
