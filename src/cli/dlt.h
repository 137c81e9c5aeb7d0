/* SPDX-License-Identifier: Apache-2.0
 *
 * What ls, show and count of dead letters share. */
#ifndef CLI_DLT_H
#define CLI_DLT_H

#include "cli/chain_file.h"
#include "dead/read.h"

/* Called for each dead letter; false: no more is wanted. */
typedef bool (*dlt_each)(struct cli *cli, const struct dead_letter *letter, void *context);

/* Reads the dead letters that the command line means. Returns an enum end: NOTHING when there was
 * none, PARTLY when a topic could not be read; what went wrong is said. */
int dlt_read(struct cli *cli, dlt_each each, void *context);

/* "topic/partition/offset". Returns text. */
#define DLT_PLACE 300
const char *dlt_place(const char *topic, int32_t partition, int64_t offset, char text[DLT_PLACE]);
/* "Class" or "Class/code". Returns text. */
#define DLT_CLASS 256
const char *dlt_class(const struct stagger_fault *fault, char text[DLT_CLASS]);

/* One dead letter, whole. False without memory. */
void dlt_show_text(struct output *out, const struct dead_letter *letter);
bool dlt_show_json(struct output *out, const struct dead_letter *letter);

#endif
