// SPDX-License-Identifier: Apache-2.0
/* placeholder until src/http stands */
