// SPDX-License-Identifier: Apache-2.0
/*
 * Translates the path of a file into that of its revlog, as Mercurial does: upper case and special
 * characters are escaped, and what is too long then is replaced by a digest.
 */
#include "name.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_sha1.h>
#include <apr_strings.h>

#include "base/hex.h"

#define DATA      "data/"
#define HASHED    "dh/"
#define NAME_MOST 120 /* bytes; a longer name is hashed */
#define FOLDER    8   /* bytes of each folder that a hashed name keeps */
#define FOLDERS   68  /* bytes of all of them */

/* A file in a folder "x.i" must not be taken for a revlog. */
static const char *mark_folders(const char *name, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, strlen(name) * 3 + 1), *to = out;

    for (; *name; name++) {
        if (*name == '/' &&
            ((to - out >= 2 && (!memcmp(to - 2, ".i", 2) || !memcmp(to - 2, ".d", 2))) ||
             (to - out >= 3 && !memcmp(to - 3, ".hg", 3)))) {
            memcpy(to, ".hg", 3);
            to += 3;
        }
        *to++ = *name;
    }
    *to = '\0';
    return out;
}

static bool is_special(char c)
{
    return (unsigned char)c < 0x20 || (unsigned char)c >= 0x7e || strchr("\\:*?\"<>|", c) != NULL;
}

static char *put_escape(char *to, char c)
{
    static const char digits[] = "0123456789abcdef";

    *to++ = '~';
    *to++ = digits[(unsigned char)c >> 4];
    *to++ = digits[(unsigned char)c & 15];
    return to;
}

/* Escapes special characters; upper case becomes lower case, with @a reversible "_" before it. */
static const char *escape_letters(const char *name, bool reversible, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, strlen(name) * 3 + 1), *to = out;

    for (; *name; name++) {
        bool upper = *name >= 'A' && *name <= 'Z';

        if (is_special(*name)) {
            to = put_escape(to, *name);
            continue;
        }
        if (reversible && (upper || *name == '_'))
            *to++ = '_';
        *to++ = upper ? (char)(*name - 'A' + 'a') : *name;
    }
    *to = '\0';
    return out;
}

/* True for what is a device in Windows: "aux", "com1.txt". */
static bool is_device(const char *part, apr_size_t len)
{
    static const char *const names[] = {"aux", "con", "prn", "nul", "com", "lpt"};
    const char *dot = memchr(part, '.', len);
    apr_size_t base = dot ? (apr_size_t)(dot - part) : len, i;

    for (i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (base >= 3 && !strncmp(part, names[i], 3))
            return i < 4 ? base == 3 : base == 4 && part[3] >= '1' && part[3] <= '9';
    return false;
}

static bool is_dot(char c)
{
    return c == '.' || c == ' ';
}

/* Escapes one character of a part that Windows does not accept as a name. */
static char *put_part(char *to, const char *part, apr_size_t len, bool dots)
{
    bool first = dots && is_dot(*part), device = !first && is_device(part, len);
    apr_size_t i;

    for (i = 0; i < len; i++) {
        bool last = i == len - 1 && is_dot(part[i]);

        if ((i == 0 && first) || (i == 2 && device) || last)
            to = put_escape(to, part[i]);
        else
            *to++ = part[i];
    }
    return to;
}

static const char *escape_parts(const char *name, bool dots, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, strlen(name) * 3 + 1), *to = out;

    while (*name) {
        apr_size_t len = strcspn(name, "/");

        if (len)
            to = put_part(to, name, len, dots);
        name += len;
        if (*name)
            *to++ = *name++;
    }
    *to = '\0';
    return out;
}

/* Returns the beginning of the folders of a hashed name, with a slash at the end. */
static const char *short_folders(const char *name, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, FOLDERS + FOLDER + 2), *to = out;
    const char *slash;

    for (; (slash = strchr(name, '/')); name = slash + 1) {
        apr_size_t len = (apr_size_t)(slash - name);

        if (len > FOLDER)
            len = FOLDER;
        if (to > out && (apr_size_t)(to - out) + len > FOLDERS)
            break;
        memcpy(to, name, len);
        to += len;
        if (len && is_dot(to[-1]))
            to[-1] = '_';
        *to++ = '/';
    }
    *to = '\0';
    return out;
}

static const char *hash_name(const char *name, const char *end, bool dots, apr_pool_t *pool)
{
    const char *lower = escape_letters(name + strlen(DATA), false, pool), *parts, *base, *folders;
    const char *digest;
    unsigned char bytes[APR_SHA1_DIGESTSIZE];
    apr_sha1_ctx_t sha;
    int left;

    apr_sha1_init(&sha);
    apr_sha1_update(&sha, name, (unsigned)strlen(name));
    apr_sha1_final(bytes, &sha);
    digest = rc_hex_text(bytes, sizeof(bytes), pool);
    parts = escape_parts(lower, dots, pool);
    base = strrchr(parts, '/') ? strrchr(parts, '/') + 1 : parts;
    folders = short_folders(parts, pool);
    left = NAME_MOST - (int)(strlen(HASHED) + strlen(folders) + strlen(digest) + strlen(end));
    return apr_psprintf(pool, HASHED "%s%.*s%s%s", folders, left > 0 ? left : 0, base, digest, end);
}

const char *rc_hg_store_name(const char *path, const char *end, rc_hg_names_t names,
                             apr_pool_t *pool)
{
    const char *name = mark_folders(apr_pstrcat(pool, DATA, path, end, NULL), pool), *out;
    bool dots = names == RC_HG_NAMES_DOTS;

    if (names == RC_HG_NAMES_PLAIN)
        return name;
    out = escape_letters(name, true, pool);
    if (names == RC_HG_NAMES_ESCAPED)
        return out;
    out = escape_parts(out, dots, pool);
    return strlen(out) > NAME_MOST ? hash_name(name, end, dots, pool) : out;
}
