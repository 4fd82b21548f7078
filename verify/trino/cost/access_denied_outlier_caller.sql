-- Callers refused more often than the mean of all refused callers and three standard deviations.
WITH refused AS (
  SELECT
    coalesce(useridentity.arn, json_extract_scalar(requestparameters, '$.roleArn')) AS user_arn,
    sourceipaddress AS src,
    coalesce(useridentity.accountid, recipientaccountid) AS vendor_account,
    eventname, eventsource, eventtime
  FROM cloudtrail_logs
  WHERE "timestamp" = '2026/01/01'
    AND eventtime >= '2026-01-01T19:50:00Z' AND eventtime < '2026-01-01T23:50:00Z'
    AND (lower(errorcode) IN ('accessdenied', 'accessdeniedexception') OR lower(errorcode) LIKE '%unauthorizedoperation')
),
callers AS (
  SELECT
    user_arn, src, vendor_account, count(*) AS count, count(DISTINCT eventname) AS distinct_calls,
    array_sort(array_agg(DISTINCT eventsource)) AS services,
    substr(min(eventtime), 1, 19) AS first_time, substr(max(eventtime), 1, 19) AS last_time
  FROM refused
  WHERE user_arn IS NOT NULL AND vendor_account IS NOT NULL
  GROUP BY user_arn, src, vendor_account
),
compared AS (
  SELECT *, avg(count) OVER () AS mean, coalesce(stddev(count) OVER (), 0) AS spread FROM callers
)
SELECT
  user_arn, src, vendor_account, count, distinct_calls, services, first_time AS "firstTime", last_time AS "lastTime", mean, spread
FROM compared
WHERE count > 20 AND count > mean + 3 * spread
