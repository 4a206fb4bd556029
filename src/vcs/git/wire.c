// SPDX-License-Identifier: Apache-2.0
/*
 * Answers what clients of git ask about references: the advertisement of all protocol versions
 * (gitprotocol-pack(5)) and the command ls-refs (gitprotocol-v2(5)), from the texts of the
 * snapshot.
 */
#include "wire.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "objects.h"
#include "base/hex.h"
#include "vcs/pkt_line.h"

#define PREFIXES_MOST 65535 /* as git: with more, none counts */

/* --- versions 0 and 1 --- */

/* Appends the first line, which has the capabilities behind a NUL. */
static rc_err_t *say_first(rc_spool_t *spool, const char *id, const char *name, apr_size_t len,
                           const char *caps)
{
    char head[RC_PKT_HEAD];

    rc_pkt_head(head, GIT_OID_HEXSZ + 1 + len + 1 + strlen(caps) + 1);
    RC_TRY(rc_spool_write(spool, head, sizeof(head)));
    RC_TRY(rc_spool_write(spool, id, GIT_OID_HEXSZ));
    RC_TRY(rc_spool_puts(spool, " "));
    RC_TRY(rc_spool_write(spool, name, len));
    RC_TRY(rc_spool_write(spool, "", 1));
    RC_TRY(rc_spool_puts(spool, caps));
    return rc_spool_puts(spool, "\n");
}

/* The lines of a reference at @a ref, without that for where a tag leads. */
static apr_size_t plain_size(const rc_git_said_t *ref)
{
    return RC_PKT_HEAD + GIT_OID_HEXSZ + 1 + ref->len + 1;
}

/* Appends the line of the first reference with @a caps, in place of its line in the text. */
static rc_err_t *say_first_ref(rc_spool_t *spool, const rc_git_wire_t *wire, const char *caps)
{
    const rc_git_said_t *ref = wire->refs;

    if (!wire->count)
        return say_first(spool, GIT_OID_HEX_ZERO, "capabilities^{}", 15, caps);
    return say_first(spool, rc_git_said_id(wire, ref), rc_git_said_name(wire, ref), ref->len, caps);
}

static rc_err_t *say_head(rc_spool_t *spool, const rc_git_head_t *head, const char *caps,
                          apr_pool_t *scratch)
{
    RC_TRY(say_first(spool, rc_hex_text(head->id.id, RC_GIT_RAW, scratch), "HEAD", 4, caps));
    if (!head->has_peeled)
        return NULL;
    return rc_pkt_puts(spool,
                       apr_pstrcat(scratch, rc_hex_text(head->peeled.id, RC_GIT_RAW, scratch),
                                   " HEAD^{}\n", NULL));
}

static rc_err_t *say_upload(rc_spool_t *spool, const rc_git_wire_t *wire, const rc_git_caps_t *caps,
                            apr_pool_t *scratch)
{
    const rc_git_head_t *head = &wire->head;
    const char *symref =
        head->there && head->link ? apr_pstrcat(scratch, " symref=HEAD:", head->link, NULL) : "";
    const char *all = apr_pstrcat(scratch, caps->before, symref, caps->after, NULL);
    apr_size_t from = !head->there && wire->count ? plain_size(wire->refs) : 0;

    if (!head->there && !wire->count && !caps->empty)
        return NULL;
    RC_TRY(head->there ? say_head(spool, head, all, scratch) : say_first_ref(spool, wire, all));
    return rc_spool_write(spool, wire->v0 + from, wire->refs[wire->count].v0 - from);
}

/* Pushes get neither HEAD nor where tags lead. */
static rc_err_t *say_receive(rc_spool_t *spool, const rc_git_wire_t *wire,
                             const rc_git_caps_t *caps)
{
    apr_size_t from = wire->count ? plain_size(wire->refs) : 0;
    int i;

    RC_TRY(say_first_ref(spool, wire, caps->receive));
    for (i = 0; i < wire->count; i++) {
        const rc_git_said_t *ref = &wire->refs[i];

        if (!ref->has_peeled)
            continue;
        RC_TRY(rc_spool_write(spool, wire->v0 + from, ref->v0 + plain_size(ref) - from));
        from = ref[1].v0;
    }
    return rc_spool_write(spool, wire->v0 + from, wire->refs[wire->count].v0 - from);
}

static rc_err_t *say_shallow(rc_spool_t *spool, const rc_git_wire_t *wire)
{
    int i;

    for (i = 0; i < wire->shallow->nelts; i++) {
        char line[] = "shallow " GIT_OID_HEX_ZERO "\n";

        git_oid_fmt(line + strlen("shallow "), &APR_ARRAY_IDX(wire->shallow, i, git_oid));
        RC_TRY(rc_pkt_puts(spool, line));
    }
    return NULL;
}

rc_err_t *rc_wire_advertise(rc_spool_t *spool, rc_vcs_t *vcs, rc_wire_service_t service,
                            int version, const char *home, apr_pool_t *scratch)
{
    rc_git_t *git = vcs->repo;
    rc_git_caps_t caps;

    RC_TRY(rc_git_caps(&caps, home, scratch));
    if (version == 2 && service == RC_UPLOAD_PACK)
        return rc_spool_write(spool, caps.v2, caps.v2_len);
    RC_TRY(rc_git_wire_look(git, vcs->pool));
    if (version == 1)
        RC_TRY(rc_pkt_puts(spool, "version 1\n"));
    RC_TRY(service == RC_UPLOAD_PACK ? say_upload(spool, git->wire, &caps, scratch)
                                     : say_receive(spool, git->wire, &caps));
    RC_TRY(say_shallow(spool, git->wire));
    return rc_pkt_mark(spool, RC_PKT_FLUSH);
}

/* --- ls-refs --- */

typedef struct ls_refs_t {
    rc_spool_t *spool;
    const rc_git_wire_t *wire;
    const rc_wire_ls_refs_t *request;
} ls_refs_t;

/* Consecutive references, from `first` to the one before `end`. */
typedef struct range_t {
    int first, end;
} range_t;

/* Appends the line of a tag or symbolic reference with the attributes that are requested. */
static rc_err_t *say_some(const ls_refs_t *ls, const rc_git_said_t *ref)
{
    const rc_git_wire_t *wire = ls->wire;
    const char *link = ls->request->symrefs ? ref->link : NULL;
    bool peel = ls->request->peel && ref->has_peeled;
    const char *peeled = rc_git_said_name(wire, ref) + ref->len + 1 + RC_PKT_HEAD;
    apr_size_t len = plain_size(ref) - RC_PKT_HEAD;
    char head[RC_PKT_HEAD];

    rc_pkt_head(head, len + (link ? 15 + strlen(link) : 0) + (peel ? 8 + GIT_OID_HEXSZ : 0));
    RC_TRY(rc_spool_write(ls->spool, head, sizeof(head)));
    RC_TRY(rc_spool_write(ls->spool, rc_git_said_id(wire, ref), len - 1));
    if (link) {
        RC_TRY(rc_spool_puts(ls->spool, " symref-target:"));
        RC_TRY(rc_spool_puts(ls->spool, link));
    }
    if (peel) {
        RC_TRY(rc_spool_puts(ls->spool, " peeled:"));
        RC_TRY(rc_spool_write(ls->spool, peeled, GIT_OID_HEXSZ));
    }
    return rc_spool_puts(ls->spool, "\n");
}

static rc_err_t *say_text(const ls_refs_t *ls, const rc_git_said_t *from, const rc_git_said_t *to)
{
    return rc_spool_write(ls->spool, ls->wire->v2 + from->v2, to->v2 - from->v2);
}

static rc_err_t *say_range(const ls_refs_t *ls, const range_t *range)
{
    const rc_git_said_t *from = &ls->wire->refs[range->first], *end = &ls->wire->refs[range->end];
    const rc_git_said_t *ref;

    for (ref = from; ref < end; ref++)
        if ((ref->link && !ls->request->symrefs) || (ref->has_peeled && !ls->request->peel)) {
            RC_TRY(say_text(ls, from, ref));
            RC_TRY(say_some(ls, ref));
            from = ref + 1;
        }
    return say_text(ls, from, end);
}

static int by_first(const void *a, const void *b)
{
    const range_t *x = a, *y = b;

    return x->first != y->first ? (x->first > y->first) - (x->first < y->first)
                                : (x->end < y->end) - (x->end > y->end);
}

/* Returns the references whose names begin with @a prefix. */
static range_t find_range(const rc_git_wire_t *wire, const char *prefix)
{
    apr_size_t len = strlen(prefix);
    range_t range = {rc_git_said_lower(wire, prefix, len), 0};
    int high = wire->count;

    range.end = range.first;
    while (range.end < high) { /* those that begin with it come first */
        int middle = range.end + (high - range.end) / 2;
        const rc_git_said_t *ref = &wire->refs[middle];

        if (ref->len >= len && !memcmp(rc_git_said_name(wire, ref), prefix, len))
            range.end = middle + 1;
        else
            high = middle;
    }
    return range;
}

/* Two ranges are separate, or one contains the other, as their prefixes do. */
static rc_err_t *say_refs(const ls_refs_t *ls, const apr_array_header_t *prefixes,
                          apr_pool_t *scratch)
{
    range_t *ranges = apr_palloc(scratch, (apr_size_t)prefixes->nelts * sizeof(*ranges));
    int i, done = 0;

    for (i = 0; i < prefixes->nelts; i++)
        ranges[i] = find_range(ls->wire, APR_ARRAY_IDX(prefixes, i, const char *));
    qsort(ranges, (size_t)prefixes->nelts, sizeof(*ranges), by_first);
    for (i = 0; i < prefixes->nelts; i++)
        if (ranges[i].end > done) {
            RC_TRY(say_range(ls, &ranges[i]));
            done = ranges[i].end;
        }
    return NULL;
}

static rc_err_t *ls_head(const ls_refs_t *ls, apr_pool_t *scratch)
{
    const rc_git_head_t *head = &ls->wire->head;
    const char *link = ls->request->symrefs ? head->link : NULL, *text = "unborn HEAD";
    bool born = head->there && !git_oid_is_zero(&head->id);

    if (!born && !(ls->request->unborn && link))
        return NULL;
    if (born)
        text = apr_pstrcat(scratch, rc_hex_text(head->id.id, RC_GIT_RAW, scratch), " HEAD", NULL);
    if (link)
        text = apr_pstrcat(scratch, text, " symref-target:", link, NULL);
    if (ls->request->peel && head->has_peeled)
        text = apr_pstrcat(scratch, text,
                           " peeled:", rc_hex_text(head->peeled.id, RC_GIT_RAW, scratch), NULL);
    return rc_pkt_puts(ls->spool, apr_pstrcat(scratch, text, "\n", NULL));
}

static bool wants_head(const apr_array_header_t *prefixes)
{
    int i;

    for (i = 0; i < prefixes->nelts; i++) {
        const char *prefix = APR_ARRAY_IDX(prefixes, i, const char *);

        if (!strncmp("HEAD", prefix, strlen(prefix)))
            return true;
    }
    return false;
}

rc_err_t *rc_wire_ls_refs(rc_spool_t *spool, rc_vcs_t *vcs, const rc_wire_ls_refs_t *request,
                          apr_pool_t *scratch)
{
    const apr_array_header_t *prefixes = request->prefixes;
    rc_git_t *git = vcs->repo;
    ls_refs_t ls = {spool, NULL, request};
    range_t all = {0, 0};
    bool some = prefixes && prefixes->nelts && prefixes->nelts <= PREFIXES_MOST;

    RC_TRY(rc_git_wire_look(git, vcs->pool));
    ls.wire = git->wire;
    all.end = git->wire->count;
    if (!some || wants_head(prefixes))
        RC_TRY(ls_head(&ls, scratch));
    RC_TRY(some ? say_refs(&ls, prefixes, scratch) : say_range(&ls, &all));
    return rc_pkt_mark(spool, RC_PKT_FLUSH);
}

/* --- the state --- */

rc_err_t *rc_wire_state(const char **state, rc_vcs_t *vcs, apr_pool_t *pool)
{
    rc_git_t *git = vcs->repo;

    RC_TRY(rc_git_wire_look(git, vcs->pool));
    *state = rc_hex_text(git->wire->state, RC_GIT_RAW, pool);
    return NULL;
}

bool rc_wire_has(const rc_vcs_t *vcs, const apr_array_header_t *ids)
{
    const rc_git_t *git = vcs->repo;
    bool has = git->odb != NULL;
    git_oid id;
    int i;

    for (i = 0; has && i < ids->nelts; i++)
        has = rc_git_hex(&id, APR_ARRAY_IDX(ids, i, const char *)) &&
              rc_git_objects_have(git->objects, &id);
    return has;
}
