/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hostile plan images. A made image survives being written and read; with any byte of it changed, cut short or with bytes
 * behind it, it is refused. An image is root's alone, so its sum need not stand up to someone who makes it up: whatever has
 * the right sum, be it a changed image or any bytes at all, is refused or can be read whole without leaving it, and is laid
 * out as the planner would have done.
 */
#include "tests/fuzz/image.h"
#include "tests/fuzz/world.h"

#include <sys/mman.h>
#include <unistd.h>

enum { BASES = COUNT(people) * COUNT(machines) };

/* --- images that were made --- */

static struct plan *make_base(size_t number)
{
	static const char text[] = "[profile x]\nInherit=default\nBindPaths=/srv/a:/b\nLimitNOFILE=100:infinity\n"
	                           "Environment=A=b\nUnsetEnvironment=C\nMemoryMax=1G\nTasksMax=50%\n"
	                           "ResourceControl=prefer\n";
	const struct policy_source sources[] = {
	        policy_builtin, {"x", text, sizeof(text) - 1}
        };
	struct policy_errors errors = {0};
	struct policy *policy = NULL;
	struct profile *profile = NULL;
	struct plan *plan = NULL;

	HOLDS(policy_parse(sources, 2, &policy, &errors) == 0);
	HOLDS(policy_select_run(policy, "x", true, &profile, &errors) == 0);
	HOLDS(plan_make(profile, &people[number % COUNT(people)], &requests[number % COUNT(requests)],
	                &machines[number / COUNT(people)], &plan, &errors) == 0);
	policy_errors_clear(&errors);
	profile_free(profile);
	policy_free(policy);
	return plan;
}

/* As the registry keeps it and the door finds it. */
static void assert_survives(const struct plan *plan)
{
	int fd = memfd_create("plan", MFD_CLOEXEC);

	HOLDS(fd >= 0 && write(fd, plan, plan->size) == (ssize_t)plan->size);
	const struct plan *found = mmap(NULL, plan->size, PROT_READ, MAP_PRIVATE, fd, 0);
	HOLDS(found != MAP_FAILED && plan_validate(found, plan->size) == 0);
	HOLDS(memcmp(found, plan, plan->size) == 0);
	image_read(found);
	HOLDS(munmap((void *)(uintptr_t)found, plan->size) == 0 && close(fd) == 0);
}

static const struct plan *base(size_t number)
{
	static struct plan *bases[BASES];

	if (!bases[number]) {
		bases[number] = make_base(number);
		assert_survives(bases[number]);
	}
	return bases[number];
}

/* --- what was changed --- */

static void assert_laid_out(const struct plan *plan)
{
	size_t offset = sizeof(*plan);

#define ARRAY(array, type)                                                                                             \
	HOLDS(plan->array.offset == plan_align(offset));                                                               \
	offset = plan->array.offset + plan->array.count * sizeof(type);
	PLAN_ARRAYS(ARRAY)
#undef ARRAY
	HOLDS(plan_align(offset) == plan->size);
}

/* With the sum that makes what is wrong elsewhere count. The block ends where the image does. */
static void read_sealed(const char *bytes, size_t size)
{
	char *image = malloc(size + (size == 0));
	struct plan *head = (struct plan *)(void *)image;

	HOLDS(image);
	if (size)
		memcpy(image, bytes, size);
	if (size >= sizeof(*head) && size % 8 == 0) {
		head->magic = PLAN_MAGIC;
		head->version = PLAN_VERSION;
		head->size = (uint32_t)size;
		head->sum = plan_sum(head);
	}
	if (plan_validate(image, size) == 0) {
		assert_laid_out(head);
		image_read(head);
	}
	free(image);
}

/* Changes: an offset of three bytes, counted from the end where its highest bit is set, and a byte to exclusive-or there. */
static void change(struct input *input, char *image, size_t size)
{
	while (input->end - input->at >= 4) {
		uint32_t at = take(input, 3);
		size_t offset = (at & 0x7fffff) % size;
		image[at & 0x800000 ? size - 1 - offset : offset] ^= (char)take(input, 1);
	}
}

static void damage(struct input *input)
{
	const struct plan *plan = base(take(input, 1) % BASES);
	size_t kept = plan->size, cut = take(input, 2), more = take(input, 1);

	if (cut)
		kept = cut % plan->size;
	char *image = calloc(1, kept + more + 1);
	HOLDS(image);
	memcpy(image, plan, kept);
	if (kept + more)
		change(input, image, kept + more);
	bool same = kept + more == plan->size && memcmp(image, plan, plan->size) == 0;
	HOLDS((plan_validate(image, kept + more) == 0) == same);
	read_sealed(image, kept + more);
	free(image);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct input input = {data, data + size};

	if (take(&input, 1) % 2)
		damage(&input);
	else
		read_sealed((const char *)input.at, (size_t)(input.end - input.at));
	return 0;
}
