-- SPDX-License-Identifier: Apache-2.0
-- Transactions and the database as a whole.

-- BEGIN_READ: one snapshot until COMMIT
BEGIN
-- BEGIN_WRITE: takes the write lock at once, so that it can not fail later
BEGIN IMMEDIATE
-- COMMIT: ends either
COMMIT
-- INTEGRITY_CHECK: one row 'ok', or what is wrong
PRAGMA integrity_check(1)
-- FOREIGN_KEY_CHECK: a row for each row that points nowhere
PRAGMA foreign_key_check

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
