// SPDX-License-Identifier: Apache-2.0
/*
 * Fuzzes git objects, which any client can push. Two trees and two files, separated by the line
 * "--", become two commits, whose difference is printed. In a tree, twenty times A or B stands for
 * the id of a file, twenty times T for the id of the first tree. A fifth part is used as a commit
 * unchanged.
 */
#include "fuzz.h"
#include "base/log.h"
#include "vcs/git/diff/print.h"
#include "vcs/git/objects.h"
#include "vcs/git/table.h"

#include <git2/sys/mempack.h>
#include <git2/sys/repository.h>

#define PARTS 5

typedef struct part_t {
    char *data;
    size_t len;
} part_t;

static git_odb_backend *memory;

static void quiet(void *baton, rc_log_level_t level, apr_status_t status, const char *text)
{
    (void)baton, (void)level, (void)status, (void)text;
}

static const char *dir;

static void remove_dir(void)
{
    if (system(apr_psprintf(fuzz_forever(), "rm -rf '%s'", dir)))
        fprintf(stderr, "%s is left\n", dir);
}

/* Creates an empty repository whose objects are in memory. */
static rc_git_t *repository(void)
{
    static rc_git_t git;
    static rc_git_refs_t refs;

    if (git.odb)
        return &git;
    rc_log_set(quiet, NULL);
    CHECK(!rc_vcs_startup(fuzz_forever()));
    dir = mkdtemp(apr_pstrdup(fuzz_forever(), "/tmp/rcapi-fuzz-XXXXXX"));
    CHECK(dir);
    atexit(remove_dir);
    git.path = apr_pstrcat(fuzz_forever(), dir, "/r", NULL);
    CHECK(!rc_vcs_create("git", git.path, fuzz_forever()));
    refs.branches = refs.tags = apr_array_make(fuzz_forever(), 1, sizeof(rc_git_ref_t *));
    refs.heads = refs.others = refs.branches;
    refs.users = 1;
    refs.shallow = apr_array_make(fuzz_forever(), 1, sizeof(git_oid));
    git.refs = &refs;
    git.order = rc_git_order_alloc(0, 0, &refs);
    CHECK(git.order);
    git.ordered = true; /* no references are searched */
    CHECK(!rc_git_objects_open(&git.odb, &git.objects, git.path, fuzz_forever()));
    CHECK(!git_mempack_new(&memory));
    CHECK(!git_odb_add_backend(git.odb, memory, 0));
    CHECK(!git_repository_wrap_odb(&git.repo, git.odb));
    return &git;
}

static void split(part_t *parts, const uint8_t *data, size_t size, apr_pool_t *pool)
{
    const uint8_t *end = data + size, *stop;
    int i;

    for (i = 0; i < PARTS; i++) {
        stop = i < PARTS - 1 ? memmem(data, (size_t)(end - data), "\n--\n", 4) : NULL;
        parts[i].len = (size_t)((stop ? stop : end) - data);
        parts[i].data = apr_pmemdup(pool, data, parts[i].len);
        data = stop ? stop + 4 : end;
    }
}

static void put_id(part_t *tree, char letter, const git_oid *id)
{
    char mark[GIT_OID_RAWSZ], *at;

    memset(mark, letter, sizeof(mark));
    while (tree->len && (at = memmem(tree->data, tree->len, mark, sizeof(mark))))
        memcpy(at, id->id, sizeof(mark));
}

static git_oid put(rc_git_t *git, const part_t *part, git_object_t type)
{
    git_oid id;

    CHECK(!git_odb_write(&id, git->odb, part->len ? part->data : "", part->len, type));
    return id;
}

static git_oid put_commit(rc_git_t *git, const git_oid *tree, const git_oid *parent,
                          apr_pool_t *pool)
{
    part_t part;

    part.data = apr_psprintf(pool, "tree %s\n", git_oid_tostr_s(tree));
    if (parent)
        part.data = apr_psprintf(pool, "%sparent %s\n", part.data, git_oid_tostr_s(parent));
    part.data =
        apr_pstrcat(pool, part.data, "author A <a> 1 +0000\ncommitter A <a> 1 +0000\n\nm\n", NULL);
    part.len = strlen(part.data);
    return put(git, &part, GIT_OBJECT_COMMIT);
}

static void print(rc_git_t *git, const git_oid *commit, apr_pool_t *pool)
{
    rc_vcs_t vcs = {.backend = &rc_git_backend, .repo = git, .pool = pool};
    rc_diff_options_t options = {.context = 3};
    rc_spool_t *spool = rc_spool_create("/tmp", pool);

    /* broken objects must be errors, not crashes */
    (void)rc_git_diff(spool, &vcs, apr_pstrdup(pool, git_oid_tostr_s(commit)), &options, pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rc_git_t *git = repository();
    apr_pool_t *pool = fuzz_pool();
    git_oid a, b, first, second, one, two, own;
    rc_git_header_t header = {0};
    part_t parts[PARTS];

    split(parts, data, size, pool);
    a = put(git, &parts[2], GIT_OBJECT_BLOB);
    b = put(git, &parts[3], GIT_OBJECT_BLOB);
    put_id(&parts[0], 'A', &a), put_id(&parts[0], 'B', &b);
    first = put(git, &parts[0], GIT_OBJECT_TREE);
    put_id(&parts[1], 'A', &a), put_id(&parts[1], 'B', &b), put_id(&parts[1], 'T', &first);
    second = put(git, &parts[1], GIT_OBJECT_TREE);
    one = put_commit(git, &first, NULL, pool);
    two = put_commit(git, &second, &one, pool);
    print(git, &one, pool);
    print(git, &two, pool);
    header.parents = apr_array_make(pool, 2, sizeof(git_oid));
    rc_git_header_parse(&header, parts[4].data, parts[4].len);
    own = put(git, &parts[4], GIT_OBJECT_COMMIT);
    print(git, &own, pool);
    git_mempack_reset(memory);
    apr_pool_destroy(pool);
    return 0;
}
