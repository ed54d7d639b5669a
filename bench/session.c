/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A login program reduced to its PAM session: opens one, closes it, ends. Run once with pam_sandbox.so and
 *once with a module that does nothing; the difference is what the sandbox adds to a login.
 *
 *	session SERVICE PERSON confined|free
 *
 * Fails where the session is not as the last argument says: a module that confines nobody would be the
 *fastest.
 */
#include <security/pam_appl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int converse(int count, const struct pam_message **messages, struct pam_response **ret_responses, void *data)
{
	(void)data;
	for (int i = 0; i < count; i++)
		if (messages[i]->msg_style != PAM_ERROR_MSG && messages[i]->msg_style != PAM_TEXT_INFO)
			return PAM_CONV_ERR;
	*ret_responses = calloc((size_t)count, sizeof(**ret_responses));
	return *ret_responses ? PAM_SUCCESS : PAM_BUF_ERR;
}

static void check(pam_handle_t *pam, int code, const char *what)
{
	if (code == PAM_SUCCESS)
		return;
	fprintf(stderr, "session: %s: %s\n", what, pam_strerror(pam, code));
	exit(EXIT_FAILURE);
}

/* Identity of the mount namespace; 0 where it cannot be seen, as in a process whose pid namespace is not
 * /proc's. */
static ino_t mount_namespace(void)
{
	struct stat status;

	return stat("/proc/self/ns/mnt", &status) == 0 ? status.st_ino : 0;
}

int main(int argc, char **argv)
{
	const struct pam_conv conversation = {.conv = converse};
	pam_handle_t *pam = NULL;

	if (argc != 4) {
		fprintf(stderr, "usage: session SERVICE PERSON confined|free\n");
		return EXIT_FAILURE;
	}
	ino_t before = mount_namespace();
	check(pam, pam_start(argv[1], argv[2], &conversation, &pam), "pam_start");
	check(pam, pam_open_session(pam, 0), "pam_open_session");
	bool confined = mount_namespace() != before;
	check(pam, pam_close_session(pam, 0), "pam_close_session");
	pam_end(pam, PAM_SUCCESS);
	if (confined != (strcmp(argv[3], "confined") == 0)) {
		fprintf(stderr, "session: the login program is %s\n", confined ? "confined" : "not confined");
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
