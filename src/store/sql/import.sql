-- SPDX-License-Identifier: Apache-2.0
-- What an import from another program stores. A row that is here already stays as it is, and takes no
-- id: ON CONFLICT would.

-- IMPORT_FIND_USER: name; the user of that name in any case
SELECT u.user_id, u.username, 0 FROM users u WHERE lower(u.username) = lower(?1)
-- IMPORT_FIND_EMAIL: address; its user
SELECT e.user_id, e.email, 0 FROM user_email e WHERE e.email = ?1
-- IMPORT_FIND_KEY: digest; its user
SELECT k.user_id, '', 0 FROM api_key k WHERE k.digest = ?1
-- IMPORT_FIND_USER_GROUP: name
SELECT g.users_group_id, g.group_name, 0 FROM user_group g WHERE g.group_name = ?1
-- IMPORT_FIND_REPO_GROUP: name; and 1 for a group that is as a scan makes it
SELECT g.group_id, g.group_name,
       CASE WHEN g.description = g.group_name || ' group'
             AND NOT EXISTS (SELECT 1 FROM user_group_repo_group_permission p
                              WHERE p.group_id = g.group_id)
             AND NOT EXISTS (SELECT 1 FROM user_repo_group_permission p
                               JOIN users u ON u.user_id = p.user_id
                              WHERE p.group_id = g.group_id AND u.username <> 'default')
            THEN 1 ELSE 0 END
  FROM repo_group g WHERE g.group_name = ?1
-- IMPORT_FIND_REPO: name; and 1 for a repository that is as a scan makes it
SELECT r.repo_id, r.repo_name,
       CASE WHEN o.admin = 1 AND r.fork_id IS NULL AND r.clone_uri IS NULL AND r.lock_user_id IS NULL
             AND NOT EXISTS (SELECT 1 FROM user_group_repo_permission p
                              WHERE p.repo_id = r.repo_id)
             AND NOT EXISTS (SELECT 1 FROM user_repo_permission p
                               JOIN users u ON u.user_id = p.user_id
                              WHERE p.repo_id = r.repo_id AND u.username <> 'default')
            THEN 1 ELSE 0 END
  FROM repo r JOIN users o ON o.user_id = r.owner_id WHERE r.repo_name = ?1
-- IMPORT_FIND_COMMENT: repository, user, revision, created, message, pull request (0: none), id; the first
--                      one above that id
SELECT c.comment_id, '', 0 FROM changeset_comment c
 WHERE c.repo_id = ?1 AND c.user_id = ?2 AND c.revision = ?3 AND c.created_on = ?4
   AND c.message = ?5 AND coalesce(c.pull_request_id, 0) = ?6 AND c.comment_id > ?7
 ORDER BY c.comment_id LIMIT 1
-- IMPORT_FIND_PULL: target, created, source (unless that is deleted here), names of the references of source
--                   and target, name of the author, id; the first one above that id
SELECT p.pull_request_id, '', 0 FROM pull_request p
 WHERE p.target_repo_id = ?1 AND p.created_on = ?2 AND coalesce(p.source_repo_id, ?3) = ?3
   AND p.source_name = ?4 AND p.target_name = ?5 AND p.author_name = ?6 AND p.pull_request_id > ?7
 ORDER BY p.pull_request_id LIMIT 1
-- IMPORT_FIND_GIST: access id; its owner
SELECT g.owner_id, g.access_id, 0 FROM gist g WHERE g.access_id = ?1

-- IMPORT_USER: id, username, firstname, lastname, password, active, admin, inherits, extern_type,
--              extern_name, last login, created
INSERT INTO users (user_id, username, firstname, lastname, password, active, admin,
                   inherit_default_permissions, extern_type, extern_name, last_login, created_on)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
-- IMPORT_EMAIL: user, address, main (1) or not (0)
INSERT INTO user_email (user_id, email, main) VALUES (?1, ?2, ?3)
-- IMPORT_IP: user, entry
INSERT INTO user_ip (user_id, ip_addr) SELECT ?1, ?2
 WHERE NOT EXISTS (SELECT 1 FROM user_ip h WHERE h.user_id = ?1 AND h.ip_addr = ?2)
-- IMPORT_KEY: user, digest, sealed, main, role, description, expires, created, repository, group
INSERT INTO api_key (user_id, digest, sealed, main, role, description, expires, created_on, repo_id,
                     group_id)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
-- IMPORT_USER_GROUP: id, name, description, owner, active, inherits, created
INSERT INTO user_group (users_group_id, group_name, description, owner_id, active,
                        inherit_default_permissions, created_on)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
-- IMPORT_MEMBER: user group, user
INSERT INTO user_group_member (users_group_id, user_id) SELECT ?1, ?2
 WHERE NOT EXISTS (SELECT 1 FROM user_group_member h WHERE h.users_group_id = ?1 AND h.user_id = ?2)
-- IMPORT_REPO_GROUP: id, name, parent, owner, description, locking, created
INSERT INTO repo_group (group_id, group_name, parent_id, owner_id, description, enable_locking,
                        created_on)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
-- IMPORT_REPO_GROUP_TAKE: id, owner, description, locking, created (0: unknown); unless all are the
--                         same
UPDATE repo_group SET owner_id = ?2, description = ?3, enable_locking = ?4,
       created_on = coalesce(nullif(CAST(?5 AS BIGINT), 0), created_on)
 WHERE group_id = ?1 AND (owner_id <> ?2 OR description <> ?3 OR enable_locking <> ?4
                          OR created_on <> coalesce(nullif(CAST(?5 AS BIGINT), 0), created_on))
-- IMPORT_REPO: id, name, type, group, owner, private, statistics, locking, downloads, description,
--              landing_rev, created, updated
INSERT INTO repo (repo_id, repo_name, repo_type, group_id, owner_id, private, enable_statistics,
                  enable_locking, enable_downloads, description, landing_rev, created_on, updated_on)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
-- IMPORT_REPO_TAKE: id, owner, private, statistics, locking, downloads, description, landing_rev,
--                   created (0: unknown); unless all are the same
UPDATE repo SET owner_id = ?2, private = ?3, enable_statistics = ?4, enable_locking = ?5,
       enable_downloads = ?6, description = ?7, landing_rev = ?8,
       created_on = coalesce(nullif(CAST(?9 AS BIGINT), 0), created_on)
 WHERE repo_id = ?1 AND (owner_id <> ?2 OR private <> ?3 OR enable_statistics <> ?4
                         OR enable_locking <> ?5 OR enable_downloads <> ?6 OR description <> ?7
                         OR landing_rev <> ?8
                         OR created_on <> coalesce(nullif(CAST(?9 AS BIGINT), 0), created_on))
-- IMPORT_REPO_URI: id, clone_uri, sealed
UPDATE repo SET clone_uri = ?2, clone_uri_sealed = ?3 WHERE repo_id = ?1
-- IMPORT_REPO_LOCK: id, user, when, reason
UPDATE repo SET lock_user_id = ?2, locked_on = ?3, lock_reason = ?4 WHERE repo_id = ?1
-- IMPORT_REPO_FORK: id, parent
UPDATE repo SET fork_id = ?2 WHERE repo_id = ?1
-- IMPORT_FIELD: repository, key, label, description, value
INSERT INTO repo_field (repo_id, key, label, description, value) SELECT ?1, ?2, ?3, ?4, ?5
 WHERE NOT EXISTS (SELECT 1 FROM repo_field h WHERE h.repo_id = ?1 AND h.key = ?2)

-- IMPORT_REPO_USER: repository, user, level
INSERT INTO user_repo_permission (repo_id, user_id, level) SELECT ?1, ?2, ?3
 WHERE NOT EXISTS (SELECT 1 FROM user_repo_permission h WHERE h.repo_id = ?1 AND h.user_id = ?2)
-- IMPORT_REPO_EVERYONE: the same in place of another level
UPDATE user_repo_permission SET level = ?3 WHERE repo_id = ?1 AND user_id = ?2 AND level <> ?3
-- IMPORT_REPO_USER_GROUP: repository, user group, level
INSERT INTO user_group_repo_permission (repo_id, users_group_id, level) SELECT ?1, ?2, ?3
 WHERE NOT EXISTS (SELECT 1 FROM user_group_repo_permission h WHERE h.repo_id = ?1 AND h.users_group_id = ?2)
-- IMPORT_REPO_GROUP_USER: repository group, user, level
INSERT INTO user_repo_group_permission (group_id, user_id, level) SELECT ?1, ?2, ?3
 WHERE NOT EXISTS (SELECT 1 FROM user_repo_group_permission h WHERE h.group_id = ?1 AND h.user_id = ?2)
-- IMPORT_REPO_GROUP_EVERYONE: the same in place of another level
UPDATE user_repo_group_permission SET level = ?3 WHERE group_id = ?1 AND user_id = ?2 AND level <> ?3
-- IMPORT_REPO_GROUP_USER_GROUP: repository group, user group, level
INSERT INTO user_group_repo_group_permission (group_id, users_group_id, level) SELECT ?1, ?2, ?3
 WHERE NOT EXISTS (SELECT 1 FROM user_group_repo_group_permission h WHERE h.group_id = ?1 AND h.users_group_id = ?2)
-- IMPORT_USER_GROUP_USER: user group, user, level
INSERT INTO user_user_group_permission (users_group_id, user_id, level) SELECT ?1, ?2, ?3
 WHERE NOT EXISTS (SELECT 1 FROM user_user_group_permission h WHERE h.users_group_id = ?1 AND h.user_id = ?2)
-- IMPORT_USER_GROUP_USER_GROUP: user group, user group, level
INSERT INTO user_group_user_group_permission (target_id, source_id, level) SELECT ?1, ?2, ?3
 WHERE NOT EXISTS (SELECT 1 FROM user_group_user_group_permission h WHERE h.target_id = ?1 AND h.source_id = ?2)

-- IMPORT_PULL: id, title, description, renderer, status, author, source repository, type, name, id, target
--              repository, type, name, id, merge, created, updated
INSERT INTO pull_request (pull_request_id, title, description, renderer, status, author_id, author_name,
                          source_repo_id, source_repo_name, source_type, source_name, source_id,
                          target_repo_id, target_type, target_name, target_id, merge_rev, created_on,
                          updated_on)
SELECT ?1, ?2, ?3, ?4, ?5, u.user_id, u.username, s.repo_id, s.repo_name, ?8, ?9, ?10, ?11, ?12, ?13, ?14,
       ?15, ?16, ?17
  FROM users u CROSS JOIN repo s WHERE u.user_id = ?6 AND s.repo_id = ?7
-- IMPORT_COMMENT: repository, user, revision, created, message, path, line, type, pull request, id of
--                 the comment that it resolves, version
INSERT INTO changeset_comment (repo_id, user_id, revision, created_on, message, f_path, line_no,
                               comment_type, pull_request_id, resolves_id, version)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
-- IMPORT_VOTE: comment, status; unless it has one
UPDATE changeset_comment SET vote = ?2 WHERE comment_id = ?1 AND vote IS NULL
-- IMPORT_STATUS: repository, user, comment, revision, status, created, pull request; unless it is here
INSERT INTO changeset_status (repo_id, user_id, comment_id, revision, status, created_on, pull_request_id)
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7
 WHERE NOT EXISTS (SELECT 1 FROM changeset_status s
                    WHERE s.repo_id = ?1 AND s.revision = ?4 AND s.user_id = ?2 AND s.status = ?5
                      AND s.created_on = ?6)
-- IMPORT_GIST: access id, type, owner, description, acl, expires, created, modified
INSERT INTO gist (access_id, gist_type, owner_id, description, acl_level, expires, created_on,
                  modified_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
-- IMPORT_FOLLOW_REPO: repository, user, since
INSERT INTO repo_following (repo_id, user_id, created_on) SELECT ?1, ?2, ?3
 WHERE NOT EXISTS (SELECT 1 FROM repo_following h WHERE h.repo_id = ?1 AND h.user_id = ?2)
-- IMPORT_FOLLOW_USER: followed user, follower, since
INSERT INTO user_following (followed_id, user_id, created_on) SELECT ?1, ?2, ?3
 WHERE NOT EXISTS (SELECT 1 FROM user_following h WHERE h.followed_id = ?1 AND h.user_id = ?2)
-- IMPORT_JOURNAL: user, their name, repository, its name, action, address, when
INSERT INTO journal (user_id, username, repo_id, repo_name, action, ip_addr, created_on)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
-- IMPORT_JOURNAL_HERE: moment; the entries up to it
SELECT j.created_on, j.username, j.repo_name, j.action FROM journal j WHERE j.created_on <= ?1
