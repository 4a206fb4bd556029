-- SPDX-License-Identifier: Apache-2.0
-- Comments on commits, and review statuses.

-- COMMENT_INSERT: repository, user, revision, message, now, type, id of the comment that it resolves
INSERT INTO changeset_comment (repo_id, user_id, revision, message, created_on, comment_type, resolves_id)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) RETURNING comment_id
-- COMMENT_TYPE: id, pull request (0: a commit), repository, revision; if it stands there
SELECT coalesce(c.comment_type, 'note') FROM changeset_comment c
 WHERE c.comment_id = ?1 AND CASE WHEN ?2 = 0 THEN c.repo_id = ?3 AND c.revision = ?4
                                  ELSE c.pull_request_id = ?2 END
-- STATUS_INSERT: repository, user, comment, revision, status, now
INSERT INTO changeset_status (repo_id, user_id, comment_id, revision, status, created_on)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
-- COMMENTS_OF: repository, revision, id, how many; the newest of those with lower ids, the oldest first
SELECT c.comment_id, u.username, c.message, c.created_on, s.status,
       CASE WHEN s.status_id = (SELECT max(x.status_id) FROM changeset_status x
                                 WHERE x.repo_id = ?1 AND x.revision = ?2) THEN 1 ELSE 0 END,
       c.comment_type, (SELECT min(x.comment_id) FROM changeset_comment x WHERE x.resolves_id = c.comment_id)
  FROM (SELECT x.comment_id FROM changeset_comment x
         WHERE x.repo_id = ?1 AND x.revision = ?2 AND x.comment_id < ?3 ORDER BY x.comment_id DESC LIMIT ?4) n
  CROSS JOIN changeset_comment c CROSS JOIN users u
  LEFT JOIN changeset_status s ON s.comment_id = c.comment_id
 WHERE c.comment_id = n.comment_id AND u.user_id = c.user_id
 ORDER BY c.comment_id
-- REVIEWS_OF: repository, revision; the newest status of each user, the oldest first. The statuses are read
--             once: a reader can set any number of them
SELECT u.username, s.status, s.created_on
  FROM (SELECT max(x.status_id) AS status_id FROM changeset_status x
         WHERE x.repo_id = ?1 AND x.revision = ?2 GROUP BY x.user_id) n
  CROSS JOIN changeset_status s CROSS JOIN users u
 WHERE s.status_id = n.status_id AND u.user_id = s.user_id
 ORDER BY s.status_id
-- REPO_COMMENTS: repository, revision, type ('': all), user (0: all); the oldest first
SELECT c.comment_id, coalesce(c.comment_type, 'note'), c.message,
       coalesce(c.vote, (SELECT min(s.status) FROM changeset_status s
                          WHERE s.comment_id = c.comment_id)),
       c.f_path, c.line_no, u.user_id, u.username, u.firstname, u.lastname, u.active, c.created_on,
       (SELECT min(x.comment_id) FROM changeset_comment x WHERE x.resolves_id = c.comment_id),
       c.revision, c.pull_request_id, c.version
  FROM changeset_comment c JOIN users u ON u.user_id = c.user_id
 WHERE c.repo_id = ?1 AND (?2 = '' OR c.revision = ?2)
   AND (?3 = '' OR coalesce(c.comment_type, 'note') = ?3) AND (?4 = 0 OR c.user_id = ?4)
 ORDER BY c.comment_id
