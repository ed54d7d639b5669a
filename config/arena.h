/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory that is given back all at once: what one policy or one profile owns. */
#ifndef CONFIG_ARENA_H
#define CONFIG_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct arena_chunk;

struct arena {
	struct arena_chunk *chunks;
	char *next;
	size_t left;
	bool failed; /* memory ran out once; every later call fails too */
};

/* size bytes, zeroed and aligned for anything; NULL without memory. */
void *arena_get(struct arena *arena, size_t size);

/* A terminated copy of length bytes; NULL without memory. */
char *arena_copy(struct arena *arena, const char *bytes, size_t length);

/* Frees all of it; the arena may be used again. */
void arena_clear(struct arena *arena);

#endif
