// SPDX-License-Identifier: Apache-2.0
/*
 * Declares what the files of the Mercurial back end share: the open repository, its snapshot, and
 * the functions of table.c's row. Rules: contract 08 §5 and §8.
 */
#ifndef RC_VCS_HG_HG_H
#define RC_VCS_HG_HG_H

#include <sys/stat.h>

#include <apr_hash.h>

#include "name.h"
#include "nodes.h"
#include "revlog.h"
#include "base/stamps.h"

/* The files of a repository. */
typedef struct rc_hg_layout_t {
    const char *hg;    /* <path>/.hg */
    const char *store; /* the same, or <path>/.hg/store */
    rc_hg_names_t names;
} rc_hg_layout_t;

/* A bookmark, tag or branch. */
typedef struct rc_hg_ref_t {
    const char *name; /* valid UTF-8 where it is used as such; bytes as they are stored */
    int rev;
    bool closed; /* of a branch: all its heads are closed */
} rc_hg_ref_t;

/* The text of a manifest that was used lately. */
typedef struct rc_hg_manifest_t {
    rc_hg_text_t text;
    apr_pool_t *pool; /* NULL: unused */
} rc_hg_manifest_t;

/* Everything that is read at once, so that all answers of a request agree. */
typedef struct rc_hg_snapshot_t {
    apr_pool_t *pool;
    const char *stamp;  /* of the files it was read from */
    rc_stamps_t *files; /* the same; tells whether they have changed */
    rc_hg_revlog_t *log;
    rc_hg_nodes_t *nodes;
    unsigned char *phase;                   /* of each revision: RC_HG_PUBLIC and so on */
    unsigned char *hidden;                  /* of each revision: is not shown */
    unsigned char *obsolete;                /* of each revision: was rewritten or dropped */
    int tip;                                /* the last one that is shown; -1: none */
    apr_array_header_t *bookmarks;          /* of rc_hg_ref_t, sorted by name */
    apr_array_header_t *branches;           /* the same; NULL: not read yet */
    apr_array_header_t *tags;               /* the same */
    rc_hg_revlog_t *manifests;              /* NULL: not opened yet */
    rc_hg_manifest_t manifest[RC_HG_KNOWN]; /* the texts that manifests->known names */
    int next_manifest;                      /* the one that is replaced next */
} rc_hg_snapshot_t;

enum { RC_HG_PUBLIC, RC_HG_DRAFT, RC_HG_SECRET };

/* The file that was read last. */
typedef struct rc_hg_last_t {
    apr_pool_t *pool; /* NULL: none */
    const char *path;
    unsigned char node[RC_HG_NODE];
    rc_hg_text_t text; /* without what is in front of it */
} rc_hg_last_t;

/* What is remembered of a changeset. */
typedef struct rc_hg_named_t {
    apr_uint64_t id;  /* the first bytes of its node id */
    const char *name; /* of its branch; NULL: not read yet */
    bool closes;
} rc_hg_named_t;

/* An open repository. */
typedef struct rc_hg_t {
    char *path;
    apr_pool_t *pool; /* with an allocator of its own */
    rc_hg_layout_t layout;
    rc_hg_codec_t *codec;
    apr_uint64_t device, inode; /* of .hg when it was opened */
    const char *kind;           /* of rc_hg_kind, when it was opened */
    rc_hg_snapshot_t *snapshot; /* of this use or the one before; NULL: none */
    bool fresh;                 /* the snapshot is of this use */
    rc_hg_last_t last;
    apr_array_header_t *named; /* of rc_hg_named_t, for each changeset; NULL: nothing is known */
    apr_hash_t *names;         /* of branches, each once */
    apr_pool_t *named_pool;    /* of both */
} rc_hg_t;

/* -- layout.c, create.c, copy.c, check.c, serve.c: by path -- */

rc_err_t *rc_hg_startup(apr_pool_t *pool);
rc_found_t rc_hg_detect(const char **why, const char *path, apr_pool_t *pool);
bool rc_hg_is_gone(const char *path, apr_pool_t *pool);
const char *rc_hg_description(const char *path, apr_pool_t *pool);
const char *rc_hg_known_state(const char *path, const char *told, apr_pool_t *pool);
rc_err_t *rc_hg_create(const char *path, apr_pool_t *pool);
rc_err_t *rc_hg_copy(const char *from, const char *to, rc_work_t *work, apr_pool_t *pool);
rc_err_t *rc_hg_check(const char **problem, const char *path, apr_pool_t *pool);
rc_err_t *rc_hg_repair(const char **done, const char *path, const char *wanted, apr_pool_t *pool);
rc_err_t *rc_hg_check_refs(const char **problem, rc_vcs_t *vcs, apr_pool_t *pool);
rc_err_t *rc_hg_serve(rc_proc_t *proc, const rc_serve_t *serve, apr_pool_t *pool);

/** Finds the files of the repository at @a path, with paths in @a pool, and what its requirements
 * say. *@a why as of rc_vcs_detect. */
rc_found_t rc_hg_find(rc_hg_layout_t *layout, const char **why, const char *path, apr_pool_t *pool);

/** Returns a text in @a pool that changes with the files that make a snapshot. */
const char *rc_hg_stamp(const rc_hg_layout_t *layout, apr_pool_t *pool);

/** Returns the list of these files, in @a pool. */
rc_stamps_t *rc_hg_watch(const rc_hg_t *hg, apr_pool_t *pool);

/** Returns a text in @a pool that changes with the requirements, and when the whole store is
 * replaced. */
const char *rc_hg_kind(const rc_hg_layout_t *layout, apr_pool_t *pool);

/** Fills *@a st for the directory of the repository. */
bool rc_hg_stat_place(const rc_hg_t *hg, struct stat *st);

/** True when the directory that was opened is still in its place. */
bool rc_hg_is_in_place(const rc_hg_t *hg);

/** Rejects a repository whose directory is no longer the one that was opened: renamed or deleted
 * meanwhile, it would look empty. Called after reading a snapshot. */
rc_err_t *rc_hg_check_place(const rc_hg_t *hg, apr_pool_t *pool);

/* -- handle.c -- */

rc_err_t *rc_hg_open(void **repo, const char *path, apr_pool_t *pool);
bool rc_hg_reuse(void *repo);
void rc_hg_set_work(void *repo, rc_work_t *work);
void rc_hg_rest(void *repo);
void rc_hg_close(void *repo);
rc_err_t *rc_hg_refresh(rc_vcs_t *vcs);

/* -- files.c -- */

/** Reads a small file of the repository into @a pool; NULL: there is none. */
rc_err_t *rc_hg_small_file(const char **text, rc_vcs_t *vcs, const char *folder, const char *name,
                           apr_pool_t *pool);

/** Reads the 40 digits at @a text into @a node; false when they are others, or fewer. */
bool rc_hg_read_node(unsigned char node[RC_HG_NODE], const char *text);

/* -- snapshot.c -- */

/** Returns the snapshot of this use. */
rc_err_t *rc_hg_snapshot(rc_hg_snapshot_t **out, rc_vcs_t *vcs);

/** True when revision @a rev exists and is shown. */
bool rc_hg_is_shown(const rc_hg_snapshot_t *snapshot, int rev);

/** Returns the shown revision with the node id @a node; -1 when there is none. */
int rc_hg_shown_rev(const rc_hg_snapshot_t *snapshot, const unsigned char *node);

/* -- visible.c -- */

/** Fills phase, hidden and tip of the snapshot. */
rc_err_t *rc_hg_find_hidden(rc_hg_snapshot_t *snapshot, rc_vcs_t *vcs, apr_pool_t *scratch);

/* -- obsolete.c -- */

/** Calls @a fn for each node that a marker of the file replaces. */
rc_err_t *rc_hg_each_obsolete(rc_vcs_t *vcs, const char *path,
                              void (*fn)(void *baton, const unsigned char *node), void *baton,
                              apr_pool_t *scratch);

/* -- changeset.c -- */

/* A changeset, as its text has it. */
typedef struct rc_hg_changeset_t {
    int rev;
    unsigned char manifest[RC_HG_NODE];
    const char *user, *branch, *message; /* valid UTF-8 */
    apr_int64_t time, zone;              /* zone: seconds west of Greenwich */
    bool closes;                         /* the branch */
} rc_hg_changeset_t;

/** Reads revision @a rev into @a pool. */
rc_err_t *rc_hg_read_changeset(rc_hg_changeset_t *out, rc_vcs_t *vcs, int rev, apr_pool_t *pool);

/* -- manifest.c -- */

typedef struct rc_hg_file_t {
    rc_entry_kind_t kind; /* RC_ENTRY_NONE: there is none */
    const char *path;
    unsigned char node[RC_HG_NODE];
} rc_hg_file_t;

/** Reads the manifest of changeset @a rev (-1: empty). The text is valid until two others were
 * read, and no longer than this use. */
rc_err_t *rc_hg_read_manifest(rc_hg_text_t *text, rc_vcs_t *vcs, int rev);

/** Drops the texts of manifests that are too large to be kept between two uses. */
void rc_hg_drop_manifests(rc_hg_snapshot_t *snapshot);

/** Returns the line of @a text whose path is @a path, or where it would be. */
const char *rc_hg_find_line(const rc_hg_text_t *text, const char *path);

/** Reads the line of a manifest; the path is in the text. Returns the next line. */
const char *rc_hg_read_line(rc_hg_file_t *file, const char *line);

/** Finds the file at @a path; its kind is RC_ENTRY_NONE when there is none. */
void rc_hg_find_file(rc_hg_file_t *file, const rc_hg_text_t *text, const char *path);

/* -- filelog.c -- */

/* The revision that a file was copied from; path NULL: it was not copied. */
typedef struct rc_hg_origin_t {
    const char *path;
    unsigned char node[RC_HG_NODE];
} rc_hg_origin_t;

/** Opens the revlog of the file @a path until @a pool ends. */
rc_err_t *rc_hg_open_filelog(rc_hg_revlog_t **log, rc_vcs_t *vcs, const char *path,
                             apr_pool_t *pool);

/** Takes what is in front of a file's text from @a text; fills @a origin in @a pool. */
void rc_hg_take_origin(rc_hg_origin_t *origin, rc_hg_text_t *text, apr_pool_t *pool);

/** Reads the content of @a file. It is valid until another file is read. */
rc_err_t *rc_hg_read_file(rc_hg_text_t *text, rc_vcs_t *vcs, const rc_hg_file_t *file);

/** The same, into @a pool. */
rc_err_t *rc_hg_load_file(rc_hg_text_t *text, rc_vcs_t *vcs, const rc_hg_file_t *file,
                          apr_pool_t *pool);

/* -- run.c, fetch.c, strip.c -- */

rc_err_t *rc_hg_check_remote(const rc_remote_policy_t *policy, const rc_remote_url_t *url,
                             apr_time_t deadline, apr_pool_t *pool);
rc_err_t *rc_hg_fetch(const rc_remote_policy_t *policy, const char *path,
                      const rc_remote_url_t *url, apr_time_t deadline, bool set_head,
                      apr_pool_t *pool);

/** Returns whether a transaction of hg has begun and not ended. */
bool rc_hg_is_interrupted(const rc_hg_layout_t *layout, apr_pool_t *pool);

rc_err_t *rc_hg_strip(rc_vcs_t *vcs, const char *branch, const char *id, int lock,
                      const char *work_dir, apr_pool_t *pool);

/* -- revision.c -- */

rc_err_t *rc_hg_state(const char **state, rc_vcs_t *vcs, apr_pool_t *pool);
rc_err_t *rc_hg_count(apr_int64_t *count, rc_vcs_t *vcs);
rc_err_t *rc_hg_index_of(apr_int64_t *index, rc_vcs_t *vcs, const char *id);
rc_err_t *rc_hg_id_at(const char **id, rc_vcs_t *vcs, apr_int64_t index, apr_pool_t *pool);
rc_err_t *rc_hg_resolve_prefix(apr_int64_t *index, rc_vcs_t *vcs, const char *prefix);
rc_err_t *rc_hg_position(rc_position_t *position, rc_vcs_t *vcs, apr_int64_t index,
                         apr_pool_t *pool);
rc_err_t *rc_hg_series(apr_array_header_t **indexes, rc_vcs_t *vcs, apr_int64_t first,
                       apr_int64_t last, apr_pool_t *pool);
rc_err_t *rc_hg_commit(rc_commit_t **out, rc_vcs_t *vcs, const rc_rev_t *rev, apr_size_t most,
                       apr_pool_t *pool);

/** Sets *@a rev to the revision of the full id @a id, which must be shown. */
rc_err_t *rc_hg_rev_of(int *rev, rc_vcs_t *vcs, const char *id);

/* -- named.c -- */

/** Sets @a named to the branch of revision @a rev of the snapshot. */
rc_err_t *rc_hg_branch_of(rc_hg_named_t *named, rc_vcs_t *vcs, int rev, apr_pool_t *scratch);

/** Forgets all branches. */
void rc_hg_forget_branches(rc_hg_t *hg);

/* -- branches.c, tags.c, refs.c -- */

/** Fills snapshot->branches, sorted by name, with the tip of each branch. */
rc_err_t *rc_hg_find_branches(rc_hg_snapshot_t *snapshot, rc_vcs_t *vcs);

/** Fills snapshot->tags, sorted by name. */
rc_err_t *rc_hg_find_tags(rc_hg_snapshot_t *snapshot, rc_vcs_t *vcs);

rc_err_t *rc_hg_resolve_name(apr_int64_t *index, rc_vcs_t *vcs, const char *name);
rc_err_t *rc_hg_refs(rc_vcs_t *vcs, rc_refs_t which,
                     rc_err_t *(*fn)(void *baton, const char *name, const char *id), void *baton);

/** Sorts an array of rc_hg_ref_t by name. */
void rc_hg_sort_refs(apr_array_header_t *refs);

/* -- ask.c -- */

rc_err_t *rc_hg_ask(rc_asked_t *asked, rc_spool_t *spool, rc_vcs_t *vcs, const char *command,
                    const char *arguments, apr_pool_t *pool);

/* -- entry.c, export.c -- */

rc_err_t *rc_hg_entry(rc_entry_t *entry, rc_vcs_t *vcs, const char *id, apr_pool_t *pool);
rc_err_t *rc_hg_list(rc_vcs_t *vcs, const char *id, const rc_entry_t *dir, rc_list_fn_t *fn,
                     void *baton, apr_pool_t *scratch);
rc_err_t *rc_hg_size(apr_off_t *size, rc_vcs_t *vcs, const rc_entry_t *entry);
rc_err_t *rc_hg_read(const char **data, rc_vcs_t *vcs, rc_entry_t *entry, apr_off_t most,
                     apr_pool_t *pool);
rc_err_t *rc_hg_content(rc_spool_t *spool, rc_vcs_t *vcs, const rc_entry_t *entry);
rc_err_t *rc_hg_export(rc_vcs_t *vcs, const char *id, const char *top, const char *temp_dir,
                       rc_item_fn_t *fn, void *baton, apr_pool_t *scratch);

#endif
