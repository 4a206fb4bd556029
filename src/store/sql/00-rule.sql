-- SPDX-License-Identifier: Apache-2.0
-- The permission rule (contract 01 §3 and §4), for single objects and for lists. Long lists take it by sets
-- (REPO_OWN, ...): t/unit/test_rule.c holds both forms against one model. Every
-- statement with it takes a viewer as ?1 (store/viewer.h): the id of a user or, negative, that of a
-- scoped token of theirs. Such a token reaches what is in its scope, as its user would who were no
-- super-admin, and nothing else. Lists use @ME(materialized)@, which evaluates ME once for all rows.
-- Single objects use @ME(not materialized)@: to store ME's rows would cost a quarter of the look-up.

-- DEFINE VIEWER_USER: the user of viewer ?1
CASE WHEN ?1 < 0 THEN (SELECT vk.user_id FROM api_key vk WHERE vk.key_id = -?1) ELSE ?1 END

-- DEFINE REPO_OUTSIDE: is viewer ?1 a token whose scope does not hold repository $?
?1 < 0 AND NOT EXISTS (
    SELECT 1 FROM api_key sk CROSS JOIN repo sr
      LEFT JOIN repo_group sg ON sg.group_id = sk.group_id
     WHERE sk.key_id = -?1 AND sr.repo_id = $.repo_id
       AND (sr.repo_id = sk.repo_id
            OR substr(sr.repo_name, 1, length(sg.group_name) + 1) = sg.group_name || '/'))

-- DEFINE REPO_GROUP_OUTSIDE: the same for repository group $
?1 < 0 AND NOT EXISTS (
    SELECT 1 FROM api_key sk
      JOIN repo_group sg ON sg.group_id = sk.group_id CROSS JOIN repo_group sr
     WHERE sk.key_id = -?1 AND sr.group_id = $.group_id
       AND (sr.group_id = sg.group_id
            OR substr(sr.group_name, 1, length(sg.group_name) + 1) = sg.group_name || '/'))

-- DEFINE ANYONE: the default user, whose permissions are the defaults of every object
anyone AS $ (SELECT user_id FROM users WHERE username = 'default')

-- DEFINE LAST_GROUP: of user $: the group whose global rows replace the defaults, or NULL
(SELECT max(lg.users_group_id)
   FROM user_group_member lm
   JOIN user_group lg ON lg.users_group_id = lm.users_group_id
  WHERE lm.user_id = $.user_id AND lg.active = 1 AND lg.inherit_default_permissions = 0
    AND EXISTS (SELECT 1 FROM user_group_global_permission lp
                 WHERE lp.users_group_id = lg.users_group_id))

-- DEFINE ME: flags of the user of viewer ?1, and whether they take the defaults of objects (1) or
--            not (0); the active groups they are in; the id of the default user
@ANYONE@,
who AS $ (
    SELECT u.user_id, CASE WHEN CAST(?1 AS BIGINT) < 0 THEN 0 ELSE u.admin END AS admin,
           u.inherit_default_permissions AS inherits,
           CASE WHEN u.username = 'default' THEN 1 ELSE 0 END AS is_default,
           @LAST_GROUP(u)@ AS last_group
      FROM users u WHERE u.user_id = @VIEWER_USER@),
me AS $ (
    SELECT w.user_id, w.admin, w.is_default, anyone.user_id AS anyone_id,
           CASE WHEN CASE
                WHEN w.inherits = 0 THEN
                     NOT EXISTS (SELECT 1 FROM user_global_permission p
                                  WHERE p.user_id = w.user_id
                                    AND p.name = 'hg.inherit_default_perms.false')
                WHEN w.last_group IS NOT NULL THEN
                     NOT EXISTS (SELECT 1 FROM user_group_global_permission p
                                  WHERE p.users_group_id = w.last_group
                                    AND p.name = 'hg.inherit_default_perms.false')
                ELSE NOT EXISTS (SELECT 1 FROM user_global_permission p
                                  WHERE p.user_id = anyone.user_id
                                    AND p.name = 'hg.inherit_default_perms.false')
           END THEN 1 ELSE 0 END AS takes_defaults
      FROM who w CROSS JOIN anyone),
mine AS $ (
    SELECT m.users_group_id FROM user_group_member m
      JOIN user_group g ON g.users_group_id = m.users_group_id
     WHERE m.user_id = @VIEWER_USER@ AND g.active = 1)

-- DEFINE REPO_LEVEL: the level of me on repository $. Whether it is private changes which rows are
--                    looked up (-1: none), not how many, so that the time does not reveal it.
CASE WHEN @REPO_OUTSIDE($)@ THEN 0
     WHEN me.admin = 1 THEN 4
     WHEN $.owner_id = me.user_id AND (me.is_default = 0 OR $.private = 0) THEN 4
     ELSE coalesce(
         (SELECT p.level FROM user_repo_permission p
           WHERE p.user_id = CASE WHEN me.is_default = 0 OR $.private = 0
                                  THEN me.user_id ELSE -1 END AND p.repo_id = $.repo_id),
         (SELECT max(p.level) FROM mine m CROSS JOIN user_group_repo_permission p
           WHERE p.users_group_id = m.users_group_id
             AND p.repo_id = CASE WHEN me.is_default = 0 OR $.private = 0 THEN $.repo_id ELSE -1 END),
         (SELECT p.level FROM user_repo_permission p
           WHERE p.user_id = CASE WHEN me.takes_defaults * (1 - $.private) = 1
                                  THEN me.anyone_id ELSE -1 END AND p.repo_id = $.repo_id),
         0)
END

-- DEFINE REPO_ASKED: what rc_who_ask evaluates the same rule from, for a user who is known: user ?1, the default user
--                    ?3, groups ?4. The level of their own row, the best of their groups, that of the default user;
--                    -1: none. All are looked up whatever the others say, so that the time reveals nothing.
$.repo_id, $.owner_id, $.private,
coalesce((SELECT p.level FROM user_repo_permission p WHERE p.user_id = ?1 AND p.repo_id = $.repo_id), -1),
coalesce((SELECT max(p.level) FROM json_each(?4) CROSS JOIN user_group_repo_permission p
           WHERE p.users_group_id = value AND p.repo_id = $.repo_id), -1),
coalesce((SELECT p.level FROM user_repo_permission p WHERE p.user_id = ?3 AND p.repo_id = $.repo_id), -1)

-- DEFINE REPO_FACTS: the same rule for lists. What own and group rows, and ownership, say about each
--                    repository, in one pass over the covering indexes: 44 of the owner, 30 + the level of me,
--                    else 20 + the best level of mine. No rows for super-admins, for whom nothing is read.
SELECT p.repo_id, 30 + p.level AS own
  FROM me CROSS JOIN user_repo_permission p WHERE me.admin = 0 AND p.user_id = me.user_id
UNION ALL
SELECT p.repo_id, 20 + p.level FROM me CROSS JOIN mine m CROSS JOIN user_group_repo_permission p
 WHERE me.admin = 0 AND p.users_group_id = m.users_group_id
UNION ALL
SELECT o.repo_id, 44 FROM me CROSS JOIN repo o WHERE me.admin = 0 AND o.owner_id = me.user_id
-- DEFINE REPO_BEST: what counts of the facts about each repository
best AS MATERIALIZED (SELECT f.repo_id, max(f.own) AS own FROM fact f GROUP BY f.repo_id)
-- DEFINE REPO_OWN: both
fact AS (@REPO_FACTS@), @REPO_BEST@
-- DEFINE REPO_OPEN: repository $ is not closed to me before any row of it counts
NOT (me.is_default = 1 AND $.private = 1) AND NOT (@REPO_OUTSIDE($)@)
-- DEFINE REPOS_OF_OWN: tables and condition of repositories r on which best decides, by b.own % 10
best b CROSS JOIN repo r CROSS JOIN me WHERE r.repo_id = b.repo_id AND b.own % 10 > 0 AND @REPO_OPEN(r)@
-- DEFINE ANYONE_DECIDES: does row p of the default user decide, unless its repository is private?
me.admin = 0 AND me.takes_defaults = 1 AND p.user_id = me.anyone_id AND p.level > 0
AND p.repo_id NOT IN (SELECT b.repo_id FROM best b)
-- DEFINE REPOS_OF_ANYONE: the same as REPOS_OF_OWN of those on which such rows decide, by p.level
me CROSS JOIN user_repo_permission p CROSS JOIN repo r
 WHERE @ANYONE_DECIDES@ AND r.repo_id = p.repo_id AND r.private = 0 AND NOT (@REPO_OUTSIDE(r)@)
-- DEFINE IS_PRIVATE: is the repository of row $ private, as a small index says without its row
EXISTS (SELECT 1 FROM repo x WHERE x.repo_id = $.repo_id AND x.private = 1)

-- DEFINE REPO_GROUP_LEVEL: the level of me on repository group $
CASE WHEN @REPO_GROUP_OUTSIDE($)@ THEN 0
     WHEN me.admin = 1 THEN 4
     WHEN $.owner_id = me.user_id THEN 4
     ELSE coalesce(
         (SELECT p.level FROM user_repo_group_permission p
           WHERE p.user_id = me.user_id AND p.group_id = $.group_id),
         (SELECT max(p.level) FROM mine m CROSS JOIN user_group_repo_group_permission p
           WHERE p.users_group_id = m.users_group_id AND p.group_id = $.group_id),
         CASE WHEN me.takes_defaults = 1 THEN
             (SELECT p.level FROM user_repo_group_permission p
               WHERE p.user_id = me.anyone_id AND p.group_id = $.group_id) END,
         0)
END

-- DEFINE REPO_GROUP_OWN: REPO_OWN for repository groups
fact AS (
    SELECT p.group_id, 30 + p.level AS own
      FROM me CROSS JOIN user_repo_group_permission p WHERE me.admin = 0 AND p.user_id = me.user_id
    UNION ALL
    SELECT p.group_id, 20 + p.level FROM me CROSS JOIN mine m CROSS JOIN user_group_repo_group_permission p
     WHERE me.admin = 0 AND p.users_group_id = m.users_group_id
    UNION ALL
    SELECT o.group_id, 44 FROM me CROSS JOIN repo_group o WHERE me.admin = 0 AND o.owner_id = me.user_id
    UNION ALL
    SELECT p.group_id, 10 + p.level FROM me CROSS JOIN user_repo_group_permission p
     WHERE me.admin = 0 AND me.takes_defaults = 1 AND p.user_id = me.anyone_id AND p.level > 0),
best AS MATERIALIZED (SELECT f.group_id, max(f.own) AS own FROM fact f GROUP BY f.group_id)
-- DEFINE REPO_GROUP_LISTED: by that, the level of me on repository group $, of which b is the row
CASE WHEN me.admin = 1 THEN 4
     WHEN b.own IS NULL OR @REPO_GROUP_OUTSIDE($)@ THEN 0
     ELSE b.own % 10 END

-- DEFINE USER_GROUP_LEVEL: the level of me on user group $; no scope holds one
CASE WHEN ?1 < 0 THEN 0
     WHEN me.admin = 1 THEN 4
     WHEN $.owner_id = me.user_id THEN 4
     ELSE coalesce(
         (SELECT p.level FROM user_user_group_permission p
           WHERE p.user_id = me.user_id AND p.users_group_id = $.users_group_id),
         (SELECT max(p.level) FROM mine m CROSS JOIN user_group_user_group_permission p
           WHERE p.source_id = m.users_group_id AND p.target_id = $.users_group_id),
         CASE WHEN me.takes_defaults = 1 THEN
             (SELECT p.level FROM user_user_group_permission p
               WHERE p.user_id = me.anyone_id AND p.users_group_id = $.users_group_id) END,
         0)
END

-- DEFINE USER_GROUP_OWN: REPO_OWN for user groups
fact AS (
    SELECT p.users_group_id, 30 + p.level AS own
      FROM me CROSS JOIN user_user_group_permission p WHERE me.admin = 0 AND p.user_id = me.user_id
    UNION ALL
    SELECT p.target_id, 20 + p.level FROM me CROSS JOIN mine m CROSS JOIN user_group_user_group_permission p
     WHERE me.admin = 0 AND p.source_id = m.users_group_id
    UNION ALL
    SELECT o.users_group_id, 44 FROM me CROSS JOIN user_group o WHERE me.admin = 0 AND o.owner_id = me.user_id
    UNION ALL
    SELECT p.users_group_id, 10 + p.level FROM me CROSS JOIN user_user_group_permission p
     WHERE me.admin = 0 AND me.takes_defaults = 1 AND p.user_id = me.anyone_id AND p.level > 0),
best AS MATERIALIZED (SELECT f.users_group_id, max(f.own) AS own FROM fact f GROUP BY f.users_group_id)
-- DEFINE USER_GROUP_LISTED: by that, the level of me on a user group, of which b is the row
CASE WHEN me.admin = 1 THEN 4
     WHEN b.own IS NULL OR ?1 < 0 THEN 0
     ELSE b.own % 10 END

-- DEFINE CONFIGURABLE: is $ a permission name that a user's or a group's own rows can replace?
($ LIKE 'hg.fork.%' OR $ IN ('hg.create.none', 'hg.create.repository')
 OR $ LIKE 'hg.usergroup.create.%' OR $ LIKE 'hg.repogroup.create.%'
 OR $ LIKE 'hg.create.write_on_repogroup.%' OR $ LIKE 'hg.inherit_default_perms.%')

-- DEFINE TREE: group ?1 and all groups below it
tree (group_id) AS (
    SELECT top.group_id FROM repo_group top WHERE top.group_id = ?1
    UNION ALL
    SELECT child.group_id FROM tree JOIN repo_group child ON child.parent_id = tree.group_id)

-- DEFINE CHUNK: the ids of a chunk of a list (src/store/seen.h), which are one parameter (rc_bind_ids)
chunk (id) AS (SELECT value FROM json_each(?1))
-- DEFINE CHUNK_OF_USER: the same behind the parameter for the user
chunk (id) AS (SELECT value FROM json_each(?2))
