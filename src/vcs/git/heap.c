// SPDX-License-Identifier: Apache-2.0
/*
 * A binary heap of commits by date and, among equal dates, order of insertion: git's prio-queue.c.
 */
#include "heap.h"

#include <stdlib.h>

bool rc_git_heap_init(rc_git_heap_t *heap, size_t most)
{
    heap->items = malloc((most + 1) * sizeof(*heap->items));
    heap->count = heap->turns = 0;
    return heap->items != NULL;
}

void rc_git_heap_free(rc_git_heap_t *heap)
{
    free(heap->items);
}

static bool before(const rc_git_waiting_t *a, const rc_git_waiting_t *b)
{
    return a->time != b->time ? a->time > b->time : a->turn < b->turn;
}

void rc_git_heap_push(rc_git_heap_t *heap, apr_uint64_t time, apr_uint32_t node)
{
    rc_git_waiting_t item = {time, heap->turns++, node};
    apr_uint32_t at = heap->count++;

    while (at && before(&item, &heap->items[(at - 1) / 2])) {
        heap->items[at] = heap->items[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap->items[at] = item;
}

apr_uint32_t rc_git_heap_pop(rc_git_heap_t *heap)
{
    apr_uint32_t node = heap->items[0].node, at = 0, child;
    rc_git_waiting_t item = heap->items[--heap->count];

    while ((child = 2 * at + 1) < heap->count) {
        if (child + 1 < heap->count && before(&heap->items[child + 1], &heap->items[child]))
            child++;
        if (!before(&heap->items[child], &item))
            break;
        heap->items[at] = heap->items[child];
        at = child;
    }
    heap->items[at] = item;
    return node;
}
