// SPDX-License-Identifier: Apache-2.0
/*
 * Shared declarations of src/http: the settings, the state of a request, and the functions that
 * each file exports.
 */
#ifndef RC_HTTP_H
#define RC_HTTP_H

#include <httpd.h>
#include <http_config.h>
#include <http_log.h>
#include <http_main.h>

#include "domain/env.h"
#include "faces/directive.h"
#include "faces/face.h"

APLOG_USE_MODULE(rcapi);

/* The id of a log message: four digits, each used once. */
#define RCLOGNO(n) "RC" #n ": "

#define RC_HANDLER "rcapi"

/* A <Location> with SetHandler: of this module, or (ours is false) of another handler. */
typedef struct rc_mount_t {
    const char *path; /* without a slash at its end; "" = the whole server */
    bool ours;
    bool section; /* inside a <Location>, which httpd applies after directives outside */
} rc_mount_t;

/* One environment of a process, shared by all servers with the same settings. */
typedef struct rc_slot_t rc_slot_t;

typedef struct rc_server_conf_t {
    apr_array_header_t *mounts; /* of rc_mount_t, in the order of the configuration */
    rc_slot_t *slot;            /* set by post_config; NULL: the module is not mounted here */
} rc_server_conf_t;

/* The groups of settings: each is a struct, with the table of directives that set its members. */
enum {
    RC_GROUP_SERVER, /* rc_env_config_t: the environment's, of a server */
    RC_GROUP_PLACE,  /* rc_http_place_t */
    RC_GROUP_FACES   /* those of the first face in rc_faces; then of the others */
};

/* Settings of a <Location> for all faces. */
typedef struct rc_http_place_t {
    bool key_in_query, trust_login;
    const char *base_url;                /* NULL: from the client's request */
    const apr_array_header_t *whitelist; /* of const char *: Controller:action globs; or NULL */
} rc_http_place_t;

/* The settings of one group in one place: see settings.c. */
typedef struct rc_block_t rc_block_t;

/* All settings of a place: of a server outside of all sections, or of a <Location>. */
typedef struct rc_dir_conf_t {
    const char *mount;   /* as rc_mount_t.path; rc_http_unmounted: another handler's; or NULL */
    bool guards_repos;   /* Require rcapi-repo stands here */
    rc_block_t **blocks; /* by group; NULL: no directive of the group is set here */
} rc_dir_conf_t;

/* A request that is handed over: see door.c. */
typedef struct rc_door_t rc_door_t;

/* A request that goes on without its thread: see parked.h. */
typedef struct rc_parked_t rc_parked_t;

/* The state of one request to this module. */
typedef struct rc_note_t rc_note_t;
struct rc_note_t {
    const char *header_key; /* as sent; removed from the request */
    const char *args;       /* r->args with its keys; or NULL */
    char *sent_query;       /* the query of the URL with its keys */
    const char *sent_uri;   /* not decoded, with its keys; or NULL */
    const char *login;      /* r->user, if this module checked the password; else NULL */
    const char *basic_user, *basic_password; /* that httpd did not check; or NULL */
    const rc_note_t *outer; /* of the request that this one copies: see request.c; or NULL */

    /* request to and verdict of the face; NULL before rc_http_decide */
    apr_pool_t *work;      /* for making the answer; destroyed before a spool is sent */
    rc_request_t *request; /* lives in `work` */
    const char *const *key_names, *query_key; /* names NULL: not looked for; in `work` */
    const rc_face_t *face;                    /* NULL: no face claims the URL */
    rc_answer_t *answer;                      /* holds the verdict, unless err is set */
    rc_err_t *err;                            /* the error that prevented a verdict; or NULL */
    const char *asked_by;                     /* r->user at the time of the verdict */
    rc_door_t *door;             /* while another handler serves the request; else NULL */
    rc_parked_t *parked;         /* while it goes on without its thread; else NULL */
    apr_time_t began;            /* on rc_clock() */
    const char *measured, *view; /* the face that answers (NULL: none yet); see rc_answer_t.view */
    int body_failure;            /* the status for a body that cannot be read; 0: none */
    const char *clean_request, *clean_uri, *clean_query; /* texts that are clean: see clean.c */
};

/* config.c */

/** Returns the number of groups of settings, and the directives of one. */
int rc_http_groups(void);
const rc_directives_t *rc_http_group(int group);

/* command.c */

/** Returns httpd's table of all directives, from malloc; NULL when memory is short. */
const command_rec *rc_http_commands(void);

/* value.c */

/** Parses @a text and sets the value at @a member, which @a row describes. Returns NULL, or what
 * the text is not: "a number from 1 to 10". Copies into @a pool. */
const char *rc_http_read_value(void *member, const rc_directive_t *row, const char *text,
                               apr_pool_t *pool);
/** Returns what messages may show of the text of a value. */
const char *rc_http_shown_value(const rc_directive_t *row, const char *text);
/** Returns the list at @a member, and creates it in @a pool if there is none. */
apr_array_header_t *rc_http_list(void *member, apr_pool_t *pool);

/* settings.c */
void *rc_http_create_server_conf(apr_pool_t *pool, server_rec *s);
void *rc_http_merge_server_conf(apr_pool_t *pool, void *base, void *over);
void *rc_http_create_dir_conf(apr_pool_t *pool, char *path);
void *rc_http_merge_dir_conf(apr_pool_t *pool, void *base, void *over);
rc_server_conf_t *rc_http_server_conf(const server_rec *s);
rc_dir_conf_t *rc_http_dir_conf(const request_rec *r);

/** Returns the member that @a row sets in @a conf, and marks it as set. It is zero at first. */
void *rc_http_member(rc_dir_conf_t *conf, const rc_directive_t *row, apr_pool_t *pool);

/** Returns the struct of a group for @a r, with the defaults of what is not set. */
const void *rc_http_settings(const request_rec *r, int group);
const rc_http_place_t *rc_http_place(const request_rec *r);

/** Copies the settings of a server that are set to the struct @a values of the group. */
void rc_http_apply(void *values, const server_rec *s, int group);

/** Returns whether two structs of a group hold the same settings. */
bool rc_http_same_settings(const void *a, const void *b, int group);

/* resolve.c */

/** Fills @a out with the settings of @a s and the defaults. */
void rc_http_resolve(rc_env_config_t *out, const server_rec *s, apr_pool_t *pool);

/* mount.c */
extern const char rc_http_unmounted[];
const char *rc_http_set_handler(cmd_parms *cmd, void *dconf, const char *arg);

/** Returns whether @a path (decoded) is below a mount; usable before httpd has found the
 * configuration of the URL. */
bool rc_http_is_below_mount(const rc_server_conf_t *conf, const char *path);

/** Returns whether @a conf has a mount of this module. */
bool rc_http_is_mounted(const rc_server_conf_t *conf);

/** Returns whether the URL is below a mount, before httpd knows its <Location>. True in doubt. */
bool rc_http_may_be_ours(const request_rec *r);

/** Returns the rest of @a path after @a mount, at least "/"; NULL when it is not below. */
const char *rc_http_behind(const char *mount, const char *path);

/** Returns the decoded path after the mount, with a leading "/"; NULL when the request is not for
 * this module. */
const char *rc_http_path(const request_rec *r);

/* path.c */
int rc_http_keep_path(request_rec *r);

/** Returns rc_http_path as the client sent it (%XX), so that escaped slashes can be recognized. */
const char *rc_http_sent_path(request_rec *r);

/** Returns r->uri with the keys that keys.c has hidden; r->uri itself when there are none, or when
 * it was changed since. */
char *rc_http_whole_uri(request_rec *r);

/** Skip httpd's directory walk: no file exists for the URLs of this module. */
int rc_http_translate_name(request_rec *r);
int rc_http_map_to_storage(request_rec *r);

/* check.c: runs when the server starts */
int rc_http_check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s);

/* warn.c */

/** Warns of settings that are allowed but usually mistakes: at a start in the log, with httpd -t on
 * standard error. */
void rc_http_warn(const server_rec *main, apr_pool_t *pool);

/** Returns 0 when httpd's children can write in @a folder, else the errno. */
int rc_http_folder_error(const char *folder);

/* environment.c: databases and repositories of this process */
int rc_http_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s);
void rc_http_child_init(apr_pool_t *pchild, server_rec *s);

/** Marks this process as busy until @a pool ends: see environment.c. */
void rc_http_at_work(apr_pool_t *pool);

/** Returns the environment for @a r, or NULL while it cannot be opened (which is logged). */
rc_env_t *rc_http_env(const request_rec *r);

/** Returns whether any server of this configuration has a mount of this module. */
bool rc_http_in_use(void);

/* hide.c */
void rc_http_hush(request_rec *r, conn_rec *c);
int rc_http_hide_keys(request_rec *r);
int rc_http_hide_unknown(request_rec *r);
void rc_http_hide_refused(request_rec *r);
int rc_http_hide_from_logs(request_rec *r);

/** Restores the keys before an upgrade to HTTP/2, which creates the request anew. */
int rc_http_return_keys(conn_rec *c, request_rec *r, server_rec *s, const char *protocol);

/* clean.c: replaces keys by *** */

/** In @a *text, which may be NULL. */
void rc_http_hide_in(char **text, apr_pool_t *pool);

/** In the request line and the query; in the headers; in Referer and User-Agent; in the URL and the
 * file name; in all of these, and in notes and variables of modules. */
void rc_http_hide_query(request_rec *r);
void rc_http_hide_headers(request_rec *r);
void rc_http_hide_description(request_rec *r);
void rc_http_hide_place(request_rec *r);
void rc_http_hide_all(request_rec *r);

/* veil.c */

void rc_http_veil_open(void);

/** Replaces keys and credentials in the headers by ***, until rc_http_unveil restores them. */
void rc_http_veil(request_rec *r);
int rc_http_unveil(request_rec *r);

bool rc_http_is_header(const char *name, const char *header);
/** Returns a header's value for logs; @a value itself when it holds nothing secret. */
const char *rc_http_shown_header(const char *name, const char *value, apr_pool_t *pool);

/* keys.c */

/** Moves the keys of @a r into @a note, and replaces them by ***. @a decoded: httpd has decoded the
 * URL. */
void rc_http_take_keys(rc_note_t *note, request_rec *r, bool decoded);

/** Returns the key in the query of @a note, in a parameter that @a face names; or NULL. */
const char *rc_http_query_key(const rc_note_t *note, const rc_face_t *face, apr_pool_t *pool);

/** Returns the key of Authorization: Bearer or X-Api-Key, or NULL; removes these headers. */
const char *rc_http_header_key(const request_rec *r);
void rc_http_drop_header_key(request_rec *r);

/** Moves name and password of Authorization: Basic into @a note. For the handler: httpd's modules
 * have had the header by then. */
void rc_http_take_basic(rc_note_t *note, request_rec *r);

/* request.c */

/** Return the note of @a r. The first two create it; the second is for hooks that run before httpd
 * decodes the URL. The third returns NULL when there is none, or @a r is NULL. */
rc_note_t *rc_http_note(request_rec *r);
rc_note_t *rc_http_early_note(request_rec *r);
rc_note_t *rc_http_existing_note(const request_rec *r);

/** Drops the verdict, and releases the database connection and the repository that it holds. */
void rc_http_forget_verdict(rc_note_t *note);

/* access.c */

/** Returns the note of @a r with the face's verdict (answer or err) for r->user. */
rc_note_t *rc_http_decide(request_rec *r);

/** Returns the face that claims the URL of @a r, below a mount; or NULL. Drops the verdict. */
const rc_face_t *rc_http_face(request_rec *r);

/** Logs, at the level info, why a request was refused. */
void rc_http_log_refusal(request_rec *r, const rc_answer_t *answer);

/* serve.c */
int rc_http_handler(request_rec *r);

/* dav.c: mod_dav and mod_dav_svn */

/** Finds the modules, when the server @a main starts, and makes them take paths for UTF-8. Before
 * post_config. */
void rc_http_dav_open(server_rec *main, apr_pool_t *pconf);

/** Returns whether they are loaded and serve repositories of @a type. */
bool rc_http_dav_serves(const char *type);

/** Creates the configuration of @a r in which they serve a repository at @a url, its path with the
 * mount. */
rc_err_t *rc_http_dav_configure(ap_conf_vector_t **out, request_rec *r, const char *url,
                                const rc_handover_t *over);

/** Warns, once in all processes, of repositories that nothing serves. */
void rc_http_dav_warn(rc_env_t *env, apr_pool_t *pool);

/* door.c: requests that another handler serves */

/** Prepares for answer->over, or makes the answer a refusal. */
rc_err_t *rc_http_open_door(request_rec *r, rc_note_t *note);

/** Has the request served by the other handler; returns its status. */
int rc_http_pass_door(request_rec *r, rc_note_t *note);

int rc_http_lead_subrequest(request_rec *r);
void rc_http_register_door(void);

/* client.c */

/** Returns whether the client of @a r (a request_rec) has gone. Cheap; never blocks. */
bool rc_http_client_gone(void *r);

/* login.c */

/** Registers the providers for AuthBasicProvider and Require. */
void rc_http_register_logins(apr_pool_t *pool);

/* A note (r->notes) with the user whose password or token this module checked outside the mounts.
 */
#define RC_LOGIN_NOTE "rcapi-login"

/* require_repo.c */

/** Registers the provider of Require rcapi-repo. */
void rc_http_register_require_repo(apr_pool_t *pool);

/* refuse.c: for providers, which cannot choose the answer */

/** Replaces httpd's 401, 403 or 500 for @a r by @a status with @a text as its body (NULL: the
 * status in words), which begins with a letter. The second function takes that back. */
void rc_http_refuse_as(request_rec *r, int status, const char *text);
void rc_http_refuse_not(request_rec *r);
/** Keeps mod_authz_core from logging as an error (AH01631) what this module has logged. */
void rc_http_refuse_quietly(request_rec *r);

/** A hook of error pages, which does it; and the filter that it needs. */
void rc_http_change_status(request_rec *r);
void rc_http_register_refusals(void);

/** Registers the filter that sends files from a map. */
void rc_http_register_mapped(void);

/* body.c */

/** Creates the reader of the request's body, in note->work. */
rc_body_t *rc_http_body(request_rec *r, rc_note_t *note);

/** To be called before the answer is sent: closes the connection after it when the unread rest of
 * the body is too long to be skipped. */
void rc_http_end_body(request_rec *r, const rc_body_t *body);

/** The same for a body that was not read at all. */
void rc_http_skip_body(request_rec *r);

/* type.c */
int rc_http_type_checker(request_rec *r);

/** Returns the media type of a file called @a name by httpd's modules; NULL when unknown. It is an
 * rc_request_t.type_of: @a baton is the request_rec. */
const char *rc_http_type_of(void *baton, const char *name, apr_pool_t *pool);

/* out.c */

/** Sets the headers of @a answer; a second call adds those that were set since. */
void rc_http_set_headers(request_rec *r, rc_answer_t *answer);

/** Sends the content of the answer's spool, with the headers that are set. */
int rc_http_send_spool(request_rec *r, rc_answer_t *answer);

/** Answers HEAD for a body of @a length bytes that was not made; and 304. */
int rc_http_send_head(request_rec *r, apr_off_t length);
int rc_http_send_unchanged(request_rec *r);

/** Sends a refusal: answer->text, or the default text of the status. Headers of @a answer replace
 * the default ones. */
int rc_http_send_refusal(request_rec *r, rc_answer_t *answer);

/** Appends @a size bytes of @a file, from @a start on, to @a bb. It must outlive @a r. */
rc_err_t *rc_http_insert_file(apr_bucket_brigade *bb, apr_file_t *file, apr_off_t start,
                              apr_off_t size, request_rec *r);

/* log.c */

/** Send messages of rc_log to httpd's log; after the second call, as lines of @a r (NULL: of no
 * request). */
void rc_http_log_open(void);
void rc_http_log_request(const request_rec *r);

/** Returns the id of @a r in the log; NULL when no warning or error was logged for it. */
const char *rc_http_request_id(const request_rec *r);

/** Returns " (request <id>)" for a log message, or "". */
const char *rc_http_request_words(const request_rec *r);

/** Logs an error that ends a request. */
void rc_http_log_err(const request_rec *r, const rc_err_t *err);

#endif
