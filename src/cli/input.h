/* SPDX-License-Identifier: Apache-2.0
 *
 * Standard input as a whole. */
#ifndef CLI_INPUT_H
#define CLI_INPUT_H

#include <stagger/message.h>

/* At most max bytes. *out is malloc'd and yours. INVALID: more, or it cannot be read. */
STAGGER_MUST_USE enum stagger_status input_read(char **out, size_t *size, size_t max,
						struct stagger_error *err);

#endif
