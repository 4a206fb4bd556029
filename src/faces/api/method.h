// SPDX-License-Identifier: Apache-2.0
/*
 * The table of API methods, and the functions that methods use. A method is a row and a function in
 * src/faces/api/methods/. The row states the name, who may call it, the parameters and the failure
 * text. When the function runs, its arguments have been checked and loaded, and the caller has the
 * rights that they need.
 */
#ifndef RC_FACES_API_METHOD_H
#define RC_FACES_API_METHOD_H

#include <json-c/json.h>

#include "domain/actor.h"
#include "domain/identify.h"
#include "domain/user.h"
#include "db/memory.h"
#include "vcs/vcs.h"
#include "store/journal.h"
#include "base/json.h"
#include "store/repo.h"
#include "faces/api.h"
#include "store/user.h"

/* Texts of contract 02 §0 that several methods share. */
#define RC_MSG_INTERNAL "Internal server error"
#define RC_MSG_SELF     "userid is not the same as your user"

/* The type of a parameter: what its argument is converted to before the method runs. */
typedef enum {
    RC_ANY,        /* any JSON value: rc_arg_json */
    RC_TEXT,       /* text; a number becomes its decimal text: rc_arg_text */
    RC_NAME,       /* the same for the name of a new object: no null, no boolean */
    RC_BOOL,       /* contract 00 §5.1: rc_arg_bool */
    RC_YES_NO,     /* the same, without anything that is neither true nor false */
    RC_USER,       /* an existing user: rc_arg_user */
    RC_SELF,       /* the same; other users than the caller for super-admins only */
    RC_AUTHOR,     /* the same; other users than the caller for admins of `repoid` only */
    RC_REPO,       /* an existing repository on which the caller has the level `need` */
    RC_REPO_GROUP, /* likewise */
    RC_USER_GROUP, /* likewise */
    RC_PERM        /* a permission name that fits the row's first parameter, an object */
} rc_type_t;

/* The ids of all parameters in params.def, such as RC_P_REPOID for "repoid". */
typedef enum {
    RC_P_NONE,
#define X(id, name) RC_P_##id,
#include "params.def"
#undef X
    RC_P_COUNT
} rc_param_id_t;

#define RC_REQUIRED NULL
#define RC_CALLER   "<OptionalAttr:apiuser>" /* the default is the caller */

typedef struct rc_param_t {
    rc_param_id_t id;
    rc_type_t type;
    const char *def; /* RC_REQUIRED, RC_CALLER, or as Python prints it: '' 'x' None True False -1 */
    rc_level_t need; /* the level that the caller needs on the object */
    const char *alias; /* a second name, or NULL */
    const char *lead;  /* starts the error text when the caller may read the object, but has not the
                          level */
    bool last;         /* checked after all the others (RC_PERM: only its prefix) */
} rc_param_t;

/* Rows of parameters: a plain argument; an object with a level; both with a second name. */
#define RC_ARG(n, t, d)                                                                            \
    {                                                                                              \
        .id = (n), .type = (t), .def = (d)                                                         \
    }
#define RC_ARG2(n, t, d, a)                                                                        \
    {                                                                                              \
        .id = (n), .type = (t), .def = (d), .alias = (a)                                           \
    }
#define RC_OBJECT(n, t, d, level)                                                                  \
    {                                                                                              \
        .id = (n), .type = (t), .def = (d), .need = (level)                                        \
    }
#define RC_OBJECT2(n, t, d, level, a)                                                              \
    {                                                                                              \
        .id = (n), .type = (t), .def = (d), .need = (level), .alias = (a)                          \
    }
/* A required object with a level and a second name, checked after all the other arguments. */
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

/* Who may call a method. It is a separate type so that a row without it does not compile. */
typedef struct rc_allow_t {
    enum { RC_ALLOW_ANYONE = 1, RC_ALLOW_ADMINS, RC_ALLOW_HOLDERS } who;
    const char *permission;
} rc_allow_t;

#define RC_ANYONE                                                                                  \
    ((rc_allow_t){.who = RC_ALLOW_ANYONE}) /* any valid key; objects may need a level */
#define RC_ADMINS ((rc_allow_t){.who = RC_ALLOW_ADMINS}) /* super-admins */
/* Super-admins, and users with the global permission. */
#define RC_HOLDERS(name) ((rc_allow_t){RC_ALLOW_HOLDERS, (name)})

/* Flags of a row. Without RC_ALONE and RC_AWAY the method only reads, in one snapshot. */
#define RC_ALONE   2  /* runs outside of transactions, for use cases that start their own */
#define RC_OLD     4  /* serves the 1.2 dialect only (requests without id) */
#define RC_LISTS   16 /* reads a long list: must not keep others waiting for a connection */
#define RC_AWAY    8  /* reads a repository, without a database connection (actor.db is NULL) */
#define RC_KEPT    32 /* what it needs can be in memory: its arguments, or its result */
#define RC_RESULTS 64 /* its results are kept (rc_call_keep) */

/* What is wrong with a request, as far as JSON-RPC 2.0 tells it apart (contract 10 §5). */
typedef enum {
    RC_FAULT_OTHER,
    RC_FAULT_KEY,      /* no key, or an invalid one */
    RC_FAULT_ACCESS,   /* a key that is not admitted: role, inactive user, address */
    RC_FAULT_ARGUMENT, /* an argument is missing, or its type or value is wrong */
    RC_FAULT_DATABASE  /* none: there is no connection to the database */
} rc_fault_t;

/* The caller who was identified by a key: one look-up for all calls of a batch. */
typedef struct rc_known_t {
    apr_pool_t *pool;
    const char *key; /* NULL: nobody was identified yet */
    rc_identity_t who;
} rc_known_t;

typedef struct rc_call_t rc_call_t;
typedef rc_err_t *rc_call_fn_t(rc_call_t *call, void *baton);

typedef struct rc_method_t {
    const char *name;
    rc_err_t *(*run)(rc_call_t *call, rc_json_t *out);
    rc_allow_t allow;
    unsigned flags;
    const rc_param_t *params;
    const char *failure; /* the answer when it fails, see rc_call_text; NULL = RC_MSG_INTERNAL */
    const char *help;
} rc_method_t;

typedef struct rc_arg_t {
    bool present, given; /* present: the request has it; given: it is not null either */
    json_object *value;
    const char *sent; /* its text in messages */
    const char *text; /* RC_TEXT, RC_NAME: the value or the default */
    bool truth;       /* RC_BOOL */
    const void *row;  /* rc_user_t, rc_repo_t ... */
    const char *name; /* of the row */
    apr_int64_t id;   /* of the row */
} rc_arg_t;

struct rc_call_t {
    rc_env_t *env;
    const rc_api_request_t *request;
    apr_pool_t *pool;
    rc_actor_t actor;   /* the actor of the use cases; holds the connection and the caller */
    const char *key;    /* NULL: the command line, as the first super-admin */
    apr_int64_t key_id; /* of a task: the key that its call came with; 0: see key */
    rc_known_t *known;  /* of the batch; NULL: the key is looked up */
    rc_fault_t fault;   /* of the request, after an error */
    const rc_method_t *method;
    json_object *args_sent;    /* an object, or NULL */
    rc_arg_t args[RC_P_COUNT]; /* of the row's parameters, by their id */
    bool old;                  /* 1.2 dialect */
    bool checked;              /* the key and the arguments are valid */
    bool has_secret;           /* the result holds something in clear that is stored encrypted */
    apr_array_header_t *keys_written; /* keys in clear that it holds beside that (kept_keys.h) */
    const char *args_text;            /* args_sent as JSON, once it was needed */
    rc_bytes_t kept;                  /* the result, when rc_call_recall has found it */
    rc_json_t *out;                   /* receives the result */
    rc_call_fn_t *plan;               /* set by rc_call_plan, with its request */
    void *planned;
    rc_call_fn_t *answer;   /* set by the method: writes the result inside of the transaction */
    rc_call_fn_t *answered; /* runs after it, with `baton`; or NULL */
    void *baton;
};

/* The argument of a parameter; NULL or false when the row does not have the parameter. */
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

/** The same for an optional argument: NULL when it is absent or null. */
const bool *rc_arg_flag(const rc_call_t *call, rc_param_id_t id);
const char *rc_arg_given_text(const rc_call_t *call, rc_param_id_t id);

/** Finds the user whom the argument `owner` names. *@a owner is {NULL, NULL} when it is absent or
 * null; owner->user is NULL when there is no such user. */
rc_err_t *rc_arg_owner(rc_owner_t *owner, rc_call_t *call);

/** Writes {"msg": @a msg, "success": true}, with @a msg as rc_call_text returns it. */
rc_err_t *rc_call_answer_success(rc_json_t *out, rc_call_t *call, const char *msg);

/** The same with the id of a task (NULL: null). */
rc_err_t *rc_call_answer_task(rc_json_t *out, rc_call_t *call, const char *msg, const char *task);

/** Sets the text of this argument in messages (such as a cleaned name). Does not copy @a text. */
void rc_arg_rename(rc_call_t *call, rc_param_id_t id, const char *text);

/**
 * Returns a text of the contract, in the call's pool, with the words in braces replaced: {arg} by
 * the argument as sent; {arg.name}, {arg.id} and {arg.last} by the name, the id and the last part
 * of the path of the object that it names.
 */
const char *rc_call_text(const rc_call_t *call, const char *text);

/** Returns @a err, and notes that an argument is wrong (RC_FAULT_ARGUMENT) if it is not NULL. */
rc_err_t *rc_arg_fault(rc_call_t *call, rc_err_t *err);

/** True when the method's row has this parameter. */
bool rc_has_param(const rc_call_t *call, rc_param_id_t id);

/** Returns the name of a parameter as clients send it. */
const char *rc_param_name(rc_param_id_t id);

/** Checks, converts and loads all arguments in signature order, and checks the rights that the
 * method and they need. Returns RC_E_ARG, RC_E_FORBIDDEN or RC_E_FAILED for the client's faults. */
rc_err_t *rc_args_bind(rc_call_t *call);

/** True when the method has all arguments that were sent. */
bool rc_args_are_known(const rc_call_t *call);

/** Logs the names of sent arguments that the method does not have, at level info. */
void rc_args_log_unknown(const rc_call_t *call);

/** Finds a user by id or name (contract 00 §6). *@a out is NULL when there is none, else in the
 * call's pool. */
rc_err_t *rc_find_user(rc_user_t **out, rc_call_t *call, json_object *value);

/** Find an object by id or name, with the caller's level on it. *@a out is NULL when there is none
 * or the caller may not read it. */
rc_err_t *rc_find_repo(rc_repo_t **out, rc_call_t *call, json_object *value);
rc_err_t *rc_find_repo_group(rc_repo_group_t **out, rc_call_t *call, json_object *value);
rc_err_t *rc_find_user_group(rc_user_group_t **out, rc_call_t *call, json_object *value);

/** Sets *@a id and returns true when @a value can be an id: a JSON integer or a text of digits;
 * with
 * @a blanks the text may have a sign and blanks around it. */
bool rc_value_id(apr_int64_t *id, json_object *value, bool blanks);

/** Returns the text of a value in messages: None, True, False, a decimal number or the text itself;
 * NULL for lists and objects. */
const char *rc_value_text(json_object *value, apr_pool_t *pool);

/** Returns whether a value is true, in any of the forms of contract 00 §5.1. */
bool rc_value_truth(json_object *value);

/** Returns a value as JSON on one line, in @a pool; RC_E_INTERNAL without memory. */
rc_err_t *rc_value_json(const char **text, json_object *value, apr_pool_t *pool);

/** Prepares the actor of a call, whose environment, request and pool are set. It has no database
 * connection yet. */
void rc_call_begin(rc_call_t *call);

/** Identifies the caller (call->actor.caller) and binds the arguments (rc_args_bind), unless the
 * result is found (rc_call_recall). */
rc_err_t *rc_call_check(rc_call_t *call);

/**
 * Fills the @a request of a use case from the arguments by calling @a plan: now, and again in the
 * transaction of the use case, after the caller and the arguments have been checked and loaded
 * again.
 */
rc_err_t *rc_call_plan(rc_call_t *call, rc_call_fn_t *plan, void *request);

/** Runs @a fn without the database connection, as rc_actor_away does. */
rc_err_t *rc_call_away(rc_call_t *call, rc_call_fn_t *fn, void *baton);

/** Returns the method called @a name in the current or the @a old (1.2) dialect; NULL when there is
 * none. */
const rc_method_t *rc_method_find(const char *name, bool old);

/** Returns RC_E_INTERNAL for a row that is wrong: it has a parameter twice, or its failure text
 * names a parameter that it does not have. */
rc_err_t *rc_method_check(const rc_method_t *method, apr_pool_t *pool);

/** Calls @a fn for every row of the table. */
rc_err_t *rc_methods_each(rc_err_t *(*fn)(void *baton, const rc_method_t *method), void *baton);

/* The groups of rows (methods.def), each ended by a row without a name. */
#define X(group) extern const rc_method_t rc_methods_##group[];
#include "methods.def"
#undef X

/* Results (contract 02 §1). */
typedef enum { RC_KEYS_MASKED, RC_KEYS_CLEAR } rc_keys_t;

/** Return whether the caller sees the keys of any user, and of a user whom they may see whole, in
 * clear: no narrow key does (contract 10 §6). */
rc_keys_t rc_call_keys(const rc_call_t *call);
rc_keys_t rc_call_own_keys(const rc_call_t *call);

/** Writes the user_obj of @a user, with the keys clear or masked, without `permissions`. */
rc_err_t *rc_render_user(rc_json_t *out, rc_call_t *call, const rc_user_t *user, rc_keys_t keys);

/** The same for @a details, which the caller has read; scratch memory from @a pool. */
rc_err_t *rc_render_user_details(rc_json_t *out, rc_call_t *call, const rc_user_details_t *details,
                                 rc_keys_t keys, apr_pool_t *pool);

/** Writes a list of user_obj: the users that @a which selects; @a id is that of their group or
 * repository. */
rc_err_t *rc_render_users(rc_json_t *out, rc_call_t *call, rc_users_t which, apr_int64_t id,
                          rc_keys_t keys);

/** Writes the list of those who follow a repository, with the keys that the caller sees. */
rc_err_t *rc_render_followers(rc_json_t *out, rc_call_t *call, apr_int64_t repo_id);

/** Writes the objects of such a list without the brackets; @a page, of all users, may be NULL. */
rc_err_t *rc_render_listed_users(rc_json_t *out, rc_call_t *call, rc_users_t which, apr_int64_t id,
                                 const rc_slice_t *page, rc_keys_t keys);

/** Writes the members of a user_obj without the braces around them. */
rc_err_t *rc_render_user_members(rc_json_t *out, rc_call_t *call, const rc_user_t *user,
                                 rc_keys_t keys);

/** Writes the user_group_obj of @a group and its users, with their keys clear or masked; with @a
 * full also the members. */
rc_err_t *rc_render_user_group(rc_json_t *out, rc_call_t *call, const rc_user_group_t *group,
                               rc_keys_t keys, bool full);

/** Writes the user_group_obj that the caller may read, without the brackets of their list. */
rc_err_t *rc_render_user_groups(rc_json_t *out, rc_call_t *call, const rc_slice_t *page,
                                rc_keys_t keys);

/** Writes the repo_group_obj of @a group with the names @a repos; with @a full also the members. */
rc_err_t *rc_render_repo_group(rc_json_t *out, rc_call_t *call, const rc_repo_group_t *group,
                               const apr_array_header_t *repos, bool full);

/* What is written of a file (contract 02 §1.9). */
typedef enum {
    RC_FILE_MINIMAL, /* its name; the content of the node is not needed */
    RC_FILE_BASIC,
    RC_FILE_FULL /* also its content: null for a binary or oversize file */
} rc_file_form_t;

/** Writes the node_obj of a file; a content of more than @a most bytes (-1: no limit) is left out.
 */
rc_err_t *rc_render_file(rc_json_t *out, const rc_node_t *node, rc_file_form_t form,
                         apr_int64_t most);

/** Writes the members of a changeset_obj, without diff and refs, for a repository of @a type; the
 * empty commit when @a commit is NULL. */
void rc_render_changeset(rc_json_t *out, const char *type, const rc_commit_t *commit,
                         apr_pool_t *pool);

/** Returns the URL of the repository with this name, in @a pool. */
const char *rc_render_repo_url(const rc_call_t *call, const char *name, apr_pool_t *pool);

/** Writes the member @a key: the references of a kind, names and ids. */
rc_err_t *rc_render_refs(rc_json_t *out, const char *key, rc_vcs_t *vcs, rc_refs_t kind,
                         apr_pool_t *pool);

/** Writes the members that Kallithea's clients ask get_repo for: references, pull requests. */
rc_err_t *rc_render_kallithea_repo(rc_json_t *out, rc_call_t *call, const rc_repo_t *repo);

/** Writes a repo_obj; with @a full, for get_repo, also members, permissions, followers and what
 * rc_render_kallithea_repo does. */
rc_err_t *rc_render_repo(rc_json_t *out, rc_call_t *call, const rc_repo_t *repo, bool full,
                         apr_pool_t *scratch);

/* Writes the repo_obj of a list. Reads only once whether extra fields are shown. */
typedef struct rc_repo_list_t {
    rc_call_t *call;
    rc_json_t *out;
    bool fields;       /* whether extra fields are shown; set by rc_render_repos_begin */
    apr_int64_t count; /* of objects written */
} rc_repo_list_t;

rc_err_t *rc_render_repos_begin(rc_repo_list_t *list);
rc_err_t *rc_render_listed_repo(void *list, const rc_repo_t *repo, apr_pool_t *scratch);

/** Writes the member list of an object under @a key, and again under @a second_key unless NULL. */
rc_err_t *rc_render_members(rc_json_t *out, rc_call_t *call, rc_kind_t kind, apr_int64_t object_id,
                            const char *key, const char *second_key);

#endif
