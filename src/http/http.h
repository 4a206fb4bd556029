// SPDX-License-Identifier: Apache-2.0
/*
 * What the files of src/http share: settings, what is remembered of a request, hooks.
 */
#ifndef RC_HTTP_H
#define RC_HTTP_H

#include <httpd.h>
#include <http_config.h>
#include <http_log.h>
#include <http_main.h>

#include "domain/env.h"
#include "faces/face.h"

APLOG_USE_MODULE(rcapi);

/* Ids of our log messages; four digits, each used once. */
#define RCLOGNO(n) "RC" #n ": "

#define RC_HANDLER "rcapi"

/* A place where this module answers, or (not ours) where something else was told to. */
typedef struct rc_mount_t {
    const char *path; /* no slash at its end; "" = the whole server */
    bool ours;
    bool section; /* from a <Location>, which httpd applies after what stands outside */
} rc_mount_t;

/* One environment of a process, shared by all servers with the same settings. */
typedef struct rc_slot_t rc_slot_t;

/* Settings of a server. Not set: NULL, or -1. */
typedef struct rc_server_conf_t {
    const char *db_path, *db_sync;
    int db_min, db_max;
    const char *repo_root, *secret_file, *temp_dir;
    apr_off_t temp_max;
    const char *api_level, *site_title;
    int reveal_keys;
    const char *archive_cache; /* "" = none are kept */
    apr_off_t archive_cache_size;
    int expensive_max, password_max, feed_items, feed_diff, feed_diff_bytes;
    apr_off_t range_bytes;
    int range_seconds;
    apr_array_header_t *remote_schemes; /* of const char * */
    int remote_private;
    int remote_timeout; /* seconds */
    int remote_max, remote_user_max;
    apr_off_t remote_max_size;
    apr_array_header_t *mounts; /* of rc_mount_t, in the order of the configuration */
    rc_slot_t *slot;            /* from post_config on; NULL: nothing is mounted here */
} rc_server_conf_t;

/* Settings of a place (<Location>). Not set: NULL, or -1. */
typedef struct rc_dir_conf_t {
    const char *mount;             /* as rc_mount_t.path; rc_http_unmounted: not ours */
    apr_array_header_t *whitelist; /* of const char * */
    int key_in_query, trust_login;
    apr_off_t max_body;
    const char *base_url;
} rc_dir_conf_t;

/* What is remembered of one request of ours. */
typedef struct rc_note_t {
    const char *query_key, *header_key; /* as sent, taken out of the request */
    char *sent_query;                   /* with its key */
    const char *sent_uri;               /* not decoded, no key taken out of it; or NULL */
    const char *login;                  /* r->user, when we have checked the password */

    /* the question to a face; NULL before rc_http_decide */
    apr_pool_t *work;      /* for the answer's making: ends before a spool is sent */
    rc_request_t *request; /* in it */
    const rc_face_t *face; /* NULL: the URL is nobody's */
    rc_answer_t *answer;   /* with the verdict, or ... */
    rc_err_t *err;         /* ... why there is none */
    const char *asked_by;  /* r->user at the time of the verdict */
    int body_failure;      /* the status of a body that cannot be read; 0: it can */
} rc_note_t;

/* config.c */
extern const command_rec rc_http_directives[];

/* settings.c */
void *rc_http_create_server_conf(apr_pool_t *pool, server_rec *s);
void *rc_http_merge_server_conf(apr_pool_t *pool, void *base, void *over);
void *rc_http_create_dir_conf(apr_pool_t *pool, char *path);
void *rc_http_merge_dir_conf(apr_pool_t *pool, void *base, void *over);
rc_server_conf_t *rc_http_server_conf(const server_rec *s);
rc_dir_conf_t *rc_http_dir_conf(const request_rec *r);

/** The settings of @a conf with the defaults filled in. */
void rc_http_resolve(rc_env_config_t *out, const rc_server_conf_t *conf, apr_pool_t *pool);

/** The limit on request bodies of a place. */
apr_size_t rc_http_max_body(const rc_dir_conf_t *conf);

/* mount.c */
extern const char rc_http_unmounted[];
const char *rc_http_set_handler(cmd_parms *cmd, void *dconf, const char *arg);

/** Is @a path (decoded) below a place of ours? Before httpd has looked for its configuration. */
bool rc_http_is_below_mount(const rc_server_conf_t *conf, const char *path);

/** Does @a conf have us mounted anywhere? */
bool rc_http_is_mounted(const rc_server_conf_t *conf);

/** Before httpd knows which section a URL belongs to: is it below a mount? In doubt, yes. */
bool rc_http_may_be_ours(const request_rec *r);

/** Where @a path continues behind @a mount ("/" at its end); NULL when it is not below it. */
const char *rc_http_behind(const char *mount, const char *path);

/** The part of the URL behind the mount, beginning with "/"; NULL when the request is not ours. */
const char *rc_http_path(const request_rec *r);

/* path.c */
int rc_http_keep_path(request_rec *r);

/** rc_http_path as the client sent it (%XX), so that an escaped slash is not taken for another. */
const char *rc_http_sent_path(request_rec *r);

/* check.c: when the server starts */
int rc_http_check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s);

/* warn.c */

/** Warns of what is allowed and seldom meant: at a start, in the log; with httpd -t, to its user.
 */
void rc_http_warn(const server_rec *main, apr_pool_t *pool);

/** Why the account of the children cannot write in @a directory: an errno; 0: it can. */
int rc_http_folder_error(const char *folder);

/* environment.c: databases and repositories of this process */
int rc_http_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s);
void rc_http_child_init(apr_pool_t *pchild, server_rec *s);

/** Until @a pool ends, this process is at work for us: see environment.c. */
void rc_http_at_work(apr_pool_t *pool);

/** The environment for @a r, or NULL while it cannot be opened (which is logged). */
rc_env_t *rc_http_env(const request_rec *r);

/** True when some server of this configuration has us mounted. */
bool rc_http_in_use(void);

/* hide.c */
void rc_http_hush(request_rec *r, conn_rec *c);
int rc_http_hide_keys(request_rec *r);
int rc_http_hide_unknown(request_rec *r);
void rc_http_hide_refused(request_rec *r);
int rc_http_hide_from_logs(request_rec *r);

/** Before the connection changes to HTTP/2, which makes the same request anew: puts keys back. */
int rc_http_return_keys(conn_rec *c, request_rec *r, server_rec *s, const char *protocol);

/* clean.c: replaces keys by *** */

/** In one string of the request, which may be NULL. */
void rc_http_hide_in(char **text, apr_pool_t *pool);

/** In the request line and the query; in the headers; in those that only describe the client; in
 * URL and file name; in all of them, and in what modules noted. */
void rc_http_hide_query(request_rec *r);
void rc_http_hide_headers(request_rec *r);
void rc_http_hide_description(request_rec *r);
void rc_http_hide_place(request_rec *r);
void rc_http_hide_all(request_rec *r);

/* veil.c */

void rc_http_veil_open(void);

/** Replaces keys and logins in the headers by ***, until rc_http_unveil puts them back. */
void rc_http_veil(request_rec *r);
int rc_http_unveil(request_rec *r);

/** What logs may show of a header; @a value itself when that is all of it. */
const char *rc_http_shown_header(const char *name, const char *value, apr_pool_t *pool);

/* keys.c */

/** Takes the keys of @a r into @a note, and puts *** in their place. @a decoded: httpd has decoded
 * the URL. */
void rc_http_take_keys(rc_note_t *note, request_rec *r, bool decoded);

/* request.c */

/** The note of @a r; the first call makes it. The second one is for the time before httpd decodes
 * the URL; the third returns NULL when there is none yet, or no request. */
rc_note_t *rc_http_note(request_rec *r);
rc_note_t *rc_http_early_note(request_rec *r);
rc_note_t *rc_http_existing_note(const request_rec *r);

/** Drops the verdict, and with it the database connection and the repository it holds. */
void rc_http_forget_verdict(rc_note_t *note);

/* path.c */

/** httpd's directory walk is spared: no file stands behind our URLs. */
int rc_http_translate_name(request_rec *r);
int rc_http_map_to_storage(request_rec *r);

/* access.c */

/** The note of @a r with a face's verdict (answer or err) for r->user. */
rc_note_t *rc_http_decide(request_rec *r);

/** Logs, at the level info, why a request was refused. */
void rc_http_log_refusal(request_rec *r, const rc_answer_t *answer);

/* serve.c */
int rc_http_handler(request_rec *r);

/* client.c */

/** Has the client of @a r (a request_rec) gone? Cheap; never blocks. */
bool rc_http_client_gone(void *r);

/* login.c */

/** Names us to AuthBasicProvider and Require. */
void rc_http_register_logins(apr_pool_t *pool);

/** When an error page is made: 503 for what failed only because too many passwords are checked. */
void rc_http_answer_busy(request_rec *r);

/* body.c */

/** The reader of the request's body, in the pool of @a note's work. */
rc_body_t *rc_http_body(request_rec *r, rc_note_t *note);

/** Before the answer goes out: ends the connection behind it when what is left of the body is more
 * than httpd should read and throw away. */
void rc_http_end_body(request_rec *r, const rc_body_t *body);

/** The same for a body of which nothing was read. */
void rc_http_skip_body(request_rec *r);

/* type.c */
int rc_http_type_checker(request_rec *r);

/** What httpd's modules take a file called @a name for; NULL when they know no type. For
 * rc_request_t: @a baton is the request_rec. */
const char *rc_http_type_of(void *baton, const char *name, apr_pool_t *pool);

/* out.c */

/** Sets what @a answer says of its headers; the second call adds what was set since. */
void rc_http_set_headers(request_rec *r, rc_answer_t *answer);

/** Sends what the answer's spool holds, with the headers that are set. */
int rc_http_send_spool(request_rec *r, rc_answer_t *answer);

/** Answers HEAD for a body of @a length bytes that nobody made. */
int rc_http_send_head(request_rec *r, apr_off_t length);

/** Sends a short text (NULL: the status' own words) instead of what was asked for; headers that
 * @a answer has stand in place of the usual ones. */
int rc_http_send_refusal(request_rec *r, rc_answer_t *answer);

/** Appends @a size bytes of @a file, from @a start on, to @a bb. The file outlives the request. */
rc_err_t *rc_http_insert_file(apr_bucket_brigade *bb, apr_file_t *file, apr_off_t start,
                              apr_off_t size, request_rec *r);

/* stream.c */

/**
 * Sends what the answer's stream makes, as it is made. An error (with nothing sent) when it fails
 * before its first piece; what fails later is logged and cuts the answer. The stream is closed.
 */
rc_err_t *rc_http_send_stream(request_rec *r, rc_answer_t *answer);

/* log.c */

/** Sends what the parts below log to httpd's log, as a line of @a r while a request runs. */
void rc_http_log_open(void);
void rc_http_log_request(const request_rec *r);

/** The id by which warnings and errors of @a r are found in the log; NULL: there are none. */
const char *rc_http_request_id(const request_rec *r);

/** " (request <id>)" for a line of the log. */
const char *rc_http_request_words(const request_rec *r);

/** Logs an error that ends a request. */
void rc_http_log_err(const request_rec *r, const rc_err_t *err);

#endif
