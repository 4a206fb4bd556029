-- SPDX-License-Identifier: Apache-2.0
-- Repository groups: lists, and changes to a group and everything below it. (One group: repo.sql.)

-- REPO_GROUPS_READABLE: user, only those after this name, limit; id and level of all that the user
-- may read, and its name, by name
WITH @ME(materialized)@, @REPO_GROUP_OWN@
SELECT g.group_id, 4, g.group_name FROM me CROSS JOIN repo_group g WHERE me.admin = 1 AND g.group_name > ?2
UNION ALL SELECT g.group_id, b.own % 10, g.group_name FROM best b CROSS JOIN repo_group g
           WHERE g.group_id = b.group_id AND b.own % 10 > 0 AND g.group_name > ?2 AND NOT (@REPO_GROUP_OUTSIDE(g)@)
 ORDER BY 3 LIMIT ?3
-- REPO_GROUP_REPOS: user, group; the repositories in it that the user may read
WITH @ME(not materialized)@ SELECT r.repo_name FROM me CROSS JOIN repo r
 WHERE r.group_id = ?2 AND @REPO_LEVEL(r)@ > 0 ORDER BY r.repo_name
-- REPO_GROUPS_REPOS: user, chunk; group and name of the repositories in them that the user may read
WITH @ME(materialized)@, @CHUNK_OF_USER@
SELECT r.group_id, r.repo_name FROM me CROSS JOIN chunk c CROSS JOIN repo r
 WHERE r.group_id = c.id AND @REPO_LEVEL(r)@ > 0 ORDER BY r.repo_name

-- REPO_GROUP_UPDATE: id, parent, owner, description
UPDATE repo_group SET parent_id = ?2, owner_id = ?3, description = ?4 WHERE group_id = ?1
-- REPO_GROUP_DELETE: id
DELETE FROM repo_group WHERE group_id = ?1
-- REPO_GROUP_COPY_USERS: group, from, user to leave out (0: none)
INSERT INTO user_repo_group_permission (group_id, user_id, level)
SELECT ?1, user_id, level FROM user_repo_group_permission
 WHERE group_id = ?2 AND user_id <> ?3 ORDER BY permission_id
-- REPO_GROUP_COPY_USER_GROUPS: group, from
INSERT INTO user_group_repo_group_permission (group_id, users_group_id, level)
SELECT ?1, users_group_id, level FROM user_group_repo_group_permission WHERE group_id = ?2
 ORDER BY permission_id

-- TREE_RENAME_GROUPS: group, its old path, its new path
WITH RECURSIVE @TREE@
UPDATE repo_group SET group_name = ?3 || substr(group_name, length(?2) + 1)
 WHERE group_id IN (SELECT tree.group_id FROM tree)
-- TREE_RENAME_REPOS: group, its old path, its new path
WITH RECURSIVE @TREE@
UPDATE repo SET repo_name = ?3 || substr(repo_name, length(?2) + 1)
 WHERE group_id IN (SELECT tree.group_id FROM tree)
-- TREE_LOCK_GROUPS: group, flag
WITH RECURSIVE @TREE@
UPDATE repo_group SET enable_locking = ?2 WHERE group_id IN (SELECT tree.group_id FROM tree)
-- TREE_LOCK_REPOS: group, flag
WITH RECURSIVE @TREE@
UPDATE repo SET enable_locking = ?2 WHERE group_id IN (SELECT tree.group_id FROM tree)
-- TREE_REPOS: group
WITH RECURSIVE @TREE@
SELECT r.repo_name FROM tree CROSS JOIN repo r WHERE r.group_id = tree.group_id
-- TREE_LONGEST: group; length of the longest full name in it, in characters
WITH RECURSIVE @TREE@
SELECT max(characters) FROM (
    SELECT max(length(g.group_name)) AS characters
      FROM tree JOIN repo_group g ON g.group_id = tree.group_id
    UNION ALL
    SELECT max(length(r.repo_name)) FROM tree JOIN repo r ON r.group_id = tree.group_id) AS names
