-- SPDX-License-Identifier: Apache-2.0
-- The last commit of a repository as columns, in place of the JSON object last_changeset. last_id is
-- NULL when the repository is empty or was never read (then last_state is NULL, too). last_index:
-- in the repository order. last_author: Name <mail>. last_time: of the committer, epoch seconds.
-- last_parents: ids with a blank between them. last_branch: one whose head the commit is, or NULL.
ALTER TABLE repo ADD COLUMN last_id TEXT;
ALTER TABLE repo ADD COLUMN last_index INTEGER NOT NULL DEFAULT -1;
ALTER TABLE repo ADD COLUMN last_message TEXT;
ALTER TABLE repo ADD COLUMN last_author TEXT;
ALTER TABLE repo ADD COLUMN last_time INTEGER;
ALTER TABLE repo ADD COLUMN last_parents TEXT;
ALTER TABLE repo ADD COLUMN last_branch TEXT;
-- What is stored stays known. What cannot be carried over is read anew when it is next needed.
UPDATE repo SET last_state = NULL
 WHERE last_changeset IS NULL OR NOT json_valid(last_changeset)
    OR json_extract(last_changeset, '$.revision') IS NULL
    OR (json_extract(last_changeset, '$.revision') >= 0
        AND strftime('%s', json_extract(last_changeset, '$.date')) IS NULL);
UPDATE repo SET
    last_id = json_extract(last_changeset, '$.raw_id'),
    last_index = json_extract(last_changeset, '$.revision'),
    last_message = json_extract(last_changeset, '$.message'),
    last_author = json_extract(last_changeset, '$.author'),
    last_time = CAST(strftime('%s', json_extract(last_changeset, '$.date')) AS INTEGER),
    last_parents = (SELECT coalesce(group_concat(json_extract(p.value, '$.raw_id'), ' '), '')
                      FROM json_each(last_changeset, '$.parents') p),
    last_branch = json_extract(last_changeset, '$.branch')
 WHERE json_valid(last_changeset) AND json_extract(last_changeset, '$.revision') >= 0
   AND strftime('%s', json_extract(last_changeset, '$.date')) IS NOT NULL;
ALTER TABLE repo DROP COLUMN last_changeset;
