-- SPDX-License-Identifier: Apache-2.0
-- Repositories, repository groups and user groups, each with the level of user ?1 on it.

-- DEFINE REPO_ROW: what read_row() in repo.c expects, in this order. Each column of a list costs as much as finding a
--                  tenth of the row, so flags are one number
r.repo_id, r.repo_name, r.repo_type, r.owner_id, r.group_id,
r.private + 2 * r.enable_statistics + 4 * r.enable_locking + 8 * r.enable_downloads, r.description, r.clone_uri,
r.clone_uri_sealed, r.landing_rev, r.lock_user_id, r.locked_on, r.lock_reason, r.created_on, r.fork_id,
r.last_state, r.last_id, r.last_index, r.last_message, r.last_author, r.last_time, r.last_parents, r.last_branch
-- DEFINE REPO_PATTERNS: the patterns of branches and tags of repository r, if it is one of Subversion
CASE WHEN r.repo_type = 'svn' THEN coalesce(
    (SELECT s.value FROM repo_setting s WHERE s.repo_id = r.repo_id AND s.name = 'svn_branch_patterns'),
    (SELECT s.value FROM setting s WHERE s.name = 'svn_branch_patterns')) END,
CASE WHEN r.repo_type = 'svn' THEN coalesce(
    (SELECT s.value FROM repo_setting s WHERE s.repo_id = r.repo_id AND s.name = 'svn_tag_patterns'),
    (SELECT s.value FROM setting s WHERE s.name = 'svn_tag_patterns')) END
-- DEFINE REPO_COLUMNS: what read_repo() expects: REPO_ROW, the owner's name, the name of the source of a fork,
--                      REPO_PATTERNS; the level stands behind them
@REPO_ROW@, o.username, CASE WHEN r.fork_id IS NOT NULL THEN
    (SELECT f.repo_name FROM repo f CROSS JOIN me
      WHERE f.repo_id = r.fork_id AND @REPO_LEVEL(f)@ > 0) END, @REPO_PATTERNS@
-- DEFINE REPO_TABLES: the tables of these columns
me CROSS JOIN repo r JOIN users o ON o.user_id = r.owner_id

-- REPO_BY_ID: user, id
WITH @ME(not materialized)@ SELECT @REPO_COLUMNS@, @REPO_LEVEL(r)@ FROM @REPO_TABLES@
 WHERE r.repo_id = ?2
-- REPO_BY_NAME: user, full name
WITH @ME(not materialized)@ SELECT @REPO_COLUMNS@, @REPO_LEVEL(r)@ FROM @REPO_TABLES@
 WHERE r.repo_name = ?2
-- DEFINE NONE: evaluated in place of a repository or group that does not exist, so that the answer
--              takes as long as for one that the user may not see
UNION ALL SELECT 0, 0, 0 LIMIT 1
-- REPO_SEEN_BY_ID: user, id; id (0: not found) and level
WITH @ME(not materialized)@,
one AS (SELECT repo_id, owner_id, private FROM repo WHERE repo_id = ?2 @NONE@)
SELECT r.repo_id, @REPO_LEVEL(r)@ FROM one r CROSS JOIN me
-- REPO_SEEN_BY_NAME: user, full name; the same
WITH @ME(not materialized)@,
one AS (SELECT repo_id, owner_id, private FROM repo WHERE repo_name = ?2 @NONE@)
SELECT r.repo_id, @REPO_LEVEL(r)@ FROM one r CROSS JOIN me
-- REPO_ASKED_BY_ID: for a user who is known: user, id, the default user, groups; REPO_ASKED
WITH one AS (SELECT repo_id, owner_id, private FROM repo WHERE repo_id = ?2 @NONE@)
SELECT @REPO_ASKED(r)@ FROM one r
-- REPO_ASKED_BY_NAME: user, full name, the default user, groups; REPO_ASKED
WITH one AS (SELECT repo_id, owner_id, private FROM repo WHERE repo_name = ?2 @NONE@)
SELECT @REPO_ASKED(r)@ FROM one r
-- WHO: viewer; what the rule asks about the user: a row for each active group that they are in, or one with 0
WITH @ME(not materialized)@
SELECT me.user_id, me.admin, me.is_default, me.anyone_id, me.takes_defaults, coalesce(m.users_group_id, 0)
  FROM me LEFT JOIN mine m ON m.users_group_id > 0
-- REPO_OF_TYPE: type, but not git; a row if there is a repository of this type. repo_other_type has few rows
SELECT 1 FROM repo WHERE repo_type = ?1 AND repo_type <> 'git' LIMIT 1
-- REPO_ROW: user, id, level; the row of a repository whose level is known
WITH @ME(not materialized)@ SELECT @REPO_COLUMNS@, CAST(?3 AS BIGINT)
  FROM repo r JOIN users o ON o.user_id = r.owner_id WHERE r.repo_id = ?2
-- REPO_ROWS: chunk; their rows, without what is in other rows: many have the same owner, and to begin the rule for
-- sources of forks costs more than some of the rows
SELECT @REPO_ROW@ FROM json_each(?1) CROSS JOIN repo r WHERE r.repo_id = value
-- REPOS_PATTERNS: chunk
SELECT r.repo_id, @REPO_PATTERNS@ FROM json_each(?1) CROSS JOIN repo r WHERE r.repo_id = value
-- REPOS_FORK_OF: user, chunk; those of them that are forks of what the user may read, with its name
WITH @ME(materialized)@, @CHUNK_OF_USER@
SELECT r.repo_id, f.repo_name FROM chunk c CROSS JOIN me CROSS JOIN repo r CROSS JOIN repo f
 WHERE r.repo_id = c.id AND f.repo_id = r.fork_id AND @REPO_LEVEL(f)@ > 0
-- REPOS_READABLE: user, only those after this id; the repositories that the user may read, as a list of ten times the
-- id plus the level. To sort numbers costs less in C. The row of a repository is not looked at: it is read with its
-- chunk.
WITH @ME(materialized)@, @REPO_OWN@
SELECT json_group_array(10 * l.repo_id + l.level) FROM (
SELECT r.repo_id, 4 AS level FROM me CROSS JOIN repo r WHERE me.admin = 1 AND r.repo_id > ?2
UNION ALL SELECT b.repo_id, b.own % 10 FROM me CROSS JOIN best b
 WHERE b.own % 10 > 0 AND b.repo_id > ?2 AND NOT (me.is_default = 1 AND @IS_PRIVATE(b)@) AND NOT (@REPO_OUTSIDE(b)@)
UNION ALL SELECT p.repo_id, p.level FROM me CROSS JOIN user_repo_permission p
 WHERE @ANYONE_DECIDES@ AND p.repo_id > ?2 AND NOT (@IS_PRIVATE(p)@) AND NOT (@REPO_OUTSIDE(p)@)) AS l
-- DEFINE REPO_IN_RANGE: is repository $ behind the id ?4, and its name in the range ?2, ?3?
$.repo_id > ?4 AND (?2 = '' OR substr($.repo_name, 1, length(?2)) = ?2)
AND (?3 = 1 OR substr($.repo_name, length(?2) + 1) NOT LIKE '%/%')
-- REPOS_BELOW: user, prefix of the name, may a slash follow (1) or not (0), only those after this id; as
-- REPOS_READABLE
WITH @ME(materialized)@, @REPO_OWN@
SELECT json_group_array(10 * l.repo_id + l.level) FROM (
SELECT r.repo_id, 4 AS level FROM me CROSS JOIN repo r WHERE me.admin = 1 AND @REPO_IN_RANGE(r)@
UNION ALL SELECT r.repo_id, b.own % 10 FROM @REPOS_OF_OWN@ AND @REPO_IN_RANGE(r)@
UNION ALL SELECT r.repo_id, p.level FROM @REPOS_OF_ANYONE@ AND @REPO_IN_RANGE(r)@) AS l
-- DEFINE REPO_FITS: does the LIKE pattern ?2, in lower case, fit the name or description of repository $, and
-- does its name begin with ?3, and is it ?4, if that is not ''?
(?3 = '' OR substr($.repo_name, 1, length(?3)) = ?3) AND (?4 = '' OR $.repo_name = ?4)
AND (?2 = '%' OR lower($.repo_name) LIKE ?2 ESCAPE '!' OR lower($.description) LIKE ?2 ESCAPE '!')
-- REPOS_FOUND: user, LIKE pattern in lower case, prefix of the name, the name or ''; id and level of the
-- repositories that the user may read and whose name or description fits, by name
WITH @ME(materialized)@, @REPO_OWN@
SELECT repo_id, level FROM (
    SELECT r.repo_id, r.repo_name, 4 AS level FROM me CROSS JOIN repo r WHERE me.admin = 1 AND @REPO_FITS(r)@
    UNION ALL SELECT r.repo_id, r.repo_name, b.own % 10 FROM @REPOS_OF_OWN@ AND @REPO_FITS(r)@
    UNION ALL SELECT r.repo_id, r.repo_name, p.level FROM @REPOS_OF_ANYONE@ AND @REPO_FITS(r)@) AS found
 ORDER BY repo_name
-- REPOS_LOCKED: user, holder; id and level of repositories that the holder has locked and the user
-- may read
WITH @ME(not materialized)@ SELECT r.repo_id, @REPO_LEVEL(r)@ FROM me CROSS JOIN repo r
 WHERE r.lock_user_id = ?2 AND @REPO_LEVEL(r)@ > 0 ORDER BY r.repo_id
-- REPO_INSERT: name, type, owner, group, private, statistics, locking, downloads, description,
--              clone_uri, clone_uri_sealed, landing_rev, now, fork parent
INSERT INTO repo (repo_name, repo_type, owner_id, group_id, private, enable_statistics,
                  enable_locking, enable_downloads, description, clone_uri, clone_uri_sealed,
                  landing_rev, created_on, updated_on, fork_id)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?13, ?14) RETURNING repo_id
-- DEFINE LAST: the last commit: state, id, index, message, author, time, parents, branch; now
last_state = ?3, last_id = ?4, last_index = ?5, last_message = ?6, last_author = ?7, last_time = ?8,
last_parents = ?9, last_branch = ?10, updated_on = ?11
-- REPO_SET_LAST: id, full name, the last commit
UPDATE repo SET @LAST@ WHERE repo_id = ?1 AND repo_name = ?2
-- REPO_REPLACE_LAST: the same, and the state that must still be stored
UPDATE repo SET @LAST@ WHERE repo_id = ?1 AND repo_name = ?2 AND coalesce(last_state, '') = coalesce(?12, '')
-- REPO_FOLLOW: repository, user, now
INSERT INTO repo_following (repo_id, user_id, created_on) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING
-- REPO_UNFOLLOW: repository, user
DELETE FROM repo_following WHERE repo_id = ?1 AND user_id = ?2

-- DEFINE REPO_GROUP_COLUMNS: what read_repo_group() expects; the level comes last
g.group_id, g.group_name, g.parent_id, g.owner_id, o.username, g.description, g.enable_locking,
g.created_on
-- REPO_GROUP_BY_ID: user, id
WITH @ME(not materialized)@ SELECT @REPO_GROUP_COLUMNS@, @REPO_GROUP_LEVEL(g)@
  FROM me CROSS JOIN repo_group g JOIN users o ON o.user_id = g.owner_id
 WHERE g.group_id = ?2
-- REPO_GROUP_BY_NAME: user, full path
WITH @ME(not materialized)@ SELECT @REPO_GROUP_COLUMNS@, @REPO_GROUP_LEVEL(g)@
  FROM me CROSS JOIN repo_group g JOIN users o ON o.user_id = g.owner_id
 WHERE g.group_name = ?2
-- REPO_GROUP_SEEN_BY_ID: user, id; id (0: not found) and level
WITH @ME(not materialized)@,
one AS (SELECT group_id, owner_id, 1 FROM repo_group WHERE group_id = ?2 @NONE@)
SELECT g.group_id, @REPO_GROUP_LEVEL(g)@ FROM one g CROSS JOIN me
-- REPO_GROUP_SEEN_BY_NAME: user, full path; the same
WITH @ME(not materialized)@,
one AS (SELECT group_id, owner_id, 1 FROM repo_group WHERE group_name = ?2 @NONE@)
SELECT g.group_id, @REPO_GROUP_LEVEL(g)@ FROM one g CROSS JOIN me
-- REPO_GROUP_ROW: id, level
SELECT @REPO_GROUP_COLUMNS@, CAST(?2 AS BIGINT) FROM repo_group g JOIN users o ON o.user_id = g.owner_id
 WHERE g.group_id = ?1
-- REPO_GROUP_ROWS: chunk; as REPO_ROWS
WITH @CHUNK@
SELECT @REPO_GROUP_COLUMNS@, 0
  FROM chunk c CROSS JOIN repo_group g JOIN users o ON o.user_id = g.owner_id
 WHERE g.group_id = c.id
-- REPO_GROUP_INSERT: name, parent, owner, description, locking, now
INSERT INTO repo_group (group_name, parent_id, owner_id, description, enable_locking, created_on)
VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING group_id

-- DEFINE USER_GROUP_COLUMNS: what read_user_group() expects; the level comes last
t.users_group_id, t.group_name, t.owner_id, o.username, t.description, t.active
-- USER_GROUP_BY_ID: user, id
WITH @ME(not materialized)@ SELECT @USER_GROUP_COLUMNS@, @USER_GROUP_LEVEL(t)@
  FROM me CROSS JOIN user_group t JOIN users o ON o.user_id = t.owner_id
 WHERE t.users_group_id = ?2
-- USER_GROUP_BY_NAME: user, name
WITH @ME(not materialized)@ SELECT @USER_GROUP_COLUMNS@, @USER_GROUP_LEVEL(t)@
  FROM me CROSS JOIN user_group t JOIN users o ON o.user_id = t.owner_id
 WHERE t.group_name = ?2
-- USER_GROUP_SEEN_BY_ID: user, id; id (0: not found) and level
WITH @ME(not materialized)@,
one AS (SELECT users_group_id, owner_id, 1 FROM user_group WHERE users_group_id = ?2 @NONE@)
SELECT t.users_group_id, @USER_GROUP_LEVEL(t)@ FROM one t CROSS JOIN me
-- USER_GROUP_SEEN_BY_NAME: user, name; the same
WITH @ME(not materialized)@,
one AS (SELECT users_group_id, owner_id, 1 FROM user_group WHERE group_name = ?2 @NONE@)
SELECT t.users_group_id, @USER_GROUP_LEVEL(t)@ FROM one t CROSS JOIN me
-- USER_GROUP_ROW: id, level
SELECT @USER_GROUP_COLUMNS@, CAST(?2 AS BIGINT) FROM user_group t JOIN users o ON o.user_id = t.owner_id
 WHERE t.users_group_id = ?1
-- USER_GROUP_ROWS: chunk; as REPO_ROWS
WITH @CHUNK@
SELECT @USER_GROUP_COLUMNS@, 0
  FROM chunk c CROSS JOIN user_group t JOIN users o ON o.user_id = t.owner_id
 WHERE t.users_group_id = c.id
-- USER_GROUP_INSERT: name, owner, description, active, now
INSERT INTO user_group (group_name, owner_id, description, active, created_on)
VALUES (?1, ?2, ?3, ?4, ?5) RETURNING users_group_id

-- URIS_SEALED: id; the next repositories after it that have a sealed clone_uri
SELECT r.repo_id, 0, r.clone_uri_sealed FROM repo r
 WHERE r.repo_id > ?1 AND r.clone_uri_sealed IS NOT NULL ORDER BY r.repo_id LIMIT 500
-- URI_RESEAL: id, sealed
UPDATE repo SET clone_uri_sealed = ?2 WHERE repo_id = ?1
