// SPDX-License-Identifier: Apache-2.0
/*
 * All references of one moment in the form in which git sends them. Private to wire*.c and
 * share*.c.
 *
 * Separate from rc_git_refs_t, which has branches and tags only, by the commits they lead to: views
 * need no others, and a repository may have 100,000 others; git lists what leads to no commit, too.
 */
#ifndef RC_VCS_GIT_WIRE_TEXT_H
#define RC_VCS_GIT_WIRE_TEXT_H

#include "refs.h"
#include "vcs/git_wire.h"

/* One reference, as it was read. */
typedef struct rc_git_row_t {
    const char *name; /* not terminated by a NUL */
    apr_size_t len;
    git_oid id, peeled;
    bool has_peeled;  /* the id is a tag, which leads to `peeled` */
    const char *link; /* the reference that a symbolic one leads to, or NULL */
} rc_git_row_t;

/* HEAD. */
typedef struct rc_git_head_t {
    bool there;       /* it leads to an id, maybe the null id */
    const char *link; /* what it names, which may not exist; NULL: detached, or broken */
    git_oid id, peeled;
    bool has_peeled;
} rc_git_head_t;

/* One reference in the texts. */
typedef struct rc_git_said_t {
    apr_size_t v0, v2; /* where its lines begin in the texts; they end where the next ones begin */
    apr_size_t len;    /* of its name, in the line at v0 */
    bool has_peeled;
    const char *link;
} rc_git_said_t;

/* All visible references. Immutable, shared by threads. */
typedef struct rc_git_wire_t {
    apr_pool_t *pool;
    apr_uint32_t users; /* atomic */
    rc_stamps_t *watched;
    rc_git_said_t *refs; /* by name, and one more for where the texts end */
    int count;
    bool missing;   /* an object that a reference points to was missing */
    const char *v0; /* "<id> <name>", and "<id> <name>^{}" for a tag */
    const char *v2; /* "<id> <name> symref-target:<name> peeled:<id>" */
    rc_git_head_t head;
    apr_array_header_t *shallow; /* of git_oid */
    unsigned char state[RC_GIT_RAW];
} rc_git_wire_t;

/* --- wire_read.c --- */

/** Reads all references of @a git. Where tags lead to is taken from @a base, an earlier reading or
 * NULL, where possible. */
rc_err_t *rc_git_wire_read(rc_git_wire_t **out, rc_git_t *git, const rc_git_wire_t *base,
                           apr_pool_t *pool);

/* --- wire_peel.c --- */

/** Sets where @a row leads to if it is a tag. Notes when its object is missing. */
void rc_git_wire_judge(rc_git_row_t *row, rc_git_reading_t *reading);

/** Sets where the tag @a id leads to; *@a found is false when it is no tag, or leads nowhere. */
void rc_git_wire_peel(bool *found, git_oid *peeled, const rc_git_t *git, const git_oid *id);

/* --- wire_text.c --- */

/** Writes @a rows (rc_git_row_t, by name) and the rest of the snapshot as texts, and its state. */
rc_err_t *rc_git_wire_write(rc_git_wire_t *wire, const apr_array_header_t *rows, apr_pool_t *pool);

/** Returns the name of a reference, not terminated by a NUL, and its id in hex. */
const char *rc_git_said_name(const rc_git_wire_t *wire, const rc_git_said_t *ref);
const char *rc_git_said_id(const rc_git_wire_t *wire, const rc_git_said_t *ref);

/** Returns the reference @a name, or NULL. */
const rc_git_said_t *rc_git_said_find(const rc_git_wire_t *wire, const char *name, apr_size_t len);

/** Returns the number of the first reference whose name is not less than @a name. */
int rc_git_said_lower(const rc_git_wire_t *wire, const char *name, apr_size_t len);

/* --- wire_hold.c --- */

/** Makes an empty one of the repository @a git_dir; NULL = no memory. */
rc_git_wire_t *rc_git_wire_make(const char *git_dir);
rc_git_wire_t *rc_git_wire_hold(rc_git_wire_t *wire);
void rc_git_wire_free(rc_git_wire_t *wire);

/** Returns the approximate memory size in bytes. */
apr_size_t rc_git_wire_weight(const rc_git_wire_t *wire);

/* --- share_wire.c --- */

/** Updates git->wire, unless that has happened in this use. */
rc_err_t *rc_git_wire_look(rc_git_t *git, apr_pool_t *pool);

/* --- wire_program.c --- */

/** As rc_wire_program; with @a advertise git prints its advertisement instead. */
void rc_git_wire_program(rc_proc_t *proc, const rc_wire_program_t *program, bool advertise,
                         apr_pool_t *pool);

/* --- wire_caps.c --- */

/* What the installed git can do, as it says so itself. */
typedef struct rc_git_caps_t {
    const char *before, *after; /* of upload-pack, around the place of symref=HEAD:... */
    const char *receive;
    bool empty;     /* upload-pack advertises them even without references: from git 2.41 on */
    const char *v2; /* the whole advertisement */
    apr_size_t v2_len;
} rc_git_caps_t;

rc_err_t *rc_git_caps_startup(apr_pool_t *pool);

/** Returns the capabilities in @a pool. Runs git in a new directory below @a home, once per process
 * and again when git is another. */
rc_err_t *rc_git_caps(rc_git_caps_t *caps, const char *home, apr_pool_t *pool);

/* --- head.c --- */

/** Lets HEAD of @a git_dir name @a branch, durably and under git's own lock. */
rc_err_t *rc_git_head_write(const char *git_dir, const char *branch, apr_pool_t *pool);

#endif
