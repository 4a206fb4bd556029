/* SPDX-License-Identifier: Apache-2.0
 *
 * Asks questions on the terminal, and reads passwords from there or from standard input.
 */
#include "admin.h"

#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <apr_strings.h>

const char *rc_admin_ask(rc_admin_t *admin, const char *prompt, bool secret)
{
    struct termios saved, quiet;
    char line[512];
    bool read, hidden = secret && !tcgetattr(STDIN_FILENO, &saved);

    if (!isatty(STDIN_FILENO))
        return NULL;
    if (hidden) { /* before the prompt, since the answer may come at once */
        quiet = saved;
        quiet.c_lflag &= (tcflag_t)~ECHO;
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    }
    fprintf(stderr, "%s: ", prompt);
    read = fgets(line, sizeof(line), stdin) != NULL;
    if (hidden) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &saved);
        fputc('\n', stderr);
    }
    if (!read)
        return NULL;
    line[strcspn(line, "\n")] = '\0';
    return apr_pstrdup(admin->pool, line);
}

static const char *first_line(rc_admin_t *admin)
{
    char line[512];

    if (!fgets(line, sizeof(line), stdin))
        return NULL;
    line[strcspn(line, "\r\n")] = '\0';
    return apr_pstrdup(admin->pool, line);
}

bool rc_admin_confirm(rc_admin_t *admin, const char *question)
{
    const char *answer = rc_admin_ask(admin, question, false);

    return answer && (*answer == 'y' || *answer == 'Y');
}

const char *rc_admin_new_password(rc_admin_t *admin, const char *prompt)
{
    const char *password = rc_admin_option(admin, "--password"), *again;

    if (!password && rc_admin_flag(admin, "--password-stdin") && !(password = first_line(admin))) {
        rc_admin_fail(RC_ADMIN_USAGE, "there is no password on standard input");
        return NULL;
    }
    if (!password) {
        password = rc_admin_ask(admin, prompt, true);
        again = password ? rc_admin_ask(admin, "Repeat the password", true) : NULL;
        if (!again || strcmp(again, password)) {
            rc_admin_fail(
                RC_ADMIN_USAGE,
                isatty(STDIN_FILENO)
                    ? "the password was not repeated"
                    : "a password is required: use --password-stdin, or run this on a terminal");
            return NULL;
        }
    }
    if (strlen(password) >= 6)
        return password;
    rc_admin_fail(RC_ADMIN_USAGE, "the password must have at least 6 characters");
    return NULL;
}

bool rc_admin_wants_password(const rc_admin_t *admin)
{
    int i;

    for (i = 0; i < admin->words->nelts; i++)
        if (!strncmp(APR_ARRAY_IDX(admin->words, i, const char *), "--password", 10))
            return true;
    return false;
}
