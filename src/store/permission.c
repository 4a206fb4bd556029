// SPDX-License-Identifier: Apache-2.0
/*
 * The table of the 30 permission names (contract 01 §1).
 */
#include "store/permission.h"

#include <string.h>

static const struct {
    const char *name;
    int kind; /* rc_kind_t, or -1: global */
    rc_level_t level;
} permissions[] = {
    {"hg.admin", -1, RC_NONE},
    {"repository.none", RC_KIND_REPO, RC_NONE},
    {"repository.read", RC_KIND_REPO, RC_READ},
    {"repository.write", RC_KIND_REPO, RC_WRITE},
    {"repository.admin", RC_KIND_REPO, RC_ADMIN},
    {"group.none", RC_KIND_REPO_GROUP, RC_NONE},
    {"group.read", RC_KIND_REPO_GROUP, RC_READ},
    {"group.write", RC_KIND_REPO_GROUP, RC_WRITE},
    {"group.admin", RC_KIND_REPO_GROUP, RC_ADMIN},
    {"usergroup.none", RC_KIND_USER_GROUP, RC_NONE},
    {"usergroup.read", RC_KIND_USER_GROUP, RC_READ},
    {"usergroup.write", RC_KIND_USER_GROUP, RC_WRITE},
    {"usergroup.admin", RC_KIND_USER_GROUP, RC_ADMIN},
    {"hg.create.none", -1, RC_NONE},
    {"hg.create.repository", -1, RC_NONE},
    {"hg.create.write_on_repogroup.false", -1, RC_NONE},
    {"hg.create.write_on_repogroup.true", -1, RC_NONE},
    {"hg.fork.none", -1, RC_NONE},
    {"hg.fork.repository", -1, RC_NONE},
    {"hg.repogroup.create.false", -1, RC_NONE},
    {"hg.repogroup.create.true", -1, RC_NONE},
    {"hg.usergroup.create.false", -1, RC_NONE},
    {"hg.usergroup.create.true", -1, RC_NONE},
    {"hg.register.none", -1, RC_NONE},
    {"hg.register.manual_activate", -1, RC_NONE},
    {"hg.register.auto_activate", -1, RC_NONE},
    {"hg.extern_activate.manual", -1, RC_NONE},
    {"hg.extern_activate.auto", -1, RC_NONE},
    {"hg.inherit_default_perms.false", -1, RC_NONE},
    {"hg.inherit_default_perms.true", -1, RC_NONE},
};

#define COUNT (sizeof(permissions) / sizeof(*permissions))

const char *rc_permission_name(rc_kind_t kind, rc_level_t level)
{
    size_t i;

    for (i = 0; i < COUNT; i++)
        if (permissions[i].kind == (int)kind && permissions[i].level == level)
            return permissions[i].name;
    return NULL;
}

const char *rc_permission_prefix(rc_kind_t kind)
{
    static const char *const prefixes[] = {"repository.", "group.", "usergroup."};

    return prefixes[kind];
}

bool rc_permission_exists(const char *name)
{
    size_t i;

    for (i = 0; i < COUNT; i++)
        if (!strcmp(permissions[i].name, name))
            return true;
    return false;
}

bool rc_permission_level(rc_level_t *level, rc_kind_t kind, const char *name)
{
    size_t i;

    for (i = 0; i < COUNT; i++)
        if (permissions[i].kind == (int)kind && !strcmp(permissions[i].name, name)) {
            *level = permissions[i].level;
            return true;
        }
    return false;
}

bool rc_permission_same_kind(const char *a, const char *b)
{
    size_t length = (size_t)(strrchr(a, '.') - a) + 1;

    return !strncmp(a, b, length) && !strchr(b + length, '.');
}
