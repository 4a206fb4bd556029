// SPDX-License-Identifier: Apache-2.0
/*
 * Branches and tags as they are at one moment, read from packed-refs and the loose files, and
 * the file times by which a later look can tell that nothing has changed. libgit2's iterator
 * gives the references but neither the times nor a cheap "as before".
 */
#include "git.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_hash.h>
#include <apr_sha1.h>
#include <apr_strings.h>

#include "rc_log.h"
#include "rc_text.h"

#define HEADS "refs/heads/"
#define TAGS  "refs/tags/"

#define TAG_DEPTH 10 /* tags of tags of ... */

/* A reference while it is being collected. */
typedef struct found_t {
    git_oid id;
    git_oid peeled; /* from packed-refs */
    bool has_peeled, broken;
    bool unborn; /* broken, but no damage: another name for a branch that is not there yet */
} found_t;

typedef struct reader_t {
    rc_git_t *git;
    rc_git_refs_t *refs;
    apr_hash_t *found; /* full name -> found_t */
    bool lost;         /* a branch that leads to no commit was left out */
    apr_pool_t *scratch;
} reader_t;

static const char *watch_path(reader_t *reader, const char *name)
{
    rc_git_refs_t *refs = reader->refs;
    const char *path = apr_pstrcat(refs->pool, reader->git->path, "/", name, NULL);

    rc_git_watch(refs->watched, path);
    return path;
}

bool rc_git_refs_current(const rc_git_refs_t *refs)
{
    return rc_git_watch_same(refs->watched, refs->taken);
}

/* --- collecting --- */

static bool hex_of_length(git_oid *id, const char *p, const char *end)
{
    return end - p >= GIT_OID_HEXSZ && git_oid_fromstrn(id, p, GIT_OID_HEXSZ) == 0;
}

static found_t *remember(reader_t *reader, const char *name, apr_size_t len)
{
    found_t *found = apr_pcalloc(reader->scratch, sizeof(*found));

    name = apr_pstrmemdup(reader->scratch, name, len);
    apr_hash_set(reader->found, name, (apr_ssize_t)len, found);
    return found;
}

static rc_err_t *read_whole(const char **text, apr_size_t *len, const char *path, apr_pool_t *pool)
{
    apr_file_t *file;
    apr_finfo_t info;
    apr_status_t rv = apr_file_open(&file, path, APR_READ, APR_OS_DEFAULT, pool);
    char *buf;

    *text = "";
    *len = 0;
    if (APR_STATUS_IS_ENOENT(rv))
        return NULL;
    if (rv == APR_SUCCESS && (rv = apr_file_info_get(&info, APR_FINFO_SIZE, file)) == APR_SUCCESS) {
        buf = apr_palloc(pool, (apr_size_t)info.size + 1);
        rv = apr_file_read_full(file, buf, (apr_size_t)info.size, len);
        if (APR_STATUS_IS_EOF(rv))
            rv = APR_SUCCESS;
        buf[*len] = '\0';
        *text = buf;
        apr_file_close(file);
    }
    return rv ? rc_err_internal(pool, rv, "cannot read %s", path) : NULL;
}

static bool wanted_name(const char *name, apr_size_t len)
{
    return (len > strlen(HEADS) && !memcmp(name, HEADS, strlen(HEADS))) ||
           (len > strlen(TAGS) && !memcmp(name, TAGS, strlen(TAGS)));
}

/* One line of packed-refs: "<id> <name>", or "^<id>" with the peeled id of the line before; the
 * reference goes to @a last. False = the line is none. */
static bool packed_line(found_t **last, reader_t *reader, const char *line, const char *end)
{
    found_t *before = *last;
    git_oid id;

    *last = NULL;
    if (*line == '^') {
        if (before && hex_of_length(&before->peeled, line + 1, end))
            before->has_peeled = true;
        return true;
    }
    if (*line == '#')
        return true;
    if (!hex_of_length(&id, line, end) || end - line < GIT_OID_HEXSZ + 2)
        return false;
    line += GIT_OID_HEXSZ + 1;
    if (!wanted_name(line, (apr_size_t)(end - line)) ||
        apr_hash_get(reader->found, line, (apr_ssize_t)(end - line))) /* a loose file is newer */
        return true;
    *last = remember(reader, line, (apr_size_t)(end - line));
    (*last)->id = id;
    return true;
}

static rc_err_t *read_packed(reader_t *reader)
{
    const char *path = watch_path(reader, "packed-refs"), *p, *end, *stop;
    found_t *last = NULL;
    apr_size_t len;

    RC_TRY(read_whole(&p, &len, path, reader->scratch));
    for (stop = p + len; p < stop; p = end + 1) {
        end = memchr(p, '\n', (size_t)(stop - p));
        if (!end || !packed_line(&last, reader, p, end))
            return rc_err_internal(reader->scratch, APR_SUCCESS, "%s is damaged", path);
    }
    return NULL;
}

static void read_loose(reader_t *reader, const char *path, const char *name)
{
    char text[1024];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    bool gone = len < 0 && errno == ENOENT; /* packed or deleted since the directory was listed */
    found_t *found;
    int n;

    if (len < 0 && !gone)
        rc_log(RC_LOG_WARNING, APR_FROM_OS_ERROR(errno), "cannot read %s", path);
    if (fd >= 0)
        close(fd);
    if (gone)
        return;
    text[len < 0 ? 0 : len] = '\0';
    found = remember(reader, name, strlen(name));
    if (!strncmp(text, "ref:", 4)) {
        n = git_reference_name_to_id(&found->id, reader->git->repo, name);
        found->broken = n < 0;
        found->unborn = n == GIT_ENOTFOUND;
    } else
        found->broken = !hex_of_length(&found->id, text, text + strlen(text));
}

static bool entry_is_directory(const struct dirent *entry, const char *path)
{
    struct stat st;

    if (entry->d_type != DT_UNKNOWN && entry->d_type != DT_LNK)
        return entry->d_type == DT_DIR;
    return !stat(path, &st) && S_ISDIR(st.st_mode);
}

static bool skip_entry(const char *name)
{
    apr_size_t len = strlen(name);

    return *name == '.' || (len >= 5 && !strcmp(name + len - 5, ".lock"));
}

static void read_entry(reader_t *reader, const struct dirent *entry, const char *dir,
                       apr_array_header_t *todo)
{
    const char *name = apr_pstrcat(reader->scratch, dir, "/", entry->d_name, NULL);
    const char *path = apr_pstrcat(reader->scratch, reader->git->path, "/", name, NULL);
    int valid;

    if (skip_entry(entry->d_name))
        return;
    if (entry_is_directory(entry, path))
        APR_ARRAY_PUSH(todo, const char *) = name;
    else if (git_reference_name_is_valid(&valid, name) == 0 && valid)
        read_loose(reader, path, name);
}

/* Directories still to be read are on a list, so that depth costs no stack. */
static rc_err_t *read_directory(reader_t *reader, const char *dir, apr_array_header_t *todo)
{
    const char *path = watch_path(reader, dir);
    DIR *handle = opendir(path);
    struct dirent *entry;

    if (!handle && errno == ENOENT)
        return NULL;
    if (!handle)
        return rc_err_internal(reader->scratch, APR_FROM_OS_ERROR(errno), "cannot read %s", path);
    while ((entry = readdir(handle)))
        read_entry(reader, entry, dir, todo);
    closedir(handle);
    return NULL;
}

static rc_err_t *read_all_loose(reader_t *reader)
{
    apr_array_header_t *todo = apr_array_make(reader->scratch, 8, sizeof(const char *));

    APR_ARRAY_PUSH(todo, const char *) = "refs/heads";
    APR_ARRAY_PUSH(todo, const char *) = "refs/tags";
    while (todo->nelts) {
        const char **dir = apr_array_pop(todo);

        RC_TRY(read_directory(reader, *dir, todo));
    }
    return NULL;
}

static int compare_ids(const void *a, const void *b)
{
    return git_oid_cmp(a, b);
}

static rc_err_t *read_shallow(reader_t *reader)
{
    apr_array_header_t *list = reader->refs->shallow;
    const char *path = watch_path(reader, "shallow"), *p;
    apr_size_t len;
    git_oid id;

    RC_TRY(read_whole(&p, &len, path, reader->scratch));
    while (hex_of_length(&id, p, p + strlen(p))) {
        APR_ARRAY_PUSH(list, git_oid) = id;
        p += GIT_OID_HEXSZ;
        p += strspn(p, "\r\n");
    }
    qsort(list->elts, (size_t)list->nelts, sizeof(git_oid), compare_ids);
    return NULL;
}

/* --- to what commit does a reference lead? --- */

static bool known_commit(const rc_git_t *git, const git_oid *id)
{
    return git->order.block && rc_git_order_find(&git->order, id->id) >= 0;
}

/* The last reading knows most answers; git's objects never change. */
static bool known_target(git_oid *commit, const rc_git_t *git, const char *name,
                         const git_oid *target)
{
    const rc_git_ref_t *ref =
        git->refs ? rc_git_ref_find(git->refs->tags, name + strlen(TAGS)) : NULL;

    if (!ref || !git_oid_equal(&ref->target, target))
        return false;
    *commit = ref->commit;
    return true;
}

static bool tag_target(git_oid *id, git_odb_object *tag)
{
    const char *data = git_odb_object_data(tag);
    size_t len = git_odb_object_size(tag);

    return len > 7 + GIT_OID_HEXSZ && !memcmp(data, "object ", 7) &&
           hex_of_length(id, data + 7, data + len);
}

static bool peel(git_oid *commit, rc_git_t *git, const char *name, const found_t *found)
{
    git_oid id = found->has_peeled ? found->peeled : found->id;
    int depth;

    if (!strncmp(name, TAGS, strlen(TAGS)) && known_target(commit, git, name, &found->id))
        return true;
    for (depth = 0; depth < TAG_DEPTH; depth++) {
        git_odb_object *object = NULL;
        git_object_t type = GIT_OBJECT_COMMIT;
        size_t size;

        if (known_commit(git, &id) ||
            (git_odb_read_header(&size, &type, git->odb, &id) == 0 && type == GIT_OBJECT_COMMIT)) {
            *commit = id;
            return true;
        }
        if (type != GIT_OBJECT_TAG || git_odb_read(&object, git->odb, &id) < 0)
            return false; /* a tree, a blob, or not there */
        if (!tag_target(&id, object))
            depth = TAG_DEPTH;
        git_odb_object_free(object);
    }
    return false;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const rc_git_ref_t *)a)->name, ((const rc_git_ref_t *)b)->name);
}

static void add_reference(reader_t *reader, const char *name, const found_t *found)
{
    bool tag = !strncmp(name, TAGS, strlen(TAGS));
    rc_git_refs_t *refs = reader->refs;
    git_oid commit;
    rc_git_ref_t *ref;

    if (found->broken || !peel(&commit, reader->git, name, found)) {
        rc_log(RC_LOG_DEBUG, APR_SUCCESS, "%s: %s leads to no commit, left out", reader->git->path,
               name);
        reader->lost = reader->lost || (!tag && !found->unborn);
        return;
    }
    ref = apr_array_push(tag ? refs->tags : refs->branches);
    ref->name = apr_pstrdup(refs->pool, name + (tag ? strlen(TAGS) : strlen(HEADS)));
    ref->target = found->id;
    ref->commit = commit;
}

/* --- the finished snapshot --- */

static int compare_heads(const void *a, const void *b, void *branches)
{
    int i = *(const int *)a, j = *(const int *)b;
    int cmp = git_oid_cmp(&APR_ARRAY_IDX((apr_array_header_t *)branches, i, rc_git_ref_t).commit,
                          &APR_ARRAY_IDX((apr_array_header_t *)branches, j, rc_git_ref_t).commit);

    return cmp ? cmp : (i > j) - (i < j);
}

static void add_ids(apr_array_header_t *text, const apr_array_header_t *list)
{
    int i;

    for (i = 0; i < list->nelts; i++)
        APR_ARRAY_PUSH(text, git_oid) = APR_ARRAY_IDX(list, i, rc_git_ref_t).commit;
}

static void add_names(apr_sha1_ctx_t *sha, const apr_array_header_t *list)
{
    int i;

    for (i = 0; i < list->nelts; i++) {
        const char *name = APR_ARRAY_IDX(list, i, rc_git_ref_t).name;

        apr_sha1_update(sha, name, (unsigned)strlen(name) + 1);
    }
    apr_sha1_update(sha, "", 1); /* no name is empty: here the list ends */
}

/* The key knows the commits, in the order of names; so names are all that it lacks. */
static void set_state(rc_git_refs_t *refs)
{
    apr_sha1_ctx_t sha;

    apr_sha1_init(&sha);
    apr_sha1_update_binary(&sha, refs->key.id, RC_GIT_RAW);
    add_names(&sha, refs->branches);
    add_names(&sha, refs->tags);
    apr_sha1_final(refs->state, &sha);
}

static rc_err_t *finish(reader_t *reader)
{
    rc_git_refs_t *refs = reader->refs;
    apr_array_header_t *text = apr_array_make(reader->scratch, 64, sizeof(git_oid));
    git_oid none;
    int i;

    qsort(refs->branches->elts, (size_t)refs->branches->nelts, sizeof(rc_git_ref_t), compare_names);
    qsort(refs->tags->elts, (size_t)refs->tags->nelts, sizeof(rc_git_ref_t), compare_names);
    for (i = 0; i < refs->branches->nelts; i++)
        APR_ARRAY_PUSH(refs->heads, int) = i;
    qsort_r(refs->heads->elts, (size_t)refs->heads->nelts, sizeof(int), compare_heads,
            refs->branches);
    add_ids(text, refs->branches);
    add_ids(text, refs->tags);
    memset(&none, 0, sizeof(none));
    APR_ARRAY_PUSH(text, git_oid) = none; /* where the tips end */
    apr_array_cat(text, refs->shallow);
    if (git_odb_hash(&refs->key, text->elts, (size_t)text->nelts * sizeof(git_oid),
                     GIT_OBJECT_BLOB) < 0)
        return rc_git_err(reader->scratch, "cannot hash the references of %s", reader->git->path);
    set_state(refs);
    return NULL;
}

static rc_err_t *read_all(reader_t *reader)
{
    apr_hash_index_t *hi;

    /* In this order: a reference that is packed meanwhile is seen twice, not missed. */
    RC_TRY(read_all_loose(reader));
    RC_TRY(read_packed(reader));
    RC_TRY(read_shallow(reader));
    for (hi = apr_hash_first(reader->scratch, reader->found); hi; hi = apr_hash_next(hi))
        add_reference(reader, apr_hash_this_key(hi), apr_hash_this_val(hi));
    if (reader->lost && !reader->refs->branches->nelts) /* it is damaged, not empty */
        return rc_err_internal(reader->scratch, APR_SUCCESS, "no branch of %s leads to a commit",
                               reader->git->path);
    return finish(reader);
}

rc_err_t *rc_git_refs_read(rc_git_refs_t **out, rc_git_t *git, apr_pool_t *pool)
{
    reader_t reader = {.git = git};
    rc_git_refs_t *refs;
    apr_pool_t *own;
    apr_status_t rv = apr_pool_create_unmanaged_ex(&own, NULL, NULL);
    rc_err_t *err;

    if (rv != APR_SUCCESS)
        return rc_err_internal(pool, rv, "no memory for the references of %s", git->path);
    apr_pool_tag(own, "rc_git_refs");
    refs = apr_pcalloc(own, sizeof(*refs));
    refs->pool = own;
    refs->taken = apr_time_now();
    refs->watched = rc_git_watch_list(own);
    refs->branches = apr_array_make(own, 8, sizeof(rc_git_ref_t));
    refs->tags = apr_array_make(own, 8, sizeof(rc_git_ref_t));
    refs->heads = apr_array_make(own, 8, sizeof(int));
    refs->shallow = apr_array_make(own, 1, sizeof(git_oid));
    reader.refs = refs;
    apr_pool_create(&reader.scratch, pool);
    apr_pool_tag(reader.scratch, "rc_git_refs_read");
    reader.found = apr_hash_make(reader.scratch);
    err = read_all(&reader);
    if (err) {
        rc_git_refs_free(refs);
        return err; /* it lives in the scratch pool, which stays until pool ends */
    }
    apr_pool_destroy(reader.scratch);
    *out = refs;
    return NULL;
}

void rc_git_refs_free(rc_git_refs_t *refs)
{
    if (refs)
        apr_pool_destroy(refs->pool);
}

/* --- questions --- */

const rc_git_ref_t *rc_git_ref_find(const apr_array_header_t *list, const char *name)
{
    rc_git_ref_t key = {.name = name};

    return bsearch(&key, list->elts, (size_t)list->nelts, sizeof(rc_git_ref_t), compare_names);
}

const char *rc_git_head_name(const rc_git_refs_t *refs, const git_oid *commit)
{
    const rc_git_ref_t *branches = (const rc_git_ref_t *)refs->branches->elts;
    const int *heads = (const int *)refs->heads->elts;
    int low = 0, high = refs->heads->nelts;

    while (low < high) {
        int middle = low + (high - low) / 2;

        if (git_oid_cmp(&branches[heads[middle]].commit, commit) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == refs->heads->nelts || !git_oid_equal(&branches[heads[low]].commit, commit))
        return NULL;
    return branches[heads[low]].name;
}

rc_err_t *rc_git_state(const char **state, rc_vcs_t *vcs, apr_pool_t *pool)
{
    rc_git_t *git = vcs->repo;

    RC_TRY(rc_git_refresh(git, false, vcs->pool));
    *state = rc_text_hex(git->refs->state, RC_GIT_RAW, pool);
    return NULL;
}

bool rc_git_cut_off(const rc_git_refs_t *refs, const git_oid *commit)
{
    const apr_array_header_t *list = refs->shallow;

    return list->nelts &&
           bsearch(commit, list->elts, (size_t)list->nelts, sizeof(git_oid), compare_ids);
}
