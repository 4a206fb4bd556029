// SPDX-License-Identifier: Apache-2.0
/*
 * Finds the face that claims a URL and gets its verdict: in the handler, or earlier for `Require
 * rcapi`. A verdict does not end the request: the handler sends a refusal after httpd's own access
 * rules. So a refusal has the same text and headers for GET, HEAD, conditional and range requests,
 * passes the same filters as an answer, and no ErrorDocument replaces it.
 */
#include "http.h"

#include <string.h>

#include <http_core.h>
#include <http_request.h>

#include "base/redact.h"

/* Returns whether @a r is an internal redirect to an error page. Its r->user may be a login that
 * was rejected. */
static bool is_error_page(const request_rec *r)
{
    for (r = r->prev; r; r = r->prev)
        if (ap_is_HTTP_ERROR(r->status))
            return true;
    return false;
}

/* Returns the user that httpd has authenticated, if that login is accepted here; else NULL. */
static const char *login_of(const request_rec *r, const rc_note_t *note)
{
    bool checked = r->user && note->login && !strcmp(r->user, note->login);

    if (!r->user || is_error_page(r))
        return NULL;
    return checked || rc_http_place(r)->trust_login ? r->user : NULL;
}

/* Returns scheme://host[:port]<mount> as clients see it. */
static const char *base_url(request_rec *r, apr_pool_t *pool)
{
    const char *set = rc_http_place(r)->base_url;

    return set ? set : ap_construct_url(pool, rc_http_dir_conf(r)->mount, r);
}

static const char *header(void *server, const char *name)
{
    return apr_table_get(((const request_rec *)server)->headers_in, name);
}

static bool has_clients(void *server, const char *type)
{
    int i;

    for (i = 0; rc_faces[i]; i++) {
        const rc_face_t *face = rc_faces[i];
        const char *settings = rc_http_settings(server, RC_GROUP_FACES + i);

        if (face->clients && !strcmp(face->clients, type))
            return *(const bool *)(settings + face->on) &&
                   (!face->hands_over || rc_http_dav_serves(type));
    }
    return false;
}

static void fill_request(rc_request_t *request, request_rec *r, const rc_note_t *note)
{
    request->env = rc_http_env(r);
    request->pool = note->work;
    request->method = r->method;
    request->readonly = r->method_number == M_GET;
    request->head = r->header_only;
    request->path = rc_http_sent_path(r);
    request->decoded = rc_http_path(r);
    request->query = r->args;
    request->header_key = note->header_key;
    request->login = login_of(r, note);
    request->whitelist = rc_http_place(r)->whitelist;
    request->has_basic = note->basic_user != NULL;
    request->client_ip = r->useragent_ip;
    request->base_url = base_url(r, note->work);
    request->server = r;
    request->header = header;
    request->type_of = rc_http_type_of;
    request->has_clients = has_clients;
    request->gone = rc_http_client_gone;
}

typedef bool claims_fn_t(void **state, const rc_request_t *request);

/* Returns the key that @a face reads in the query. Faces whose keys have the same names share them,
 * and follow each other. */
static const char *query_key(request_rec *r, rc_note_t *note, const rc_face_t *face)
{
    if (!face->query_keys || !rc_http_place(r)->key_in_query)
        return NULL;
    if (note->key_names != face->query_keys) {
        note->key_names = face->query_keys;
        note->query_key = rc_http_query_key(note, face, note->work);
    }
    return note->query_key;
}

/* Calls @a claims, which may be NULL, with the settings of its face, and the key that it reads. */
static bool is_claimed(claims_fn_t *claims, int face, request_rec *r, rc_note_t *note)
{
    note->request->settings = rc_http_settings(r, RC_GROUP_FACES + face);
    note->request->query_key = query_key(r, note, rc_faces[face]);
    return claims && claims(&note->answer->state, note->request);
}

/* Returns the first face that claims the URL; NULL when there is none. */
static const rc_face_t *first_claim(request_rec *r, rc_note_t *note)
{
    int i;

    for (i = 0; rc_faces[i]; i++)
        if (is_claimed(rc_faces[i]->claims, i, r, note))
            return rc_faces[i];
    for (i = 0; rc_faces[i]; i++)
        if (is_claimed(rc_faces[i]->claims_rest, i, r, note))
            return rc_faces[i];
    for (i = 0; rc_faces[i]; i++)
        if (is_claimed(rc_faces[i]->claims_last, i, r, note))
            return rc_faces[i];
    return NULL;
}

static void find_face(request_rec *r, rc_note_t *note)
{
    note->face = first_claim(r, note);
    if (note->face && note->face->basic && !is_error_page(r)) {
        note->request->basic_user = note->basic_user;
        note->request->basic_password = note->basic_password;
    }
}

static rc_err_t *decide_request(request_rec *r, rc_note_t *note)
{
    rc_answer_t *answer = note->answer;

    if (!note->request->env)
        return rc_err(r->pool, RC_E_BUSY,
                      "the repositories are not open: an earlier line of this log says why");
    if (!note->face)
        return rc_answer_refuse(answer, HTTP_NOT_FOUND, NULL, "no such URL");
    return note->face->decide ? note->face->decide(answer, note->request) : NULL;
}

/* Creates the request and the empty answer, and finds their face. */
static void begin_request(request_rec *r, rc_note_t *note)
{
    rc_answer_t *answer = apr_pcalloc(r->pool, sizeof(*answer));

    apr_pool_create(&note->work, r->pool);
    apr_pool_tag(note->work, "rcapi call");
    note->request = apr_pcalloc(note->work, sizeof(*note->request));
    fill_request(note->request, r, note);
    answer->pool = r->pool;
    answer->headers = apr_table_make(r->pool, 8);
    answer->status = HTTP_OK;
    answer->length = -1;
    note->answer = answer;
    note->asked_by = r->user;
    find_face(r, note);
}

const rc_face_t *rc_http_face(request_rec *r)
{
    rc_note_t *note = rc_http_note(r);
    const rc_face_t *face;

    rc_http_forget_verdict(note);
    begin_request(r, note);
    face = note->face;
    rc_http_forget_verdict(note);
    return face;
}

rc_note_t *rc_http_decide(request_rec *r)
{
    rc_note_t *note = rc_http_note(r);

    if (note->answer && note->asked_by == r->user)
        return note;
    rc_http_forget_verdict(note);
    begin_request(r, note);
    rc_http_log_request(r);
    note->err = decide_request(r, note);
    rc_http_log_request(NULL);
    return note;
}

void rc_http_log_refusal(request_rec *r, const rc_answer_t *answer)
{
    const char *why = answer->why ? answer->why : answer->text ? answer->text : "no right";

    if (answer->status >= HTTP_BAD_REQUEST)
        ap_log_rerror(APLOG_MARK, answer->usual ? APLOG_DEBUG : APLOG_INFO, 0, r,
                      RCLOGNO(0051) "%s refused with %d: %s%s", rc_redact(r->uri, r->pool),
                      answer->status, rc_redact(why, r->pool), rc_http_request_words(r));
}
