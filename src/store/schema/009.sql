-- SPDX-License-Identifier: Apache-2.0
-- The file of lines that wait for a transaction (base/spill.h): which one was read last, and up to
-- which position its lines are stored.
CREATE TABLE spill (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    name TEXT NOT NULL,
    taken INTEGER NOT NULL
) STRICT;
