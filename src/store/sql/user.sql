-- Users, their addresses and keys.

-- DEFINE USER_COLUMNS: what read_user() in user.c expects, in this order
u.user_id, u.username, u.firstname, u.lastname,
(SELECT e.email FROM user_email e WHERE e.user_id = u.user_id AND e.main = 1),
u.active, u.admin, u.inherit_default_permissions, u.extern_type, u.extern_name, u.language,
u.last_login

-- USER_BY_ID: id
SELECT @USER_COLUMNS@ FROM users u WHERE u.user_id = ?1
-- USER_BY_NAME: name
SELECT @USER_COLUMNS@ FROM users u WHERE u.username = ?1
-- USER_FIRST_ADMIN: the active super-admin with the lowest id
SELECT @USER_COLUMNS@ FROM users u WHERE u.admin = 1 AND u.active = 1 ORDER BY u.user_id LIMIT 1

-- DEFINE HAS_IPS: are there IP entries that bind user $?
EXISTS (SELECT 1 FROM user_ip i WHERE i.user_id = $.user_id)
OR ($.inherit_default_permissions = 1 AND EXISTS
    (SELECT 1 FROM user_ip i JOIN users d ON d.user_id = i.user_id WHERE d.username = 'default'))

-- CALLER_BY_KEY: digest; who calls with this key
SELECT u.user_id, u.username, u.active, u.admin, u.inherit_default_permissions, @HAS_IPS(u)@,
       k.role, k.expires
  FROM api_key k JOIN users u ON u.user_id = k.user_id WHERE k.digest = ?1
-- CALLER_BY_NAME: name; the same without a key
SELECT u.user_id, u.username, u.active, u.admin, u.inherit_default_permissions, @HAS_IPS(u)@
  FROM users u WHERE u.username = ?1
-- CALLER_IPS: user, does he take the default user's entries (1) or not (0)
SELECT i.ip_addr FROM user_ip i JOIN users u ON u.user_id = i.user_id
 WHERE u.user_id = ?1 OR (?2 = 1 AND u.username = 'default') ORDER BY i.ip_id
