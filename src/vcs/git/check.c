// SPDX-License-Identifier: Apache-2.0
/*
 * Checks a git repository for damage: HEAD, branches, tags and the objects they point to. It does
 * not walk histories; git fsck does.
 */
#include "table.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "check_config.h"
#include "wire.h"
#include "base/fs.h"
#include "base/cleanup.h"

#define FSCK "git -C %s fsck names what is missing; fetch it again, or restore it from a backup"

/* Reads HEAD without blocking: the target of a symbolic link, else the start of the file. Returns
 * false with errno set; 0 = it is not a file. */
static bool read_head_text(char *text, size_t size, const char *path)
{
    ssize_t n = readlink(path, text, size - 1);
    int fd = n < 0 ? open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC) : -1;
    struct stat st;

    if (fd >= 0) {
        errno = 0;
        n = !fstat(fd, &st) && S_ISREG(st.st_mode) ? read(fd, text, size - 1) : -1;
        close(fd);
    }
    text[n > 0 ? n : 0] = '\0';
    text[strcspn(text, "\r\n")] = '\0';
    return n >= 0;
}

/* True when HEAD may be valid but cannot be read now. */
static bool is_closed(int n)
{
    return n == EACCES || n == EPERM || n == EIO || n == EMFILE || n == ENFILE || n == ENOMEM;
}

/* A branch that does not exist yet is valid, as in a new repository. In an unsupported format HEAD
 * means nothing: opening the repository reports the format. */
static rc_err_t *check_head(const char **problem, const char *path, apr_pool_t *pool)
{
    const char *head = apr_pstrcat(pool, rc_git_dir(path, pool), "/HEAD", NULL), *name;
    char text[4096];
    int valid = 0;
    git_oid id;

    *problem = NULL;
    if (rc_git_check_format(rc_git_dir(path, pool), pool))
        return NULL;
    if (!read_head_text(text, sizeof(text), head)) {
        if (is_closed(errno))
            return rc_fs_err(pool, "read", head);
        *problem = rc_fs_exists(head) ? "HEAD is not a file" : "HEAD is missing";
        return NULL;
    }
    name = strncmp(text, "ref:", 4) ? text : text + 4 + strspn(text + 4, " \t");
    if (name == text && rc_git_hex(&id, text))
        return NULL;
    if (strncmp(name, "refs/", 5) || git_reference_name_is_valid(&valid, name) < 0 || !valid)
        *problem = *text ? "HEAD names neither a branch nor a commit" : "HEAD is empty";
    return NULL;
}

rc_err_t *rc_git_check(const char **problem, const char *path, apr_pool_t *pool)
{
    RC_TRY(check_head(problem, path, pool));
    if (*problem)
        *problem = apr_pstrcat(pool, *problem, ": --repair makes it name a branch", NULL);
    return NULL;
}

typedef struct check_t {
    rc_git_t *git;
    git_repository *names; /* reads references only */
    const char *first;     /* the first broken reference */
    int broken;
    apr_pool_t *pool, *scratch;
} check_t;

static void note(check_t *check, const char *name)
{
    if (!check->broken++)
        check->first = apr_pstrdup(check->pool, name);
}

static bool is_there(const check_t *check, const git_oid *id, git_object_t type)
{
    git_odb_object *object = NULL;
    rc_err_t *err = rc_git_read(&object, check->git, id, type, check->scratch);

    if (!err)
        git_odb_object_free(object);
    return !err;
}

static bool has_tree(const check_t *check, const git_oid *commit)
{
    rc_git_header_t header = {.parents = NULL};
    git_odb_object *object = NULL;
    bool parsed;

    if (rc_git_read(&object, check->git, commit, GIT_OBJECT_COMMIT, check->scratch))
        return false;
    parsed = rc_git_header_parse(&header, git_odb_object_data(object), git_odb_object_size(object));
    git_odb_object_free(object);
    return parsed && is_there(check, &header.tree, GIT_OBJECT_TREE);
}

/* A branch must point to a commit with a tree, any other reference to some object. */
static bool leads_somewhere(const check_t *check, git_reference *ref)
{
    const git_oid *id = git_reference_target(ref);

    if (git_reference_type(ref) == GIT_REFERENCE_SYMBOLIC)
        return true; /* to a branch that is checked itself, or does not exist yet */
    if (!strncmp(git_reference_name(ref), RC_GIT_HEADS, strlen(RC_GIT_HEADS)))
        return has_tree(check, id);
    return git_odb_exists(check->git->odb, id) == 1;
}

static rc_err_t *check_objects(check_t *check)
{
    git_reference_iterator *iter = NULL;
    git_reference *ref;
    int n;

    if (git_reference_iterator_new(&iter, check->names) < 0)
        return rc_git_err(check->pool, "cannot read the references of %s", check->git->path);
    while ((n = git_reference_next(&ref, iter)) == 0) {
        apr_pool_clear(check->scratch);
        if (!leads_somewhere(check, ref))
            note(check, git_reference_name(ref));
        git_reference_free(ref);
    }
    git_reference_iterator_free(iter);
    return n == GIT_ITEROVER
               ? NULL
               : rc_git_err(check->pool, "cannot read the references of %s", check->git->path);
}

static bool is_lock(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot && !strcmp(dot, ".lock");
}

/* Checks a file that libgit2 leaves out because it is not a valid reference. */
static void check_file(check_t *check, const char *path)
{
    const char *name = path + strlen(check->git->path) + 1;
    git_reference *ref = NULL;

    if (git_reference_lookup(&ref, check->names, name) < 0)
        note(check, name);
    git_reference_free(ref);
}

/* *@a odd: an entry is neither file nor directory; libgit2 might block on it for ever. */
static rc_err_t *check_files(bool *odd, check_t *check)
{
    char *const roots[] = {apr_pstrcat(check->pool, check->git->path, "/refs", NULL), NULL};
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    FTSENT *entry;

    *odd = false;
    if (!tree)
        return rc_fs_err(check->pool, "read", roots[0]);
    while ((entry = fts_read(tree)))
        if (entry->fts_info == FTS_F && !is_lock(entry->fts_name)) {
            check_file(check, entry->fts_path);
        } else if (entry->fts_info == FTS_DEFAULT || entry->fts_info == FTS_DNR) {
            note(check, entry->fts_path + strlen(check->git->path) + 1);
            *odd = true;
        }
    fts_close(tree);
    return NULL;
}

static rc_err_t *check_no_fifo(const rc_git_t *git, const char *name, apr_pool_t *pool)
{
    const char *path = apr_pstrcat(pool, git->path, name, NULL);
    struct stat st;

    return stat(path, &st) || S_ISREG(st.st_mode)
               ? NULL
               : rc_err_internal(pool, APR_SUCCESS, "%s is not a file", path);
}

static void free_repository(void *obj)
{
    git_repository_free(obj);
}

static rc_err_t *check_all(check_t *check)
{
    bool odd;

    RC_TRY(check_no_fifo(check->git, "/config", check->pool));
    RC_TRY(check_no_fifo(check->git, "/packed-refs", check->pool));
    if (git_repository_open_bare(&check->names, check->git->path) < 0)
        return rc_git_err(check->pool, "cannot open %s", check->git->path);
    rc_cleanup(check->pool, check->names, free_repository);
    RC_TRY(check_files(&odd, check));
    return odd ? NULL : check_objects(check);
}

rc_err_t *rc_git_check_refs(const char **problem, rc_vcs_t *vcs, apr_pool_t *pool)
{
    check_t check = {.git = vcs->repo, .pool = pool};
    const char *others = "leads nowhere";

    *problem = NULL;
    apr_pool_create(&check.scratch, pool);
    RC_TRY(check_all(&check));
    if (!check.broken)
        return rc_git_check_config(problem, check.git->path, pool);
    if (check.broken > 1)
        others = apr_psprintf(pool, "and %d more references lead nowhere", check.broken - 1);
    *problem = apr_psprintf(pool, "%s %s: " FSCK, check.first, others, vcs->path);
    return NULL;
}

static const char *pick_branch(git_repository *repo, const char *wanted, apr_pool_t *pool)
{
    const char *const names[] = {wanted, "master", "main"};
    git_branch_iterator *iter = NULL;
    git_reference *ref = NULL;
    const char *first = NULL, *name;
    git_branch_t type;
    int i;

    for (i = 0; i < 3; i++) {
        bool found = names[i] && git_branch_lookup(&ref, repo, names[i], GIT_BRANCH_LOCAL) == 0;

        git_reference_free(ref);
        ref = NULL;
        if (found)
            return names[i];
    }
    if (git_branch_iterator_new(&iter, repo, GIT_BRANCH_LOCAL) == 0 &&
        git_branch_next(&ref, &type, iter) == 0 && git_branch_name(&name, ref) == 0)
        first = apr_pstrdup(pool, name);
    git_reference_free(ref);
    git_branch_iterator_free(iter);
    return first;
}

/* Sets HEAD to the branch @a wanted (may be NULL) if it exists, else to one that does. */
static rc_err_t *repair_head(const char **branch, const char *path, const char *wanted,
                             apr_pool_t *pool)
{
    const char *git_dir = rc_git_dir(path, pool), *found;
    git_repository *repo = NULL;

    *branch = "master";
    RC_TRY(rc_git_check_format(git_dir, pool));
    /* Without HEAD the repository cannot be opened. */
    RC_TRY(rc_git_head_write(git_dir, *branch, pool));
    if (git_repository_open_bare(&repo, git_dir) < 0)
        return rc_git_err(pool, "cannot open %s", path);
    found = pick_branch(repo, wanted, pool);
    git_repository_free(repo);
    if (!found || !strcmp(found, *branch))
        return NULL;
    *branch = found;
    return rc_git_head_write(git_dir, found, pool);
}

rc_err_t *rc_git_repair(const char **done, const char *path, const char *wanted, apr_pool_t *pool)
{
    const char *problem, *branch;

    *done = NULL;
    RC_TRY(check_head(&problem, path, pool));
    if (!problem)
        return NULL;
    RC_TRY(repair_head(&branch, path, wanted, pool));
    *done = apr_psprintf(pool, "%s: it names %s now", problem, branch);
    return NULL;
}
