-- Callers that read many secrets.
WITH reads AS (
  SELECT
    coalesce(useridentity.arn, json_extract_scalar(requestparameters, '$.roleArn')) AS user_arn,
    sourceipaddress AS src,
    coalesce(useridentity.accountid, recipientaccountid) AS vendor_account,
    awsregion AS vendor_region,
    json_extract_scalar(requestparameters, '$.secretId') AS secret,
    eventtime
  FROM cloudtrail_logs
  WHERE "timestamp" = '2026/01/01'
    AND eventtime >= '2026-01-01T19:50:00Z' AND eventtime < '2026-01-01T23:50:00Z'
    AND lower(eventsource) = 'secretsmanager.amazonaws.com'
    AND lower(eventname) = 'getsecretvalue'
    AND (errorcode IS NULL OR lower(errorcode) = 'success')
)
SELECT
  user_arn, src, vendor_account, vendor_region, count(*) AS count, count(DISTINCT secret) AS secrets,
  array_sort(array_agg(DISTINCT secret) FILTER (WHERE secret IS NOT NULL)) AS secret_id,
  substr(min(eventtime), 1, 19) AS "firstTime", substr(max(eventtime), 1, 19) AS "lastTime"
FROM reads
WHERE user_arn IS NOT NULL AND vendor_account IS NOT NULL
GROUP BY user_arn, src, vendor_account, vendor_region
HAVING count(DISTINCT secret) >= 15
