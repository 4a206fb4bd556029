// SPDX-License-Identifier: Apache-2.0
/*
 * Reads the format of a repository from its config, before anything else is used: a repository that
 * stores objects or references in another way would look empty. Like git, it follows no includes
 * here; unlike git, it skips lines that it cannot parse.
 */
#include "git.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "base/fs.h"
#include "base/text.h"

#define CONFIG_MOST (4 * 1024 * 1024)

/* Extensions that make no difference here; those with a value only when they have that value. */
static const struct {
    const char *name, *value;
} known[] = {
    {"noop", NULL},           {"noop-v1", NULL},        {"preciousobjects", NULL},
    {"partialclone", NULL},   {"worktreeconfig", NULL}, {"relativeworktrees", NULL},
    {"objectformat", "sha1"}, {"refstorage", "files"},
};

#define KNOWN (sizeof(known) / sizeof(*known))

typedef struct config_t {
    char section[16]; /* the current section; "": an irrelevant one */
    apr_int64_t version;
    bool no_number;      /* the version is not a number */
    const char *unknown; /* an unsupported extension that counts in any version, */
    const char *newer;   /* or in version 1 only */
    apr_pool_t *pool;
} config_t;

static const char *skip_blanks(const char *p)
{
    while (*p == ' ' || *p == '\t' || *p == '\r')
        p++;
    return p;
}

/* Copies a word of letters, digits and '-' in lower case; returns the text after it. */
static const char *take_word(char *word, size_t size, const char *p)
{
    size_t n = 0;

    for (; apr_isalnum(*p) || *p == '-'; p++)
        if (n + 1 < size)
            word[n++] = (char)apr_tolower(*p);
    word[n] = '\0';
    return p;
}

/* Reads "[section]"; "[section "sub"]" is irrelevant. Returns the text after it. */
static const char *take_section(config_t *config, const char *p)
{
    const char *end = strchr(p, ']');

    p = take_word(config->section, sizeof(config->section), skip_blanks(p + 1));
    if (*skip_blanks(p) != ']')
        config->section[0] = '\0';
    return end ? end + 1 : p + strlen(p);
}

/* Returns the value after a '=', without quotes, comments and surrounding blanks. */
static const char *take_value(const char *p, apr_pool_t *pool)
{
    char *value = apr_palloc(pool, strlen(p) + 1);
    size_t n = 0, trimmed = 0;
    bool quoted = false;

    for (p = skip_blanks(p); *p && (quoted || !strchr("#;", *p)); p++) {
        if (*p == '"') {
            quoted = !quoted;
            continue;
        }
        if (*p == '\\' && p[1])
            p++;
        value[n++] = *p;
        if (quoted || !apr_isspace(*p))
            trimmed = n;
    }
    value[trimmed] = '\0';
    return value;
}

static void note_extension(config_t *config, const char *name, const char *value)
{
    const char *text = apr_pstrcat(config->pool, name, "=", value, NULL);
    apr_size_t i;

    for (i = 0; i < KNOWN && strcmp(known[i].name, name); i++)
        ;
    if (i == KNOWN)
        config->newer = text;
    else if (known[i].value && strcasecmp(known[i].value, value))
        config->unknown = text;
}

static void take_line(config_t *config, const char *p)
{
    const char *value;
    char name[64];

    p = skip_blanks(p);
    if (*p == '[')
        p = skip_blanks(take_section(config, p));
    p = skip_blanks(take_word(name, sizeof(name), p));
    if (!*name)
        return;
    value = *p == '=' ? take_value(p + 1, config->pool) : "true";
    if (!strcmp(config->section, "core") && !strcmp(name, "repositoryformatversion"))
        config->no_number = !rc_text_int(&config->version, value) || config->version < 0;
    else if (!strcmp(config->section, "extensions"))
        note_extension(config, name, value);
}

static rc_err_t *judge(const config_t *config, apr_pool_t *pool)
{
    static const char words[] = "the format of the repository is not supported";

    if (config->no_number || config->version > 1)
        return rc_err_internal(pool, APR_SUCCESS, "%s: core.repositoryformatversion is %s", words,
                               config->no_number
                                   ? "no number"
                                   : apr_psprintf(pool, "%" APR_INT64_T_FMT, config->version));
    if (config->unknown || (config->newer && config->version == 1))
        return rc_err_internal(
            pool, APR_SUCCESS, "%s: extensions.%s", words,
            rc_utf8_repair(config->unknown ? config->unknown : config->newer, pool));
    return NULL;
}

rc_err_t *rc_git_check_format(const char *git_dir, apr_pool_t *pool)
{
    config_t config = {.pool = pool};
    const char *text;
    char *line, *state, *copy;
    apr_size_t len;

    if (rc_fs_read(&text, &len, apr_pstrcat(pool, git_dir, "/config", NULL), 0, CONFIG_MOST,
                   pool) ||
        !text)
        return NULL; /* no sign of another format */
    copy = apr_pstrmemdup(pool, text, len);
    for (line = apr_strtok(copy, "\n", &state); line; line = apr_strtok(NULL, "\n", &state))
        take_line(&config, line);
    return judge(&config, pool);
}
