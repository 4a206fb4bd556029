// SPDX-License-Identifier: Apache-2.0
/* Fetching from repositories on this machine: what arrives, what stays, what is refused. */
#include "test_remote.h"

static void clone_brings_all(void **state)
{
    fixture_t *f = *state;

    shell(f, "cd src; git commit -q --allow-empty -m one; git branch topic; git tag light;"
             "git tag -a -m note heavy");
    assert_ok(fetch(f, source(f), true));
    assert_string_equal(shell_line(f, "git -C dst for-each-ref | md5sum"),
                        shell_line(f, "git -C src for-each-ref | md5sum"));
    assert_string_equal(shell_line(f, "git -C dst symbolic-ref HEAD"), "refs/heads/main");
    shell(f, "git -C dst fsck --strict");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(clone_brings_all, set_up, tear_down),
    };

    apr_initialize();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
