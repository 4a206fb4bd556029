// SPDX-License-Identifier: Apache-2.0
/*
 * Resolves the settings of an environment: what the directives of a server set, and the defaults of
 * what they do not set, some of which depend on the machine.
 */
#include "http.h"

#include <ap_mpm.h>

#include <unistd.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "base/kept.h"

#define LEAST_REMOTES 2 /* bounds of the default */
#define MOST_REMOTES  8
#define REMEMBER      ((apr_off_t)16 << 20)
#define LEAST_DB_MAX  4
#define DB_PER_CORE   4   /* more of them make nothing faster */
#define LEAST_PAGES   256 /* KiB of a connection */

static int cores(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);

    return n > 0 ? (int)n : 1;
}

static int threads(void)
{
    int n = 0;

    ap_mpm_query(AP_MPMQ_MAX_THREADS, &n);
    return n > 0 ? n : 1;
}

static int at_least(int n, int least)
{
    return n < least ? least : n;
}

static int at_most(int n, int most)
{
    return n > most ? most : n;
}

static void set_defaults(rc_env_config_t *out)
{
    int quarter = threads() / 4;

    rc_env_defaults(out);
    out->db.max = at_least(at_most(DB_PER_CORE * cores(), threads()), LEAST_DB_MAX);
    out->db.remember = REMEMBER;
    out->temp_dir = NULL;
    out->expensive_max = out->clone_max = cores();
    out->password_max = at_least(cores() / 2, 1);
    out->waiting_max = (threads() + 1) / 2; /* the other threads serve other clients */
    /* a waiting call holds a thread, and most threads shall serve other calls */
    out->remote_max = quarter > MOST_REMOTES ? MOST_REMOTES : at_least(quarter, LEAST_REMOTES);
    out->remote_user_max = out->visitors_max = 0;
}

/* Sets the defaults that depend on other settings. */
static void complete(rc_env_config_t *out, apr_pool_t *pool)
{
    int connections = out->db.max + (out->db.max + 1) / 2; /* with those for lists */

    out->db.pages = at_least((int)(RC_KEPT_PAGES >> 10) / connections, LEAST_PAGES);
    if (!out->temp_dir && apr_temp_dir_get(&out->temp_dir, pool) != APR_SUCCESS)
        out->temp_dir = "/tmp";
    if (!out->visitors_max) /* one is left for those who have logged in */
        out->visitors_max = at_least(out->expensive_max - 1, 1);
    if (!out->remote_user_max) /* a pull may wait for a call of the same user */
        out->remote_user_max = at_least(out->remote_max / 2, LEAST_REMOTES);
    if (!out->archive_cache && out->repo_root)
        out->archive_cache = apr_pstrcat(pool, out->repo_root, "/.rc_archives", NULL);
    else if (out->archive_cache && !*out->archive_cache)
        out->archive_cache = NULL;
}

void rc_http_resolve(rc_env_config_t *out, const server_rec *s, apr_pool_t *pool)
{
    set_defaults(out);
    rc_http_apply(out, s, RC_GROUP_SERVER);
    complete(out, pool);
}
