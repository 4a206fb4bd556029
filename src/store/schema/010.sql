-- SPDX-License-Identifier: Apache-2.0
-- Pull requests (contract 09). They go with their target. When the source or the author is deleted,
-- the names that they had are kept. source_id: the newest commit that is offered, which the target
-- keeps; target_id: where the source is compared with. merge_rev: the merge; while the status is
-- new, one that has begun, by merge_user_id. verdict: whether the commits verdict_source and
-- verdict_target can be merged (the failure reasons of contract 09 §1).
CREATE TABLE pull_request (
    pull_request_id INTEGER PRIMARY KEY AUTOINCREMENT,
    title TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    renderer TEXT,
    status TEXT NOT NULL DEFAULT 'new' CHECK (status IN ('new', 'closed')),
    author_id INTEGER REFERENCES users (user_id) ON DELETE SET NULL,
    author_name TEXT NOT NULL,
    source_repo_id INTEGER REFERENCES repo (repo_id) ON DELETE SET NULL,
    source_repo_name TEXT NOT NULL,
    source_type TEXT NOT NULL,
    source_name TEXT NOT NULL,
    source_id TEXT NOT NULL,
    target_repo_id INTEGER NOT NULL REFERENCES repo (repo_id) ON DELETE CASCADE,
    target_type TEXT NOT NULL,
    target_name TEXT NOT NULL,
    target_id TEXT NOT NULL,
    merge_rev TEXT,
    merge_user_id INTEGER REFERENCES users (user_id) ON DELETE SET NULL,
    verdict INTEGER,
    verdict_source TEXT,
    verdict_target TEXT,
    created_on INTEGER NOT NULL,
    updated_on INTEGER NOT NULL
) STRICT;
CREATE INDEX pull_request_target ON pull_request (target_repo_id, status, pull_request_id);
CREATE INDEX pull_request_source ON pull_request (source_repo_id);
CREATE INDEX pull_request_author ON pull_request (author_id);
CREATE INDEX pull_request_merging ON pull_request (pull_request_id)
    WHERE status = 'new' AND merge_rev IS NOT NULL;
CREATE INDEX pull_request_merge_user ON pull_request (merge_user_id);

-- The commits that are offered now, the newest at place 0.
CREATE TABLE pull_request_commit (
    pull_request_id INTEGER NOT NULL REFERENCES pull_request (pull_request_id) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    revision TEXT NOT NULL,
    PRIMARY KEY (pull_request_id, place)
) STRICT;

-- What was offered before: number 1 is the first version. commits: ids with blanks between them.
CREATE TABLE pull_request_version (
    pull_request_id INTEGER NOT NULL REFERENCES pull_request (pull_request_id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    source_id TEXT NOT NULL,
    target_id TEXT NOT NULL,
    commits TEXT NOT NULL,
    created_on INTEGER NOT NULL,
    PRIMARY KEY (pull_request_id, number)
) STRICT;

-- reasons: lines of text.
CREATE TABLE pull_request_reviewer (
    reviewer_id INTEGER PRIMARY KEY AUTOINCREMENT,
    pull_request_id INTEGER NOT NULL REFERENCES pull_request (pull_request_id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    reasons TEXT NOT NULL DEFAULT '',
    mandatory INTEGER NOT NULL DEFAULT 0 CHECK (mandatory IN (0, 1)),
    added INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX pull_request_reviewer_pair ON pull_request_reviewer (pull_request_id, user_id);
CREATE INDEX pull_request_reviewer_user ON pull_request_reviewer (user_id);

-- A comment on a pull request belongs to its target, and has the revision '' unless it is about one
-- commit. vote: a review status. f_path, line_no: the place in the diff. resolves_id: the to-do that
-- it ends. version: the number of the version that it is about; NULL: the present one.
ALTER TABLE changeset_comment ADD COLUMN pull_request_id INTEGER
    REFERENCES pull_request (pull_request_id) ON DELETE CASCADE;
ALTER TABLE changeset_comment ADD COLUMN vote TEXT;
ALTER TABLE changeset_comment ADD COLUMN f_path TEXT;
ALTER TABLE changeset_comment ADD COLUMN line_no TEXT;
ALTER TABLE changeset_comment ADD COLUMN comment_type TEXT;
ALTER TABLE changeset_comment ADD COLUMN resolves_id INTEGER
    REFERENCES changeset_comment (comment_id) ON DELETE SET NULL;
ALTER TABLE changeset_comment ADD COLUMN version INTEGER;
CREATE INDEX changeset_comment_pull ON changeset_comment (pull_request_id, user_id);
CREATE INDEX changeset_comment_resolves ON changeset_comment (resolves_id);

-- The pull request by which a commit got its status.
ALTER TABLE changeset_status ADD COLUMN pull_request_id INTEGER
    REFERENCES pull_request (pull_request_id) ON DELETE SET NULL;
CREATE INDEX changeset_status_pull ON changeset_status (pull_request_id);
