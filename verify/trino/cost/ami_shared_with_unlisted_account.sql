-- Machine images shared with accounts that are not our own.
WITH shares AS (
  SELECT
    json_extract_scalar(item, '$.userId') AS shared_account,
    json_extract_scalar(requestparameters, '$.imageId') AS image,
    coalesce(useridentity.arn, json_extract_scalar(requestparameters, '$.roleArn')) AS user_arn,
    sourceipaddress AS src,
    coalesce(useridentity.accountid, recipientaccountid) AS vendor_account,
    awsregion AS vendor_region,
    eventtime
  FROM cloudtrail_logs
  CROSS JOIN UNNEST(CAST(json_extract(requestparameters, '$.launchPermission.add.items') AS ARRAY(JSON))) AS t (item)
  WHERE "timestamp" = '2026/01/01'
    AND eventtime >= '2026-01-01T22:50:00Z' AND eventtime < '2026-01-01T23:50:00Z'
    AND lower(eventsource) = 'ec2.amazonaws.com'
    AND lower(eventname) = 'modifyimageattribute'
    AND lower(json_extract_scalar(requestparameters, '$.attributeType')) = 'launchpermission'
    AND (errorcode IS NULL OR lower(errorcode) = 'success')
)
SELECT
  shared_account, user_arn, src, vendor_account, vendor_region, count(*) AS count,
  substr(min(eventtime), 1, 19) AS "firstTime", substr(max(eventtime), 1, 19) AS "lastTime",
  array_sort(array_agg(DISTINCT image) FILTER (WHERE image IS NOT NULL)) AS image_id
FROM shares
WHERE shared_account NOT IN ('111122223333', '444455556666', '123456789012')
  AND user_arn IS NOT NULL AND vendor_account IS NOT NULL
GROUP BY shared_account, user_arn, src, vendor_account, vendor_region
