/* SPDX-License-Identifier: Apache-2.0
 *
 * Helper functions of both programs: error messages, standard input and output, a growing buffer,
 * checks for memory, and overwriting of secrets.
 */
#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *format_text(const char *format, va_list ap)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = rc_cli_need(open_memstream(&text, &len));
    bool ok = vfprintf(out, format, ap) >= 0;

    return rc_cli_need(fclose(out) == 0 && ok ? text : NULL);
}

void rc_cli_open_standard(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
            exit(EXIT_FAILURE);
}

const char *rc_cli_end_output(void)
{
    bool failed = ferror(stdout) != 0;

    if (fclose(stdout) != 0)
        return strerror(errno);
    return failed ? "a part of it is lost" : NULL;
}

static bool silent;

void rc_cli_silence(bool on)
{
    silent = on;
}

int rc_cli_fail(int status, const char *format, ...)
{
    va_list ap;
    char *line;

    va_start(ap, format);
    line = format_text(format, ap);
    va_end(ap);
    for (char *c = line; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?'; /* names and texts of servers could control the terminal */
    if (!silent)
        fprintf(stderr, "%s\n", line);
    free(line);
    return status;
}

void *rc_cli_need(void *p)
{
    if (!p) {
        fputs("Out of memory\n", stderr);
        exit(RC_CLI_NO_ANSWER);
    }
    return p;
}

char *rc_cli_printf(const char *format, ...)
{
    va_list ap;
    char *text;

    va_start(ap, format);
    text = format_text(format, ap);
    va_end(ap);
    return text;
}

void rc_cli_forget(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    free(secret);
}

void rc_cli_buf_add(rc_cli_buf_t *buf, const char *data, size_t len)
{
    if (!buf->data || len >= buf->size - buf->len) {
        buf->size = (buf->len + len + 1) * 2;
        buf->data = rc_cli_need(realloc(buf->data, buf->size));
    }
    if (len)
        memcpy(buf->data + buf->len, data, len);
    buf->len += len;
    buf->data[buf->len] = '\0';
}

bool rc_cli_read_all(rc_cli_buf_t *buf, int fd, size_t max)
{
    char block[16384];
    ssize_t n;

    rc_cli_buf_add(buf, "", 0);
    for (;;) {
        n = read(fd, block, sizeof(block));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0;
        if ((size_t)n > max - buf->len) {
            errno = EFBIG;
            return false;
        }
        rc_cli_buf_add(buf, block, (size_t)n);
    }
}
