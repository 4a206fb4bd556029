// SPDX-License-Identifier: Apache-2.0
/*
 * Tests the secret file, encryption (every altered bit is detected), digests, keys and passwords.
 */
#include "unit.h"

#include <sys/stat.h>

#include <apr_md5.h>

#include "base/hex.h"
#include "base/md5.h"
#include "base/password.h"
#include "base/secret.h"

static rc_secret_t *new_secret(const char *name)
{
    rc_secret_t *secret;

    ASSERT_OK(rc_secret_create(in_dir(name), pool));
    ASSERT_OK(rc_secret_load(&secret, in_dir(name), pool));
    return secret;
}

static void file(void **state)
{
    rc_secret_t *secret;
    struct stat st;

    (void)state;
    umask(0);
    ASSERT_OK(rc_secret_create(in_dir("file"), pool));
    assert_int_equal(stat(in_dir("file"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(st.st_size, 65);
    assert_non_null(rc_secret_create(in_dir("file"), pool)); /* never written over */
    assert_non_null(rc_secret_create(in_dir("no/folder"), pool));
    assert_non_null(rc_secret_load(&secret, in_dir("none"), pool));
    ASSERT_OK(rc_secret_load(&secret, in_dir("file"), pool));
}

static void refused_modes(void **state)
{
    static const mode_t good[] = {0600, 0400, 0700}, bad[] = {0640, 0604, 0620, 0602, 0610, 0644};
    rc_secret_t *secret;
    size_t i;

    (void)state;
    ASSERT_OK(rc_secret_create(in_dir("modes"), pool));
    for (i = 0; i < ROWS(good); i++) {
        chmod(in_dir("modes"), good[i]);
        ASSERT_OK(rc_secret_load(&secret, in_dir("modes"), pool));
    }
    for (i = 0; i < ROWS(bad); i++) {
        chmod(in_dir("modes"), bad[i]);
        assert_non_null(rc_secret_load(&secret, in_dir("modes"), pool));
    }
}

static void refused_contents(void **state)
{
    static const char hex[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    const char *rows[] = {"",
                          "\n",
                          "short\n",
                          apr_pstrmemdup(pool, hex, 63),
                          apr_pstrcat(pool, "x", hex + 1, NULL),
                          apr_pstrcat(pool, " ", hex, NULL),
                          apr_pstrcat(pool, apr_pstrmemdup(pool, hex, 63), "\n", NULL)};
    const char *path = in_dir("contents");
    rc_secret_t *secret;
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(rows); i++) {
        write_text(path, rows[i]);
        chmod(path, 0600);
        if (!rc_secret_load(&secret, path, pool))
            fail_msg("'%s' is taken for a secret", rows[i]);
    }
    write_text(path, hex); /* a final newline is not needed */
    ASSERT_OK(rc_secret_load(&secret, path, pool));
    assert_non_null(rc_secret_load(&secret, unit_dir, pool)); /* a directory */
}

static void seal(void **state)
{
    static const char *const texts[] = {"", "x", "0123456789abcdef0123456789abcdef01234567",
                                        "https://u:\xc3\xa9@h/p"};
    rc_secret_t *secret = new_secret("seal"), *again;
    size_t i;

    (void)state;
    ASSERT_OK(rc_secret_load(&again, in_dir("seal"), pool));
    for (i = 0; i < ROWS(texts); i++) {
        const void *one, *two;
        const char *text;
        int len, len2;

        ASSERT_OK(rc_secret_seal(&one, &len, secret, texts[i], "user 1", pool));
        ASSERT_OK(rc_secret_seal(&two, &len2, secret, texts[i], "user 1", pool));
        assert_int_equal(len, 28 + (int)strlen(texts[i]));
        assert_int_equal(len, len2);
        assert_memory_not_equal(one, two, (size_t)len); /* never the same result twice */
        ASSERT_OK(rc_secret_unseal(&text, again, one, len, "user 1", pool));
        assert_string_equal(text, texts[i]);
        assert_non_null(rc_secret_unseal(&text, secret, one, len, "user 2", pool));
        assert_non_null(rc_secret_unseal(&text, secret, one, len, "", pool));
        assert_non_null(rc_secret_unseal(&text, secret, one, len, "user 10", pool));
    }
}

static void tampering(void **state)
{
    rc_secret_t *secret = new_secret("tamper"), *other = new_secret("other");
    const void *sealed;
    unsigned char *copy;
    const char *text;
    int len, i, bit;

    (void)state;
    ASSERT_OK(rc_secret_seal(&sealed, &len, secret, "the key", "c", pool));
    assert_non_null(rc_secret_unseal(&text, other, sealed, len, "c", pool));
    for (i = 0; i < len; i++) {
        copy = malloc((size_t)i + 1); /* truncated, in a block of exactly that size */
        memcpy(copy, sealed, (size_t)i);
        assert_non_null(rc_secret_unseal(&text, secret, copy, i, "c", pool));
        free(copy);
        for (bit = 0; bit < 8; bit++) {
            copy = apr_pmemdup(pool, sealed, (apr_size_t)len);
            copy[i] ^= (unsigned char)(1 << bit);
            assert_non_null(rc_secret_unseal(&text, secret, copy, len, "c", pool));
        }
    }
    copy = apr_pcalloc(pool, (apr_size_t)len + 1);
    memcpy(copy, sealed, (size_t)len);
    assert_non_null(rc_secret_unseal(&text, secret, copy, len + 1, "c", pool));
    ASSERT_OK(rc_secret_unseal(&text, secret, copy, len, "c", pool));
}

/* Who has read a sealed value before a rotation by another process can decrypt it afterwards. */
static void rotation(void **state)
{
    rc_secret_t *reader = new_secret("rotated"), *other, *later;
    const void *before, *after;
    int before_len, after_len;
    const char *text;

    (void)state;
    ASSERT_OK(rc_secret_load(&other, in_dir("rotated"), pool));
    ASSERT_OK(rc_secret_seal(&before, &before_len, reader, "a key", "x", pool));
    ASSERT_OK(rc_secret_rotation_begin(other, pool));
    ASSERT_OK(rc_secret_rotation_end(other, pool));
    ASSERT_OK(rc_secret_seal(&after, &after_len, other, "a newer key", "x", pool));
    ASSERT_OK(rc_secret_unseal(&text, reader, after, after_len, "x", pool));
    assert_string_equal(text, "a newer key");
    ASSERT_OK(rc_secret_unseal(&text, reader, before, before_len, "x", pool));
    assert_string_equal(text, "a key");
    ASSERT_OK(rc_secret_load(&later, in_dir("rotated"), pool));
    assert_non_null(rc_secret_unseal(&text, later, before, before_len, "x", pool));
}

static void digests(void **state)
{
    static const char *const rows[][2] = {
        /* FIPS 180-2 and its appendix */
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    unsigned char digest[RC_DIGEST_SIZE];
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(rows); i++) {
        rc_key_digest(digest, rows[i][0]);
        assert_string_equal(rc_hex_text(digest, sizeof(digest), pool), rows[i][1]);
    }
}

static void random_values(void **state)
{
    const char *key, *last = "", *text;
    int seen[3] = {0, 0, 0}, i;

    (void)state;
    for (i = 0; i < 200; i++, last = key) {
        ASSERT_OK(rc_key_generate(&key, pool));
        assert_int_equal(strlen(key), 40);
        assert_int_equal(strspn(key, "0123456789abcdef"), 40);
        assert_string_not_equal(key, last);
    }
    ASSERT_OK(rc_random_text(&text, "abc", 30000, pool));
    for (i = 0; i < 30000; i++)
        seen[text[i] - 'a']++;
    for (i = 0; i < 3; i++)
        assert_in_range(seen[i], 9500, 10500); /* six standard deviations */
    ASSERT_OK(rc_random_text(&text, "x", 5, pool));
    assert_string_equal(text, "xxxxx");
    ASSERT_OK(rc_random_text(&text, "ab", 0, pool));
    assert_string_equal(text, "");
}

static bool matches(const char *hash, const char *password)
{
    bool fits;

    ASSERT_OK(rc_password_matches(&fits, NULL, hash, password, pool));
    return fits;
}

static void passwords(void **state)
{
    char longer[100], *longest;
    const char *hash, *other;

    (void)state;
    ASSERT_OK(rc_password_hash(&hash, NULL, "", pool));
    assert_null(hash);
    assert_false(matches(NULL, ""));
    assert_false(matches(NULL, "x"));
    ASSERT_OK(rc_password_hash(&hash, NULL, "secret\xc3\xa9", pool));
    ASSERT_OK(rc_password_hash(&other, NULL, "secret\xc3\xa9", pool));
    assert_string_not_equal(hash, other);
    assert_memory_equal(hash, "$2y$10$", 7); /* the tests of servers hash at a lower cost */
    assert_true(matches(hash, "secret\xc3\xa9"));
    assert_false(matches(hash, "secret"));
    assert_false(matches(hash, ""));
    assert_false(matches("plain", "plain"));
    assert_false(matches("", ""));
    memset(longer, 'x', sizeof(longer)); /* bcrypt alone ignores what follows 72 bytes */
    longer[99] = '\0';
    longest = apr_pstrdup(pool, longer);
    longest[98] = 'y';
    ASSERT_OK(rc_password_hash(&hash, NULL, longer, pool));
    assert_true(matches(hash, longer));
    assert_false(matches(hash, longest));
}

/* Any number of texts of any length, and lengths around a block, are as apr makes them. */
static void md5_of_many(void **state)
{
    static char data[64 * 1024];
    rc_md5_text_t texts[40];
    unsigned char expected[RC_MD5_SIZE];
    int round, i;

    (void)state;
    srand(unit_seed());
    for (i = 0; i < (int)sizeof(data); i++)
        data[i] = (char)rand();
    for (round = 0; round < 300; round++) {
        int n = round % (int)ROWS(texts) + 1;

        for (i = 0; i < n; i++) {
            texts[i].len = (apr_size_t)(rand() % (round % 3 ? 130 : 5000));
            texts[i].data = data + rand() % 1000;
        }
        texts[rand() % n].len = sizeof(data) - 1000;
        rc_md5(texts, n);
        for (i = 0; i < n; i++) {
            apr_md5(expected, texts[i].data, texts[i].len);
            assert_memory_equal(texts[i].digest, expected, RC_MD5_SIZE);
        }
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(file),
    cmocka_unit_test(refused_modes),
    cmocka_unit_test(refused_contents),
    cmocka_unit_test(seal),
    cmocka_unit_test(tampering),
    cmocka_unit_test(rotation),
    cmocka_unit_test(digests),
    cmocka_unit_test(md5_of_many),
    cmocka_unit_test(passwords),
    cmocka_unit_test(random_values),
};

UNIT_MAIN(tests)
