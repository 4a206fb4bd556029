// SPDX-License-Identifier: Apache-2.0
/*
 * The form of a file of waiting lines. Private to spill.c and spill_take.c.
 */
#ifndef RC_BASE_SPILL_FILE_H
#define RC_BASE_SPILL_FILE_H

/* The first line: these words and the id of the file. Lines begin behind it. */
#define RC_SPILL_HEAD "mod_rcapi spill "
#define RC_SPILL_ID   32 /* characters */

#define RC_SPILL_START ((int)sizeof(RC_SPILL_HEAD) + RC_SPILL_ID) /* with its line feed */

#endif
