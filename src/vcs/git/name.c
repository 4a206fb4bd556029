// SPDX-License-Identifier: Apache-2.0
/*
 * Rejects the names that git rejects with core.protectNTFS and core.protectHFS (verify_path in its
 * read-cache.c, is_ntfs_dotgit in path.c, is_hfs_dotgit in utf8.c): an archive may be unpacked on
 * such a file system, where ".git." and "git~1" mean ".git". Also rejects a slash in a name,
 * because two entries could then have the same path.
 */
#include "name.h"

#include <string.h>
#include <strings.h>

/* Returns the UTF-8 length of a code point that HFS+ ignores in names, else 0. */
static size_t ignored_by_hfs(const char *p)
{
    const unsigned char *u = (const unsigned char *)p;

    if (u[0] == 0xe2 && u[1] == 0x80 &&
        ((u[2] >= 0x8c && u[2] <= 0x8f) || (u[2] >= 0xaa && u[2] <= 0xae)))
        return 3; /* U+200C..F, U+202A..E */
    if (u[0] == 0xe2 && u[1] == 0x81 && u[2] >= 0xaa && u[2] <= 0xaf)
        return 3; /* U+206A..F */
    if (u[0] == 0xef && u[1] == 0xbb && u[2] == 0xbf)
        return 3; /* U+FEFF */
    return 0;
}

static bool is_on_hfs(const char *name, const char *wanted)
{
    for (;;) {
        size_t ignored = ignored_by_hfs(name);

        if (ignored) {
            name += ignored;
            continue;
        }
        if (!*name || !*wanted)
            return !*name && !*wanted;
        if (strncasecmp(name++, wanted++, 1))
            return false;
    }
}

/* NTFS drops blanks and dots at the end of a name; after a colon follows the name of a stream. */
static bool ends_on_ntfs(const char *rest, const char *ends)
{
    rest += strspn(rest, " .");
    return !*rest || strchr(ends, *rest);
}

static bool is_git_on_ntfs(const char *name)
{
    size_t len = !strncasecmp(name, ".git", 4) ? 4 : !strncasecmp(name, "git~1", 5) ? 5 : 0;

    return len && ends_on_ntfs(name + len, "\\:");
}

/* True for the short names that NTFS generates: "gitmod~1" to "~4", and with a part of a checksum,
 * "gi7eba~1". */
static bool is_short_gitmodules(const char *name)
{
    static const char hashed[] = "gi7eba";
    size_t len = 0;

    if (!strncasecmp(name, "gitmod~", 7) && name[7] >= '1' && name[7] <= '4')
        return ends_on_ntfs(name + 8, ":");
    while (len < 6 && !strncasecmp(name + len, hashed + len, 1))
        len++;
    if (name[len++] != '~' || name[len] < '1' || name[len] > '9')
        return false;
    for (len++; len < 8; len++)
        if (name[len] < '0' || name[len] > '9')
            return false;
    return ends_on_ntfs(name + 8, ":");
}

static bool is_gitmodules_on_ntfs(const char *name)
{
    const char modules[] = ".gitmodules";

    if (!strncasecmp(name, modules, strlen(modules)))
        return ends_on_ntfs(name + strlen(modules), ":");
    return is_short_gitmodules(name);
}

static bool is_reserved(const char *name, bool is_link)
{
    return is_git_on_ntfs(name) || (is_link && is_gitmodules_on_ntfs(name));
}

bool rc_git_name_allowed(const char *name, bool is_link)
{
    const char *part = name;

    if (!*name || !strcmp(name, ".") || !strcmp(name, "..") || strchr(name, '/') ||
        is_on_hfs(name, ".git") || (is_link && is_on_hfs(name, ".gitmodules")))
        return false;
    while (!is_reserved(part, is_link)) {
        if (!(part = strchr(part, '\\'))) /* on NTFS a backslash separates directories */
            return true;
        part++;
    }
    return false;
}
