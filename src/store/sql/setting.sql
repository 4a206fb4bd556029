-- SPDX-License-Identifier: Apache-2.0
-- Settings, and the tokens of committed disk changes.

-- SETTING_GET: name
SELECT value FROM setting WHERE name = ?1
-- SETTING_SET: name, value
INSERT INTO setting (name, value) VALUES (?1, ?2)
ON CONFLICT (name) DO UPDATE SET value = excluded.value

-- DISK_CHANGE_ADD: token, now
INSERT INTO disk_change (token, created_on) VALUES (?1, ?2)
-- DISK_CHANGE_STANDS: token
SELECT 1 FROM disk_change WHERE token = ?1
-- DISK_CHANGE_FORGET: token
DELETE FROM disk_change WHERE token = ?1
