-- SPDX-License-Identifier: Apache-2.0
-- The newest status of a commit is the one with the highest id. Numbers that grew with each later status cost more
-- with each of them.
DROP INDEX changeset_status_revision;
ALTER TABLE changeset_status DROP COLUMN version;
CREATE INDEX changeset_status_revision ON changeset_status (repo_id, revision, status_id);
