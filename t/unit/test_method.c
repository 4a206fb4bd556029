// SPDX-License-Identifier: Apache-2.0
/*
 * Tests the rows of the API's methods: all existing ones, and rows with one planted fault each.
 */
#include "faces/api/method.h"
#include "unit.h"

static void rows_of_the_server(void **state)
{
    (void)state;
    ASSERT_OK(rc_api_check_table(pool));
}

static void planted_rows(void **state)
{
    static const struct {
        const rc_param_t params[3];
        const char *failure, *says;
    } rows[] = {
        {{RC_ARG(RC_P_REPOID, RC_ANY, RC_REQUIRED)}, "failed on `{repoid}` {repoid.name}", NULL},
        {{RC_ARG(RC_P_REPOID, RC_ANY, RC_REQUIRED), RC_ARG(RC_P_REPOID, RC_ANY, RC_REQUIRED)},
         NULL,
         "planted has the parameter repoid twice"},
        {{RC_ARG(RC_P_REPOID, RC_ANY, RC_REQUIRED)},
         "failed on {repo}",
         "planted has no parameter for {repo}"},
        {{RC_ARG(RC_P_REPOID, RC_ANY, RC_REQUIRED)},
         "failed on {repoid} and {userid.name}",
         "planted has no parameter for {userid.name}"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(rows); i++) {
        rc_method_t row = {.name = "planted", .params = rows[i].params, .failure = rows[i].failure};
        rc_err_t *err = rc_method_check(&row, pool);

        if (!rows[i].says)
            ASSERT_OK(err);
        else
            assert_string_equal(rc_err_log_text(err, pool), rows[i].says);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(rows_of_the_server),
    cmocka_unit_test(planted_rows),
};

UNIT_MAIN(tests)
