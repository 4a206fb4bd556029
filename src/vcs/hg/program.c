// SPDX-License-Identifier: Apache-2.0
/*
 * The environment, settings and arguments of the programs of Mercurial.
 */
#include "vcs/hg_program.h"

#include <stdlib.h>
#include <string.h>

#include <apr_file_io.h>
#include <apr_strings.h>
#include <apr_tables.h>

#include "base/fs.h"
#include "base/process.h"

#define FIRST_LINE 256 /* bytes of a script that are read for its first line */

/* clang-format off */
static const char *const variables[] = {
    "PATH=" RC_PROC_PATH,
    "LC_ALL=C.UTF-8",
    "HGRCPATH=",               /* neither the machine's settings nor the account's */
    "HGRCSKIPREPO=1",          /* nor the repository's: hooks, extensions, aliases, programs */
    "HGPLAIN=+strictflags",    /* options for hg stand before the command only */
    "HGENCODING=UTF-8",
    "HGEDITOR=false",
    "HGMERGE=false",
    "PYTHONNOUSERSITE=1",      /* without HOME Python would find the account's modules anyway */
    "PYTHONDONTWRITEBYTECODE=1",
};

static const char *const settings[] = {
    "extensions.lfs=!",        /* requirements of these names would load them */
    "extensions.largefiles=!",
    "extensions.git=!",
    "subrepos.allowed=false",
    "format.use-dirstate-v2=no", /* nothing that a newer hg may choose and we do not read */
    "format.use-persistent-nodemap=no",
    "ui.clonebundles=false",   /* no detours to other servers */
    "ui.interactive=no",
    "ui.timeout=10",           /* seconds that hg waits for its locks (contract 08 §8) */
    "ui.timeout.warn=0",
    NULL,
};
/* clang-format on */

const char *const *rc_hg_environment(const char *temp, apr_pool_t *pool)
{
    static const char *const kept[] = {"SSL_CERT_FILE", "SSL_CERT_DIR"};
    apr_size_t count = sizeof(variables) / sizeof(*variables), i;
    const char **all = apr_pcalloc(pool, (count + 4) * sizeof(*all)), *value;

    memcpy(all, variables, sizeof(variables));
    all[count++] = apr_pstrcat(pool, "TMPDIR=", temp, NULL);
    for (i = 0; i < sizeof(kept) / sizeof(*kept); i++)
        if ((value = getenv(kept[i]))) /* which certificates are trusted */
            all[count++] = apr_pstrcat(pool, kept[i], "=", value, NULL);
    return all;
}

const char *const *rc_hg_settings(void)
{
    return settings;
}

/* --- arguments --- */

static void add_settings(apr_array_header_t *all, const char *const *added)
{
    for (; added && *added; added++) {
        APR_ARRAY_PUSH(all, const char *) = "--config";
        APR_ARRAY_PUSH(all, const char *) = *added;
    }
}

const char *const *rc_hg_arguments(const char *path, const char *const *more,
                                   const char *const *command, apr_pool_t *pool)
{
    apr_array_header_t *all = apr_array_make(pool, 40, sizeof(const char *));

    APR_ARRAY_PUSH(all, const char *) = "hg";
    add_settings(all, settings);
    add_settings(all, more);
    APR_ARRAY_PUSH(all, const char *) = "-R";
    APR_ARRAY_PUSH(all, const char *) = path;
    for (; *command; command++)
        APR_ARRAY_PUSH(all, const char *) = *command;
    APR_ARRAY_PUSH(all, const char *) = NULL;
    return (const char *const *)all->elts;
}

/* --- Python --- */

static rc_err_t *read_shebang(char *line, const char *file, apr_pool_t *pool)
{
    apr_file_t *script;
    apr_status_t rv = apr_file_open(&script, file, APR_FOPEN_READ, 0, pool);

    if (rv == APR_SUCCESS) {
        rv = apr_file_gets(line, FIRST_LINE, script);
        apr_file_close(script);
    }
    return rv == APR_SUCCESS ? NULL : rc_fs_status(pool, rv, "read", file);
}

rc_err_t *rc_hg_interpreter(const char *const **words, apr_pool_t *pool)
{
    char line[FIRST_LINE];
    char **found;
    const char *file;

    RC_TRY(rc_proc_find(&file, "hg", pool));
    RC_TRY(read_shebang(line, file, pool));
    if (strncmp(line, "#!", 2))
        return rc_err_internal(pool, APR_SUCCESS, "%s is no script", file);
    line[strcspn(line, "\r\n")] = '\0';
    if (apr_tokenize_to_argv(line + 2 + strspn(line + 2, " \t"), &found, pool) || !*found)
        return rc_err_internal(pool, APR_SUCCESS, "%s names no interpreter", file);
    *words = (const char *const *)found;
    return NULL;
}
