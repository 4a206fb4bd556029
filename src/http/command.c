// SPDX-License-Identifier: Apache-2.0
/*
 * Builds httpd's table of directives from the rows of all groups, with one setter for each way to
 * write arguments.
 */
#include "http.h"

#include <stdlib.h>

#include <apr_strings.h>

#include "base/text.h"
#include "base/unconst.h"

/* clang-format off */
static const command_rec set_handler =
    AP_INIT_TAKE1("SetHandler", rc_http_set_handler, NULL, OR_FILEINFO,
        "core's directive: 'rcapi' mounts the API and the views at this <Location>");
/* clang-format on */

static const char *read_value(const cmd_parms *cmd, void *dconf, const rc_directive_t *row,
                              const char *text)
{
    const char *wanted =
        rc_http_read_value(rc_http_member(dconf, row, cmd->pool), row, text, cmd->pool);

    return wanted ? apr_psprintf(cmd->pool, "%s: '%s' is not %s", cmd->cmd->name,
                                 rc_utf8_repair(rc_http_shown_value(row, text), cmd->pool), wanted)
                  : NULL;
}

static const char *set_one(cmd_parms *cmd, void *dconf, const char *text)
{
    return read_value(cmd, dconf, cmd->info, text);
}

static const char *set_two(cmd_parms *cmd, void *dconf, const char *first, const char *second)
{
    const rc_directive_t *row = cmd->info;
    const char *wrong = second ? read_value(cmd, dconf, row + 1, second) : NULL;

    return wrong ? wrong : read_value(cmd, dconf, row, first);
}

static const char *set_flag(cmd_parms *cmd, void *dconf, int on)
{
    *(bool *)rc_http_member(dconf, cmd->info, cmd->pool) = on;
    return NULL;
}

/* Adds the entries of a line; a second directive in the same <Location> adds to the first. */
static const char *add_line(cmd_parms *cmd, void *dconf, const char *line)
{
    const rc_directive_t *row = cmd->info;
    apr_array_header_t *list = rc_http_list(rc_http_member(dconf, row, cmd->pool), cmd->pool);
    const char *wrong, *entry, *doubt;
    int i = list->nelts;

    if ((wrong = row->add(list, line, cmd->pool)))
        return apr_psprintf(cmd->pool, "%s: %s", row->name, wrong);
    for (; row->doubt && i < list->nelts; i++) {
        entry = APR_ARRAY_IDX(list, i, const char *);
        if ((doubt = row->doubt(entry)))
            ap_log_error(APLOG_MARK, APLOG_WARNING | APLOG_STARTUP, 0, NULL,
                         RCLOGNO(0003) "%s: entry '%s' %s", row->name, entry, doubt);
    }
    return NULL;
}

static void fill_command(command_rec *command, const rc_directive_t *row, bool two)
{
    command->name = row->name;
    command->errmsg = row->help;
    command->cmd_data = rc_unconst(row);
    command->req_override = row->scope == RC_PLACE ? RSRC_CONF | ACCESS_CONF : RSRC_CONF;
    command->args_how = two ? TAKE12 : row->type == RC_VALUE_WORDS ? ITERATE : TAKE1;
    if (two)
        command->AP_TAKE2 = set_two;
    else
        command->AP_TAKE1 = set_one;
    if (row->type == RC_VALUE_FLAG) {
        command->args_how = FLAG;
        command->AP_FLAG = set_flag;
    } else if (row->type == RC_VALUE_LIST) {
        command->args_how = RAW_ARGS;
        command->AP_RAW_ARGS = add_line;
    }
}

const command_rec *rc_http_commands(void)
{
    command_rec *commands, *command;
    int group, i, count = 2; /* SetHandler, and an empty row at the end */

    for (group = 0; group < rc_http_groups(); group++)
        count += rc_http_group(group)->count;
    commands = command = calloc((apr_size_t)count, sizeof(*commands));
    for (group = 0; commands && group < rc_http_groups(); group++) {
        const rc_directives_t *list = rc_http_group(group);

        for (i = 0; i < list->count; i++)
            if (list->rows[i].name)
                fill_command(command++, &list->rows[i],
                             i + 1 < list->count && !list->rows[i + 1].name);
    }
    if (commands)
        *command = set_handler;
    return commands;
}
