// SPDX-License-Identifier: Apache-2.0
/*
 * How long sessions live. Private to src/domain.
 */
#ifndef RC_DOMAIN_SESSION_LIFE_H
#define RC_DOMAIN_SESSION_LIFE_H

#include "store/session.h"

#define RC_SESSION_IDLE (30 * 60)      /* seconds without a request */
#define RC_SESSION_MOST (12 * 60 * 60) /* seconds */

/** Returns the moments after which a session that is valid now was created and seen. */
rc_session_life_t rc_session_life(void);

#endif
