// SPDX-License-Identifier: Apache-2.0
/*
 * The method table and what a method works with. A method is one row and one function beside it,
 * in src/faces/api/methods/. The row states name, who may call, parameters and the failure text;
 * when the function runs, its arguments are checked, loaded and permitted.
 */
#ifndef RC_FACES_API_METHOD_H
#define RC_FACES_API_METHOD_H

#include <json-c/json.h>

#include "domain/actor.h"
#include "domain/user.h"
#include "vcs/vcs.h"
#include "store/journal.h"
#include "base/json.h"
#include "store/repo.h"
#include "faces/api.h"
#include "store/user.h"

/* Texts of contract 02 §0 that several methods share. */
#define RC_MSG_INTERNAL "Internal server error"
#define RC_MSG_SELF     "userid is not the same as your user"

/* What an argument is turned into before the method runs. */
typedef enum {
    RC_ANY,        /* any JSON value: rc_arg_json */
    RC_TEXT,       /* text; a number is its decimal text: rc_arg_text */
    RC_NAME,       /* the same for what something will be called: no null, no boolean */
    RC_BOOL,       /* contract 00 §5.1: rc_arg_bool */
    RC_USER,       /* an existing user: rc_arg_user */
    RC_SELF,       /* the same, and only super-admins may name somebody else */
    RC_AUTHOR,     /* the same, and only who administers `repoid` may name somebody else */
    RC_REPO,       /* an existing repository on which the caller has the level `need` */
    RC_REPO_GROUP, /* likewise */
    RC_USER_GROUP, /* likewise */
    RC_PERM        /* a permission name that fits the row's first parameter, an object */
} rc_type_t;

/* The parameters, RC_P_REPOID for "repoid": params.def. */
typedef enum {
    RC_P_NONE,
#define X(id, name) RC_P_##id,
#include "params.def"
#undef X
    RC_P_COUNT
} rc_param_id_t;

#define RC_REQUIRED NULL
#define RC_CALLER   "<OptionalAttr:apiuser>" /* default: whoever calls */

typedef struct rc_param_t {
    rc_param_id_t id;
    rc_type_t type;
    const char *def; /* RC_REQUIRED, RC_CALLER, or as Python prints it: '' 'x' None True False -1 */
    rc_level_t need; /* level needed on an object */
    const char *alias; /* a second name, or NULL */
    const char *lead; /* begins the text for a caller who may see the object, but lacks the level */
    bool last;        /* looked at after all the others (RC_PERM: only its prefix) */
} rc_param_t;

/* Rows of parameters: an argument; an object with the level needed on it; with a second name. */
#define RC_ARG(n, t, d)                                                                            \
    {                                                                                              \
        .id = (n), .type = (t), .def = (d)                                                         \
    }
#define RC_OBJECT(n, t, d, level)                                                                  \
    {                                                                                              \
        .id = (n), .type = (t), .def = (d), .need = (level)                                        \
    }
#define RC_OBJECT2(n, t, d, level, a)                                                              \
    {                                                                                              \
        .id = (n), .type = (t), .def = (d), .need = (level), .alias = (a)                          \
    }
/* A required object, with the level needed and a second name, looked at after all the others. */
#define RC_OBJECT_LAST(n, t, level, a)                                                             \
    {                                                                                              \
        .id = (n), .type = (t), .def = RC_REQUIRED, .need = (level), .alias = (a), .last = true    \
    }

#define RC_PARAMS(...)                                                                             \
    (const rc_param_t[])                                                                           \
    {                                                                                              \
        __VA_ARGS__,                                                                               \
        {                                                                                          \
            RC_P_NONE                                                                              \
        }                                                                                          \
    }
#define RC_NO_PARAMS ((const rc_param_t[]){{RC_P_NONE}})

/* Who may call. A type of its own, so that a row that forgets it does not compile. */
typedef struct rc_allow_t {
    enum { RC_ALLOW_ANYONE = 1, RC_ALLOW_ADMINS, RC_ALLOW_HOLDERS } who;
    const char *permission;
} rc_allow_t;

#define RC_ANYONE                                                                                  \
    ((rc_allow_t){.who = RC_ALLOW_ANYONE}) /* any valid key; objects may need a level */
#define RC_ADMINS ((rc_allow_t){.who = RC_ALLOW_ADMINS}) /* super-admins */
/* Super-admins, and who has the global permission. */
#define RC_HOLDERS(name) ((rc_allow_t){RC_ALLOW_HOLDERS, (name)})

/* Flags of a row. Without RC_ALONE and RC_AWAY the method reads, in one snapshot. */
#define RC_ALONE 2 /* runs outside of transactions, for use cases that start their own */
#define RC_OLD   4 /* serves the 1.2 dialect only (requests without id) */
#define RC_AWAY  8 /* reads a repository: runs without a database connection (call->db is NULL) */

typedef struct rc_call_t rc_call_t;
typedef rc_err_t *rc_call_fn_t(rc_call_t *call, void *baton);

typedef struct rc_method_t {
    const char *name;
    rc_err_t *(*run)(rc_call_t *call, rc_json_t *out);
    rc_allow_t allow;
    unsigned flags;
    const rc_param_t *params;
    const char *failure; /* answered when it fails, see rc_call_text; NULL = none */
    const char *help;
} rc_method_t;

typedef struct rc_arg_t {
    bool present, given; /* present: named in the request; given: and not null */
    json_object *value;
    const char *sent; /* how it reads in messages */
    const char *text; /* RC_TEXT, RC_NAME: the value or the default */
    bool truth;       /* RC_BOOL */
    const void *row;  /* rc_user_t, rc_repo_t ... */
    const char *name; /* of the row */
    apr_int64_t id;   /* of the row */
} rc_arg_t;

/* Are extra fields of repositories shown on this server? */
typedef enum { RC_FIELDS_UNKNOWN, RC_FIELDS_SHOWN, RC_FIELDS_HIDDEN } rc_fields_t;

struct rc_call_t {
    rc_env_t *env;
    const rc_rpc_request_t *request;
    apr_pool_t *pool;
    rc_actor_t actor; /* carries out what is asked for; has the connection and the caller */
    const char *key;  /* NULL: the command line, as the first super-admin */
    const rc_method_t *method;
    json_object *args_sent;    /* an object, or NULL */
    rc_arg_t args[RC_P_COUNT]; /* of the row's parameters, by their id */
    bool old;                  /* 1.2 dialect */
    rc_fields_t fields;        /* of a list of repositories, see rc_render_repos_begin */
    const void *result;        /* what a transaction of an RC_ALONE method hands out */
    rc_json_t *out;            /* where the result goes */
    rc_call_fn_t *plan;        /* of rc_call_plan, with its request */
    void *planned;
    rc_call_fn_t *answer; /* set by the method: writes its result, inside of the transaction */
};

/* The argument of a parameter; one that the row does not have was not given. */
bool rc_arg_given(const rc_call_t *call, rc_param_id_t id);
bool rc_arg_present(const rc_call_t *call, rc_param_id_t id);
const char *rc_arg_text(const rc_call_t *call, rc_param_id_t id);
bool rc_arg_bool(const rc_call_t *call, rc_param_id_t id);
const char *rc_arg_sent(const rc_call_t *call, rc_param_id_t id);
json_object *rc_arg_json(const rc_call_t *call, rc_param_id_t id);
const rc_user_t *rc_arg_user(const rc_call_t *call, rc_param_id_t id);
const rc_repo_t *rc_arg_repo(const rc_call_t *call, rc_param_id_t id);
const rc_repo_group_t *rc_arg_repo_group(const rc_call_t *call, rc_param_id_t id);
const rc_user_group_t *rc_arg_user_group(const rc_call_t *call, rc_param_id_t id);

/** The same of an argument that need not be sent: NULL when it was not, or null. */
const bool *rc_arg_flag(const rc_call_t *call, rc_param_id_t id);
const char *rc_arg_given_text(const rc_call_t *call, rc_param_id_t id);

/** Whom the argument `owner` names. */
rc_err_t *rc_arg_owner(rc_owner_t *owner, rc_call_t *call);

/** {"msg": @a msg, "success": true}, with the words in braces replaced. */
rc_err_t *rc_call_answer_success(rc_json_t *out, rc_call_t *call, const char *msg);

/** The same with "task": null. */
rc_err_t *rc_call_answer_task(rc_json_t *out, rc_call_t *call, const char *msg);

/** Messages show @a text for this argument from now on (a cleaned name). */
void rc_arg_rename(rc_call_t *call, rc_param_id_t id, const char *text);

/**
 * A text of the contract with its words in braces replaced: {arg} as sent; of the object that it
 * names {arg.name}, {arg.id}, and {arg.last}, the last part of its path.
 */
const char *rc_call_text(const rc_call_t *call, const char *text);

/** Has the method's row this parameter? */
bool rc_has_param(const rc_call_t *call, rc_param_id_t id);

/** The name that clients send. */
const char *rc_param_name(rc_param_id_t id);

/** Checks, converts and loads all arguments, in signature order, and the rights they need. */
rc_err_t *rc_args_bind(rc_call_t *call);

/** Logs, at info, the names of sent arguments that the method does not have. */
void rc_args_log_unknown(const rc_call_t *call);

/** Finds a user as clients name one: id, or name. *@a out is NULL when there is none. */
rc_err_t *rc_find_user(rc_user_t **out, rc_call_t *call, json_object *value);

/** Finds an object as clients name one, with the caller's level on it; NULL when there is none. */
rc_err_t *rc_find_repo(rc_repo_t **out, rc_call_t *call, json_object *value);
rc_err_t *rc_find_repo_group(rc_repo_group_t **out, rc_call_t *call, json_object *value);
rc_err_t *rc_find_user_group(rc_user_group_t **out, rc_call_t *call, json_object *value);

/** The id that @a value may be: a JSON integer, or text of digits; with @a blanks also text with a
 * sign and blanks around. */
bool rc_value_id(apr_int64_t *id, json_object *value, bool blanks);

/** How a value reads in a message: None, True, decimal, or the text itself; NULL for the rest. */
const char *rc_value_text(json_object *value, apr_pool_t *pool);

/** Makes the actor of a call that has its environment, request and pool. */
rc_err_t *rc_call_open(rc_call_t *call);

/** Identifies the caller and binds the arguments. */
rc_err_t *rc_call_check(rc_call_t *call);

/**
 * Fills the @a request of a use case from the arguments by @a plan: now, and again in the use
 * case's transaction, when caller and arguments were checked and loaded anew.
 */
rc_err_t *rc_call_plan(rc_call_t *call, rc_call_fn_t *plan, void *request);

/** rc_actor_away for a method. */
rc_err_t *rc_call_away(rc_call_t *call, rc_call_fn_t *fn, void *baton);

/** The method of this name in this dialect, or NULL. */
const rc_method_t *rc_method_find(const char *name, bool old);

/** What is wrong with a row: a parameter twice, a word of the failure text that is none of them. */
rc_err_t *rc_method_check(const rc_method_t *method, apr_pool_t *pool);

/** Calls @a fn for every row. */
rc_err_t *rc_methods_each(rc_err_t *(*fn)(void *baton, const rc_method_t *method), void *baton);

/* The groups of rows (methods.def), each ended by a row without a name. */
#define X(group) extern const rc_method_t rc_methods_##group[];
#include "methods.def"
#undef X

/* Results (contract 02 §1). */
typedef enum { RC_KEYS_MASKED, RC_KEYS_CLEAR } rc_keys_t;

/** user_obj of the user, its keys clear or masked; without `permissions`. */
rc_err_t *rc_render_user(rc_json_t *out, rc_call_t *call, const rc_user_t *user, rc_keys_t keys);

/** A list of user_obj. */
rc_err_t *rc_render_users(rc_json_t *out, rc_call_t *call, rc_users_t which, apr_int64_t id,
                          rc_keys_t keys);

/** The members of user_obj, without the braces around them. */
rc_err_t *rc_render_user_members(rc_json_t *out, rc_call_t *call, const rc_user_t *user,
                                 rc_keys_t keys);

/** user_obj of @a details, read already; scratch memory from @a pool. */
rc_err_t *rc_render_user_details(rc_json_t *out, rc_call_t *call, const rc_user_details_t *details,
                                 rc_keys_t keys, apr_pool_t *pool);

/** user_group_obj of @a group with these users (rc_user_t *), their keys clear or masked; with @a
 * full also members. */
rc_err_t *rc_render_user_group(rc_json_t *out, rc_call_t *call, const rc_user_group_t *group,
                               rc_keys_t keys, bool full);

/** repo_group_obj of @a group with these repositories (names); with @a full also members. */
rc_err_t *rc_render_repo_group(rc_json_t *out, rc_call_t *call, const rc_repo_group_t *group,
                               const apr_array_header_t *repos, bool full);

/** The members of changeset_obj without diff and refs of a repository of @a type; the empty commit
 * for NULL. */
void rc_render_changeset(rc_json_t *out, const char *type, const rc_commit_t *commit,
                         apr_pool_t *pool);

/** repo_obj; with @a full also members, permissions and followers. */
rc_err_t *rc_render_repo(rc_json_t *out, rc_call_t *call, const rc_repo_t *repo, bool full,
                         apr_pool_t *scratch);

/* A list of repo_obj, by id. Whether extra fields are shown is read once for all. */
typedef struct rc_repo_list_t {
    rc_call_t *call;
    rc_json_t *out;
    apr_int64_t count; /* of those written */
} rc_repo_list_t;

rc_err_t *rc_render_repos_begin(rc_repo_list_t *list);
rc_err_t *rc_render_listed_repo(void *list, const rc_repo_t *repo, apr_pool_t *scratch);
void rc_render_repos_end(rc_repo_list_t *list);

/** The member list of an object under @a key, and again under @a second_key unless that is NULL. */
rc_err_t *rc_render_members(rc_json_t *out, rc_call_t *call, rc_kind_t kind, apr_int64_t object_id,
                            const char *key, const char *second_key);

#endif
