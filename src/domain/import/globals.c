// SPDX-License-Identifier: Apache-2.0
/*
 * Imports global permissions (contract 01 §3). A set of
 * them is a choice for each kind of names. Where the source combines the rows of a user, of their
 * groups and of the default user otherwise than this server, and that leads to another set, the
 * user gets that set as rows of their own.
 */
#include "import.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "domain/user.h"
#include "store/global.h"
#include "store/permission.h"

/* A kind of global permissions: names that exclude each other, the least first. */
typedef struct choice_t {
    const char *names[4];
    bool configurable; /* the rows of users and groups can replace it */
} choice_t;

static const choice_t choices[RC_CHOICES] = {
    {{"repository.none", "repository.read", "repository.write", "repository.admin"}, false},
    {{"group.none", "group.read", "group.write", "group.admin"}, false},
    {{"usergroup.none", "usergroup.read", "usergroup.write", "usergroup.admin"}, false},
    {{"hg.register.none", "hg.register.manual_activate", "hg.register.auto_activate"}, false},
    {{"hg.extern_activate.manual", "hg.extern_activate.auto"}, false},
    {{"hg.create.none", "hg.create.repository"}, true},
    {{"hg.create.write_on_repogroup.false", "hg.create.write_on_repogroup.true"}, true},
    {{"hg.fork.none", "hg.fork.repository"}, true},
    {{"hg.repogroup.create.false", "hg.repogroup.create.true"}, true},
    {{"hg.usergroup.create.false", "hg.usergroup.create.true"}, true},
    {{"hg.inherit_default_perms.true", "hg.inherit_default_perms.false"}, true}, /* false wins */
};

/* Finds a name; false for an unknown one. */
static bool find_choice(int *choice, unsigned char *place, const char *name)
{
    int at;

    for (*choice = 0; *choice < RC_CHOICES; ++*choice)
        for (at = 0; at < 4 && choices[*choice].names[at]; at++)
            if (!strcmp(choices[*choice].names[at], name)) {
                *place = (unsigned char)(at + 1);
                return true;
            }
    return false;
}

/* Adds a name to a set. Of two names the higher one counts, because either permits. */
static void add_choice(rc_choices_t set, int choice, unsigned char place)
{
    if (place > set[choice])
        set[choice] = place;
}

static void add_choices(rc_choices_t set, const rc_choices_t more)
{
    int i;

    for (i = 0; i < RC_CHOICES; i++)
        add_choice(set, i, more[i]);
}

/* Removes what rows of users and groups can replace, or (false) all the rest. */
static void clear_choices(rc_choices_t set, bool configurable)
{
    int i;

    for (i = 0; i < RC_CHOICES; i++)
        if (choices[i].configurable == configurable)
            set[i] = 0;
}

static bool has_choices(const rc_choices_t set)
{
    int i;

    for (i = 0; i < RC_CHOICES; i++)
        if (set[i])
            return true;
    return false;
}

/* --- reading --- */

enum { GLOBAL_ID, GLOBAL_HOLDER, GLOBAL_PERMISSION }; /* columns of both tables */

static rc_err_t *read_choices(rc_importing_t *the, rc_import_table_t from, apr_hash_t *holders,
                              apr_hash_t *unknown)
{
    unsigned char place;
    rc_arrival_t *holder;
    const char *name;
    rc_rows_t rows;
    int choice;

    RC_TRY(rc_foreign_rows(&rows, the->source, from, the->pool));
    while (rc_rows_next(&rows)) {
        apr_int64_t id = rc_import_int(&rows, GLOBAL_PERMISSION, 0);

        name = apr_hash_get(the->permissions, &id, sizeof(id));
        if (!name || !(holder = rc_import_item(&rows, GLOBAL_HOLDER, holders)))
            continue;
        if (find_choice(&choice, &place, name)) {
            add_choice(holder->globals, choice, place);
        } else if (!apr_hash_get(unknown, name, APR_HASH_KEY_STRING)) {
            rc_import_left(the, OF_GLOBALS, name, "is unknown here");
            apr_hash_set(unknown, name, APR_HASH_KEY_STRING, "");
        }
    }
    return rc_rows_end(&rows);
}

/* --- the rules --- */

static int by_source(const void *a, const void *b)
{
    const rc_arrival_t *const *one = a, *const *two = b;

    return (*one)->source < (*two)->source ? -1 : (*one)->source > (*two)->source;
}

/* What the user has at the source. */
static void choices_there(rc_choices_t set, const rc_importing_t *the, const rc_arrival_t *user)
{
    int i;

    memcpy(set, the->anyone->globals, sizeof(rc_choices_t));
    for (i = 0; i < user->groups->nelts; i++) {
        const rc_arrival_t *group = APR_ARRAY_IDX(user->groups, i, rc_arrival_t *);

        if (!group->active || !has_choices(group->globals))
            continue;
        if (the->rule == RULE_EXPLICIT && !group->inherits)
            clear_choices(set, true);
        add_choices(set, group->globals);
    }
    if (the->rule == RULE_EXPLICIT && user->inherits)
        return;
    if (the->rule == RULE_EXPLICIT)
        clear_choices(set, true);
    add_choices(set, user->globals);
}

/* What their own rows lead to here. */
static void choices_here(rc_choices_t set, const rc_importing_t *the, const rc_arrival_t *user)
{
    int i;

    memcpy(set, the->anyone->globals, sizeof(rc_choices_t));
    for (i = 0; i < user->groups->nelts; i++) {
        const rc_arrival_t *group = APR_ARRAY_IDX(user->groups, i, rc_arrival_t *);

        if (group->active && !group->inherits && has_choices(group->globals)) {
            clear_choices(set, true);
            add_choices(set, group->globals);
        }
    }
    if (user->inherits)
        return;
    clear_choices(set, true);
    add_choices(set, user->globals);
}

static bool same_configurable(const rc_choices_t a, const rc_choices_t b)
{
    int i;

    for (i = 0; i < RC_CHOICES; i++)
        if (choices[i].configurable && a[i] != b[i])
            return false;
    return true;
}

/* --- storing --- */

static rc_err_t *store_choices(rc_importing_t *the, rc_store_import_t what, apr_int64_t id,
                               const rc_choices_t set)
{
    bool changed;
    int i;

    for (i = 0; i < RC_CHOICES; i++) {
        if (!set[i])
            continue;
        RC_TRY(rc_store_import(&changed, the->db, what, id, choices[i].names[set[i] - 1]));
        rc_import_count(the, OF_GLOBALS, changed);
    }
    return NULL;
}

/* A user without inheritance takes no IP entries of the default user: they get copies. */
static rc_err_t *copy_ips(rc_importing_t *the, const rc_arrival_t *user)
{
    apr_array_header_t *entries;
    bool changed;
    int i;

    RC_TRY(rc_store_user_ips(&entries, the->db, the->anyone->id, the->pool));
    for (i = 0; i < entries->nelts; i++)
        RC_TRY(rc_store_import(&changed, the->db, RC_STORE_IP, user->id,
                               APR_ARRAY_IDX(entries, i, const char *)));
    return NULL;
}

static rc_err_t *store_user_choices(rc_importing_t *the, rc_arrival_t *user)
{
    rc_choices_t there, here;

    qsort(user->groups->elts, (size_t)user->groups->nelts, sizeof(rc_arrival_t *), by_source);
    choices_there(there, the, user);
    choices_here(here, the, user);
    if (user->admin || same_configurable(there, here))
        return store_choices(the, RC_STORE_USER_GLOBAL, user->id, user->globals);
    if (user->inherits)
        RC_TRY(copy_ips(the, user));
    RC_TRY(rc_store_set_inherits(the->db, RC_OF_USER, user->id, false));
    clear_choices(there, false);
    return store_choices(the, RC_STORE_USER_GLOBAL, user->id, there);
}

/* The default user's choices are taken over as long as nobody has changed them here: while they are
 * those of a new installation. */
static rc_err_t *store_defaults(rc_importing_t *the)
{
    rc_arrival_t *anyone = the->anyone;
    apr_array_header_t *names;
    bool inherits, changed;
    unsigned char place;
    int i, choice;

    RC_TRY(rc_store_globals(&names, &inherits, the->db, RC_OF_USER, anyone->id, the->pool));
    for (i = 0; i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *), *wanted;

        if (!find_choice(&choice, &place, name))
            continue;
        wanted =
            anyone->globals[choice] ? choices[choice].names[anyone->globals[choice] - 1] : name;
        if (!strcmp(wanted, name))
            continue;
        if (!rc_default_user_has_preset(name)) {
            rc_import_left(the, OF_GLOBALS, wanted, "the default user has %s here already", name);
            anyone->globals[choice] = place;
            continue;
        }
        RC_TRY(rc_store_global_delete(the->db, RC_OF_USER, anyone->id, name));
        RC_TRY(rc_store_import(&changed, the->db, RC_STORE_USER_GLOBAL, anyone->id, wanted));
        rc_import_count(the, OF_GLOBALS, changed);
    }
    return NULL;
}

/* What the source does not know is as here. */
static rc_err_t *complete_defaults(rc_importing_t *the)
{
    apr_array_header_t *names;
    unsigned char place;
    bool inherits;
    int i, choice;

    RC_TRY(rc_store_globals(&names, &inherits, the->db, RC_OF_USER, the->anyone->id, the->pool));
    for (i = 0; i < names->nelts; i++)
        if (find_choice(&choice, &place, APR_ARRAY_IDX(names, i, const char *)) &&
            !the->anyone->globals[choice])
            the->anyone->globals[choice] = place;
    return NULL;
}

rc_err_t *rc_import_globals(rc_importing_t *the)
{
    apr_hash_t *unknown = apr_hash_make(the->pool);
    apr_hash_index_t *at;
    rc_arrival_t *item;

    RC_TRY(read_choices(the, FROM_USER_GLOBALS, the->users, unknown));
    RC_TRY(read_choices(the, FROM_USER_GROUP_GLOBALS, the->user_groups, unknown));
    RC_TRY(store_defaults(the));
    RC_TRY(complete_defaults(the));
    for (at = apr_hash_first(the->pool, the->user_groups); at; at = apr_hash_next(at))
        if ((item = apr_hash_this_val(at))->fresh)
            RC_TRY(store_choices(the, RC_STORE_USER_GROUP_GLOBAL, item->id, item->globals));
    for (at = apr_hash_first(the->pool, the->users); at; at = apr_hash_next(at))
        if ((item = apr_hash_this_val(at))->fresh)
            RC_TRY(store_user_choices(the, item));
    return NULL;
}
