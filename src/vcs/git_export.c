// SPDX-License-Identifier: Apache-2.0
/*
 * All files of a commit, in the order of git's trees, for an archive. A tree can be made by hand:
 * names that would lead out of the folder that an archive is unpacked in are a damage.
 */
#include "git.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <apr_hash.h>
#include <apr_portable.h>
#include <apr_strings.h>

#include "git_attributes.h"
#include "rc_text.h"

#define PATH_LIMIT       4096      /* bytes of a path */
#define ATTRIBUTES_LIMIT (1 << 20) /* bytes of a .gitattributes that is looked at */

typedef struct walk_t {
    rc_vcs_t *vcs;
    rc_git_t *git;
    const char *temp_dir;
    rc_item_fn_t *fn;
    void *baton;
    apr_pool_t *pool;          /* for errors */
    apr_pool_t *scratch;       /* cleared for each large blob */
    apr_array_header_t *rules; /* of the .gitattributes on the way down */
    char path[PATH_LIMIT + 1];
    size_t len; /* of path */
} walk_t;

static rc_err_t *damaged(const walk_t *walk, const char *what)
{
    return rc_err_internal(walk->pool, APR_SUCCESS, "a tree in %s %s below '%s'", walk->git->path,
                           what, apr_pstrmemdup(walk->pool, walk->path, walk->len));
}

/* What no git would check out. */
static bool is_bad(const char *name)
{
    return !*name || !strcmp(name, ".") || !strcmp(name, "..") || !strcasecmp(name, ".git") ||
           strchr(name, '/');
}

/* Puts @a name behind the path; the caller takes it back by the old walk->len. */
static rc_err_t *enter(walk_t *walk, const char *name)
{
    size_t len = strlen(name);

    if (is_bad(name))
        return damaged(walk, "holds a name that is not allowed");
    if (walk->len + len + 1 > PATH_LIMIT)
        return rc_err(walk->pool, RC_E_LIMIT, "This commit has a path that is too long");
    memcpy(walk->path + walk->len, name, len + 1);
    walk->len += len;
    return NULL;
}

/* Through a file, which ends with the scratch pool. */
static rc_err_t *pass_large(walk_t *walk, rc_item_t *item, const git_oid *id)
{
    rc_entry_t entry = {.size = item->size};
    rc_spool_t *spool;
    const char *data;
    apr_file_t *file;

    apr_pool_clear(walk->scratch);
    entry.id = rc_text_hex(id->id, RC_GIT_RAW, walk->scratch);
    spool = rc_spool_create(walk->temp_dir, walk->scratch);
    RC_TRY(rc_git_content(spool, walk->vcs, &entry));
    RC_TRY(rc_spool_content(&data, &file, spool));
    if (!file || apr_os_file_get(&item->fd, file) || lseek(item->fd, 0, SEEK_SET))
        return rc_err_internal(walk->pool, APR_SUCCESS, "cannot read a temporary file");
    return walk->fn(walk->baton, item);
}

static rc_err_t *pass_file(walk_t *walk, const git_oid *id, rc_item_kind_t kind)
{
    rc_item_t item = {.path = walk->path, .kind = kind};
    git_odb_object *blob;
    git_object_t type;
    rc_err_t *err;
    size_t size;

    if (git_odb_read_header(&size, &type, walk->git->odb, id) < 0)
        return rc_git_err(walk->pool, "cannot read %s in %s", git_oid_tostr_s(id), walk->git->path);
    item.size = (apr_off_t)size;
    if (item.size >= RC_VCS_LARGE && type == GIT_OBJECT_BLOB && kind != RC_ITEM_LINK)
        return pass_large(walk, &item, id);
    RC_TRY(rc_git_read(&blob, walk->git, id, GIT_OBJECT_BLOB, walk->pool));
    item.data = git_odb_object_data(blob);
    item.size = (apr_off_t)git_odb_object_size(blob);
    err = walk->fn(walk->baton, &item);
    git_odb_object_free(blob);
    return err;
}

static rc_err_t *walk_tree(walk_t *walk, const git_oid *id);

/* A folder of the name of a link before it would be unpacked where the link leads. */
static rc_err_t *pass_folder(walk_t *walk, const git_tree_entry *entry, apr_hash_t *links)
{
    rc_item_t folder = {.path = walk->path, .kind = RC_ITEM_FOLDER};

    if (links && apr_hash_get(links, git_tree_entry_name(entry), APR_HASH_KEY_STRING))
        return damaged(walk, "holds a name twice");
    RC_TRY(walk->fn(walk->baton, &folder));
    walk->path[walk->len++] = '/';
    return walk_tree(walk, git_tree_entry_id(entry));
}

static rc_err_t *pass_entry(walk_t *walk, const git_tree_entry *entry, apr_hash_t *links)
{
    const git_oid *id = git_tree_entry_id(entry);
    bool is_folder = git_tree_entry_filemode(entry) == GIT_FILEMODE_TREE;
    rc_item_t ignored = {.path = walk->path, .kind = RC_ITEM_FOLDER};

    if (rc_git_attributes_ignore(walk->rules, walk->path, git_tree_entry_name(entry), is_folder))
        return walk->fn(walk->baton, &ignored); /* it has cost time as well */
    switch (git_tree_entry_filemode(entry)) {
    case GIT_FILEMODE_TREE:
        return pass_folder(walk, entry, links);
    case GIT_FILEMODE_LINK:
        return pass_file(walk, id, RC_ITEM_LINK);
    case GIT_FILEMODE_BLOB_EXECUTABLE:
        return pass_file(walk, id, RC_ITEM_PROGRAM);
    case GIT_FILEMODE_COMMIT:
        return NULL;
    default:
        return pass_file(walk, id, RC_ITEM_FILE);
    }
}

/* Names of links in @a tree, or NULL when there are none, as nearly always. */
static apr_hash_t *links_of(git_tree *tree, apr_pool_t **pool, apr_pool_t *parent)
{
    size_t count = git_tree_entrycount(tree), i;
    apr_hash_t *links = NULL;

    for (i = 0; i < count; i++) {
        const git_tree_entry *entry = git_tree_entry_byindex(tree, i);

        if (git_tree_entry_filemode(entry) != GIT_FILEMODE_LINK)
            continue;
        if (!links) {
            apr_pool_create(pool, parent);
            links = apr_hash_make(*pool);
        }
        apr_hash_set(links, git_tree_entry_name(entry), APR_HASH_KEY_STRING, entry);
    }
    return links;
}

/* Takes the rules of the folder that is @a tree; they live in @a pool, made when there are any. */
static rc_err_t *take_rules(walk_t *walk, const git_tree *tree, apr_pool_t **pool)
{
    const git_tree_entry *entry = git_tree_entry_byname(tree, ".gitattributes");
    git_odb_object *blob;
    git_object_t type;
    size_t size;

    if (!entry || (git_tree_entry_filemode(entry) & 0170000) != 0100000)
        return NULL;
    if (git_odb_read_header(&size, &type, walk->git->odb, git_tree_entry_id(entry)) == 0 &&
        size > ATTRIBUTES_LIMIT)
        return NULL;
    RC_TRY(rc_git_read(&blob, walk->git, git_tree_entry_id(entry), GIT_OBJECT_BLOB, walk->pool));
    if (!*pool)
        apr_pool_create(pool, walk->pool);
    rc_git_attributes_add(walk->rules, git_odb_object_data(blob), git_odb_object_size(blob),
                          walk->len, *pool);
    git_odb_object_free(blob);
    return NULL;
}

static rc_err_t *pass_entries(walk_t *walk, const git_tree *tree, apr_hash_t *links)
{
    size_t len = walk->len, i;
    rc_err_t *err = NULL;

    for (i = 0; !err && i < git_tree_entrycount(tree); i++) {
        const git_tree_entry *entry = git_tree_entry_byindex(tree, i);

        if (!(err = enter(walk, git_tree_entry_name(entry))))
            err = pass_entry(walk, entry, links);
        walk->len = len;
    }
    return err;
}

static rc_err_t *walk_tree(walk_t *walk, const git_oid *id)
{
    int rules = walk->rules->nelts;
    apr_pool_t *pool = NULL;
    apr_hash_t *links;
    git_tree *tree;
    rc_err_t *err;

    if (git_tree_lookup(&tree, walk->git->repo, id) < 0)
        return rc_git_err(walk->pool, "cannot read a tree in %s", walk->git->path);
    links = links_of(tree, &pool, walk->pool);
    if (!(err = take_rules(walk, tree, &pool)))
        err = pass_entries(walk, tree, links);
    walk->rules->nelts = rules;
    if (pool)
        apr_pool_destroy(pool);
    git_tree_free(tree);
    return err;
}

rc_err_t *rc_git_export(rc_vcs_t *vcs, const char *id, const char *temp_dir, rc_item_fn_t *fn,
                        void *baton, apr_pool_t *scratch)
{
    walk_t *walk = apr_pcalloc(scratch, sizeof(*walk));
    git_oid tree, unused;
    bool more;

    walk->vcs = vcs;
    walk->git = vcs->repo;
    walk->temp_dir = temp_dir;
    walk->fn = fn;
    walk->baton = baton;
    walk->pool = vcs->pool;
    apr_pool_create(&walk->scratch, scratch);
    walk->rules = rc_git_attributes_make(scratch);
    RC_TRY(rc_git_commit_trees(&tree, &unused, &more, vcs->repo, id, vcs->pool));
    return walk_tree(walk, &tree);
}
