-- SPDX-License-Identifier: Apache-2.0
-- Levels of a user on objects, global permissions, and the rows that define both.

-- LEVELS_REPOS: user; every repository with the user's level, by name. The rows of the default user count as 10 +
-- their level; a join with them would be planned for those of any user, of whom most have a few.
WITH @ME(materialized)@,
fact AS (@REPO_FACTS@ UNION ALL
    SELECT p.repo_id, 10 + p.level FROM me CROSS JOIN user_repo_permission p
     WHERE me.admin = 0 AND me.takes_defaults = 1 AND p.user_id = me.anyone_id AND p.level > 0),
@REPO_BEST@
SELECT r.repo_name, 4 FROM me CROSS JOIN repo r WHERE me.admin = 1
UNION ALL
SELECT r.repo_name,
       CASE WHEN b.own IS NULL OR (b.own < 20 AND r.private = 1) OR NOT (@REPO_OPEN(r)@) THEN 0 ELSE b.own % 10 END
  FROM me CROSS JOIN repo r LEFT JOIN best b ON b.repo_id = r.repo_id
 WHERE me.admin = 0
 ORDER BY 1
-- LEVELS_REPO_GROUPS: user
WITH @ME(materialized)@, @REPO_GROUP_OWN@
SELECT g.group_name, @REPO_GROUP_LISTED(g)@
  FROM me CROSS JOIN repo_group g LEFT JOIN best b ON b.group_id = g.group_id
 ORDER BY g.group_name
-- LEVELS_USER_GROUPS: user
WITH @ME(materialized)@, @USER_GROUP_OWN@
SELECT t.group_name, @USER_GROUP_LISTED@
  FROM me CROSS JOIN user_group t LEFT JOIN best b ON b.users_group_id = t.users_group_id
 ORDER BY t.group_name

-- LEVEL_REPO: user, repository id
WITH @ME(not materialized)@
SELECT @REPO_LEVEL(r)@ FROM me CROSS JOIN repo r WHERE r.repo_id = ?2
-- LEVEL_REPO_GROUP: user, group id
WITH @ME(not materialized)@
SELECT @REPO_GROUP_LEVEL(g)@ FROM me CROSS JOIN repo_group g WHERE g.group_id = ?2
-- LEVEL_USER_GROUP: user, user group id
WITH @ME(not materialized)@
SELECT @USER_GROUP_LEVEL(t)@ FROM me CROSS JOIN user_group t
WHERE t.users_group_id = ?2

-- GLOBAL_NAMES: user (not a super-admin: their set is fixed); their global permission names
WITH @ANYONE(materialized)@,
who AS MATERIALIZED (
    SELECT u.user_id, u.inherit_default_permissions AS inherits, @LAST_GROUP(u)@ AS last_group
      FROM users u WHERE u.user_id = ?1),
names AS (
    SELECT p.name FROM anyone JOIN user_global_permission p ON p.user_id = anyone.user_id
     CROSS JOIN who w
     WHERE NOT @CONFIGURABLE(name)@ OR (w.inherits = 1 AND w.last_group IS NULL)
    UNION
    SELECT p.name FROM who w
      JOIN user_group_member m ON m.user_id = w.user_id
      JOIN user_group g ON g.users_group_id = m.users_group_id
       AND g.active = 1 AND g.inherit_default_permissions = 0
      JOIN user_group_global_permission p ON p.users_group_id = g.users_group_id
     WHERE NOT @CONFIGURABLE(name)@ OR (w.inherits = 1 AND g.users_group_id = w.last_group)
    UNION
    SELECT p.name FROM who w JOIN user_global_permission p ON p.user_id = w.user_id
     WHERE w.inherits = 0)
SELECT name FROM names ORDER BY name

-- USER_GLOBALS: user; the user's own rows
SELECT name FROM user_global_permission WHERE user_id = ?1 ORDER BY name
-- USER_GLOBAL_ADD: user, name
INSERT INTO user_global_permission (user_id, name) VALUES (?1, ?2) ON CONFLICT DO NOTHING
-- USER_GLOBAL_DELETE: user, name
DELETE FROM user_global_permission WHERE user_id = ?1 AND name = ?2
-- USER_INHERITS: user
SELECT inherit_default_permissions FROM users WHERE user_id = ?1
-- USER_SET_INHERITS: user, flag
UPDATE users SET inherit_default_permissions = ?2 WHERE user_id = ?1
-- USER_GROUP_GLOBALS: user group; its own rows
SELECT name FROM user_group_global_permission WHERE users_group_id = ?1 ORDER BY name
-- USER_GROUP_GLOBAL_ADD: user group, name
INSERT INTO user_group_global_permission (users_group_id, name) VALUES (?1, ?2)
ON CONFLICT DO NOTHING
-- USER_GROUP_GLOBAL_DELETE: user group, name
DELETE FROM user_group_global_permission WHERE users_group_id = ?1 AND name = ?2
-- USER_GROUP_INHERITS: user group
SELECT inherit_default_permissions FROM user_group WHERE users_group_id = ?1
-- USER_GROUP_SET_INHERITS: user group, flag
UPDATE user_group SET inherit_default_permissions = ?2 WHERE users_group_id = ?1

-- REPO_GRANT_USER: repository, user, level
INSERT INTO user_repo_permission (repo_id, user_id, level) VALUES (?1, ?2, ?3)
ON CONFLICT (repo_id, user_id) DO UPDATE SET level = excluded.level
-- REPO_REVOKE_USER: repository, user
DELETE FROM user_repo_permission WHERE repo_id = ?1 AND user_id = ?2
-- REPO_GRANT_USER_GROUP: repository, user group, level
INSERT INTO user_group_repo_permission (repo_id, users_group_id, level) VALUES (?1, ?2, ?3)
ON CONFLICT (repo_id, users_group_id) DO UPDATE SET level = excluded.level
-- REPO_REVOKE_USER_GROUP: repository, user group
DELETE FROM user_group_repo_permission WHERE repo_id = ?1 AND users_group_id = ?2
-- REPO_GROUP_GRANT_USER: repository group, user, level
INSERT INTO user_repo_group_permission (group_id, user_id, level) VALUES (?1, ?2, ?3)
ON CONFLICT (group_id, user_id) DO UPDATE SET level = excluded.level
-- REPO_GROUP_REVOKE_USER: repository group, user
DELETE FROM user_repo_group_permission WHERE group_id = ?1 AND user_id = ?2
-- REPO_GROUP_GRANT_USER_GROUP: repository group, user group, level
INSERT INTO user_group_repo_group_permission (group_id, users_group_id, level) VALUES (?1, ?2, ?3)
ON CONFLICT (group_id, users_group_id) DO UPDATE SET level = excluded.level
-- REPO_GROUP_REVOKE_USER_GROUP: repository group, user group
DELETE FROM user_group_repo_group_permission WHERE group_id = ?1 AND users_group_id = ?2
-- USER_GROUP_GRANT_USER: user group, user, level
INSERT INTO user_user_group_permission (users_group_id, user_id, level) VALUES (?1, ?2, ?3)
ON CONFLICT (users_group_id, user_id) DO UPDATE SET level = excluded.level
-- USER_GROUP_REVOKE_USER: user group, user
DELETE FROM user_user_group_permission WHERE users_group_id = ?1 AND user_id = ?2
-- USER_GROUP_GRANT_USER_GROUP: user group, user group, level
INSERT INTO user_group_user_group_permission (target_id, source_id, level) VALUES (?1, ?2, ?3)
ON CONFLICT (target_id, source_id) DO UPDATE SET level = excluded.level
-- USER_GROUP_REVOKE_USER_GROUP: user group, user group
DELETE FROM user_group_user_group_permission WHERE target_id = ?1 AND source_id = ?2

-- The same for everything below a repository group, at any depth, in one statement (contract 01
-- §7).
-- BELOW_GROUPS_GRANT_USER: group, user, level
WITH RECURSIVE @TREE@
INSERT INTO user_repo_group_permission (group_id, user_id, level)
SELECT tree.group_id, ?2, ?3 FROM tree WHERE true ORDER BY tree.group_id
ON CONFLICT (group_id, user_id) DO UPDATE SET level = excluded.level
-- BELOW_GROUPS_GRANT_USER_GROUP: group, user group, level
WITH RECURSIVE @TREE@
INSERT INTO user_group_repo_group_permission (group_id, users_group_id, level)
SELECT tree.group_id, ?2, ?3 FROM tree WHERE true ORDER BY tree.group_id
ON CONFLICT (group_id, users_group_id) DO UPDATE SET level = excluded.level
-- BELOW_REPOS_GRANT_USER: group, user, level; skips the default user's rows of private repositories
WITH RECURSIVE @TREE@
INSERT INTO user_repo_permission (repo_id, user_id, level)
SELECT r.repo_id, u.user_id, ?3 FROM users u CROSS JOIN tree CROSS JOIN repo r
 WHERE u.user_id = ?2 AND r.group_id = tree.group_id
   AND NOT (r.private = 1 AND u.username = 'default') ORDER BY r.repo_id
ON CONFLICT (repo_id, user_id) DO UPDATE SET level = excluded.level
-- BELOW_REPOS_GRANT_USER_GROUP: group, user group, level
WITH RECURSIVE @TREE@
INSERT INTO user_group_repo_permission (repo_id, users_group_id, level)
SELECT r.repo_id, ?2, ?3 FROM tree CROSS JOIN repo r WHERE r.group_id = tree.group_id
 ORDER BY r.repo_id
ON CONFLICT (repo_id, users_group_id) DO UPDATE SET level = excluded.level
-- BELOW_GROUPS_REVOKE_USER: group, user
WITH RECURSIVE @TREE@
DELETE FROM user_repo_group_permission
 WHERE user_id = ?2 AND group_id IN (SELECT tree.group_id FROM tree)
-- BELOW_GROUPS_REVOKE_USER_GROUP: group, user group
WITH RECURSIVE @TREE@
DELETE FROM user_group_repo_group_permission
 WHERE users_group_id = ?2 AND group_id IN (SELECT tree.group_id FROM tree)
-- BELOW_REPOS_REVOKE_USER: group, user; skips the default user's rows of private repositories
WITH RECURSIVE @TREE@
DELETE FROM user_repo_permission
 WHERE user_id = ?2 AND repo_id IN (
    SELECT r.repo_id FROM users u CROSS JOIN tree CROSS JOIN repo r
     WHERE u.user_id = ?2 AND r.group_id = tree.group_id
       AND NOT (r.private = 1 AND u.username = 'default'))
-- BELOW_REPOS_REVOKE_USER_GROUP: group, user group
WITH RECURSIVE @TREE@
DELETE FROM user_group_repo_permission
 WHERE users_group_id = ?2 AND repo_id IN (
    SELECT r.repo_id FROM tree CROSS JOIN repo r WHERE r.group_id = tree.group_id)

-- REPO_COPY_USERS_FROM_GROUP: repository, group
INSERT INTO user_repo_permission (repo_id, user_id, level)
SELECT ?1, user_id, level FROM user_repo_group_permission WHERE group_id = ?2 ORDER BY permission_id
-- REPO_COPY_USER_GROUPS_FROM_GROUP: repository, group
INSERT INTO user_group_repo_permission (repo_id, users_group_id, level)
SELECT ?1, users_group_id, level FROM user_group_repo_group_permission WHERE group_id = ?2
ORDER BY permission_id

-- REPO_COPY_USERS: repository, source
INSERT INTO user_repo_permission (repo_id, user_id, level)
SELECT ?1, user_id, level FROM user_repo_permission WHERE repo_id = ?2 ORDER BY permission_id
-- REPO_COPY_USER_GROUPS: repository, source
INSERT INTO user_group_repo_permission (repo_id, users_group_id, level)
SELECT ?1, users_group_id, level FROM user_group_repo_permission WHERE repo_id = ?2
ORDER BY permission_id

-- REPO_MEMBERS: repository; its member list (contract 01 §10), unsorted: part (rc_part_t), place in it,
-- name, level, id of the user or user group
SELECT 1, 0, u.username, 4, u.user_id
  FROM users u JOIN repo o ON o.repo_id = ?1 WHERE u.admin = 1 AND u.user_id <> o.owner_id
UNION ALL
SELECT 2, 0, u.username, 4, u.user_id
  FROM repo o JOIN users u ON u.user_id = o.owner_id WHERE o.repo_id = ?1
UNION ALL
SELECT CASE WHEN u.username = 'default' THEN 3 ELSE 4 END, -p.level, u.username, p.level, u.user_id
  FROM user_repo_permission p JOIN users u ON u.user_id = p.user_id WHERE p.repo_id = ?1
UNION ALL
SELECT 5, p.permission_id, g.group_name, p.level, g.users_group_id
  FROM user_group_repo_permission p JOIN user_group g ON g.users_group_id = p.users_group_id
 WHERE p.repo_id = ?1
-- REPO_GROUP_MEMBERS: repository group; its member list (contract 01 §10), unsorted: part (rc_part_t), place in it,
-- name, level, id of the user or user group
SELECT 1, 0, u.username, 4, u.user_id
  FROM users u JOIN repo_group o ON o.group_id = ?1 WHERE u.admin = 1 AND u.user_id <> o.owner_id
UNION ALL
SELECT 2, 0, u.username, 4, u.user_id
  FROM repo_group o JOIN users u ON u.user_id = o.owner_id WHERE o.group_id = ?1
UNION ALL
SELECT CASE WHEN u.username = 'default' THEN 3 ELSE 4 END, -p.level, u.username, p.level, u.user_id
  FROM user_repo_group_permission p JOIN users u ON u.user_id = p.user_id WHERE p.group_id = ?1
UNION ALL
SELECT 5, p.permission_id, g.group_name, p.level, g.users_group_id
  FROM user_group_repo_group_permission p JOIN user_group g ON g.users_group_id = p.users_group_id
 WHERE p.group_id = ?1
-- USER_GROUP_MEMBERS: user group; its member list (contract 01 §10), unsorted: part (rc_part_t), place in it,
-- name, level, id of the user or user group
SELECT 1, 0, u.username, 4, u.user_id
  FROM users u JOIN user_group o ON o.users_group_id = ?1 WHERE u.admin = 1 AND u.user_id <> o.owner_id
UNION ALL
SELECT 2, 0, u.username, 4, u.user_id
  FROM user_group o JOIN users u ON u.user_id = o.owner_id WHERE o.users_group_id = ?1
UNION ALL
SELECT CASE WHEN u.username = 'default' THEN 3 ELSE 4 END, -p.level, u.username, p.level, u.user_id
  FROM user_user_group_permission p JOIN users u ON u.user_id = p.user_id WHERE p.users_group_id = ?1
UNION ALL
SELECT 5, p.permission_id, g.group_name, p.level, g.users_group_id
  FROM user_group_user_group_permission p JOIN user_group g ON g.users_group_id = p.source_id
 WHERE p.target_id = ?1
-- DEFAULT_GLOBAL_NAMES: the default user's own rows
SELECT p.name FROM user_global_permission p JOIN users u ON u.user_id = p.user_id
WHERE u.username = 'default' ORDER BY p.name
