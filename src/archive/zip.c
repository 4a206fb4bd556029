// SPDX-License-Identifier: Apache-2.0
/*
 * Writes zip (PKWARE's APPNOTE 6.3) as `git archive` does: deflated, or stored if that is smaller;
 * Unix modes; exact times in the extra field "UT". Contents in memory are compressed by libdeflate,
 * faster than by any zip library. Contents from a file are compressed by zlib in pieces; their
 * sizes follow them. The zip of libarchive is not used: its names depend on the process' locale.
 */
#include "writer.h"

#include <stdlib.h>
#include <string.h>

#include <apr_time.h>
#include <libdeflate.h>
#include <zlib.h>

#include "base/cleanup.h"
#include "base/text.h"

#define LEVEL 6

#define STORED   0
#define DEFLATED 8

#define SIZES_FOLLOW 0x0008 /* flags of an entry */
#define UTF8_NAME    0x0800

#define VERSION       20
#define VERSION_ZIP64 45
#define MADE_ON_UNIX  (3 << 8 | VERSION_ZIP64)

#define SMALL_MAX 0xffffffffU /* the largest number in four bytes, and the mark of a larger one */
#define COUNT_MAX 0xffff

/* Sizes and offsets from here on are written in eight bytes. It leaves room because deflate can
 * enlarge a content a little. Tests set it lower. */
#ifndef LARGE
#define LARGE (SMALL_MAX - SMALL_MAX / 1000)
#endif

#define OUT_SIZE (64 * 1024)

typedef struct zip_t {
    rc_archive_t *archive;
    struct libdeflate_compressor *compressor;
    char *packed; /* a compressed content; from malloc because it can be large */
    apr_size_t packed_room;
    rc_spool_t *directory; /* the central directory, for the end of the file */
    apr_int64_t count;
    apr_uint32_t dos_time; /* of all entries */
    bool unix_time;        /* the time fits into the extra field */
} zip_t;

/* One entry that is being written. */
typedef struct item_t {
    zip_t *zip;
    const char *name;
    apr_uint32_t flags, method, crc, mode;
    apr_off_t packed, size, at; /* at: offset of its header */
    z_stream stream;            /* of a content from a file */
} item_t;

/* Buffer for a header, little-endian. */
typedef struct record_t {
    unsigned char data[128];
    apr_size_t len;
} record_t;

static void put_number(record_t *record, int bytes, apr_uint64_t value)
{
    for (; bytes > 0; bytes--, value >>= 8)
        record->data[record->len++] = (unsigned char)value;
}

static rc_err_t *write_record(rc_spool_t *spool, const record_t *record)
{
    return rc_spool_write(spool, record->data, record->len);
}

/* Returns date and time in UTC as two halves, from 1980 to 2107 in steps of two seconds. */
static apr_uint32_t dos_time(apr_int64_t seconds)
{
    const apr_int64_t first = 315532800, last = 4354819198;
    apr_time_exp_t t;

    seconds = seconds < first ? first : seconds > last ? last : seconds;
    apr_time_exp_gmt(&t, apr_time_from_sec(seconds));
    return (apr_uint32_t)(t.tm_year - 80) << 25 | (apr_uint32_t)(t.tm_mon + 1) << 21 |
           (apr_uint32_t)t.tm_mday << 16 | (apr_uint32_t)t.tm_hour << 11 |
           (apr_uint32_t)t.tm_min << 5 | (apr_uint32_t)t.tm_sec / 2;
}

static void free_packed(void *zip)
{
    free(((zip_t *)zip)->packed);
}

static void free_compressor(void *obj)
{
    libdeflate_free_compressor(obj);
}

static rc_err_t *begin_zip(rc_archive_t *archive)
{
    zip_t *zip = apr_pcalloc(archive->pool, sizeof(*zip));

    archive->state = zip;
    zip->archive = archive;
    zip->dos_time = dos_time(archive->mtime);
    zip->unix_time = archive->mtime <= APR_INT32_MAX;
    zip->directory = rc_spool_create(archive->temp_dir, archive->pool);
    rc_cleanup(archive->pool, zip, free_packed);
    if (!(zip->compressor = libdeflate_alloc_compressor(LEVEL)))
        return rc_err_internal(archive->pool, APR_ENOMEM, "cannot create a compressor");
    rc_cleanup(archive->pool, zip->compressor, free_compressor);
    return NULL;
}

static bool is_large(const item_t *item)
{
    return item->size >= (apr_off_t)LARGE;
}

/* Puts the fields that the local header and the one in the central directory share. */
static void put_common(record_t *record, const item_t *item, apr_size_t extra)
{
    bool later = item->flags & SIZES_FOLLOW && !item->packed, large = is_large(item);

    put_number(record, 2, item->flags);
    put_number(record, 2, item->method);
    put_number(record, 4, item->zip->dos_time);
    put_number(record, 4, later ? 0 : item->crc);
    put_number(record, 4, (apr_uint64_t)(large ? SMALL_MAX : later ? 0 : item->packed));
    put_number(record, 4, (apr_uint64_t)(large ? SMALL_MAX : later ? 0 : item->size));
    put_number(record, 2, strlen(item->name));
    put_number(record, 2, extra);
}

static apr_size_t time_length(const zip_t *zip)
{
    return zip->unix_time ? 9 : 0;
}

static void put_time(record_t *record, const zip_t *zip)
{
    if (!zip->unix_time)
        return;
    put_number(record, 2, 0x5455); /* "UT" */
    put_number(record, 2, 5);
    put_number(record, 1, 1); /* the time of modification */
    put_number(record, 4, (apr_uint64_t)zip->archive->mtime);
}

/* Length of the extra field of zip64, which holds the sizes and the offset when they do not fit
 * into four bytes. */
static apr_size_t zip64_length(bool large, bool far_away)
{
    return large || far_away ? 4U + (large ? 16 : 0) + (far_away ? 8 : 0) : 0;
}

static void put_zip64(record_t *record, const item_t *item, bool far_away)
{
    bool large = is_large(item);

    if (!large && !far_away)
        return;
    put_number(record, 2, 1);
    put_number(record, 2, zip64_length(large, far_away) - 4);
    if (large) {
        put_number(record, 8, (apr_uint64_t)item->size);
        put_number(record, 8, (apr_uint64_t)item->packed);
    }
    if (far_away)
        put_number(record, 8, (apr_uint64_t)item->at);
}

static rc_err_t *write_header(const item_t *item)
{
    rc_spool_t *spool = item->zip->archive->spool;
    bool large = is_large(item);
    record_t record = {.len = 0};

    put_number(&record, 4, 0x04034b50);
    put_number(&record, 2, large ? VERSION_ZIP64 : VERSION);
    put_common(&record, item, time_length(item->zip) + zip64_length(large, false));
    RC_TRY(write_record(spool, &record));
    RC_TRY(rc_spool_puts(spool, item->name));
    record.len = 0;
    put_time(&record, item->zip);
    put_zip64(&record, item, false);
    return write_record(spool, &record);
}

/* Writes the entry's header in the central directory. */
static rc_err_t *note(const item_t *item)
{
    bool far_away = item->at >= (apr_off_t)LARGE, large = is_large(item);
    record_t record = {.len = 0};

    item->zip->count++;
    put_number(&record, 4, 0x02014b50);
    put_number(&record, 2, MADE_ON_UNIX);
    put_number(&record, 2, large || far_away ? VERSION_ZIP64 : VERSION);
    put_common(&record, item, time_length(item->zip) + zip64_length(large, far_away));
    put_number(&record, 2, 0); /* length of a comment */
    put_number(&record, 2, 0); /* number of the disk */
    put_number(&record, 2, 0); /* internal attributes */
    put_number(&record, 4, (apr_uint64_t)item->mode << 16);
    put_number(&record, 4, far_away ? SMALL_MAX : (apr_uint64_t)item->at);
    RC_TRY(write_record(item->zip->directory, &record));
    RC_TRY(rc_spool_puts(item->zip->directory, item->name));
    record.len = 0;
    put_time(&record, item->zip);
    put_zip64(&record, item, far_away);
    return write_record(item->zip->directory, &record);
}

static rc_err_t *make_room(zip_t *zip, apr_size_t size)
{
    if (size <= zip->packed_room)
        return NULL;
    free(zip->packed);
    zip->packed_room = 0;
    if (!(zip->packed = malloc(size)))
        return rc_err_internal(zip->archive->pool, APR_ENOMEM, "cannot compress a file");
    zip->packed_room = size;
    return NULL;
}

static rc_err_t *add_memory(item_t *item, const rc_item_t *entry)
{
    apr_size_t size = (apr_size_t)entry->size, len = 0;
    zip_t *zip = item->zip;

    item->crc = libdeflate_crc32(0, entry->data, size);
    if (size && entry->kind != RC_ITEM_LINK) {
        RC_TRY(make_room(zip, size));
        len = libdeflate_deflate_compress(zip->compressor, entry->data, size, zip->packed, size);
    }
    item->method = len ? DEFLATED : STORED;
    item->packed = len ? (apr_off_t)len : entry->size;
    RC_TRY(write_header(item));
    RC_TRY(rc_spool_write(zip->archive->spool, len ? zip->packed : entry->data,
                          (apr_size_t)item->packed));
    return note(item);
}

static rc_err_t *deflate_some(item_t *item, const char *data, apr_size_t len, int flush)
{
    unsigned char out[OUT_SIZE];

    item->stream.next_in = (const Bytef *)data;
    item->stream.avail_in = (uInt)len;
    do {
        item->stream.next_out = out;
        item->stream.avail_out = sizeof(out);
        if (deflate(&item->stream, flush) == Z_STREAM_ERROR)
            return rc_err_internal(item->zip->archive->pool, APR_SUCCESS, "zlib cannot compress");
        RC_TRY(
            rc_spool_write(item->zip->archive->spool, out, sizeof(out) - item->stream.avail_out));
        item->packed += (apr_off_t)(sizeof(out) - item->stream.avail_out);
    } while (!item->stream.avail_out);
    return NULL;
}

static rc_err_t *deflate_piece(void *baton, const char *data, apr_size_t len)
{
    item_t *item = baton;

    item->crc = libdeflate_crc32(item->crc, data, len);
    return deflate_some(item, data, len, Z_NO_FLUSH);
}

static rc_err_t *write_sizes(const item_t *item)
{
    int bytes = is_large(item) ? 8 : 4;
    record_t record = {.len = 0};

    put_number(&record, 4, 0x08074b50);
    put_number(&record, 4, item->crc);
    put_number(&record, bytes, (apr_uint64_t)item->packed);
    put_number(&record, bytes, (apr_uint64_t)item->size);
    return write_record(item->zip->archive->spool, &record);
}

static rc_err_t *add_file(item_t *item, const rc_item_t *entry)
{
    rc_archive_t *archive = item->zip->archive;
    rc_err_t *err;

    if (deflateInit2(&item->stream, LEVEL, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return rc_err_internal(archive->pool, APR_ENOMEM, "cannot create a compressor");
    item->method = DEFLATED;
    item->flags |= SIZES_FOLLOW;
    if (!(err = write_header(item)) &&
        !(err = rc_archive_pieces(archive, entry, deflate_piece, item)))
        err = deflate_some(item, "", 0, Z_FINISH);
    deflateEnd(&item->stream);
    RC_TRY(err);
    RC_TRY(write_sizes(item));
    return note(item);
}

static rc_err_t *add(rc_archive_t *archive, const char *name, const rc_item_t *entry)
{
    item_t item = {.zip = archive->state, .name = name, .size = entry->size};
    const char *p;

    item.at = rc_spool_size(archive->spool);
    item.mode = entry->kind == RC_ITEM_LINK      ? 0120777
                : entry->kind == RC_ITEM_PROGRAM ? 0100755
                                                 : 0100644;
    for (p = name; *p && (unsigned char)*p < 0x80; p++)
        ;
    if (*p && rc_utf8_valid(name, strlen(name))) /* without the flag, readers guess the encoding */
        item.flags = UTF8_NAME;
    return entry->data ? add_memory(&item, entry) : add_file(&item, entry);
}

/* Writes the zip64 records, for numbers that are too large for the record at the end. */
static rc_err_t *write_zip64(const zip_t *zip, apr_off_t at, apr_off_t size)
{
    rc_spool_t *spool = zip->archive->spool;
    record_t record = {.len = 0};
    apr_off_t here = rc_spool_size(spool);

    put_number(&record, 4, 0x06064b50);
    put_number(&record, 8, 44); /* bytes that follow */
    put_number(&record, 2, MADE_ON_UNIX);
    put_number(&record, 2, VERSION_ZIP64);
    put_number(&record, 8, 0); /* disks */
    put_number(&record, 8, (apr_uint64_t)zip->count);
    put_number(&record, 8, (apr_uint64_t)zip->count);
    put_number(&record, 8, (apr_uint64_t)size);
    put_number(&record, 8, (apr_uint64_t)at);
    put_number(&record, 4, 0x07064b50); /* offset of this record */
    put_number(&record, 4, 0);
    put_number(&record, 8, (apr_uint64_t)here);
    put_number(&record, 4, 1);
    return write_record(spool, &record);
}

static rc_err_t *end_zip(rc_archive_t *archive)
{
    zip_t *zip = archive->state;
    apr_off_t at = rc_spool_size(archive->spool), size = rc_spool_size(zip->directory);
    apr_uint64_t count = zip->count > COUNT_MAX ? COUNT_MAX : (apr_uint64_t)zip->count;
    record_t record = {.len = 0};

    RC_TRY(rc_spool_append(archive->spool, zip->directory));
    if (zip->count >= COUNT_MAX || at >= (apr_off_t)LARGE || size >= (apr_off_t)LARGE)
        RC_TRY(write_zip64(zip, at, size));
    put_number(&record, 4, 0x06054b50);
    put_number(&record, 4, 0); /* disks */
    put_number(&record, 2, count);
    put_number(&record, 2, count);
    put_number(&record, 4, size >= (apr_off_t)LARGE ? SMALL_MAX : (apr_uint64_t)size);
    put_number(&record, 4, at >= (apr_off_t)LARGE ? SMALL_MAX : (apr_uint64_t)at);
    put_number(&record, 2, 0); /* length of a comment */
    return write_record(archive->spool, &record);
}

const rc_archive_writer_t rc_archive_zip = {begin_zip, add, end_zip};
