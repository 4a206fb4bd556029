// SPDX-License-Identifier: Apache-2.0
/*
 * Hands a request over to mod_dav, after its face has decided about it: gives it the configuration
 * for the repository, and calls httpd's handlers once more. mod_dav makes sub-requests (for the
 * destination of a copy, the source of a merge), which must be for the same repository.
 */
#include "http.h"

#include <http_protocol.h>
#include <http_request.h>
#include <util_filter.h>

#include <string.h>
#include <sys/stat.h>

#include <apr_strings.h>

#include "base/log.h"
#include "base/redact.h"
#include "vcs/library.h"

#define FILTER "rcapi-changed"
#define PLACE  "rcapi-place"

/* mod_dav_svn keeps an open repository with the connection, under this name and its path */
#define KEPT  "mod_dav_svn:"
#define KNOWN "mod_rcapi:" /* the same for what we know of that repository */

#define NOT_LOADED "Subversion is not served here: the server has not loaded mod_dav_svn"
#define UNSAFE     "A path with %2F, %00 or %2E in a name cannot be written to"

struct rc_door_t {
    ap_conf_vector_t *conf; /* with the repository */
    const char *url;        /* of the repository, decoded, with the mount */
    const char *path;       /* of it, on the disk */
    bool recorded;          /* the face knows of the change */
};

/* --- the open repository of a connection --- */

/* Returns what differs as soon as another repository is at @a path. */
static const char *identity_of(const char *path, apr_pool_t *pool)
{
    struct stat st;

    if (stat(apr_pstrcat(pool, path, "/db/uuid", NULL), &st))
        return "none";
    return apr_psprintf(pool,
                        "%" APR_UINT64_T_FMT ".%" APR_UINT64_T_FMT ".%" APR_INT64_T_FMT ".%ld",
                        (apr_uint64_t)st.st_dev, (apr_uint64_t)st.st_ino,
                        (apr_int64_t)st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
}

/*
 * mod_dav_svn would use the repository that it has opened for an earlier request of the connection,
 * although that was renamed or deleted, and another one has its name. Then it is made to open the
 * new one, and the connection ends after this request, with what belongs to the old one.
 */
static void drop_former_repository(request_rec *r, const rc_door_t *door)
{
    apr_pool_t *pool = r->connection->pool;
    const char *known = apr_pstrcat(r->pool, KNOWN, door->path, NULL);
    const char *now = identity_of(door->path, r->pool);
    void *before = NULL;

    apr_pool_userdata_get(&before, known, pool);
    if (before && !strcmp(before, now))
        return;
    if (before)
        r->connection->keepalive = AP_CONN_CLOSE;
    apr_pool_userdata_set(NULL, apr_pstrcat(r->pool, KEPT, door->path, NULL), NULL, pool);
    apr_pool_userdata_set(apr_pstrdup(pool, now), known, NULL, pool);
}

static bool keeps; /* this process has seen what mod_dav_svn kept under that name; atomic */

/*
 * mod_dav_svn finds the repository open when it looks for that of an earlier request: by itself it
 * could open one only in such a way that it saw in libsvn's cache what another one had at this
 * path. Where this fails, it says what is wrong when it fails as well.
 */
static void lend_repository(request_rec *r, const rc_handover_t *over)
{
    const char *kept = apr_pstrcat(r->pool, KEPT, over->path, NULL);
    void *repository = NULL;
    apr_pool_t *pool;

    apr_pool_userdata_get(&repository, kept, r->connection->pool);
    if (repository || !__atomic_load_n(&keeps, __ATOMIC_RELAXED))
        return;
    apr_pool_create(&pool, r->connection->pool);
    if (!rc_vcs_lend(&repository, over->type, over->path, pool) && repository)
        apr_pool_userdata_set(repository, kept, NULL, r->connection->pool);
    else
        apr_pool_destroy(pool);
}

/* A mod_dav_svn that keeps its repository elsewhere could not be made to drop it, or to take ours.
 * That of the first request of the process shows where: the next one gets ours. */
static void end_unless_kept(request_rec *r, const rc_door_t *door)
{
    const char *kept = apr_pstrcat(r->pool, KEPT, door->path, NULL);
    void *repository = NULL;

    if (__atomic_load_n(&keeps, __ATOMIC_RELAXED))
        return;
    apr_pool_userdata_get(&repository, kept, r->connection->pool);
    if (!repository)
        r->connection->keepalive = AP_CONN_CLOSE;
    apr_pool_userdata_set(NULL, kept, NULL, r->connection->pool);
    __atomic_store_n(&keeps, repository != NULL, __ATOMIC_RELAXED);
}

/* --- the place of the repository --- */

/* What was at the path of the repository when its answer began. */
typedef struct former_t {
    const char *file;
    struct stat st;
} former_t;

static bool is_unmoved(const former_t *place)
{
    const struct stat *before = &place->st;
    struct stat st;

    return !stat(place->file, &st) && st.st_dev == before->st_dev && st.st_ino == before->st_ino &&
           st.st_mtim.tv_sec == before->st_mtim.tv_sec &&
           st.st_mtim.tv_nsec == before->st_mtim.tv_nsec;
}

/* Ends the answer without the last chunk, as httpd does where an error of the gateway is in its
 * place, and the connection. */
static apr_status_t break_off(ap_filter_t *filter, apr_bucket_brigade *bb)
{
    request_rec *r = filter->r;
    apr_bucket_alloc_t *list = r->connection->bucket_alloc;
    apr_bucket *error = ap_bucket_error_create(HTTP_BAD_GATEWAY, NULL, r->pool, list);

    rc_http_log_request(r);
    rc_log(RC_LOG_INFO, APR_SUCCESS, "%s is renamed or deleted: its answer breaks off", r->uri);
    rc_http_log_request(NULL);
    r->connection->keepalive = AP_CONN_CLOSE;
    apr_brigade_cleanup(bb);
    APR_BRIGADE_INSERT_TAIL(bb, error);
    APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_eos_create(list));
    ap_remove_output_filter(filter);
    ap_pass_brigade(filter->next, bb);
    r->connection->aborted = 1; /* mod_dav_svn goes on with nothing */
    return APR_ECONNABORTED;
}

/*
 * Runs for each piece of the answer. mod_dav_svn opens files by their paths while it answers, and a
 * client may take hours for a checkout: what it reads may be those of another repository, which has
 * got the name meanwhile.
 */
static apr_status_t pass_from_place(ap_filter_t *filter, apr_bucket_brigade *bb)
{
    return is_unmoved(filter->ctx) ? ap_pass_brigade(filter->next, bb) : break_off(filter, bb);
}

/* What is not there is reported by mod_dav_svn. */
static void watch_place(request_rec *r, const char *path)
{
    former_t *place = apr_pcalloc(r->pool, sizeof(*place));

    place->file = apr_pstrcat(r->pool, path, "/db/uuid", NULL);
    if (!stat(place->file, &place->st))
        ap_add_output_filter(PLACE, place, r, r->connection);
}

/* --- changes --- */

/* Returns the revision that this request has committed, or NULL. mod_dav_svn reports it in a
 * variable for logs. */
static const char *revision_of(request_rec *r)
{
    static const char commit[] = "commit r";
    const char *action = apr_table_get(r->subprocess_env, "SVN-ACTION");
    apr_size_t digits;

    if (!action || strncmp(action, commit, strlen(commit)) != 0)
        return NULL;
    action += strlen(commit);
    digits = strspn(action, "0123456789");
    return digits ? apr_pstrmemdup(r->pool, action, digits) : NULL;
}

static void record_change(request_rec *r, rc_note_t *note)
{
    const char *revision = note->door->recorded ? NULL : revision_of(r);
    rc_err_t *err;

    if (!revision || !note->face->changed)
        return;
    note->door->recorded = true;
    rc_http_log_request(r);
    err = note->face->changed(note->answer, note->request, revision);
    rc_http_log_request(NULL);
    if (err)
        rc_http_log_err(r, err);
}

/* Runs before the first byte of the answer goes to the client: who has made a commit sees it at
 * once. */
static apr_status_t pass_answer(ap_filter_t *filter, apr_bucket_brigade *bb)
{
    rc_note_t *note = rc_http_existing_note(filter->r);

    if (note && note->door)
        record_change(filter->r, note);
    ap_remove_output_filter(filter);
    return ap_pass_brigade(filter->next, bb);
}

/* --- the request --- */

/*
 * libsvn decodes the path of what is written once more, and ends the process when the result has an
 * empty segment, or one that is ".". Returns whether it would go on.
 */
static bool is_safe(const char *uri)
{
    const char *dot = uri;

    while ((dot = strcasestr(dot, "/%2e")))
        if (!*(dot += strlen("/%2e")) || *dot == '/')
            return false;
    return !strcasestr(uri, "%2f") && !strstr(uri, "%00");
}

/* Returns why mod_dav_svn must not get the request, or NULL. */
static const char *problem_of(request_rec *r, const rc_handover_t *over)
{
    const char *destination = apr_table_get(r->headers_in, "Destination");

    if (destination && strstr(destination, RC_HIDDEN))
        return "A path that looks like an API key cannot be copied or moved to";
    if (strchr(over->url, '&')) /* it writes the URL into XML as it is */
        return "A repository with & in its name cannot be served to clients of Subversion";
    return over->writes && !is_safe(rc_http_whole_uri(r)) ? UNSAFE : NULL;
}

rc_err_t *rc_http_open_door(request_rec *r, rc_note_t *note)
{
    const rc_handover_t *over = note->answer->over;
    const char *problem;
    rc_door_t *door;

    if (!rc_http_dav_serves(over->type))
        return rc_answer_refuse(note->answer, HTTP_NOT_IMPLEMENTED, NOT_LOADED, NULL);
    if ((problem = problem_of(r, over)))
        return rc_answer_refuse(note->answer, HTTP_BAD_REQUEST, problem, NULL);
    door = apr_pcalloc(r->pool, sizeof(*door));
    door->url = apr_pstrcat(r->pool, rc_http_dir_conf(r)->mount, over->url, NULL);
    door->path = apr_pstrdup(r->pool, over->path);
    RC_TRY(rc_http_dav_configure(&door->conf, r, door->url, over));
    note->door = door;
    return NULL;
}

/* Files of repositories are foreign contents, and only for this caller. */
static void protect_contents(request_rec *r)
{
    const char *const *pair;

    for (pair = rc_answer_sandbox; *pair; pair += 2)
        apr_table_setn(r->err_headers_out, pair[0], pair[1]);
    apr_table_setn(r->err_headers_out, "Cache-Control", "private");
}

/* Lets httpd's handlers serve the request as if the repository were in its configuration. */
static int run_handlers(request_rec *r, const char *path)
{
    /* mod_dav_svn adds its filter in an earlier phase, when it had no repository yet */
    if (r->method_number == M_MERGE || r->method_number == M_DELETE)
        ap_add_input_filter("SVN-MERGE", NULL, r, r->connection);
    ap_add_output_filter(FILTER, NULL, r, r->connection);
    watch_place(r, path);
    /* mod_dav leaves a POST to mod_dav_svn, which looks at the configuration only */
    r->handler = r->method_number == M_POST ? "rcapi-handed-over" : "dav-handler";
    return ap_run_handler(r);
}

int rc_http_pass_door(request_rec *r, rc_note_t *note)
{
    ap_conf_vector_t *conf = r->per_dir_config;
    char *uri = r->uri;
    int status;

    drop_former_repository(r, note->door);
    lend_repository(r, note->answer->over);
    protect_contents(r);
    if (note->answer->user)
        r->user = apr_pstrdup(r->pool, note->answer->user);
    if (note->answer->over->whole_url)
        r->uri = rc_http_whole_uri(r);
    r->per_dir_config = note->door->conf;
    status = run_handlers(r, note->door->path);
    record_change(r, note); /* if there was no answer */
    r->per_dir_config = conf;
    r->uri = uri;
    r->handler = RC_HANDLER;
    end_unless_kept(r, note->door);
    note->door = NULL;
    return status == DECLINED ? HTTP_METHOD_NOT_ALLOWED : status;
}

/* A hook. Rights and configuration of the request are those of its sub-requests. */
int rc_http_lead_subrequest(request_rec *r)
{
    const rc_note_t *note = rc_http_existing_note(r->main);

    if (!note || !note->door)
        return DECLINED;
    if (!r->uri || !rc_http_behind(note->door->url, r->uri))
        return HTTP_FORBIDDEN;
    r->uri = rc_http_whole_uri(r);
    if (!is_safe(r->uri))
        return HTTP_BAD_REQUEST;
    r->per_dir_config = r->main->per_dir_config;
    return OK;
}

void rc_http_register_door(void)
{
    ap_register_output_filter(FILTER, pass_answer, NULL, AP_FTYPE_RESOURCE);
    ap_register_output_filter(PLACE, pass_from_place, NULL, AP_FTYPE_RESOURCE);
}
