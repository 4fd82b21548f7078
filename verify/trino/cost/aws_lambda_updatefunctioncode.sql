-- Users (not roles) that changed the code of a Lambda function.
WITH e AS (
  SELECT
    eventname, eventsource, useragent, sourceipaddress, awsregion, eventtime,
    coalesce(
      useridentity.username,
      useridentity.sessioncontext.sessionissuer.username,
      regexp_replace(coalesce(useridentity.arn, json_extract_scalar(requestparameters, '$.roleArn')), '^.*[:/]', '')
    ) AS who,
    coalesce(useridentity.accountid, recipientaccountid) AS account
  FROM cloudtrail_logs
  WHERE "timestamp" BETWEEN '2025/12/31' AND '2026/01/01'
    AND eventtime >= '2025-12-31T23:50:00Z' AND eventtime < '2026-01-01T23:50:00Z'
    AND lower(eventsource) = 'lambda.amazonaws.com'
    AND lower(eventname) LIKE 'updatefunctioncode%'
    AND (errorcode IS NULL OR lower(errorcode) = 'success')
    AND lower(useridentity.type) = 'iamuser'
)
SELECT
  eventname AS signature, eventsource AS dest, who AS user, useragent AS user_agent, sourceipaddress AS src,
  account AS vendor_account, awsregion AS vendor_region, 'AWS CloudTrail' AS vendor_product, count(*) AS count,
  substr(min(eventtime), 1, 19) AS "firstTime", substr(max(eventtime), 1, 19) AS "lastTime"
FROM e
WHERE who IS NOT NULL AND useragent IS NOT NULL AND account IS NOT NULL
GROUP BY eventname, eventsource, who, useragent, sourceipaddress, account, awsregion
