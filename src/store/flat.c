// SPDX-License-Identifier: Apache-2.0
/*
 * Packs rows: the struct, and behind it its texts. Where the struct has a pointer to a text, the
 * packed form has the place of the text; 0 for NULL.
 */
#include "flat.h"

#include <string.h>

#include "base/unconst.h"

/* Read and write a member of type const char *, or the place in it. */
static const char *text_at(const void *row, apr_size_t offset)
{
    const char *text;

    memcpy(&text, (const char *)row + offset, sizeof(text));
    return text;
}

static void set_text(void *row, apr_size_t offset, const char *text)
{
    memcpy((char *)row + offset, &text, sizeof(text));
}

static void set_place(void *row, apr_size_t offset, apr_uintptr_t place)
{
    memcpy((char *)row + offset, &place, sizeof(place));
}

static apr_uintptr_t place_at(const void *row, apr_size_t offset)
{
    apr_uintptr_t place;

    memcpy(&place, (const char *)row + offset, sizeof(place));
    return place;
}

rc_bytes_t rc_flat_pack(const rc_flat_t *form, const void *row, apr_pool_t *pool)
{
    apr_size_t len = form->size, at = form->size, size;
    const char *text;
    char *bytes;
    int i;

    for (i = 0; i < form->count; i++)
        if ((text = text_at(row, form->texts[i])))
            len += strlen(text) + 1;
    bytes = apr_palloc(pool, len);
    memcpy(bytes, row, form->size);
    for (i = 0; i < form->count; i++) {
        text = text_at(row, form->texts[i]);
        set_place(bytes, form->texts[i], text ? at : 0);
        if (!text)
            continue;
        size = strlen(text) + 1;
        memcpy(bytes + at, text, size);
        at += size;
    }
    return (rc_bytes_t){bytes, len};
}

void *rc_flat_unpack(const rc_flat_t *form, rc_bytes_t bytes)
{
    char *row = rc_unconst(bytes.data);
    int i;

    for (i = 0; row && i < form->count; i++) {
        apr_uintptr_t place = place_at(row, form->texts[i]);

        set_text(row, form->texts[i], place ? row + place : NULL);
    }
    return row;
}
