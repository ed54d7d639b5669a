/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The verbs that read root's registry.
 */
#include "helper/outside/verbs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/caller/caller.h"
#include "helper/die.h"
#include "helper/outside/cgroup.h"
#include "helper/outside/facts.h"
#include "helper/outside/registry.h"
#include "helper/privs.h"

/* --- list -----------------------------------------------------------------------------------------------------------------*/

struct listing {
	const struct options *options;
	uid_t caller;
	struct registry_item *items;
	size_t count;
};

static void *copy(const void *bytes, size_t size)
{
	void *result = malloc(size);

	if (!result)
		die("out of memory");
	return memcpy(result, bytes, size);
}

/* Other people's entries are not kept: the caller can read this process's memory once it is the caller's. */
static int list_entry(const struct registry_item *item, void *data)
{
	struct listing *listing = data;

	if (item->alive == listing->options->stale)
		return 0;
	if (listing->caller != 0 && (!item->plan || item->plan->uid != listing->caller))
		return 0;
	listing->items = realloc(listing->items, (listing->count + 1) * sizeof(*listing->items));
	if (!listing->items)
		die("out of memory");
	struct registry_item *kept = &listing->items[listing->count++];
	*kept = *item;
	kept->id = copy(item->id, strlen(item->id) + 1);
	kept->plan = item->plan ? copy(item->plan, item->plan->size) : NULL;
	return 0;
}

int verb_list(const struct options *options, bool privileged)
{
	struct listing listing = {.options = options, .caller = getuid()};

	if (!privileged)
		say("without privilege there is no registry: sandboxes started that way are not listed");
	else if (registry_each(list_entry, &listing) != 0)
		die_errno("read %s", RUNDIR);
	privs_become_caller();
	return caller_list(options, listing.items, listing.count);
}

/* --- gc -------------------------------------------------------------------------------------------------------------------*/

struct id_list {
	char (*ids)[80];
	size_t count, capacity;
};

static void id_add(struct id_list *list, const char *id)
{
	if (list->count == list->capacity) {
		list->capacity = list->capacity ? list->capacity * 2 : 64;
		list->ids = realloc(list->ids, list->capacity * sizeof(*list->ids));
		if (!list->ids)
			die("out of memory");
	}
	snprintf(list->ids[list->count++], sizeof(list->ids[0]), "%s", id);
}

static bool id_listed(const struct id_list *list, const char *id)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->ids[i], id) == 0)
			return true;
	return false;
}

static int collect_cgroup(const char *id, void *data)
{
	if (!id_listed(data, id))
		id_add(data, id);
	return 0;
}

struct registry_ids {
	struct id_list living, dead;
};

static int collect_entry(const struct registry_item *item, void *data)
{
	struct registry_ids *ids = data;

	id_add(item->alive ? &ids->living : &ids->dead, item->id);
	return 0;
}

/* Killed is only what has an entry that is seen to be dead. One without an entry may be known to another registry: it is
 * removed if it is empty, and everything in it died with its supervisor if that is gone. */
static void remove_cgroup(const struct host_facts *facts, const char *id, bool is_dead)
{
	struct cgroup cgroup;

	if (cgroup_open(&facts->cgroup, id, &cgroup) != 0)
		return; /* ended by itself meanwhile */
	int killed = is_dead ? cgroup_kill(&cgroup, 2000) : 0;
	if (cgroup_remove(&cgroup) == 0)
		printf("removed cgroup %s\n", id);
	else
		printf("cgroup %s is busy%s: %s\n", id, killed == 0 ? "" : " and could not be emptied",
		       strerrordesc_np(errno));
}

static int remove_entry(const struct registry_item *item, void *data)
{
	(void)data;
	if (!item->alive && registry_remove_dead(item->directory, item->id) == 0)
		printf("removed %s/%s\n", RUNDIR, item->id);
	return 0;
}

int verb_gc(bool privileged)
{
	struct id_list cgroups = {0};
	struct registry_ids known = {0};

	if (!privileged)
		die("gc: needs the set-uid helper or root");
	const struct host_facts *facts = facts_read(true, REQUEST_RUN, 0);
	/* A sandbox's registry entry is made before its cgroup and removed after it. So cgroups are listed first: whichever
	 * of them lives has its entry by the time the registry is read. */
	if (cgroup_each(&facts->cgroup, collect_cgroup, &cgroups) != 0 && errno != ENOENT)
		die_errno("list cgroups");
	if (registry_each(collect_entry, &known) != 0)
		die_errno("read %s", RUNDIR);
	for (size_t i = 0; i < cgroups.count; i++)
		if (!id_listed(&known.living, cgroups.ids[i]))
			remove_cgroup(facts, cgroups.ids[i], id_listed(&known.dead, cgroups.ids[i]));
	if (registry_each(remove_entry, NULL) != 0)
		die_errno("read %s", RUNDIR);
	free(cgroups.ids);
	free(known.living.ids);
	free(known.dead.ids);
	return caller_flushed(ANSWER_YES);
}
