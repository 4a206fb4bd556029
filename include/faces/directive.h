// SPDX-License-Identifier: Apache-2.0
/*
 * The directives of a face: a row for each, which states its name, where it is allowed, the type
 * and range of its value, and the member of the face's settings that it sets. The server parses,
 * checks and merges them by these rows, and passes the settings as request->settings.
 *
 *     typedef struct settings_t {
 *         int items;
 *         apr_off_t most;
 *     } settings_t;
 *     static const settings_t defaults = {.items = 20, .most = 1 << 20};
 *     static const rc_directive_t rows[] = {
 *         {"RcapiItems", "entries (default 20)", RC_SERVER, RC_NUMBER(settings_t, items, 1, 1000)},
 *         {"RcapiMost", "most bytes (default 1M)", RC_PLACE, RC_SIZE(settings_t, most, 0, 1 <<
 * 30)},
 *     };
 *     static const rc_directives_t directives = RC_DIRECTIVES(rows, defaults);
 */
#ifndef RC_FACES_DIRECTIVE_H
#define RC_FACES_DIRECTIVE_H

#include <stdbool.h>
#include <stddef.h>

#include <apr_tables.h>
#include <apr_time.h>

/* The type of a value; the comment says what it is in C, and which values are valid. */
typedef enum {
    RC_VALUE_FLAG,    /* bool: On or Off */
    RC_VALUE_NUMBER,  /* int: from min to max */
    RC_VALUE_SIZE,    /* apr_off_t: bytes from min to max; K, M and G are powers of 1024; one of
                       * `words`, if there are any, is 0 */
    RC_VALUE_SECONDS, /* apr_interval_time_t: seconds from min to max */
    RC_VALUE_TEXT,    /* const char *: UTF-8 without control characters */
    RC_VALUE_URL,     /* const char *: http(s)://HOST[:PORT][/PATH], without a slash at its end */
    RC_VALUE_PATH,    /* const char *: absolute, or below httpd's ServerRoot */
    RC_VALUE_FOLDER,  /* const char *: the same, or None: "" */
    RC_VALUE_STORE,   /* const char *: a path, or the name of a database on a server */
    RC_VALUE_WORD,    /* const char *: one of `words`, in any case */
    RC_VALUE_WORDS, /* const apr_array_header_t *, of const char *: some of `words`, in any case */
    RC_VALUE_LIST   /* const apr_array_header_t *, of const char *: what `add` reads of a line */
} rc_value_t;

typedef enum {
    RC_SERVER, /* allowed for a server */
    RC_PLACE   /* also in a <Location> */
} rc_scope_t;

typedef struct rc_directive_t {
    const char *name; /* NULL: the optional second argument of the directive in the row before */
    const char *help; /* one sentence with the default, also for docs/configuration.md */
    rc_scope_t scope;
    rc_value_t type;
    apr_size_t offset; /* of the member */
    apr_int64_t min, max;
    const char *const *words; /* NULL at the end */

    /* Adds the entries of a line to @a list, in @a pool; returns an error message, or NULL. */
    const char *(*add)(apr_array_header_t *list, const char *line, apr_pool_t *pool);
    /* Returns what is unusual about an entry, for a warning, or NULL. May be NULL. */
    const char *(*doubt)(const char *entry);
} rc_directive_t;

/* The offset of a member; a member of another type than @a type does not compile. */
#define RC_MEMBER(type, settings, member)                                                          \
    .offset = offsetof(settings, member) + 0 * sizeof(1 ? &((settings *)0)->member : (type *)0)

/* What a row sets: see rc_value_t. */
#define RC_FLAG(settings, member) .type = RC_VALUE_FLAG, RC_MEMBER(bool, settings, member)
#define RC_NUMBER(settings, member, least, most)                                                   \
    .type = RC_VALUE_NUMBER, RC_MEMBER(int, settings, member), .min = (least), .max = (most)
#define RC_SIZE(settings, member, least, most)                                                     \
    .type = RC_VALUE_SIZE, RC_MEMBER(apr_off_t, settings, member), .min = (least), .max = (most)
#define RC_SECONDS(settings, member, least, most)                                                  \
    .type = RC_VALUE_SECONDS, RC_MEMBER(apr_interval_time_t, settings, member), .min = (least),    \
    .max = (most)
#define RC_SIZE_OR(settings, member, least, most, list)                                            \
    .type = RC_VALUE_SIZE, RC_MEMBER(apr_off_t, settings, member), .min = (least), .max = (most),  \
    .words = (list)
#define RC_STRING(settings, member) .type = RC_VALUE_TEXT, RC_MEMBER(const char *, settings, member)
#define RC_URL(settings, member)    .type = RC_VALUE_URL, RC_MEMBER(const char *, settings, member)
#define RC_PATH(settings, member)   .type = RC_VALUE_PATH, RC_MEMBER(const char *, settings, member)
#define RC_STORE(settings, member)  .type = RC_VALUE_STORE, RC_MEMBER(const char *, settings, member)
#define RC_FOLDER(settings, member)                                                                \
    .type = RC_VALUE_FOLDER, RC_MEMBER(const char *, settings, member)
#define RC_WORD(settings, member, list)                                                            \
    .type = RC_VALUE_WORD, RC_MEMBER(const char *, settings, member), .words = (list)
#define RC_WORDS(settings, member, list)                                                           \
    .type = RC_VALUE_WORDS, RC_MEMBER(const apr_array_header_t *, settings, member), .words = (list)
#define RC_LIST(settings, member, reader, doubts)                                                  \
    .type = RC_VALUE_LIST, RC_MEMBER(const apr_array_header_t *, settings, member),                \
    .add = (reader), .doubt = (doubts)

/* All directives of one struct of settings. */
typedef struct rc_directives_t {
    const rc_directive_t *rows;
    int count;
    apr_size_t size;      /* of the struct */
    const void *defaults; /* one of these structs */
} rc_directives_t;

#define RC_DIRECTIVES(rows, defaults)                                                              \
    {                                                                                              \
        (rows), sizeof(rows) / sizeof(*(rows)), sizeof(defaults), &(defaults)                      \
    }

#endif
