// SPDX-License-Identifier: Apache-2.0
/*
 * Tests the JSON writer: commas, escapes, repair of UTF-8; and that the guard accepts its output.
 */
#include "unit.h"

#include <json-c/json.h>

#include "base/json_scan.h"
#include "base/json.h"
#include "base/text.h"

static rc_json_t json;

static void begin(void)
{
    rc_json_init(&json, rc_spool_create(unit_dir, pool));
}

static const char *written(void)
{
    const char *text;

    ASSERT_OK(rc_json_finish(&json));
    ASSERT_OK(rc_spool_string(&text, json.spool, pool));
    return text;
}

static void structure(void **state)
{
    (void)state;
    begin();
    rc_json_object_begin(&json);
    rc_json_member_int(&json, "id", 1);
    rc_json_key(&json, "list");
    rc_json_array_begin(&json);
    rc_json_int(&json, APR_INT64_MIN);
    rc_json_int(&json, APR_INT64_MAX);
    rc_json_array_begin(&json);
    rc_json_array_end(&json);
    rc_json_object_begin(&json);
    rc_json_object_end(&json);
    rc_json_string(&json, NULL);
    rc_json_bool(&json, true);
    rc_json_bool(&json, false);
    rc_json_null(&json);
    rc_json_raw(&json, "1.50", 4);
    rc_json_array_end(&json);
    rc_json_member_string(&json, "s", "x");
    rc_json_member_string(&json, "none", NULL);
    rc_json_member_bool(&json, "b", true);
    rc_json_member_null(&json, "n");
    rc_json_key_text(&json, "k\"\xff");
    rc_json_object_begin(&json);
    rc_json_key_text(&json, "a");
    rc_json_int(&json, 0);
    rc_json_key_text(&json, "b");
    rc_json_int(&json, -1);
    rc_json_object_end(&json);
    rc_json_object_end(&json);
    assert_string_equal(written(), "{\"id\":1,\"list\":[-9223372036854775808,9223372036854775807,"
                                   "[],{},null,true,false,null,1.50],\"s\":\"x\",\"none\":null,"
                                   "\"b\":true,\"n\":null,"
                                   "\"k\\\"\xef\xbf\xbd\":{\"a\":0,\"b\":-1}}");
}

static void escapes(void **state)
{
    static const char *const rows[][2] = {
        {"", ""},
        {"plain /'", "plain /'"},
        {"\"\\", "\\\"\\\\"},
        {"\b\f\n\r\t", "\\b\\f\\n\\r\\t"},
        {"\x01\x1f\x7f", "\\u0001\\u001f\\u007f"},
        {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
        {"a\xff"
         "b",
         "a\xef\xbf\xbd"
         "b"},
        {"\xc3", "\xef\xbf\xbd"},
        {"\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd"}, /* each byte of its own */
        {"\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xc3\n", "\xef\xbf\xbd\\n"},
        {"\xc3\"", "\xef\xbf\xbd\\\""},
    };
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(rows); i++) {
        begin();
        rc_json_string(&json, rows[i][0]);
        assert_string_equal(written(), apr_pstrcat(pool, "\"", rows[i][1], "\"", NULL));
    }
    begin();
    rc_json_string_len(&json, "a\0b", 3);
    assert_string_equal(written(), "\"a\\u0000b\"");
    begin();
    rc_json_string_len(&json, "\xc3\xa9", 1); /* cut by the length, not by a NUL */
    assert_string_equal(written(), "\"\xef\xbf\xbd\"");
}

/* Any byte but NUL; in a third of all cases one that the writer must take care of. */
static char random_byte(void)
{
    static const char special[] = "\"\\/\nx\xc3\xa9\xe2";
    int any = rand() % 255 + 1;

    return rand() % 3 ? (char)any : special[rand() % 8];
}

/* json-c reads the same text back, repaired as by rc_utf8_repair. */
static void random_strings(void **state)
{
    int i, k;

    (void)state;
    srand(unit_seed());
    for (i = 0; i < 20000; i++) {
        char bytes[64];
        const char *out;
        json_object *read;
        rc_json_scan_t guard;
        int len = rand() % 40;

        for (k = 0; k < len; k++)
            bytes[k] = random_byte();
        bytes[len] = '\0';
        begin();
        rc_json_string(&json, bytes);
        out = written();
        if (!rc_json_scan(&guard, out, strlen(out), &rc_json_of_clients))
            fail_msg("%s in %s", guard.what, out);
        read = json_tokener_parse(out);
        assert_non_null(read);
        assert_string_equal(json_object_get_string(read), rc_utf8_repair(bytes, pool));
        json_object_put(read);
    }
}

static void errors_stick(void **state)
{
    static char much[RC_SPOOL_MEMORY];
    rc_err_t *err;

    (void)state;
    rc_json_init(&json, rc_spool_create("/not/there", pool));
    rc_json_array_begin(&json);
    assert_null(rc_json_finish(&json));
    memset(much, 'x', sizeof(much));
    rc_json_string_len(&json, much, sizeof(much));
    assert_non_null(err = rc_json_finish(&json));
    rc_json_int(&json, 1);
    rc_json_array_end(&json);
    assert_ptr_equal(rc_json_finish(&json), err);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(structure),
    cmocka_unit_test(escapes),
    cmocka_unit_test(errors_stick),
    cmocka_unit_test(random_strings),
};

UNIT_MAIN(tests)
