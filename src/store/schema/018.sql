-- SPDX-License-Identifier: Apache-2.0
-- Pages show the comments on a commit or a pull request in parts, which are found by their ids.
DROP INDEX changeset_comment_revision;
CREATE INDEX changeset_comment_revision ON changeset_comment (repo_id, revision, comment_id);
CREATE INDEX changeset_comment_part ON changeset_comment (pull_request_id, comment_id)
    WHERE pull_request_id IS NOT NULL;
