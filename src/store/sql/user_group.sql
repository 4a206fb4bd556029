-- SPDX-License-Identifier: Apache-2.0
-- User groups: lists, members, changes. (One group: repo.sql.)

-- USER_GROUPS_READABLE: user, only those after this id, limit; id and level of all that the user may
-- read
WITH @ME(materialized)@, @USER_GROUP_OWN@
SELECT t.users_group_id, 4 FROM me CROSS JOIN user_group t WHERE me.admin = 1 AND t.users_group_id > ?2
UNION ALL SELECT b.users_group_id, b.own % 10 FROM best b
           WHERE ?1 >= 0 AND b.users_group_id > ?2 AND b.own % 10 > 0
 ORDER BY 1 LIMIT ?3
-- USER_GROUPS_MEMBERS: chunk; group and user, by group, then in the order they joined
WITH @CHUNK@ SELECT m.users_group_id, m.user_id FROM chunk c CROSS JOIN user_group_member m
 WHERE m.users_group_id = c.id ORDER BY m.users_group_id, m.member_id
-- USER_GROUP_UPDATE: id, name, owner, description, active
UPDATE user_group SET group_name = ?2, owner_id = ?3, description = ?4, active = ?5
 WHERE users_group_id = ?1
-- USER_GROUP_DELETE: id
DELETE FROM user_group WHERE users_group_id = ?1
-- USER_GROUP_ADD_USER: group, user
INSERT INTO user_group_member (users_group_id, user_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING
-- USER_GROUP_REMOVE_USER: group, user
DELETE FROM user_group_member WHERE users_group_id = ?1 AND user_id = ?2
-- USER_GROUP_ASSIGNED: user, group; the repositories, then the repository groups on which the group
-- has a row, with the user's level
WITH @ME(materialized)@
SELECT name, level FROM (
    SELECT 1 AS part, r.repo_name AS name, @REPO_LEVEL(r)@ AS level
      FROM me CROSS JOIN user_group_repo_permission gp
      JOIN repo r ON r.repo_id = gp.repo_id WHERE gp.users_group_id = ?2
    UNION ALL
    SELECT 2, g.group_name, @REPO_GROUP_LEVEL(g)@
      FROM me CROSS JOIN user_group_repo_group_permission gp
      JOIN repo_group g ON g.group_id = gp.group_id WHERE gp.users_group_id = ?2) AS assigned
ORDER BY part, name
