/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The doctor's look at what is installed: owner and mode of the set-uid programs and of all directories above them, the
 * PAM module, the group of those never confined. */
#include <errno.h>
#include <glob.h>
#include <grp.h>
#include <libgen.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cli/common_helper.h"
#include "cli/common_text.h"
#include "cli/ctl_doctor.h"

static const char area[] = "installation";

#define DOOR_DIRECTORY LIBEXECDIR "/door"
#define DOOR DOOR_DIRECTORY "/sandbox-door"

/* Only root may be able to replace a program that runs as root, or a directory on the way to it. */
static bool only_root_writes(struct doctor *doctor, const char *path)
{
	struct stat status;

	if (stat(path, &status) != 0)
		return true;
	bool sticky = S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX);
	if (status.st_uid == 0 && ((status.st_mode & 022) == 0 || sticky))
		return true;
	doctor_report(doctor, GRADE_PROBLEM, area, format_text("sudo chown root %s && sudo chmod go-w %s", path, path),
	              "%s: others than root can change it (owner %u, mode %04o)", path, status.st_uid,
	              status.st_mode & 07777u);
	return false;
}

static bool whole_path_trusted(struct doctor *doctor, const char *path)
{
	char *parent = format_text("%s", path);
	bool trusted = only_root_writes(doctor, path);

	do {
		parent = dirname(parent);
		trusted = only_root_writes(doctor, parent) && trusted;
	} while (strcmp(parent, "/") != 0 && strcmp(parent, ".") != 0);
	return trusted;
}

/* A program that must be set-uid root and work. */
static void look_at_setuid(struct doctor *doctor, const char *path, const struct stat *status)
{
	struct statvfs system;
	bool trusted = whole_path_trusted(doctor, path);

	if (!(status->st_mode & S_ISUID))
		doctor_report(doctor, GRADE_PROBLEM, area, format_text("sudo chmod u+s %s", path),
		              "%s is not set-uid root (mode %04o)", path, status->st_mode & 07777u);
	else if (statvfs(path, &system) == 0 && (system.f_flag & ST_NOSUID))
		doctor_report(doctor, GRADE_PROBLEM, area,
		              format_text("sudo mount -o remount,suid \"$(findmnt -no TARGET -T %s)\"", path),
		              "%s lies on a file system mounted nosuid", path);
	else if (trusted)
		doctor_report(doctor, GRADE_OK, area, NULL, "%s (set-uid root, mode %04o)", path,
		              status->st_mode & 07777u);
}

static void look_at_helper(struct doctor *doctor)
{
	const char *path = helper_path();
	struct stat status;

	if (stat(path, &status) != 0) {
		doctor_report(doctor, GRADE_PROBLEM, area, format_text("sudo make install"), "%s: %s", path,
		              strerror(errno));
		return;
	}
	if (strcmp(path, HELPER_INSTALLED) != 0) {
		doctor_report(doctor, GRADE_NOTE, area, format_text("sudo make install"),
		              "the helper of a build tree is used (%s): ordinary users get sandboxes without privilege",
		              path);
		return;
	}
	look_at_setuid(doctor, path, &status);
	if (access(path, X_OK) != 0) {
		struct group *group = getgrgid(status.st_gid);
		doctor_report(doctor, GRADE_PROBLEM, area,
		              format_text("sudo gpasswd -a \"$USER\" %s", group ? group->gr_name : "GROUP"),
		              "%s: you may not execute it (it is for a group)", path);
	}
}

static void look_at_door(struct doctor *doctor)
{
	struct stat directory, door;
	enum grade missing = doctor->login_wanted ? GRADE_PROBLEM : GRADE_NOTE;

	if (lstat(DOOR_DIRECTORY, &directory) != 0) {
		doctor_report(doctor, missing, area, format_text("sudo make install"), "%s: %s", DOOR_DIRECTORY,
		              strerror(errno));
		return;
	}
	if (!S_ISDIR(directory.st_mode) || directory.st_uid != 0 || (directory.st_mode & 07777) != 0700) {
		doctor_report(
		        doctor, GRADE_PROBLEM, area,
		        format_text("sudo chown root:root %s && sudo chmod 0700 %s", DOOR_DIRECTORY, DOOR_DIRECTORY),
		        "%s must be root's alone (owner %u, mode %04o): a door is reached only where root mounts it",
		        DOOR_DIRECTORY, directory.st_uid, directory.st_mode & 07777u);
		return;
	}
	if (geteuid() != 0)
		doctor_report(doctor, GRADE_OK, area, NULL, "%s is root's alone", DOOR_DIRECTORY);
	else if (stat(DOOR, &door) != 0)
		doctor_report(doctor, missing, area, format_text("sudo make install"), "%s: %s", DOOR, strerror(errno));
	else
		look_at_setuid(doctor, DOOR, &door);
}

static void look_at_module(struct doctor *doctor)
{
	static const char *const patterns[] = {"/lib/security/pam_sandbox.so", "/lib/*/security/pam_sandbox.so",
	                                       "/lib64/security/pam_sandbox.so", "/usr/lib/security/pam_sandbox.so",
	                                       "/usr/lib/*/security/pam_sandbox.so"};
	glob_t found = {0};

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]) && found.gl_pathc == 0; i++)
		if (glob(patterns[i], 0, NULL, &found) != 0)
			found.gl_pathc = 0;
	if (found.gl_pathc == 0)
		doctor_report(doctor, doctor->login_wanted ? GRADE_PROBLEM : GRADE_NOTE, area,
		              format_text("sudo make install"),
		              "pam_sandbox.so is not in the directory of PAM modules");
	else if (whole_path_trusted(doctor, found.gl_pathv[0]))
		doctor_report(doctor, GRADE_OK, area, NULL, "%s", found.gl_pathv[0]);
}

void doctor_look_at_installation(struct doctor *doctor)
{
	look_at_helper(doctor);
	look_at_door(doctor);
	look_at_module(doctor);
	if (getgrnam("sandbox-exempt"))
		doctor_report(doctor, GRADE_OK, area, NULL,
		              "group sandbox-exempt: its members are never confined at login");
	else
		doctor_report(doctor, doctor->login_wanted ? GRADE_PROBLEM : GRADE_NOTE, area,
		              format_text("sudo groupadd --system sandbox-exempt"),
		              "no group sandbox-exempt: were the policy broken, only root could log in");
	if (access(RUNDIR, F_OK) == 0)
		only_root_writes(doctor, RUNDIR);
}
