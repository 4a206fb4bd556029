// SPDX-License-Identifier: Apache-2.0
/*
 * Compares what is said about references with git's own output, byte for byte: each scenario
 * changes one repository, and all protocol versions and kinds of ls-refs are compared after it.
 */
#include "git_fixture.h"

#include <fcntl.h>

#include <apr_portable.h>

#include "vcs/git/wire.h"
#include "vcs/pkt_line.h"

#define REPO "r"

static const char *home(void)
{
    return in_dir("home");
}

/* Runs git with our settings; returns what it prints, with the length in *len. */
static const char *run_git(apr_size_t *len, const rc_wire_program_t *program, bool advertise,
                           rc_spool_t *input, apr_pool_t *pool)
{
    rc_spool_t *spool = rc_spool_create(home(), pool);
    rc_proc_t proc = {.in = -1};
    rc_proc_result_t result;
    apr_file_t *file, *in;
    apr_os_file_t fd;
    apr_off_t start = 0;
    const char *text;

    ASSERT_OK(rc_spool_lend(&file, spool));
    apr_os_file_get(&fd, file);
    proc.out = fd;
    if (input) {
        ASSERT_OK(rc_spool_lend(&in, input));
        assert_int_equal(apr_file_seek(in, APR_SET, &start), APR_SUCCESS);
        apr_os_file_get(&fd, in);
        proc.in = fd;
    }
    rc_git_wire_program(&proc, program, advertise, pool);
    ASSERT_OK(rc_proc_run(&result, &proc, pool));
    if (result.status)
        fail_msg("git: %s", result.text);
    ASSERT_OK(rc_spool_take_back(spool));
    ASSERT_OK(rc_spool_view(&text, spool, pool));
    *len = (apr_size_t)rc_spool_size(spool);
    return text;
}

/* Returns the text around @a at, with a mark for NUL. */
static const char *around(const char *text, apr_size_t len, apr_size_t at, apr_pool_t *pool)
{
    apr_size_t from = at > 100 ? at - 100 : 0, i;
    char *copy = apr_pstrmemdup(pool, text + from, len - from < 200 ? len - from : 200);

    for (i = 0; i < at - from + 100 && i + from < len; i++)
        if (!copy[i])
            copy[i] = '~';
    return copy;
}

static void same(const char *about, rc_spool_t *ours, const char *theirs, apr_size_t len,
                 apr_pool_t *pool)
{
    apr_size_t size = (apr_size_t)rc_spool_size(ours), at = 0;
    const char *text;

    ASSERT_OK(rc_spool_view(&text, ours, pool));
    while (at < size && at < len && text[at] == theirs[at])
        at++;
    if (at < size || at < len)
        fail_msg("%s, byte %d:\n--- ours\n%s\n--- git's\n%s", about, (int)at,
                 around(text, size, at, pool), around(theirs, len, at, pool));
}

/* @a versions: how many of them. */
static void compare_advertised(const char *about, rc_vcs_t *vcs, const char *path, int versions,
                               apr_pool_t *pool)
{
    rc_wire_program_t program = {.path = path, .home = home()};
    int service, version;

    program.deadline = rc_clock() + apr_time_from_sec(60);
    for (service = RC_UPLOAD_PACK; service <= RC_RECEIVE_PACK; service++)
        for (version = 0; version < versions; version++) {
            rc_spool_t *spool = rc_spool_create(home(), pool);
            const char *text;
            apr_size_t len;

            program.service = (rc_wire_service_t)service;
            program.version = version;
            text = run_git(&len, &program, true, NULL, pool);
            ASSERT_OK(rc_wire_advertise(spool, vcs, program.service, version, home(), pool));
            same(apr_psprintf(pool, "%s, service %d, version %d", about, service, version), spool,
                 text, len, pool);
        }
}

static const char *const prefixes[][6] = {
    {NULL},
    {"refs/heads/", "refs/tags/", "HEAD", NULL},
    {"refs/heads/a", "refs/heads/", "refs/tags/v1", "refs/tags/v1", NULL},
    {"refs/notes/", "refs/x", "zzz", "", NULL},
    {"H", "refs/tags/z", NULL},
    {"refs/heads/a/", "refs/remotes/origin/HEAD", "refs/pull/", "refs/pull/1/head", NULL},
};

static void put_prefixes(rc_spool_t *input, apr_array_header_t *list, const char *const *from,
                         apr_pool_t *pool)
{
    for (; *from; from++) {
        APR_ARRAY_PUSH(list, const char *) = *from;
        ASSERT_OK(rc_pkt_puts(input, apr_pstrcat(pool, "ref-prefix ", *from, "\n", NULL)));
    }
}

/* @a set: bits for peel, symrefs and unborn. */
static void compare_ls_refs(const char *about, rc_vcs_t *vcs, const char *path, int set,
                            const char *const *from, apr_pool_t *pool)
{
    rc_wire_program_t program = {.path = path, .home = home(), .version = 2};
    rc_wire_ls_refs_t request = {.peel = set & 1, .symrefs = set & 2, .unborn = set & 4};
    rc_spool_t *input = rc_spool_create(home(), pool), *spool = rc_spool_create(home(), pool);
    apr_array_header_t *list = apr_array_make(pool, 4, sizeof(const char *));
    const char *text;
    apr_size_t len;

    program.deadline = rc_clock() + apr_time_from_sec(60);
    ASSERT_OK(rc_pkt_puts(input, "command=ls-refs\n"));
    ASSERT_OK(rc_pkt_mark(input, RC_PKT_DELIM));
    ASSERT_OK(request.peel ? rc_pkt_puts(input, "peel\n") : NULL);
    ASSERT_OK(request.symrefs ? rc_pkt_puts(input, "symrefs\n") : NULL);
    ASSERT_OK(request.unborn ? rc_pkt_puts(input, "unborn\n") : NULL);
    put_prefixes(input, list, from, pool);
    ASSERT_OK(rc_pkt_mark(input, RC_PKT_FLUSH));
    request.prefixes = list;
    text = run_git(&len, &program, false, input, pool);
    ASSERT_OK(rc_wire_ls_refs(spool, vcs, &request, pool));
    same(apr_psprintf(pool, "%s, ls-refs %d %s", about, set, *from ? *from : ""), spool, text, len,
         pool);
}

/* @a all: all versions and kinds of ls-refs, else what clients mostly ask. */
static void compare(const char *about, const char *name, bool all)
{
    const char *path = in_dir(name);
    apr_pool_t *pool;
    rc_vcs_t *vcs;
    size_t i;
    int set;

    apr_pool_create(&pool, fixture.pool);
    ASSERT_OK(rc_vcs_open(&vcs, fixture.handles, "git", path, NULL, pool));
    compare_advertised(about, vcs, path, all ? 3 : 1, pool);
    for (i = 0; i < (all ? sizeof(prefixes) / sizeof(*prefixes) : 1); i++)
        for (set = all ? 0 : 7; set <= 7; set += i < 2 ? 1 : 7)
            compare_ls_refs(about, vcs, path, set, prefixes[i], pool);
    apr_pool_destroy(pool);
}

/* Changes of one repository, in this order. C is its first commit. */
static const struct {
    const char *about, *command;
} scenarios[] = {
    {"empty", "true"},
    {"unborn HEAD with other branches", "git update-ref refs/heads/other $C"},
    {"HEAD", "git update-ref refs/heads/main $C"},
    {"nested branches", "git update-ref refs/heads/a/b/c $C; git update-ref refs/heads/a-b $C"},
    {"annotated tag", "git tag -a -m t v1 $C"},
    {"tag of a tag, of a tree, of a blob",
     "git tag -a -m t v2 v1; git tag -a -m t tree $C^{tree};"
     "git tag -a -m t blob $(echo x | git hash-object -w --stdin); git tag light $C"},
    {"notes and others", "git notes add -m n $C; git update-ref refs/stash $C;"
                         "git update-ref refs/x/y $C; git update-ref refs/heads/tree $C^{commit};"
                         "git update-ref refs/tags/tree-itself $C^{tree}"},
    {"hidden", "git update-ref refs/pull/1/head $C; git update-ref refs/rc/keep $C;"
               "git update-ref refs/pullx $C; git update-ref refs/rcx/y $C"},
    {"symbolic references", "git symbolic-ref refs/remotes/origin/HEAD refs/heads/main;"
                            "git symbolic-ref refs/heads/link refs/tags/v1"},
    {"to hidden ones", "git symbolic-ref refs/heads/pulled refs/pull/1/head"},
    {"to nothing", "git symbolic-ref refs/heads/dangling refs/heads/none"},
    {"packed", "git pack-refs --all --prune"},
    {"packed and loose", "git commit-tree -m two -p $C $C^{tree} >two;"
                         "git update-ref refs/heads/main $(cat two); git tag -f -a -m new v1 $C"},
    {"deleted", "git update-ref -d refs/heads/other; git update-ref -d refs/tags/light"},
    {"broken loose", "echo garbage >refs/heads/broken; : >refs/heads/nothing;"
                     "echo ref: refs/heads/../x >refs/heads/badlink; echo $C >refs/heads/x.lock"},
    {"broken hides packed", "echo garbage >refs/heads/a-b"},
    {"bad names", "cp refs/heads/main refs/heads/bad..name; mkdir refs/heads/.x refs/heads/y.lock;"
                  "cp refs/heads/main refs/heads/.x/y; cp refs/heads/main refs/heads/y.lock/z;"
                  "cp refs/heads/main 'refs/heads/a b'; cp refs/heads/main refs/heads/@"},
    {"to a broken one", "git symbolic-ref refs/heads/to-broken refs/heads/broken"},
    {"null id", "echo 0000000000000000000000000000000000000000 >refs/heads/null"},
    {"missing object", "echo 1111111111111111111111111111111111111111 >refs/heads/missing"},
    {"missing packed",
     "echo '2222222222222222222222222222222222222222 refs/zz/gone' >>packed-refs"},
    {"tag of a missing object",
     "printf 'object 3333333333333333333333333333333333333333\\ntype commit\\ntag t\\n"
     "tagger T <t> 1 +0000\\n\\nm\\n' | git hash-object -t tag --literally -w --stdin"
     " >refs/tags/lost"},
    {"tag of no type",
     "printf 'object 3333333333333333333333333333333333333333\\ntype commie\\ntag t\\n\\nm\\n'"
     " | git hash-object -t tag --literally -w --stdin >refs/tags/notype"},
    {"tag of a missing tag",
     "printf 'object 3333333333333333333333333333333333333333\\ntype tag\\ntag t\\n"
     "tagger T <t> 1 +0000\\n\\nm\\n' | git hash-object -t tag --literally -w --stdin"
     " >refs/tags/lost-tag"},
    {"chain", "git symbolic-ref refs/heads/l1 refs/heads/main;"
              "for i in 2 3 4 5 6 7; do"
              " git symbolic-ref refs/heads/l$i refs/heads/l$((i-1)); done"},
    {"loop", "echo ref: refs/heads/loop >refs/heads/loop"},
    {"HEAD by a link", "git symbolic-ref HEAD refs/heads/link"},
    {"HEAD of a chain", "git symbolic-ref HEAD refs/heads/l3"},
    {"detached HEAD", "cat two >HEAD"},
    {"HEAD at a tag", "T=$(git rev-parse refs/tags/v2); echo $T >HEAD"},
    {"HEAD at nothing", "echo 4444444444444444444444444444444444444444 >HEAD"},
    {"HEAD at the null id", "echo ref: refs/heads/null >HEAD"},
    {"detached at the null id", "cp refs/heads/null HEAD"},
    {"HEAD at a broken one", "echo ref: refs/heads/broken >HEAD"},
    {"unborn HEAD", "echo ref: refs/heads/none >HEAD"},
    {"HEAD below a branch", "echo ref: refs/heads/main/x >HEAD"},
    {"HEAD as a link on the disk", "rm HEAD; ln -s refs/heads/main HEAD"},
    {"link to a packed branch", "git pack-refs --all; ln -sfn refs/heads/tree HEAD"},
    {"shallow", "git rev-parse HEAD >shallow; cat two >>shallow"},
    {"peeled only below tags",
     "rm shallow; sed -i -e '1s/fully-peeled//' packed-refs; git update-ref refs/heads/new $C"},
    {"nothing peeled", "sed -i -e '1s/peeled//' -e '/^^/d' packed-refs"},
    {"peeled, but without the lines", "sed -i '1s/with:/with: fully-peeled/' packed-refs"},
    {"without a header", "sed -i 1d packed-refs"},
    {"no packed references", "rm packed-refs"},
    {"its own hideRefs", "git config transfer.hideRefs refs/heads;"
                         "git config --add uploadpack.hideRefs HEAD;"
                         "git config --add receive.hideRefs refs/tags"},
    {"its own settings", "git config uploadpack.allowTipSHA1InWant true;"
                         "git config uploadpack.allowAnySHA1InWant true;"
                         "git config uploadpack.allowFilter false;"
                         "git config uploadpack.allowRefInWant true;"
                         "git config transfer.advertiseSID true; git config lsrefs.unborn ignore;"
                         "git config receive.advertisePushOptions true;"
                         "git config receive.advertiseAtomic false;"
                         "git config repack.useDeltaBaseOffset false"},
    {"only hidden ones",
     "rm -rf refs/heads/* refs/tags/* refs/notes refs/remotes refs/[sx]* refs/pullx"
     " refs/rcx"},
};

static void make_repository(void)
{
    sh("mkdir -p home; git config --global core.fsync none;"
       " git config --global advice.nestedTag false; git init -q --bare -b main " REPO "; cd " REPO
       "; T=$(git hash-object -w -t tree --stdin </dev/null);"
       " git commit-tree -m one $T >../C");
}

static void as_git(void **state)
{
    size_t i;

    (void)state;
    make_repository();
    for (i = 0; i < sizeof(scenarios) / sizeof(*scenarios); i++) {
        if (!try_sh("C=$(cat C); cd " REPO "; %s", scenarios[i].command))
            fail_msg("%s", scenarios[i].about);
        compare(scenarios[i].about, REPO, i % 32 == 9);
    }
}

typedef rc_err_t *question_t(const char **text, rc_vcs_t *vcs, apr_pool_t *pool);

static const char *answer_of(question_t *question, const char *name)
{
    const char *text;
    apr_pool_t *pool;
    rc_vcs_t *vcs;

    apr_pool_create(&pool, fixture.pool);
    ASSERT_OK(rc_vcs_open(&vcs, fixture.handles, "git", in_dir(name), NULL, pool));
    ASSERT_OK(question(&text, vcs, fixture.pool));
    apr_pool_destroy(pool);
    return text;
}

static const char *state_of(const char *name)
{
    return answer_of(rc_wire_state, name);
}

/* The state differs when anything that is said differs, and only then. */
static void states(void **state)
{
    static const struct {
        const char *command;
        bool differs;
    } rows[] = {
        {"git pack-refs --all", false},
        {"git update-ref refs/notes/x $C", true},
        {"git update-ref refs/pull/7/head $C", false},
        {"git update-ref refs/rc/7 $C", false},
        {"git symbolic-ref HEAD refs/heads/elsewhere", true},
        {"git tag -a -m t tagged $C", true},
        {"git update-ref refs/tags/tagged $C", true},
        {"git update-ref refs/heads/m2 $C", true},
        {"git symbolic-ref refs/heads/m2 refs/heads/m1", true},
        {"git rev-parse $C >shallow", true},
        {"rm shallow; touch config", true},
        {"touch config packed-refs", false},
    };
    const char *before, *after;
    size_t i;

    (void)state;
    sh("git init -q --bare s; cd s; T=$(git hash-object -w -t tree --stdin </dev/null);"
       " git commit-tree -m one $T >../C; git update-ref refs/heads/m1 $(cat ../C)");
    before = state_of("s");
    for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        sh("C=$(cat C); cd s; %s", rows[i].command);
        after = state_of("s");
        if (strcmp(before, after) == 0 ? rows[i].differs : !rows[i].differs)
            fail_msg("%s: %s, then %s", rows[i].command, before, after);
        before = after;
    }
}

static const char *set_head(const char *name, const char *wanted)
{
    const char *branch;
    apr_pool_t *pool;
    rc_vcs_t *vcs;

    apr_pool_create(&pool, fixture.pool);
    ASSERT_OK(rc_vcs_open(&vcs, fixture.handles, "git", in_dir(name), NULL, pool));
    ASSERT_OK(rc_wire_set_head(&branch, vcs, wanted, pool));
    branch = apr_pstrdup(fixture.pool, branch);
    apr_pool_destroy(pool);
    return branch;
}

static void heads(void **state)
{
    (void)state;
    sh("git init -q --bare -b main h; cd h; T=$(git hash-object -w -t tree --stdin </dev/null);"
       " git commit-tree -m one $T >../C");
    assert_null(set_head("h", "refs/heads/dev"));
    sh("cd h; git update-ref refs/tags/t $(cat ../C); git update-ref refs/heads/dev $(cat ../C)");
    assert_null(set_head("h", "refs/tags/t"));
    assert_null(set_head("h", "refs/heads/de"));
    assert_null(set_head("h", "refs/heads/"));
    assert_string_equal(line("cat h/HEAD"), "ref: refs/heads/main");
    assert_string_equal(set_head("h", "refs/heads/dev"), "dev");
    assert_string_equal(line("cat h/HEAD"), "ref: refs/heads/dev");
    sh("cd h; git update-ref refs/heads/next $(cat ../C)");
    assert_null(set_head("h", "refs/heads/next")); /* its branch exists */
    sh("cp C h/HEAD");
    assert_null(set_head("h", "refs/heads/next")); /* detached */
    assert_string_equal(line("ls h/*.lock 2>&1 | grep -c 'No such'"), "1");
}

/* Many references, and the same handle sees one snapshot until it is refreshed. */
static void many(void **state)
{
    const char *before, *after;
    apr_pool_t *pool;
    rc_vcs_t *vcs;

    (void)state;
    sh("git init -q --bare -b main m; cd m; T=$(git hash-object -w -t tree --stdin </dev/null);"
       " C=$(git commit-tree -m one $T); git tag -a -m t t1 $C; git pack-refs --all;"
       " for i in $(seq 3000); do echo $C refs/heads/b$i; echo $C refs/x/$i; done >refs.txt;"
       " cat refs.txt >>packed-refs; sed -i 1s/sorted// packed-refs");
    compare("many", "m", true);
    apr_pool_create(&pool, fixture.pool);
    ASSERT_OK(rc_vcs_open(&vcs, fixture.handles, "git", in_dir("m"), NULL, pool));
    ASSERT_OK(rc_wire_state(&before, vcs, pool));
    sh("cd m; git update-ref -d refs/heads/b17");
    ASSERT_OK(rc_wire_state(&after, vcs, pool));
    assert_string_equal(before, after);
    ASSERT_OK(rc_vcs_refresh(vcs));
    ASSERT_OK(rc_wire_state(&after, vcs, pool));
    assert_string_not_equal(before, after);
    apr_pool_destroy(pool);
    compare("many, one deleted", "m", false);
}

/* --- the repository's own config --- */

static const char *config_problem(const char *name)
{
    return answer_of(rc_vcs_check_refs, name);
}

static void odd_settings(void **state)
{
    static const struct {
        const char *key, *value, *named; /* NULL: not reported */
    } rows[] = {
        {"core.fsmonitor", "true", "core.fsmonitor"},
        {"gpg.x509.program", "x", "gpg.x509.program"},
        {"receive.procReceiveRefs", "refs/for", "receive.procreceiverefs"},
        {"transfer.hideRefs", "refs/x", "transfer.hiderefs"},
        {"includeIf.gitdir:A.path", "x", "includeif.gitdir:A.path"},
        {"receive.fsck.skipList", "x", "receive.fsck.skiplist"},
        {"uploadpackfilter.tree.maxDepth", "3", "uploadpackfilter.tree.maxdepth"},
        {"gc.auto", "1", NULL},
        {"remote.fsmonitor.url", "core", NULL},
        {"branch.path.remote", "include", NULL},
    };
    size_t i;

    (void)state;
    sh("git init -q --bare c");
    assert_null(config_problem("c"));
    for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        const char *problem;

        sh("cd c && git config '%s' '%s'", rows[i].key, rows[i].value);
        problem = config_problem("c");
        if (!rows[i].named ? problem != NULL : !problem || !strstr(problem, rows[i].named))
            fail_msg("%s: %s", rows[i].key, problem ? problem : "no problem");
        sh("cd c && git config --unset '%s'", rows[i].key);
    }
    sh("cd c && git config extensions.worktreeConfig true;"
       " git config --file config.worktree core.sshCommand x");
    assert_non_null(strstr(config_problem("c"), "core.sshcommand"));
    sh("rm c/config.worktree; for k in a b c d e f g; do git -C c config gpg.$k.program x; done");
    assert_non_null(strstr(config_problem("c"), "gpg.e.program and 2 more, by which"));
}

/* Writes the body of a push of the branch main of repository "source" as @a ref to a file. */
static const char *push_body(const char *ref, apr_pool_t *pool)
{
    rc_spool_t *body = rc_spool_create(home(), pool);
    const char *id = line("git -C source rev-parse main"), *path = in_dir("body"), *text;
    char *command = apr_psprintf(pool, GIT_OID_HEX_ZERO " %s %s~report-status", id, ref);
    FILE *file = fopen(path, "wb");
    size_t len;
    char *pack = output(&len, "cd source; echo main | git pack-objects --revs --stdout -q");

    *strchr(command, '~') = '\0';
    ASSERT_OK(rc_pkt_write(body, command, strlen(command) + strlen("~report-status")));
    ASSERT_OK(rc_pkt_mark(body, RC_PKT_FLUSH));
    ASSERT_OK(rc_spool_write(body, pack, len));
    ASSERT_OK(rc_spool_view(&text, body, pool));
    len = (size_t)rc_spool_size(body);
    assert_int_equal(fwrite(text, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
    free(pack);
    return path;
}

/* A repository whose config and hooks run a program wherever git lets them. */
static void make_trap(const char *name)
{
    sh("git init -q --bare -b main lender; git init -q --bare -b main %s; cd %s;"
       " mkdir hooks; echo '#!/bin/sh\necho \"$0\" >>../ran; exit 0' >trap; chmod +x trap;"
       " for h in pre-receive update post-receive post-update reference-transaction proc-receive;"
       " do cp trap hooks/$h; done; echo $PWD/../lender/objects >objects/info/alternates;"
       " for k in core.fsmonitor core.sshCommand core.alternateRefsCommand gpg.program"
       " uploadpack.packObjectsHook core.gitProxy; do git config $k $PWD/trap; done;"
       " git config receive.certNonceSeed x; git config receive.procReceiveRefs refs/for",
       name, name);
}

/* Pushes @a ref into @a name, with git's own settings or with ours; returns what git prints. */
static const char *push(const char *name, const char *ref, bool ours, apr_pool_t *pool)
{
    rc_wire_program_t program = {.service = RC_RECEIVE_PACK, .home = home()};
    const char *body = push_body(ref, pool);
    rc_spool_t *input = rc_spool_create(home(), pool);
    const char *text;
    size_t len;

    if (!ours)
        return line("git receive-pack --stateless-rpc %s <body | tr -d '\\n'", name);
    ASSERT_OK(rc_spool_take_fd(input, open(body, O_RDWR | O_CLOEXEC), 0));
    program.path = in_dir(name);
    program.deadline = rc_clock() + apr_time_from_sec(60);
    text = run_git(&len, &program, false, input, pool);
    return apr_pstrmemdup(pool, text, len);
}

static void nothing_runs(void **state)
{
    apr_pool_t *pool;

    (void)state;
    apr_pool_create(&pool, fixture.pool);
    sh("mkdir -p home; git init -q -b main source; cd source; echo x >f; git add f;"
       " git commit -qm one");
    make_trap("trap");
    assert_non_null(strstr(push("trap", "refs/heads/main", false, pool), "ok refs/heads/main"));
    assert_true(atoi(line("wc -l <ran")) >= 5); /* hooks, and the program for alternates */
    sh("rm -r trap lender ran");
    make_trap("trap");
    assert_non_null(strstr(push("trap", "refs/heads/main", true, pool), "ok refs/heads/main"));
    assert_string_equal(line("git -C trap rev-parse main"), line("git -C source rev-parse main"));
    assert_string_equal(line("ls ran 2>/dev/null | wc -l"), "0");
    assert_non_null(strstr(push("trap", "refs/pull/1/head", true, pool), "ng refs/pull/1/head"));
    assert_non_null(strstr(push("trap", "refs/rc/x", true, pool), "ng refs/rc/x"));
    assert_non_null(strstr(push("trap", "refs/pulls/1", true, pool), "ok refs/pulls/1"));
    apr_pool_destroy(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_git), cmocka_unit_test(states),       cmocka_unit_test(heads),
        cmocka_unit_test(many),   cmocka_unit_test(odd_settings), cmocka_unit_test(nothing_runs),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
