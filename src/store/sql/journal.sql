-- SPDX-License-Identifier: Apache-2.0
-- The journal.

-- JOURNAL_ADD: user, repository, its name, action, address, now, key (0: none)
INSERT INTO journal (user_id, username, repo_id, repo_name, action, ip_addr, created_on,
                     auth_token_id)
SELECT u.user_id, u.username, ?2, ?3, ?4, ?5, ?6, ?7 FROM users u WHERE u.user_id = ?1
-- JOURNAL_ADD_NAMED: actor's name (not a user), repository, its name, action, address, now
INSERT INTO journal (username, repo_id, repo_name, action, ip_addr, created_on)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
-- JOURNAL_ADD_LATE: user, their name then, repository, its name, action, address, when, key (0:
-- none). The user and the repository may have gone since then: the names stay.
INSERT INTO journal (user_id, username, repo_id, repo_name, action, ip_addr, created_on,
                     auth_token_id)
VALUES ((SELECT u.user_id FROM users u WHERE u.user_id = ?1), ?2,
        (SELECT r.repo_id FROM repo r WHERE r.repo_id = ?3), ?4, ?5, ?6, ?7, ?8)
-- SPILL_TAKEN: which file of waiting lines was read last, and up to where
SELECT s.name, s.taken FROM spill s
-- SPILL_TAKE: the file, position
INSERT INTO spill (one, name, taken) VALUES (1, ?1, ?2)
    ON CONFLICT (one) DO UPDATE SET name = excluded.name, taken = excluded.taken
-- JOURNAL_RECENT: user, repository, action, moment; a row when the action was recorded since then.
-- Searches only the newest 1000 entries of the repository, never the whole journal.
SELECT 1 FROM (SELECT n.user_id, n.action, n.created_on FROM journal n WHERE n.repo_id = ?2
                ORDER BY n.journal_id DESC LIMIT 1000) j
 WHERE j.user_id = ?1 AND j.action = ?3 AND j.created_on > ?4 LIMIT 1
-- JOURNAL_FOLLOWED: user, how many; the newest entries about repositories or of users that the user
-- follows, if the repository exists and the user may read it. Each followed repository or user
-- contributes its own newest entries, by index: the whole journal is never scanned.
WITH @ME(materialized)@,
candidate (journal_id) AS (
    SELECT j.journal_id
      FROM repo_following f CROSS JOIN repo r CROSS JOIN me CROSS JOIN anyone CROSS JOIN journal j
     WHERE f.user_id = @VIEWER_USER@ AND r.repo_id = f.repo_id AND @REPO_LEVEL(r)@ > 0
       AND j.journal_id IN (SELECT n.journal_id FROM journal n WHERE n.repo_id = f.repo_id
                             ORDER BY n.journal_id DESC LIMIT ?2)
    UNION
    SELECT j.journal_id
      FROM user_following f CROSS JOIN journal j
     WHERE f.user_id = @VIEWER_USER@
       AND j.journal_id IN (SELECT n.journal_id
                              FROM journal n CROSS JOIN repo r CROSS JOIN me CROSS JOIN anyone
                             WHERE n.user_id = f.followed_id AND r.repo_id = n.repo_id
                               AND @REPO_LEVEL(r)@ > 0
                             ORDER BY n.journal_id DESC LIMIT ?2))
SELECT j.journal_id, j.created_on, j.action, j.username, u.firstname, u.lastname, r.repo_name
  FROM journal j JOIN repo r ON r.repo_id = j.repo_id LEFT JOIN users u ON u.user_id = j.user_id
 WHERE j.journal_id IN (SELECT c.journal_id FROM candidate c)
 ORDER BY j.journal_id DESC LIMIT ?2
-- JOURNAL_LAST: how many; the newest entries, oldest first
SELECT n.journal_id, n.created_on, n.action, n.username, n.ip_addr, n.repo_name
  FROM (SELECT j.journal_id, j.created_on, j.action, j.username, j.ip_addr, j.repo_name
          FROM journal j ORDER BY j.journal_id DESC LIMIT ?1) n
 ORDER BY n.journal_id
-- JOURNAL_PURGE: moment; deletes older entries
DELETE FROM journal WHERE created_on < ?1
