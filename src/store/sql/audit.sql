-- SPDX-License-Identifier: Apache-2.0
-- The journal for those who want to know who did what.

-- DEFINE AUDIT_COLUMNS: what read_audit() in audit.c expects, in this order
j.journal_id, j.user_id, j.username, j.repo_id, j.repo_name, j.ip_addr, j.created_on, j.action,
j.auth_token_id

-- DEFINE AUDIT_FITS: does entry j hold the words of the LIKE pattern ?1, in lower case
(?1 = '%' OR lower(j.action || ' ' || j.username || ' ' || j.repo_name || ' ' || j.ip_addr)
             LIKE ?1 ESCAPE '!')

-- AUDIT_OF_USER: viewer, user, all entries (1) or only what the viewer may read (0), only lower ids
-- (0: all), limit; newest first
WITH @ME(materialized)@
SELECT @AUDIT_COLUMNS@
  FROM me CROSS JOIN journal j LEFT JOIN repo r ON r.repo_id = j.repo_id
 WHERE j.user_id = ?2 AND (?4 = 0 OR j.journal_id < ?4)
   AND (?3 = 1 OR (j.repo_name = '' AND CAST(?1 AS BIGINT) > 0)
        OR (r.repo_id IS NOT NULL AND @REPO_LEVEL(r)@ > 0))
 ORDER BY j.journal_id DESC LIMIT ?5
-- AUDIT_FOUND: LIKE pattern, limit; newest first
SELECT @AUDIT_COLUMNS@ FROM journal j WHERE @AUDIT_FITS@ ORDER BY j.journal_id DESC LIMIT ?2
-- AUDIT_FOUND_AFTER: LIKE pattern, limit, id; those behind that one, oldest first
SELECT @AUDIT_COLUMNS@ FROM journal j WHERE j.journal_id > ?3 AND @AUDIT_FITS@
 ORDER BY j.journal_id LIMIT ?2
-- AUDIT_SINCE: moment; the entries from then on, oldest first
SELECT @AUDIT_COLUMNS@ FROM journal j WHERE j.created_on >= ?1 ORDER BY j.journal_id
