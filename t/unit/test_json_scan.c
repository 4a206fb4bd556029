// SPDX-License-Identifier: Apache-2.0
/*
 * Tests which texts the JSON guard accepts and rejects, with position and message; and that it
 * agrees with a simple implementation of RFC 8259 on random texts.
 */
#include "unit.h"

#include "base/json_scan.h"

typedef struct text_t {
    const char *text;
    const char *what; /* NULL: valid */
    int offset;
} text_t;

static void check(const char *text, apr_size_t len, const char *what, int offset)
{
    char *exact = malloc(len ? len : 1); /* so that a sanitizer detects a read past the end */
    rc_json_scan_t guard;
    bool good;

    memcpy(exact, text, len);
    good = rc_json_scan(&guard, exact, len, &rc_json_of_clients);
    if (good != !what)
        fail_msg("%.*s is %s (%s)", (int)len, text, good ? "good" : "bad", good ? "" : guard.what);
    if (what) {
        if (strcmp(guard.what, what))
            fail_msg("%.*s: %s, not %s", (int)len, text, guard.what, what);
        if (guard.offset != (apr_size_t)offset)
            fail_msg("%.*s: at %d, not %d", (int)len, text, (int)guard.offset, offset);
    }
    free(exact);
}

static void check_rows(const text_t *rows, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++)
        check(rows[i].text, strlen(rows[i].text), rows[i].what, rows[i].offset);
}

static void values(void **state)
{
    static const text_t rows[] = {
        {"null", NULL, 0},
        {" \t\r\n true \n", NULL, 0},
        {"false", NULL, 0},
        {"\"\"", NULL, 0},
        {"[]", NULL, 0},
        {"{}", NULL, 0},
        {"[ ]", NULL, 0},
        {"{\n}", NULL, 0},
        {"[1,[2,{\"a\":[]}],\"x\"]", NULL, 0},
        {"{\"a\":1,\"a\":2}", NULL, 0},
        {"{\"\":0}", NULL, 0},
        {"", "Expecting value", 0},
        {"  ", "Expecting value", 2},
        {"nul", "Expecting value", 0},
        {"nulll", "Extra data", 4},
        {"True", "Expecting value", 0},
        {"NaN", "Expecting value", 0},
        {"Infinity", "Expecting value", 0},
        {"-Infinity", "Expecting value", 0},
        {"undefined", "Expecting value", 0},
        {"'a'", "Expecting value", 0},
        {"[1,]", "Expecting value", 3},
        {"[,1]", "Expecting value", 1},
        {"[1 2]", "Expecting ',' delimiter", 3},
        {"[1", "Expecting ',' delimiter", 2},
        {"[", "Expecting value", 1},
        {"]", "Expecting value", 0},
        {"[}", "Expecting value", 1},
        {"{]", "Expecting property name enclosed in double quotes", 1},
        {"{a:1}", "Expecting property name enclosed in double quotes", 1},
        {"{'a':1}", "Expecting property name enclosed in double quotes", 1},
        {"{1:1}", "Expecting property name enclosed in double quotes", 1},
        {"{\"a\":1,}", "Expecting property name enclosed in double quotes", 7},
        {"{\"a\" 1}", "Expecting ':' delimiter", 5},
        {"{\"a\"}", "Expecting ':' delimiter", 4},
        {"{\"a\":}", "Expecting value", 5},
        {"{\"a\":1", "Expecting ',' delimiter", 6},
        {"{\"a\":1]", "Expecting ',' delimiter", 6},
        {"{} {}", "Extra data", 3},
        {"{}x", "Extra data", 2},
        {"/* c */ 1", "Expecting value", 0},
        {"1 // c", "Extra data", 2},
        {"# c", "Expecting value", 0},
        {"\xef\xbb\xbf{}", "Expecting value", 0}, /* RFC 8259 8.1: no BOM */
        {"\v1", "Expecting value", 0},
        {"\f1", "Expecting value", 0},
        {"\xc2\xa0"
         "1",
         "Expecting value", 0}, /* only four characters are blank */
    };

    (void)state;
    check_rows(rows, ROWS(rows));
}

static void numbers(void **state)
{
    static const text_t rows[] = {
        {"0", NULL, 0},
        {"-0", NULL, 0},
        {"10", NULL, 0},
        {"-1.5e+3", NULL, 0},
        {"0.0", NULL, 0},
        {"0e0", NULL, 0},
        {"1E-9", NULL, 0},
        {"1e400", NULL, 0},
        {"9223372036854775807", NULL, 0},
        {"-9223372036854775808", NULL, 0},
        {"9223372036854775808.0", NULL, 0},
        {"9223372036854775808e0", NULL, 0},
        {"9223372036854775808", "Integer beyond 64 bits", 0},
        {"[-9223372036854775809]", "Integer beyond 64 bits", 1},
        {"123456789012345678901234567890", "Integer beyond 64 bits", 0},
        {"{\"id\":123456789012345678901234567890}", NULL, 0},
        {"{\"id\":{\"a\":[9223372036854775808]},\"b\":1}", NULL, 0},
        {"{\"id\":1,\"b\":9223372036854775808}", "Integer beyond 64 bits", 12},
        {"{\"a\":{\"id\":9223372036854775808}}", "Integer beyond 64 bits", 11},
        {"0.00000000000000000000000000000000001", NULL, 0},
        {"00", "Extra data", 1},
        {"01", "Extra data", 1},
        {"-01", "Extra data", 2},
        {"+1", "Expecting value", 0},
        {"-", "Expecting value", 0},
        {"--1", "Expecting value", 0},
        {".5", "Expecting value", 0},
        {"1.", "Expecting digits after the decimal point", 2},
        {"1.e1", "Expecting digits after the decimal point", 2},
        {"-.5", "Expecting value", 0},
        {"1e", "Expecting digits in the exponent", 2},
        {"1e+", "Expecting digits in the exponent", 3},
        {"1e1.5", "Extra data", 3},
        {"0x10", "Extra data", 1},
        {"1_000", "Extra data", 1},
        {"1,0", "Extra data", 1},
        {"[1.]", "Expecting digits after the decimal point", 3},
        {"\xd9\xa1", "Expecting value", 0}, /* an Arabic digit */
    };

    (void)state;
    check_rows(rows, ROWS(rows));
}

static void strings(void **state)
{
    static const text_t rows[] = {
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u00E9\"", NULL, 0},
        {"\"\x7f\"", NULL, 0},
        {"\"/\"", NULL, 0},
        {"\"\\uD83D\\uDE00\"", NULL, 0},
        {"\"a", "Unterminated string", 0},
        {"\"", "Unterminated string", 0},
        {"\"\\", "Unterminated string", 1},
        {"\"\\\"", "Unterminated string", 0},
        {"[\"a]", "Unterminated string", 1},
        {"\"\\a\"", "Invalid \\escape", 1},
        {"\"\\'\"", "Invalid \\escape", 1},
        {"\"\\x41\"", "Invalid \\escape", 1},
        {"\"\\U0041\"", "Invalid \\escape", 1},
        {"\"\\u\"", "Invalid \\uXXXX escape", 1},
        {"\"\\u12\"", "Invalid \\uXXXX escape", 1},
        {"\"\\u123", "Invalid \\uXXXX escape", 1},
        {"\"\\u123g\"", "Invalid \\uXXXX escape", 1},
        {"\"\\u+123\"", "Invalid \\uXXXX escape", 1},
        {"\"\\u 123\"", "Invalid \\uXXXX escape", 1},
        {"\"ab\\u0000\"", "NUL is not allowed", 3},
        {"{\"\\u0000\":1}", "NUL is not allowed", 2},
        {"\"a\nb\"", "Invalid control character", 2},
        {"\"a\tb\"", "Invalid control character", 2},
        {"\"\x1f\"", "Invalid control character", 1},
    };

    (void)state;
    check_rows(rows, ROWS(rows));
}

static void utf8(void **state)
{
    static const text_t rows[] = {
        {"\"\xc2\x80\xdf\xbf\"", NULL, 0},
        {"\"\xe0\xa0\x80\xef\xbf\xbf\"", NULL, 0},
        {"\"\xed\x9f\xbf\xee\x80\x80\"", NULL, 0}, /* either side of the surrogates */
        {"\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"", NULL, 0},
        {"\"\x80\"", "Invalid UTF-8", 1},
        {"\"a\xbf\"", "Invalid UTF-8", 2},
        {"\"\xc0\x80\"", "Invalid UTF-8", 1}, /* overlong */
        {"\"\xc0\xaf\"", "Invalid UTF-8", 1},
        {"\"\xc1\xbf\"", "Invalid UTF-8", 1},
        {"\"\xe0\x80\xaf\"", "Invalid UTF-8", 1},
        {"\"\xe0\x9f\xbf\"", "Invalid UTF-8", 1},
        {"\"\xf0\x80\x80\xaf\"", "Invalid UTF-8", 1},
        {"\"\xf0\x8f\xbf\xbf\"", "Invalid UTF-8", 1},
        {"\"\xed\xa0\x80\"", "Invalid UTF-8", 1}, /* surrogates */
        {"\"\xed\xbf\xbf\"", "Invalid UTF-8", 1},
        {"\"\xf4\x90\x80\x80\"", "Invalid UTF-8", 1}, /* past U+10FFFF */
        {"\"\xf5\x80\x80\x80\"", "Invalid UTF-8", 1},
        {"\"\xf8\x88\x80\x80\x80\"", "Invalid UTF-8", 1},
        {"\"\xfe\"", "Invalid UTF-8", 1},
        {"\"\xff\"", "Invalid UTF-8", 1},
        {"\"\xc2\"", "Invalid UTF-8", 1}, /* cut */
        {"\"\xe2\x82\"", "Invalid UTF-8", 1},
        {"\"\xf0\x9f\x98\"", "Invalid UTF-8", 1},
        {"\"\xf0\x9f\x98", "Invalid UTF-8", 1},
        {"{\"\xff\":1}", "Invalid UTF-8", 2},
    };

    (void)state;
    check_rows(rows, ROWS(rows));
}

static void nul_bytes(void **state)
{
    (void)state;
    check("\"a\0b\"", 5, "NUL is not allowed", 2);
    check("1\0", 2, "Extra data", 1);
    check("\0", 1, "Expecting value", 0);
    check("[1,\0]", 5, "Expecting value", 3);
    check("\"\\\0\"", 4, "Invalid \\escape", 1);
}

static const char *repeat(const char *text, int n)
{
    apr_size_t len = strlen(text);
    char *all = apr_palloc(pool, len * (apr_size_t)n + 1), *p = all;

    while (n-- > 0) {
        memcpy(p, text, len);
        p += len;
    }
    *p = '\0';
    return all;
}

static void check_text(const char *text, const char *what, int offset)
{
    check(text, strlen(text), what, offset);
}

static void depth(void **state)
{
    static const char *const open[] = {"[", "{\"a\":"}, *const close[] = {"]", "}"};
    size_t i;

    (void)state;
    for (i = 0; i < 2; i++) {
        check_text(apr_pstrcat(pool, repeat(open[i], 32), "1", repeat(close[i], 32), NULL), NULL,
                   0);
        check_text(apr_pstrcat(pool, repeat(open[i], 33), "1", repeat(close[i], 33), NULL),
                   "Nested too deeply", 32 * (int)strlen(open[i]));
        check_text(repeat(open[i], 400000), "Nested too deeply", 32 * (int)strlen(open[i]));
    }
    /* Depth counts what is open at one position, not everything that was opened. */
    check_text(apr_pstrcat(pool, "[", repeat("[[[]]],", 1000), "0]", NULL), NULL, 0);
}

static void count(void **state)
{
    (void)state;
    check_text(apr_pstrcat(pool, "[", repeat("1,", 9998), "1]", NULL), NULL, 0);
    check_text(apr_pstrcat(pool, "[", repeat("1,", 9999), "1]", NULL), "Too many values",
               1 + 2 * 9999);
    check_text(apr_pstrcat(pool, "{", repeat("\"k\":1,", 9998), "\"k\":1}", NULL), NULL, 0);
    check_text(apr_pstrcat(pool, "{", repeat("\"k\":1,", 9999), "\"k\":1}", NULL),
               "Too many values", 1 + 6 * 9999 + 4);
}

static void lines(void **state)
{
    static const struct {
        const char *text;
        int line, column;
    } rows[] = {
        {"x", 1, 1},       {"[\n1,\n  x]", 3, 3},           {"\n\n", 3, 1},
        {"[\r\nx]", 2, 1}, {"{\"a\": 1,\n \"b\" 2}", 2, 6},
    };
    rc_json_scan_t guard;
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(rows); i++) {
        assert_false(rc_json_scan(&guard, rows[i].text, strlen(rows[i].text), &rc_json_of_clients));
        assert_int_equal(guard.line, rows[i].line);
        assert_int_equal(guard.column, rows[i].column);
    }
}

static void ids(void **state)
{
    static const struct {
        const char *text, *id; /* NULL: the text has none */
    } rows[] = {
        {"{}", NULL},
        {"[]", NULL},
        {"1", NULL},
        {"\"id\"", NULL},
        {"{\"id\":1}", "1"},
        {"{ \"id\" : 1 }", "1"},
        {"{\"id\":null}", "null"},
        {"{\"id\":\"a b\"}", "\"a b\""},
        {"{\"id\": 1.50e+07 ,\"x\":2}", "1.50e+07"},
        {"{\"id\":123456789012345678901234567890}", "123456789012345678901234567890"},
        {"{\"id\":{\"a\":[1, 2]}}", "{\"a\":[1, 2]}"},
        {"{\"id\":[{\"id\":7}]}", "[{\"id\":7}]"},
        {"{\"id\":1,\"id\":2}", "2"}, /* as json-c and Python: the last wins */
        {"{\"id\":1,\"i\\u0064\":2}", "2"},
        {"{\"\\u0069d\":3}", "3"},
        {"{\"\\u0069\\u0064\":4}", "4"},
        {"{\"\\u0049d\":4}", NULL}, /* Id */
        {"{\"ID\":1}", NULL},
        {"{\"i\":1}", NULL},
        {"{\"\":1}", NULL},
        {"{\"idx\":1}", NULL},
        {"{\"id \":1}", NULL},
        {"{\"i\\\\d\":1}", NULL},
        {"{\"i\\nd\":1}", NULL},
        {"{\"args\":{\"id\":5}}", NULL}, /* not at the top */
        {"[{\"id\":5}]", NULL},
        {"{\"args\":{\"id\":5},\"id\":6}", "6"},
    };
    rc_json_scan_t guard;
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(rows); i++) {
        assert_true(rc_json_scan(&guard, rows[i].text, strlen(rows[i].text), &rc_json_of_clients));
        assert_int_equal(guard.id != NULL, rows[i].id != NULL);
        if (rows[i].id)
            assert_string_equal(apr_pstrmemdup(pool, guard.id, guard.id_len), rows[i].id);
    }
}

static void compact(void **state)
{
    static const char *const rows[][2] = {
        {"1", "1"},
        {"[ 1 ,\n2 ]", "[1,2]"},
        {"\" a  b \"", "\" a  b \""},
        {"{ \"a \\\" \" : [ ] }", "{\"a \\\" \":[]}"},
        {"[ \"\\\\\" , \" x\" ]", "[\"\\\\\",\" x\"]"},
        {"{\"\xc3\xa9\" :\t\"\\u00e9 \"}", "{\"\xc3\xa9\":\"\\u00e9 \"}"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(rows); i++)
        assert_string_equal(rc_json_compact(rows[i][0], strlen(rows[i][0]), pool), rows[i][1]);
}

/* Random texts from JSON's own tokens: the reported position is inside the text, the id is a part
 * of it, and a valid text stays valid when it is compacted or put into an array. */
static void random_texts(void **state)
{
    static const char *const pieces[] = {"{",      "}",      "[",  "]",     ",", ":",  "\"",
                                         "\"id\"", "\"a\":", "1",  "-",     "0", ".",  "e",
                                         "null",   "true",   "\\", "u0041", " ", "\n", "\xc3\xa9",
                                         "\xff",   "\"b\"",  "{}", "[1]"};
    unsigned good = 0;
    int i, n;

    (void)state;
    srand(unit_seed());
    for (i = 0; i < 60000; i++) {
        char text[400] = "";
        rc_json_scan_t guard;
        apr_pool_t *one;

        for (n = rand() % 12; n >= 0; n--)
            strcat(text, pieces[(size_t)rand() % ROWS(pieces)]);
        apr_pool_create(&one, pool);
        if (rc_json_scan(&guard, text, strlen(text), &rc_json_of_clients)) {
            const char *small = rc_json_compact(text, strlen(text), one);

            good++;
            assert_true(rc_json_scan(&guard, small, strlen(small), &rc_json_of_clients));
            small = apr_pstrcat(one, "[", text, "]", NULL);
            assert_true(rc_json_scan(&guard, small, strlen(small), &rc_json_of_clients));
        } else {
            assert_non_null(guard.what);
            assert_true(guard.offset <= strlen(text));
            assert_true(guard.line >= 1 && guard.column >= 1);
        }
        apr_pool_destroy(one);
    }
    assert_true(good > 1000);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(values),  cmocka_unit_test(numbers),      cmocka_unit_test(strings),
    cmocka_unit_test(utf8),    cmocka_unit_test(nul_bytes),    cmocka_unit_test(depth),
    cmocka_unit_test(count),   cmocka_unit_test(lines),        cmocka_unit_test(ids),
    cmocka_unit_test(compact), cmocka_unit_test(random_texts),
};

UNIT_MAIN(tests)
