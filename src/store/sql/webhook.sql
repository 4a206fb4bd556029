-- SPDX-License-Identifier: Apache-2.0
-- Webhooks: who gets an event, what waits, what became of it.

-- EVENT_WEBHOOKS: event, repository; id and owner of the webhooks that are for it
WITH RECURSIVE above (group_id) AS (
    SELECT r.group_id FROM repo r WHERE r.repo_id = ?2 AND r.group_id IS NOT NULL
    UNION SELECT g.parent_id FROM above a JOIN repo_group g ON g.group_id = a.group_id
           WHERE g.parent_id IS NOT NULL)
SELECT w.webhook_id, w.user_id FROM webhook w JOIN users u ON u.user_id = w.user_id
 WHERE w.active = 1 AND u.active = 1 AND w.events LIKE '%|' || ?1 || '|%'
   AND (w.repo_id = ?2 OR w.group_id IN (SELECT a.group_id FROM above a)
        OR (w.repo_id IS NULL AND w.group_id IS NULL))
 ORDER BY w.webhook_id
-- EVENT_COMMENT: repository; its newest comment, and whether that has a vote
SELECT c.comment_id, CASE WHEN c.vote IS NULL THEN 0 ELSE 1 END FROM changeset_comment c WHERE c.repo_id = ?1
 ORDER BY c.comment_id DESC LIMIT 1
-- EVENT_QUEUE: webhook, event, now, user (0: none), their name or NULL, address, repository, its name,
-- what it is about, comment (0: none); waits for the earlier ones of webhook and repository
INSERT INTO webhook_delivery (webhook_id, event, created_on, user_id, username, ip, repo_id,
                              repo_name, repo_type, about, comment_id, state, due)
SELECT ?1, ?2, ?3, ?4, coalesce(?5, (SELECT u.username FROM users u WHERE u.user_id = ?4), ''), ?6,
       ?7, ?8, coalesce((SELECT r.repo_type FROM repo r WHERE r.repo_id = ?7), ''), ?9, ?10,
       'waiting', CASE WHEN EXISTS (SELECT 1 FROM webhook_delivery o WHERE o.state = 'waiting'
                                       AND o.webhook_id = ?1 AND o.repo_id = ?7)
                       THEN NULL ELSE CAST(?3 AS BIGINT) END
-- WEBHOOK_FULL: webhook, number; a row when so many wait for it
SELECT 1 FROM webhook_delivery d WHERE d.webhook_id = ?1 AND d.state = 'waiting'
 ORDER BY d.delivery_id LIMIT 1 OFFSET CAST(?2 AS BIGINT) - 1
-- WEBHOOKS_WANT: event; a row when a webhook wants it
SELECT 1 FROM webhook w WHERE w.active = 1 AND w.events LIKE '%|' || ?1 || '|%' LIMIT 1

-- DEFINE WEBHOOK_COLUMNS: what read_webhook() in webhook.c expects, in this order
w.webhook_id, w.user_id, u.username, w.repo_id, r.repo_name, w.group_id, g.group_name, w.url,
w.events, w.signed, w.with_token, w.active, w.failures, w.created_on, w.target, w.server_url

-- DEFINE WEBHOOK_FROM: its row, with the names of what it belongs to
webhook w LEFT JOIN users u ON u.user_id = w.user_id LEFT JOIN repo r ON r.repo_id = w.repo_id
  LEFT JOIN repo_group g ON g.group_id = w.group_id

-- WEBHOOK_BY_ID: webhook
SELECT @WEBHOOK_COLUMNS@ FROM @WEBHOOK_FROM@ WHERE w.webhook_id = ?1
-- WEBHOOKS_OF: viewer, repository (0: all, and those of groups and of the server); behind the columns the level
--              of the viewer on what each is for
WITH @ME(materialized)@
SELECT @WEBHOOK_COLUMNS@,
       CASE WHEN me.admin = 1 THEN 4 WHEN r.repo_id IS NOT NULL THEN @REPO_LEVEL(r)@
            WHEN g.group_id IS NOT NULL THEN @REPO_GROUP_LEVEL(g)@ ELSE 0 END
  FROM me CROSS JOIN @WEBHOOK_FROM@ WHERE ?2 = 0 OR w.repo_id = ?2 ORDER BY w.webhook_id
-- WEBHOOKS_COUNT: repository, group (0: none); how many there are for it
SELECT count(*) FROM webhook w
 WHERE coalesce(w.repo_id, 0) = ?1 AND coalesce(w.group_id, 0) = ?2
-- WEBHOOK_INSERT: owner, repository, group, target, url, server's URL, events, signed, token, active, now
INSERT INTO webhook (user_id, repo_id, group_id, target, url, server_url, events, signed, with_token,
                     active, created_on)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) RETURNING webhook_id
-- WEBHOOK_UPDATE: id, owner, target, url, server's URL, events, signed, token, active; counts anew
UPDATE webhook SET user_id = ?2, target = ?3, url = ?4, server_url = ?5, events = ?6, signed = ?7,
       with_token = ?8, active = ?9, failures = 0 WHERE webhook_id = ?1
-- WEBHOOK_DELETE: id
DELETE FROM webhook WHERE webhook_id = ?1
-- WEBHOOKS_SEALED: id; the next ones after it
SELECT w.webhook_id, 0, w.target FROM webhook w WHERE w.webhook_id > ?1
 ORDER BY w.webhook_id LIMIT 500
-- WEBHOOK_RESEAL: id, sealed
UPDATE webhook SET target = ?2 WHERE webhook_id = ?1
-- WEBHOOKS_ORPHANS: deletes those whose repository or group was deleted, and for which nothing waits
DELETE FROM webhook
 WHERE ((repo_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM repo r WHERE r.repo_id = webhook.repo_id))
        OR (group_id IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM repo_group g WHERE g.group_id = webhook.group_id)))
   AND NOT EXISTS (SELECT 1 FROM webhook_delivery d
                    WHERE d.webhook_id = webhook.webhook_id AND d.state = 'waiting')

-- DELIVERIES_OF: webhook, limit; the newest first
SELECT d.delivery_id, d.event, d.created_on, d.status_code, d.attempts, d.due, d.error, d.state
  FROM webhook_delivery d WHERE d.webhook_id = ?1 ORDER BY d.delivery_id DESC LIMIT ?2
-- DELIVERY_WEBHOOK: delivery; its webhook, and whether it waits
SELECT d.webhook_id, CASE d.state WHEN 'waiting' THEN 1 ELSE 0 END FROM webhook_delivery d WHERE d.delivery_id = ?1
-- DELIVERY_AGAIN: delivery, now; queues a copy of it
INSERT INTO webhook_delivery (webhook_id, event, created_on, user_id, username, ip, repo_id,
                              repo_name, repo_type, about, comment_id, state, due)
SELECT d.webhook_id, d.event, d.created_on, d.user_id, d.username, d.ip, d.repo_id, d.repo_name,
       d.repo_type, d.about, d.comment_id, 'waiting',
       CASE WHEN EXISTS (SELECT 1 FROM webhook_delivery o WHERE o.state = 'waiting'
                            AND o.webhook_id = d.webhook_id AND o.repo_id = d.repo_id)
            THEN NULL ELSE CAST(?2 AS BIGINT) END
  FROM webhook_delivery d WHERE d.delivery_id = ?1 RETURNING delivery_id
-- DELIVERY_NOW: delivery, now; of those that wait with it for one receiver, the first is due
UPDATE webhook_delivery SET due = ?2
 WHERE due > ?2 AND delivery_id = (
       SELECT min(n.delivery_id) FROM webhook_delivery d JOIN webhook_delivery n
           ON n.webhook_id = d.webhook_id AND n.repo_id = d.repo_id
        WHERE d.delivery_id = ?1 AND n.state = 'waiting')
-- DELIVERY_NEWEST: webhook; the id of its newest delivery
SELECT max(d.delivery_id) FROM webhook_delivery d WHERE d.webhook_id = ?1

-- LANES_DUE: now, most of one webhook, most of one owner, limit; webhook, repository and owner of deliveries that
-- are due, one of each owner in turn
SELECT o.webhook_id, o.repo_id, o.user_id
  FROM (SELECT n.webhook_id, n.repo_id, n.user_id, n.due,
               row_number() OVER (PARTITION BY n.user_id ORDER BY n.place, n.due, n.webhook_id) AS turn
          FROM (SELECT d.webhook_id, d.repo_id, w.user_id, d.due,
                       row_number() OVER (PARTITION BY d.webhook_id ORDER BY d.due, d.delivery_id) AS place
                  FROM webhook_delivery d JOIN webhook w ON w.webhook_id = d.webhook_id
                 WHERE d.due IS NOT NULL AND d.due <= ?1) n
         WHERE n.place <= ?2) o
 WHERE o.turn <= ?3 ORDER BY o.turn, o.due LIMIT ?4
-- LANE_HEAD: webhook, repository, now; the delivery that is due, with its webhook and whether its owner is active
SELECT d.delivery_id, d.event, d.created_on, d.user_id, d.username, d.ip, d.repo_name, d.repo_type,
       d.about, d.comment_id, d.attempts, w.target, w.server_url, w.with_token, w.user_id,
       CASE WHEN r.repo_id IS NULL THEN 0 ELSE 1 END, coalesce(r.repo_name, d.repo_name),
       coalesce(u.active, 0)
  FROM webhook_delivery d JOIN webhook w ON w.webhook_id = d.webhook_id
  LEFT JOIN users u ON u.user_id = w.user_id
  LEFT JOIN repo r ON r.repo_id = d.repo_id
 WHERE d.webhook_id = ?1 AND d.repo_id = ?2 AND d.state = 'waiting' AND d.due <= ?3
 ORDER BY d.delivery_id LIMIT 1
-- LANE_NEXT: webhook, repository, now; the next one can be sent
UPDATE webhook_delivery SET due = ?3
 WHERE delivery_id = (SELECT min(n.delivery_id) FROM webhook_delivery n
                       WHERE n.webhook_id = ?1 AND n.repo_id = ?2 AND n.state = 'waiting')
-- DELIVERY_ENDED: delivery, state, due (0: never), status (0: none), error; one attempt more. What was given up
-- meanwhile is not tried again.
UPDATE webhook_delivery SET state = ?2, due = ?3, status_code = ?4, error = ?5,
       attempts = attempts + 1 WHERE delivery_id = ?1 AND (state = 'waiting' OR ?2 = 'sent')
-- WEBHOOK_WELL: webhook; the last delivery has arrived
UPDATE webhook SET failures = 0 WHERE webhook_id = ?1 AND failures > 0
-- WEBHOOK_ILL: webhook; it has not
UPDATE webhook SET failures = failures + 1 WHERE webhook_id = ?1
-- WEBHOOK_DISABLE: webhook, failures; when there were as many in a row
UPDATE webhook SET active = 0 WHERE webhook_id = ?1 AND active = 1 AND failures >= ?2
-- DELIVERIES_GIVE_UP: webhook, error; none of what waits will be sent
UPDATE webhook_delivery SET state = 'failed', due = NULL, error = ?2
 WHERE webhook_id = ?1 AND state = 'waiting'
-- DELIVERIES_FORGET: webhook; deletes those about repositories that were deleted
DELETE FROM webhook_delivery
 WHERE webhook_id = ?1 AND repo_id <> 0
   AND NOT EXISTS (SELECT 1 FROM repo r WHERE r.repo_id = webhook_delivery.repo_id)
-- DELIVERIES_TRIM: webhook, state, how many are kept
DELETE FROM webhook_delivery
 WHERE webhook_id = ?1 AND state = ?2 AND delivery_id <=
       (SELECT d.delivery_id FROM webhook_delivery d WHERE d.webhook_id = ?1 AND d.state = ?2
         ORDER BY d.delivery_id DESC LIMIT 1 OFFSET ?3)
-- DELIVERIES_WAITING: how many wait
SELECT count(*) FROM webhook_delivery d WHERE d.state = 'waiting'
-- SENDER_TAKE: host, until, now; changes a row when no other host sends
INSERT INTO webhook_sender (one, host, until) VALUES (1, ?1, ?2)
    ON CONFLICT (one) DO UPDATE SET host = excluded.host, until = excluded.until
       WHERE webhook_sender.host = ?1 OR webhook_sender.until < ?3
