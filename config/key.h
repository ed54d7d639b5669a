/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The key table: one row for every key of the policy language (config/keys.def). It drives the parser, `policy show`,
 * `--set`, the manual's key list and the test that every key is either enforced or refused.
 */
#ifndef CONFIG_KEY_H
#define CONFIG_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum key_id {
#define KEY(name, ...) KEY_##name,
#include "config/keys.def"
#undef KEY
	KEY_COUNT
};

/* How a value is written and what struct value then holds. */
enum key_type {
	TYPE_BOOLEAN,      /* number: 0 or 1 */
	TYPE_WORD,         /* number: index into the row's words, in ladder order */
	TYPE_WORD_OR_PATH, /* number as above, or number -1 and text: an absolute path */
	TYPE_SIZE,         /* number: bytes; or percent; or infinity */
	TYPE_COUNT,        /* number; or percent; or infinity */
	TYPE_TIME,         /* number: microseconds; or infinity */
	TYPE_PERCENT,      /* number: hundredths of a percent (percent is set too); or infinity */
	TYPE_INTEGER,      /* number, within the row's range */
	TYPE_MODE,         /* number: octal */
	TYPE_SIGNAL,       /* number */
	TYPE_LIMIT,        /* number: soft, hard: hard; either infinity */
	TYPE_ERRNO,        /* number; 0: kill */
	TYPE_NAMESPACES,   /* number: CLONE_NEW* flags of the namespaces that are refused */
	TYPE_STRING,       /* text, may hold %-specifiers, not yet expanded */
	TYPE_PATH,         /* text: absolute, may hold %-specifiers, not yet expanded */
	TYPE_NAME,         /* text: [A-Za-z0-9_][A-Za-z0-9_.-]{0,63} */
	TYPE_PATHS,        /* words: [-]PATH each, absolute after expansion */
	TYPE_BINDS,        /* words: [-]SOURCE[:TARGET] each */
	TYPE_WORDS,        /* words, each valid for this key */
	TYPE_STRINGS,      /* words, anything (NAME=VALUE, patterns) */
};

/* Sections a key may stand in; bits. [user], [group] and [default] take every profile key besides their own. */
enum key_sections {
	IN_PROFILE = 1 << 0,
	IN_LOGIN_RULE = 1 << 1, /* [user] [group] [default] */
	IN_LOGIN = 1 << 2,      /* [login] */
	IN_RUN = 1 << 3,        /* [run] */
	IN_SLICE = 1 << 4,
};

/* What a caller of the setuid helper may do with a key by --set (design: tightening classes). */
enum key_class {
	CLASS_ROOT,     /* nothing */
	CLASS_LOWER,    /* lower */
	CLASS_HIGHER,   /* raise; a mode: add bits */
	CLASS_SUBSET,   /* shrink */
	CLASS_SUPERSET, /* grow */
	CLASS_LADDER,   /* go up in the order of the row's words; a boolean: no < yes */
	CLASS_OWN,      /* set freely: things the caller has outside anyway */
};

struct key {
	const char *name;
	unsigned sections;
	enum key_type type;
	enum key_class tightening;
	bool live;     /* `sandboxctl set` may change it while the sandbox runs */
	bool enforced; /* false: only the default value is accepted by this build */
	const char *
	        words; /* TYPE_WORD: the spellings, blank-separated, weakest first, a trailing "?" where this build does
			    * not enforce one; numbers: "MIN MAX"; lists: the check. config/keys.def has the details */
	const char *fallback; /* value where no profile sets it, as text; "" for an empty list; NULL: unset */
	const char *group;    /* heading in the manual */
	const char *help;     /* one line for the manual */
	const char *test;     /* id or name of the test that shows its effect */
};

/* The row of a key. Never NULL for an id below KEY_COUNT. */
const struct key *key_row(enum key_id id);

/* Looks a name up (exact case). Returns KEY_COUNT where there is none. */
enum key_id key_find(const char *name, size_t length);

/* The word at an index of a TYPE_WORD row, in a buffer the caller owns; NULL past the end. */
const char *key_word(const struct key *key, size_t index, char *buffer, size_t size);

/* Whether this build enforces the word at an index of a TYPE_WORD row, a path (index -1), or a list that is not empty
 * (index 0). Says nothing where the row itself is not enforced. */
bool key_word_enforced(const struct key *key, int64_t index);

/* True for the types whose value is a list of words. */
bool key_is_list(const struct key *key);

/* The key a name was probably meant to be, by spelling; KEY_COUNT where nothing is near. */
enum key_id key_nearest(const char *name, size_t length);

#endif
