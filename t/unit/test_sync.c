// SPDX-License-Identifier: Apache-2.0
/*
 * Tests that pull, strip and rescan check the caller's right again before their change takes
 * effect: when a caller loses it while the use case runs, nothing changes.
 */
#include "use_case_fixture.h"

#include "base/fs.h"
#include "domain/repo_create.h"
#include "domain/repo_sync.h"

static const char *remote; /* a repository outside of the root */
static const rc_caller_t *admin;
static rc_caller_t bob;

static void sh(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void sh(const char *fmt, ...)
{
    va_list ap;
    const char *command;

    va_start(ap, fmt);
    command = apr_pvsprintf(pool, fmt, ap);
    va_end(ap);
    fflush(stdout);
    assert_int_equal(system(apr_psprintf(pool, "cd '%s' && { %s\n} >&2", remote, command)), 0);
}

static void commit(const char *message)
{
    sh("git -c user.name=A -c user.email=a@b commit -q --allow-empty -m %s", message);
}

/* Returns the references of a repository below the root. */
static const char *refs_of(const char *name)
{
    char line[4096] = "";
    FILE *pipe = popen(apr_psprintf(pool, "git -C '%s' for-each-ref", in_dir(name)), "r");
    size_t n = fread(line, 1, sizeof(line) - 1, pipe);

    line[n] = '\0';
    assert_int_equal(pclose(pipe), 0);
    return apr_pstrdup(pool, line);
}

static rc_err_t *insert_bob(void *baton, rc_db_t *in)
{
    const rc_new_user_t new_user = {.username = "bob", .active = true};
    rc_user_t *user;

    (void)baton;
    RC_TRY(rc_user_insert(&user, in, env->secret, &new_user, pool));
    bob = (rc_caller_t){.user_id = user->id, .username = "bob", .active = true};
    return NULL;
}

/* Creates a remote with two commits, and a clone of it. */
static int begin_clone(void **state)
{
    rc_repo_creation_t creation = {
        .name = "clone", .type = "git", .description = "", .landing_rev = "rev:tip"};
    const char *temp;

    if (begin(state) || begin_request(state) || apr_temp_dir_get(&temp, pool))
        return -1;
    remote = mkdtemp(apr_psprintf(pool, "%s/rcapi-remote-XXXXXX", temp));
    sh("git init -q -b master .");
    commit("one");
    commit("two");
    creation.clone_uri = apr_pstrcat(pool, "file://", remote, NULL);
    admin = actor.caller;
    ASSERT_OK(rc_db_txn(actor.db, insert_bob, NULL));
    ASSERT_OK(rc_repo_create(&actor, &creation));
    return end_request(state);
}

static int end_clone(void **state)
{
    ASSERT_OK(rc_fs_remove_tree(remote, pool));
    return unit_end(state);
}

/* From the next renew on the caller is bob. */
static void lose_rights(void)
{
    next_request();
    actor.caller = admin;
    face.becomes = &bob;
}

static void keep_rights(void)
{
    next_request();
    actor.caller = admin;
}

static void pull_checks_again(void **unused)
{
    const char *before = refs_of("clone");

    (void)unused;
    commit("three");
    lose_rights();
    forbidden("pull", rc_repo_pull(&actor, load("clone"), NULL));
    assert_int_equal(face.renewed, 1);
    assert_string_equal(refs_of("clone"), before);
    keep_rights();
    ASSERT_OK(rc_repo_pull(&actor, load("clone"), NULL));
    assert_string_not_equal(refs_of("clone"), before);
}

static void strip_checks_again(void **unused)
{
    rc_strip_t request = {NULL, "master", "tip"};
    apr_array_header_t *pulls;
    const char *before = refs_of("clone");

    (void)unused;
    lose_rights();
    request.repo = load("clone");
    forbidden("strip", rc_repo_strip(&pulls, &actor, &request));
    assert_int_equal(face.renewed, 1);
    assert_string_equal(refs_of("clone"), before);
    keep_rights();
    request.repo = load("clone");
    ASSERT_OK(rc_repo_strip(&pulls, &actor, &request));
    assert_string_not_equal(refs_of("clone"), before);
    assert_int_equal(pulls->nelts, 0);
}

static void rescan_checks_again(void **unused)
{
    rc_rescan_t found;

    (void)unused;
    sh("git clone -q --bare . '%s'", in_dir("new"));
    lose_rights();
    forbidden("rescan", rc_rescan(&found, &actor, false));
    assert_null(load("new"));
    keep_rights();
    ASSERT_OK(rc_rescan(&found, &actor, false));
    assert_int_equal(found.added->nelts, 1);
    assert_non_null(load("new"));
    sh("rm -r '%s'", in_dir("new"));
    lose_rights();
    forbidden("remove", rc_rescan(&found, &actor, true));
    assert_non_null(load("new"));
    keep_rights();
    ASSERT_OK(rc_rescan(&found, &actor, true));
    assert_int_equal(found.removed->nelts, 1);
    assert_null(load("new"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(pull_checks_again), TEST(strip_checks_again),
                                       TEST(rescan_checks_again)};

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, begin_clone, end_clone);
}
