// SPDX-License-Identifier: Apache-2.0
/*
 * Creates empty repositories, laid out as `hg init` of Debian 12 does, without a work tree: hg
 * needs a process to do that, and a newer one could choose what is not understood here.
 */
#include "hg.h"

#include <string.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "base/fs.h"

typedef struct new_file_t {
    const char *name; /* below the repository */
    const char *text; /* NULL: a directory */
    apr_size_t len;
} new_file_t;

#define TEXT(text) text, sizeof(text) - 1

/* The index beside the store makes programs fail that do not know of it. */
static const new_file_t new_files[] = {
    {"", NULL, 0},
    {"/.hg", NULL, 0},
    {"/.hg/cache", NULL, 0},
    {"/.hg/wcache", NULL, 0},
    {"/.hg/store", NULL, 0},
    {"/.hg/00changelog.i",
     TEXT("\0\0\xff\xff dummy changelog to prevent using the old repo layout")},
    {"/.hg/requires", TEXT("share-safe\n")},
    {"/.hg/store/requires", TEXT("dotencode\nfncache\ngeneraldelta\nrevlog-compression-zstd\n"
                                 "revlogv1\nsparserevlog\nstore\n")},
};

static rc_err_t *write_new(const char *path, const new_file_t *made, apr_pool_t *pool)
{
    apr_file_t *file;
    apr_status_t rv =
        apr_file_open(&file, path, APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_EXCL,
                      APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_GREAD | APR_FPROT_WREAD, pool);

    if (rv == APR_SUCCESS) {
        rv = apr_file_write_full(file, made->text, made->len, NULL);
        apr_file_close(file);
    }
    return rv == APR_SUCCESS ? NULL : rc_fs_status(pool, rv, "create", path);
}

rc_err_t *rc_hg_create(const char *path, apr_pool_t *pool)
{
    apr_size_t i;

    for (i = 0; i < sizeof(new_files) / sizeof(*new_files); i++) {
        const new_file_t *made = &new_files[i];
        const char *full = apr_pstrcat(pool, path, made->name, NULL);
        apr_status_t rv;

        if (made->text) {
            RC_TRY(write_new(full, made, pool));
            continue;
        }
        rv = apr_dir_make(full, APR_FPROT_OS_DEFAULT, pool);
        if (rv != APR_SUCCESS)
            return rc_fs_status(pool, rv, "create", full);
    }
    return NULL;
}
