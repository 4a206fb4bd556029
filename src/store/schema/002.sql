-- SPDX-License-Identifier: Apache-2.0
-- last_state: of the references (a word of the repository's type) when last_changeset was read;
-- another one now means that it is out of date. NULL: it is not known.
ALTER TABLE repo ADD COLUMN last_state TEXT;
