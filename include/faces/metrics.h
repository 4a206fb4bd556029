// SPDX-License-Identifier: Apache-2.0
/*
 * The face of the counters: GET /_admin/metrics answers them as OpenMetrics text (contract 12 §3).
 */
#ifndef RC_FACES_METRICS_H
#define RC_FACES_METRICS_H

#include "faces/face.h"

/** The row of the counters in the table of faces. */
extern const rc_face_t rc_face_metrics;

#endif
