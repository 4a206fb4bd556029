// SPDX-License-Identifier: Apache-2.0
/*
 * Sets git up to serve one fetch or push. Each setting that the config of a repository could use to
 * run a program, or to answer something else than is advertised, has our value here; git reads
 * these values last.
 */
#include "wire.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "env.h"

#define HEADER_MOST 100 /* bytes of Git-Protocol */
#define THREADS     2   /* pack.threads of env.c */

/* clang-format off */
static const rc_git_setting_t both[] = {
    {"core.fsync", "committed,reference"},
    /* programs */
    {"core.sshCommand", "false"},
    {"core.gitProxy", "none"},
    {"core.alternateRefsCommand", "true"}, /* lists nothing: else git runs in the lending repository */
    {"gpg.program", "false"}, /* signed pushes are not advertised; who sends one is not verified */
    {"gpg.openpgp.program", "false"},
    {"gpg.x509.program", "false"},
    {"gpg.ssh.program", "false"},
    /* serving */
    {"transfer.hideRefs", "!refs"}, /* later values win: the repository hides nothing */
    {"transfer.hideRefs", "!HEAD"},
    {"transfer.hideRefs", RC_GIT_HIDDEN_PULL},
    {"transfer.hideRefs", RC_GIT_HIDDEN_RC},
    {"transfer.advertiseSID", "false"},
    {"transfer.advertiseObjectInfo", "false"},
    {"core.filesRefLockTimeout", "1000"}, /* ms: the repository could wait for ever */
    {"core.packedRefsTimeout", "10000"},
};

static const rc_git_setting_t upload[] = {
    {"uploadpack.allowFilter", "true"},
    {"uploadpack.allowAnySHA1InWant", "false"}, /* before the next ones, which it would undo */
    {"uploadpack.allowTipSHA1InWant", "false"},
    {"uploadpack.allowReachableSHA1InWant", "true"},
    {"uploadpack.allowRefInWant", "false"},
    {"uploadpack.allowSidebandAll", "false"},
    {"uploadpack.advertiseBundleURIs", "false"},
    {"uploadpack.keepAlive", "5"},
    {"lsrefs.unborn", "advertise"},
};

static const rc_git_setting_t receive[] = {
    {"receive.fsckObjects", "true"},
    {"receive.autogc", "false"},
    {"receive.advertiseAtomic", "true"},
    {"receive.advertisePushOptions", "false"},
    {"receive.denyDeletes", "false"},
    {"receive.denyDeleteCurrent", "refuse"},
    {"receive.denyNonFastForwards", "false"},
    {"receive.denyCurrentBranch", "refuse"}, /* of a repository with a work tree */
    /* what harms who checks it out stays an error, whatever the repository ignores */
    {"receive.fsck.hasDot", "error"},
    {"receive.fsck.hasDotdot", "error"},
    {"receive.fsck.hasDotgit", "error"},
    {"receive.fsck.gitmodulesBlob", "error"},
    {"receive.fsck.gitmodulesName", "error"},
    {"receive.fsck.gitmodulesPath", "error"},
    {"receive.fsck.gitmodulesSymlink", "error"},
    {"receive.fsck.gitmodulesUpdate", "error"},
    {"receive.fsck.gitmodulesUrl", "error"},
    {"receive.unpackLimit", "1"},
    {"receive.updateServerInfo", "false"},
    {"receive.shallowUpdate", "false"},
    {"receive.keepAlive", "5"},
    {"repack.useDeltaBaseOffset", "true"},
};

static const struct {
    const char *name, *command, *strict;
    const rc_git_setting_t *settings;
    apr_size_t count;
} services[] = {
    [RC_UPLOAD_PACK] = {"git-upload-pack", "upload-pack", "--strict", upload,
                        sizeof(upload) / sizeof(*upload)},
    [RC_RECEIVE_PACK] = {"git-receive-pack", "receive-pack", NULL, receive,
                         sizeof(receive) / sizeof(*receive)},
};
/* clang-format on */

const char *rc_wire_service_name(rc_wire_service_t service)
{
    return services[service].name;
}

static const char *name_below(const char *ref, const char *folder)
{
    apr_size_t len = strlen(folder);

    return strncmp(ref, folder, len) == 0 && ref[len] ? ref + len : NULL;
}

const char *rc_wire_branch(const char *ref)
{
    return name_below(ref, RC_GIT_HEADS);
}

const char *rc_wire_branch_ref(const char *name, apr_pool_t *pool)
{
    return apr_pstrcat(pool, RC_GIT_HEADS, name, NULL);
}

const char *rc_wire_tag(const char *ref)
{
    return name_below(ref, RC_GIT_TAGS);
}

bool rc_wire_is_hidden(const char *ref)
{
    return rc_git_ref_hidden(ref);
}

/* Returns the text after "<letters and digits>=<letters and digits>"; NULL when it is not that. */
static const char *skip_pair(const char *p)
{
    const char *start = p;

    while (apr_isalnum(*p))
        p++;
    if (p == start || *p != '=')
        return NULL;
    for (start = ++p; apr_isalnum(*p); p++)
        ;
    return p > start ? p : NULL;
}

int rc_wire_version(const char *header)
{
    int version = 0;
    const char *p = header;

    if (!header || strlen(header) > HEADER_MOST)
        return 0;
    for (;;) {
        const char *end = skip_pair(p);

        if (!end || (*end && *end != ':'))
            return 0;
        if (end - p == 9 && !strncmp(p, "version=", 8) && p[8] > '0' + version && p[8] <= '2')
            version = p[8] - '0';
        if (!*end)
            return version;
        p = end + 1;
    }
}

static const char *const *environment(const rc_wire_program_t *program, const char *git_dir,
                                      apr_pool_t *pool)
{
    rc_git_env_t *env = rc_git_env(git_dir, program->home, pool);

    rc_git_env_settings(env, both, sizeof(both) / sizeof(*both));
    rc_git_env_settings(env, services[program->service].settings, services[program->service].count);
    if (program->service == RC_RECEIVE_PACK)
        rc_git_env_ignore_faults(env, "receive.fsck.");
    if (program->max_input)
        rc_git_env_config(env, "receive.maxInputSize",
                          apr_psprintf(pool, "%" APR_OFF_T_FMT, program->max_input));
    rc_git_env_config(env, "safe.directory", git_dir); /* whoever owns it, it is served */
    if (program->version > 0)
        rc_git_env_set(env, "GIT_PROTOCOL", apr_psprintf(pool, "version=%d", program->version));
    return rc_git_env_list(env);
}

/* The deadline holds while this process lives; this limit, also afterwards. */
static int cpu_seconds(apr_time_t deadline)
{
    apr_time_t left = deadline - rc_clock();

    return left > 0 ? (int)apr_time_sec(left) * THREADS + 1 : 1;
}

void rc_git_wire_program(rc_proc_t *proc, const rc_wire_program_t *program, bool advertise,
                         apr_pool_t *pool)
{
    const char **argv = apr_pcalloc(pool, 7 * sizeof(*argv)), **arg = argv;
    const char *git_dir = rc_git_dir(program->path, pool);

    *arg++ = "git";
    *arg++ = services[program->service].command;
    *arg++ = "--stateless-rpc";
    if (services[program->service].strict) /* does not try other directories */
        *arg++ = services[program->service].strict;
    if (advertise)
        *arg++ = "--http-backend-info-refs";
    *arg++ = git_dir;
    proc->argv = argv;
    proc->env = environment(program, git_dir, pool);
    proc->dir = program->home;
    proc->max_memory = program->max_memory;
    proc->deadline = program->deadline;
    proc->max_cpu = cpu_seconds(program->deadline);
    proc->gentle = true;
    /* A push whose input ends too early removes what it has stored; a signal would not let it. */
    proc->outlives_us = program->service == RC_RECEIVE_PACK;
}

void rc_wire_program(rc_proc_t *proc, const rc_wire_program_t *program, apr_pool_t *pool)
{
    rc_git_wire_program(proc, program, false, pool);
}
