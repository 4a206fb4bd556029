// SPDX-License-Identifier: Apache-2.0
/*
 * Tests fetches by path and from a git daemon: what arrives, what stays, what is rejected, and that
 * nothing is left behind.
 */
#include "test_remote.h"

#include <dirent.h>
#include <pthread.h>
#include <sys/stat.h>

#include "base/process.h"
#include "vcs/git/fetch.h"

static const char *refs_of(fixture_t *f, const char *repo)
{
    return shell_line(f, "git -C %s for-each-ref | sort | tr '\n' '|'", repo);
}

/* ---- fetched objects and references ---- */

static void clone_fetches_everything(void **state)
{
    fixture_t *f = *state;

    shell(f, "cd src; git commit -q --allow-empty -m one; git branch topic; git tag light;"
             "git tag -a -m note heavy; git tag -a -m blob of-a-blob $(git hash-object -w ../log);"
             "git tag of-a-tree HEAD^{tree}; git branch -- a/b/c; git branch ümlaut");
    assert_ok(fetch(f, source(f), true));
    assert_string_equal(refs_of(f, "dst"), refs_of(f, "src"));
    assert_string_equal(shell_line(f, "git -C dst symbolic-ref HEAD"), "refs/heads/main");
    assert_string_equal(shell_line(f, "ls dst/objects/pack | sed 's/.*[.]//' | tr '\n' ' '"),
                        "idx pack ");
    assert_string_equal(shell_line(f, "cat dst/objects/info/alternates 2>&1 | grep fetch-"), "");
    shell(f, "git -C dst fsck --strict");
}

static void plain_path(void **state)
{
    fixture_t *f = *state;

    shell(f, "cd src; git commit -q --allow-empty -m one");
    assert_ok(fetch(f, apr_pstrcat(f->pool, f->dir, "/src", NULL), true));
    assert_string_equal(refs_of(f, "dst"), refs_of(f, "src"));
}

static void pull_fetches_new_commits(void **state)
{
    fixture_t *f = *state;

    shell(f, "cd src; for i in 1 2 3 4 5 6 7 8 9; do head -c 100000 /dev/urandom >f; git add f;"
             "git commit -qm $i; done");
    assert_ok(fetch(f, source(f), true));
    shell(f, "cd src; echo small >g; git add g; git commit -qm new; git tag t1;");
    f->policy.max_size = 100000; /* the whole repository has ten times that size */
    assert_ok(fetch(f, source(f), false));
    assert_string_equal(refs_of(f, "dst"), refs_of(f, "src"));
    assert_string_equal(shell_line(f, "ls dst/objects/pack/*.pack | wc -l"), "2");
    shell(f, "git -C dst fsck --strict");
}

static void pull_without_changes(void **state)
{
    fixture_t *f = *state;
    const char *before;

    shell(f, "cd src; git commit -q --allow-empty -m one; git tag t");
    assert_ok(fetch(f, source(f), true));
    before = shell_line(f, "find dst | sort | md5sum");
    assert_ok(fetch(f, source(f), false));
    assert_ok(fetch(f, source(f), true));
    assert_string_equal(shell_line(f, "find dst | sort | md5sum"), before);
}

static void forced_push_wins(void **state)
{
    fixture_t *f = *state;

    shell(f, "cd src; git commit -q --allow-empty -m one; git commit -q --allow-empty -m two;"
             "git tag moved");
    assert_ok(fetch(f, source(f), true));
    shell(f, "cd src; git reset -q --hard HEAD^; git commit -q --allow-empty -m other;"
             "git tag -f moved; git tag -a -m x new");
    assert_ok(fetch(f, source(f), false));
    assert_string_equal(refs_of(f, "dst"), refs_of(f, "src"));
}

static void deleted_references_stay(void **state)
{
    fixture_t *f = *state;
    const char *before;

    shell(f, "cd src; git commit -q --allow-empty -m one; git branch gone; git tag gone-too");
    assert_ok(fetch(f, source(f), true));
    before = refs_of(f, "dst");
    shell(f, "cd src; git branch -D gone; git tag -d gone-too");
    assert_ok(fetch(f, source(f), false));
    assert_string_equal(refs_of(f, "dst"), before);
}

/* Fetches only branches and tags; not notes, remotes and pull requests. */
static void other_references_are_not_fetched(void **state)
{
    fixture_t *f = *state;

    shell(f, "cd src; git commit -q --allow-empty -m one; git update-ref refs/pull/1/head HEAD;"
             "git update-ref refs/remotes/o/x HEAD; git notes add -m note");
    assert_ok(fetch(f, source(f), true));
    assert_string_equal(shell_line(f, "git -C dst for-each-ref --format='%%(refname)'|tr '\n' ' '"),
                        "refs/heads/main ");
}

static void many_references(void **state)
{
    fixture_t *f = *state;

    f->policy.timeout = apr_time_from_sec(60);
    shell(f, "cd src; git commit -q --allow-empty -m one; c=$(git rev-parse HEAD);"
             "for i in $(seq 1000); do echo \"create refs/tags/v$i $c\"; done |"
             "git update-ref --stdin");
    assert_ok(fetch(f, source(f), true));
    assert_string_equal(shell_line(f, "git -C dst for-each-ref | wc -l"), "1001");
}

/* Many changes: all of them end up in one packed file. */
static void many_changes(void **state)
{
    fixture_t *f = *state;

    shell(f, "cd src; git commit -q --allow-empty -m one; git branch old");
    assert_ok(fetch(f, source(f), true));
    shell(f,
          "cd src; git commit -q --allow-empty -m two; c=$(git rev-parse HEAD);"
          "for i in $(seq 70); do echo \"create refs/tags/v$i $c\"; done | git update-ref --stdin;"
          "git branch -f old");
    assert_ok(fetch(f, source(f), false));
    assert_string_equal(refs_of(f, "dst"), refs_of(f, "src"));
    assert_string_equal(shell_line(f, "find dst/refs -type f"), "");
    shell(f, "git -C dst fsck --strict");
}

/* The repository has neither branches nor tags, but other references, which must not be lost. */
static void other_references_stay(void **state)
{
    fixture_t *f = *state;

    shell(f, "cd dst; c=$(git commit-tree -m x $(git mktree </dev/null));"
             "git update-ref refs/notes/mine $c; git update-ref refs/keep/x $c;"
             "git pack-refs --all; cd ../src; git commit -q --allow-empty -m one");
    assert_ok(fetch(f, source(f), true));
    assert_string_equal(shell_line(f, "git -C dst for-each-ref --format='%%(refname)'|tr '\n' ' '"),
                        "refs/heads/main refs/keep/x refs/notes/mine ");
}

static void locked_from_the_start(void **state)
{
    fixture_t *f = *state;
    rc_err_t *err;

    shell(f, "git -C src commit -q --allow-empty -m one; touch dst/packed-refs.lock");
    err = fetch(f, source(f), true);
    assert_non_null(err);
    assert_int_equal(err->kind, RC_E_INTERNAL);
    assert_string_equal(refs_of(f, "dst"), "");
    assert_string_equal(shell_line(f, "ls dst/packed-refs.lock"), "dst/packed-refs.lock");
}

static void hooks_and_settings_do_not_run(void **state)
{
    fixture_t *f = *state;

    shell(f,
          "cd src; git commit -q --allow-empty -m one; cd ../dst; mkdir -p hooks;"
          "for h in reference-transaction post-update update post-receive; do"
          "  printf '#!/bin/sh\ntouch %s/ran\n' >hooks/$h; chmod +x hooks/$h; done;"
          "git config --global core.hooksPath %s/dst/hooks;"
          "git config --global url./nonexistent/.insteadOf file://;"
          "mkdir -p ../bin; printf '#!/bin/sh\ntouch %s/ran\n' >../bin/git;"
          "chmod +x ../bin/git",
          f->dir, f->dir, f->dir);
    setenv("PATH", apr_pstrcat(f->pool, f->dir, "/bin:/usr/bin:/bin", NULL), 1);
    setenv("GIT_DIR", "/nonexistent", 1);
    setenv("GIT_TRACE", apr_pstrcat(f->pool, f->dir, "/ran", NULL), 1);
    assert_ok(fetch(f, source(f), true));
    unsetenv("GIT_DIR");
    unsetenv("GIT_TRACE");
    setenv("PATH", RC_PROC_PATH, 1);
    assert_string_equal(shell_line(f, "ls ran"), "");
}

/* ---- HEAD ---- */

static void head_follows(void **state)
{
    static const struct {
        const char *before, *head;
    } rows[] = {
        {"git branch other; git checkout -q other", "refs/heads/other"},
        {"git branch -m trunk", "refs/heads/trunk"},
        {"git checkout -q --detach; git branch -m main zzz; git branch aaa", "refs/heads/aaa"},
        {"git checkout -q --detach; git branch aaa", "refs/heads/main"},
        {"git branch -m master; git checkout -q --detach; git branch aaa", "refs/heads/master"},
        {"git branch aaa; git symbolic-ref HEAD refs/heads/unborn", "refs/heads/main"},
        {"git update-ref refs/heads/-x HEAD; git symbolic-ref HEAD refs/heads/-x", "refs/heads/-x"},
    };
    fixture_t *f = *state;
    apr_size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        shell(f,
              "rm -rf src dst; git init -q src; git init -q --bare -b nothing dst; cd src;"
              "git commit -q --allow-empty -m one; %s",
              rows[i].before);
        assert_ok(fetch(f, source(f), true));
        assert_string_equal(shell_line(f, "git -C dst symbolic-ref HEAD"), rows[i].head);
    }
}

static void head_stays(void **state)
{
    fixture_t *f = *state;

    shell(f, "cd src; git commit -q --allow-empty -m one; git branch other");
    assert_ok(fetch(f, source(f), true));
    shell(f, "git -C src checkout -q other");
    assert_ok(fetch(f, source(f), false));
    assert_string_equal(shell_line(f, "git -C dst symbolic-ref HEAD"), "refs/heads/main");
    assert_ok(fetch(f, source(f), true));
    assert_string_equal(shell_line(f, "git -C dst symbolic-ref HEAD"), "refs/heads/other");
    shell(f, "git -C src checkout -q --detach"); /* no branch to follow: ours exists, so it stays */
    assert_ok(fetch(f, source(f), true));
    assert_string_equal(shell_line(f, "git -C dst symbolic-ref HEAD"), "refs/heads/other");
}

static void empty_remote(void **state)
{
    fixture_t *f = *state;

    assert_ok(fetch(f, source(f), true));
    assert_ok(fetch(f, source(f), false));
    assert_string_equal(refs_of(f, "dst"), "");
    assert_string_equal(shell_line(f, "git -C dst symbolic-ref HEAD"), "refs/heads/main");
}

/* ---- rejected fetches ---- */

/* Describes the repository, to check that nothing changed. */
static const char *picture(fixture_t *f)
{
    return shell_line(f, "find dst -type f | sort | xargs md5sum | md5sum");
}

/* A branch became a directory, another a branch again, tags likewise: colliding references are
 * removed, all others stay. */
static void colliding_references_are_removed(void **state)
{
    fixture_t *f = *state;

    shell(f, "cd src; git commit -q --allow-empty -m one; git branch a; git branch stays;"
             "git branch d/e/f; git branch d/e-f; git tag v/1/2; git tag w; git tag a");
    assert_ok(fetch(f, source(f), true));
    shell(f, "cd dst; git update-ref refs/heads/a $(git commit-tree -p a -m x a^{tree})");
    shell(f, "cd src; git branch -D a d/e/f d/e-f stays; git tag -d v/1/2 w;"
             "git commit -q --allow-empty -m two; git branch a/b; git branch a/c/d; git branch d;"
             "git tag v; git tag w/x");
    assert_ok(fetch(f, source(f), true));
    shell(f, "cd src; git branch stays HEAD^;"); /* which is where it was */
    assert_string_equal(refs_of(f, "dst"), refs_of(f, "src"));
    shell(f, "git -C dst fsck --strict; cd src; git branch -D a/b a/c/d; git branch a");
    assert_ok(fetch(f, source(f), false));
    assert_string_equal(refs_of(f, "dst"), refs_of(f, "src"));
    shell(f, "git -C dst fsck --strict; git -C dst pack-refs --all");
}

static void locked_reference_changes_nothing(void **state)
{
    fixture_t *f = *state;
    const char *before;

    shell(f, "cd src; git commit -q --allow-empty -m one");
    assert_ok(fetch(f, source(f), true));
    shell(f, "cd src; git branch b; git commit -q --allow-empty -m two;"
             "touch ../dst/refs/heads/main.lock");
    before = picture(f);
    assert_failed(fetch(f, source(f), false), "main.lock");
    assert_string_equal(picture(f), before);
}

static void too_large(void **state)
{
    fixture_t *f = *state;
    const char *before = picture(f);

    shell(f, "cd src; head -c 3000000 /dev/urandom >f; git add f; git commit -qm one");
    f->policy.max_size = 1000;
    assert_failed(fetch(f, source(f), true), "more than 1000 bytes");
    f->policy.max_size = 2900000;
    assert_failed(fetch(f, source(f), true), "more than 2900000 bytes");
    assert_string_equal(picture(f), before);
    f->policy.max_size = 3100000;
    assert_ok(fetch(f, source(f), true));
}

static void not_there(void **state)
{
    fixture_t *f = *state;
    const char *before = picture(f);

    assert_failed(fetch(f, apr_pstrcat(f->pool, source(f), "-not", NULL), true),
                  "git ls-remote ended");
    assert_failed(fetch(f, "/dev/null", true), "git ls-remote ended");
    assert_string_equal(picture(f), before);
}

static void broken_source(void **state)
{
    fixture_t *f = *state;
    const char *before = picture(f);

    shell(f, "cd src; echo 1 >f; git add f; git commit -qm one; b=$(git rev-parse HEAD:f);"
             "rm -f .git/objects/$(echo $b | cut -c1-2)/*");
    assert_failed(fetch(f, source(f), true), "git fetch ended");
    assert_string_equal(picture(f), before);
}

/* A tree with ".git" in it harms a user who checks it out. */
static void harmful_objects(void **state)
{
    fixture_t *f = *state;
    const char *before = picture(f);

    shell(f, "cd src; echo 1 >f; git add f; git commit -qm one; t=$(git rev-parse HEAD^{tree});"
             "t=$(printf '040000 tree %%s\t.git\n' $t | git mktree);"
             "git update-ref refs/heads/main $(git commit-tree -m evil $t)");
    assert_failed(fetch(f, source(f), true), "hasDotgit");
    assert_string_equal(picture(f), before);
}

/* Old tools wrote such objects; they are harmless. */
static void sloppy_objects(void **state)
{
    fixture_t *f = *state;

    shell(f, "cd src; t=$(git mktree </dev/null); printf 'tree %%s\nauthor N <m> 1 +000\ncommitter"
             " <m> 1 +0000\n\nold\n' $t >c;"
             "git update-ref refs/heads/main $(git hash-object --literally -t commit -w c)");
    assert_ok(fetch(f, source(f), true));
}

static void scheme_not_listed(void **state)
{
    fixture_t *f = *state;

    f->policy.schemes = schemes(f->pool, "http https git ssh");
    assert_failed(fetch(f, source(f), true), "scheme file is not allowed");
}

static void internal_errors(void **state)
{
    fixture_t *f = *state;
    rc_err_t *err;

    shell(f, "git -C src commit -q --allow-empty -m one");
    err = rc_vcs_fetch("git", &f->policy, "/nonexistent/repo", source(f), true, f->pool);
    assert_non_null(err);
    assert_int_equal(err->kind, RC_E_INTERNAL);
    f->policy.work_dir = "/nonexistent/work";
    err = fetch(f, source(f), true);
    assert_non_null(err);
    assert_int_equal(err->kind, RC_E_INTERNAL);
}

static int open_files(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int n = 0;

    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

static void nothing_leaks(void **state)
{
    fixture_t *f = *state;
    int before = open_files();

    shell(f, "git -C src commit -q --allow-empty -m one");
    assert_ok(fetch(f, source(f), true));
    assert_failed(fetch(f, "/dev/null", true), "git ls-remote ended");
    assert_int_equal(open_files(), before);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* ---- git daemon ---- */

/* Returns a port on which no process listens. */
static int free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (void *)&address, len), 0);
    assert_int_equal(getsockname(fd, (void *)&address, &len), 0);
    close(fd);
    return ntohs(address.sin_port);
}

static void await_port(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    int tries, connected = -1;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t)port);
    for (tries = 0; tries < 200 && connected < 0; tries++) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);

        connected = connect(fd, (void *)&address, sizeof(address));
        close(fd);
        if (connected < 0)
            usleep(20000);
    }
    assert_int_equal(connected, 0);
}

/* Serves the directory <dir>/<virtual host>/. */
static pid_t start_daemon(fixture_t *f, int *port)
{
    const char *exec_path = shell_line(f, "git --exec-path");
    const char *argv[] = {NULL, "--export-all", "--reuseaddr", "--listen=127.0.0.1", NULL, NULL,
                          NULL, "--verbose",    NULL};
    pid_t pid;

    *port = free_port();
    argv[0] = apr_pstrcat(f->pool, exec_path, "/git-daemon", NULL);
    argv[4] = apr_psprintf(f->pool, "--port=%d", *port);
    argv[5] = apr_psprintf(f->pool, "--interpolated-path=%s/%%H/%%D", f->dir);
    argv[6] = apr_psprintf(f->pool, "--base-path=%s", f->dir);
    pid = start_server(f, -1, argv);
    await_port(*port);
    return pid;
}

static void from_a_daemon(void **state)
{
    fixture_t *f = *state;
    const char *url;
    int port;
    pid_t pid = start_daemon(f, &port);

    shell(f, "cd src; git commit -q --allow-empty -m one; git tag t; mkdir ../localhost;"
             "mv .git ../localhost/r");
    url = apr_psprintf(f->pool, "git://localhost:%d/r", port);
    assert_ok(fetch(f, url, true));
    assert_string_equal(refs_of(f, "dst"), refs_of(f, "localhost/r"));
    assert_failed(fetch(f, apr_psprintf(f->pool, "git://localhost:%d/no", port), true),
                  "git ls-remote ended");
    f->policy.private_addresses = false;
    assert_failed(fetch(f, url, true), "not public");
    end_server(pid);
    f->policy.private_addresses = true;
    assert_failed(fetch(f, url, true), "git ls-remote ended");
}

/* Fetches as if @a text had been admitted with its host at 127.0.0.1, whatever its real address. */
static rc_err_t *fetch_pinned(fixture_t *f, const char *text)
{
    apr_array_header_t *addresses = apr_array_make(f->pool, 1, sizeof(const char *));
    rc_remote_url_t *url;
    rc_err_t *err;

    APR_ARRAY_PUSH(addresses, const char *) = "127.0.0.1";
    RC_TRY(rc_remote_parse(&url, text, f->pool));
    url->addresses = addresses;
    err = rc_git_fetch(&f->policy, apr_pstrcat(f->pool, f->dir, "/dst", NULL), url,
                       rc_clock() + f->policy.timeout, true, f->pool);
    assert_no_quarantine(f);
    return err;
}

/* The name cannot be resolved, so only the pinned address can have been contacted; the daemon sees
 * the name as its virtual host. */
static void daemon_address_is_pinned(void **state)
{
    fixture_t *f = *state;
    int port;
    pid_t pid = start_daemon(f, &port);

    shell(f, "cd src; git commit -q --allow-empty -m one; mkdir ../pinned.invalid;"
             "mv .git ../pinned.invalid/r");
    assert_ok(fetch_pinned(f, apr_psprintf(f->pool, "git://pinned.invalid:%d/r", port)));
    assert_string_equal(refs_of(f, "dst"), refs_of(f, "pinned.invalid/r"));
    end_server(pid);
}

/* ---- a server that only listens ---- */

static int listen_on(int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (void *)&address, len), 0);
    assert_int_equal(listen(fd, 10), 0);
    assert_int_equal(getsockname(fd, (void *)&address, &len), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

/* Several fetches at once, as in the threads of a server; each has its own pools. */
typedef struct job_t {
    fixture_t *f;
    const char *path, *url;
    apr_interval_time_t took;
    char *failure; /* malloc'ed */
} job_t;

static void *fetch_job(void *data)
{
    job_t *job = data;
    apr_time_t start = rc_clock();
    apr_pool_t *pool;
    rc_err_t *err;

    apr_pool_create(&pool, NULL);
    err = rc_vcs_fetch("git", &job->f->policy, job->path, job->url, true, pool);
    job->took = rc_clock() - start;
    job->failure = err ? strdup(rc_err_log_text(err, pool)) : NULL;
    apr_pool_destroy(pool);
    return NULL;
}

static void run_jobs(job_t *jobs, int n)
{
    pthread_t threads[8];
    int i;

    for (i = 0; i < n; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, fetch_job, &jobs[i]), 0);
    for (i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
}

/* In each way to fetch; all at once, because each takes the whole time. */
static void silent_server_reaches_the_deadline(void **state)
{
    static const char *const schemes_of[] = {"git://", "http://", "https://", "ssh://git@"};
    fixture_t *f = *state;
    const char *before = picture(f);
    int port, fd = listen_on(&port), i;
    job_t jobs[4];

    f->policy.timeout = apr_time_from_msec(700);
    for (i = 0; i < 4; i++)
        jobs[i] = (job_t){f, apr_pstrcat(f->pool, f->dir, "/dst", NULL),
                          apr_psprintf(f->pool, "%slocalhost:%d/r", schemes_of[i], port), 0, NULL};
    run_jobs(jobs, 4);
    for (i = 0; i < 4; i++) {
        if (!jobs[i].failure || !strstr(jobs[i].failure, "took longer than"))
            fail_msg("%s: %s", jobs[i].url, jobs[i].failure);
        free(jobs[i].failure);
        assert_true(jobs[i].took < patience(5));
    }
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_no_quarantine(f);
    close(fd);
    assert_string_equal(picture(f), before);
}

/* Runs the real ssh; the server sends its banner and closes: ssh used the pinned address. */
static void ssh_address_is_pinned(void **state)
{
    fixture_t *f = *state;
    int port, fd = listen_on(&port);
    char banner[8] = "";
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        int client;

        alarm((unsigned)apr_time_sec(patience(20)));
        client = accept(fd, NULL, NULL);
        if (write(client, "SSH-2.0-test\r\n", 14) != 14 || read(client, banner, 7) != 7)
            _exit(2);
        _exit(strcmp(banner, "SSH-2.0") == 0 ? 0 : 1);
    }
    assert_failed(fetch_pinned(f, apr_psprintf(f->pool, "ssh://git@pinned.invalid:%d/r", port)),
                  "git ls-remote ended");
    waitpid(pid, &status, 0);
    assert_int_equal(status, 0);
    close(fd);
}

/* A certificate that no known authority has signed. */
static void unknown_certificate(void **state)
{
    fixture_t *f = *state;
    const char *argv[] = {"openssl", "s_server", "-quiet", "-cert", NULL, "-key",
                          NULL,      "-accept",  NULL,     "-www",  NULL};
    int port = free_port();
    pid_t pid;

    if (!*shell_line(f, "command -v openssl"))
        skip();
    shell(
        f,
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
        " -keyout key -out cert -days 1 -subj /CN=localhost -addext subjectAltName=DNS:localhost");
    argv[4] = apr_pstrcat(f->pool, f->dir, "/cert", NULL);
    argv[6] = apr_pstrcat(f->pool, f->dir, "/key", NULL);
    argv[8] = apr_psprintf(f->pool, "127.0.0.1:%d", port);
    pid = start_server(f, -1, argv);
    await_port(port);
    setenv("GIT_SSL_NO_VERIFY", "1", 1);
    shell(f, "git config --global http.sslVerify false");
    assert_failed(fetch(f, apr_psprintf(f->pool, "https://localhost:%d/r", port), true),
                  "certificate");
    unsetenv("GIT_SSL_NO_VERIFY");
    end_server(pid);
}

static void several_at_once(void **state)
{
    fixture_t *f = *state;
    job_t jobs[6];
    int i;

    shell(f, "git -C src commit -q --allow-empty -m one; git -C src tag t;"
             "for i in 0 1 2 3 4 5; do git init -q --bare many$i; done");
    for (i = 0; i < 6; i++)
        jobs[i] = (job_t){f, apr_psprintf(f->pool, "%s/many%d", f->dir, i),
                          apr_pstrcat(f->pool, f->dir, "/src", NULL), 0, NULL};
    run_jobs(jobs, 6);
    for (i = 0; i < 6; i++) {
        if (jobs[i].failure)
            fail_msg("%s", jobs[i].failure);
        assert_string_equal(refs_of(f, apr_psprintf(f->pool, "many%d", i)), refs_of(f, "src"));
    }
    assert_no_quarantine(f);
}

#define FETCH_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FETCH_TEST(clone_fetches_everything),
        FETCH_TEST(plain_path),
        FETCH_TEST(pull_fetches_new_commits),
        FETCH_TEST(pull_without_changes),
        FETCH_TEST(forced_push_wins),
        FETCH_TEST(deleted_references_stay),
        FETCH_TEST(other_references_are_not_fetched),
        FETCH_TEST(many_references),
        FETCH_TEST(many_changes),
        FETCH_TEST(other_references_stay),
        FETCH_TEST(locked_from_the_start),
        FETCH_TEST(hooks_and_settings_do_not_run),
        FETCH_TEST(head_follows),
        FETCH_TEST(head_stays),
        FETCH_TEST(empty_remote),
        FETCH_TEST(colliding_references_are_removed),
        FETCH_TEST(locked_reference_changes_nothing),
        FETCH_TEST(too_large),
        FETCH_TEST(not_there),
        FETCH_TEST(broken_source),
        FETCH_TEST(harmful_objects),
        FETCH_TEST(sloppy_objects),
        FETCH_TEST(scheme_not_listed),
        FETCH_TEST(internal_errors),
        FETCH_TEST(nothing_leaks),
        FETCH_TEST(from_a_daemon),
        FETCH_TEST(daemon_address_is_pinned),
        FETCH_TEST(silent_server_reaches_the_deadline),
        FETCH_TEST(ssh_address_is_pinned),
        FETCH_TEST(unknown_certificate),
        FETCH_TEST(several_at_once),
    };

    apr_initialize();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
