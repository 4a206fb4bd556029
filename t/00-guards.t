# SPDX-License-Identifier: Apache-2.0
# What the sources promise each other. Each guard looks at our tree, which must be well, and at a
# copy with a fault planted in it, which it must notice. Guards that look at one file at a time get that
# file alone.
use strict;
use warnings;
use File::Basename qw(dirname);
use File::Path qw(make_path);
use Test::More;
use lib 't/lib';
use RCAPI::Guards;
use RCAPI::Run qw(slurp spew);
use RCAPI::Temp;

my ($copy, $alone) = map { RCAPI::Temp::dir() } 1, 2;
system("tar cf - --exclude ./build --exclude ./var --exclude ./.git . | tar xf - -C $copy") == 0 or die 'tar';

my $METHOD = 'planted_' . 'method'; # so that this file does not name it
my $LONG = "static int planted(void)\n{\n" . "    x();\n" x 60 . "}\n";

# name, guard, file to plant in, what, what it must say
my @guards = (
    ['includes point down', \&RCAPI::Guards::includes,
        ['src/base/planted.c', qq(#include "store/user.h"\n),
            qr{src/base/planted\.c: includes store/user\.h of store}],
        ['src/vcs/planted.c', qq(#include "../store/user_read.h"\n),
            qr{planted\.c: includes \.\./store/user_read\.h of store}],
        ['src/vcs/git/planted.c', qq(#include "../../store/user_read.h"\n),
            qr{includes \.\./\.\./store/user_read\.h of store}],
        ['src/faces/raw/planted.c', qq(#include "../api/method.h"\n), qr{includes \.\./api/method\.h of faces/api}],
        ['src/domain/planted.c', qq(#include "faces/request.h"\n), qr{includes faces/request\.h of faces}],
        ['src/domain/planted.c', qq(#include "faces/api.h"\n), qr{includes faces/api\.h of faces/api}],
        ['include/base/text.h', qq(#include "faces/api.h"\n),
            qr{include/base/text\.h: includes faces/api\.h of faces/api}]],
    ['no circle between files', \&RCAPI::Guards::circles,
        ['src/base/text.c', "void rc_planted(void)\n{\n    rc_mail_subject(NULL, NULL, NULL);\n}\n",
            qr{^circle: src/base/mail\.c calls rc_\w+.*\n(?:.*\n)*circle: src/base/text\.c calls rc_mail_subject}m]],
    ["git's files stay in its room", \&RCAPI::Guards::git_room,
        ['src/domain/planted.c', qq(const char *a = "/HEAD"; /* "/refs" */\n),
            qr{^src/domain/planted\.c: knows git's "/HEAD"$}],
        ['src/vcs/planted.c', "int planted(rc_git_t *git);\n", qr{src/vcs/planted\.c: names rc_git_t}]],
    ['the kind of database stays in its room', \&RCAPI::Guards::database_room,
        ['src/cli/planted.c', qq(const char *a = "-wal"; /* SQLite's */\n),
            qr{\Asrc/cli/planted\.c: names "-wal"\nsrc/cli/planted\.c: names SQLite\z}],
        ['include/db/planted.h', qq(rc_err_t *rc_sqlite_planted(void);\n), qr{names rc_sqlite_planted}]],
    ['foreign names stay in their rooms', \&RCAPI::Guards::foreign_names,
        ['src/faces/raw/planted.c', "#include <httpd.h>\n", qr{src/faces/raw/planted\.c: includes httpd\.h}],
        ['src/base/planted.c', "int planted(request_rec *r);\n", qr{planted\.c: names request_rec}],
        ['src/domain/planted.c', "#include <sqlite3.h>\n", qr{includes sqlite3\.h}],
        ['src/db/planted.c', "    n = sqlite3_step(st);\n", qr{src/db/planted\.c: names sqlite3_step}],
        ['include/db/planted.h', "typedef sqlite3_stmt rc_planted_t;\n", qr{names sqlite3_stmt}],
        ['src/faces/api/planted.c', "#include <git2/diff.h>\n", qr{includes git2/diff\.h}],
        ['src/vcs/planted.c', "git_oid a; /* git_tree */ rc_git_t *b;\n", qr{^src/vcs/planted\.c: names git_oid$}],
        ['src/vcs/planted.c', "    rc_svn_err(svn_fs_youngest_rev(&n, fs, p), p);\n",
            qr{^src/vcs/planted\.c: names svn_fs_youngest_rev$}],
        ['src/vcs/git/planted.c', "#include <svn_fs.h>\n", qr{includes svn_fs\.h}],
        ['src/archive/planted.c', "#include <zstd.h>\n", qr{includes zstd\.h}],
        ['src/store/planted.c', "#include <json-c/json.h>\n", qr{includes json-c/json\.h}],
        ['src/domain/planted.c', "json_object *planted(void);\n", qr{names json_object}],
        ['src/faces/raw/planted.c', "    archive_write_free(a);\n", qr{names archive_write_free}]],
    ['use cases', \&RCAPI::Guards::use_cases,
        ['src/faces/api/methods/planted.c', "    rc_disk_txn_apply(moves, db);\n",
            qr{planted\.c: rc_disk_txn_apply of a use case}],
        ['src/faces/raw/planted.c', "    rc_db_begin_write (db);\n    rc_vcs_pool_forget(pool, path);\n",
            qr{raw/planted\.c: rc_db_begin_write of a use case\n.*rc_vcs_pool_forget}],
        ['src/cli/rcapi_admin.c', "    rc_db_txn(db, fn, x);\n    rc_disk_txn_recover(env, pool);\n",
            qr{rcapi_admin\.c: rc_db_txn of a use case\n.*: rc_disk_txn_recover of a use case\z}],
        ['src/cli/planted.c', "    rc_store_user_set_active(db, 1, true);\n    rc_store_setting(&v, db, x, pool);\n",
            qr{\Asrc/cli/planted\.c: rc_store_user_set_active of a use case\z}],
        ['src/faces/api/planted.c', "    rc_work_dir(&work, env, pool); /* rc_db_txn(x) */\n",
            qr{planted\.c: rc_work_dir of a use case\z}]],
    ['log ids', \&RCAPI::Guards::log_ids,
        ['src/http/planted.c', qq(    log(RCLOGNO(9999) "a");\n    log(RCLOGNO(9999) "b");\n), qr{log id 9999}]],
    ['directives', \&RCAPI::Guards::directives,
        ['src/http/config.c', qq(    {"RcapiPlanted", "x",\n     RC_SERVER, ENV(RC_PATH, planted)},\n),
            qr{RcapiPlanted: not in conf/rcapi\.conf\nRcapiPlanted: no section [^\n]*\z}],
        ['src/faces/raw/planted.c', qq(    {.name = "x"},\n    { "RcapiFeedItems", help, 1},\n),
            qr{raw/planted\.c: RcapiFeedItems: not a row}],
        ['src/faces/raw/face.c',
            qq(    {"RcapiFeedItems", "x (default 7)", RC_PLACE, RC_FLAG(rc_raw_settings_t, feed_items)},\n),
            qr{RcapiFeedItems: context server\nRcapiFeedItems: syntax NUMBER\nRcapiFeedItems: default `20`}]],
    ['methods', \&RCAPI::Guards::methods,
        ['src/faces/api/methods/planted.c',
            "const rc_method_t rc_methods_x[] = {\n    {\"$METHOD\", planted, RC_ANYONE},\n};\n",
            qr{$METHOD: not in docs/api\.md\n(?:.*\n)*$METHOD: in no test}]],
    ['parameters', \&RCAPI::Guards::parameters,
        ['src/faces/api/methods/lock.c', "int x = RC_P_GISTID;\n", qr{methods/lock\.c: no row has RC_P_GISTID}]],
    ['no macro makes a function', \&RCAPI::Guards::function_macros,
        ['src/base/planted.c', "#define MAKE(kind) \\\n    int find_##kind(int a) \\\n    { \\\n        return a; }\n",
            qr{src/base/planted\.c: MAKE makes a function}]],
    ['static names', \&RCAPI::Guards::static_names,
        ['src/base/planted.c', "static int serve(int a)\n{\n}\n", qr{^serve is static in 3 files: .*planted\.c}m]],
    ['casts', \&RCAPI::Guards::casts,
        ['src/base/planted.c', "    grow((void **)&nodes);\n    own(p, (void (*)(void *))drop);\n",
            qr{cast \(void \*\*\)&\n.*cast \(void \(\*\)\(void \*\)\)}]],
    ['citations', \&RCAPI::Guards::citations,
        ['src/base/planted.c', "/* See contract 02 §1.8, contract 01 §5 and\n * §77; 05 OPEN-99. */\n",
            qr{\Asrc/base/planted\.c: no 77 on page 01\nsrc/base/planted\.c: no decision OPEN-99\z}],
        ['src/base/planted.c', "// contract 02 create_nothing, contract 14, desi" . "gn.md §4\n",
            qr{cites design\.md\n.*no create_nothing on page 02\n.*no page 14\z}],
        ['src/base/planted.c', "// contract 02 §1.8, 05 \"Revisions\" and contract 05, \"Nothing\".\n",
            qr{\A[^\n]*no decision Nothing\z}],
        ['t/planted.t', "# docs/nothing.md §2\n", qr{no docs/nothing\.md §2}]],
    ['faces', \&RCAPI::Guards::faces,
        ['src/faces/planted/face.c', "int a;\n", qr{src/faces/planted: no row}],
        ['src/http/faces.c', "    &rc_face_planted,\n", qr{rc_face_planted: no folder}]],
    ['banned functions', \&RCAPI::Guards::banned,
        ['src/base/planted.c', qq(/* gets(x) */ char *s = "atoi(x)"; n = my_atoi (x); strcpy (a, b);\n),
            qr{src/base/planted\.c: strcpy\(\)(?!\nsrc/base/planted)}]],
    ['clocks', \&RCAPI::Guards::clocks,
        ['src/base/planted.c', "    apr_time_t until = apr_time_now() + patience;\n",
            qr{planted\.c: apr_time_now\(\) in apr_time_t until}],
        ['src/base/planted.c', "    if (apr_time_now() > until)\n", qr{planted\.c: apr_time_now\(\) in if}]],
    ['sizes', \&RCAPI::Guards::sizes,
        ['src/base/planted.c', $LONG, qr{src/base/planted\.c: 62 lines in static int planted}],
        ['include/planted.h', "\n" x 401, qr{include/planted\.h: 401 lines}],
        ['t/planted.t', "\n" x 801, qr{t/planted\.t: 801 lines}],
        ['src/store/sql/planted.sql', "-- SPDX\n" . "x" x 120 . "\n", qr{sql/planted\.sql:2: 120 columns}],
        ['t/99-planted.t', "# " . "\xc3\xa4" x 117 . "\n# " . "\xc3\xa4" x 118 . "\n",
            qr{^t/99-planted\.t:2: 120 columns$}]],
    ['numbers of tests', \&RCAPI::Guards::numbers,
        ['t/20-planted.t', "# SPDX\n", qr{^t/20-planted\.t t/20-rpc-protocol\.t: number 20$}],
        ['t/planted.t', "# SPDX\n", qr{^t/planted\.t: number t/planted\.t$}]],
    ['licences', \&RCAPI::Guards::licences,
        ['src/base/planted.c', "int a;\n", qr{src/base/planted\.c: no licence line}]],
    ['traces', \&RCAPI::Guards::traces,
        ['README.md', 'see /tmp' . "/wt/x\n", qr{README\.md: trace}]],
    ['headers compile alone', \&RCAPI::Guards::headers,
        ['include/planted.h', "rc_unknown_t *x;\n", qr{include/planted\.h: does not compile alone}]],
);

# What these complain about depends on other files.
my %wide = map { ($_ => 1) } 'no circle between files', 'directives', 'methods', 'static names', 'citations', 'faces',
    'numbers of tests', 'headers compile alone';

for (@guards) {
    my ($name, $guard, @faults) = @$_;
    subtest $name => sub {
        is(join("\n", $guard->('.')), '', 'our sources');
        notices($guard, $wide{$name} ? $copy : $alone, @$_) for @faults;
    };
}

is(scalar(RCAPI::Guards::files('.', qr{^src/faces/api/methods/.*\.c$})) > 0, 1, 'there is something to guard');
done_testing;

# Plants a fault at the end of a file, asks the guard about $root, takes the fault back.
sub notices {
    my ($guard, $root, $file, $fault, $expected) = @_;
    my $was = -e "$copy/$file" ? slurp("$copy/$file") : undef;
    make_path(dirname("$root/$file"));
    spew("$root/$file", ($was // '') . $fault);
    like(join("\n", $guard->("$root", $file)), $expected, "a fault in $file");
    defined $was && $root eq $copy ? spew("$root/$file", $was) : unlink "$root/$file";
}
