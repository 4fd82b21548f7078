-- The root user signed in with a password only.
WITH logins AS (
  SELECT
    sourceipaddress AS src,
    coalesce(useridentity.arn, json_extract_scalar(requestparameters, '$.roleArn')) AS user_arn,
    useragent, useridentity.accountid AS account, awsregion, eventtime
  FROM cloudtrail_logs
  WHERE "timestamp" = '2026/01/01'
    AND eventtime >= '2026-01-01T22:50:00Z' AND eventtime < '2026-01-01T23:50:00Z'
    AND lower(eventname) = 'consolelogin'
    AND lower(useridentity.type) = 'root'
    AND lower(json_extract_scalar(additionaleventdata, '$.MFAUsed')) = 'no'
    AND coalesce(
          lower(errorcode),
          if(eventname = 'ConsoleLogin' AND json_extract_scalar(responseelements, '$.ConsoleLogin') = 'Failure', 'failure', 'success')
        ) = 'success'
),
grouped AS (
  SELECT src, user_arn, useragent, account, awsregion, count(*) AS count, min(eventtime) AS first, max(eventtime) AS last
  FROM logins
  WHERE user_arn IS NOT NULL AND useragent IS NOT NULL AND account IS NOT NULL
  GROUP BY src, user_arn, useragent, account, awsregion
)
SELECT
  src, user_arn, useragent AS "userAgent", account AS aws_account_id, awsregion AS "awsRegion", count,
  replace(substr(first, 1, 19), 'T', ' ') AS "firstTime", replace(substr(last, 1, 19), 'T', ' ') AS "lastTime",
  substr(first, 1, 10) AS first_day, substr(first, 12, 2) AS first_hour
FROM grouped
