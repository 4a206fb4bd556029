// SPDX-License-Identifier: Apache-2.0
/*
 * Work in pairs: one request on a kept connection, then one process for the same commit, both read
 * to their end.
 *
 *     pairs PORT HOST PROGRAM ARGUMENT... < lines of "COMMIT PATH-OF-URL"
 *
 * runs `PROGRAM ARGUMENT... COMMIT` and prints
 * "http-microseconds process-microseconds http-bytes process-bytes" for each line.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static char buf[256 * 1024];

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int connect_to(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    struct timeval limit = {30, 0};
    int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (void *)&address, sizeof(address)))
        die("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    return fd;
}

/* The answer's length; everything is read. */
static long get(int fd, const char *host, const char *path)
{
    char request[2048], *end = NULL, *length;
    int n = snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", path, host);
    long used = 0, body, left;
    ssize_t got;

    if (n >= (int)sizeof(request) || write(fd, request, (size_t)n) != n)
        die("write");
    while (!end) {
        if ((got = read(fd, buf + used, sizeof(buf) - 1 - (size_t)used)) <= 0)
            die("read");
        buf[used += got] = '\0';
        end = strstr(buf, "\r\n\r\n");
    }
    length = strcasestr(buf, "\r\nContent-Length:");
    if (strncmp(buf, "HTTP/1.1 200", 12) || !length || length > end) {
        fprintf(stderr, "%s: %.60s\n", path, buf);
        exit(1);
    }
    body = atol(length + strlen("\r\nContent-Length:"));
    for (left = body - (buf + used - end - 4); left > 0; left -= got)
        if ((got = read(fd, buf, sizeof(buf))) <= 0)
            die("read");
    return body;
}

/* The length of what the program prints. */
static long run(char **argv)
{
    posix_spawn_file_actions_t actions;
    int ends[2], status;
    long all = 0;
    ssize_t got;
    pid_t pid;

    if (pipe(ends))
        die("pipe");
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    posix_spawn_file_actions_addclose(&actions, ends[1]);
    if (posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ))
        die(argv[0]);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    while ((got = read(ends[0], buf, sizeof(buf))) > 0)
        all += got;
    close(ends[0]);
    if (waitpid(pid, &status, 0) < 0 || status)
        die(argv[0]);
    return all;
}

int main(int argc, char **argv)
{
    char commit[64], path[1024], *program[20] = {NULL};
    int fd;

    if (argc < 4 || argc > 18)
        return 2;
    memcpy(program, argv + 3, (size_t)(argc - 3) * sizeof(*argv));
    program[argc - 3] = commit;
    fd = connect_to(atoi(argv[1]));
    while (scanf("%63s %1023s", commit, path) == 2) {
        double t0 = now(), t1, t2;
        long ours, theirs;

        ours = get(fd, argv[2], path);
        t1 = now();
        theirs = run(program);
        t2 = now();
        printf("%.1f %.1f %ld %ld\n", t1 - t0, t2 - t1, ours, theirs);
    }
    return 0;
}
