-- SPDX-License-Identifier: Apache-2.0
-- Users, their addresses, keys and IP entries.

-- USER_BY_ID: id
SELECT @USER_COLUMNS@ FROM users u WHERE u.user_id = ?1
-- USER_BY_NAME: name
SELECT @USER_COLUMNS@ FROM users u WHERE u.username = ?1
-- USER_FIRST_ADMIN: the active super-admin with the lowest id
SELECT @USER_COLUMNS@ FROM users u WHERE u.admin = 1 AND u.active = 1 ORDER BY u.user_id LIMIT 1
-- USER_OTHER_ADMIN: user; a row when there is another active super-admin
SELECT 1 FROM users u WHERE u.admin = 1 AND u.active = 1 AND u.user_id <> ?1 LIMIT 1
-- USER_INSERT: username, firstname, lastname, password, active, admin, force, extern_type,
--              extern_name, now
INSERT INTO users (username, firstname, lastname, password, active, admin, force_password_change,
                   extern_type, extern_name, created_on)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) RETURNING user_id
-- USER_UPDATE: id, username, firstname, lastname, active, admin, extern_type, extern_name
UPDATE users SET username = ?2, firstname = ?3, lastname = ?4, active = ?5, admin = ?6,
       extern_type = ?7, extern_name = ?8 WHERE user_id = ?1
-- USER_UNLOCK_REPOS: user; releases the locks that they hold
UPDATE repo SET lock_user_id = NULL, locked_on = NULL, lock_reason = NULL WHERE lock_user_id = ?1
-- USER_DELETE: id
DELETE FROM users WHERE user_id = ?1
-- USER_SET_PASSWORD: id, hash
UPDATE users SET password = ?2 WHERE user_id = ?1
-- USER_RENEW_PASSWORD: id, the hash so far, another one of the same password
UPDATE users SET password = ?3 WHERE user_id = ?1 AND password = ?2
-- USER_SET_ACTIVE: id, flag
UPDATE users SET active = ?2 WHERE user_id = ?1

-- DEFINE USER_KEY_COLUMNS: what rc_read_user_key() in user_keys.c expects
k.user_id, k.key_id, k.main, k.role, k.description, k.expires, k.created_on, k.sealed, k.repo_id,
k.group_id, k.last_used

-- USER_EMAILS: user
SELECT e.email FROM user_email e WHERE e.user_id = ?1 ORDER BY e.main DESC, e.email_id
-- USER_IPS: user
SELECT i.ip_addr FROM user_ip i WHERE i.user_id = ?1 ORDER BY i.ip_id
-- USER_KEYS: user
SELECT @USER_KEY_COLUMNS@ FROM api_key k WHERE k.user_id = ?1 ORDER BY k.main DESC, k.key_id
-- USER_ROWS: chunk; without the main address, which is among all addresses
SELECT @USER_HEAD@, NULL, @USER_REST@ FROM json_each(?1) CROSS JOIN users u WHERE u.user_id = value
-- USERS_NAMES: chunk
SELECT u.user_id, u.username FROM json_each(?1) CROSS JOIN users u WHERE u.user_id = value
-- USERS_EMAILS: chunk; addresses, in any order, with twice their ids, plus 1 for main ones
WITH @CHUNK@ SELECT e.user_id, e.email, 2 * e.email_id + e.main FROM chunk c CROSS JOIN user_email e
 WHERE e.user_id = c.id
-- USERS_IPS: chunk
WITH @CHUNK@ SELECT i.user_id, i.ip_addr FROM chunk c CROSS JOIN user_ip i WHERE i.user_id = c.id
 ORDER BY i.ip_id
-- USERS_KEYS: chunk; what shows them in clear, as USERS_EMAILS
WITH @CHUNK@ SELECT k.user_id, 2 * k.key_id + k.main, k.sealed FROM chunk c CROSS JOIN api_key k
 WHERE k.user_id = c.id

-- USERS_BY_NAME: only those after this name, limit; all but the default user, as USER_ROWS
SELECT @USER_HEAD@, NULL, @USER_REST@ FROM users u WHERE u.username > ?1 AND u.username <> 'default'
 ORDER BY u.username LIMIT ?2

-- Sets of users, each in its own order; rows of id and 0
-- FOLLOWERS: the followers of a repository, in the order they began
SELECT s.user_id, 0 FROM repo_following s WHERE s.repo_id = ?1 ORDER BY s.following_id
-- GROUP_USERS: the members of a user group, in the order they joined
SELECT s.user_id, 0 FROM user_group_member s WHERE s.users_group_id = ?1 ORDER BY s.member_id

-- USER_FOLLOW: followed user, follower, now
INSERT INTO user_following (followed_id, user_id, created_on) VALUES (?1, ?2, ?3)
ON CONFLICT DO NOTHING
-- USER_UNFOLLOW: followed user, follower
DELETE FROM user_following WHERE followed_id = ?1 AND user_id = ?2

-- EMAIL_MAIN_UPDATE: user, address
UPDATE user_email SET email = ?2 WHERE user_id = ?1 AND main = 1
-- EMAIL_INSERT: user, address, main (1) or not (0)
INSERT INTO user_email (user_id, email, main) VALUES (?1, ?2, ?3)
-- EMAIL_MAIN_DELETE: user
DELETE FROM user_email WHERE user_id = ?1 AND main = 1
-- EMAIL_DELETE: user, address; never the main one
DELETE FROM user_email WHERE user_id = ?1 AND email = ?2 AND main = 0
-- IP_INSERT: user, entry
INSERT INTO user_ip (user_id, ip_addr) VALUES (?1, ?2) ON CONFLICT DO NOTHING
-- IP_DELETE: user, entry
DELETE FROM user_ip WHERE user_id = ?1 AND ip_addr = ?2

-- TOKENS: viewer, user, key (0: all); the keys of the user, each with the name of its scope if the
--         viewer may read that
WITH @ME(not materialized)@
SELECT @USER_KEY_COLUMNS@,
       CASE WHEN k.repo_id IS NOT NULL THEN
           (SELECT r.repo_name FROM me CROSS JOIN repo r
             WHERE r.repo_id = k.repo_id AND @REPO_LEVEL(r)@ > 0)
       WHEN k.group_id IS NOT NULL THEN
           (SELECT g.group_name FROM me CROSS JOIN repo_group g
             WHERE g.group_id = k.group_id AND @REPO_GROUP_LEVEL(g)@ > 0) END
  FROM api_key k WHERE k.user_id = ?2 AND (?3 = 0 OR k.key_id = ?3)
 ORDER BY k.main DESC, k.key_id
-- KEY_INSERT: user, digest, sealed, main, role, description, expires, now, repository, group
INSERT INTO api_key (user_id, digest, sealed, main, role, description, expires, created_on, repo_id,
                     group_id)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) RETURNING key_id
-- KEY_REPLACE: id, digest, sealed, now
UPDATE api_key SET digest = ?2, sealed = ?3, created_on = ?4, last_used = NULL WHERE key_id = ?1
-- KEY_USED: id, now, a moment; unless it was used after that
UPDATE api_key SET last_used = ?2
 WHERE key_id = ?1 AND (last_used IS NULL OR last_used <= ?3)
-- KEY_BY_DIGEST: user, digest
SELECT @USER_KEY_COLUMNS@ FROM api_key k WHERE k.user_id = ?1 AND k.digest = ?2
-- KEYS_SEALED: id; the next keys after it that have a sealed form
SELECT k.key_id, k.user_id, k.sealed FROM api_key k
 WHERE k.key_id > ?1 AND k.sealed IS NOT NULL ORDER BY k.key_id LIMIT 500
-- KEY_RESEAL: id, sealed
UPDATE api_key SET sealed = ?2 WHERE key_id = ?1
-- KEY_DELETE: id
DELETE FROM api_key WHERE key_id = ?1
-- KEYS_DELETE_OLD: user, now, how many stay of those that have expired: the last ones
DELETE FROM api_key
 WHERE user_id = ?1 AND main = 0 AND expires >= 0 AND expires < ?2 AND key_id NOT IN (
       SELECT k.key_id FROM api_key k WHERE k.user_id = ?1 AND k.main = 0 AND k.expires >= 0 AND k.expires < ?2
        ORDER BY k.expires DESC, k.key_id DESC LIMIT ?3)
-- KEYS_DELETE_EXPIRED: user, description, now
DELETE FROM api_key
 WHERE user_id = ?1 AND main = 0 AND description = ?2 AND expires >= 0 AND expires < ?3

-- DEFINE HAS_IPS: are there IP entries that bind user $?
EXISTS (SELECT 1 FROM user_ip i WHERE i.user_id = $.user_id)
OR ($.inherit_default_permissions = 1 AND EXISTS
    (SELECT 1 FROM user_ip i JOIN users d ON d.user_id = i.user_id WHERE d.username = 'default'))

-- CALLER_BY_KEY: digest; the owner of this key
SELECT u.user_id, u.username, u.active, u.admin, u.inherit_default_permissions, @HAS_IPS(u)@,
       k.role, k.expires, k.key_id, k.repo_id, k.group_id, k.last_used
  FROM api_key k JOIN users u ON u.user_id = k.user_id WHERE k.digest = ?1
-- CALLER_BY_KEY_ID: key; the same for the key with this number
SELECT u.user_id, u.username, u.active, u.admin, u.inherit_default_permissions, @HAS_IPS(u)@,
       k.role, k.expires, k.key_id, k.repo_id, k.group_id, k.last_used
  FROM api_key k JOIN users u ON u.user_id = k.user_id WHERE k.key_id = ?1
-- CALLER_BY_NAME: name; the same without a key
SELECT u.user_id, u.username, u.active, u.admin, u.inherit_default_permissions, @HAS_IPS(u)@
  FROM users u WHERE u.username = ?1
-- CALLER_BY_LOGIN: login (a username in any case, or a main address); the same and the password
-- hash
SELECT u.user_id, u.username, u.active, u.admin, u.inherit_default_permissions, @HAS_IPS(u)@,
       u.password, 0 AS rank
  FROM users u WHERE lower(u.username) = lower(?1) AND u.username <> 'default'
UNION ALL
SELECT u.user_id, u.username, u.active, u.admin, u.inherit_default_permissions, @HAS_IPS(u)@,
       u.password, 1
  FROM user_email e JOIN users u ON u.user_id = e.user_id
 WHERE e.email = lower(?1) AND e.main = 1 AND u.username <> 'default' ORDER BY rank LIMIT 1
-- CALLER_IPS: user, include the default user's entries (1) or not (0)
SELECT i.ip_addr FROM user_ip i JOIN users u ON u.user_id = i.user_id
 WHERE u.user_id = ?1 OR (?2 = 1 AND u.username = 'default') ORDER BY i.ip_id
