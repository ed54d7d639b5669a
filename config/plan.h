/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The plan: everything that will be done, decided. One contiguous image, offsets only, so that it can be kept in a file
 * and read by the door. Executors take it step by step and know no policy key; the only choice left to them is a step
 * marked if-exists.
 */
#ifndef CONFIG_PLAN_H
#define CONFIG_PLAN_H

#include "config/error.h"
#include "config/facts.h"
#include "config/identity.h"
#include "config/profile.h"
#include "config/request.h"
#include "config/syscalls.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLAN_MAGIC 0x6e6c5053u /* "SPln" */
#define PLAN_VERSION 2u
#define PLAN_DESCRIPTOR_MAX 63u
#define PLAN_SIZE_MAX (4u << 20)

typedef uint32_t plan_ref; /* offset of a terminated string in the image's strings; 0 is the empty string */

struct plan_array {
	uint32_t offset; /* from the start of the image, aligned to 8 */
	uint32_t count;
};

/* Mount steps, done in order inside the new root; target is a path below it. */
enum plan_step_kind {
	STEP_DIRECTORY, /* make target (and its parents) with mode */
	STEP_FILE,      /* make target with the text's bytes and mode */
	STEP_SYMLINK,   /* make target a link to source */
	STEP_COPY, /* a file of the host copied, links followed; a directory bound, or with recursive its files copied */
	STEP_BIND, /* source of the host onto target, which is made where it is missing; text, or empty: the root it is in,
	            * also of a copy and of an overlay */
	STEP_TMPFS,  /* an empty file system at target: size, inodes, mode */
	STEP_PROC,   /* text: mount options */
	STEP_DEVPTS, /* text: mount options */
	STEP_MQUEUE,
	STEP_TERMINAL,   /* the caller's terminal, if standard input, output or error is one, onto target */
	STEP_ATTRIBUTES, /* target, already there, becomes a mount of its own with these attributes */
	STEP_MASK,       /* target, already there, is covered by an empty, unreadable and read-only directory or file */
	STEP_OVERLAY,    /* source of the host onto target; what is written stays in memory: size, inodes */
	STEP_KINDS,
};

enum plan_step_flags {
	STEP_IF_EXISTS = 1 << 0,  /* a missing source (or, where there is none, target) skips the step */
	STEP_RECURSIVE = 1 << 1,  /* with everything mounted below */
	STEP_IF_ALLOWED = 1 << 2, /* as if-exists, also where the person may not reach it */
	STEP_BY_NAME = 1 << 3,    /* only root can change what source and target name; mode has the target's type */
	STEP_WATCHED = 1 << 4,    /* a target that is missing before and there afterwards is told */
	STEP_FLAGS = (1 << 5) - 1,
};

struct plan_step {
	uint32_t kind;
	uint32_t flags;
	plan_ref source;
	plan_ref target;
	plan_ref text;
	uint32_t mode;
	uint64_t attributes; /* MOUNT_ATTR_* to set */
	uint64_t clear;      /* MOUNT_ATTR_* to clear; one that the host's mount has is locked, and an error */
	uint64_t size;       /* bytes */
	uint64_t inodes;
	uint64_t device, inode; /* st_dev and st_ino that the source of a bind must have; inode 0: any */
};

/* One write into a control file of the sandbox's own cgroup. */
struct plan_cgroup_write {
	uint32_t hierarchy; /* index into plan cgroup hierarchies */
	uint32_t leaf;      /* 0: the sandbox's cgroup; 1: its payload leaf */
	plan_ref file;
	plan_ref value;
	plan_ref key; /* policy key, for messages */
};

struct plan_cgroup_hierarchy {
	uint32_t version;
	uint32_t controllers; /* bits of enum cgroup_controller that this sandbox uses here */
	plan_ref path;        /* the parent of "sandbox-run/ID" */
};

struct plan_limit {
	uint32_t resource; /* RLIMIT_* */
	uint32_t reserved;
	uint64_t soft; /* RLIM_INFINITY as it is */
	uint64_t hard;
};

/* What the kernel's struct sock_filter holds. */
struct plan_filter_instruction {
	uint16_t code;
	uint8_t jump_true;
	uint8_t jump_false;
	uint32_t operand;
};

/* Landlock: access rights below a path of the new root. */
struct plan_landlock_rule {
	plan_ref path;
	uint32_t flags;  /* STEP_IF_EXISTS */
	uint64_t access; /* LANDLOCK_ACCESS_FS_* */
};

struct plan_landlock_ports {
	uint32_t first, last; /* within 0 to 65535 */
	uint64_t access;      /* LANDLOCK_ACCESS_NET_* */
};

enum plan_flags {
	PLAN_SESSION = 1 << 0,    /* a login session: no payload, a door */
	PLAN_PRIVILEGED = 1 << 1, /* built by host root */
	PLAN_NO_NEW_PRIVILEGES = 1 << 2,
	PLAN_LOOPBACK = 1 << 3, /* own network namespace: bring lo up */
	PLAN_NEW_KEYRING = 1 << 4,
	PLAN_OOM_KILL = 1 << 5, /* any OOM kill ends the sandbox */
	PLAN_LANDLOCK = 1 << 6, /* restrict; failing is fatal (the planner knows the ABI) */
	PLAN_ROOT_READ_ONLY = 1 << 7,
	PLAN_LOGIN_SHELL = 1 << 8, /* argv[0] gets a leading "-" */
	PLAN_CGROUP = 1 << 9,      /* a cgroup is made and entered */
	PLAN_SET_NICE = 1 << 10,
	PLAN_SET_UMASK = 1 << 11, /* else the caller's stays */
	PLAN_OUTBOUND = 1 << 12,  /* own network namespace: connections out are translated */
	PLAN_SET_SCHEDULER = 1 << 13,
	PLAN_SET_IO_PRIORITY = 1 << 14,
	PLAN_SET_OOM_SCORE = 1 << 15,
	PLAN_DETACHED = 1 << 16, /* nothing ties a command's sandbox to who started it */
	PLAN_NEW_TERMINAL = 1 << 17,
	PLAN_FLAGS = (1 << 18) - 1,
};

struct plan {
	uint32_t magic;
	uint32_t version;
	uint32_t size; /* of the whole image, a multiple of 8 */
	uint32_t flags;
	uint64_t sum; /* plan_sum of the rest */

	uint64_t namespaces; /* CLONE_NEW*; those of cgroup, network and time are not made by clone3 */
	uint64_t bounding;   /* capabilities, a bit each, in the sandbox's own user namespace */
	uint64_t ambient;    /* within bounding: what the payload starts with */
	uint32_t uid;        /* on the host */
	uint32_t gid;
	uint32_t inside_uid; /* the same as the sandbox's maps have them */
	uint32_t inside_gid;
	struct plan_array groups; /* uint32_t: setgroups(2) list, as inside */
	plan_ref uid_map;         /* bytes for /proc/PID/uid_map */
	plan_ref gid_map;
	plan_ref clock_offsets; /* bytes for /proc/PID/timens_offsets */
	plan_ref user_name;
	plan_ref profile_name;
	plan_ref name;         /* --name; empty: none */
	plan_ref host_name;    /* empty: keep */
	plan_ref root_options; /* of the new root's tmpfs */

	struct plan_array steps;
	struct plan_array translator_steps; /* with PLAN_OUTBOUND: the view of the translator of addresses */
	struct plan_array cgroup_hierarchies;
	struct plan_array cgroup_writes;
	struct plan_array limits;
	struct plan_array processors; /* uint64_t: a mask for sched_setaffinity(2); empty: the session's */
	struct plan_array filter;     /* the payload's */
	struct plan_array log_filter; /* a second one that only records; empty: none */
	struct plan_array landlock_rules;
	struct plan_array landlock_ports;
	uint64_t landlock_handled_fs; /* rights handled; 0: none */
	uint64_t landlock_handled_net;
	uint64_t landlock_scoped;

	struct plan_array environment;       /* plan_ref: NAME=VALUE, for a command complete */
	struct plan_array environment_unset; /* plan_ref: names a door removes (a trailing * is a prefix) */
	struct plan_array arguments;         /* plan_ref */
	uint64_t descriptors;                /* a bit each: what a command gets besides 0, 1 and 2 */
	struct plan_array directories;       /* plan_ref: working directories, the first that can be entered */
	struct plan_array warnings;          /* plan_ref: lines for the caller, told before the start */

	uint64_t runtime_max;  /* microseconds from exec; 0: none */
	uint64_t timeout_stop; /* microseconds from KillSignal to SIGKILL */
	uint32_t kill_signal;
	uint32_t umask;
	int32_t nice;
	int32_t oom_score_adjust;
	uint32_t scheduler;          /* SCHED_* */
	uint32_t scheduler_priority; /* of a real-time policy; 0: it is none */
	uint32_t io_priority;        /* class and level as ioprio_set(2) takes them */

	plan_ref apparmor_profile; /* of what is executed; empty: that of this process */
	plan_ref selinux_context;

	plan_ref shell; /* the person's shell */
	plan_ref home;
	struct plan_array doors; /* plan_ref: paths a door is mounted over (sessions) */

	struct plan_array strings; /* char */
};

/* Every array, in the order in which they lie behind the head, without gaps but for alignment to 8. */
#define PLAN_ARRAYS(ARRAY)                                                                                             \
	ARRAY(groups, uint32_t)                                                                                        \
	ARRAY(steps, struct plan_step)                                                                                 \
	ARRAY(translator_steps, struct plan_step)                                                                      \
	ARRAY(cgroup_hierarchies, struct plan_cgroup_hierarchy)                                                        \
	ARRAY(cgroup_writes, struct plan_cgroup_write)                                                                 \
	ARRAY(limits, struct plan_limit)                                                                               \
	ARRAY(processors, uint64_t)                                                                                    \
	ARRAY(filter, struct plan_filter_instruction)                                                                  \
	ARRAY(log_filter, struct plan_filter_instruction)                                                              \
	ARRAY(landlock_rules, struct plan_landlock_rule)                                                               \
	ARRAY(landlock_ports, struct plan_landlock_ports)                                                              \
	ARRAY(environment, plan_ref)                                                                                   \
	ARRAY(environment_unset, plan_ref)                                                                             \
	ARRAY(arguments, plan_ref)                                                                                     \
	ARRAY(directories, plan_ref)                                                                                   \
	ARRAY(warnings, plan_ref)                                                                                      \
	ARRAY(doors, plan_ref)                                                                                         \
	ARRAY(strings, char)

/* The next offset at which an array may lie. */
static inline size_t plan_align(size_t offset)
{
	return (offset + 7) & ~(size_t)7;
}

/*
 * Makes the plan for one sandbox. Pure. Returns 0 and a malloc'd image (free it), or -1 with errors.
 */
int plan_make(const struct profile *profile, const struct identity *person, const struct request *request,
              const struct host_facts *facts, struct plan **ret_plan, struct policy_errors *errors);

/* The policy key that made a part of the plan. */
struct plan_origin {
	uint16_t key;  /* enum key_id; KEY_COUNT: no key, it always is so */
	uint16_t word; /* index into the key's list; of a scalar 0 */
};

/* Beside a plan, not part of its image: made only for who asks why. */
struct plan_origins {
	struct plan_origin *steps;       /* one for each step; free it */
	uint16_t calls[SYSCALL_NUMBERS]; /* enum key_id for each system call's number */
};

/* As plan_make; tells too which key made what. */
int plan_make_explained(const struct profile *profile, const struct identity *person, const struct request *request,
                        const struct host_facts *facts, struct plan **ret_plan, struct plan_origins *ret_origins,
                        struct policy_errors *errors);

/* Is this failure (errno) one the step allows to be skipped? */
static inline bool plan_step_may_skip(const struct plan_step *step, int error)
{
	if (error == ENOENT || error == ENOTDIR || error == ELOOP)
		return step->flags & STEP_IF_EXISTS;
	return (error == EACCES || error == EPERM || error == ENXIO || error == EIO || error == ENOTCONN) &&
	       (step->flags & STEP_IF_ALLOWED);
}

/*
 * Checks an image that came from outside this process: magic, version, size, sum, every offset, count, reference, alignment
 * and enumeration. Returns 0, or -1 where anything at all is off. Nothing of the image may be used before. The sum finds what
 * was changed by accident, every change within eight bytes for certain; an image is root's alone, and whoever makes up a sum
 * too still gets nothing past the other checks that would lead a reader out of the image.
 */
int plan_validate(const void *image, size_t size);

/* The sum of an image of plan->size bytes, but for the field itself. */
uint64_t plan_sum(const struct plan *plan);

/* The string of a reference. Valid while the image lives. */
static inline const char *plan_string(const struct plan *plan, plan_ref ref)
{
	return (const char *)plan + plan->strings.offset + ref;
}

/* Pointer to the first element of an array of the image. */
static inline const void *plan_array(const struct plan *plan, struct plan_array array)
{
	return (const char *)plan + array.offset;
}

/* The plan as text for people and as JSON, for --dry-run and `policy explain`. Malloc'd, NULL without memory. */
char *plan_describe(const struct plan *plan);
char *plan_json(const struct plan *plan);

#endif
