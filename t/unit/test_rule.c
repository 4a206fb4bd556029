// SPDX-License-Identifier: Apache-2.0
/*
 * Compares the permission rule in SQL with a naive model of it (rule_model.h), on thousands of
 * random states. RCAPI_SEED=n selects others; the seed is printed. RCAPI_DATABASE=name: in that
 * database in place of a new one of SQLite (t/5g-postgresql-sql.t).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_hash.h>
#include <apr_strings.h>

#include "store/group.h"
#include "store/repo.h"
#include "store/rule.h"
#include "db/sqlite/sqlite.h"

#include "database.h"
#include "patience.h"
#include "rule_known.h"
#include "rule_model.h"
#include "temp.h"

#define STATES_EACH 140 /* a few random changes between them */
#define USERS_EACH  4   /* checked in each state */
#define SVN         2   /* the repository of Subversion, which has a setting of its own */

static const struct {
    const char *table, *id, *name, *user_rows, *group_rows, *row_object, *row_group, *prefix;
} kinds[] = {
    {"repo", "repo_id", "repo_name", "user_repo_permission", "user_group_repo_permission",
     "repo_id", "users_group_id", "r"},
    {"repo_group", "group_id", "group_name", "user_repo_group_permission",
     "user_group_repo_group_permission", "group_id", "users_group_id", "f"},
    {"user_group", "users_group_id", "group_name", "user_user_group_permission",
     "user_group_user_group_permission", "target_id", "source_id", "g"},
};

static apr_pool_t *pool, *scratch;
static rc_db_t *db;
static state_t state;
static apr_uint64_t random_state;
static int checked; /* (user, object) pairs */

/* xorshift64*: the same numbers everywhere. */
static int roll(int sides)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (int)((random_state * APR_UINT64_C(2685821657736338717)) >> 33) % sides;
}

static void ok(rc_err_t *err)
{
    if (err)
        fail_msg("%s", rc_err_log_text(err, pool));
}

static __attribute__((format(printf, 1, 2))) void sql(const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    ok(rc_db_exec(db, text));
}

/* Ids of rows are positions here, from 1. The users are u0, u1 ... except the default user. */
static const char *user_name(int user)
{
    return user == ANYONE ? "default" : apr_psprintf(scratch, "u%d", user);
}

static void set_flag(const char *table, const char *column, const char *id, int place, int value)
{
    sql("UPDATE %s SET %s = %d WHERE %s = %d", table, column, value, id, place + 1);
}

static void set_owner(int kind, int object, int owner)
{
    state.objects[kind].owner[object] = owner;
    set_flag(kinds[kind].table, "owner_id", kinds[kind].id, object, owner + 1);
}

static void set_row(const char *table, const char *object_column, const char *who_column,
                    int object, int who, int level)
{
    if (level == NO_ROW)
        sql("DELETE FROM %s WHERE %s = %d AND %s = %d", table, object_column, object + 1,
            who_column, who + 1);
    else
        sql("INSERT INTO %s (%s, %s, level) VALUES (%d, %d, %d)"
            " ON CONFLICT (%s, %s) DO UPDATE SET level = excluded.level",
            table, object_column, who_column, object + 1, who + 1, level, object_column,
            who_column);
}

static void set_user_row(int kind, int object, int user, int level)
{
    state.objects[kind].user_row[object][user] = level;
    set_row(kinds[kind].user_rows, kind == 2 ? "users_group_id" : kinds[kind].row_object, "user_id",
            object, user, level);
}

static void set_group_row(int kind, int object, int group, int level)
{
    if (kind == 2 && object == group)
        return; /* the table rejects it */
    state.objects[kind].group_row[object][group] = level;
    set_row(kinds[kind].group_rows, kinds[kind].row_object, kinds[kind].row_group, object, group,
            level);
}

static void set_name(const char *table, const char *id, names_t *names, int place, int name,
                     bool has)
{
    names->has[name] = has;
    if (has)
        sql("INSERT INTO %s (%s, name) VALUES (%d, '%s') ON CONFLICT DO NOTHING", table, id,
            place + 1, model_names[name]);
    else
        sql("DELETE FROM %s WHERE %s = %d AND name = '%s'", table, id, place + 1,
            model_names[name]);
}

static void set_member(int group, int user, bool is)
{
    state.member[group][user] = is;
    if (is)
        sql("INSERT INTO user_group_member (users_group_id, user_id) VALUES (%d, %d)"
            " ON CONFLICT DO NOTHING",
            group + 1, user + 1);
    else
        sql("DELETE FROM user_group_member WHERE users_group_id = %d AND user_id = %d", group + 1,
            user + 1);
}

static int random_level(void)
{
    static const int levels[] = {NO_ROW, NO_ROW, NO_ROW, 0, 1, 3, 4};

    return levels[roll(7)];
}

/* Every fourth name is the one that decides whether defaults of objects apply. */
static int random_name(void)
{
    int i;

    if (roll(4))
        return roll(NAMES);
    for (i = 0; strcmp(model_names[i], "hg.inherit_default_perms.false"); i++)
        ;
    return i;
}

static void change_user(void)
{
    int user = roll(USERS);

    switch (roll(4)) {
    case 0:
        if (user == ANYONE)
            break;
        state.admin[user] = !roll(4);
        set_flag("users", "admin", "user_id", user, state.admin[user]);
        break;
    case 1:
        state.active[user] = roll(2);
        set_flag("users", "active", "user_id", user, state.active[user]);
        break;
    case 2:
        state.inherits[user] = roll(2);
        set_flag("users", "inherit_default_permissions", "user_id", user, state.inherits[user]);
        break;
    default:
        set_name("user_global_permission", "user_id", &state.globals[user], user, random_name(),
                 roll(2));
    }
}

static void change_group(void)
{
    int group = roll(GROUPS), i;

    switch (roll(6)) {
    case 0:
        state.group_active[group] = roll(3);
        set_flag("user_group", "active", "users_group_id", group, state.group_active[group]);
        break;
    case 1:
        state.group_inherits[group] = roll(2);
        set_flag("user_group", "inherit_default_permissions", "users_group_id", group,
                 state.group_inherits[group]);
        break;
    case 2: /* groups without own names decide nothing, so add some often */
        for (i = 0; i < NAMES; i++)
            set_name("user_group_global_permission", "users_group_id", &state.group_globals[group],
                     group, i, false);
        break;
    case 3:
        set_name("user_group_global_permission", "users_group_id", &state.group_globals[group],
                 group, random_name(), roll(2));
        break;
    default:
        set_member(group, roll(USERS), roll(2));
    }
}

static void change_object(void)
{
    int kind = roll(3), object = roll(state.objects[kind].count), parent;

    switch (roll(6)) {
    case 0:
        set_owner(kind, object, roll(USERS));
        break;
    case 1:
        if (kind != RC_KIND_REPO)
            break;
        state.objects[kind].private_[object] = roll(2);
        set_flag("repo", "private", "repo_id", object, state.objects[kind].private_[object]);
        break;
    case 2:
        if (kind != RC_KIND_REPO)
            break;
        parent = roll(REPOS + 1) - 1;
        state.objects[kind].fork[object] = parent == object ? -1 : parent;
        if (parent == object || parent < 0)
            sql("UPDATE repo SET fork_id = NULL WHERE repo_id = %d", object + 1);
        else
            set_flag("repo", "fork_id", "repo_id", object, parent + 1);
        break;
    case 3:
        set_group_row(kind, object, roll(GROUPS), random_level());
        break;
    default:
        set_user_row(kind, object, roll(3) ? roll(USERS) : ANYONE, random_level());
    }
}

static void change(void)
{
    int n = roll(10);

    if (n < 3)
        change_user();
    else if (n < 6)
        change_group();
    else
        change_object();
}

/* Creates objects of one kind, all with the same owner and without permission rows. */
static void make_objects(int kind, int count)
{
    objects_t *o = &state.objects[kind];
    int i;

    memset(o->user_row, 0xff, sizeof(o->user_row)); /* NO_ROW */
    memset(o->group_row, 0xff, sizeof(o->group_row));
    o->count = count;
    for (i = 0; i < count; i++) {
        o->owner[i] = 1;
        o->fork[i] = -1;
        if (kind == RC_KIND_REPO)
            sql("INSERT INTO repo (repo_id, repo_name, repo_type, enable_statistics,"
                " enable_locking, enable_downloads, owner_id, created_on, updated_on)"
                " VALUES (%d, 'r%d', '%s', %d, %d, %d, 2, 0, 0)",
                i + 1, i, i == SVN ? "svn" : "git", i & 1, i >> 1 & 1, i >> 2 & 1);
        else
            sql("INSERT INTO %s (%s, group_name, owner_id, created_on) VALUES (%d, '%s%d', 2, 0)",
                kinds[kind].table, kinds[kind].id, i + 1, kinds[kind].prefix, i);
    }
}

static void new_world(void)
{
    int i;

    memset(&state, 0, sizeof(state));
    sql("DELETE FROM repo; DELETE FROM repo_group; DELETE FROM user_group; DELETE FROM users");
    for (i = 0; i < USERS; i++) {
        state.active[i] = state.inherits[i] = true;
        sql("INSERT INTO users (user_id, username, created_on) VALUES (%d, '%s', 0)", i + 1,
            user_name(i));
    }
    for (i = 0; i < GROUPS; i++)
        state.group_active[i] = state.group_inherits[i] = true;
    make_objects(RC_KIND_REPO, REPOS);
    sql("INSERT INTO repo_setting (repo_id, name, value) VALUES (%d, 'svn_tag_patterns', 't/*')",
        SVN + 1);
    make_objects(RC_KIND_REPO_GROUP, REPO_GROUPS);
    make_objects(RC_KIND_USER_GROUP, GROUPS);
    for (i = roll(300); i > 0; i--)
        change();
}

typedef struct seen_t {
    int kind, user, next;
} seen_t;

static void complain(const char *what, int kind, int user, int object, int got, int expected)
{
    fail_msg("%s: %s %s%d for %s%s: got %d, expected %d", what, kinds[kind].table,
             kinds[kind].prefix, object, user_name(user), state.admin[user] ? " (admin)" : "", got,
             expected);
}

static rc_err_t *check_listed(void *baton, const char *name, rc_level_t level)
{
    seen_t *seen = baton;
    int expected = model_level(&state, seen->kind, seen->user, seen->next);

    assert_string_equal(name, apr_psprintf(scratch, "%s%d", kinds[seen->kind].prefix, seen->next));
    if ((int)level != expected)
        complain("rc_rule_levels", seen->kind, seen->user, seen->next, level, expected);
    seen->next++;
    checked++;
    return NULL;
}

static void check_levels(int kind, int user)
{
    seen_t seen = {kind, user, 0};
    int object = roll(state.objects[kind].count), expected;
    rc_level_t level;

    ok(rc_rule_levels(db, kind, rc_viewer_user(user + 1), check_listed, &seen, scratch));
    assert_int_equal(seen.next, state.objects[kind].count);
    expected = model_level(&state, kind, user, object);
    ok(rc_rule_level(&level, db, kind, rc_viewer_user(user + 1), object + 1));
    if ((int)level != expected)
        complain("rc_rule_level", kind, user, object, level, expected);
    ok(rc_rule_level(&level, db, kind, rc_viewer_user(user + 1), 1000));
    assert_int_equal(level, RC_NONE);
}

/* Checks what a list reads otherwise than a single repository. */
static void check_columns(const rc_repo_t *repo, int object)
{
    int flags = repo->enable_statistics | repo->enable_locking << 1 | repo->enable_downloads << 2;

    assert_int_equal(repo->private_, state.objects[RC_KIND_REPO].private_[object]);
    assert_int_equal(flags, object);
    assert_null(repo->branch_patterns);
    assert_string_equal(repo->tag_patterns ? repo->tag_patterns : "", object == SVN ? "t/*" : "");
}

/* Checks level and row; the parent of a fork is shown only to users who may read it. */
static void check_repo(const rc_repo_t *repo, int user, const char *what)
{
    int object = (int)repo->id - 1, fork = state.objects[RC_KIND_REPO].fork[object];
    int expected = model_level(&state, RC_KIND_REPO, user, object);

    if ((int)repo->level != expected)
        complain(what, RC_KIND_REPO, user, object, repo->level, expected);
    if (fork >= 0 && model_level(&state, RC_KIND_REPO, user, fork) > 0)
        assert_string_equal(repo->fork_of, apr_psprintf(scratch, "r%d", fork));
    else
        assert_null(repo->fork_of);
    assert_string_equal(repo->owner, user_name(state.objects[RC_KIND_REPO].owner[object]));
    check_columns(repo, object);
}

static rc_err_t *check_readable(void *baton, const rc_repo_t *repo, apr_pool_t *row_pool)
{
    seen_t *seen = baton;

    (void)row_pool;
    while (!model_level(&state, RC_KIND_REPO, seen->user, seen->next))
        seen->next++;
    assert_int_equal(repo->id, seen->next + 1);
    check_repo(repo, seen->user, "rc_store_repos_each");
    seen->next++;
    return NULL;
}

/* Checks that the next group of a list is the next one that the user may read, with its level. */
static rc_err_t *check_next(seen_t *seen, apr_int64_t id, rc_level_t level)
{
    int expected = 0;

    while (seen->next < state.objects[seen->kind].count &&
           !(expected = model_level(&state, seen->kind, seen->user, seen->next)))
        seen->next++;
    assert_int_equal(id, seen->next + 1);
    if ((int)level != expected)
        complain("a list", seen->kind, seen->user, seen->next, level, expected);
    seen->next++;
    return NULL;
}

static rc_err_t *check_repo_group(void *baton, const rc_repo_group_t *group,
                                  const apr_array_header_t *repos)
{
    (void)repos;
    return check_next(baton, group->id, group->level);
}

static rc_err_t *check_user_group(void *baton, const rc_user_group_t *group)
{
    return check_next(baton, group->id, group->level);
}

static rc_err_t *end_group(void *baton)
{
    (void)baton;
    return NULL;
}

static void check_group_lists(int user)
{
    static const rc_user_groups_visitor_t visitor = {.begin = check_user_group, .end = end_group};
    seen_t seen[] = {{RC_KIND_REPO_GROUP, user, 0}, {RC_KIND_USER_GROUP, user, 0}};
    rc_viewer_t viewer = rc_viewer_user(user + 1);
    int i;

    ok(rc_store_repo_groups_each(db, viewer, NULL, false, check_repo_group, &seen[0], scratch));
    ok(rc_store_user_groups_each(db, viewer, NULL, false, &visitor, &seen[1], scratch));
    for (i = 0; i < 2; i++)
        for (; seen[i].next < state.objects[seen[i].kind].count; seen[i].next++)
            if (model_level(&state, seen[i].kind, user, seen[i].next))
                complain("a list", seen[i].kind, user, seen[i].next, 0, 1);
}

/* An object that is not readable is not found; one that is readable has all its columns. */
#define CHECK_SEEN(kind, KIND, call)                                                               \
    do {                                                                                           \
        rc_##kind##_t *seen_;                                                                      \
        int level_ = model_level(&state, KIND, user, object);                                      \
                                                                                                   \
        ok(call);                                                                                  \
        assert_int_equal(seen_ ? seen_->level : 0, level_);                                        \
        assert_int_equal(seen_ ? seen_->id : object + 1, object + 1);                              \
    } while (0)

static void check_seen(int user, int object, const char *repo, const char *repo_group,
                       const char *user_group)
{
    rc_viewer_t viewer = rc_viewer_user(user + 1);
    apr_int64_t id = object + 1;

    CHECK_SEEN(repo, RC_KIND_REPO, rc_store_repo_seen_by_id(&seen_, db, viewer, id, scratch));
    CHECK_SEEN(repo, RC_KIND_REPO, rc_store_repo_seen_by_name(&seen_, db, viewer, repo, scratch));
    CHECK_SEEN(repo_group, RC_KIND_REPO_GROUP,
               rc_store_repo_group_seen_by_id(&seen_, db, viewer, id, scratch));
    CHECK_SEEN(repo_group, RC_KIND_REPO_GROUP,
               rc_store_repo_group_seen_by_name(&seen_, db, viewer, repo_group, scratch));
    CHECK_SEEN(user_group, RC_KIND_USER_GROUP,
               rc_store_user_group_seen_by_id(&seen_, db, viewer, id, scratch));
    CHECK_SEEN(user_group, RC_KIND_USER_GROUP,
               rc_store_user_group_seen_by_name(&seen_, db, viewer, user_group, scratch));
}

static void check_rows(int user)
{
    seen_t seen = {RC_KIND_REPO, user, 0};
    int object = roll(GROUPS - 1); /* all kinds have the same number */
    rc_repo_group_t *repo_group;
    rc_user_group_t *user_group;
    rc_repo_t *repo;

    check_group_lists(user);
    ok(rc_store_repos_each(db, rc_viewer_user(user + 1), NULL, false, check_readable, &seen,
                           scratch));
    for (; seen.next < REPOS; seen.next++)
        if (model_level(&state, RC_KIND_REPO, user, seen.next))
            complain("rc_store_repos_each", RC_KIND_REPO, user, seen.next, 0, 1);
    ok(rc_store_repo_by_id(&repo, db, rc_viewer_user(user + 1), object + 1, scratch));
    check_repo(repo, user, "rc_store_repo_by_id");
    ok(rc_store_repo_group_by_id(&repo_group, db, rc_viewer_user(user + 1), object + 1, scratch));
    assert_int_equal(repo_group->level, model_level(&state, RC_KIND_REPO_GROUP, user, object));
    ok(rc_store_user_group_by_id(&user_group, db, rc_viewer_user(user + 1), object + 1, scratch));
    assert_int_equal(user_group->level, model_level(&state, RC_KIND_USER_GROUP, user, object));
    check_seen(user, object, repo->name, repo_group->name, user_group->name);
    object = roll(REPOS);
    check_known(db, scratch, user, object, state.objects[RC_KIND_REPO].owner[object],
                state.objects[RC_KIND_REPO].private_[object],
                model_level(&state, RC_KIND_REPO, user, object));
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void check_globals(int user)
{
    names_t names = model_globals(&state, user);
    apr_array_header_t *expected = apr_array_make(scratch, NAMES, sizeof(const char *)), *got;
    int i, name = roll(NAMES);
    bool has;

    for (i = 0; i < NAMES; i++)
        if (names.has[i])
            APR_ARRAY_PUSH(expected, const char *) = model_names[i];
    if (state.admin[user]) {
        apr_array_clear(expected);
        APR_ARRAY_PUSH(expected, const char *) = "hg.create.write_on_repogroup.true";
        APR_ARRAY_PUSH(expected, const char *) = "hg.admin";
    }
    qsort(expected->elts, (size_t)expected->nelts, sizeof(const char *), compare_texts);
    ok(rc_rule_global_names(&got, db, user + 1, state.admin[user], scratch));
    assert_string_equal(apr_array_pstrcat(scratch, got, ' '),
                        apr_array_pstrcat(scratch, expected, ' '));
    ok(rc_rule_has_global(&has, db, rc_viewer_user(user + 1), state.admin[user],
                          model_names[name]));
    assert_int_equal(has, state.admin[user] || names.has[name]);
}

/* The scoped token of a user; object: the repository or group that it reaches. */
typedef struct token_t {
    int user, kind, object;
} token_t;

#define TOKEN 7 /* its id */

/* Returns the level that the token has: what its user would have who were no super-admin. Half of
 * the repositories, those with an odd number, are in group 0, and so is group 1; f0x is no part. */
static int token_level(const token_t *token, int kind, int object)
{
    bool admin = state.admin[token->user], inside;
    int level;

    inside = token->kind == kind && token->object == object;
    if (token->kind == RC_KIND_REPO_GROUP && token->object == 0)
        inside = inside || (kind == RC_KIND_REPO && object % 2) ||
                 (kind == RC_KIND_REPO_GROUP && object == 1);
    state.admin[token->user] = false;
    level = inside ? model_level(&state, kind, token->user, object) : 0;
    state.admin[token->user] = admin;
    return level;
}

static rc_err_t *add_id(void *baton, const rc_repo_t *repo, apr_pool_t *row_pool)
{
    (void)row_pool;
    *(int *)baton |= 1 << (repo->id - 1);
    return NULL;
}

/* The bit of a repository group in a set. */
static rc_err_t *add_group_id(void *baton, const rc_repo_group_t *group,
                              const apr_array_header_t *repos)
{
    (void)repos;
    *(int *)baton |= 1 << (group->id - 1);
    return NULL;
}

static rc_err_t *no_group(void *baton, const rc_user_group_t *group)
{
    (void)baton;
    fail_msg("a token reaches the user group %s", group->name);
    return NULL;
}

/* The lists that a token sees have what is in the sets of its @a readable objects. */
static void check_token_lists(const int *readable)
{
    static const rc_user_groups_visitor_t visitor = {.begin = no_group, .end = end_group};
    rc_viewer_t viewer = rc_viewer_token(TOKEN);
    int repos = 0, groups = 0;

    ok(rc_store_repos_each(db, viewer, NULL, false, add_id, &repos, scratch));
    assert_int_equal(repos, readable[RC_KIND_REPO]);
    ok(rc_store_repo_groups_each(db, viewer, NULL, false, add_group_id, &groups, scratch));
    assert_int_equal(groups, readable[RC_KIND_REPO_GROUP]);
    ok(rc_store_user_groups_each(db, viewer, NULL, false, &visitor, NULL, scratch));
}

static void check_token_levels(const token_t *token)
{
    rc_viewer_t viewer = rc_viewer_token(TOKEN);
    int kind, object, expected, readable[3] = {0};
    rc_level_t level;
    bool has;

    for (kind = 0; kind < 3; kind++)
        for (object = 0; object < state.objects[kind].count; object++) {
            expected = token_level(token, kind, object);
            ok(rc_rule_level(&level, db, kind, viewer, object + 1));
            if ((int)level != expected)
                complain("token", kind, token->user, object, level, expected);
            if (expected)
                readable[kind] |= 1 << object;
        }
    check_token_lists(readable);
    ok(rc_rule_has_global(&has, db, viewer, state.admin[token->user], "hg.create.repository"));
    assert_false(has);
}

/* Checks the levels of a random scoped token. Names change meanwhile: groups are parts of names. */
static void check_token(void)
{
    token_t token = {roll(USERS), roll(2) ? RC_KIND_REPO : RC_KIND_REPO_GROUP, roll(3)};

    sql("INSERT INTO api_key (key_id, user_id, digest, role, created_on, %s)"
        " VALUES (%d, %d, %s, 'token_role_all', 0, %d)",
        kinds[token.kind].id, TOKEN, token.user + 1, db->driver->server ? "''" : "x'00'",
        token.object + 1);
    sql("UPDATE repo SET repo_name = CASE WHEN repo_id %% 2 = 0 THEN 'f0/' ELSE 'f0x/' END"
        " || repo_name");
    sql("UPDATE repo_group SET group_name = 'f0/f1' WHERE group_id = 2");
    check_token_levels(&token);
    sql("UPDATE repo_group SET group_name = 'f1' WHERE group_id = 2");
    sql("UPDATE repo SET repo_name = 'r' || (repo_id - 1)");
    sql("DELETE FROM api_key");
}

/* Checks some of the users, others each time. */
static void check_state(void)
{
    int first = roll(USERS), n, user, kind;

    for (n = 0; n < USERS_EACH; n++) {
        user = (first + n) % USERS;
        apr_pool_clear(scratch);
        for (kind = 0; kind < 3; kind++)
            check_levels(kind, user);
        check_rows(user);
        check_globals(user);
    }
    check_token();
}

/* Checks STATES_EACH states, beginning with none; returns how many were different ones. */
static unsigned check_world(apr_pool_t *world)
{
    apr_hash_t *distinct = apr_hash_make(world);
    int i, n;

    new_world();
    for (i = 0; i < STATES_EACH; i++) {
        check_state();
        apr_hash_set(distinct, apr_pmemdup(world, &state, sizeof(state)), sizeof(state), "");
        for (n = 1 + roll(3); n > 0 || apr_hash_get(distinct, &state, sizeof(state)); n--)
            change();
    }
    return apr_hash_count(distinct);
}

static void rule_equals_the_model(void **unused)
{
    unsigned i, states = 0;
    unsigned worlds = (unsigned)(db->driver->server ? unit_rounds(2, 20) : unit_rounds(8, 720));
    apr_pool_t *world;

    (void)unused;
    apr_pool_create(&world, pool);
    for (i = 0; i < worlds; i++) {
        apr_pool_clear(world);
        ok(rc_db_begin_write(db));
        states += check_world(world);
        ok(rc_db_commit(db));
    }
    print_message("# %u states, %d pairs of user and object\n", states, checked);
    assert_int_equal(states, worlds * STATES_EACH);
}

/* A user that does not exist has no permissions. */
static void unknown_user_has_no_permissions(void **unused)
{
    apr_array_header_t *names;
    rc_level_t level;
    int kind;

    (void)unused;
    new_world();
    for (kind = 0; kind < 3; kind++) {
        set_user_row(kind, 0, ANYONE, RC_READ);
        ok(rc_rule_level(&level, db, kind, rc_viewer_user(1000), 1));
        assert_int_equal(level, RC_NONE);
    }
    ok(rc_rule_global_names(&names, db, 1000, false, scratch));
    assert_int_equal(names->nelts, 0);
}

/* Returns the statements that were run so far, and the steps of SQLite's virtual machine that they
 * took. */
static void count_work(int *runs, int *steps)
{
    const rc_sqlite_t *own = db->handle;
    sqlite3_stmt *st = NULL;

    *runs = *steps = 0;
    while ((st = sqlite3_next_stmt(own->handle, st))) {
        *runs += sqlite3_stmt_status(st, SQLITE_STMTSTATUS_RUN, 0);
        *steps += sqlite3_stmt_status(st, SQLITE_STMTSTATUS_VM_STEP, 0);
    }
}

/* Looks an object of @a kind up in all ways; returns false when it is not found. */
static bool look(int kind, apr_int64_t user, apr_int64_t id, const char *name)
{
    rc_repo_t *repo[2] = {NULL};
    rc_repo_group_t *group[2] = {NULL};
    rc_user_group_t *users[2] = {NULL};

    if (kind == RC_KIND_REPO) {
        ok(rc_store_repo_seen_by_id(&repo[0], db, rc_viewer_user(user), id, scratch));
        ok(rc_store_repo_seen_by_name(&repo[1], db, rc_viewer_user(user), name, scratch));
        ask_as(db, scratch, user, id, name);
    } else if (kind == RC_KIND_REPO_GROUP) {
        ok(rc_store_repo_group_seen_by_id(&group[0], db, rc_viewer_user(user), id, scratch));
        ok(rc_store_repo_group_seen_by_name(&group[1], db, rc_viewer_user(user), name, scratch));
    } else {
        ok(rc_store_user_group_seen_by_id(&users[0], db, rc_viewer_user(user), id, scratch));
        ok(rc_store_user_group_seen_by_name(&users[1], db, rc_viewer_user(user), name, scratch));
    }
    return repo[0] || repo[1] || group[0] || group[1] || users[0] || users[1];
}

/* A hidden object takes the same statements as a missing one, and the same steps but for a few. */
static void hidden_objects_cost_as_much_as_missing_ones(void **unused)
{
    int kind, anybody, private, runs[3], steps[3];

    (void)unused;
    if (db->driver->server)
        skip(); /* it has no steps that could be counted */
    new_world();
    sql("UPDATE users SET admin = 0");
    for (kind = 0; kind < 3; kind++) {
        sql("DELETE FROM %s", kinds[kind].user_rows);
        sql("DELETE FROM %s", kinds[kind].group_rows);
        set_owner(kind, 0, 2);
        for (anybody = 0; anybody < 4; anybody++) {
            apr_int64_t user = anybody % 2 ? ANYONE + 1 : 4;
            const char *name = apr_psprintf(scratch, "%s0", kinds[kind].prefix);

            private = anybody / 2;
            sql("UPDATE repo SET private = %d", private);
            look(kind, user, 1, name); /* prepares the statements */
            count_work(&runs[0], &steps[0]);
            assert_false(look(kind, user, 1, name));
            count_work(&runs[1], &steps[1]);
            assert_false(look(kind, user, 1000, "absent"));
            count_work(&runs[2], &steps[2]);
            assert_int_equal(runs[2] - runs[1], runs[1] - runs[0]);
            print_message("# %s%s: %d steps, %d for none\n", private ? "private " : "",
                          kinds[kind].table, steps[1] - steps[0], steps[2] - steps[1]);
            assert_in_range(steps[2] - steps[1] + 16, steps[1] - steps[0],
                            steps[1] - steps[0] + 32);
        }
    }
}

static int open_database(void **unused)
{
    char *dir = temp_dir(pool);
    const char *seed = getenv("RCAPI_SEED");

    *unused = dir;
    random_state = seed ? (apr_uint64_t)apr_strtoi64(seed, NULL, 10) : 20240229;
    print_message("# RCAPI_SEED=%" APR_UINT64_T_FMT "\n", random_state);
    random_state = random_state * 2 + 1; /* never zero */
    ok(open_test_database(&db, dir, pool));
    return 0;
}

static int remove_database(void **dir)
{
    return system(apr_psprintf(pool, "rm -rf '%s'", (const char *)*dir));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_equals_the_model),
        cmocka_unit_test(unknown_user_has_no_permissions),
        cmocka_unit_test(hidden_objects_cost_as_much_as_missing_ones),
    };
    int n;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    apr_pool_create(&scratch, pool);
    n = cmocka_run_group_tests(tests, open_database, remove_database);
    apr_terminate();
    return n;
}
