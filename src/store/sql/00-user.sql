-- SPDX-License-Identifier: Apache-2.0
-- What several files of statements read of a user.

-- DEFINE USER_HEAD: what rc_read_user() in user.c expects, in this order: USER_HEAD, the main address, USER_REST
u.user_id, u.username, u.firstname, u.lastname
-- DEFINE USER_REST: see USER_HEAD; the flags are one number: each column of a list costs as much as finding its row
u.active + 2 * u.admin + 4 * u.inherit_default_permissions, u.extern_type, u.extern_name, u.language, u.last_login
-- DEFINE USER_COLUMNS: all of these
@USER_HEAD@, (SELECT e.email FROM user_email e WHERE e.user_id = u.user_id AND e.main = 1), @USER_REST@
