-- SPDX-License-Identifier: Apache-2.0
-- What several files of statements read of a user.

-- DEFINE USER_COLUMNS: what read_user() in user.c expects, in this order
u.user_id, u.username, u.firstname, u.lastname,
(SELECT e.email FROM user_email e WHERE e.user_id = u.user_id AND e.main = 1),
u.active, u.admin, u.inherit_default_permissions, u.extern_type, u.extern_name, u.language,
u.last_login
