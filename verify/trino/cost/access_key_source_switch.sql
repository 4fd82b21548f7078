-- Long-lived keys whose source address changes again and again.
WITH calls AS (
  SELECT
    useridentity.accesskeyid AS user_access_key,
    coalesce(useridentity.arn, json_extract_scalar(requestparameters, '$.roleArn')) AS user_arn,
    coalesce(useridentity.accountid, recipientaccountid) AS vendor_account,
    sourceipaddress AS src,
    eventtime,
    lag(sourceipaddress) OVER (PARTITION BY useridentity.accesskeyid ORDER BY eventtime) AS previous_src
  FROM cloudtrail_logs
  WHERE "timestamp" BETWEEN '2025/12/31' AND '2026/01/01'
    AND eventtime >= '2025-12-31T23:50:00Z' AND eventtime < '2026-01-01T23:50:00Z'
    AND lower(useridentity.type) = 'iamuser'
    AND lower(useridentity.accesskeyid) LIKE 'akia%'
    AND coalesce(
          lower(errorcode),
          if(eventname = 'ConsoleLogin' AND json_extract_scalar(responseelements, '$.ConsoleLogin') = 'Failure', 'failure', 'success')
        ) = 'success'
    AND lower(sourceipaddress) NOT LIKE '%.amazonaws.com'
)
SELECT
  user_access_key, user_arn, vendor_account, count(*) AS switches, count(DISTINCT src) AS sources,
  array_sort(array_agg(DISTINCT src)) AS src,
  substr(min(eventtime), 1, 19) AS "firstTime", substr(max(eventtime), 1, 19) AS "lastTime"
FROM calls
WHERE src <> previous_src AND user_arn IS NOT NULL AND vendor_account IS NOT NULL
GROUP BY user_access_key, user_arn, vendor_account
HAVING count(*) >= 6
