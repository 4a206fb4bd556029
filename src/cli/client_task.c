/* SPDX-License-Identifier: Apache-2.0
 *
 * Follows a call that the server makes in the background: shows a bar on the terminal until it has
 * ended, and then what it would have answered in the foreground. A signal ends the program, and not
 * the call.
 */
#include "client.h"

#include <json.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define FIRST    200  /* milliseconds before the first question */
#define TURN     1000 /* between two questions */
#define PATIENCE 30   /* questions in a row without an answer: httpd may be restarting */
#define BAR      30   /* columns */
#define COLUMNS  80   /* of a terminal that does not say */

static volatile sig_atomic_t ended_by;

static void end(int signal)
{
    ended_by = signal;
}

/* Returns the text of a member; NULL when it is none. */
static const char *member_text(struct json_object *object, const char *key)
{
    struct json_object *value = NULL;

    json_object_object_get_ex(object, key, &value);
    return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

/* --- the bar --- */

static int columns(void)
{
    struct winsize size = {0};

    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : COLUMNS;
}

static void clear_bar(void)
{
    fputs("\r\033[K", stderr);
    fflush(stderr);
}

/* Draws one line: percent is -1 when unknown. What the server sends is shown as plain ASCII. */
static void draw_bar(int percent, const char *state, const char *line)
{
    int i, left = columns() - 1 - BAR - 9;

    fputs("\r[", stderr);
    for (i = 0; i < BAR; i++)
        fputc(percent >= 0 && i < percent * BAR / 100 ? '#' : '.', stderr);
    if (percent < 0)
        fputs("]       ", stderr);
    else
        fprintf(stderr, "] %3d%%  ", percent);
    for (line = line ? line : state; *line && left > 0; line++, left--)
        fputc(*line >= ' ' && *line < 0x7f ? *line : '?', stderr);
    fputs("\033[K", stderr);
    fflush(stderr);
}

static void show_state(struct json_object *task)
{
    const char *state = member_text(task, "state");
    struct json_object *percent = NULL;
    int number = -1;

    json_object_object_get_ex(task, "percent", &percent);
    if (json_object_is_type(percent, json_type_int))
        number = json_object_get_int(percent);
    draw_bar(number < 0 || number > 100 ? -1 : number, state ? state : "",
             member_text(task, "line"));
}

/* --- waiting --- */

static void pause_for(long milliseconds)
{
    const struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};

    if (!ended_by)
        nanosleep(&time, NULL);
}

/* Asks until there is an answer, which is the task (RC_CLI_OK) or an error. */
static int ask_for_task(struct json_object **root, struct json_object **task,
                        const rc_cli_call_t *question)
{
    int status = RC_CLI_NO_ANSWER, tries;

    for (tries = 1; status == RC_CLI_NO_ANSWER && tries <= PATIENCE && !ended_by; tries++) {
        if (tries > 1)
            pause_for(TURN);
        rc_cli_silence(tries < PATIENCE);
        if (tries == PATIENCE)
            clear_bar();
        status = rc_cli_call(root, task, question);
    }
    rc_cli_silence(false);
    return status;
}

/* Returns whether the task has ended; then its result or its error is in *value. */
static bool take_end(int *status, struct json_object **value, struct json_object *task)
{
    const char *state = member_text(task, "state");
    bool done = state && strcmp(state, "done") == 0;

    if (!done && (!state || strcmp(state, "failed") != 0))
        return false;
    *value = NULL;
    json_object_object_get_ex(task, done ? "result" : "error", value);
    *status = done ? RC_CLI_OK : RC_CLI_REFUSED;
    return true;
}

/* Waits for the end of the task; *root and *value as of rc_cli_call. */
static int follow_task(struct json_object **root, struct json_object **value,
                       const rc_cli_call_t *question, time_t until)
{
    struct json_object *task;
    long wait = FIRST;
    int status;

    for (;; wait = TURN) {
        pause_for(wait);
        if (ended_by)
            return RC_CLI_NO_ANSWER;
        if (until && time(NULL) >= until) {
            clear_bar();
            return rc_cli_fail(RC_CLI_NO_ANSWER, "Call failed: the task takes longer");
        }
        status = ask_for_task(root, &task, question);
        if (status != RC_CLI_OK) {
            *value = task;
            return status;
        }
        if (take_end(&status, value, task))
            return status;
        show_state(task);
        json_object_put(*root);
        *root = NULL;
    }
}

static void set_signals(void (*handler)(int))
{
    static const int all[] = {SIGHUP, SIGINT, SIGTERM};
    struct sigaction action = {.sa_handler = handler, .sa_flags = (int)SA_RESETHAND};

    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
        sigaction(all[i], &action, NULL);
}

/* The call goes on: tells how to ask for it. */
static void leave(const char *id)
{
    fprintf(stderr, "%sThe task goes on: rhodecode-api get_task task:%s\n", ended_by ? "\n" : "",
            id);
    if (ended_by)
        raise(ended_by);
}

static bool is_followed(struct json_object *result, const rc_cli_call_t *call)
{
    return json_object_object_get_ex(call->args, "background", NULL) &&
           json_object_is_type(result, json_type_object) && member_text(result, "task") &&
           isatty(STDERR_FILENO);
}

int rc_cli_follow(struct json_object **root, struct json_object **value, const rc_cli_call_t *call)
{
    rc_cli_call_t question = {.conf = call->conf, .method = "get_task", .timeout = call->timeout};
    time_t until = call->timeout ? time(NULL) + call->timeout : 0;
    char *id;
    int status;

    if (!is_followed(*value, call))
        return RC_CLI_OK;
    id = rc_cli_need(strdup(member_text(*value, "task")));
    json_object_put(*root);
    *root = *value = NULL;
    question.args = rc_cli_need(json_object_new_object());
    rc_cli_json_add(question.args, "task", rc_cli_need(json_object_new_string(id)));
    set_signals(end);
    draw_bar(-1, "pending", NULL);
    status = follow_task(root, value, &question, until);
    set_signals(SIG_DFL);
    if (status != RC_CLI_NO_ANSWER)
        clear_bar();
    else
        leave(id);
    json_object_put(question.args);
    free(id);
    return status;
}
