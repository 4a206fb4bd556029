// SPDX-License-Identifier: Apache-2.0
/*
 * Tests whitelists: how a line of the configuration is parsed, what is rejected, what matches.
 */
#include "unit.h"

#include "faces/whitelist.h"

#define RAW "ChangesetController:changeset_raw"

static apr_array_header_t *list_of(const char *text)
{
    apr_array_header_t *list = apr_array_make(pool, 1, sizeof(const char *));
    const char *wrong = rc_whitelist_add(list, text, pool);

    if (wrong)
        fail_msg("%s: %s", text, wrong);
    return list;
}

static void reading(void **state)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"", ""},
        {" , ,, ", ""},
        {"A:b", "A:b"},
        {"A:b, C:d", "A:b C:d"},
        {"A:b,C:d,", "A:b C:d"},
        {"A:b C:d", "A:b C:d"},
        {"\"A:b, C:d\"", "A:b C:d"},
        {"'A:b' \"C:d\"", "A:b C:d"},
        {"\\ A:b, \\ C:d \\", "A:b C:d"},
        {"\tA:b,\r\n\tC:d", "A:b C:d"},
        {"None", ""},
        {"A:b none", ""},
        {"A:b none C:d", "C:d"},
        {"*", "*"},
        {"FilesController:[!r]*", "FilesController:[!r]*"},
        {"[]]x", "[]]x"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(rows); i++)
        assert_string_equal(apr_array_pstrcat(pool, list_of(rows[i].text), ' '), rows[i].want);
}

static void refusing(void **state)
{
    static const char *const rows[] = {"changeset_raw", "A:b=c",  "A:[b",  "A:[",        "A:[!",
                                       "A:[]",          "A:b\\c", "A/b:c", "A:\xc3\xa4", "A:b\x01"};
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(rows); i++) {
        apr_array_header_t *list = apr_array_make(pool, 1, sizeof(const char *));

        if (!rc_whitelist_add(list, rows[i], pool))
            fail_msg("accepted: %s", rows[i]);
    }
}

static void matching(void **state)
{
    static const struct {
        const char *text, *action;
        int want;
    } rows[] = {
        {"", RAW, 0},
        {RAW, RAW, 1},
        {"ChangesetController:*", RAW, 1},
        {"*", RAW, 1},
        {"*:changeset_raw", RAW, 1},
        {"*:changeset_???", RAW, 1},
        {"*:changeset_??", RAW, 0},
        {"ChangesetController:changeset_[pr]a*", RAW, 1},
        {"ChangesetController:changeset_[!p]*", RAW, 1},
        {"ChangesetController:changeset_[!r]*", RAW, 0},
        {"ChangesetController:changeset_[a-q]aw", RAW, 0},
        {"ChangesetController:changeset_ra", RAW, 0},
        {"hangesetController:changeset_raw", RAW, 0},
        {"changesetcontroller:changeset_raw", RAW, 0},
        {"FilesController:raw", RAW, 0},
        {"FilesController:raw, " RAW, RAW, 1},
        {"ChangesetController:changeset_raw*", RAW, 1},
        {"ChangesetController:", RAW, 0},
        {"ChangesetController:index", RAW, 0},
    };
    size_t i;

    (void)state;
    assert_false(rc_whitelist_has(NULL, RAW));
    for (i = 0; i < ROWS(rows); i++)
        if (rc_whitelist_has(list_of(rows[i].text), rows[i].action) != rows[i].want)
            fail_msg("%s: not %d", rows[i].text, rows[i].want);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(reading),
    cmocka_unit_test(refusing),
    cmocka_unit_test(matching),
};

UNIT_MAIN(tests)
