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

#define LINE_MAX_BYTES 4096

/* The next line of standard input; NULL at its end, and for a line that would be cut. */
static const char *read_line(rc_admin_t *admin)
{
    char line[LINE_MAX_BYTES];
    bool whole;

    if (!fgets(line, sizeof(line), stdin))
        return NULL;
    whole = strchr(line, '\n') || feof(stdin);
    line[strcspn(line, "\r\n")] = '\0';
    return whole ? apr_pstrdup(admin->pool, line) : NULL;
}

const char *rc_admin_ask(rc_admin_t *admin, const char *prompt, bool secret)
{
    struct termios saved, quiet;
    const char *answer;
    bool hidden = secret && !tcgetattr(STDIN_FILENO, &saved);

    if (!isatty(STDIN_FILENO))
        return NULL;
    if (hidden) { /* before the prompt, since the answer may come at once */
        quiet = saved;
        quiet.c_lflag &= (tcflag_t)~ECHO;
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    }
    fprintf(stderr, "%s: ", prompt);
    answer = read_line(admin);
    if (hidden) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &saved);
        fputc('\n', stderr);
    }
    return answer;
}

bool rc_admin_confirm(rc_admin_t *admin, const char *question)
{
    const char *answer = rc_admin_ask(admin, question, false);

    return answer && (*answer == 'y' || *answer == 'Y');
}

const char *rc_admin_new_password(rc_admin_t *admin, const char *prompt)
{
    const char *password = rc_admin_option(admin, "--password"), *again;

    if (!password && rc_admin_flag(admin, "--password-stdin") && !(password = read_line(admin))) {
        rc_admin_fail(RC_ADMIN_USAGE, "standard input has no password, or a line that is too long");
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
