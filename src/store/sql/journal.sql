-- SPDX-License-Identifier: Apache-2.0
-- The journal.

-- JOURNAL_ADD: user, repository, its name, action, address, now
INSERT INTO journal (user_id, username, repo_id, repo_name, action, ip_addr, created_on)
SELECT u.user_id, u.username, ?2, ?3, ?4, ?5, ?6 FROM users u WHERE u.user_id = ?1
