// SPDX-License-Identifier: Apache-2.0
/*
 * Fuzzes one file of a repository that another account can write: the first line of an input names
 * the file, the rest becomes its content. Then everything that views and methods read of a
 * repository is read. A name with a type stands for a loose object, which is compressed as git
 * does. With the name "revision", the rest is the name of a revision, and no file changes.
 */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <git2.h>
#include <zlib.h>

#include "fuzz.h"
#include "base/log.h"
#include "vcs/vcs.h"

typedef struct target_t {
    const char *name, *path; /* below the repository */
    const char *type;        /* of the object that the file holds, else NULL */
    const char *kept;        /* its first content; NULL: it did not exist */
    size_t len;
} target_t;

static target_t targets[] = {
    {"HEAD", "HEAD", NULL, NULL, 0},
    {"config", "config", NULL, NULL, 0},
    {"packed-refs", "packed-refs", NULL, NULL, 0},
    {"ref", "refs/heads/extra", NULL, NULL, 0},
    {"tag", "refs/tags/v1", NULL, NULL, 0},
    {"shallow", "shallow", NULL, NULL, 0},
    {"alternates", "objects/info/alternates", NULL, NULL, 0},
    {"order", "rcapi/order", NULL, NULL, 0},
    {"loose", NULL, NULL, NULL, 0}, /* the commit's file, byte by byte */
    {"commit", NULL, "commit", NULL, 0},
    {"tree", NULL, "tree", NULL, 0},
    {"attributes", NULL, "blob", NULL, 0},
};

#define TARGETS ((int)(sizeof(targets) / sizeof(*targets)))

static const char *dir, *repository, *tip;

static void quiet(void *baton, rc_log_level_t level, apr_status_t status, const char *text)
{
    (void)baton, (void)level, (void)status, (void)text;
}

static void remove_dir(void)
{
    if (system(apr_psprintf(fuzz_forever(), "rm -rf '%s'", dir)))
        fprintf(stderr, "%s is left\n", dir);
}

static const char *in_repository(const char *path, apr_pool_t *pool)
{
    return apr_pstrcat(pool, repository, "/", path, NULL);
}

static void put(const char *path, const void *data, size_t len, apr_pool_t *pool)
{
    FILE *out;

    path = in_repository(path, pool);
    unlink(path);
    out = fopen(path, "wb");
    if (!out)
        return; /* another target's file has the place of its directory */
    CHECK(fwrite(data, 1, len, out) == len);
    CHECK(!fclose(out));
}

static void keep(target_t *target)
{
    FILE *in = fopen(in_repository(target->path, fuzz_forever()), "rb");
    char *data = apr_palloc(fuzz_forever(), 65536);

    if (!in)
        return;
    target->len = fread(data, 1, 65536, in);
    target->kept = data;
    fclose(in);
}

static const char *object_path(const git_oid *id)
{
    const char *hex = apr_pstrdup(fuzz_forever(), git_oid_tostr_s(id));

    return apr_psprintf(fuzz_forever(), "objects/%.2s/%s", hex, hex + 2);
}

/* Finds the loose files of the first commit, its tree, and its .gitattributes. */
static void find_objects(void)
{
    git_repository *repo;
    git_commit *commit;
    git_tree *tree;
    git_oid id;

    CHECK(!git_repository_open(&repo, repository));
    CHECK(!git_reference_name_to_id(&id, repo, "HEAD") && !git_commit_lookup(&commit, repo, &id));
    CHECK(!git_commit_tree(&tree, commit));
    tip = apr_pstrdup(fuzz_forever(), git_oid_tostr_s(&id));
    targets[TARGETS - 4].path = targets[TARGETS - 3].path = object_path(&id);
    targets[TARGETS - 2].path = object_path(git_tree_id(tree));
    targets[TARGETS - 1].path =
        object_path(git_tree_entry_id(git_tree_entry_byname(tree, ".gitattributes")));
    git_tree_free(tree);
    git_commit_free(commit);
    git_repository_free(repo);
}

static void make_repository(void)
{
    static const rc_vcs_file_t files[] = {
        {".gitattributes", "*.txt text\n", 11}, {"a.txt", "one\r\ntwo\n", 9}, {"b", "\0\1", 2}};
    static const rc_import_t import = {files, 3, "Ann", "ann@example.org", "first"};
    apr_pool_t *pool = fuzz_forever();
    int i;

    dir = mkdtemp(apr_pstrdup(pool, access("/dev/shm", W_OK) ? "/tmp/rcapi-fuzz-XXXXXX"
                                                             : "/dev/shm/rcapi-fuzz-XXXXXX"));
    CHECK(dir);
    atexit(remove_dir);
    rc_log_set(quiet, NULL);
    repository = apr_pstrcat(pool, dir, "/r", NULL);
    CHECK(!rc_vcs_startup(pool) && !rc_vcs_create("git", repository, pool));
    CHECK(!rc_vcs_import("git", repository, &import, pool));
    find_objects();
    CHECK(!mkdir(in_repository("rcapi", pool), 0755) || errno == EEXIST);
    for (i = 0; i < TARGETS; i++)
        keep(&targets[i]);
}

/* Writes the bytes of a loose object of @a type. */
static void put_object(const target_t *target, const uint8_t *data, size_t size, apr_pool_t *pool)
{
    char *head = apr_psprintf(pool, "%s %lu", target->type, (unsigned long)size);
    size_t head_len = strlen(head) + 1;
    uLongf len = compressBound(head_len + size);
    Bytef *plain = apr_palloc(pool, head_len + size), *packed = apr_palloc(pool, len);

    memcpy(plain, head, head_len);
    memcpy(plain + head_len, data, size);
    CHECK(compress(packed, &len, plain, head_len + size) == Z_OK);
    put(target->path, packed, len, pool);
}

static rc_err_t *ref(void *baton, const char *name, const char *id)
{
    CHECK(name && id && strlen(id) == 40);
    ++*(int *)baton;
    return NULL;
}

static rc_err_t *change(void *baton, const rc_change_t *found)
{
    CHECK(found->path && strchr("AMD", found->op));
    ++*(int *)baton;
    return NULL;
}

static rc_err_t *node(void *baton, const rc_node_t *found)
{
    CHECK(found->path);
    ++*(int *)baton;
    return NULL;
}

static rc_err_t *item(void *baton, const rc_item_t *found)
{
    CHECK(found && *(int *)baton >= 0);
    return NULL;
}

/* Errors are allowed here, because the repository is damaged. */
static void ask(rc_vcs_t *vcs, apr_pool_t *pool)
{
    static const char *const names[] = {"", "0", "1", "extra", "v1", "master", "main"};
    rc_diff_options_t options = {.context = 3};
    rc_mail_t mail = {.diff = {.context = 3}};
    rc_spool_t *spool = rc_spool_create(dir, pool);
    rc_commit_t *commit;
    apr_int64_t count;
    rc_rev_t rev;
    int seen = 0;
    bool found;
    size_t i;

    (void)rc_vcs_refs(vcs, RC_BRANCHES, ref, &seen);
    (void)rc_vcs_refs(vcs, RC_TAGS, ref, &seen);
    (void)rc_vcs_count(&count, vcs);
    for (i = 0; i < sizeof(names) / sizeof(*names); i++)
        (void)rc_vcs_resolve(&rev, vcs, names[i], pool);
    (void)rc_vcs_last_commit(&commit, vcs, pool);
    if (rc_vcs_resolve(&rev, vcs, tip, pool) || !rev.id)
        return;
    (void)rc_vcs_diff(spool, vcs, rev.id, &options, pool);
    (void)rc_vcs_mail(spool, vcs, rev.id, &mail, pool);
    if (!rc_vcs_commit(&commit, vcs, &rev, pool)) {
        (void)rc_vcs_changes(vcs, commit, RC_CHANGES_NAMES, dir, change, &seen, pool);
        (void)rc_vcs_changes(vcs, commit, RC_CHANGES_DIFFS, dir, change, &seen, pool);
    }
    (void)rc_vcs_nodes(&found, vcs, rev.id, "", RC_NODES_FILES, dir, node, &seen, pool);
    (void)rc_vcs_export(vcs, rev.id, "", dir, item, &seen, pool);
}

static void resolve(rc_vcs_t *vcs, const char *name, apr_pool_t *pool)
{
    rc_rev_t rev;

    if (!rc_vcs_resolve(&rev, vcs, name, pool) && rev.id)
        CHECK(!strcmp(rev.id, tip)); /* there is no other commit */
}

static target_t *named(const char *name)
{
    int i;

    for (i = 0; i < TARGETS; i++)
        if (!strcmp(name, targets[i].name))
            return &targets[i];
    return NULL;
}

static void with_file(target_t *target, const uint8_t *data, size_t size, apr_pool_t *pool)
{
    rc_vcs_t *vcs;

    if (target->type)
        put_object(target, data, size, pool);
    else
        put(target->path, data, size, pool);
    if (!rc_vcs_open(&vcs, NULL, "git", repository, NULL, pool))
        ask(vcs, pool);
    apr_pool_clear(pool);
    unlink(in_repository(target->path, pool));
    if (target->kept)
        put(target->path, target->kept, target->len, pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    const char *name = fuzz_line(&data, &size, pool);
    target_t *target;
    rc_vcs_t *vcs;

    if (!dir)
        make_repository();
    if ((target = named(name)))
        with_file(target, data, size, pool);
    else if (!strcmp(name, "revision") && !rc_vcs_open(&vcs, NULL, "git", repository, NULL, pool))
        resolve(vcs, apr_pstrmemdup(pool, (const char *)data, size), pool);
    apr_pool_destroy(pool);
    return 0;
}
