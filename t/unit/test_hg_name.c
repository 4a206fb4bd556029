// SPDX-License-Identifier: Apache-2.0
/*
 * Tests the names of revlogs on the disk. The expected ones were made by Mercurial's own store.py.
 */
#include "unit.h"

#include "vcs/hg/name.h"

typedef struct named_t {
    const char *path, *escaped, *hashed, *dots;
} named_t;

/* clang-format off */
static const named_t names[] = {
    {"a",
     "data/a.i",
     "data/a.i",
     "data/a.i"},
    {"Upper/UNDER_score",
     "data/_upper/_u_n_d_e_r__score.i",
     "data/_upper/_u_n_d_e_r__score.i",
     "data/_upper/_u_n_d_e_r__score.i"},
    {"a b/.hidden/ lead",
     "data/a b/.hidden/ lead.i",
     "data/a b/.hidden/ lead.i",
     "data/a b/~2ehidden/~20lead.i"},
    {"trail./end ",
     "data/trail./end .i",
     "data/trail~2e/end .i",
     "data/trail~2e/end .i"},
    {"aux/con.txt/com1.x/lpt0/nulls",
     "data/aux/con.txt/com1.x/lpt0/nulls.i",
     "data/au~78/co~6e.txt/co~6d1.x/lpt0/nulls.i",
     "data/au~78/co~6e.txt/co~6d1.x/lpt0/nulls.i"},
    {"x.i/y.d/z.hg/w.hg.x",
     "data/x.i.hg/y.d.hg/z.hg.hg/w.hg.x.i",
     "data/x.i.hg/y.d.hg/z.hg.hg/w.hg.x.i",
     "data/x.i.hg/y.d.hg/z.hg.hg/w.hg.x.i"},
    {"e\303\251~:*?\"<>|\\",
     "data/e~c3~a9~7e~3a~2a~3f~22~3c~3e~7c~5c.i",
     "data/e~c3~a9~7e~3a~2a~3f~22~3c~3e~7c~5c.i",
     "data/e~c3~a9~7e~3a~2a~3f~22~3c~3e~7c~5c.i"},
    {"ctl\001~\177",
     "data/ctl~01~7e~7f.i",
     "data/ctl~01~7e~7f.i",
     "data/ctl~01~7e~7f.i"},
    {"nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn/MMMMMMMMMMMMMMMMMMMMMMM"
     "MMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMM.c",
     "data/nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn/_m_m_m_m_m_m_m_m_m"
     "_m_m_m_m_m_m_m_m_m_m_m_m_m_m_m_m_m_m_m_m_m_m_m_m_m_m_m_m_m_m_m_m_m_m_m_m_m_m_m_m_m_m_m_m_m_m_m"
     "_m_m_m_m_m_m_m_m_m_m_m_m_m_m.c.i",
     "dh/nnnnnnnn/mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm3bc0099d23aeacc5"
     "4c4aac1d19b40550ff2a6cce.i",
     "dh/nnnnnnnn/mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm3bc0099d23aeacc5"
     "4c4aac1d19b40550ff2a6cce.i"},
    {"dir.with.dots/dir.with.dots/dir.with.dots/dir.with.dots/dir.with.dots/dir.with.dots/dir.with.d"
     "ots/dir.with.dots/dir.with.dots/file",
     "data/dir.with.dots/dir.with.dots/dir.with.dots/dir.with.dots/dir.with.dots/dir.with.dots/dir.w"
     "ith.dots/dir.with.dots/dir.with.dots/file.i",
     "dh/dir.with/dir.with/dir.with/dir.with/dir.with/dir.with/dir.with/file.ic4a1840d591462d21192ed"
     "3db0f55a902948fb98.i",
     "dh/dir.with/dir.with/dir.with/dir.with/dir.with/dir.with/dir.with/file.ic4a1840d591462d21192ed"
     "3db0f55a902948fb98.i"},
    {"aaaaaaa./bbbbbbb /cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
     "cccccccccccccccccccccccccccccccccccccccccccc",
     "data/aaaaaaa./bbbbbbb /ccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
     "ccccccccccccccccccccccccccccccccccccccccccccccccc.i",
     "dh/aaaaaaa~/bbbbbbb~/cccccccccccccccccccccccccccccccccccccccccccccccccccccccccdbee8c90feb9cf0c"
     "15a32cb303523365d4df5a72.i",
     "dh/aaaaaaa~/bbbbbbb~/cccccccccccccccccccccccccccccccccccccccccccccccccccccccccdbee8c90feb9cf0c"
     "15a32cb303523365d4df5a72.i"},
    {"deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep"
     "/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/File.TXT",
     "data/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep"
     "/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/_file._t_x_t.i",
     "dh/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/file.txt.ie7b00eaebd33d3f8"
     "cfe6807846d33d745e9d36ca.i",
     "dh/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/deep/file.txt.ie7b00eaebd33d3f8"
     "cfe6807846d33d745e9d36ca.i"},
};
/* clang-format on */

static void as_in_hg(void **unused)
{
    size_t i;

    (void)unused;
    for (i = 0; i < ROWS(names); i++) {
        const named_t *row = &names[i];

        assert_string_equal(rc_hg_store_name(row->path, ".i", RC_HG_NAMES_ESCAPED, pool),
                            row->escaped);
        assert_string_equal(rc_hg_store_name(row->path, ".i", RC_HG_NAMES_HASHED, pool),
                            row->hashed);
        assert_string_equal(rc_hg_store_name(row->path, ".i", RC_HG_NAMES_DOTS, pool), row->dots);
    }
}

static void others(void **unused)
{
    (void)unused;
    assert_string_equal(rc_hg_store_name("A/b.i/c", ".d", RC_HG_NAMES_PLAIN, pool),
                        "data/A/b.i.hg/c.d");
    assert_string_equal(rc_hg_store_name("A", ".d", RC_HG_NAMES_DOTS, pool), "data/_a.d");
}

static const struct CMUnitTest all[] = {cmocka_unit_test(as_in_hg), cmocka_unit_test(others)};

UNIT_MAIN(all)
