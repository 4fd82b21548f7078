-- Functions that anybody may call.
WITH grants AS (
  SELECT
    eventname,
    coalesce(useridentity.arn, json_extract_scalar(requestparameters, '$.roleArn')) AS user_arn,
    useragent, sourceipaddress,
    coalesce(useridentity.accountid, recipientaccountid) AS account,
    awsregion, eventtime,
    json_extract_scalar(requestparameters, '$.functionName') AS called
  FROM cloudtrail_logs
  WHERE "timestamp" = '2026/01/01'
    AND eventtime >= '2026-01-01T22:50:00Z' AND eventtime < '2026-01-01T23:50:00Z'
    AND lower(eventsource) = 'lambda.amazonaws.com'
    AND lower(eventname) LIKE 'addpermission%'
    AND (errorcode IS NULL OR lower(errorcode) = 'success')
    AND json_extract_scalar(requestparameters, '$.principal') = '*'
)
SELECT
  eventname AS signature, user_arn, useragent AS user_agent, sourceipaddress AS src, account AS vendor_account,
  awsregion AS vendor_region, count(*) AS count,
  substr(min(eventtime), 1, 19) AS "firstTime", substr(max(eventtime), 1, 19) AS "lastTime",
  array_sort(array_agg(DISTINCT called) FILTER (WHERE called IS NOT NULL)) AS function_name
FROM grants
WHERE user_arn IS NOT NULL AND useragent IS NOT NULL AND account IS NOT NULL
GROUP BY eventname, user_arn, useragent, sourceipaddress, account, awsregion
