/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pam_sandbox.so: asks the helper for a session's sandbox and moves the login program into it. A guest in
 * somebody's process: no stdio, no exit, no static state; the only lasting change is the join. The order of
 * open_session decides who is never locked out, so nothing may move before the look at exemptions.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <security/pam_ext.h>
#include <security/pam_modules.h>

#include "pam_module/helper.h"
#include "pam_module/join.h"
#include "pam_module/outcome.h"
#include "pam_module/person.h"
#include "protocol/message.h"
#include "protocol/session.h"

static const char state_name[] = "pam_sandbox.state";

/* What open leaves for close. */
struct state {
	int socket;  /* to the helper; -1: not joined, or closed again */
	pid_t owner; /* the opener */
	uid_t uid;
};

struct arguments {
	bool debug;
	bool expired; /* try_until= is over */
};

/* Never PAM_SESSION_ERR: sudo takes it for "go on" and runs the command unconfined. */
static int pam_code(enum outcome outcome)
{
	switch (outcome) {
	case OUTCOME_OK:
		return PAM_SUCCESS;
	case OUTCOME_NOT_COVERED:
		return PAM_IGNORE;
	case OUTCOME_UNKNOWN_PERSON:
		return PAM_USER_UNKNOWN;
	case OUTCOME_REFUSED:
		return PAM_PERM_DENIED;
	case OUTCOME_BAD_ARGUMENT:
		return PAM_SERVICE_ERR;
	case OUTCOME_BROKEN:
		break;
	}
	return PAM_SYSTEM_ERR;
}

/* Seconds since 1970, digits only. */
static bool read_epoch(const char *text, time_t *ret_epoch)
{
	time_t epoch = 0;

	if (*text == '\0')
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9' || __builtin_mul_overflow(epoch, 10, &epoch) ||
		    __builtin_add_overflow(epoch, *text - '0', &epoch))
			return false;
	}
	*ret_epoch = epoch;
	return true;
}

static enum outcome read_arguments(pam_handle_t *pamh, int argc, const char **argv, struct arguments *ret_arguments)
{
	static const char try_until[] = "try_until=";
	struct arguments arguments = {0};
	char line[QUOTED_SIZE];

	for (int i = 0; i < argc; i++) {
		time_t epoch;
		if (strcmp(argv[i], "debug") == 0) {
			arguments.debug = true;
		} else if (strncmp(argv[i], try_until, sizeof(try_until) - 1) == 0 &&
		           read_epoch(argv[i] + sizeof(try_until) - 1, &epoch)) {
			arguments.expired = time(NULL) > epoch;
		} else {
			pam_syslog(pamh, LOG_ERR, "bad module argument \"%s\"", quoted(argv[i], line));
			return OUTCOME_BAD_ARGUMENT;
		}
	}
	*ret_arguments = arguments;
	return OUTCOME_OK;
}

/* --- state --- */

/* pam_end(3): the children of login and su call it too, with PAM_DATA_SILENT or under another pid; the
 * session is not theirs to end. */
static void state_cleanup(pam_handle_t *pamh, void *data, int status)
{
	struct state *state = data;

	(void)pamh;
	if (state->socket >= 0) {
		if (!((unsigned)status & (PAM_DATA_SILENT | PAM_DATA_REPLACE)) && getpid() == state->owner)
			helper_say_bye(state->socket, false);
		close(state->socket);
	}
	free(state);
}

static const struct state *state_find(pam_handle_t *pamh)
{
	const void *data = NULL;

	return pam_get_data(pamh, state_name, &data) == PAM_SUCCESS ? data : NULL;
}

static struct state *state_create(pam_handle_t *pamh, uid_t uid)
{
	struct state *state = malloc(sizeof(*state));

	if (!state)
		return NULL;
	*state = (struct state){.socket = -1, .owner = getpid(), .uid = uid};
	if (pam_set_data(pamh, state_name, state, state_cleanup) != PAM_SUCCESS) {
		free(state);
		return NULL;
	}
	return state;
}

/* --- open --- */

static enum outcome join_offer(pam_handle_t *pamh, const struct session_request *request, const struct message *offer,
                               int socket)
{
	/* First, since nothing that can fail for want of memory may come after the join. */
	struct state *state = state_create(pamh, request->person.uid);
	if (!state) {
		pam_syslog(pamh, LOG_ERR, "no memory");
		return OUTCOME_BROKEN;
	}
	enum outcome outcome = join_session(pamh, offer);
	if (outcome == OUTCOME_OK && message_send_value(socket, MESSAGE_JOINED, 0) != 0) {
		pam_syslog(pamh, LOG_ERR, "the helper is gone: %s", strerror(errno));
		outcome = OUTCOME_BROKEN;
	}
	if (outcome == OUTCOME_OK)
		state->socket = socket;
	return outcome;
}

static void close_offer(const struct message *offer)
{
	for (uint32_t i = 0; i < offer->descriptor_count; i++)
		close(offer->descriptors[i]);
}

/* Asks for an offer, and again where this program must be restricted first. */
static enum outcome ask(pam_handle_t *pamh, struct session_request *request, bool silent, char *buffer, int *ret_socket,
                        struct message *ret_offer)
{
	enum outcome outcome = helper_ask(pamh, request, silent, buffer, ret_socket, ret_offer);

	if (outcome != OUTCOME_OK || ret_offer->kind != MESSAGE_RESTRICT)
		return outcome;
	outcome = join_restriction(pamh, ret_offer);
	close_offer(ret_offer);
	close(*ret_socket);
	request->restricted = true;
	return outcome == OUTCOME_OK ? helper_ask(pamh, request, silent, buffer, ret_socket, ret_offer) : outcome;
}

static enum outcome confine(pam_handle_t *pamh, struct session_request *request, bool silent)
{
	struct message offer;
	int socket;
	char *buffer = malloc(MESSAGE_TEXT_MAX + 1);

	if (!buffer) {
		pam_syslog(pamh, LOG_ERR, "no memory");
		return OUTCOME_BROKEN;
	}
	enum outcome outcome = ask(pamh, request, silent, buffer, &socket, &offer);
	if (outcome == OUTCOME_OK) {
		outcome = join_offer(pamh, request, &offer, socket);
		close_offer(&offer);
		if (outcome != OUTCOME_OK)
			close(socket); /* the helper ends the sandbox, and what stands inside can start
			                  nothing more */
	}
	free(buffer);
	return outcome;
}

static enum outcome open_again(pam_handle_t *pamh, const struct state *state, uid_t uid)
{
	if (state->socket >= 0 && state->owner == getpid() && state->uid == uid)
		return OUTCOME_OK;
	pam_syslog(pamh, LOG_ERR, "refused: this program already opened a session");
	return OUTCOME_REFUSED;
}

static enum outcome open_for(pam_handle_t *pamh, struct session_request *request, const struct arguments *arguments,
                             bool silent)
{
	const struct state *state = state_find(pamh);

	if (state)
		return open_again(pamh, state, request->person.uid);
	if (geteuid() != 0) {
		pam_syslog(pamh, LOG_ERR, "only a login program that runs as root can open a sandbox");
		return OUTCOME_BROKEN;
	}
	enum outcome outcome = join_possible(pamh);
	if (outcome == OUTCOME_OK)
		outcome = person_add_login(pamh, request);
	if (outcome == OUTCOME_OK)
		outcome = confine(pamh, request, silent);
	if (arguments->debug) {
		char line[QUOTED_SIZE];
		pam_syslog(pamh, LOG_DEBUG, "uid %u, service \"%s\": %s", (unsigned)request->person.uid,
		           quoted(request->service, line), pam_strerror(pamh, pam_code(outcome)));
	}
	return outcome;
}

int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct session_request request = {0};
	struct arguments arguments;

	enum outcome outcome = person_look_up(pamh, &request);
	if (outcome != OUTCOME_OK)
		return pam_code(outcome);
	if (person_exempt(pamh, &request.person))
		outcome = OUTCOME_NOT_COVERED;
	if (outcome == OUTCOME_OK)
		outcome = read_arguments(pamh, argc, argv, &arguments);
	if (outcome == OUTCOME_OK && arguments.expired)
		outcome = OUTCOME_NOT_COVERED;
	if (outcome == OUTCOME_OK)
		outcome = open_for(pamh, &request, &arguments, ((unsigned)flags & PAM_SILENT) != 0);
	session_request_free(&request);
	return pam_code(outcome);
}

/* --- close --- */

int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	const struct state *state = state_find(pamh);

	(void)flags;
	(void)argc;
	(void)argv;
	if (state && state->socket >= 0 && state->owner == getpid()) {
		helper_say_bye(state->socket, true);
		pam_set_data(pamh, state_name, NULL, NULL); /* closes the socket, and a second close finds nothing */
	}
	return PAM_SUCCESS;
}
