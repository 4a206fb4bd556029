// SPDX-License-Identifier: Apache-2.0
/*
 * One inotify descriptor for the process, and a table of its watches, each with counts of its
 * events. A set remembers the sums of the counts of its watches: while they are the same, nothing
 * has happened. Lost events count as events of every watch.
 */
#include "base/notify.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/log.h"

#define WATCHES_MOST 8192 /* of the process; the kernel keeps about 1 KB for each */
#define SET_MOST     64   /* of one set */
#define BUCKETS      1024
#define READS_MOST   1024 /* of one look, when events come faster than they are read */

#define MASK                                                                                       \
    (IN_ATTRIB | IN_CREATE | IN_DELETE | IN_DELETE_SELF | IN_MODIFY | IN_MOVE_SELF |               \
     IN_MOVED_FROM | IN_MOVED_TO | IN_DONT_FOLLOW)
#define MOVES (IN_ISDIR | IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT)

/* One file or directory. */
typedef struct watch_t {
    struct watch_t *next; /* in the bucket */
    int number;           /* the kernel's, which it does not use again */
    int users;
    bool gone; /* the kernel has ended the watch */
    rc_moment_t count;
} watch_t;

struct rc_notify_t {
    char *root;
    size_t root_len;
    dev_t device;
    unsigned process; /* as all.process when it was made */
    rc_moment_t seen;
    int n;
    struct member_t {
        watch_t *watch;
        rc_moment_t before; /* its counts when it was added */
    } * at;                 /* n of them */
};

/* The mutex guards all this, and the contents of all sets. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct {
    int fd; /* -1: none yet */
    int watches, most;
    unsigned process;        /* counts forks: a child has no use for the sets of its parent */
    apr_uint64_t lost;       /* how often events were lost */
    watch_t *table[BUCKETS]; /* by number */
} all = {.fd = -1, .most = WATCHES_MOST};

/* File systems that nobody but this machine writes to. */
static const unsigned long local[] = {
    0xEF53,     /* ext2, ext3, ext4 */
    0x58465342, /* xfs */
    0x9123683E, /* btrfs */
    0x2FC12FC1, /* zfs */
    0xF2F52010, /* f2fs */
    0x01021994, /* tmpfs */
    0x794C7630, /* overlayfs */
};

static bool is_local(const char *path)
{
    struct statfs fs;
    size_t i;

    if (statfs(path, &fs))
        return false;
    for (i = 0; i < sizeof(local) / sizeof(*local); i++)
        if ((unsigned long)fs.f_type == local[i])
            return true;
    return false;
}

/* --- the descriptor --- */

static void lock_table(void)
{
    pthread_mutex_lock(&mutex);
}

static void unlock_table(void)
{
    pthread_mutex_unlock(&mutex);
}

/* Parent and child would take events from each other. */
static void forget_parent(void)
{
    if (all.fd >= 0)
        close(all.fd);
    all.fd = -1;
    all.watches = 0;
    all.process++;
    memset(all.table, 0, sizeof(all.table));
    unlock_table();
}

static void log_limit(const char *call)
{
    static bool logged;

    if (!logged)
        rc_log(RC_LOG_INFO, APR_FROM_OS_ERROR(errno),
               "%s failed; files of repositories are looked at instead", call);
    logged = true;
}

static bool open_descriptor(void)
{
    static bool handled;

    if (all.fd >= 0)
        return true;
    if (!handled && pthread_atfork(lock_table, unlock_table, forget_parent))
        return false;
    handled = true;
    all.fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (all.fd < 0)
        log_limit("inotify_init1");
    return all.fd >= 0;
}

/* httpd unloads the module, and loads it again, when it starts and at each restart. */
__attribute__((destructor)) static void close_descriptor(void)
{
    if (all.fd >= 0)
        close(all.fd);
    all.fd = -1;
}

/* --- events --- */

static watch_t **watch_at(int number)
{
    watch_t **at = &all.table[(unsigned)number % BUCKETS];

    while (*at && (*at)->number != number)
        at = &(*at)->next;
    return at;
}

static void count_event(const struct inotify_event *event)
{
    watch_t *watch = *watch_at(event->wd);

    if (event->mask & IN_Q_OVERFLOW)
        all.lost++;
    if (!watch)
        return; /* of a watch that has ended */
    watch->count.events++;
    watch->count.moves += (event->mask & MOVES) != 0;
    watch->gone = watch->gone || event->mask & IN_IGNORED;
}

/* A read that does not fill the buffer has emptied the queue. */
static void count_events(void)
{
    char buffer[16384] __attribute__((aligned(__alignof__(struct inotify_event))));
    const struct inotify_event *event;
    ssize_t len, at;
    int reads = 0;

    do {
        len = read(all.fd, buffer, sizeof(buffer));
        for (at = 0; at < len; at += (ssize_t)(sizeof(*event) + event->len)) {
            event = (const void *)(buffer + at);
            count_event(event);
        }
        if (len < 0 && errno != EAGAIN)
            all.lost++;
    } while (len > (ssize_t)(sizeof(buffer) - sizeof(*event) - NAME_MAX - 1) &&
             ++reads < READS_MOST);
    if (reads == READS_MOST)
        all.lost++;
}

/* --- watches --- */

/* Adds the watch of the file at @a path to the table, or finds it there. */
static watch_t *start_watch(const char *path)
{
    watch_t **at, *watch;
    int number;

    if (!open_descriptor())
        return NULL;
    if ((number = inotify_add_watch(all.fd, path, MASK)) < 0) {
        if (errno == ENOSPC || errno == ENOMEM)
            log_limit("inotify_add_watch");
        return NULL;
    }
    if (*(at = watch_at(number)))
        return *at;
    watch = all.watches < all.most ? calloc(1, sizeof(*watch)) : NULL;
    if (!watch) {
        inotify_rm_watch(all.fd, number);
        return NULL;
    }
    watch->number = number;
    all.watches++;
    return *at = watch;
}

static void leave_watch(watch_t *watch)
{
    if (--watch->users)
        return;
    *watch_at(watch->number) = watch->next;
    if (!watch->gone)
        inotify_rm_watch(all.fd, watch->number);
    all.watches--;
    free(watch);
}

static bool add_watch(rc_notify_t *set, const char *path)
{
    watch_t *watch = start_watch(path);
    struct member_t *at = NULL;
    int i;

    if (!watch)
        return false;
    for (i = 0; i < set->n; i++)
        if (set->at[i].watch == watch)
            return true;
    watch->users++;
    if (set->n < SET_MOST)
        at = realloc(set->at, ((size_t)set->n + 1) * sizeof(*at));
    if (!at) {
        leave_watch(watch);
        return false;
    }
    set->at = at;
    at[set->n++] = (struct member_t){watch, watch->count};
    return true;
}

/* --- sets --- */

rc_notify_t *rc_notify_create(const char *root)
{
    rc_notify_t *set = calloc(1, sizeof(*set));
    struct stat st;
    bool full;

    if (!set)
        return NULL;
    lock_table();
    set->process = all.process;
    full = all.watches >= all.most; /* to try would cost more than the look that it is to save */
    unlock_table();
    if (!full && is_local(root) && !stat(root, &st) && (set->root = strdup(root))) {
        set->root_len = strlen(root);
        set->device = st.st_dev;
        set->seen.events = set->seen.moves = UINT64_MAX; /* no moment was confirmed */
        return set;
    }
    free(set);
    return NULL;
}

void rc_notify_free(rc_notify_t *set)
{
    int i;

    if (!set)
        return;
    lock_table();
    for (i = 0; set->process == all.process && i < set->n; i++)
        leave_watch(set->at[i].watch);
    unlock_table();
    free(set->at);
    free(set->root);
    free(set);
}

/* Watches one part of a path. *@a more is false when nothing can be below it. */
static bool add_part(bool *more, rc_notify_t *set, const char *path)
{
    struct stat st;
    bool added;

    *more = false;
    if (lstat(path, &st))
        return errno == ENOENT || errno == ENOTDIR; /* the directory above is watched */
    *more = S_ISDIR(st.st_mode);
    if (S_ISLNK(st.st_mode) || st.st_dev != set->device)
        return false;
    if (S_ISREG(st.st_mode) && st.st_nlink < 2)
        return true; /* is changed through this directory only */
    lock_table();
    added = set->process == all.process && add_watch(set, path);
    unlock_table();
    return added;
}

/* The root itself may be a symbolic link: "<root>/." is what it leads to. */
bool rc_notify_add(rc_notify_t *set, const char *path)
{
    size_t len = set->root_len;
    char part[PATH_MAX];
    bool more;

    if (strlen(path) + 3 > sizeof(part) || strncmp(path, set->root, len) ||
        (path[len] && path[len] != '/'))
        return false;
    memcpy(part, path, len);
    memcpy(part + len, "/.", 3);
    if (!add_part(&more, set, part))
        return false;
    while (more && path[len]) {
        len += 1 + strcspn(path + len + 1, "/");
        memcpy(part, path, len);
        part[len] = '\0';
        if (!add_part(&more, set, part))
            return false;
    }
    return true;
}

static rc_moment_t sum(const rc_notify_t *set)
{
    rc_moment_t now = {all.lost, all.lost};
    int i;

    for (i = 0; i < set->n; i++) {
        const rc_moment_t *count = &set->at[i].watch->count, *before = &set->at[i].before;

        now.events += count->events - before->events;
        now.moves += count->moves - before->moves;
    }
    return now;
}

/* Whether the queue has events. No mutex: who takes some from it holds that until they count. */
static bool has_events(void)
{
    int waiting = 0;

    return ioctl(__atomic_load_n(&all.fd, __ATOMIC_RELAXED), FIONREAD, &waiting) || waiting;
}

bool rc_notify_quiet(rc_moment_t *now, rc_notify_t *set)
{
    bool quiet = false, more = has_events();

    lock_table();
    if (more && set->process == all.process && all.fd >= 0)
        count_events();
    if (set->process == all.process) {
        *now = sum(set);
        quiet = set->n && now->events == set->seen.events;
    } else {
        *now = set->seen;
    }
    unlock_table();
    return quiet;
}

bool rc_notify_moved(const rc_notify_t *set, const rc_moment_t *now)
{
    bool moved;

    lock_table();
    moved = set->process != all.process || set->seen.moves != now->moves;
    unlock_table();
    return moved;
}

void rc_notify_confirm(rc_notify_t *set, const rc_moment_t *now)
{
    lock_table();
    set->seen = *now;
    unlock_table();
}

void rc_notify_limit(int watches)
{
    lock_table();
    all.most = watches;
    unlock_table();
}
