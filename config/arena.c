/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bump allocation in chunks: a policy of ten thousand sections must not cost ten thousand mallocs. */
#include "config/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_SIZE = 8 * 1024 - 32 };

struct arena_chunk {
	struct arena_chunk *next;
	max_align_t bytes[];
};

static void *get(struct arena *arena, size_t size, size_t alignment)
{
	if (arena->failed || size > SIZE_MAX / 2)
		return NULL;
	size_t padding = (alignment - (uintptr_t)arena->next % alignment) % alignment;
	if (!arena->next || padding + size > arena->left) {
		size_t wanted = size > CHUNK_SIZE ? size : CHUNK_SIZE;
		struct arena_chunk *chunk = malloc(sizeof(*chunk) + wanted);
		if (!chunk) {
			arena->failed = true;
			return NULL;
		}
		chunk->next = arena->chunks;
		arena->chunks = chunk;
		arena->next = (char *)chunk->bytes;
		arena->left = wanted;
		padding = 0;
	}
	char *result = arena->next + padding;
	arena->next += padding + size;
	arena->left -= padding + size;
	return result;
}

void *arena_get(struct arena *arena, size_t size)
{
	void *result = get(arena, size, _Alignof(max_align_t));

	return result ? memset(result, 0, size) : NULL;
}

char *arena_copy(struct arena *arena, const char *bytes, size_t length)
{
	char *result = get(arena, length + 1, 1);

	if (!result)
		return NULL;
	memcpy(result, bytes, length);
	result[length] = '\0';
	return result;
}

void arena_clear(struct arena *arena)
{
	struct arena_chunk *chunk = arena->chunks;

	while (chunk) {
		struct arena_chunk *next = chunk->next;
		free(chunk);
		chunk = next;
	}
	*arena = (struct arena){0};
}
