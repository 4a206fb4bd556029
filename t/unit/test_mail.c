// SPDX-License-Identifier: Apache-2.0
/*
 * Tests header lines of mails: where text is encoded, quoted and folded.
 */
#include "unit.h"

#include "base/mail.h"

static void subject_is(const char *title, const char *line)
{
    assert_string_equal(rc_mail_subject("[PATCH]", title, pool), line);
}

static void from_is(const char *name, const char *mail, const char *line)
{
    assert_string_equal(rc_mail_from(name, mail, pool), line);
}

static char *repeated(char c, int n)
{
    char *text = apr_palloc(pool, (apr_size_t)n + 1);

    memset(text, c, (size_t)n);
    text[n] = '\0';
    return text;
}

static void plain_subjects(void **state)
{
    (void)state;
    subject_is("one", "Subject: [PATCH] one\n");
    subject_is("", "Subject: [PATCH]\n");
    subject_is("a = b?", "Subject: [PATCH] a = b?\n");
    assert_string_equal(rc_mail_subject("[PATCH 02/10]", "x", pool), "Subject: [PATCH 02/10] x\n");
}

static void folded_subjects(void **state)
{
    char *fits = repeated('x', 78 - 17), *longer = repeated('x', 78 - 16);

    (void)state;
    subject_is(fits, apr_pstrcat(pool, "Subject: [PATCH] ", fits, "\n", NULL));
    subject_is(longer, apr_pstrcat(pool, "Subject: [PATCH] \n ", longer, "\n", NULL));
    subject_is(apr_pstrcat(pool, fits, " y", NULL),
               apr_pstrcat(pool, "Subject: [PATCH] ", fits, "\n y\n", NULL));
    /* a blank at the end makes no empty line, which would end the header */
    subject_is(apr_pstrcat(pool, repeated('x', 80), "\t", NULL),
               apr_pstrcat(pool, "Subject: [PATCH] \n ", repeated('x', 80), "\n", NULL));
    /* a control character reduces the room by one */
    subject_is(apr_pstrcat(pool, fits, "\1x", NULL),
               apr_pstrcat(pool, "Subject: [PATCH] ", fits, "\1x\n", NULL));
}

static void encoded_subjects(void **state)
{
    (void)state;
    subject_is("caf\xc3\xa9", "Subject: [PATCH] =?UTF-8?q?caf=C3=A9?=\n");
    subject_is("a b_c=d?e\xc3\xa9.", "Subject: [PATCH] =?UTF-8?q?a=20b=5Fc=3Dd=3Fe=C3=A9.?=\n");
    subject_is("=?x", "Subject: [PATCH] =?UTF-8?q?=3D=3Fx?=\n");
    subject_is("\033[m", "Subject: [PATCH] =?UTF-8?q?=1B[m?=\n");
    subject_is("\xff", "Subject: [PATCH] =?UTF-8?q?=FF?=\n");
    /* 76 characters; the bytes of one character stay on one line */
    subject_is("\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80",
               "Subject: [PATCH] =?UTF-8?q?=F0=9F=98=80=F0=9F=98=80=F0=9F=98=80?=\n"
               " =?UTF-8?q?=F0=9F=98=80?=\n");
    /* U+FFFF is not a character to git: its bytes may be split */
    subject_is("1234567890123456789012345678901234567890\xef\xbf\xbf\xc3\xa9",
               "Subject: [PATCH] =?UTF-8?q?1234567890123456789012345678901234567890=EF=BF?=\n"
               " =?UTF-8?q?=BF=C3=A9?=\n");
}

static void names(void **state)
{
    char *mail = repeated('m', 78 - 6 - 1 - 3);

    (void)state;
    from_is("A U Thor", "a@b", "From: A U Thor <a@b>\n");
    from_is("", "a@b", "From:  <a@b>\n");
    from_is("A", "", "From: A <>\n");
    from_is("A. B", "a@b", "From: \"A. B\" <a@b>\n");
    from_is("A \"q\" \\ B", "a@b", "From: \"A \\\"q\\\" \\\\ B\" <a@b>\n");
    from_is("J\xc3\xa9 (B.)", "a@b", "From: =?UTF-8?q?J=C3=A9=20=28B=2E=29?= <a@b>\n");
    from_is("A", mail, apr_pstrcat(pool, "From: A <", mail, ">\n", NULL));
    from_is("AB", mail, apr_pstrcat(pool, "From: AB\n <", mail, ">\n", NULL));
}

static void date_is(apr_uint64_t seconds, int zone, const char *line)
{
    assert_string_equal(rc_mail_date(seconds, zone, pool), line);
}

static void dates(void **state)
{
    (void)state;
    date_is(0, 0, "Date: Thu, 1 Jan 1970 00:00:00 +0000\n");
    date_is(1200000000, 100, "Date: Thu, 10 Jan 2008 22:20:00 +0100\n");
    date_is(1200000000, -330, "Date: Thu, 10 Jan 2008 17:50:00 -0330\n");
    date_is(1200000000, 9961, "Date: Tue, 15 Jan 2008 01:21:00 +9961\n");
    date_is(3600, -200, "Date: Wed, 31 Dec 1969 23:00:00 -0200\n");
    date_is(APR_INT64_MAX, 0, "Date: Thu, 1 Jan 1970 00:00:00 +0000\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_subjects),
        cmocka_unit_test(folded_subjects),
        cmocka_unit_test(encoded_subjects),
        cmocka_unit_test(names),
        cmocka_unit_test(dates),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, unit_begin, unit_end);
}
