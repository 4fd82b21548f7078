-- Sign-ins that succeed after many failures.
WITH logins AS (
  SELECT
    coalesce(
      useridentity.username,
      useridentity.sessioncontext.sessionissuer.username,
      regexp_replace(coalesce(useridentity.arn, json_extract_scalar(requestparameters, '$.roleArn')), '^.*[:/]', '')
    ) AS user_name,
    sourceipaddress AS src,
    coalesce(useridentity.accountid, recipientaccountid) AS vendor_account,
    coalesce(
      errorcode,
      if(eventname = 'ConsoleLogin' AND json_extract_scalar(responseelements, '$.ConsoleLogin') = 'Failure', 'failure', 'success')
    ) = 'success' AS succeeded,
    eventtime
  FROM cloudtrail_logs
  WHERE "timestamp" = '2026/01/01'
    AND eventtime >= '2026-01-01T22:50:00Z' AND eventtime < '2026-01-01T23:50:00Z'
    AND lower(eventname) = 'consolelogin'
)
SELECT
  user_name, src, vendor_account, count(*) AS count, count_if(succeeded) AS successes, count_if(NOT succeeded) AS failures,
  substr(min(eventtime), 1, 19) AS "firstTime", substr(max(eventtime), 1, 19) AS "lastTime"
FROM logins
WHERE user_name IS NOT NULL AND vendor_account IS NOT NULL
GROUP BY user_name, src, vendor_account
HAVING count_if(NOT succeeded) >= 5 AND count_if(succeeded) > 0
