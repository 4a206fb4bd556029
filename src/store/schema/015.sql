-- SPDX-License-Identifier: Apache-2.0
-- Lists look whether a repository is private without reading its row.
CREATE INDEX repo_private ON repo (repo_id) WHERE private = 1;
-- The default user has a row for each object. Lists want those with a level, which are few where little is public.
DROP INDEX user_repo_permission_level;
CREATE INDEX user_repo_permission_level ON user_repo_permission (user_id, level, repo_id);
DROP INDEX user_repo_group_permission_level;
CREATE INDEX user_repo_group_permission_level ON user_repo_group_permission (user_id, level, group_id);
DROP INDEX user_user_group_permission_level;
CREATE INDEX user_user_group_permission_level ON user_user_group_permission (user_id, level, users_group_id);
