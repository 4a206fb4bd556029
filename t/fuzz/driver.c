// SPDX-License-Identifier: Apache-2.0
/*
 * Replaces libFuzzer where clang is not installed: runs the inputs of a corpus, then random changes
 * of them, the same in every run. The compiler calls __sanitizer_cov_trace_pc at each basic block
 * (-fsanitize-coverage=trace-pc); an input that reaches a new block joins the corpus. It accepts
 * the options of libFuzzer that fuzz.mk uses:
 *
 *     TARGET -max_total_time=SECONDS -artifact_prefix=PATH FOLDER...     searches for a crash
 *     TARGET FILE                                                        repeats one input
 */
#include <dirent.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <time.h>

#include "fuzz.h"

/* Defined by the sanitizers, if the program is built with them. */
extern void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

#define LONGEST 4096
#define CORPUS  1000

typedef struct input_t {
    uint8_t data[LONGEST];
    size_t size;
} input_t;

static input_t corpus[CORPUS], now;
static int count;
static const char *prefix = "";
static uint64_t state = 88172645463325252u;

#define BLOCKS (1 << 20) /* a set of addresses, by open addressing */

static uintptr_t blocks[BLOCKS];
static int reached;

void __sanitizer_cov_trace_pc(void);

__attribute__((no_sanitize_coverage, no_sanitize("address", "undefined"))) void
__sanitizer_cov_trace_pc(void)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    size_t at = (pc * 0x9e3779b97f4a7c15u) >> 44;

    while (blocks[at] && blocks[at] != pc)
        at = (at + 1) % BLOCKS;
    if (!blocks[at] && reached < BLOCKS / 2) {
        blocks[at] = pc;
        reached++;
    }
}

static unsigned below(size_t limit)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return limit ? (unsigned)(state % limit) : 0;
}

/* Saves the input at which a sanitizer stopped the program. */
static void save(void)
{
    char path[1024];
    FILE *out;

    snprintf(path, sizeof(path), "%scrash", prefix);
    if ((out = fopen(path, "wb"))) {
        fwrite(now.data, 1, now.size, out);
        fclose(out);
        fprintf(stderr, "the input is in %s\n", path);
    }
}

static void load(const char *path)
{
    FILE *in = count < CORPUS ? fopen(path, "rb") : NULL;

    if (!in)
        return;
    corpus[count].size = fread(corpus[count].data, 1, LONGEST, in);
    count++;
    fclose(in);
}

static void load_folder(const char *path)
{
    DIR *folder = opendir(path);
    struct dirent *entry;
    char name[1024];

    while (folder && (entry = readdir(folder))) {
        snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
        if (*entry->d_name != '.')
            load(name);
    }
    if (folder)
        closedir(folder);
}

/* Runs the input. Returns true when it reached a block that no earlier input reached. */
static bool run(void)
{
    uint8_t *exact = malloc(now.size ? now.size : 1); /* so that a read past its end is detected */
    int before = reached;

    memcpy(exact, now.data, now.size);
    LLVMFuzzerTestOneInput(exact, now.size);
    free(exact);
    return reached > before;
}

/* Changes the input once: a byte, a cut, or an insertion of a piece of this or another input. */
static void change(void)
{
    static const char odd[] = "\0\n\r\t \"%&*+-./0:;=?[\\]{}\x7f\x80\xff";
    const input_t *from = below(2) ? &now : &corpus[below((size_t)count)];
    size_t at = below(now.size + 1), len = 1 + below(below(4) ? 8 : 64), source;

    switch (below(4)) {
    case 0:
        if (at < now.size)
            now.data[at] = below(2) ? (uint8_t)odd[below(sizeof(odd))] : (uint8_t)below(256);
        return;
    case 1:
        len = len < now.size - at ? len : now.size - at;
        memmove(now.data + at, now.data + at + len, now.size - at - len);
        now.size -= len;
        return;
    default:
        source = below(from->size + 1);
        len = len < from->size - source ? len : from->size - source;
        len = len < LONGEST - now.size ? len : LONGEST - now.size;
        uint8_t piece[64];
        memcpy(piece, from->data + source, len);
        memmove(now.data + at + len, now.data + at, now.size - at);
        memcpy(now.data + at, piece, len);
        now.size += len;
    }
}

static void search(int seconds)
{
    time_t end = time(NULL) + seconds;
    long runs = 0;
    int i;

    for (i = 0; i < count; i++, runs++) {
        now = corpus[i];
        run();
    }
    for (; time(NULL) < end; runs++) {
        now = corpus[below((size_t)count)];
        for (i = 1 + (int)below(8); i; i--)
            change();
        if (run() && count < CORPUS)
            corpus[count++] = now;
    }
    printf("%ld inputs, %d blocks reached, %d inputs kept\n", runs, reached, count);
}

int main(int argc, char **argv)
{
    int i, seconds = 0;
    struct stat st;

    if (__sanitizer_set_death_callback)
        __sanitizer_set_death_callback(save);
    for (i = 1; i < argc; i++)
        if (!strncmp(argv[i], "-max_total_time=", 16))
            seconds = atoi(argv[i] + 16);
        else if (!strncmp(argv[i], "-artifact_prefix=", 17))
            prefix = argv[i] + 17;
        else if (*argv[i] != '-' && !stat(argv[i], &st) && S_ISDIR(st.st_mode))
            load_folder(argv[i]);
        else if (*argv[i] != '-')
            load(argv[i]);
    if (!count)
        count = 1; /* an empty input */
    search(seconds);
    return 0;
}
