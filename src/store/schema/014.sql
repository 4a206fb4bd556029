-- SPDX-License-Identifier: Apache-2.0
-- Calls that run in the background (contract 13 §1). name: what clients know a task by, random. key_id:
-- the key by which its user came, no foreign key; NULL: a program on the server. args: sealed; NULL when it
-- has ended. runner: the directory in .rc_tmp that the process which runs it has locked. tries: how often it
-- was put off; due: then, in microseconds, as the other times. percent, line: what its program has said last.
CREATE TABLE task (
    task_id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    user_id INTEGER NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    key_id INTEGER,
    ip TEXT NOT NULL,
    method TEXT NOT NULL,
    args BLOB,
    state TEXT NOT NULL CHECK (state IN ('pending', 'running', 'done', 'failed')),
    runner TEXT,
    tries INTEGER NOT NULL DEFAULT 0,
    due INTEGER NOT NULL,
    percent INTEGER,
    line TEXT,
    result TEXT,
    error TEXT,
    created_on INTEGER NOT NULL,
    started_on INTEGER,
    finished_on INTEGER
) STRICT;
CREATE INDEX task_user ON task (user_id, task_id);
CREATE INDEX task_state ON task (state, task_id);
