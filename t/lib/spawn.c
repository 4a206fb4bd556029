// SPDX-License-Identifier: Apache-2.0
/*
 * Runs programs for a test (RCAPI::Run): requests come from standard input, a socket, and answers
 * are sent to it. When the test forks by itself, the page tables of a large perl are copied, which
 * costs more than most of the programs that tests run.
 *
 * A request is the lengths of its two parts, and these. The first part is a list of texts, each
 * ended by a zero byte: seconds; user and group, or -1: as this process; umask; the current
 * directory; the program's directory, or nothing; the number of variables; the variables; nothing;
 * the command. The second part is the program's standard input. No parts at all: the test ends. An
 * answer is the status of the program as waitpid() reports it, the lengths of its standard output
 * and error, and these. All numbers have four bytes, in network byte order.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PEER  0
#define FIXED 7 /* texts before the environment */

enum { SECONDS, USER, GROUP, UMASK, CURRENT, DIRECTORY, VARIABLES };

extern char **environ;
static pid_t running;

static void need(int good)
{
    if (!good)
        _exit(1);
}

/* Ends this process when the test has gone. */
static void receive(void *to, size_t n)
{
    for (char *at = to; n;) {
        ssize_t got = read(PEER, at, n);

        need(got > 0);
        at += got;
        n -= (size_t)got;
    }
}

static void send_file(int fd, size_t n)
{
    off_t at = 0;

    while ((size_t)at < n)
        need(sendfile(PEER, fd, &at, n - (size_t)at) > 0);
}

static void kill_all(int sig)
{
    (void)sig;
    kill(-running, SIGKILL);
}

/* In the new process, which shares this one's memory until it has become the program. */
static void become(char **texts, char **command, const int files[3])
{
    gid_t group = (gid_t)atol(texts[GROUP]);
    uid_t user = (uid_t)atol(texts[USER]);

    setpgid(0, 0);
    umask((mode_t)atol(texts[UMASK]));
    if (chdir(texts[CURRENT])) {
        /* This process started there: it need not be open to the account. */
    }
    if (user != (uid_t)-1 && (setgroups(1, &group) || setgid(group) || setuid(user)))
        _exit(126);
    if (*texts[DIRECTORY] && chdir(texts[DIRECTORY]))
        _exit(126);
    for (int i = 0; i < 3; i++)
        dup2(files[i], i);
    execvp(*command, command);
    for (const char *part[] = {*command, ": ", strerror(errno), "\n", NULL}, **p = part; *p; p++)
        if (write(2, *p, strlen(*p)) < 0)
            break;
    _exit(127);
}

static int run(char **texts, char **command, const int files[3])
{
    int status;

    running = vfork();
    if (!running)
        become(texts, command, files);
    need(running > 0);
    alarm((unsigned)atol(texts[SECONDS]));
    while (waitpid(running, &status, 0) < 0)
        need(errno == EINTR);
    alarm(0);
    return status;
}

static void fill(int fd, size_t n)
{
    char buffer[65536];

    while (n) {
        size_t part = n < sizeof(buffer) ? n : sizeof(buffer);

        receive(buffer, part);
        need(write(fd, buffer, part) == (ssize_t)part);
        n -= part;
    }
    lseek(fd, 0, SEEK_SET);
}

static uint32_t size_of(int fd)
{
    struct stat st;

    need(!fstat(fd, &st));
    return (uint32_t)st.st_size;
}

/* Takes the texts apart: where each begins, then NULL. */
static char **split(char *text, size_t size)
{
    char **texts = calloc(size + 1, sizeof(*texts)), **to = texts;

    need(texts != NULL);
    for (char *at = text; at < text + size; at += strlen(at) + 1)
        *to++ = at;
    return texts;
}

static void serve(void)
{
    static const char *const names[] = {"in", "out", "err"};
    uint32_t sizes[2], answer[3];
    int files[3];

    receive(sizes, sizeof(sizes));
    if (!*sizes)
        exit(0); /* the test ends */
    size_t size = ntohl(sizes[0]);
    char *text = malloc(size + 1);
    need(text != NULL);
    receive(text, size);
    text[size] = '\0';
    char **texts = split(text, size), **variables = texts + FIXED;
    char **command = variables + atol(texts[VARIABLES]) + 1; /* an empty text is between them */
    command[-1] = NULL;
    environ = variables;

    for (int i = 0; i < 3; i++)
        need((files[i] = memfd_create(names[i], MFD_CLOEXEC)) >= 0);
    fill(files[0], ntohl(sizes[1]));
    answer[0] = htonl((uint32_t)run(texts, command, files));
    for (int i = 1; i < 3; i++)
        answer[i] = htonl(size_of(files[i]));
    need(write(PEER, answer, sizeof(answer)) == sizeof(answer));
    for (int i = 1; i < 3; i++)
        send_file(files[i], ntohl(answer[i]));
    for (int i = 0; i < 3; i++)
        close(files[i]);
    free(texts);
    free(text);
}

int main(void)
{
    struct sigaction end = {.sa_handler = kill_all, .sa_flags = SA_RESTART};

    for (int sig = 1; sig < SIGRTMIN; sig++) /* the test may ignore some */
        if (sig != SIGKILL && sig != SIGSTOP)
            signal(sig, SIG_DFL);
    sigaction(SIGALRM, &end, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;)
        serve();
}
