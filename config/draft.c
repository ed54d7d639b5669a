/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Growing arrays and the pool of strings of a plan that is being made. Memory failure is remembered in the draft, so that
 * the planner's parts read as what they plan; plan_make looks once, at the end.
 */
#include "config/draft.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool vector_reserve(struct draft_vector *vector, size_t item_size, uint32_t more)
{
	if (vector->count + more <= vector->capacity)
		return true;
	uint32_t capacity = vector->capacity ? vector->capacity : 64;
	while (capacity < vector->count + more)
		capacity *= 2;
	if ((uint64_t)capacity * item_size > PLAN_SIZE_MAX)
		return false;
	void *items = realloc(vector->items, capacity * item_size);
	if (!items)
		return false;
	vector->items = items;
	vector->capacity = capacity;
	return true;
}

void *draft_add(struct draft *draft, struct draft_vector *vector, size_t item_size)
{
	static _Alignas(16) char discarded[256]; /* written, never read: keeps callers free of NULL checks */

	if (!vector_reserve(vector, item_size, 1)) {
		draft->failed = true;
		memset(discarded, 0, sizeof(discarded));
		return discarded;
	}
	void *item = (char *)vector->items + vector->count++ * item_size;
	memset(item, 0, item_size);
	return item;
}

plan_ref draft_bytes(struct draft *draft, const char *bytes, size_t length)
{
	struct draft_vector *pool = &draft->strings;

	if (length == 0)
		return 0;
	if (length > PLAN_SIZE_MAX || !vector_reserve(pool, 1, (uint32_t)length + 2)) {
		draft->failed = true;
		return 0;
	}
	char *base = pool->items;
	if (pool->count == 0)
		base[pool->count++] = '\0'; /* reference 0 is the empty string */
	plan_ref ref = pool->count;
	memcpy(base + ref, bytes, length);
	base[ref + length] = '\0';
	pool->count += (uint32_t)length + 1;
	return ref;
}

plan_ref draft_string(struct draft *draft, const char *text)
{
	return text ? draft_bytes(draft, text, strlen(text)) : 0;
}

static plan_ref draft_vformat(struct draft *draft, const char *format, va_list list)
{
	char *text = NULL;
	int length = vasprintf(&text, format, list);
	if (length < 0) {
		draft->failed = true;
		return 0;
	}
	plan_ref ref = draft_bytes(draft, text, (size_t)length);
	free(text);
	return ref;
}

plan_ref draft_format(struct draft *draft, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	plan_ref ref = draft_vformat(draft, format, list);
	va_end(list);
	return ref;
}

const char *draft_text(const struct draft *draft, plan_ref ref)
{
	return ref ? (const char *)draft->strings.items + ref : "";
}

void draft_warn(struct draft *draft, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	plan_ref ref = draft_vformat(draft, format, list);
	va_end(list);
	*DRAFT_ADD(draft, warnings, plan_ref) = ref;
}
