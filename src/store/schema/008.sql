-- SPDX-License-Identifier: Apache-2.0
-- Sessions of browsers. digest: SHA-256 of the cookie's value. csrf: a secret that each form of the
-- session holds. created, seen: epoch seconds; a request moves seen once a minute. ip: where it began.
CREATE TABLE session (
    digest BLOB NOT NULL PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    csrf TEXT NOT NULL,
    created INTEGER NOT NULL,
    seen INTEGER NOT NULL,
    ip TEXT NOT NULL
) STRICT;
CREATE INDEX session_owner ON session (user_id);
