/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* config/files.c: which files are read, in which order, and which are not trusted. */
#include "policy_support.h"

#include "config/files.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char base[64];
static char vendor[128], file[128], directory[128];
static struct policy_files files;

static void must(int result)
{
	if (result != 0)
		print_message("%s\n", strerror(errno));
	assert_int_equal(result, 0);
}

/* Trust goes by every directory above: /tmp will not do, so root's tests stand below /var/lib. */
static int begin(void **state)
{
	(void)state;
	snprintf(base, sizeof(base), "%s/policy-test-XXXXXX", geteuid() == 0 ? "/var/lib" : "/tmp");
	if (!mkdtemp(base))
		return -1;
	snprintf(vendor, sizeof(vendor), "%s/vendor", base);
	snprintf(file, sizeof(file), "%s/policy.conf", base);
	snprintf(directory, sizeof(directory), "%s/policy.d", base);
	umask(022);
	return mkdir(vendor, 0755) || mkdir(directory, 0755) || chmod(base, 0755);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

static int end(void **state)
{
	policy_files_free(&files);
	teardown(state);
	return nftw(base, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static const char *path_of(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", base, name);
	return path;
}

static void put(const char *name, const char *text)
{
	FILE *stream = fopen(path_of(name), "we");

	assert_non_null(stream);
	fputs(text, stream);
	must(fclose(stream));
}

static int read_layers(bool trusted)
{
	policy_files_free(&files);
	policy_errors_clear(&test_errors);
	int result = policy_files_read(vendor, file, directory, trusted, &files, &test_errors);
	assert_int_equal(result == 0, test_errors.errors == 0);
	return result;
}

/* The texts of all sources but the compiled-in, in their order. */
static const char *texts(void)
{
	static char joined[512];
	size_t used = 0;

	joined[0] = '\0';
	for (size_t i = 1; i < files.count; i++)
		used += (size_t)snprintf(joined + used, sizeof(joined) - used, "%.*s ", (int)files.sources[i].length,
		                         files.sources[i].text);
	return joined;
}

static void refused(const char *name, const char *what)
{
	char expected[512];

	snprintf(expected, sizeof(expected), "%s: error: %s", *name ? path_of(name) : base, what);
	assert_int_equal(read_layers(true), -1);
	assert_error(0, expected);
}

/* Trust is about root: without it there is nothing that could be trusted. */
static void need_root(void)
{
	if (geteuid() == 0)
		return;
	print_message("skipped: needs root, who alone owns trusted files\n");
	skip();
}

static void rule_1_layers_are_read_in_order(void **state)
{
	(void)state;
	put("vendor/20.conf", "v20");
	put("vendor/10.conf", "v10");
	put("vendor/B.conf", "vB");
	put("vendor/a.conf", "va");
	put("policy.conf", "main");
	put("policy.d/30.conf", "d30");
	put("policy.d/05.conf", "d05");
	assert_int_equal(read_layers(geteuid() == 0), 0);
	assert_string_equal(texts(), "v10 v20 vB va main d05 d30 ");
	assert_string_equal(files.sources[0].name, "(built in)");
	assert_ptr_equal(files.sources[0].text, policy_builtin.text);
	assert_string_equal(files.sources[5].name, file);
	assert_string_equal(files.sources[6].name, path_of("policy.d/05.conf"));
}

static void rule_1_a_file_masks_the_vendors_of_its_name(void **state)
{
	(void)state;
	put("vendor/10.conf", "v10");
	put("vendor/20.conf", "v20");
	put("policy.d/10.conf", "");
	assert_int_equal(read_layers(false), 0);
	assert_string_equal(texts(), "v20  ");
}

static void other_names_are_passed_over(void **state)
{
	(void)state;
	put("policy.d/10.conf~", "x");
	put("policy.d/.hidden.conf", "x");
	put("policy.d/README", "x");
	put("policy.d/.conf", "x");
	put("policy.d/10.conf.dpkg-old", "x");
	assert_int_equal(read_layers(false), 0);
	assert_int_equal(files.count, 1);
}

static void what_does_not_exist_adds_nothing(void **state)
{
	(void)state;
	must(rmdir(vendor));
	must(rmdir(directory));
	assert_int_equal(read_layers(geteuid() == 0), 0);
	assert_int_equal(files.count, 1);
	snprintf(vendor, sizeof(vendor), "%s/no/such/place", base);
	assert_int_equal(read_layers(geteuid() == 0), 0);
}

static void a_file_others_can_write_is_refused(void **state)
{
	(void)state;
	need_root();
	put("policy.conf", "");
	must(chmod(file, 0664));
	refused("policy.conf", "the file can be written by others than root");
	assert_string_equal(test_errors.list[0].hint,
	                    "policy files and every directory above them: owned by root, mode go-w");
	must(chmod(file, 0646));
	refused("policy.conf", "the file can be written by others than root");
	must(chmod(file, 0600));
	assert_int_equal(read_layers(true), 0);
	must(chown(file, 1234, 0));
	refused("policy.conf", "the file is not root's");
	assert_int_equal(read_layers(false), 0);
}

static void a_directory_others_can_write_is_refused(void **state)
{
	(void)state;
	need_root();
	put("policy.conf", "");
	must(chmod(directory, 0775));
	refused("policy.d", "the directory can be written by others than root");
	must(chmod(directory, 0755));
	must(chown(vendor, 1234, 0));
	refused("vendor", "the directory is not root's");
	must(chown(vendor, 0, 0));
	must(chmod(base, 01777));
	refused("", "the directory can be written by others than root");
}

static void links_are_not_followed(void **state)
{
	(void)state;
	need_root();
	put("real", "");
	must(symlink("real", file));
	refused("policy.conf", "cannot be opened: Too many levels of symbolic links");
	must(unlink(file));
	must(symlink("../real", path_of("policy.d/10.conf")));
	refused("policy.d/10.conf", "cannot be opened: Too many levels of symbolic links");
	must(unlink(path_of("policy.d/10.conf")));
	must(rmdir(vendor));
	must(symlink("policy.d", vendor));
	assert_int_equal(read_layers(true), -1);
}

static void only_regular_files_are_read(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	(void)state;
	need_root();
	must(mkdir(path_of("policy.d/a.conf"), 0755));
	refused("policy.d/a.conf", "not a regular file");
	must(rmdir(path_of("policy.d/a.conf")));
	must(mkfifo(path_of("policy.d/a.conf"), 0644)); /* opening it must not wait for a writer */
	refused("policy.d/a.conf", "not a regular file");
	must(unlink(path_of("policy.d/a.conf")));
	must(mknod(path_of("policy.d/a.conf"), S_IFCHR | 0644, 1 << 8 | 3));
	refused("policy.d/a.conf", "not a regular file");
	must(unlink(path_of("policy.d/a.conf")));
	snprintf(address.sun_path, sizeof(address.sun_path), "%.100s", path_of("policy.d/a.conf"));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	must(bind(fd, (const struct sockaddr *)&address, sizeof(address)));
	must(close(fd));
	must(chmod(path_of("policy.d/a.conf"), 0644));
	refused("policy.d/a.conf", "cannot be opened: No such device or address");
}

static void all_refusals_are_reported(void **state)
{
	(void)state;
	need_root();
	put("vendor/a.conf", "");
	put("policy.conf", "");
	put("policy.d/b.conf", "");
	must(chmod(path_of("vendor/a.conf"), 0666));
	must(chmod(file, 0666));
	must(chmod(path_of("policy.d/b.conf"), 0666));
	assert_int_equal(read_layers(true), -1);
	assert_int_equal(test_errors.errors, 3);
}

static void large_files_are_refused(void **state)
{
	(void)state;
	put("policy.conf", "");
	must(truncate(file, 1024 * 1024));
	assert_int_equal(read_layers(false), 0);
	must(truncate(file, 1024 * 1024 + 1));
	assert_int_equal(read_layers(false), -1);
	must(truncate(file, 1LL << 40));
	assert_int_equal(read_layers(false), -1);
	char expected[512];
	snprintf(expected, sizeof(expected), "%s: error: the file is larger than 1 MiB", file);
	assert_error(0, expected);
}

static void more_than_256_files_are_refused(void **state)
{
	char name[32];

	(void)state;
	for (unsigned i = 0; i < 255; i++) {
		snprintf(name, sizeof(name), "policy.d/%u.conf", i);
		put(name, "");
	}
	put("policy.conf", "");
	assert_int_equal(read_layers(false), 0);
	assert_int_equal(files.count, 257);
	put("vendor/x.conf", "");
	assert_int_equal(read_layers(false), -1);
	put("policy.d/a.conf", "");
	put("policy.d/b.conf", "");
	assert_int_equal(read_layers(false), -1);
}

static void a_named_file_stands_alone_and_must_exist(void **state)
{
	(void)state;
	put("policy.conf", "x");
	put("vendor/10.conf", "v10");
	assert_int_equal(policy_file_read(file, geteuid() == 0, &files, &test_errors), 0);
	assert_string_equal(texts(), "x ");
	policy_files_free(&files);
	assert_int_equal(policy_file_read(path_of("missing"), false, &files, &test_errors), -1);
	char expected[512];
	snprintf(expected, sizeof(expected), "%s: error: cannot be opened: No such file or directory",
	         path_of("missing"));
	assert_error(0, expected);
	policy_files_free(&files);
	assert_int_equal(policy_file_read("relative", true, &files, &test_errors), -1);
	assert_error(1, "relative: error: a trusted policy needs an absolute path");
	policy_files_free(&files);
	assert_int_equal(policy_file_read(base, false, &files, &test_errors), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(rule_1_layers_are_read_in_order),
	        TEST(rule_1_a_file_masks_the_vendors_of_its_name),
	        TEST(other_names_are_passed_over),
	        TEST(what_does_not_exist_adds_nothing),
	        TEST(a_file_others_can_write_is_refused),
	        TEST(a_directory_others_can_write_is_refused),
	        TEST(links_are_not_followed),
	        TEST(only_regular_files_are_read),
	        TEST(all_refusals_are_reported),
	        TEST(large_files_are_refused),
	        TEST(more_than_256_files_are_refused),
	        TEST(a_named_file_stands_alone_and_must_exist),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
