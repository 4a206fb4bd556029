// SPDX-License-Identifier: Apache-2.0
/*
 * Creates the state of a request below a mount (rc_note_t), in the first hook of this module that
 * runs. The creation removes the keys from the request.
 */
#include "http.h"

rc_note_t *rc_http_existing_note(const request_rec *r)
{
    return r ? ap_get_module_config(r->request_config, &rcapi_module) : NULL;
}

/*
 * A subrequest or an internal redirect copies the first request after its keys were removed,
 * perhaps with *** in the query. So it inherits the keys and the login.
 */
static void inherit_keys(rc_note_t *note, const rc_note_t *outer)
{
    if (!note->header_key)
        note->header_key = outer->header_key;
    note->outer = outer;
    note->login = outer->login; /* accepted if httpd also copies r->user */
}

void rc_http_forget_verdict(rc_note_t *note)
{
    if (note->work)
        apr_pool_destroy(note->work);
    note->work = NULL;
    note->request = NULL;
    note->key_names = NULL;
    note->face = NULL;
    note->answer = NULL;
    note->err = NULL;
}

static rc_note_t *make_note(request_rec *r, bool decoded)
{
    rc_note_t *note = rc_http_existing_note(r), *outer;

    if (note)
        return note;
    rc_http_at_work(r->pool);
    note = apr_pcalloc(r->pool, sizeof(*note));
    ap_set_module_config(r->request_config, &rcapi_module, note);
    rc_http_take_keys(note, r, decoded);
    outer = rc_http_existing_note(r->main ? r->main : r->prev);
    if (outer)
        inherit_keys(note, outer);
    if (outer && !r->main) /* redirected: no handler of this module serves the first request */
        rc_http_forget_verdict(outer);
    return note;
}

rc_note_t *rc_http_note(request_rec *r)
{
    return make_note(r, true);
}

rc_note_t *rc_http_early_note(request_rec *r)
{
    return make_note(r, false);
}
