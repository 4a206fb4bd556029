// SPDX-License-Identifier: Apache-2.0
/*
 * Reads Mercurial repositories whose texts are wrong although their node ids are right: whoever
 * makes a repository can store anything. All that is asked gets an answer or an error, and wrong
 * changesets and manifests are errors.
 */
#include "unit.h"

#include <sys/stat.h>

#include "hg_revlog_writer.h"
#include "base/hex.h"
#include "vcs/vcs.h"

static rc_hg_codec_t *codec;
static int made_repositories;

static void write_log(const char *dir, const char *name, const char *text, apr_size_t len,
                      unsigned char node[RC_HG_NODE])
{
    made_revlog_t *made = apr_pcalloc(pool, sizeof(*made));
    const unsigned char *none[] = {rc_hg_null_node, rc_hg_null_node};
    rc_hg_text_t bytes = {text, len};

    made->format = TOGETHER | GENERAL;
    rc_hg_node_id(node, codec, none, &bytes);
    add_row(made, codec, &(made_row_t){text, text, len, MARKED, 0, {-1, -1}, 0, (int)len});
    memcpy(made->index + 32, node, RC_HG_NODE);
    write_bytes(apr_pstrcat(pool, dir, name, NULL), made->index, made->index_len);
}

/* A repository of one changeset; NULL texts are right ones. */
typedef struct hostile_t {
    const char *changeset, *manifest, *file, *tags;
    apr_size_t changeset_len, manifest_len, file_len, tags_len; /* 0: up to a NUL */
} hostile_t;

static apr_size_t length_of(const char *text, apr_size_t len)
{
    return len ? len : strlen(text);
}

static const char *make_repository(const hostile_t *hostile)
{
    const char *dir = in_dir(apr_psprintf(pool, "r%d", made_repositories++)), *store, *manifest;
    const char *file = hostile->file ? hostile->file : "text\n";
    const char *tags = hostile->tags ? hostile->tags : "", *changeset;
    unsigned char node[3][RC_HG_NODE];
    apr_size_t len;

    ASSERT_OK(rc_vcs_create("hg", dir, pool));
    store = apr_pstrcat(pool, dir, "/.hg/store", NULL);
    assert_int_equal(mkdir(apr_pstrcat(pool, store, "/data", NULL), 0700), 0);
    write_log(store, "/data/a.i", file, length_of(file, hostile->file_len), node[0]);
    write_log(store, "/data/~2ehgtags.i", tags, length_of(tags, hostile->tags_len), node[1]);
    manifest = apr_psprintf(pool, ".hgtags%c%s\na%c%s\n", 0, rc_hex_text(node[1], RC_HG_NODE, pool),
                            0, rc_hex_text(node[0], RC_HG_NODE, pool));
    len = 7 + 1 + 40 + 1 + 1 + 1 + 40 + 1;
    if (hostile->manifest) {
        manifest = hostile->manifest;
        len = length_of(manifest, hostile->manifest_len);
    }
    write_log(store, "/00manifest.i", manifest, len, node[2]);
    changeset =
        apr_psprintf(pool, "%s\nann\n1 0\na\n\nmessage", rc_hex_text(node[2], RC_HG_NODE, pool));
    if (hostile->changeset)
        changeset = hostile->changeset;
    write_log(store, "/00changelog.i", changeset, length_of(changeset, hostile->changeset_len),
              node[0]);
    return dir;
}

/* --- what is asked --- */

static rc_err_t *ignore_node(void *baton, const rc_node_t *node)
{
    (void)node;
    ++*(int *)baton;
    return NULL;
}

static rc_err_t *ignore_change(void *baton, const rc_change_t *change)
{
    (void)change;
    ++*(int *)baton;
    return NULL;
}

static rc_err_t *ignore_item(void *baton, const rc_item_t *item)
{
    (void)item;
    ++*(int *)baton;
    return NULL;
}

static rc_err_t *ignore_ref(void *baton, const char *name, const char *id)
{
    assert_int_equal(strlen(id), 40);
    assert_non_null(name);
    ++*(int *)baton;
    return NULL;
}

/* Asks for everything; returns the number of errors. */
static int ask(const char *dir, apr_pool_t *p)
{
    rc_diff_options_t options = {.context = 3};
    rc_stat_limits_t limits = {1000, 1 << 20};
    rc_spool_t *spool = rc_spool_create(unit_dir, p);
    rc_entry_t entry;
    rc_commit_t *commit;
    rc_rev_t rev;
    rc_vcs_t *vcs;
    bool found, more;
    int n = 0, errors = 0, kind;
    const char *problem;

    ASSERT_OK(rc_vcs_open(&vcs, NULL, "hg", dir, NULL, p));
    ASSERT_OK(rc_vcs_resolve(&rev, vcs, "0", p));
    assert_non_null(rev.id);
    errors += rc_vcs_commit(&commit, vcs, &rev, p) != NULL;
    errors +=
        rc_vcs_nodes(&found, vcs, rev.id, "", RC_NODES_FILES, unit_dir, ignore_node, &n, p) != NULL;
    errors += rc_vcs_entry(&entry, vcs, rev.id, "a", p) != NULL;
    errors += rc_vcs_entry(&entry, vcs, rev.id, "a/b/../c", p) != NULL;
    errors += rc_vcs_diff(spool, vcs, rev.id, &options, p) != NULL;
    errors += rc_vcs_mail(spool, vcs, rev.id, &(rc_mail_t){options, 1, 1}, p) != NULL;
    errors += rc_vcs_stat(&more, vcs, rev.id, &limits, ignore_change, &n, p) != NULL;
    errors += rc_vcs_export(vcs, rev.id, "", unit_dir, ignore_item, &n, p) != NULL;
    for (kind = RC_BRANCHES; kind <= RC_TAGS; kind++)
        errors += rc_vcs_refs(vcs, (rc_refs_t)kind, ignore_ref, &n) != NULL;
    ASSERT_OK(rc_vcs_check_refs(&problem, vcs, p));
    return errors;
}

static int asked(const hostile_t *hostile)
{
    apr_pool_t *p;
    int errors;

    apr_pool_create(&p, pool);
    errors = ask(make_repository(hostile), p);
    apr_pool_destroy(p);
    return errors;
}

/* --- texts --- */

#define HEX40 "1111111111111111111111111111111111111111"

static void right_texts(void **unused)
{
    (void)unused;
    assert_int_equal(asked(&(hostile_t){NULL}), 0);
}

static void changesets(void **unused)
{
    static const char *const wrong[] = {
        "",
        "\n",
        "\n\n\n\n\n",
        HEX40,
        HEX40 "\n",
        HEX40 "\nuser",
        HEX40 "\nuser\n0 0",
        HEX40 "\nuser\n0\n\nmessage",
        HEX40 "\nuser\n0 0\nfiles",
        "x" HEX40 "\nuser\n0 0\n\nx",
        HEX40 "\nuser\n0 0\n\nx", /* no such manifest */
        HEX40 "\nuser\n99999999999999999999 -99999999999999999999\n\nx",
        HEX40 "\n\n\n\n",
    };
    size_t i;

    (void)unused;
    for (i = 0; i < ROWS(wrong); i++)
        assert_true(asked(&(hostile_t){.changeset = wrong[i]}) > 0);
}

/* Dates, extra values, users: odd, but a changeset. The null id stands for no files. */
static void odd_changesets(void **unused)
{
    static const char *const odd[] = {
        "\nuser\n99999999999999999999 -99999999999999999999\n\nx",
        "\nuser\n-5 43200 branch:\\\n\nx",
        "\n\xff\xfe\n0 0 branch\n\n\xff",
        "\nuser\n0 0 branch:tip\n\nx",
        "\nuser\nx y z\n\n",
        "\nuser\n0 0 branch:a\\0b\\\\\\n\na\nb\n\nx",
        "\n\n0 0\n\n",
    };
    size_t i;

    (void)unused;
    for (i = 0; i < ROWS(odd); i++) {
        const char *text =
            apr_pstrcat(pool, "0000000000000000000000000000000000000000", odd[i], NULL);

        assert_int_equal(asked(&(hostile_t){.changeset = text}), 0);
    }
}

static void manifests(void **unused)
{
#define LINE(path) path "\0" HEX40 "\n"
    static const struct {
        const char *text;
        apr_size_t len;
    } wrong[] = {
#define M(text) {text, sizeof(text) - 1}
        M("a"),
        M("a\n"),
        M("\0" HEX40 "\n"),
        M("a\0" HEX40),
        M("a\0" HEX40 "x"),
        M("a\0" HEX40 "y\n"),
        M("a\0" HEX40 "xl\n"),
        M("a\0" HEX40 "t\n"),
        M("a\0111\n"),
        M(LINE("b") LINE("a")),
        M(LINE("a") LINE("a")),
        M(LINE("a") "b"),
        M(LINE("a") "\n"),
        M("a\0"
          "G" HEX40 "\n"),
        M("\0\0\0\0"),
        M(LINE("a") LINE("")),
#undef M
    };
    size_t i;

    (void)unused;
    for (i = 0; i < ROWS(wrong); i++)
        assert_true(asked(&(hostile_t){.manifest = wrong[i].text, .manifest_len = wrong[i].len}) >
                    0);
}

/* Names that lead out of a directory cannot be packed, and are read as what they are. */
static void names(void **unused)
{
    static const struct {
        const char *text;
        apr_size_t len;
    } odd[] = {
#define M(text) {text, sizeof(text) - 1}
        M(LINE("../x")),
        M(LINE("/x")),
        M(LINE("a//b")),
        M(LINE("a/")),
        M(LINE(".")),
        M(LINE("a/../../b")),
        M(LINE("a") LINE("a/b") LINE("a/b/c")),
#undef M
    };
    size_t i;

    (void)unused;
    for (i = 0; i < ROWS(odd); i++)
        assert_true(asked(&(hostile_t){.manifest = odd[i].text, .manifest_len = odd[i].len}) > 0);
}

static void files(void **unused)
{
    static const char *const odd[] = {
        "\1\n",
        "\1\n\1",
        "\1\n\1\n",
        "\1\ncopy: a\n\1\nx",
        "\1\ncopyrev: " HEX40 "\n\1\n",
        "\1\ncopy: ../../../x\ncopyrev: " HEX40 "\n\1\nx",
        "\1\ncopy: a\ncopyrev: 1\n\1\nx",
        "\1\ncopy: \ncopyrev: " HEX40 "\n\1\nx",
        "\1\ncopy",
    };
    static const char *const tags[] = {
        "x",     "\n\n\n",      HEX40, HEX40 " ", HEX40 "  \n", HEX40 " a\n" HEX40 " a\n",
        "1 a\n", HEX40 "\ta\n",
    };
    size_t i;

    (void)unused;
    for (i = 0; i < ROWS(odd); i++)
        assert_int_equal(asked(&(hostile_t){.file = odd[i]}), 0);
    for (i = 0; i < ROWS(tags); i++)
        assert_int_equal(asked(&(hostile_t){.tags = tags[i]}), 0);
}

/* Files beside the revlogs. */
static void other_files(void **unused)
{
    static const struct {
        const char *name, *text;
        apr_size_t len;
        bool wrong;
    } odd[] = {
#define T(text) text, sizeof(text) - 1
        {"store/phaseroots", T("x\n2\n2 \n2 1\n-1 " HEX40 "\n99999999999 " HEX40 "\n"), false},
        {"bookmarks", T(HEX40 "\n" HEX40 " \n\n" HEX40 " x"), false},
        {"localtags", T("\n" HEX40 "\n" HEX40 " x"), false},
        {"dirstate", T("short"), false},
        {"store/obsstore", T("\2"), true},
        {"store/obsstore", T("\1\0\0\0\1"), true},
        {"store/obsstore", T("\1\xff\xff\xff\xff" HEX40 HEX40), true},
        {"store/obsstore", T("\0\xff\xff\xff\xff\xff" HEX40 HEX40), true},
        {"store/obsstore", T("\0"), false},
#undef T
    };
    size_t i;

    (void)unused;
    for (i = 0; i < ROWS(odd); i++) {
        const char *dir = make_repository(&(hostile_t){NULL});
        rc_vcs_t *vcs;
        apr_pool_t *p;
        rc_rev_t rev;

        apr_pool_create(&p, pool);
        write_bytes(apr_pstrcat(pool, dir, "/.hg/", odd[i].name, NULL), odd[i].text, odd[i].len);
        ASSERT_OK(rc_vcs_open(&vcs, NULL, "hg", dir, NULL, p));
        assert_int_equal(rc_vcs_resolve(&rev, vcs, "0", p) != NULL, odd[i].wrong);
        if (!odd[i].wrong)
            assert_int_equal(ask(dir, p), 0);
        apr_pool_destroy(p);
    }
}

static int begin_hostile(void **state)
{
    int failed = unit_begin(state);

    if (!failed)
        codec = rc_hg_codec_create(pool);
    return failed || !codec;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_texts),    cmocka_unit_test(changesets),
        cmocka_unit_test(odd_changesets), cmocka_unit_test(manifests),
        cmocka_unit_test(names),          cmocka_unit_test(files),
        cmocka_unit_test(other_files)};

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, begin_hostile, unit_end);
}
