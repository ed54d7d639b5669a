/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * JSON lines without a JSON library: five shapes.
 */
#include "helper/outside/status.h"

#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/error.h"
#include "helper/die.h"
#include "helper/io.h"

static int stream = -1;
static bool stream_is_socket;

void status_open(int fd)
{
	struct stat status;

	if (fd < 0)
		return;
	if (fstat(fd, &status) != 0)
		die_errno("status descriptor %d", fd);
	if (!S_ISFIFO(status.st_mode) && !S_ISSOCK(status.st_mode))
		die("status descriptor %d is neither a pipe nor a socket", fd);
	stream = fd;
	stream_is_socket = S_ISSOCK(status.st_mode);
}

static void put_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void put_line(const char *format, ...)
{
	struct pollfd poller = {.fd = stream, .events = POLLOUT};
	char line[4096]; /* at most PIPE_BUF, so that a line is one write (pipe(7)) */
	va_list list;

	if (stream < 0)
		return;
	va_start(list, format);
	int length = vsnprintf(line, sizeof(line), format, list);
	va_end(list);
	if (length < 0 || (size_t)length >= sizeof(line) || poll(&poller, 1, 0) != 1 || !(poller.revents & POLLOUT))
		return;
	/* A socket with little room would make write wait; a pipe that is ready takes PIPE_BUF bytes. */
	ssize_t written = stream_is_socket ? send(stream, line, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL)
	                                   : write(stream, line, (size_t)length);
	(void)written;
}

static size_t put_namespaces(char *out, size_t size, pid_t pid, int proc)
{
	static const char *const names[] = {"user", "mnt", "pid", "net", "ipc", "uts", "cgroup"};
	size_t length = 0;

	out[0] = '\0';
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[64];
		struct stat status;
		snprintf(path, sizeof(path), "%d/ns/%s", pid, names[i]);
		if (fstatat(proc, path, &status, 0) != 0)
			continue;
		length += (size_t)snprintf(out + length, size - length, "%s\"%s\":%lu", length ? "," : "", names[i],
		                           (unsigned long)status.st_ino);
	}
	return length;
}

void status_start(const char *id, const struct plan *plan, pid_t pid, int proc)
{
	char namespaces[512], profile[256], name[256];

	if (stream < 0)
		return;
	put_namespaces(namespaces, sizeof(namespaces), pid, proc);
	json_escape(profile, sizeof(profile), plan_string(plan, plan->profile_name));
	json_escape(name, sizeof(name), plan_string(plan, plan->name));
	put_line("{\"event\":\"start\",\"id\":\"%s\",\"name\":\"%s\",\"pid\":%d,\"profile\":\"%s\",\"landlock\":%s,"
	         "\"namespaces\":{%s}}\n",
	         id, name, pid, profile, plan->flags & PLAN_LANDLOCK ? "true" : "false", namespaces);
}

void status_warning(const char *text)
{
	char escaped[2048];

	json_escape(escaped, sizeof(escaped), text);
	put_line("{\"event\":\"warning\",\"text\":\"%s\"}\n", escaped);
}

void status_error(const char *text, int error)
{
	char escaped[2048], step[256];
	size_t length = strcspn(text, ":");

	if (stream < 0)
		return;
	json_escape(escaped, sizeof(escaped), text);
	snprintf(step, sizeof(step), "%.*s", length < 60 ? (int)length : 60, text);
	char escaped_step[512];
	json_escape(escaped_step, sizeof(escaped_step), step);
	put_line("{\"event\":\"error\",\"step\":\"%s\",\"errno\":%d,\"text\":\"%s\"}\n", escaped_step, error, escaped);
}

void status_exit(const char *reason, int exit_status, int code, int signal_number)
{
	put_line("{\"event\":\"exit\",\"reason\":\"%s\",\"status\":%d,\"code\":%d,\"signal\":%d}\n", reason,
	         exit_status, code, signal_number);
}
