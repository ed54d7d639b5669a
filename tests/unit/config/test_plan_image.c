/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* config/plan_image.c: an image that was made is accepted; what is accepted can be read whole without leaving it. */
#include "plan_support.h"

static char *image; /* exactly as large as it says, so that a sanitizer sees one byte too many */
static size_t image_size;
static volatile uint64_t sink;

static int make_image(void **state)
{
	if (plan_set_up(state) != 0 || plan_with("BindPaths=/srv/a\nLimitNOFILE=100\nCPUAffinity=0 70\nSystemCallLog=chmod\nConnectPorts=80 443\nSELinuxContext=a:b:c\nAppArmorProfile=x\nEnvironment=A=b\n") != 0)
		return -1;
	image_size = test_plan->size;
	image = malloc(image_size);
	if (!image)
		return -1;
	memcpy(image, test_plan, image_size);
	return 0;
}

static int free_image(void **state)
{
	free(image);
	image = NULL;
	return plan_tear_down(state);
}

static void read_bytes(const struct plan *plan, struct plan_array array, size_t item_size)
{
	const unsigned char *bytes = plan_array(plan, array);

	for (size_t i = 0; i < array.count * item_size; i++)
		sink += bytes[i];
}

static void read_references(const struct plan *plan, struct plan_array array)
{
	const plan_ref *refs = plan_array(plan, array);

	for (uint32_t i = 0; i < array.count; i++)
		sink += strlen(plan_string(plan, refs[i]));
}

/* Everything an executor would touch. */
static void read_whole(const struct plan *plan)
{
	const struct plan_step *steps = plan_array(plan, plan->steps);
	const struct plan_cgroup_write *writes = plan_array(plan, plan->cgroup_writes);
	const struct plan_array lists[] = {plan->environment, plan->environment_unset, plan->arguments,
	                                   plan->directories, plan->warnings,          plan->doors};
	const plan_ref refs[] = {plan->uid_map, plan->gid_map, plan->user_name, plan->profile_name, plan->name,
	                         plan->shell,   plan->home,    plan->host_name, plan->root_options,
	                         plan->apparmor_profile, plan->selinux_context};

	read_bytes(plan, plan->groups, sizeof(uint32_t));
	read_bytes(plan, plan->limits, sizeof(struct plan_limit));
	read_bytes(plan, plan->processors, sizeof(uint64_t));
	read_bytes(plan, plan->filter, sizeof(struct plan_filter_instruction));
	read_bytes(plan, plan->log_filter, sizeof(struct plan_filter_instruction));
	read_bytes(plan, plan->landlock_rules, sizeof(struct plan_landlock_rule));
	read_bytes(plan, plan->landlock_ports, sizeof(struct plan_landlock_ports));
	read_bytes(plan, plan->cgroup_hierarchies, sizeof(struct plan_cgroup_hierarchy));
	for (uint32_t i = 0; i < plan->steps.count; i++)
		sink += strlen(plan_string(plan, steps[i].source)) + strlen(plan_string(plan, steps[i].target)) +
		        strlen(plan_string(plan, steps[i].text));
	for (uint32_t i = 0; i < plan->cgroup_writes.count; i++)
		sink += strlen(plan_string(plan, writes[i].file)) + strlen(plan_string(plan, writes[i].value));
	for (size_t i = 0; i < COUNT(lists); i++)
		read_references(plan, lists[i]);
	for (size_t i = 0; i < COUNT(refs); i++)
		sink += strlen(plan_string(plan, refs[i]));
}

static void a_made_plan_is_accepted(void **state)
{
	(void)state;
	assert_int_equal(plan_validate(image, image_size), 0);
	read_whole((const struct plan *)(void *)image);
}

/* Gives a changed image the sum it would need, so that the other checks have to refuse it. */
static int validate_sealed(void *bytes, size_t size)
{
	struct plan *head = bytes;

	if (size >= sizeof(*head) && size % 8 == 0 && head->size == size)
		head->sum = plan_sum(head);
	return plan_validate(bytes, size);
}

static void every_byte_counts(void **state)
{
	(void)state;
	for (size_t i = 0; i < image_size; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			image[i] = (char)(image[i] ^ 1 << bit);
			if (plan_validate(image, image_size) != -1)
				fail_msg("bit %u of byte %zu may be anything", bit, i);
			image[i] = (char)(image[i] ^ 1 << bit);
		}
	assert_int_equal(plan_validate(image, image_size), 0);
}

static void every_shorter_image_is_refused(void **state)
{
	(void)state;
	for (size_t size = 0; size < image_size; size++) {
		char *cut = malloc(size ? size : 1);
		assert_non_null(cut);
		memcpy(cut, image, size);
		assert_int_equal(plan_validate(cut, size), -1);
		if (size >= sizeof(struct plan)) {
			struct plan *head = (struct plan *)(void *)cut;
			head->size = (uint32_t)size; /* a size that agrees does not help: the strings end past it */
			assert_int_equal(validate_sealed(cut, size), -1);
		}
		free(cut);
	}
}

static void nothing_may_follow(void **state)
{
	char *longer = calloc(1, image_size + 8);
	struct plan *head = (struct plan *)(void *)longer;

	(void)state;
	assert_non_null(longer);
	memcpy(longer, image, image_size);
	assert_int_equal(plan_validate(longer, image_size + 8), -1);
	head->size += 8;
	assert_int_equal(validate_sealed(longer, image_size + 8), -1);
	free(longer);
}

static void a_wrong_header_is_refused(void **state)
{
	struct plan *head = (struct plan *)(void *)image;

	(void)state;
	uint32_t *const fields[] = {&head->magic, &head->version, &head->size};
	for (size_t i = 0; i < COUNT(fields); i++) {
		*fields[i] ^= 1;
		assert_int_equal(validate_sealed(image, image_size), -1);
		*fields[i] ^= 1;
	}
	assert_int_equal(validate_sealed(image, image_size), 0);
}

static void what_no_planner_writes_is_refused(void **state)
{
	struct plan *head = (struct plan *)(void *)image;
	char *items = image;
	struct plan_step *step = (struct plan_step *)(void *)(items + head->steps.offset);
	struct plan_limit *limit = (struct plan_limit *)(void *)(items + head->limits.offset);
	struct plan_landlock_rule *rule = (struct plan_landlock_rule *)(void *)(items + head->landlock_rules.offset);
	plan_ref *argument = (plan_ref *)(void *)(items + head->arguments.offset);
	const struct {
		uint32_t *field, value;
	} changes[] = {
	        {&head->flags,       PLAN_FLAGS + 1     },
	        {&head->umask,       01000              },
	        {&head->kill_signal, 0                  },
	        {&head->kill_signal, 65                 },
	        {&head->home,        head->strings.count},
	        {&head->shell,       UINT32_MAX         },
	        {&step->kind,        STEP_KINDS         },
	        {&step->flags,       STEP_FLAGS + 1     },
	        {&step->target,      head->strings.count},
	        {&limit->resource,   16                 },
	        {&limit->reserved,   1                  },
	        {&rule->flags,       STEP_RECURSIVE     },
	        {&rule->path,        head->strings.count},
	        {argument,           head->strings.count},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(changes); i++) {
		uint32_t good = *changes[i].field;
		*changes[i].field = changes[i].value;
		if (validate_sealed(image, image_size) != -1)
			fail_msg("change %zu is accepted", i);
		*changes[i].field = good;
	}
	assert_int_equal(validate_sealed(image, image_size), 0);
}

static struct plan_array *const *arrays_of(struct plan *head)
{
#define ARRAY(name, type) &head->name,
	struct plan_array *const all[] = {PLAN_ARRAYS(ARRAY)};
#undef ARRAY
	static struct plan_array *arrays[COUNT(all) + 1];

	memcpy(arrays, all, sizeof(all));
	return arrays;
}

/* Neither two arrays on the same bytes nor bytes that are no array's. */
static void arrays_lie_in_order_and_without_gaps(void **state)
{
	struct plan *head = (struct plan *)(void *)image;
	struct plan_array *const *arrays = arrays_of(head);

	(void)state;
	for (size_t i = 0; arrays[i]; i++)
		for (int32_t move = -8; move <= 8; move += 8) {
			struct plan_array good = *arrays[i];
			arrays[i]->offset += (uint32_t)move;
			arrays[i]->count -= move == 0 && good.count > 0 ? good.count : 0;
			if (validate_sealed(image, image_size) == 0 && memcmp(arrays[i], &good, sizeof(good)) != 0)
				fail_msg("array %zu can be moved by %d", i, move);
			*arrays[i] = good;
		}
}

/* The numbers that arithmetic gets wrong, in every offset and count. */
static void arrays_that_leave_the_image_are_refused(void **state)
{
	struct plan *head = (struct plan *)(void *)image;
	struct plan_array *const *arrays = arrays_of(head);
	const uint32_t size = (uint32_t)image_size;
	const struct plan_array bad[] = {
	        {0,	               1          },
	        {8,	               1          },
	        {UINT32_MAX,              1          },
	        {UINT32_MAX - 7,          8          },
	        {size,                    1          },
	        {size + 8,                0          },
	        {0x80000000u,             0          },
	        {sizeof(struct plan) + 4, 1          },
	        {sizeof(struct plan),     UINT32_MAX },
	        {sizeof(struct plan),     0x40000000u},
	        {sizeof(struct plan),     0x20000000u},
	        {sizeof(struct plan),     size       }
        };

	(void)state;
	for (size_t i = 0; arrays[i]; i++)
		for (size_t b = 0; b < COUNT(bad); b++) {
			struct plan_array good = *arrays[i];
			*arrays[i] = bad[b];
			if (validate_sealed(image, image_size) == 0)
				fail_msg("array %zu takes offset %u count %u", i, bad[b].offset, bad[b].count);
			*arrays[i] = good;
		}
}

/* Seeded, so that a failure comes again. What is still accepted must be safe to read. */
static void a_damaged_image_is_refused_or_harmless(void **state)
{
	uint64_t seed = 88172645463325252u;
	char *damaged = malloc(image_size);
	unsigned refused = 0;

	(void)state;
	assert_non_null(damaged);
	for (unsigned turn = 0; turn < 20000; turn++) {
		memcpy(damaged, image, image_size);
		for (unsigned change = 0; change <= turn % 3; change++) {
			seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17; /* xorshift64 */
			/* half of them in the header, the rest anywhere */
			size_t at = (seed >> 8) % ((seed & 1 ? sizeof(struct plan) : image_size) / 4) * 4;
			const uint32_t values[] = {(uint32_t)(seed >> 32),          UINT32_MAX, 0, (uint32_t)image_size,
			                           (uint32_t)(seed >> 40) & 0xffff, 0x80000000u};
			memcpy(damaged + at, &values[(seed >> 3) % COUNT(values)], sizeof(uint32_t));
		}
		if (validate_sealed(damaged, image_size) == 0)
			read_whole((const struct plan *)(void *)damaged);
		else
			refused++;
	}
	free(damaged);
	assert_true(refused > 5000 && refused < 20000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_image, free_image)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(a_made_plan_is_accepted),
	        TEST(every_byte_counts),
	        TEST(every_shorter_image_is_refused),
	        TEST(nothing_may_follow),
	        TEST(a_wrong_header_is_refused),
	        TEST(what_no_planner_writes_is_refused),
	        TEST(arrays_lie_in_order_and_without_gaps),
	        TEST(arrays_that_leave_the_image_are_refused),
	        TEST(a_damaged_image_is_refused_or_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
