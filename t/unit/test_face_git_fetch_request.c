// SPDX-License-Identifier: Apache-2.0
/*
 * Tests how requests to git-upload-pack are recognized, and that equal ones have one normal form.
 */
#include "unit.h"

#include "faces/git/fetch_request.h"
#include "vcs/pkt_line.h"

#define A "1111111111111111111111111111111111111111"
#define B "2222222222222222222222222222222222222222"
#define C "3333333333333333333333333333333333333333"

static const char *const kinds[] = {"nothing", "refs", "whole", "part", "other", "wrong"};

/* Returns a body: @a text has lines with "|" between them; "." is a flush, ":" a delimiter. */
static const char *body(const char *text)
{
    char *copy = apr_pstrdup(pool, text), *rest, *line;
    const char *out = "";

    for (line = apr_strtok(copy, "|", &rest); line; line = apr_strtok(NULL, "|", &rest)) {
        if (!strcmp(line, "."))
            out = apr_pstrcat(pool, out, "0000", NULL);
        else if (!strcmp(line, ":"))
            out = apr_pstrcat(pool, out, "0001", NULL);
        else
            out = apr_psprintf(pool, "%s%04x%s\n", out, (unsigned)strlen(line) + 5, line);
    }
    return out;
}

static rc_fetch_request_t reading(int version, const char *text)
{
    rc_fetch_request_t request;
    const char *data = body(text);

    rc_fetch_request_read(&request, version, data, strlen(data), pool);
    return request;
}

static void kinds_of_requests(void **state)
{
    static const struct {
        int version;
        const char *text, *kind;
        bool bands;
    } rows[] = {
        {0, ".", "nothing", false},
        {2, ".", "nothing", false},
        {0, "", "wrong", false},
        {2, "", "wrong", false},
        {0, "want " A "|.|done", "whole", false},
        {0, "want " A " side-band-64k ofs-delta agent=x|want " B "|.|done", "whole", true},
        {1, "want " A " side-band-64k|.|done", "whole", true},
        {0, "want " A " side-band-64k|deepen 1|.", "whole", true},
        {0, "want " A "|shallow " B "|deepen-since 5|filter blob:none|.|done", "whole", false},
        {0, "want " A " unknown-thing|.|done", "other", false},
        {0, "want " A " |want " B " x|.|done", "other", false},
        {0, "shallow " B "|want " A "|.|done", "other", false},
        {0, "want short|.|done", "other", false},
        {0, "want " A "|.|have " B "|.", "part", false},
        {0, "want " A "|.|have " B "|.|done", "part", false},
        {0, "want " A "|.|have " B "|.|have " C "|.|done", "part", false},
        {0, "want " A "|.|done|done", "other", false},
        {0, "want " A "|:|done", "other", false},
        {2, "command=ls-refs|agent=x|object-format=sha1|:|peel|symrefs|ref-prefix HEAD|.", "refs",
         false},
        {2, "command=ls-refs|.", "refs", false},
        {2, "command=ls-refs|:|what|.", "other", false},
        {2, "command=ls-refs|server-option=x|:|peel|.", "other", false},
        {2, "command=ls-refs|:|peel|.|.", "other", false},
        {2, "command=fetch|agent=x|:|want " A "|done|.", "whole", true},
        {2, "command=fetch|:|want " A "|deepen 1|.", "whole", true},
        {2, "command=fetch|:|want " A "|have " B "|.", "part", true},
        {2, "command=fetch|:|want " A "|have " B "|done|.", "part", true},
        {2, "command=fetch|:|want " A "|sideband-all|done|.", "other", true},
        {2, "command=fetch|:|want-ref refs/heads/x|done|.", "other", true},
        {2, "command=fetch|:|want " A "|done", "wrong", true},
        {2, "command=fetch|.", "other", true},
        {2, "command=fetch|command=ls-refs|.", "other", false},
        {2, "command=object-info|:|size|.", "other", false},
        {2, "agent=x|.", "other", false},
    };
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(rows); i++) {
        rc_fetch_request_t request = reading(rows[i].version, rows[i].text);

        if (strcmp(kinds[request.kind], rows[i].kind))
            fail_msg("%s: %s, not %s", rows[i].text, kinds[request.kind], rows[i].kind);
        if (request.kind != RC_FETCH_OTHER && request.bands != rows[i].bands)
            fail_msg("%s: bands %d", rows[i].text, request.bands);
        assert_true((request.normal != NULL) == (request.kind == RC_FETCH_WHOLE));
    }
}

/* The texts of each row have one normal form, and different rows have different ones. */
static void normal_forms(void **state)
{
    static const struct {
        int version;
        const char *texts[3];
    } rows[] = {
        {0,
         {"want " A " ofs-delta|.|done", "want " A " agent=git/2 ofs-delta session-id=7|.|done"}},
        {0, {"want " A "|.|done", "want " A "|want " A "|.|done"}},
        {0, {"want " A "|deepen 1|.|done"}},
        {0, {"want " A "|deepen 1|."}},
        {0, {"want " A " no-progress ofs-delta|.|done", "want " A " ofs-delta no-progress|.|done"}},
        {0,
         {"want " A " ofs-delta|want " B "|shallow " C "|filter tree:0|.|done",
          "want " B " ofs-delta|filter tree:0|want " A "|shallow " C "|.|done"}},
        {2,
         {"command=fetch|agent=a|:|want " A "|want " B "|ofs-delta|done|.",
          "agent=b|command=fetch|session-id=1|:|ofs-delta|want " B "|done|want " A "|want " B
          "|."}},
        {2, {"command=fetch|object-format=sha1|:|want " A "|want " B "|ofs-delta|done|."}},
        {2, {"command=fetch|:|want " A "|want " B "|ofs-delta|."}},
        {2, {"command=fetch|:|want " A "|want " B "|ofs-delta|done|deepen 1|."}},
        {2, {"command=fetch|:|want " A "|want " B "|ofs-delta|done|filter blob:none|."}},
    };
    size_t i, k, n;

    (void)state;
    for (i = 0; i < ROWS(rows); i++) {
        const char *form = reading(rows[i].version, rows[i].texts[0]).normal;
        rc_fetch_request_t again;

        assert_non_null(form);
        for (k = 1; k < 3 && rows[i].texts[k]; k++)
            assert_string_equal(reading(rows[i].version, rows[i].texts[k]).normal, form);
        for (n = 0; n < i; n++)
            assert_string_not_equal(reading(rows[n].version, rows[n].texts[0]).normal, form);
        rc_fetch_request_read(&again, rows[i].version, form, strlen(form), pool);
        assert_string_equal(again.normal, form);
    }
}

static void arguments_of_ls_refs(void **state)
{
    rc_fetch_request_t request = reading(2, "command=ls-refs|:|unborn|ref-prefix a|ref-prefix b|.");

    (void)state;
    assert_true(request.unborn && !request.peel && !request.symrefs);
    assert_int_equal(request.prefixes->nelts, 2);
    assert_string_equal(APR_ARRAY_IDX(request.prefixes, 1, const char *), "b");
}

static void broken_packets(void **state)
{
    static const char *const bodies[] = {
        "x",      "000",         "0003",    "0005",         "zzzz",
        "fff1aa", "0032want " A, "0000000", "0008done0003", "0031want " A "\n00",
    };
    rc_fetch_request_t request;
    int version;
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(bodies); i++)
        for (version = 0; version < 3; version++) {
            rc_fetch_request_read(&request, version, bodies[i], strlen(bodies[i]), pool);
            if (request.kind != RC_FETCH_WRONG)
                fail_msg("%s: %s", bodies[i], kinds[request.kind]);
        }
    rc_fetch_request_read(&request, 0, "0033want " A "\0\n0000", 55, pool);
    assert_int_equal(request.kind, RC_FETCH_OTHER);
}

/* A long request is not held in memory line by line. */
static void long_requests(void **state)
{
    size_t line = strlen("0032want " A "\n"), n = 30000, i;
    char *data = apr_palloc(pool, n * line + 64), *p = data;
    rc_fetch_request_t request;

    (void)state;
    for (i = 0; i < n; i++, p += line)
        memcpy(p, "0032want " A "\n", line);
    memcpy(p, "00000009done\n", 13);
    rc_fetch_request_read(&request, 0, data, (size_t)(p - data) + 13, pool);
    assert_int_equal(request.kind, RC_FETCH_OTHER);
    memcpy(data, "0032have " A "\n", line);
    rc_fetch_request_read(&request, 0, data, (size_t)(p - data) + 13, pool);
    assert_int_equal(request.kind, RC_FETCH_PART);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(kinds_of_requests),    cmocka_unit_test(normal_forms),
    cmocka_unit_test(arguments_of_ls_refs), cmocka_unit_test(broken_packets),
    cmocka_unit_test(long_requests),
};

UNIT_MAIN(tests)
