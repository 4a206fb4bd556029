-- SPDX-License-Identifier: Apache-2.0
-- Databases that were made before step 001 got this index lack it.
CREATE INDEX IF NOT EXISTS users_admin ON users (user_id) WHERE admin = 1;
