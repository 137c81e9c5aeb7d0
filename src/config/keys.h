/* SPDX-License-Identifier: Apache-2.0
 *
 * The one table of the keys of a chain file. It drives the reader, did-you-mean, config_show(), the
 * generated parts of docs/configuration.md and stagger.yaml(5), and shell completions. */
#ifndef CONFIG_KEYS_H
#define CONFIG_KEYS_H

#include <stagger/error.h>

enum key_scope {
	KEY_TOP,   /* of the file */
	KEY_CHAIN, /* of chains.NAME and of defaults */
	KEY_STAGE, /* of one of retry.stages */
	KEY_SCOPES
};
enum key_type {
	KEY_DURATION, /* int64_t milliseconds */
	KEY_SHARE,    /* double, 0.2 for 20% */
	KEY_SIZE,     /* int64_t bytes */
	KEY_INTEGER,
	KEY_NUMBER, /* double */
	KEY_BOOL,
	KEY_WORD, /* one of words */
	KEY_TEXT,
	KEY_TOPIC, /* a name or a template */
	KEY_LIST,  /* of texts; of stages */
	KEY_MAP    /* with keys of the user's own */
};

/* A value that is a word; of other types a word that may stand instead. */
struct key_word {
	const char *name;
	int64_t value;
	const char *refused; /* why it is not taken; or NULL */
};

struct config_key {
	enum key_scope scope;
	const char *path; /* "retry.in_place.delay", "retry.stages[].delay" */
	enum key_type type;
	const char *option; /* the field in C; NULL: none, or it is a call */
	size_t at, width;   /* of that field in the scope's options; width 0: none */
	int64_t min, max;   /* ms, bytes, percent, or how many or long */
	bool off;           /* `off` and 0 are STAGGER_OFF */
	bool required;
	const struct key_word *words; /* ends with a NULL name; or NULL */
	const char *otherwise;        /* the default as written; NULL: see note */
	const char *note;             /* more of the default or range, for people; or NULL */
	const char *meaning;          /* Markdown */
	const char *refused;          /* the whole key is not taken: why; or NULL */
};

extern const struct config_key config_keys[];
extern const size_t config_n_keys;

#define KEYS_MAX 128 /* rows of the table: arrays indexed by row are that long */

#define KEYS_STAGE "retry.stages[]." /* before every path of KEY_STAGE */
/* The row of a path within a scope ("delay" of a stage); config_n_keys when there is none. */
size_t key_find(enum key_scope scope, const char *path);
/* A row's path within its scope. */
const char *key_local_path(const struct config_key *key);
/* Whether keys of the scope stand below that path: it is a map of ours. */
bool key_is_map(enum key_scope scope, const char *path);
/* What may stand directly below a path ("" is the scope itself): writes at most max names, into
 * texts that the caller gives (KEYS_MAX_NAME each); returns how many. */
#define KEYS_MAX_NAME 32
size_t key_children(enum key_scope scope, const char *path, char names[][KEYS_MAX_NAME],
		    size_t max);
/* "a duration such as 30s, 5m or 1h30m", for people. */
const char *key_type_text(enum key_type type);
/* "1ms..1h", "1..1024"; empty when there is nothing to say. Returns text. */
#define KEYS_RANGE 64
const char *key_range(const struct config_key *key, char text[KEYS_RANGE]);
/* A size as people write it, exact: "64MiB", "1000B". Returns text. */
const char *key_size_format(int64_t bytes, char text[KEYS_RANGE]);
/* Whether a key's name says that its value must never be shown. */
bool config_secret(const char *name);

#endif
