-- Roles of instances that look around.
WITH calls AS (
  SELECT
    regexp_extract(useridentity.arn, 'assumed-role/([^/]+)/(i-\w+)$', 1) AS role_name,
    regexp_extract(useridentity.arn, 'assumed-role/([^/]+)/(i-\w+)$', 2) AS instance_id,
    sourceipaddress AS src,
    coalesce(useridentity.accountid, recipientaccountid) AS vendor_account,
    eventname, eventtime
  FROM cloudtrail_logs
  WHERE "timestamp" BETWEEN '2025/12/31' AND '2026/01/01'
    AND eventtime >= '2025-12-31T23:50:00Z' AND eventtime < '2026-01-01T23:50:00Z'
    AND lower(useridentity.type) = 'assumedrole'
    AND lower(eventname) IN ('getcalleridentity', 'listbuckets', 'listusers', 'listroles', 'listsecrets', 'describeinstances')
)
SELECT
  role_name, instance_id, src, vendor_account, count(*) AS count, count(DISTINCT eventname) AS distinct_calls,
  array_sort(array_agg(DISTINCT eventname)) AS calls,
  substr(min(eventtime), 1, 19) AS "firstTime", substr(max(eventtime), 1, 19) AS "lastTime"
FROM calls
WHERE instance_id IS NOT NULL AND vendor_account IS NOT NULL
GROUP BY role_name, instance_id, src, vendor_account
HAVING count(DISTINCT eventname) >= 2
