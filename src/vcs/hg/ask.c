// SPDX-License-Identifier: Apache-2.0
/*
 * Answers those commands of Mercurial's clients that each pull and push begins with, without a
 * program: byte for byte what Mercurial's hgweb answers (contract 08 §7). What has another form
 * than clients send is left to hgweb.
 */
#include "hg.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <apr_strings.h>

#include "base/hex.h"
#include "base/process.h"
#include "base/query.h"
#include "base/text.h"

#define DRAFT      "1" /* the phase in the file of roots, and its value in answers */
#define BATCH_MOST 16  /* commands: clients send two or three */

typedef struct ask_t {
    rc_vcs_t *vcs;
    rc_hg_snapshot_t *snapshot;
    apr_array_header_t *out; /* of const char *: the answer in pieces */
    apr_pool_t *pool;
} ask_t;

/* Returns the value of an argument; NULL: there is none. */
typedef const char *get_argument_t(const void *arguments, const char *name, apr_pool_t *pool);

static void put_text(ask_t *ask, const char *text)
{
    APR_ARRAY_PUSH(ask->out, const char *) = text;
}

static const char *hex_of(const ask_t *ask, int rev)
{
    return rc_hex_text(rc_hg_node(ask->snapshot->log, rev), RC_HG_NODE, ask->pool);
}

/* --- heads: of all that is shown, the newest first; the null id when there are none --- */

static rc_err_t *answer_heads(bool *done, ask_t *ask, get_argument_t *get, const void *arguments)
{
    const rc_hg_snapshot_t *snapshot = ask->snapshot;
    unsigned char *parents = apr_pcalloc(ask->pool, (apr_size_t)snapshot->log->count + 1);
    const char *blank = "";
    rc_hg_row_t row;
    int rev, i;

    (void)get;
    (void)arguments;
    if (snapshot->tip < 0)
        put_text(ask, hex_of(ask, -1));
    for (rev = snapshot->tip; rev >= 0; rev--) {
        if (snapshot->hidden[rev])
            continue;
        rc_hg_row(&row, snapshot->log, rev);
        for (i = 0; i < 2; i++)
            if (row.parent[i] >= 0)
                parents[row.parent[i]] = 1;
        if (parents[rev])
            continue;
        put_text(ask, blank);
        put_text(ask, hex_of(ask, rev));
        blank = " ";
    }
    put_text(ask, "\n");
    *done = true;
    return NULL;
}

/* --- known: "1" for each node id that is shown, else "0" --- */

static rc_err_t *answer_known(bool *done, ask_t *ask, get_argument_t *get, const void *arguments)
{
    const char *at = get(arguments, "nodes", ask->pool);
    unsigned char node[RC_HG_NODE];

    *done = at != NULL;
    while (*done && *at) {
        apr_size_t len = strcspn(at, " ");

        *done = len == RC_HG_HEX && rc_hg_read_node(node, at) && (!at[len] || at[len + 1]);
        if (!*done)
            return NULL;
        put_text(ask, rc_hg_shown_rev(ask->snapshot, node) >= 0 ||
                              !memcmp(node, rc_hg_null_node, RC_HG_NODE)
                          ? "1"
                          : "0");
        at += len + (at[len] == ' ');
    }
    return NULL;
}

/* --- listkeys: lines of a name, a tab and a value, sorted --- */

/* One that was made by a pull, beside another of the same name. */
static bool is_divergent(const char *bookmark)
{
    apr_size_t len = strlen(bookmark);

    return strchr(bookmark, '@') && bookmark[len - 1] != '@';
}

static rc_err_t *list_bookmarks(bool *done, ask_t *ask)
{
    const apr_array_header_t *refs = ask->snapshot->bookmarks;
    const char *line_end = "";
    int i;

    for (i = 0; i < refs->nelts; i++) {
        const rc_hg_ref_t *ref = &APR_ARRAY_IDX(refs, i, rc_hg_ref_t);

        *done = *done && *ref->name && rc_utf8_valid(ref->name, strlen(ref->name));
        if (!*done || is_divergent(ref->name) || !rc_hg_is_shown(ask->snapshot, ref->rev))
            continue;
        put_text(ask,
                 apr_pstrcat(ask->pool, line_end, ref->name, "\t", hex_of(ask, ref->rev), NULL));
        line_end = "\n";
    }
    return NULL;
}

static int by_hex(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The roots of drafts, and that the server publishes: clients take all that they get as public. */
static rc_err_t *list_phases(bool *done, ask_t *ask)
{
    const rc_hg_snapshot_t *snapshot = ask->snapshot;
    apr_array_header_t *roots = apr_array_make(ask->pool, 8, sizeof(const char *));
    unsigned char node[RC_HG_NODE];
    const char *text, *last = "";
    int rev, i;

    (void)done;
    RC_TRY(rc_hg_small_file(&text, ask->vcs, ((rc_hg_t *)ask->vcs->repo)->layout.store,
                            "/phaseroots", ask->pool));
    for (; text && *text; text = rc_text_next_line(text)) {
        if (strncmp(text, DRAFT " ", 2) || !rc_hg_read_node(node, text + 2))
            continue;
        rev = rc_hg_nodes_find(snapshot->nodes, node);
        if (rev >= 0 && snapshot->phase[rev] == RC_HG_DRAFT)
            APR_ARRAY_PUSH(roots, const char *) = hex_of(ask, rev);
    }
    qsort(roots->elts, (size_t)roots->nelts, sizeof(const char *), by_hex);
    for (i = 0; i < roots->nelts; i++) {
        const char *root = APR_ARRAY_IDX(roots, i, const char *);

        if (strcmp(root, last))
            put_text(ask, apr_pstrcat(ask->pool, root, "\t" DRAFT "\n", NULL));
        last = root;
    }
    put_text(ask, "publishing\tTrue");
    return NULL;
}

static rc_err_t *answer_listkeys(bool *done, ask_t *ask, get_argument_t *get, const void *arguments)
{
    const char *space = get(arguments, "namespace", ask->pool);

    *done = true;
    if (space && !strcmp(space, "bookmarks"))
        return list_bookmarks(done, ask);
    if (space && !strcmp(space, "phases"))
        return list_phases(done, ask);
    *done = false;
    return NULL;
}

/* --- batch: several of them --- */

typedef rc_err_t *answer_t(bool *done, ask_t *ask, get_argument_t *get, const void *arguments);

static const struct {
    const char *name;
    answer_t *answer;
} answers[] = {
    {"heads", answer_heads},
    {"known", answer_known},
    {"listkeys", answer_listkeys},
};

static answer_t *find_answer(const char *name)
{
    apr_size_t i;

    for (i = 0; i < sizeof(answers) / sizeof(*answers); i++)
        if (!strcmp(answers[i].name, name))
            return answers[i].answer;
    return NULL;
}

static const char separators[] = ":,;=", letters[] = "cose"; /* ":" and one of the letters */

static const char *escaped(const char *text, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, 2 * strlen(text) + 1), *to = out;
    const char *found;

    for (; *text; text++) {
        found = strchr(separators, *text);
        if (found)
            *to++ = ':';
        *to++ = found ? letters[found - separators] : *text;
    }
    *to = '\0';
    return out;
}

static const char *unescaped(const char *text, apr_size_t len, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, len + 1), *to = out;
    const char *end = text + len, *found;

    for (; text < end; text++) {
        found = *text == ':' && text + 1 < end ? strchr(letters, text[1]) : NULL;
        *to++ = found ? separators[found - letters] : *text;
        text += found != NULL;
    }
    *to = '\0';
    return out;
}

/* Of "name=value,name=value". */
static const char *batch_argument(const void *arguments, const char *name, apr_pool_t *pool)
{
    const char *at = arguments;
    apr_size_t len, name_len = strlen(name);

    for (; *at; at += len + (at[len] != '\0')) {
        len = strcspn(at, ",");
        if (len > name_len && !strncmp(at, name, name_len) && at[name_len] == '=')
            return unescaped(at + name_len + 1, len - name_len - 1, pool);
    }
    return NULL;
}

/* Answers one command of a batch, "name arguments", into the answer to all of them. */
static rc_err_t *answer_one(bool *done, ask_t *ask, const char *command)
{
    const char *arguments = strchr(command, ' ');
    ask_t one = *ask;
    answer_t *answer;

    *done = false;
    if (!arguments)
        return NULL;
    answer = find_answer(apr_pstrmemdup(ask->pool, command, (apr_size_t)(arguments - command)));
    if (!answer)
        return NULL;
    one.out = apr_array_make(ask->pool, 16, sizeof(const char *));
    RC_TRY(answer(done, &one, batch_argument, arguments + 1));
    put_text(ask, escaped(apr_array_pstrcat(ask->pool, one.out, 0), ask->pool));
    return NULL;
}

static rc_err_t *answer_batch(bool *done, ask_t *ask, const char *commands)
{
    const char *separator = "";
    apr_size_t len;
    int count = 0;

    *done = commands && *commands && commands[strlen(commands) - 1] != ';';
    for (; *done && *commands; commands += len + (commands[len] != '\0')) {
        len = strcspn(commands, ";");
        put_text(ask, separator);
        RC_TRY(answer_one(done, ask, apr_pstrmemdup(ask->pool, commands, len)));
        *done = *done && ++count <= BATCH_MOST;
        separator = ";";
    }
    return NULL;
}

/* --- what hgweb answers always the same --- */

/* The capabilities are those of the program, for the requirements of the repository, and whether it
 * has secret or hidden changesets, of which no files are copied. */
static rc_err_t *same_capabilities(const char **same, ask_t *ask)
{
    const rc_hg_layout_t *layout = &((rc_hg_t *)ask->vcs->repo)->layout;
    apr_size_t count = (apr_size_t)ask->snapshot->log->count;
    bool secret = memchr(ask->snapshot->phase, RC_HG_SECRET, count) != NULL;
    const char *file, *one, *two,
        *obsolete = apr_pstrcat(ask->pool, layout->store, "/obsstore", NULL);
    struct stat st;

    RC_TRY(rc_hg_small_file(&one, ask->vcs, layout->hg, "/requires", ask->pool));
    RC_TRY(rc_hg_small_file(&two, ask->vcs, layout->store, "/requires", ask->pool));
    if (rc_proc_find(&file, "hg", ask->pool) || stat(file, &st))
        return NULL; /* the caller will find that it is not installed */
    *same = apr_psprintf(ask->pool, "%s %ld %ld.%ld %s %s %d %d", file, (long)st.st_ino,
                         (long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec, one, two ? two : "", secret,
                         stat(obsolete, &st) == 0);
    return NULL;
}

static rc_err_t *find_same(rc_asked_t *asked, ask_t *ask, const char *command)
{
    if (!strcmp(command, "capabilities"))
        return same_capabilities(&asked->same, ask);
    if (!strcmp(command, "branchmap"))
        asked->same = apr_pstrcat(ask->pool, ((rc_hg_t *)ask->vcs->repo)->path, " ",
                                  ask->snapshot->stamp, NULL);
    return NULL;
}

static const char *query_argument(const void *arguments, const char *name, apr_pool_t *pool)
{
    return rc_query_parameter(arguments, name, pool);
}

rc_err_t *rc_hg_ask(rc_asked_t *asked, rc_spool_t *spool, rc_vcs_t *vcs, const char *command,
                    const char *arguments, apr_pool_t *pool)
{
    ask_t ask = {.vcs = vcs, .out = apr_array_make(pool, 16, sizeof(const char *)), .pool = pool};
    answer_t *answer = find_answer(command);

    if (strchr(arguments, ';')) /* a separator for us, not for hgweb */
        return NULL;
    RC_TRY(rc_hg_snapshot(&ask.snapshot, vcs));
    if (!strcmp(command, "batch"))
        RC_TRY(answer_batch(&asked->answered, &ask, rc_query_parameter(arguments, "cmds", pool)));
    else if (answer)
        RC_TRY(answer(&asked->answered, &ask, query_argument, arguments));
    else
        RC_TRY(find_same(asked, &ask, command));
    return asked->answered ? rc_spool_puts(spool, apr_array_pstrcat(pool, ask.out, 0)) : NULL;
}
