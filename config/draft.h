/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A plan while it is being made: growing arrays and a pool of strings, laid out as one image at the end. Out of memory is
 * remembered and reported once, by draft_finish.
 */
#ifndef CONFIG_DRAFT_H
#define CONFIG_DRAFT_H

#include "config/plan.h"

struct draft_vector {
	void *items;
	uint32_t count, capacity;
};

/* What the planner's parts share. head collects the scalars; its arrays are filled by draft_finish. */
struct draft {
	struct plan head;
	struct draft_vector groups, steps, translator_steps, cgroup_hierarchies, cgroup_writes, limits, processors,
	        filter, log_filter, landlock_rules, landlock_ports, environment, environment_unset, arguments,
	        directories, warnings, doors, strings;
	bool failed;
	struct plan_origins *origins; /* NULL: nobody asks */

	const struct profile *profile;
	const struct identity *person;
	struct identity
	        inside; /* the person as the sandbox has it: kept groups only, ids as they are inside; by plan_ids */
	const struct request *request;
	const struct host_facts *facts;
	struct policy_errors *errors;
};

/* Adds one item of a size to a vector; NULL and draft->failed without memory. The pointer is valid until the next add. */
void *draft_add(struct draft *draft, struct draft_vector *vector, size_t item_size);
#define DRAFT_ADD(draft, vector, type) ((type *)draft_add((draft), &(draft)->vector, sizeof(type)))

/* Copies a string (or bytes without a NUL) into the pool; "" and NULL give 0. */
plan_ref draft_string(struct draft *draft, const char *text);
plan_ref draft_format(struct draft *draft, const char *format, ...) __attribute__((format(printf, 2, 3)));
plan_ref draft_bytes(struct draft *draft, const char *bytes, size_t length);

/* The string of a reference while drafting; valid until the next draft_string. */
const char *draft_text(const struct draft *draft, plan_ref ref);

/* One line the caller is told before the start. */
void draft_warn(struct draft *draft, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The planner's parts. Each reads profile, person, request and facts and adds to the draft; 0, or -1 with an error. */
int plan_ids(struct draft *draft);    /* config/plan_ids.c: groups and id maps; first, since others use draft->inside */
int plan_cgroup(struct draft *draft); /* config/plan_cgroup.c: hierarchies and writes */
int plan_filter(struct draft *draft); /* config/plan_filter.c: the system call filters */
int plan_files(struct draft *draft);  /* config/plan_files.c: mount steps and Landlock rules */
int plan_outbound(struct draft *draft);     /* config/plan_outbound.c: what the translator of addresses sees */
int plan_capabilities(struct draft *draft); /* config/plan_capabilities.c */
int plan_ports(struct draft *draft);        /* config/plan_ports.c: Landlock rules of the network */
void plan_schedule(struct draft *draft); /* config/plan_schedule.c: processors, policy, I/O class, OOM score */
int plan_process(struct draft *draft);   /* config/plan_process.c: limits, environment, command, directory */

#endif
