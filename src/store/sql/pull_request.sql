-- SPDX-License-Identifier: Apache-2.0
-- Pull requests, their comments and votes.

-- Sets of pull requests; rows of id and 0
-- PULL_BY_ID: id
SELECT p.pull_request_id, 0 FROM pull_request p WHERE p.pull_request_id = ?1
-- PULLS_OF_TARGET: repository, status, only those with lower ids (0: all), limit; the newest first
SELECT p.pull_request_id, 0 FROM pull_request p
 WHERE p.target_repo_id = ?1 AND p.status = ?2 AND (?3 = 0 OR p.pull_request_id < ?3)
 ORDER BY p.pull_request_id DESC LIMIT ?4
-- PULLS_HEADS: repository, status, only those with lower ids (0: all), limit; what their verdicts
-- are about, in the same order
SELECT p.pull_request_id, p.source_id, p.target_type, p.target_name, p.verdict, p.verdict_source,
       p.verdict_target
  FROM pull_request p
 WHERE p.target_repo_id = ?1 AND p.status = ?2 AND (?3 = 0 OR p.pull_request_id < ?3)
 ORDER BY p.pull_request_id DESC LIMIT ?4

-- PULL_ROWS: viewer, chunk; what read_row() in pull_request.c expects. Nobody knows any more who might read
--            a source that was deleted: its author and super-admins see its name
WITH @ME(materialized)@, @CHUNK_OF_USER@
SELECT p.pull_request_id, p.title, p.description, p.renderer, p.status, p.author_id, p.author_name,
       p.source_repo_id, CASE WHEN p.source_repo_id IS NULL
           THEN CASE WHEN me.admin = 1 OR p.author_id = me.user_id THEN p.source_repo_name END
           ELSE (SELECT s.repo_name FROM repo s CROSS JOIN me
                  WHERE s.repo_id = p.source_repo_id AND @REPO_LEVEL(s)@ > 0) END,
       p.source_type, p.source_name, p.source_id, p.target_repo_id, r.repo_name, p.target_type,
       p.target_name, p.target_id, p.merge_rev, p.merge_user_id, p.verdict, p.verdict_source,
       p.verdict_target, p.created_on, p.updated_on,
       (SELECT count(*) FROM pull_request_version v WHERE v.pull_request_id = p.pull_request_id),
       @REPO_LEVEL(r)@
  FROM chunk c CROSS JOIN me CROSS JOIN pull_request p JOIN repo r ON r.repo_id = p.target_repo_id
 WHERE p.pull_request_id = c.id
-- PULL_AUTHORS: chunk
WITH @CHUNK@ SELECT p.pull_request_id, @USER_COLUMNS@
  FROM chunk c CROSS JOIN pull_request p JOIN users u ON u.user_id = p.author_id
 WHERE p.pull_request_id = c.id
-- PULL_AUTHOR_EMAILS: chunk
WITH @CHUNK@ SELECT p.pull_request_id, e.email
  FROM chunk c CROSS JOIN pull_request p JOIN user_email e ON e.user_id = p.author_id
 WHERE p.pull_request_id = c.id ORDER BY e.main DESC, e.email_id
-- PULL_COMMITS: chunk
WITH @CHUNK@ SELECT k.pull_request_id, k.revision
  FROM chunk c CROSS JOIN pull_request_commit k
 WHERE k.pull_request_id = c.id ORDER BY k.pull_request_id DESC, k.place
-- PULL_REVIEWERS: chunk; the newest vote of each stands behind the columns of the user
WITH @CHUNK@ SELECT v.pull_request_id, @USER_COLUMNS@,
       (SELECT x.vote FROM changeset_comment x
         WHERE x.pull_request_id = v.pull_request_id AND x.user_id = v.user_id
           AND x.vote IS NOT NULL ORDER BY x.comment_id DESC LIMIT 1),
       v.reasons, v.mandatory
  FROM chunk c CROSS JOIN pull_request_reviewer v JOIN users u ON u.user_id = v.user_id
 WHERE v.pull_request_id = c.id ORDER BY v.pull_request_id DESC, v.reviewer_id
-- PULL_REVIEWER_EMAILS: chunk; the addresses of a reviewer follow each other
WITH @CHUNK@ SELECT v.pull_request_id, v.user_id, e.email
  FROM chunk c CROSS JOIN pull_request_reviewer v JOIN user_email e ON e.user_id = v.user_id
 WHERE v.pull_request_id = c.id
 ORDER BY v.pull_request_id DESC, v.reviewer_id, e.main DESC, e.email_id

-- PULL_INSERT: title, description, renderer, author, source repository, type, name, id, target
--              repository, type, name, id, now
INSERT INTO pull_request (title, description, renderer, author_id, author_name, source_repo_id,
                          source_repo_name, source_type, source_name, source_id, target_repo_id,
                          target_type, target_name, target_id, created_on, updated_on)
SELECT ?1, ?2, ?3, u.user_id, u.username, s.repo_id, s.repo_name, ?6, ?7, ?8, ?9, ?10, ?11, ?12,
       CAST(?13 AS BIGINT), CAST(?13 AS BIGINT)
  FROM users u CROSS JOIN repo s WHERE u.user_id = ?4 AND s.repo_id = ?5
RETURNING pull_request_id
-- PULL_UPDATE: id, title, description, renderer, now
UPDATE pull_request SET title = ?2, description = ?3, renderer = ?4, updated_on = ?5
 WHERE pull_request_id = ?1
-- PULL_SET_HEADS: id, source, target, now
UPDATE pull_request SET source_id = ?2, target_id = ?3, updated_on = ?4 WHERE pull_request_id = ?1
-- PULL_CLOSE: id, now
UPDATE pull_request SET status = 'closed', updated_on = ?2 WHERE pull_request_id = ?1
-- PULL_MERGING: id, merge, user; the merge that begins (NULL: none)
UPDATE pull_request SET merge_rev = ?2, merge_user_id = ?3 WHERE pull_request_id = ?1
-- PULLS_MERGING: those whose merge has begun
SELECT p.pull_request_id FROM pull_request p
 WHERE p.status = 'new' AND p.merge_rev IS NOT NULL ORDER BY p.pull_request_id
-- PULL_SET_VERDICT: id, verdict, source, target
UPDATE pull_request SET verdict = ?2, verdict_source = ?3, verdict_target = ?4
 WHERE pull_request_id = ?1
-- PULLS_KEPT: what repositories keep for open pull requests
SELECT p.pull_request_id, r.repo_name, r.repo_type, p.source_id,
       CASE WHEN p.merge_rev IS NOT NULL THEN 1 ELSE 0 END
  FROM pull_request p JOIN repo r ON r.repo_id = p.target_repo_id
 WHERE p.status = 'new' ORDER BY p.pull_request_id
-- PULLS_KEEPING: repository, heads (ids in one text), commit; those that keep one of these heads, or offer
--                the commit, now or in an earlier version
SELECT p.pull_request_id FROM pull_request p
 WHERE p.target_repo_id = ?1
   AND (?2 LIKE '%' || p.source_id || '%'
        OR EXISTS (SELECT 1 FROM pull_request_commit k
                    WHERE k.pull_request_id = p.pull_request_id AND k.revision = ?3)
        OR EXISTS (SELECT 1 FROM pull_request_version v WHERE v.pull_request_id = p.pull_request_id
                      AND (?2 LIKE '%' || v.source_id || '%' OR v.commits LIKE '%' || ?3 || '%')))
 ORDER BY p.pull_request_id
-- PULLS_OF_COMMIT: repository, commit; those into it that offer the commit, or whose merge it is
SELECT p.pull_request_id, p.title FROM pull_request_commit k CROSS JOIN pull_request p
 WHERE k.revision = ?2 AND p.pull_request_id = k.pull_request_id AND p.target_repo_id = ?1
 UNION SELECT p.pull_request_id, p.title FROM pull_request p
 WHERE p.merge_rev = ?2 AND p.target_repo_id = ?1 ORDER BY 1 LIMIT 20
-- PULL_SOURCE_GOES: repository; keeps its name
UPDATE pull_request SET source_repo_name = (SELECT r.repo_name FROM repo r WHERE r.repo_id = ?1)
 WHERE source_repo_id = ?1
-- PULL_AUTHOR_GOES: user; keeps their name
UPDATE pull_request SET author_name = (SELECT u.username FROM users u WHERE u.user_id = ?1)
 WHERE author_id = ?1

-- PULL_COMMIT_INSERT: id, place, revision
INSERT INTO pull_request_commit (pull_request_id, place, revision) VALUES (?1, ?2, ?3)
-- PULL_COMMITS_DELETE: id
DELETE FROM pull_request_commit WHERE pull_request_id = ?1
-- PULL_VERSION_INSERT: id, number, source, target, commits, now
INSERT INTO pull_request_version (pull_request_id, number, source_id, target_id, commits, created_on)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
-- PULL_VERSION_COMMENTS: id, number; the comments were about this version
UPDATE changeset_comment SET version = ?2 WHERE pull_request_id = ?1 AND version IS NULL
-- PULL_REVIEWER_INSERT: id, user, reasons, mandatory, now
INSERT INTO pull_request_reviewer (pull_request_id, user_id, reasons, mandatory, added)
VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (pull_request_id, user_id)
DO UPDATE SET reasons = excluded.reasons, mandatory = excluded.mandatory
-- PULL_REVIEWER_DELETE: id, user
DELETE FROM pull_request_reviewer WHERE pull_request_id = ?1 AND user_id = ?2

-- PULL_COMMENT_INSERT: repository, user, revision, message, now, pull request, vote, path, line, type,
--                      id of the comment that it resolves
INSERT INTO changeset_comment (repo_id, user_id, revision, message, created_on, pull_request_id, vote,
                               f_path, line_no, comment_type, resolves_id)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) RETURNING comment_id
-- DEFINE PULL_COMMENT_COLUMNS: as of REPO_COMMENTS
c.comment_id, c.comment_type, c.message, c.vote, c.f_path, c.line_no, u.user_id, u.username,
u.firstname, u.lastname, u.active, c.created_on,
(SELECT min(x.comment_id) FROM changeset_comment x WHERE x.resolves_id = c.comment_id),
c.revision, c.pull_request_id, c.version
-- PULL_COMMENTS: pull request; those with a place first
SELECT @PULL_COMMENT_COLUMNS@
  FROM changeset_comment c JOIN users u ON u.user_id = c.user_id
 WHERE c.pull_request_id = ?1
 ORDER BY CASE WHEN c.f_path IS NULL THEN 1 ELSE 0 END, c.comment_id
-- PULL_COMMENTS_PART: pull request, id, how many; the newest of those with lower ids, the oldest first
SELECT @PULL_COMMENT_COLUMNS@
  FROM (SELECT x.comment_id FROM changeset_comment x
         WHERE x.pull_request_id = ?1 AND x.comment_id < ?2 ORDER BY x.comment_id DESC LIMIT ?3) n
  CROSS JOIN changeset_comment c CROSS JOIN users u
 WHERE c.comment_id = n.comment_id AND u.user_id = c.user_id
 ORDER BY c.comment_id
-- DEFINE PULL_NEW_STATUS: does commit k of pull request ?1 in repository ?2 get a status: the newest 1,000,
--                         so that a vote writes 2,000 rows at most; all of these (?3 = 0), or those without
--                         one from the pull request (1). The sums keep it to the index of revisions: a pull
--                         request has many statuses, a commit has few
k.place < 1000 AND (?3 = 0 OR NOT EXISTS (SELECT 1 FROM changeset_status h WHERE h.repo_id = ?2
                          AND h.revision = k.revision AND h.pull_request_id + 0 = ?1))
-- PULL_STATUS_REPLACED: pull request, repository, all (0) or only new ones (1), user; what they said of these
--                       commits in pull requests before. So the statuses of a commit do not grow with votes
DELETE FROM changeset_status
 WHERE repo_id = ?2 AND user_id + 0 = ?4 AND pull_request_id IS NOT NULL AND revision IN (
       SELECT k.revision FROM pull_request_commit k WHERE k.pull_request_id = ?1 AND @PULL_NEW_STATUS@)
-- PULL_STATUS_INSERT: pull request, repository, all (0) or only new ones (1), user, comment, status, now
INSERT INTO changeset_status (repo_id, user_id, comment_id, revision, status, created_on, pull_request_id)
SELECT ?2, ?4, ?5, k.revision, ?6, ?7, k.pull_request_id FROM pull_request_commit k
 WHERE k.pull_request_id = ?1 AND @PULL_NEW_STATUS@
-- STATUS_IS_FIXED: repository, revision; a row when its newest status belongs to a closed pull request
SELECT 1 FROM pull_request p WHERE p.status = 'closed' AND p.pull_request_id = (
       SELECT s.pull_request_id FROM changeset_status s WHERE s.repo_id = ?1 AND s.revision = ?2
        ORDER BY s.status_id DESC LIMIT 1)
