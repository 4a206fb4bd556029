// SPDX-License-Identifier: Apache-2.0
/*
 * A second, simple implementation of the permission rule after contract 01 §3 and §4, one layer
 * after another over arrays, with no regard to speed. test_rule.c compares the SQL with it.
 */
#ifndef RULE_MODEL_H
#define RULE_MODEL_H

#include <stdbool.h>
#include <string.h>

enum { USERS = 7, GROUPS = 5, REPOS = 6, REPO_GROUPS = 4, MOST = 6, NAMES = 29 };
enum { ANYONE = 0 }; /* the default user */

#define NO_ROW (-1)

/* All permission names but hg.admin, which is never stored. */
static const char *const model_names[NAMES] = {
    "repository.none",
    "repository.read",
    "repository.write",
    "repository.admin",
    "group.none",
    "group.read",
    "group.write",
    "group.admin",
    "usergroup.none",
    "usergroup.read",
    "usergroup.write",
    "usergroup.admin",
    "hg.create.none",
    "hg.create.repository",
    "hg.create.write_on_repogroup.false",
    "hg.create.write_on_repogroup.true",
    "hg.fork.none",
    "hg.fork.repository",
    "hg.repogroup.create.false",
    "hg.repogroup.create.true",
    "hg.usergroup.create.false",
    "hg.usergroup.create.true",
    "hg.register.none",
    "hg.register.manual_activate",
    "hg.register.auto_activate",
    "hg.extern_activate.manual",
    "hg.extern_activate.auto",
    "hg.inherit_default_perms.false",
    "hg.inherit_default_perms.true",
};

typedef struct names_t {
    bool has[NAMES];
} names_t;

/* Objects of one kind and the rows on them: level or NO_ROW. */
typedef struct objects_t {
    int count;
    int owner[MOST];
    bool private_[MOST];
    int fork[MOST]; /* parent, or -1 */
    int user_row[MOST][USERS], group_row[MOST][GROUPS];
} objects_t;

/* The kinds in the order of rc_kind_t; the user groups are also those of `group_*`. */
typedef struct state_t {
    bool admin[USERS], active[USERS], inherits[USERS];
    names_t globals[USERS];
    bool group_active[GROUPS], group_inherits[GROUPS], member[GROUPS][USERS];
    names_t group_globals[GROUPS];
    objects_t objects[3];
} state_t;

static bool model_configurable(const char *name)
{
    static const char *const starts[] = {
        "hg.fork.",
        "hg.usergroup.create.",
        "hg.repogroup.create.",
        "hg.create.write_on_repogroup.",
        "hg.inherit_default_perms.",
    };
    size_t i;

    for (i = 0; i < sizeof(starts) / sizeof(*starts); i++)
        if (!strncmp(name, starts[i], strlen(starts[i])))
            return true;
    return !strcmp(name, "hg.create.none") || !strcmp(name, "hg.create.repository");
}

static void model_replace(names_t *names, const names_t *by)
{
    int i;

    for (i = 0; i < NAMES; i++) {
        if (model_configurable(model_names[i]))
            names->has[i] = false;
        names->has[i] |= by->has[i];
    }
}

static bool model_any(const names_t *names)
{
    int i;

    for (i = 0; i < NAMES; i++)
        if (names->has[i])
            return true;
    return false;
}

/* §3, steps 2 to 4. */
static names_t model_globals(const state_t *s, int user)
{
    names_t names = s->globals[ANYONE];
    int g;

    for (g = 0; g < GROUPS; g++)
        if (s->member[g][user] && s->group_active[g] && !s->group_inherits[g] &&
            model_any(&s->group_globals[g]))
            model_replace(&names, &s->group_globals[g]);
    if (!s->inherits[user])
        model_replace(&names, &s->globals[user]);
    return names;
}

static bool model_takes_defaults(const state_t *s, int user)
{
    names_t names = model_globals(s, user);
    int i;

    for (i = 0; i < NAMES; i++)
        if (names.has[i] && !strcmp(model_names[i], "hg.inherit_default_perms.false"))
            return false;
    return true;
}

/* Returns the highest level among the rows of the user's active groups. */
static int model_group_row(const state_t *s, const objects_t *o, int user, int object)
{
    int g, best = NO_ROW;

    for (g = 0; g < GROUPS; g++)
        if (s->group_active[g] && s->member[g][user] && o->group_row[object][g] > best)
            best = o->group_row[object][g];
    return best;
}

/* §4. kind 0: repositories. */
static int model_level(const state_t *s, int kind, int user, int object)
{
    const objects_t *o = &s->objects[kind];
    bool owner = o->owner[object] == user;
    int level, row;

    if (s->admin[user])
        return 4;
    if (kind == 0 && user == ANYONE && o->private_[object])
        return 0;
    /* A. defaults */
    if (owner)
        level = 4;
    else if (kind == 0 && o->private_[object])
        level = 0;
    else
        level = model_takes_defaults(s, user) ? o->user_row[object][ANYONE] : 0;
    if (level == NO_ROW)
        level = 0;
    /* B. groups */
    row = model_group_row(s, o, user, object);
    if (row != NO_ROW)
        level = owner ? 4 : row;
    /* C. the user's own row */
    row = o->user_row[object][user];
    if (row != NO_ROW)
        level = owner ? 4 : row;
    return level;
}

#endif
