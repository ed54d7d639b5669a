/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Takes away what a caller chose for us: descriptors, environment, signals, timers, limits, umask, directory. First thing
 * in main, before anything is opened or allocated.
 */
#ifndef HELPER_OUTSIDE_SANITISE_H
#define HELPER_OUTSIDE_SANITISE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

/* What the caller had, kept as data. */
struct caller_state {
	char **environment;       /* as given; never consulted by getenv */
	char directory[PATH_MAX]; /* "" where it is deleted or unreachable */
	uid_t directory_owner;
	uint64_t directory_device, directory_inode;
	mode_t mask;          /* umask(2) */
	uint64_t descriptors; /* a bit for each that sanitise left open, keep aside */
	struct rlimit limits[RLIM_NLIMITS];
};

/*
 * keep: a descriptor to leave open, -1 for none. Descriptors 0 to 2 are open afterwards and are neither directories nor
 * O_PATH; everything else but keep is closed, for a command up to last: which of those are passed on only the plan says.
 * Ends the process where something cannot be made safe.
 */
void sanitise(char **environment, int keep, unsigned last, struct caller_state *ret_state);

/* Of what was left open, closes all but the plan's (PassFileDescriptors=), which must be open, no directory and not O_PATH. */
void sanitise_passed(const struct caller_state *state, uint64_t descriptors);

/* Puts the caller's own limits back, for the payload. Raising is impossible, so they are lowered last. */
void limits_restore(const struct caller_state *state);

#endif
