-- SPDX-License-Identifier: Apache-2.0
-- Webhooks (contract 12 §1). A webhook is for one repository, for a repository group with everything
-- below it, or for all (both NULL). These are no foreign keys: what waits is sent after the repository
-- was deleted, too. user_id: whose rights it has. target: the sealed address and secret. url: the
-- address as it is shown. events: names, each between two '|'. failures: in a row.
CREATE TABLE webhook (
    webhook_id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER REFERENCES users (user_id) ON DELETE SET NULL,
    repo_id INTEGER,
    group_id INTEGER CHECK (group_id IS NULL OR repo_id IS NULL),
    target BLOB NOT NULL,
    url TEXT NOT NULL,
    server_url TEXT NOT NULL,
    events TEXT NOT NULL,
    signed INTEGER NOT NULL CHECK (signed IN (0, 1)),
    with_token INTEGER NOT NULL CHECK (with_token IN (0, 1)),
    active INTEGER NOT NULL CHECK (active IN (0, 1)),
    failures INTEGER NOT NULL DEFAULT 0,
    created_on INTEGER NOT NULL
) STRICT;
CREATE INDEX webhook_user ON webhook (user_id);
CREATE INDEX webhook_repo ON webhook (repo_id);
CREATE INDEX webhook_group ON webhook (group_id);

-- The events that webhooks get: those that wait, and the last ones that were sent or failed. The
-- columns from event to comment_id tell what happened; about: what was pushed, one word on a line, or
-- the object's id. due: microseconds; NULL: it has ended, or an earlier one of the same webhook and
-- repository waits.
CREATE TABLE webhook_delivery (
    delivery_id INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook_id INTEGER NOT NULL REFERENCES webhook (webhook_id) ON DELETE CASCADE,
    event TEXT NOT NULL,
    created_on INTEGER NOT NULL,
    user_id INTEGER,
    username TEXT NOT NULL,
    ip TEXT NOT NULL,
    repo_id INTEGER NOT NULL,
    repo_name TEXT NOT NULL,
    repo_type TEXT NOT NULL,
    about TEXT NOT NULL,
    comment_id INTEGER,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'failed')),
    attempts INTEGER NOT NULL DEFAULT 0,
    due INTEGER,
    status_code INTEGER,
    error TEXT
) STRICT;
CREATE INDEX webhook_delivery_webhook ON webhook_delivery (webhook_id, delivery_id);
CREATE INDEX webhook_delivery_state ON webhook_delivery (webhook_id, state, delivery_id);
CREATE INDEX webhook_delivery_lane ON webhook_delivery (webhook_id, repo_id, delivery_id)
    WHERE state = 'waiting';
CREATE INDEX webhook_delivery_due ON webhook_delivery (due) WHERE due IS NOT NULL;

-- Which machine sends, and until when no other one does: microseconds.
CREATE TABLE webhook_sender (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    host TEXT NOT NULL,
    until INTEGER NOT NULL
) STRICT;
