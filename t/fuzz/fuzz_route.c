// SPDX-License-Identifier: Apache-2.0
/* Fuzzes the path of a URL: every possible reading of it. */
#include "fuzz.h"
#include "faces/raw/view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    const char *path = apr_pstrcat(pool, "/", apr_pstrmemdup(pool, (const char *)data, size), NULL);
    apr_array_header_t *routes = rc_view_routes(&rc_raw_views, path, pool);
    int i;

    for (i = 0; i < routes->nelts; i++) {
        const rc_view_route_t *route = &APR_ARRAY_IDX(routes, i, rc_view_route_t);

        CHECK(route->view && route->view->action);
        CHECK(!route->repo || !route->repo_id);
        CHECK(!route->rest || (route->rest >= path && route->rest <= path + strlen(path)));
    }
    apr_pool_destroy(pool);
    return 0;
}
