// SPDX-License-Identifier: Apache-2.0
/*
 * Follows tags as git does when it lists references (peel_object in refs.c, deref_tag_noverify in
 * tag.c): the object at the end of the chain need not exist, and a chain that cannot be read leads
 * nowhere.
 */
#include "wire.h"

#include <string.h>

#define CHAIN_MOST 100 /* tags of tags */

/* Reads "object <id>\ntype <type>\ntag "; *@a again: the type is tag. */
static bool parse_tag(git_oid *id, bool *again, const char *data, size_t len)
{
    static const char *const types[] = {"tag", "commit", "tree", "blob"};
    const char *end = data + len, *line;
    size_t i;

    if (len < 7 + GIT_OID_HEXSZ + 1 || memcmp(data, "object ", 7) ||
        !rc_git_digits_at(id, data + 7, end) || data[7 + GIT_OID_HEXSZ] != '\n')
        return false;
    data += 7 + GIT_OID_HEXSZ + 1;
    line = memchr(data, '\n', (size_t)(end - data));
    if (!line || line - data < 5 || memcmp(data, "type ", 5) || end - line < 5 ||
        memcmp(line + 1, "tag ", 4))
        return false;
    data += 5;
    for (i = 0; i < sizeof(types) / sizeof(*types); i++)
        if (strlen(types[i]) == (size_t)(line - data) && !memcmp(types[i], data, strlen(types[i])))
            break;
    *again = i == 0;
    return i < sizeof(types) / sizeof(*types);
}

static bool follow_tag(git_oid *id, bool *again, git_odb *odb)
{
    git_odb_object *object;
    bool good;

    if (git_odb_read(&object, odb, id) < 0)
        return false;
    good = git_odb_object_type(object) == GIT_OBJECT_TAG &&
           parse_tag(id, again, git_odb_object_data(object), git_odb_object_size(object));
    git_odb_object_free(object);
    return good;
}

static bool follow_chain(git_oid *peeled, const rc_git_t *git, const git_oid *id)
{
    bool good = true, again = true;
    int depth;

    *peeled = *id;
    for (depth = 0; good && again && depth < CHAIN_MOST; depth++)
        good = follow_tag(peeled, &again, git->odb);
    return good && !again;
}

static bool is_known_commit(const rc_git_t *git, const git_oid *id)
{
    return git->order && rc_git_order_find(git->order, id->id) >= 0;
}

void rc_git_wire_peel(bool *found, git_oid *peeled, const rc_git_t *git, const git_oid *id)
{
    git_object_t type;
    size_t size;

    *found = !is_known_commit(git, id) && !git_odb_read_header(&size, &type, git->odb, id) &&
             type == GIT_OBJECT_TAG && follow_chain(peeled, git, id);
}

void rc_git_wire_judge(rc_git_row_t *row, rc_git_reading_t *reading)
{
    const rc_git_t *git = reading->git;

    if (is_known_commit(git, &row->id))
        return;
    if (git_odb_exists(git->odb, &row->id) == 1)
        rc_git_wire_peel(&row->has_peeled, &row->peeled, git, &row->id);
    else {
        reading->missing = true;
        rc_git_watch_missing(reading, &row->id);
    }
}
