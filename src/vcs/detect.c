// SPDX-License-Identifier: Apache-2.0
/*
 * Detects which type of repository a directory holds: every back end examines it.
 */
#include <string.h>

#include <apr_strings.h>

#include "backend.h"
#include "base/fs.h"

/* A type that may have no back end: its name for messages, and how to recognise its directories. */
typedef struct stranger_t {
    const char *type, *what;
    const char *holds[4]; /* file names that must all exist; ended by NULL */
} stranger_t;

static const stranger_t strangers[] = {
    {"hg", "a Mercurial repository; this server was built without libzstd", {".hg", NULL}},
    {"svn",
     "a Subversion repository; this server was built without libsvn",
     {"format", "db", "hooks", NULL}},
};

static bool is_of(const stranger_t *stranger, const char *path, apr_pool_t *pool)
{
    const char *const *name;

    for (name = stranger->holds; *name; name++)
        if (!rc_fs_exists(apr_pstrcat(pool, path, "/", *name, NULL)))
            return false;
    return !rc_vcs_known_type(stranger->type);
}

static void look_for_strangers(rc_detected_t *detected, const char *path, apr_pool_t *pool)
{
    apr_size_t i;

    for (i = 0; i < sizeof(strangers) / sizeof(*strangers); i++)
        if (is_of(&strangers[i], path, pool)) {
            detected->found = RC_FOUND_UNUSABLE;
            detected->why = strangers[i].what;
            return;
        }
}

void rc_vcs_detect(rc_detected_t *detected, const char *path, apr_pool_t *pool)
{
    const rc_backend_t *backend;
    int i;

    *detected = (rc_detected_t){RC_FOUND_NOTHING, NULL, NULL};
    for (i = 0; (backend = rc_vcs_backend_at(i)); i++) {
        const char *why = NULL;
        rc_found_t found = backend->detect(&why, path, pool);

        if (found > detected->found)
            *detected = (rc_detected_t){found, backend->type, why};
    }
    if (detected->found < RC_FOUND_UNUSABLE)
        look_for_strangers(detected, path, pool);
}

bool rc_vcs_is_gone(const char *path, apr_pool_t *pool)
{
    const rc_backend_t *backend;
    int i;

    for (i = 0; (backend = rc_vcs_backend_at(i)); i++)
        if (!backend->is_gone(path, pool))
            return false;
    return true;
}

const char *rc_vcs_description(const char *type, const char *path, apr_pool_t *pool)
{
    const rc_backend_t *backend = rc_vcs_backend(type);

    return backend && backend->description ? backend->description(path, pool) : NULL;
}
