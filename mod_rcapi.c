// SPDX-License-Identifier: Apache-2.0
/*
 * Defines the httpd module: its hooks, one line each, in the order in which httpd runs them. The
 * functions are in src/http.
 */
#include "src/http/parked.h"
#include "src/http/measure.h"
#include "base/unconst.h"

#include <stdlib.h>

#include <http_protocol.h>
#include <http_request.h>
#include <mpm_common.h>

static void register_hooks(apr_pool_t *pool)
{
    /* logs at the same hook what this module redacts: so one hook runs before it, one after */
    static const char *const forensic[] = {"mod_log_forensic.c", NULL};

    /* clang-format off */
    /* start; `httpd -t` runs the first one, too */
    ap_hook_check_config(rc_http_check_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(rc_http_post_config, NULL, NULL, APR_HOOK_MIDDLE);  /* decides which environments */
    ap_hook_child_init(rc_http_child_init, NULL, NULL, APR_HOOK_MIDDLE);    /* opens them */
    ap_hook_child_init(rc_park_child_init, NULL, NULL, APR_HOOK_MIDDLE);    /* requests without a thread */
    ap_hook_child_stopping(rc_park_child_stopping, NULL, NULL, APR_HOOK_MIDDLE);

    rc_http_register_logins(pool);       /* AuthBasicProvider rcapi, Require rcapi */
    rc_http_register_require_repo(pool); /* Require rcapi-repo */
    rc_http_register_refusals();
    rc_http_register_door();
    rc_http_register_mapped();
    rc_http_register_status(); /* lines of mod_status */

    /* one request */
    ap_hook_pre_read_request(rc_http_hush, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_post_read_request(rc_http_hide_keys, NULL, forensic, APR_HOOK_REALLY_FIRST);
    ap_hook_post_read_request(rc_http_unveil, forensic, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_protocol_switch(rc_http_return_keys, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_pre_translate_name(rc_http_keep_path, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_translate_name(rc_http_translate_name, NULL, NULL, APR_HOOK_LAST); /* no file for it */
    ap_hook_map_to_storage(rc_http_map_to_storage, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_perdir_config(rc_http_lead_subrequest, NULL, NULL, APR_HOOK_LAST); /* mod_dav's */
    ap_hook_type_checker(rc_http_type_checker, NULL, NULL, APR_HOOK_REALLY_FIRST); /* no mod_mime */
    ap_hook_handler(rc_http_handler, NULL, NULL, APR_HOOK_MIDDLE);          /* SetHandler rcapi */
    ap_hook_handler(rc_http_hide_unknown, NULL, NULL, APR_HOOK_REALLY_LAST - 1); /* before core's */
    ap_hook_suspend_connection(rc_park_leave, NULL, NULL, APR_HOOK_REALLY_LAST); /* its handler waits */
    ap_hook_insert_error_filter(rc_http_change_status, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_insert_error_filter(rc_http_hide_refused, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_log_transaction(rc_http_hide_from_logs, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_log_transaction(rc_http_measure, NULL, NULL, APR_HOOK_MIDDLE);
    /* clang-format on */
}

/* The only exported symbol. */
__attribute__((visibility("default"))) module AP_MODULE_DECLARE_DATA rcapi_module = {
    STANDARD20_MODULE_STUFF,
    rc_http_create_dir_conf,
    rc_http_merge_dir_conf,
    rc_http_create_server_conf,
    rc_http_merge_server_conf,
    NULL, /* the directives: set below */
    register_hooks,
#if defined(AP_MODULE_FLAG_NONE)
    AP_MODULE_FLAG_NONE,
#endif
};

/* The table of directives is built when httpd loads the module, since each face has rows of it. */
__attribute__((constructor)) static void add_directives(void)
{
    rcapi_module.cmds = rc_http_commands();
}

__attribute__((destructor)) static void remove_directives(void)
{
    free(rc_unconst(rcapi_module.cmds));
}
