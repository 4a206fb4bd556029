// SPDX-License-Identifier: Apache-2.0
/*
 * Tests who may pull and push against a table of what the contract says, what pulls and pushes
 * leave in the database, and the lock on the disk.
 */
#include "env_fixture.h"

#include "domain/account.h"
#include "domain/repo_create.h"
#include "domain/repo_change.h"
#include "domain/transfer.h"
#include "store/repo_change.h"
#include "store/rule.h"

#define LOCK_PULL "lock_pull"

static rc_actor_t actor;
static rc_user_t *users[3];
static rc_repo_t *repo;
static apr_int64_t entries; /* of the journal, which have been read */

enum { READER, WRITER, HOLDER };

/* --- who may --- */

static const struct {
    const char *name;
    rc_caller_t caller;
    rc_level_t level;
} callers[] = {
    {"visitor", {.user_id = 1, .anonymous = true}, RC_READ},
    {"visitor who may write", {.user_id = 1, .anonymous = true}, RC_WRITE},
    {"visitor of a hidden one", {.user_id = 1, .anonymous = true}, RC_NONE},
    {"outsider", {.user_id = 3}, RC_NONE},
    {"reader", {.user_id = 3}, RC_READ},
    {"writer", {.user_id = 3}, RC_WRITE},
    {"holder", {.user_id = 2}, RC_WRITE}, /* user 2 is the super-admin, who exists */
    {"administrator", {.user_id = 3, .admin = true}, RC_ADMIN},
};

/* A letter of rc_transfer_kind_t for pull and push of each caller. */
static const struct {
    apr_int64_t user;
    const char *reason;
    bool enabled, disabled; /* with enable_locking, without it */
    const char *verdicts;
} locks[] = {
    {0, NULL, true, true, "AS AS SS HH AF AA AA AA"},
    {2, LOCK_PULL, true, false, "AS AS SS HH LF LL AA LL"},
    {2, LOCK_PULL, false, true, "AS AS SS HH AF AA AA AA"},
    {2, "lock_api", true, true, "LS LS SS HH LF LL LA LL"},
    {2, "lock_web", true, true, "LS LS SS HH LF LL LA LL"},
    {2, "lock_auto", true, true, "LS LS SS HH LF LL LA LL"},
    {999, "lock_api", true, true, "AS AS SS HH AF AA AA AA"}, /* a user who was deleted */
};

static void check_cell(size_t lock, size_t who, rc_transfer_t kind, bool enabled)
{
    static const char letters[] = "ASHFL";
    rc_caller_t caller = callers[who].caller;
    rc_repo_t row = {.name = "g/r",
                     .level = callers[who].level,
                     .enable_locking = enabled,
                     .lock_user_id = locks[lock].user,
                     .lock_reason = locks[lock].reason};
    char wanted = locks[lock].verdicts[who * 3 + (kind == RC_PUSH)];
    rc_verdict_t verdict;

    actor.caller = &caller;
    ASSERT_OK(rc_transfer_check(&verdict, &actor, &row, kind));
    if (letters[verdict.kind] != wanted)
        fail_msg("lock %zu, %s, %s, locking %d: %c, not %c", lock, callers[who].name,
                 kind == RC_PUSH ? "push" : "pull", enabled, letters[verdict.kind], wanted);
    if (wanted == 'L')
        assert_string_equal(
            verdict.text, apr_psprintf(pool, "Repository `g/r` locked by user `admin`. Reason:`%s`",
                                       locks[lock].reason));
    else if (wanted == 'F')
        assert_string_equal(verdict.text, "You may not push to `g/r`");
    else
        assert_null(verdict.text);
}

static void rights_and_locks(void **unused)
{
    const rc_caller_t *before = actor.caller;
    size_t lock, who;

    (void)unused;
    for (lock = 0; lock < ROWS(locks); lock++)
        for (who = 0; who < ROWS(callers); who++) {
            if (locks[lock].enabled) {
                check_cell(lock, who, RC_PULL, true);
                check_cell(lock, who, RC_PUSH, true);
            }
            if (locks[lock].disabled) {
                check_cell(lock, who, RC_PULL, false);
                check_cell(lock, who, RC_PUSH, false);
            }
        }
    actor.caller = before;
}

/* --- a repository, and users --- */

static rc_err_t *add_users(void *baton, rc_db_t *in)
{
    static const char *const names[] = {"reader", "writer", "holder"};
    size_t i;

    (void)baton;
    for (i = 0; i < ROWS(users); i++) {
        const rc_new_user_t user = {.username = names[i], .active = true};

        RC_TRY(rc_user_insert(&users[i], in, env->secret, &user, pool));
        RC_TRY(rc_rule_grant_user(in, RC_KIND_REPO, repo->id, users[i]->id,
                                  i == READER ? RC_READ : RC_WRITE));
    }
    return NULL;
}

static rc_err_t *load_as(void *baton, rc_db_t *in)
{
    return rc_store_repo_by_id(&repo, in, rc_viewer_user(*(const apr_int64_t *)baton), repo->id,
                               pool);
}

/* Makes a user the caller, and loads the repository for them. */
static void act_as(int who)
{
    rc_caller_t *caller = apr_pcalloc(pool, sizeof(*caller));

    caller->user_id = users[who]->id;
    caller->username = users[who]->username;
    actor.caller = caller;
    ASSERT_OK(load_as(&caller->user_id, actor.db));
}

static int begin(void **state)
{
    const rc_repo_creation_t creation = {
        .name = "g/r", .type = "git", .description = "", .landing_rev = "rev:tip"};
    const rc_credentials_t local = {.local = true};
    rc_identity_t who;

    if (env_begin(state))
        return -1;
    actor = (rc_actor_t){.env = env, .pool = pool, .ip = "127.0.0.1"};
    rc_env_work_begin(&actor.work, env, NULL, NULL, pool);
    if (rc_actor_open(&actor) || rc_identify(&who, actor.db, &local, pool))
        return -1;
    actor.caller = who.caller;
    if (rc_repo_create(&actor, &creation) ||
        rc_store_repo_by_name(&repo, actor.db, rc_viewer_user(2), "g/r", pool) ||
        rc_db_txn(actor.db, add_users, NULL))
        return -1;
    return 0;
}

static rc_err_t *enable_locking(void *baton, rc_db_t *in)
{
    rc_repo_t changed = *repo;

    changed.enable_locking = baton != NULL;
    return rc_store_repo_update(in, &changed);
}

static rc_err_t *unlock(void *baton, rc_db_t *in)
{
    (void)baton;
    return rc_store_repo_set_lock(in, repo->id, 0, 0, NULL);
}

static rc_err_t *add_entry(void *baton, const rc_journal_entry_t *entry, apr_pool_t *scratch)
{
    const char **text = baton;

    (void)scratch;
    if (entry->id <= entries)
        return NULL;
    entries = entry->id;
    *text = apr_pstrcat(pool, *text, entry->username, " ", entry->action, "\n", NULL);
    return NULL;
}

/* Returns the entries of the journal since the last call: "user action", a line each. */
static const char *journal(void)
{
    const char *text = "";

    ASSERT_OK(rc_store_journal_settle(actor.db, false));
    ASSERT_OK(rc_store_journal_each(actor.db, 100, add_entry, &text, pool));
    return text;
}

/* --- pulls --- */

static const char *pulls(int who)
{
    const char *note;

    act_as(who);
    ASSERT_OK(rc_transfer_pulled(&note, &actor, repo, true));
    act_as(who);
    return note;
}

static void pulls_are_recorded(void **unused)
{
    rc_caller_t visitor = {.user_id = 1, .username = "default", .anonymous = true};
    const char *note;

    (void)unused;
    journal();
    assert_null(pulls(WRITER));
    assert_int_equal(repo->lock_user_id, 0);
    assert_string_equal(journal(), "writer pull\n");

    ASSERT_OK(rc_db_txn(actor.db, enable_locking, repo));
    assert_null(pulls(READER));
    actor.caller = &visitor;
    ASSERT_OK(rc_transfer_pulled(&note, &actor, repo, true));
    assert_null(note);
    assert_string_equal(journal(), "reader pull\ndefault pull\n");

    assert_string_equal(pulls(HOLDER), "Made lock on repo `g/r`");
    assert_int_equal(repo->lock_user_id, users[HOLDER]->id);
    assert_string_equal(repo->lock_reason, LOCK_PULL);
    assert_in_range(apr_time_sec(apr_time_now()) - repo->locked_on, 0, 60);
    assert_string_equal(journal(), "holder pull\nholder pull_lock\n");
    assert_null(pulls(HOLDER));
    assert_null(pulls(WRITER)); /* began before the lock was made */
    assert_int_equal(repo->lock_user_id, users[HOLDER]->id);
    assert_string_equal(journal(), "holder pull\nwriter pull\n");

    ASSERT_OK(rc_db_txn(actor.db, unlock, NULL));
    ASSERT_OK(rc_db_txn(actor.db, enable_locking, NULL));
}

/* --- pushes --- */

__attribute__((format(printf, 1, 2))) static void git(const char *fmt, ...)
{
    static const char script[] =
        "exec >/dev/null 2>&1; cd '%s' && export HOME=$PWD GIT_CONFIG_NOSYSTEM=1 "
        "GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@x GIT_COMMITTER_NAME=A GIT_COMMITTER_EMAIL=a@x; %s";
    va_list ap;
    char *command;

    va_start(ap, fmt);
    command = apr_pvsprintf(pool, fmt, ap);
    va_end(ap);
    fflush(stdout);
    if (system(apr_psprintf(pool, script, unit_dir, command)))
        fail_msg("%s", command);
}

/* Returns the id of a revision in the working tree. */
static const char *id_of(const char *rev)
{
    char line[64] = "";
    FILE *out = popen(apr_psprintf(pool, "git -C '%s/work' rev-parse %s", unit_dir, rev), "r");

    assert_non_null(out);
    assert_non_null(fgets(line, sizeof(line), out));
    assert_int_equal(pclose(out), 0);
    return apr_pstrndup(pool, line, 40);
}

static apr_array_header_t *changes;

static void change(const char *ref, const char *from, const char *to)
{
    if (!changes)
        changes = apr_array_make(pool, 4, sizeof(rc_ref_change_t));
    APR_ARRAY_PUSH(changes, rc_ref_change_t) = (rc_ref_change_t){ref, from, to};
}

/* Records the changes of the list, and empties it. */
static const char *pushes(int who)
{
    const char *note;

    act_as(who);
    ASSERT_OK(rc_transfer_pushed(&note, &actor, repo, changes));
    changes = NULL;
    act_as(who);
    return note;
}

static void pushes_are_recorded(void **unused)
{
    const char *a, *b, *c, *d;

    (void)unused;
    git("git init -q -b dev work; cd work; git remote add to ../g/r; "
        "for i in 1 2 3; do git commit -q --allow-empty -m $i; done; git push to dev");
    a = id_of("dev~2"), b = id_of("dev~1"), c = id_of("dev");
    journal();
    change("refs/heads/dev", NULL, c);
    assert_null(pushes(WRITER));
    assert_string_equal(journal(), apr_psprintf(pool, "writer push:%s,%s,%s\n", a, b, c));
    assert_string_equal(repo->last.id, c);
    git("test $(git -C g/r symbolic-ref HEAD) = refs/heads/dev");

    git("cd work; git tag v1; git push to v1 dev:other; git push to :other");
    change("refs/tags/v1", NULL, c);
    change("refs/heads/other", NULL, c);
    pushes(WRITER);
    assert_string_equal(journal(), apr_psprintf(pool, "writer push:%s,tag=>v1\n", c));
    change("refs/heads/other", c, NULL);
    change("refs/tags/v1", c, NULL);
    change("refs/notes/x", c, NULL);
    pushes(WRITER);
    assert_string_equal(
        journal(), "writer push:delete_branch=>other,delete_tag=>v1,delete_ref=>refs/notes/x\n");

    /* what the former head alone reached is not what the push brought */
    git("cd work; git reset -q --hard dev~1; git commit -q --allow-empty -m 4; git push -f to dev");
    d = id_of("dev");
    change("refs/heads/dev", c, d);
    pushes(WRITER);
    assert_string_equal(journal(), apr_psprintf(pool, "writer push:%s\n", d));
    assert_string_equal(repo->last.id, d);
}

static void a_push_is_cut(void **unused)
{
    const char *words, *newest;

    (void)unused;
    git("cd work; for i in $(seq 0 500); do echo \"commit refs/heads/many"
        "\ncommitter A <a@x> $i +0000\ndata 1\nx\"; done | git fast-import --quiet; "
        "git push to many");
    newest = id_of("many");
    change("refs/heads/many", NULL, newest);
    pushes(WRITER);
    words = journal();
    assert_int_equal(strlen(words), strlen("writer push:\n") + 400 * 41 - 1);
    assert_non_null(strstr(words, newest));
}

static void a_push_releases_the_lock(void **unused)
{
    const char *head = id_of("dev");

    (void)unused;
    ASSERT_OK(rc_db_txn(actor.db, enable_locking, repo));
    journal();
    pulls(HOLDER);
    change("refs/heads/dev", head, head);
    assert_null(pushes(WRITER)); /* of another: it has no lock to release */
    assert_int_equal(repo->lock_user_id, users[HOLDER]->id);
    changes = apr_array_make(pool, 1, sizeof(rc_ref_change_t));
    assert_null(pushes(HOLDER)); /* all of it was refused */
    assert_int_equal(repo->lock_user_id, users[HOLDER]->id);
    journal();
    change("refs/heads/dev", head, head);
    assert_string_equal(pushes(HOLDER), "Released lock on repo `g/r`\n");
    assert_int_equal(repo->lock_user_id, 0);
    assert_string_equal(journal(),
                        apr_psprintf(pool, "holder push:%s\nholder push_unlock\n", head));

    pulls(HOLDER);
    ASSERT_OK(rc_db_txn(actor.db, enable_locking, NULL));
    change("refs/heads/dev", head, head);
    assert_null(pushes(HOLDER));
    assert_int_equal(repo->lock_user_id, users[HOLDER]->id);
    ASSERT_OK(rc_db_txn(actor.db, unlock, NULL));
}

/* --- once more, and the lock on the disk --- */

static char recheck(const rc_credentials_t *credentials, rc_transfer_t kind)
{
    rc_verdict_t verdict;

    ASSERT_OK(rc_transfer_recheck(&verdict, &actor, credentials, repo, kind));
    return "ASHFL"[verdict.kind];
}

static rc_err_t *take_rights(void *baton, rc_db_t *in)
{
    return rc_rule_grant_user(in, RC_KIND_REPO, repo->id, users[WRITER]->id,
                              *(const rc_level_t *)baton);
}

static rc_err_t *lock_for_holder(void *baton, rc_db_t *in)
{
    (void)baton;
    return rc_store_repo_set_lock(in, repo->id, users[HOLDER]->id, 1, "lock_api");
}

static rc_err_t *set_active(void *baton, rc_db_t *in)
{
    return rc_store_user_set_active(in, users[WRITER]->id, baton != NULL);
}

static void rechecked(void **unused)
{
    const rc_credentials_t writer = {.login = "writer", .ip = "192.0.2.1"};
    const rc_credentials_t holder = {.login = "holder"};
    rc_level_t levels[] = {RC_NONE, RC_READ, RC_WRITE};
    size_t i;

    (void)unused;
    act_as(WRITER);
    assert_int_equal(recheck(&writer, RC_PUSH), 'A');
    assert_int_equal(recheck(&holder, RC_PUSH), 'S'); /* another caller than before */
    for (i = 0; i < ROWS(levels); i++) {
        ASSERT_OK(rc_db_txn(actor.db, take_rights, &levels[i]));
        assert_int_equal(recheck(&writer, RC_PULL), "HAA"[i]);
        assert_int_equal(recheck(&writer, RC_PUSH), "HFA"[i]);
    }
    ASSERT_OK(rc_db_txn(actor.db, lock_for_holder, NULL));
    assert_int_equal(recheck(&writer, RC_PUSH), 'L');
    ASSERT_OK(rc_db_txn(actor.db, unlock, NULL));
    ASSERT_OK(rc_db_txn(actor.db, set_active, NULL));
    assert_int_equal(recheck(&writer, RC_PUSH), 'S');
    ASSERT_OK(rc_db_txn(actor.db, set_active, repo));
    ASSERT_OK(rc_ip_add(actor.db, users[WRITER]->id, "10.0.0.0/8", pool));
    assert_int_equal(recheck(&writer, RC_PUSH), 'F');
    ASSERT_OK(rc_ip_remove(actor.db, users[WRITER]->id, "10.0.0.0/8", pool));
    repo->name = "g/former";
    assert_int_equal(recheck(&writer, RC_PUSH), 'H');
    act_as(WRITER);
}

static void pushes_share_the_lock(void **unused)
{
    rc_locks_t first, second = {.fd = -1}, other = {.fd = -1};
    apr_pool_t *own;

    (void)unused;
    act_as(WRITER);
    apr_pool_create(&own, pool);
    actor.pool = own;
    ASSERT_OK(rc_transfer_lock(&first, &actor, repo));
    assert_true(first.fd >= 0);
    apr_pool_create(&second.pool, own);
    ASSERT_OK(rc_repo_share(&second, env, actor.db, repo->id, repo->name));
    apr_pool_create(&other.pool, pool);
    assert_non_null(rc_repo_lock(&other, env, actor.db, repo->id, repo->name));
    assert_non_null(other.busy);
    assert_false(other.share);
    apr_pool_destroy(own);
    actor.pool = pool;

    other = (rc_locks_t){.pool = other.pool, .fd = -1};
    ASSERT_OK(rc_repo_lock(&other, env, actor.db, repo->id, repo->name));
    second = (rc_locks_t){.pool = pool, .fd = -1};
    assert_non_null(rc_repo_share(&second, env, actor.db, repo->id, repo->name));
    assert_non_null(second.busy);
    assert_true(second.share);
    apr_pool_destroy(other.pool);
}

static void a_lock_names_no_path(void **unused)
{
    rc_repo_t gone = *repo;
    rc_locks_t locked;
    rc_err_t *err;

    (void)unused;
    act_as(WRITER);
    gone.name = "g/gone";
    assert_non_null(err = rc_transfer_lock(&locked, &actor, &gone));
    assert_int_equal(err->kind, RC_E_NOTFOUND);
    assert_string_equal(err->msg, "Repository `g/gone` has gone");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rights_and_locks),         cmocka_unit_test(pulls_are_recorded),
        cmocka_unit_test(pushes_are_recorded),      cmocka_unit_test(a_push_is_cut),
        cmocka_unit_test(a_push_releases_the_lock), cmocka_unit_test(rechecked),
        cmocka_unit_test(pushes_share_the_lock),    cmocka_unit_test(a_lock_names_no_path),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, begin, unit_end);
}
