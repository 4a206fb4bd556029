-- SPDX-License-Identifier: Apache-2.0
-- Changes to existing repositories: their rows, forks, locks, extra fields; and names for rescans.

-- REPO_UPDATE: id, name, owner, group, fork parent, private, statistics, locking, downloads,
--              description, clone_uri, clone_uri_sealed, landing_rev, now
UPDATE repo SET repo_name = ?2, owner_id = ?3, group_id = ?4, fork_id = ?5, private = ?6,
       enable_statistics = ?7, enable_locking = ?8, enable_downloads = ?9, description = ?10,
       clone_uri = ?11, clone_uri_sealed = ?12, landing_rev = ?13, updated_on = ?14
 WHERE repo_id = ?1
-- REPO_DELETE: id; foreign keys delete its other rows, and its forks lose their parent
DELETE FROM repo WHERE repo_id = ?1
-- REPO_FORK_COUNT: user, id, level; the number of direct forks on which the user has that level
WITH @ME(not materialized)@
SELECT count(*) FROM me CROSS JOIN repo r WHERE r.fork_id = ?2 AND @REPO_LEVEL(r)@ >= ?3
-- REPO_WITH_FORKS_OF: user, id; the repository, the forks of it that the user administers, their
-- forks that they administer, and so on
WITH RECURSIVE @ME(not materialized)@,
tree (repo_id) AS (
    SELECT r.repo_id FROM repo r WHERE r.repo_id = ?2
    UNION
    SELECT f.repo_id FROM tree t CROSS JOIN me JOIN repo f ON f.fork_id = t.repo_id
     WHERE @REPO_LEVEL(f)@ = 4)
SELECT r.repo_id, r.repo_name FROM tree t JOIN repo r ON r.repo_id = t.repo_id ORDER BY r.repo_id
-- REPO_WITH_FORKS: id; the repository and the forks of it, of those, and so on
WITH RECURSIVE tree (repo_id) AS (
    SELECT r.repo_id FROM repo r WHERE r.repo_id = ?1
    UNION
    SELECT f.repo_id FROM tree t JOIN repo f ON f.fork_id = t.repo_id)
SELECT r.repo_id, r.repo_name FROM tree t JOIN repo r ON r.repo_id = t.repo_id ORDER BY r.repo_id
-- REPO_NAMES: all
SELECT repo_id, repo_name FROM repo ORDER BY repo_id
-- REPO_OLDEST: a hundred
SELECT repo_id, repo_name FROM repo ORDER BY repo_id LIMIT 100
-- REPO_NAME: id
SELECT repo_id, repo_name FROM repo WHERE repo_id = ?1

-- REPO_SET_LOCK: id, user, time, reason; the last three are NULL to unlock
UPDATE repo SET lock_user_id = ?2, locked_on = ?3, lock_reason = ?4 WHERE repo_id = ?1

-- REPO_ORIGIN: id; what was fetched into the repository
SELECT remote_id, commits FROM repo_origin WHERE repo_id = ?1
-- REPO_SET_ORIGIN: id, id of the remote, commits
INSERT INTO repo_origin (repo_id, remote_id, commits) VALUES (?1, ?2, ?3)
ON CONFLICT (repo_id) DO UPDATE SET remote_id = excluded.remote_id, commits = excluded.commits

-- REPO_SETTING_SET: id, name, value
INSERT INTO repo_setting (repo_id, name, value) VALUES (?1, ?2, ?3)
ON CONFLICT (repo_id, name) DO UPDATE SET value = excluded.value
-- REPO_SETTING_DELETE: id, name
DELETE FROM repo_setting WHERE repo_id = ?1 AND name = ?2
-- REPO_SETTING_GET: id, name
SELECT value FROM repo_setting WHERE repo_id = ?1 AND name = ?2
-- REPO_SETTINGS: id, beginning of the names
SELECT name, value FROM repo_setting WHERE repo_id = ?1 AND substr(name, 1, length(?2)) = ?2
 ORDER BY name

-- REPO_FIELD_INSERT: repository, key, label, description, limit of fields per repository
INSERT INTO repo_field (repo_id, key, label, description)
SELECT ?1, ?2, ?3, ?4 WHERE (SELECT count(*) FROM repo_field WHERE repo_id = ?1) < ?5
-- REPO_FIELD_DELETE: repository, key
DELETE FROM repo_field WHERE repo_id = ?1 AND key = ?2
-- REPO_FIELD_SET: repository, key, value
UPDATE repo_field SET value = ?3 WHERE repo_id = ?1 AND key = ?2
-- REPO_FIELDS: repository
SELECT f.repo_id, f.key, f.value FROM repo_field f WHERE f.repo_id = ?1 ORDER BY f.key
-- REPOS_FIELDS: chunk
WITH @CHUNK@
SELECT f.repo_id, f.key, f.value FROM chunk c CROSS JOIN repo_field f WHERE f.repo_id = c.id
 ORDER BY f.key

-- REPO_GROUPS_DEEPEST: all repository groups, the deepest first
SELECT g.group_id, g.group_name FROM repo_group g
 ORDER BY length(g.group_name) - length(replace(g.group_name, '/', '')) DESC, g.group_name
-- REPO_GROUP_DELETE_EMPTY: id; only a group without sub-groups and repositories
DELETE FROM repo_group WHERE group_id = ?1
   AND NOT EXISTS (SELECT 1 FROM repo_group s WHERE s.parent_id = ?1)
   AND NOT EXISTS (SELECT 1 FROM repo r WHERE r.group_id = ?1)
