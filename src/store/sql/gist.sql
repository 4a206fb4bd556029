-- SPDX-License-Identifier: Apache-2.0
-- Gists.

-- DEFINE GIST_COLUMNS: what read_gist() in gist.c expects, in this order
g.gist_id, g.access_id, g.gist_type, g.owner_id, g.description, g.acl_level, g.expires,
g.created_on, g.modified_at

-- GIST_BY_ACCESS_ID: access id
SELECT @GIST_COLUMNS@ FROM gist g WHERE g.access_id = ?1
-- GIST_OF_USER: access id, owner; does not read a gist of another owner
SELECT @GIST_COLUMNS@ FROM gist g WHERE g.access_id = ?1 AND g.owner_id = ?2
-- GISTS_OF_USER: user, now in seconds, include expired ones (1) or not (0), only those with lower ids
-- (0: all), limit; newest first
SELECT @GIST_COLUMNS@ FROM gist g
 WHERE g.owner_id = ?1 AND (?3 = 1 OR g.expires = -1 OR g.expires >= ?2)
   AND (?4 = 0 OR g.gist_id < ?4) ORDER BY g.created_on DESC, g.gist_id DESC LIMIT ?5
-- GISTS_ALL: the gists of all users
SELECT @GIST_COLUMNS@ FROM gist g ORDER BY g.gist_id
-- GIST_INSERT: access id, type, owner, description, acl, expires, now
INSERT INTO gist (access_id, gist_type, owner_id, description, acl_level, expires, created_on,
                  modified_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7) RETURNING gist_id
-- GIST_INSERT_AS: the same, id
INSERT INTO gist (access_id, gist_type, owner_id, description, acl_level, expires, created_on,
                  modified_at, gist_id)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8) RETURNING gist_id
-- GIST_SET_ACCESS_ID: id, access id
UPDATE gist SET access_id = ?2 WHERE gist_id = ?1
-- GIST_DELETE: id
DELETE FROM gist WHERE gist_id = ?1
