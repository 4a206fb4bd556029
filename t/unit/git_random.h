// SPDX-License-Identifier: Apache-2.0
/*
 * Creates repositories of random commits: edits, renames and copies a set of files, changes their
 * modes and types, and writes them as a stream for git fast-import.
 */
#ifndef GIT_RANDOM_H
#define GIT_RANDOM_H

#include "git_fixture.h"

#define FILES_MAX 80

typedef struct content_t {
    char *data;
    size_t len;
    int mark; /* in the stream; 0 = not written yet */
} content_t;

typedef struct entry_t {
    char *path;
    const char *mode;
    content_t content; /* of a submodule: its id */
} entry_t;

static entry_t entries[FILES_MAX];
static int entries_n, marks;
static FILE *stream;

static int chance(int percent)
{
    return rand() % 100 < percent;
}

static const char *pick(const char *const *list, int n)
{
    return list[rand() % n];
}

#define PICK(list) pick(list, (int)(sizeof(list) / sizeof(*(list))))

/* --- contents --- */

static void set_content(content_t *content, char *data, size_t len)
{
    content->data = data;
    content->len = len;
    content->mark = 0;
}

static const char *random_line(void)
{
    static const char *const shapes[] = {
        "int function_%d(int a, char *b)\n",
        "{\n",
        "}\n",
        "\n",
        "    if (x == %d) {\n",
        "    }\n",
        "\treturn %d;\n",
        "    call(%d);\n",
        "        deep(%d);\n",
        "# comment %d\n",
        "\n",
        "    }\n",
        "static const char *a_very_long_heading_that_is_cut_somewhere_near_the_eightieth_byte %d "
        "\n",
        "int \xc3\xa4\xc3\xb6\xc3\xbc_a_long_heading_with_umlauts_\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4"
        "\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc "
        "%d\n",
        "\f\n",
        "void page%d(void)\f\n",
        "line with crlf %d\r\n",
        "  \t \n",
        "tail %d   \n",
        "x\n",
        "$dollar %d\n",
        "_under %d\n",
        "latin1 \xe4\xf6\xfc %d\n",
        "\vvertical %d\n",
    };

    return apr_psprintf(fixture.pool, PICK(shapes), rand() % 30);
}

static void random_text(content_t *content, int lines)
{
    char *data = apr_palloc(fixture.pool, (size_t)lines * 160 + 1);
    size_t len = 0;

    while (lines-- > 0) {
        const char *text = random_line();

        memcpy(data + len, text, strlen(text));
        len += strlen(text);
    }
    if (len && chance(10))
        len--; /* no newline at the end */
    set_content(content, data, len);
}

static void random_bytes(content_t *content, int len)
{
    char *data = apr_palloc(fixture.pool, (size_t)len + 1);
    int i;

    for (i = 0; i < len; i++)
        data[i] = (char)(chance(30) ? 0 : rand());
    if (len)
        data[rand() % len] = '\0';
    set_content(content, data, (size_t)len);
}

/* Replaces the bytes from..to by text. */
static void splice(content_t *content, size_t from, size_t to, const char *text, size_t len)
{
    char *data = apr_palloc(fixture.pool, content->len + len + 1);

    if (from)
        memcpy(data, content->data, from);
    memcpy(data + from, text, len);
    if (to < content->len)
        memcpy(data + from + len, content->data + to, content->len - to);
    set_content(content, data, from + len + content->len - to);
}

static size_t line_start(const content_t *content)
{
    size_t at = content->len ? (size_t)rand() % content->len : 0;

    while (at && content->data[at - 1] != '\n')
        at--;
    return at;
}

static size_t lines_on(const content_t *content, size_t at, int lines)
{
    while (lines-- > 0 && at < content->len) {
        const char *end = memchr(content->data + at, '\n', content->len - at);

        at = end ? (size_t)(end - content->data) + 1 : content->len;
    }
    return at;
}

static void change_blanks(content_t *content)
{
    size_t at = line_start(content);
    static const char *const blanks[] = {" ", "\t", "    ", "  \t", "\r", "\f", "\v"};
    const char *blank = PICK(blanks);

    if (chance(50))
        at = lines_on(content, at, 1) - (at < content->len);
    splice(content, at, at, blank, strlen(blank));
}

static void edit(content_t *content)
{
    size_t at = line_start(content), to = lines_on(content, at, 1 + rand() % 6), other;
    content_t fresh;

    random_text(&fresh, 1 + rand() % 5);
    switch (rand() % 8) {
    case 0:
        splice(content, at, to, "", 0);
        break;
    case 1:
        splice(content, at, at, fresh.data, fresh.len);
        break;
    case 2:
        splice(content, at, to, fresh.data, fresh.len);
        break;
    case 3: /* double some lines: the diff can slide */
        splice(content, at, at, apr_pmemdup(fixture.pool, content->data + at, to - at), to - at);
        break;
    case 4: /* move them */
        random_text(&fresh, 0);
        fresh.data = apr_pmemdup(fixture.pool, content->data + at, to - at + 1);
        fresh.len = to - at;
        splice(content, at, to, "", 0);
        other = line_start(content);
        splice(content, other, other, fresh.data, fresh.len);
        break;
    case 5:
    case 6:
        change_blanks(content);
        break;
    default:
        if (content->len && content->data[content->len - 1] == '\n')
            splice(content, content->len - 1, content->len, "", 0);
        else
            splice(content, content->len, content->len, "\n", 1);
    }
}

/* --- files --- */

static char *random_path(void)
{
    static const char *const dirs[] = {"",     "src/",       "src/deep/er/",       "lib/",
                                       "doc/", "name with/", "\xc3\xbcn\xc3\xaf/", "a/",
                                       "a/b/", "tab\there/"};
    static const char *const names[] = {
        "main.c",
        "util.c",
        "util.h",
        "Makefile",
        "README",
        "a",
        "b",
        "a.b",
        "a-b",
        "a0",
        "x y",
        "quo\"te",
        "back\\",
        "new\nl",
        "\x01"
        "ctl",
        "\x7f"
        "del",
        "end ",
        "\xe4",
        "f1",
        "f2",
        "f3",
        "f4",
        "f5.long",
        "-dash",
    };

    return apr_pstrcat(fixture.pool, PICK(dirs), PICK(names), NULL);
}

static int is_below(const char *path, const char *dir)
{
    size_t len = strlen(dir);

    return !strncmp(path, dir, len) && path[len] == '/';
}

static void drop_entry(int i)
{
    entries[i] = entries[--entries_n];
}

/* Adds a file. Removes any entry with the same path, and files where it needs directories. */
static void put_entry(const char *path, const char *mode, content_t content)
{
    int i;

    for (i = entries_n; i-- > 0;)
        if (!strcmp(entries[i].path, path) || is_below(entries[i].path, path) ||
            is_below(path, entries[i].path))
            drop_entry(i);
    if (entries_n == FILES_MAX)
        drop_entry(rand() % entries_n);
    entries[entries_n++] = (entry_t){apr_pstrdup(fixture.pool, path), mode, content};
}

static void add_something(void)
{
    const char *mode = chance(85) ? "100644" : "100755";
    content_t content;
    int kind = rand() % 20;

    if (kind < 12) {
        random_text(&content, chance(8) ? 0 : 1 + rand() % 60);
    } else if (kind < 14) {
        random_text(&content, 200 + rand() % 300);
    } else if (kind < 16) {
        random_bytes(&content, 1 + rand() % 3000);
    } else if (kind < 18) {
        mode = "120000";
        random_text(&content, 1);
    } else {
        mode = "160000";
        set_content(&content, apr_psprintf(fixture.pool, "%040x", rand()), 40);
    }
    put_entry(random_path(), mode, content);
}

static void change_type(entry_t *entry)
{
    content_t content = entry->content;
    static const char *const modes[] = {"100644", "100755", "120000"};

    if (!strcmp(entry->mode, "160000"))
        set_content(&entry->content, apr_psprintf(fixture.pool, "%040x", rand()), 40);
    else if (chance(60))
        entry->mode = strcmp(entry->mode, "100644") ? "100644" : "100755";
    else
        entry->mode = PICK(modes);
    if (chance(10)) {
        entry->mode = "160000";
        set_content(&content, apr_psprintf(fixture.pool, "%040x", rand()), 40);
        entry->content = content;
    }
}

static void edit_entry(entry_t *entry, int edits)
{
    if (!strcmp(entry->mode, "160000"))
        return;
    while (edits-- > 0)
        edit(&entry->content);
}

static void rename_something(void)
{
    int i = rand() % entries_n;
    entry_t entry = entries[i];
    const char *slash = strrchr(entry.path, '/'), *path = random_path();

    if (chance(40)) /* keep the name, in another directory */
        path = apr_pstrcat(fixture.pool, chance(50) ? "moved/" : "lib/",
                           slash ? slash + 1 : entry.path, NULL);
    if (chance(85))
        drop_entry(i);
    edit_entry(&entry, chance(40) ? 0 : 1 + rand() % 5);
    put_entry(path, entry.mode, entry.content);
}

static void copy_something(void)
{
    entry_t entry = entries[rand() % entries_n];

    edit_entry(&entry, rand() % 4);
    put_entry(random_path(), entry.mode, entry.content);
}

static void random_step(void)
{
    int kind = rand() % 12;

    if (entries_n < 5 || kind < 2)
        add_something();
    else if (kind == 2)
        drop_entry(rand() % entries_n);
    else if (kind == 3)
        change_type(&entries[rand() % entries_n]);
    else if (kind < 7)
        rename_something();
    else if (kind == 7)
        copy_something();
    else
        edit_entry(&entries[rand() % entries_n], 1 + rand() % 4);
}

/* --- the stream --- */

static void write_path(const char *path)
{
    const char *p;

    fputc('"', stream);
    for (p = path; *p; p++)
        fprintf(stream, "\\%03o", (unsigned char)*p);
    fputs("\"\n", stream);
}

static void write_blobs(void)
{
    int i;

    for (i = 0; i < entries_n; i++) {
        content_t *content = &entries[i].content;

        if (content->mark || !strcmp(entries[i].mode, "160000"))
            continue;
        content->mark = ++marks;
        fprintf(stream, "blob\nmark :%d\ndata %zu\n", content->mark, content->len);
        fwrite(content->data, 1, content->len, stream);
        fputc('\n', stream);
    }
}

/* Commits the current files; parents are marks, 0 for none. Returns the commit's mark. */
static int write_commit(int parent, int other)
{
    int i, mark;

    write_blobs();
    mark = ++marks;
    fprintf(stream, "commit refs/heads/c%d\nmark :%d\n", mark, mark);
    fprintf(stream, "committer C <c@x> %d +0000\ndata 1\nm\n", 1000000 + mark);
    if (parent)
        fprintf(stream, "from :%d\n", parent);
    if (other && other != parent)
        fprintf(stream, "merge :%d\n", other);
    fputs("deleteall\n", stream);
    for (i = 0; i < entries_n; i++) {
        const entry_t *entry = &entries[i];

        if (entry->content.mark)
            fprintf(stream, "M %s :%d ", entry->mode, entry->content.mark);
        else
            fprintf(stream, "M %s %s ", entry->mode, entry->content.data);
        write_path(entry->path);
    }
    return mark;
}

/* Creates a bare repository called @a name with n commits. */
static void random_repository(const char *name, int n)
{
    int *commits = apr_palloc(fixture.pool, (size_t)n * sizeof(int)), i, steps;

    entries_n = marks = 0;
    stream = fopen(in_dir("stream"), "w");
    for (i = 0; i < n; i++) {
        int parent = i ? commits[chance(90) ? i - 1 : rand() % i] : 0;

        for (steps = i ? 1 + rand() % (chance(10) ? 40 : 4) : 30; steps > 0; steps--)
            random_step();
        if (chance(2))
            parent = 0;
        commits[i] = write_commit(parent, parent && chance(15) ? commits[rand() % i] : 0);
    }
    fclose(stream);
    sh("git init -q --bare %s && git -C %s fast-import --quiet --force < stream", name, name);
}

#endif
