-- SPDX-License-Identifier: Apache-2.0
-- The key by which the user of an entry came; NULL: a password, or no user. It is no foreign key: the
-- number outlives the key.
ALTER TABLE journal ADD COLUMN auth_token_id INTEGER;
