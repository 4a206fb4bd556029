-- SPDX-License-Identifier: Apache-2.0
-- The scope of a token: a repository, or a repository group with everything below it; NULL: all.
-- They are no foreign keys, because a token whose scope was deleted stays and opens nothing.
-- last_used: microseconds, at most an hour old; NULL: never.
ALTER TABLE api_key ADD COLUMN repo_id INTEGER;
ALTER TABLE api_key ADD COLUMN group_id INTEGER CHECK (group_id IS NULL OR repo_id IS NULL);
ALTER TABLE api_key ADD COLUMN last_used INTEGER;
