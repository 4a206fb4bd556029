-- SPDX-License-Identifier: Apache-2.0
-- What was fetched into repositories whose type continues one remote: the id of the remote
-- repository (Subversion: its UUID), and how many commits came from it.
CREATE TABLE repo_origin (
    repo_id INTEGER PRIMARY KEY REFERENCES repo (repo_id) ON DELETE CASCADE,
    remote_id TEXT NOT NULL,
    commits INTEGER NOT NULL
) STRICT;
