-- SPDX-License-Identifier: Apache-2.0
-- Settings of single repositories, which take precedence over those of the server.
CREATE TABLE repo_setting (
    repo_id INTEGER NOT NULL REFERENCES repo (repo_id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (repo_id, name)
) STRICT;
