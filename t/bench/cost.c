// SPDX-License-Identifier: Apache-2.0
/*
 * Runs a CGI program and writes down how much processor time it took, with all processes that it
 * waited for: mod_cgid ignores the end of its children, so the kernel adds their times to nobody's.
 *
 * The program is named by BENCH_PROGRAM. A line of microseconds is appended to the file BENCH_COST
 * before this process ends, and with it the answer.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static long microseconds(const struct rusage *used)
{
    return 1000000L * (used->ru_utime.tv_sec + used->ru_stime.tv_sec) + used->ru_utime.tv_usec +
           used->ru_stime.tv_usec;
}

static void write_down(const char *name, long cost)
{
    char line[32];
    int len = snprintf(line, sizeof(line), "%ld\n", cost);
    int fd = open(name, O_WRONLY | O_APPEND | O_CREAT, 0600);

    if (fd < 0 || write(fd, line, (size_t)len) != len)
        die(name);
    close(fd);
}

int main(int argc, char **argv)
{
    const char *program = getenv("BENCH_PROGRAM"), *name = getenv("BENCH_COST");
    struct rusage used;
    int status;
    pid_t pid;

    if (argc < 1 || !program || !name)
        return 1;
    signal(SIGCHLD, SIG_DFL);
    if ((pid = fork()) < 0)
        die("fork");
    if (pid == 0) {
        execv(program, argv);
        die(program);
    }
    if (wait4(pid, &status, 0, &used) != pid)
        die("wait4");
    write_down(name, microseconds(&used));
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
