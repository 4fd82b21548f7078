-- Administrator rights given to a user, a role or a group.
WITH grants AS (
  SELECT
    CASE eventname WHEN 'AttachUserPolicy' THEN 'user/' WHEN 'AttachRolePolicy' THEN 'role/' ELSE 'group/' END || coalesce(
      json_extract_scalar(requestparameters, '$.userName'),
      json_extract_scalar(requestparameters, '$.roleName'),
      json_extract_scalar(requestparameters, '$.groupName')
    ) AS granted_to,
    if(errorcode IS NULL OR errorcode = 'success', 'granted', 'refused') AS outcome,
    coalesce(useridentity.arn, json_extract_scalar(requestparameters, '$.roleArn')) AS user_arn,
    useragent AS user_agent,
    sourceipaddress AS src,
    coalesce(useridentity.accountid, recipientaccountid) AS vendor_account,
    eventtime
  FROM cloudtrail_logs
  WHERE "timestamp" = '2026/01/01'
    AND eventtime >= '2026-01-01T22:50:00Z' AND eventtime < '2026-01-01T23:50:00Z'
    AND lower(eventsource) = 'iam.amazonaws.com'
    AND lower(eventname) IN ('attachuserpolicy', 'attachgrouppolicy', 'attachrolepolicy')
    AND lower(json_extract_scalar(requestparameters, '$.policyArn')) LIKE '%:policy/administratoraccess'
)
SELECT
  granted_to, outcome, user_arn, user_agent, src, vendor_account, count(*) AS count,
  substr(min(eventtime), 1, 19) AS "firstTime", substr(max(eventtime), 1, 19) AS "lastTime"
FROM grants
WHERE granted_to IS NOT NULL AND user_arn IS NOT NULL AND user_agent IS NOT NULL AND vendor_account IS NOT NULL
GROUP BY granted_to, outcome, user_arn, user_agent, src, vendor_account
