// SPDX-License-Identifier: Apache-2.0
/*
 * Writes tar as `git archive` does: POSIX ustar, names as bytes, and a pax header before an entry
 * whose name or target does not fit. (The pax of libarchive depends on the process' locale, or else
 * GNU tar warns about each entry.)
 */
#include "writer.h"

#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#define BLOCK      512
#define RECORD     (20 * BLOCK) /* the size of a tar is a multiple of it */
#define NUMBER_MAX 077777777777 /* the largest size or time */

typedef struct header_t {
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], chksum[8], typeflag[1];
    char linkname[100], magic[6], version[2], uname[32], gname[32], devmajor[8], devminor[8];
    char prefix[155], pad[12];
} header_t;

typedef struct tar_t {
    rc_archive_t *archive;
    const rc_filter_t *filter;
    void *state; /* the filter's */
    apr_off_t written;
} tar_t;

static rc_err_t *begin_tar(rc_archive_t *archive)
{
    tar_t *tar = apr_pcalloc(archive->pool, sizeof(*tar));

    archive->state = tar;
    tar->archive = archive;
    tar->filter = archive->format->filter;
    return tar->filter->begin(&tar->state, tar->filter, archive->spool, archive->pool);
}

static rc_err_t *write_some(void *baton, const char *data, apr_size_t len)
{
    tar_t *tar = baton;

    tar->written += (apr_off_t)len;
    return tar->filter->write(tar->state, data, len);
}

/* Writes zeros up to the next multiple of @a unit. */
static rc_err_t *fill_up(tar_t *tar, apr_off_t unit)
{
    static const char zeros[RECORD];

    return write_some(tar, zeros, (apr_size_t)((unit - tar->written % unit) % unit));
}

/* Returns the slash at which @a name can be cut so that both parts fit; NULL when there is none. */
static const char *cut_name(const char *name, apr_size_t len)
{
    const header_t *sizes = NULL;
    const char *p = name + (len > sizeof(sizes->prefix) + 1 ? sizeof(sizes->prefix) : len - 1);

    while (p > name && *p != '/')
        p--;
    len -= (apr_size_t)(p - name) + 1;
    return p > name && len && len <= sizeof(sizes->name) ? p : NULL;
}

/* Returns false when @a name does not fit into a header. */
static bool set_name(header_t *header, const char *name)
{
    apr_size_t len = strlen(name);
    const char *slash;

    if (len <= sizeof(header->name)) {
        memcpy(header->name, name, len);
        return true;
    }
    if (!(slash = cut_name(name, len)))
        return false;
    memcpy(header->prefix, name, (apr_size_t)(slash - name));
    memcpy(header->name, slash + 1, len - (apr_size_t)(slash + 1 - name));
    return true;
}

static void set_octal(char *field, int digits, apr_int64_t value)
{
    for (field += digits; digits > 0; digits--, value >>= 3)
        *--field = (char)('0' + (value & 7));
}

static rc_err_t *write_header(tar_t *tar, header_t *header, char type, int mode, apr_off_t size)
{
    const unsigned char *byte = (const unsigned char *)header;
    apr_int64_t sum = 0, mtime = tar->archive->mtime;
    apr_size_t i;

    set_octal(header->mode, 7, mode);
    set_octal(header->uid, 7, 0);
    set_octal(header->gid, 7, 0);
    set_octal(header->size, 11, size);
    set_octal(header->mtime, 11, mtime < NUMBER_MAX ? mtime : NUMBER_MAX);
    *header->typeflag = type;
    memcpy(header->magic, "ustar", 6);
    memcpy(header->version, "00", 2);
    memcpy(header->uname, "root", 4);
    memcpy(header->gname, "root", 4);
    set_octal(header->devmajor, 7, 0);
    set_octal(header->devminor, 7, 0);
    memset(header->chksum, ' ', sizeof(header->chksum));
    for (i = 0; i < sizeof(*header); i++)
        sum += byte[i];
    set_octal(header->chksum, 7, sum);
    header->chksum[7] = '\0';
    return write_some(tar, (const char *)header, sizeof(*header));
}

/* Returns "<length of the record> <key>=<value>\n". */
static const char *pax_record(const char *key, const char *value, apr_pool_t *pool)
{
    apr_size_t rest = strlen(key) + strlen(value) + 3, len = rest + 1, again;

    while ((again = rest + (apr_size_t)snprintf(NULL, 0, "%" APR_SIZE_T_FMT, len)) != len)
        len = again;
    return apr_psprintf(pool, "%" APR_SIZE_T_FMT " %s=%s\n", len, key, value);
}

static rc_err_t *write_pax(tar_t *tar, const char *path, const char *target)
{
    header_t header = {.name = "pax_header"};
    const char *text;
    apr_pool_t *pool;
    rc_err_t *err;

    apr_pool_create(&pool, tar->archive->pool);
    text = apr_pstrcat(pool, path ? pax_record("path", path, pool) : "",
                       target ? pax_record("linkpath", target, pool) : "", NULL);
    if (!(err = write_header(tar, &header, 'x', 0644, (apr_off_t)strlen(text))) &&
        !(err = write_some(tar, text, strlen(text))))
        err = fill_up(tar, BLOCK);
    apr_pool_destroy(pool);
    return err;
}

static rc_err_t *add(rc_archive_t *archive, const char *name, const rc_item_t *entry)
{
    bool link = entry->kind == RC_ITEM_LINK;
    bool long_link = link && entry->size > (apr_off_t)sizeof(((header_t *)NULL)->linkname);
    header_t header = {.name = ""};
    tar_t *tar = archive->state;
    bool fits = set_name(&header, name);

    if (!fits || long_link)
        RC_TRY(write_pax(tar, fits ? NULL : name, long_link ? entry->data : NULL));
    if (!fits)
        memcpy(header.name, name, sizeof(header.name)); /* for readers without pax */
    if (!link) {
        RC_TRY(write_header(tar, &header, '0', entry->kind == RC_ITEM_PROGRAM ? 0755 : 0644,
                            entry->size));
        RC_TRY(rc_archive_pieces(archive, entry, write_some, tar));
        return fill_up(tar, BLOCK);
    }
    memcpy(header.linkname, entry->data,
           long_link ? sizeof(header.linkname) : (apr_size_t)entry->size);
    return write_header(tar, &header, '2', 0777, 0);
}

static rc_err_t *end_tar(rc_archive_t *archive)
{
    static const char zeros[2 * BLOCK];
    tar_t *tar = archive->state;

    RC_TRY(write_some(tar, zeros, sizeof(zeros)));
    RC_TRY(fill_up(tar, RECORD));
    return tar->filter->end(tar->state);
}

const rc_archive_writer_t rc_archive_tar = {begin_tar, add, end_tar};
