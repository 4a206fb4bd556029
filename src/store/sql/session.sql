-- SPDX-License-Identifier: Apache-2.0
-- Sessions of browsers.

-- SESSION_FIND: digest, the moments after which it was created and seen
SELECT u.username, s.csrf, s.seen FROM session s JOIN users u ON u.user_id = s.user_id
 WHERE s.digest = ?1 AND s.created > ?2 AND s.seen > ?3
-- SESSION_INSERT: digest, user, csrf, now, address
INSERT INTO session (digest, user_id, csrf, created, seen, ip) VALUES (?1, ?2, ?3, ?4, ?4, ?5)
-- SESSION_SEEN: digest, now
UPDATE session SET seen = ?2 WHERE digest = ?1
-- SESSION_DELETE: digest
DELETE FROM session WHERE digest = ?1
-- SESSIONS_DELETE: user
DELETE FROM session WHERE user_id = ?1
-- SESSIONS_EXPIRE: the moments until which they were created and seen
DELETE FROM session WHERE created <= ?1 OR seen <= ?2
-- SESSION_LOGIN: user, now in microseconds
UPDATE users SET last_login = ?2 WHERE user_id = ?1
