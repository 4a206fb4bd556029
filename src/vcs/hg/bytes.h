// SPDX-License-Identifier: Apache-2.0
/*
 * Reads numbers as Mercurial stores them, the highest byte first.
 */
#ifndef RC_VCS_HG_BYTES_H
#define RC_VCS_HG_BYTES_H

#include <apr.h>

static inline apr_uint32_t rc_hg_u32(const unsigned char *p)
{
    return (apr_uint32_t)p[0] << 24 | (apr_uint32_t)p[1] << 16 | (apr_uint32_t)p[2] << 8 | p[3];
}

static inline apr_uint64_t rc_hg_u64(const unsigned char *p)
{
    return (apr_uint64_t)rc_hg_u32(p) << 32 | rc_hg_u32(p + 4);
}

#endif
