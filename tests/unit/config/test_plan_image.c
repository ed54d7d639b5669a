/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* config/plan_image.c: an image that was made is accepted; what is accepted can be read whole without leaving it. */
#include "plan_support.h"

static char *image; /* exactly as large as it says, so that a sanitizer sees one byte too many */
static size_t image_size;
static volatile uint64_t sink;

static int make_image(void **state)
{
	if (plan_set_up(state) != 0 || plan_with("BindPaths=/srv/a\nLimitNOFILE=100\nEnvironment=A=b\n") != 0)
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
	                         plan->shell,   plan->home,    plan->host_name, plan->root_options};

	read_bytes(plan, plan->groups, sizeof(uint32_t));
	read_bytes(plan, plan->limits, sizeof(struct plan_limit));
	read_bytes(plan, plan->filter, sizeof(struct plan_filter_instruction));
	read_bytes(plan, plan->landlock_rules, sizeof(struct plan_landlock_rule));
	read_bytes(plan, plan->landlock_ports, sizeof(struct plan_landlock_port));
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
			assert_int_equal(plan_validate(cut, size), -1);
		}
		free(cut);
	}
}

static void a_wrong_header_is_refused(void **state)
{
	struct plan *head = (struct plan *)(void *)image;

	(void)state;
	uint32_t *const fields[] = {&head->magic, &head->version, &head->size};
	for (size_t i = 0; i < COUNT(fields); i++) {
		*fields[i] ^= 1;
		assert_int_equal(plan_validate(image, image_size), -1);
		*fields[i] ^= 1;
	}
	assert_int_equal(plan_validate(image, image_size), 0);
}

static struct plan_array *const *arrays_of(struct plan *head)
{
	static struct plan_array *arrays[16];
	struct plan_array *const all[] = {&head->groups,
	                                  &head->steps,
	                                  &head->cgroup_hierarchies,
	                                  &head->cgroup_writes,
	                                  &head->limits,
	                                  &head->filter,
	                                  &head->landlock_rules,
	                                  &head->landlock_ports,
	                                  &head->environment,
	                                  &head->environment_unset,
	                                  &head->arguments,
	                                  &head->directories,
	                                  &head->warnings,
	                                  &head->doors,
	                                  &head->strings};

	memcpy(arrays, all, sizeof(all));
	return arrays;
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
			if (plan_validate(image, image_size) == 0)
				print_message("array %zu takes offset %u count %u\n", i, bad[b].offset, bad[b].count);
			assert_int_equal(plan_validate(image, image_size), -1);
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
		if (plan_validate(damaged, image_size) == 0)
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
	        TEST(every_shorter_image_is_refused),
	        TEST(a_wrong_header_is_refused),
	        TEST(arrays_that_leave_the_image_are_refused),
	        TEST(a_damaged_image_is_refused_or_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
