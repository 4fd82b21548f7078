-- The block on public access taken off a bucket or an account.
WITH removals AS (
  SELECT
    eventname,
    coalesce(json_extract_scalar(requestparameters, '$.bucketName'), 'account-wide') AS bucket,
    coalesce(useridentity.arn, json_extract_scalar(requestparameters, '$.roleArn')) AS user_arn,
    sourceipaddress AS src,
    coalesce(useragent, 'unknown') AS useragent,
    if(useridentity.type IN ('AWSAccount', 'AWSService'), recipientaccountid, useridentity.accountid) AS aws_account_id,
    awsregion, eventtime
  FROM cloudtrail_logs
  WHERE "timestamp" = '2026/01/01'
    AND eventtime >= '2026-01-01T22:50:00Z' AND eventtime < '2026-01-01T23:50:00Z'
    AND lower(eventsource) = 's3.amazonaws.com'
    AND lower(eventname) IN ('deletebucketpublicaccessblock', 'deleteaccountpublicaccessblock')
    AND (errorcode IS NULL OR lower(errorcode) = 'success')
)
SELECT
  eventname AS "eventName", bucket, user_arn, src, useragent AS "userAgent", aws_account_id, awsregion AS "awsRegion",
  count(*) AS count, substr(min(eventtime), 1, 19) AS "firstTime", substr(max(eventtime), 1, 19) AS "lastTime"
FROM removals
WHERE user_arn IS NOT NULL AND aws_account_id IS NOT NULL
GROUP BY eventname, bucket, user_arn, src, useragent, aws_account_id, awsregion
