/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * B1.1 to B1.9: the terminal, the caller's process group, other processes, the helper's image, mounts and roots, namespaces,
 * devices, programs that give privilege.
 */
#include "attempt.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#define UNSHARE_MOUNTS 0x00020000UL
#define UNSHARE_USER 0x10000000UL

/* --- B1.1: pushing characters into a terminal ------------------------------------------------------------------------ */

static bool push(unsigned long request)
{
	int terminal = own_terminal();

	return terminal >= 0 && syscall(SYS_ioctl, terminal, request, "#") == 0;
}

static bool push_character(void)
{
	return push(TIOCSTI);
}

static bool push_character_high(void)
{
	return push(0xffffffff00000000UL | TIOCSTI);
}

/* TIOCL_GETSHIFTSTATE on a virtual console, which the paste of a selection would need too (ioctl_console(2)). */
static bool console(unsigned long request)
{
	char subcode = 6;
	int terminal = open("/dev/tty0", O_RDWR | O_NOCTTY);

	if (terminal < 0)
		terminal = own_terminal();
	return terminal >= 0 && syscall(SYS_ioctl, terminal, request, &subcode) == 0;
}

static bool console_select(void)
{
	return console(TIOCLINUX);
}

static bool console_select_high(void)
{
	return console(0xffffffff00000000UL | TIOCLINUX);
}

/* --- B1.2: signals to the caller's group. The bystander, in that group, writes down what reaches it. ----------------- */

static bool bystander_heard(int number)
{
	char text[16];

	snprintf(text, sizeof(text), "<%02d>", number);
	usleep(300000);
	return holds("signals", text);
}

static bool signal_group(void)
{
	signal(SIGUSR1, SIG_IGN);
	return kill(0, SIGUSR1) == 0 && bystander_heard(SIGUSR1);
}

static bool signal_parent(void)
{
	signal(SIGUSR2, SIG_IGN); /* getppid() of 0 would mean the group */
	return kill(program_parent, SIGUSR2) == 0 && bystander_heard(SIGUSR2);
}

static bool signal_by_number(void)
{
	FILE *file = fopen("bystander", "re");
	pid_t bystander;

	return file && fscanf(file, "%d", &bystander) == 1 && kill(bystander, SIGRTMIN + 3) == 0 &&
	       bystander_heard(SIGRTMIN + 3);
}

static bool signal_on_input(int command, void *owner)
{
	int pair[2], number = SIGRTMIN + (command == F_SETOWN ? 1 : 2);
	char byte = 1;

	signal(number, SIG_IGN);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0 || fcntl(pair[0], F_SETSIG, number) != 0)
		return false;
	int result = command == F_SETOWN ? fcntl(pair[0], F_SETOWN, -getpgrp()) : fcntl(pair[0], command, owner);
	return result == 0 && fcntl(pair[0], F_SETFL, O_ASYNC) == 0 && write(pair[1], &byte, 1) == 1 &&
	       bystander_heard(number);
}

static bool signal_by_owner(void)
{
	return signal_on_input(F_SETOWN, NULL);
}

static bool signal_by_owner_group(void)
{
	struct f_owner_ex owner = {F_OWNER_PGRP, getpgrp()};

	return signal_on_input(F_SETOWN_EX, &owner);
}

/* --- B1.3, B1.4: other processes ------------------------------------------------------------------------------------- */

static bool trace(pid_t target)
{
	return ptrace(PTRACE_SEIZE, target, 0, 0) == 0;
}

static bool trace_any(void)
{
	return any_target(trace);
}

/* Where it may be looked at, a bad address is all that can be wrong. */
static bool read_memory(pid_t target)
{
	char byte;
	struct iovec local = {&byte, 1}, remote = {(void *)1, 1};

	return process_vm_readv(target, &local, 1, &remote, 1, 0) == 1 || errno == EFAULT;
}

static bool read_memory_any(void)
{
	return any_target(read_memory);
}

static bool write_memory(pid_t target)
{
	char byte = 0;
	struct iovec local = {&byte, 1}, remote = {(void *)1, 1};

	return process_vm_writev(target, &local, 1, &remote, 1, 0) == 1 || errno == EFAULT;
}

static bool write_memory_any(void)
{
	return any_target(write_memory);
}

static bool steal_descriptor(pid_t target)
{
	int pidfd = (int)syscall(SYS_pidfd_open, target, 0);

	return pidfd >= 0 && syscall(SYS_pidfd_getfd, pidfd, 0, 0) >= 0;
}

static bool steal_descriptor_any(void)
{
	return any_target(steal_descriptor);
}

/* PIDFD_GET_USER_NAMESPACE and the rest, 1 to 10 (linux/pidfd.h). */
static bool namespaces_by_pidfd(pid_t target)
{
	int pidfd = (int)syscall(SYS_pidfd_open, target, 0);

	if (pidfd < 0)
		return false;
	for (unsigned number = 1; number <= 10; number++)
		if (ioctl(pidfd, _IO(0xff, number), 0) >= 0)
			return true;
	return false;
}

static bool namespaces_by_pidfd_any(void)
{
	return any_target(namespaces_by_pidfd);
}

static const char *proc_file;

static bool read_proc(pid_t target)
{
	char path[64], text[16];

	snprintf(path, sizeof(path), "/proc/%d/%s", target, proc_file);
	return can_read(path) || readlink(path, text, sizeof(text)) > 0;
}

static bool read_proc_any(const char *file)
{
	proc_file = file;
	return any_target(read_proc);
}

static bool proc_environment(void)
{
	return read_proc_any("environ");
}

static bool proc_maps(void)
{
	return read_proc_any("maps");
}

static bool proc_root(void)
{
	return read_proc_any("root");
}

static bool proc_directory(void)
{
	return read_proc_any("cwd");
}

static bool proc_descriptor(void)
{
	return read_proc_any("fd/0");
}

static bool proc_image(void)
{
	return read_proc_any("exe");
}

static bool write_proc_memory(pid_t target)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", target);
	return can_open(path, O_RDWR);
}

static bool proc_memory(void)
{
	return any_target(write_proc_memory);
}

static bool robust_list(pid_t target)
{
	void *head;
	size_t length;

	return syscall(SYS_get_robust_list, target, &head, &length) == 0;
}

static bool robust_list_any(void)
{
	return any_target(robust_list);
}

/* Busy means allowed: a moment later it is not busy any more (runc 2019-5736). */
static bool rewrite_image(pid_t target)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/exe", target);
	int handle = open(path, O_PATH | O_CLOEXEC);
	if (handle < 0)
		return false;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", handle);
	return can_open(path, O_WRONLY) || errno == ETXTBSY;
}

static bool rewrite_image_any(void)
{
	return any_target(rewrite_image);
}

/* --- B1.5: what is covered ------------------------------------------------------------------------------------------- */

/* As root, outside, in a copy of the mounts that goes with this process. */
static void own_mounts(void)
{
	if (syscall(SYS_unshare, UNSHARE_MOUNTS) == 0)
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
}

static bool read_covered(void)
{
	static const char *const roots[] = {
	        "",         "/..",  "/../..", "/proc/1/root", "/proc/self/root", "/.hidden", "/.hidden/directory",
	        "/oldroot", "/.old"};
	char path[256];

	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", roots[i], fact("covered"));
		if (can_read(path))
			return true;
	}
	return false;
}

static bool uncover(void)
{
	static const char *const places[] = {"/run",     "/home", "/proc/sys", "/proc/keys",
	                                     "/dev/shm", "/tmp",  "/etc",      "/proc"};
	bool any = false;

	own_mounts();
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		any |= umount2(places[i], MNT_DETACH) == 0;
	return any;
}

static bool copy_tree(void)
{
	return syscall(SYS_open_tree, AT_FDCWD, "/", OPEN_TREE_CLONE | AT_RECURSIVE) >= 0;
}

static bool bind_again(void)
{
	own_mounts();
	return mount("/", "/tmp", NULL, MS_BIND, NULL) == 0;
}

static bool make_writable(void)
{
	own_mounts();
	return mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL) == 0;
}

static bool make_writable_attribute(void)
{
	struct mount_attr attributes = {.attr_clr = MOUNT_ATTR_RDONLY};

	own_mounts();
	return syscall(SYS_mount_setattr, AT_FDCWD, "/", 0, &attributes, sizeof(attributes)) == 0;
}

static bool new_filesystem(void)
{
	return syscall(SYS_fsopen, "tmpfs", 0) >= 0;
}

static bool second_pivot(void)
{
	own_mounts();
	return mount("tmpfs", "/tmp", "tmpfs", 0, NULL) == 0 && chdir("/tmp") == 0 &&
	       syscall(SYS_pivot_root, ".", ".") == 0;
}

static bool climb(void)
{
	struct stat status;
	char text[64], root[64];

	snprintf(root, sizeof(root), "%s", fact("root"));
	for (int i = 0; i < 64; i++)
		if (chdir("..") != 0)
			return false;
	if (stat(".", &status) != 0)
		return false;
	snprintf(text, sizeof(text), "%lu:%lu", (unsigned long)status.st_dev, (unsigned long)status.st_ino);
	return strcmp(text, root) == 0 || because("another root");
}

/* The present directory stays outside (chroot(2)). */
static bool climb_out_of_chroot(void)
{
	mkdir("jail", 0700);
	return chroot("jail") == 0 && climb();
}

static bool mount_in_user_namespace(void)
{
	return syscall(SYS_unshare, UNSHARE_USER | UNSHARE_MOUNTS) == 0 && mount("tmpfs", "/", "tmpfs", 0, NULL) == 0;
}

/* --- B1.6, B1.7: namespaces and handles ------------------------------------------------------------------------------ */

static bool enter(pid_t target)
{
	static const char *const kinds[] = {"user", "mnt", "net", "ipc", "uts", "cgroup", "pid", "time"};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		char path[64];
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", target, kinds[i]);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0 && syscall(SYS_setns, fd, 0) == 0)
			return true;
	}
	return false;
}

static bool enter_any(void)
{
	return any_target(enter);
}

static bool enter_own(void)
{
	return enter(getpid());
}

static bool enter_by_pidfd(pid_t target)
{
	int pidfd = (int)syscall(SYS_pidfd_open, target, 0);

	return pidfd >= 0 && syscall(SYS_setns, pidfd, UNSHARE_MOUNTS) == 0;
}

static bool enter_by_pidfd_any(void)
{
	return any_target(enter_by_pidfd);
}

struct handle {
	struct file_handle head;
	unsigned char bytes[MAX_HANDLE_SZ];
};

static bool make_handle(struct handle *handle)
{
	int mount_id;

	handle->head.handle_bytes = MAX_HANDLE_SZ;
	return syscall(SYS_name_to_handle_at, AT_FDCWD, ".", &handle->head, &mount_id, 0) == 0;
}

static bool name_to_handle(void)
{
	struct handle handle;

	return make_handle(&handle);
}

/* Inode 2 is the root of ext4, without a name; what is asked for first is a name's own handle. */
static bool open_by_handle(void)
{
	struct handle handle = {
	        .head = {.handle_bytes = 8, .handle_type = 1},
                  .bytes = {2                }
        };
	int directory = open(".", O_RDONLY | O_DIRECTORY);

	make_handle(&handle);
	return syscall(SYS_open_by_handle_at, directory, &handle.head, O_RDONLY) >= 0;
}

/* As if by fork(2), with flags; the child ends at once. */
static bool clone_with(unsigned long flags)
{
	long child = syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);

	if (child == 0)
		_exit(0);
	return child > 0;
}

static bool unshare_user(void)
{
	return syscall(SYS_unshare, UNSHARE_USER) == 0;
}

static bool clone_user(void)
{
	return clone_with(UNSHARE_USER);
}

static bool clone_user_high(void)
{
	return clone_with(0xffffffff00000000UL | UNSHARE_USER);
}

static bool clone3_user(void)
{
	struct clone_args arguments = {.flags = UNSHARE_USER, .exit_signal = SIGCHLD};
	long child = syscall(SYS_clone3, &arguments, sizeof(arguments));

	if (child == 0)
		_exit(0);
	return child > 0;
}

static bool unshare_others(void)
{
	static const unsigned long flags[] = {UNSHARE_MOUNTS, 0x02000000, 0x04000000, 0x08000000,
	                                      0x20000000,     0x40000000, 0x80};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (syscall(SYS_unshare, flags[i]) == 0 || clone_with(flags[i]))
			return true;
	return false;
}

/* unshare(2) of i386 (310) and of x32. */
static bool unshare_i386(void)
{
#ifdef __x86_64__
	long result = 310;
	__asm__ volatile("int $0x80" : "+a"(result) : "b"(UNSHARE_USER) : "memory", "r8", "r9", "r10", "r11");
	errno = result < 0 ? (int)-result : 0;
	return result == 0;
#else
	errno = ENOSYS;
	return false;
#endif
}

static bool unshare_x32(void)
{
	return syscall(0x40000000 | SYS_unshare, UNSHARE_USER) == 0;
}

/* --- B1.8: devices --------------------------------------------------------------------------------------------------- */

static bool make_node(void)
{
	static const char *const names[] = {"node", "/tmp/node", "/dev/shm/node"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		bool made = mknod(names[i], S_IFCHR | 0666, makedev(1, 5)) == 0;
		bool got = made && can_read(names[i]); /* zero */
		int error = errno;
		unlink(names[i]);
		errno = error;
		if (got)
			return true;
	}
	return false;
}

static bool other_device(void)
{
	static const char known[] = " null zero full random urandom tty ptmx console ";
	char path[300], word[300];
	DIR *directory = opendir("/dev");
	struct stat status;

	for (struct dirent *entry; directory && (entry = readdir(directory));) {
		snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
		snprintf(word, sizeof(word), " %s ", entry->d_name);
		if (!strstr(known, word) && lstat(path, &status) == 0 &&
		    (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode)))
			return true;
	}
	return because("only the known ones");
}

static bool disk(void)
{
	return can_read(fact("disk"));
}

static bool host_terminal(void)
{
	return can_open(fact("terminal"), O_RDWR);
}

static bool host_shared_memory(void)
{
	return can_read(fact("shm"));
}

/* --- B1.9: privilege by exec ----------------------------------------------------------------------------------------- */

static bool executes_with(const char *name, int wanted)
{
	char program[256], group[32];
	int status;

	snprintf(program, sizeof(program), "%s", fact(name));
	snprintf(group, sizeof(group), "%s", fact("other-group"));
	pid_t child = fork();
	if (child == 0) {
		execl(program, program, "privileges", group, (char *)NULL);
		_exit(1);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
		return because("it did not run");
	return WEXITSTATUS(status) == wanted || because("it ran with nothing more");
}

static bool execute_setuid(void)
{
	return executes_with("setuid", 42);
}

static bool execute_setgid(void)
{
	return executes_with("setgid", 43);
}

static bool execute_capable(void)
{
	return executes_with("capable", 44);
}

static bool any_capability(void)
{
	char line[256];
	FILE *file = fopen("/proc/self/status", "re");
	bool any = false;

	while (file && fgets(line, sizeof(line), file))
		any |= strncmp(line, "Cap", 3) == 0 && strtoull(line + 7, NULL, 16) != 0;
	return any || because("five empty sets");
}

static bool new_privileges(void)
{
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0 || because("no_new_privs is set");
}

static bool raise_ambient(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {
	        {1U << CAP_CHOWN, 1U << CAP_CHOWN, 1U << CAP_CHOWN}
        };

	return syscall(SYS_capset, &header, data) == 0 &&
	       prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0) == 0;
}

static bool make_setuid(void)
{
	bool made = false;

	close(open("new-setuid", O_CREAT | O_WRONLY, 0755));
	made |= chmod("new-setuid", 04755) == 0;
	made |= syscall(SYS_fchmodat, AT_FDCWD, "new-setuid", 02755) == 0;
	unlink("new-setuid");
	made |= open("new-setuid", O_CREAT | O_WRONLY | O_EXCL, 04755) >= 0;
	int error = errno;
	unlink("new-setuid");
	errno = error;
	return made;
}

static bool make_capable(void)
{
	static const unsigned char value[20] = {1, 0, 0, 2, 0, 32}; /* revision 2, CAP_NET_RAW (linux/capability.h) */

	close(open("new-capable", O_CREAT | O_WRONLY, 0755));
	bool made = setxattr("new-capable", "security.capability", value, sizeof(value), 0) == 0;
	int error = errno;
	unlink("new-capable");
	errno = error;
	return made;
}

static bool register_format(void)
{
	return can_open("/proc/sys/fs/binfmt_misc/register", O_WRONLY);
}

const struct attempt escape_attempts[] = {
        {"B1.1", "TIOCSTI",                                  push_character         },
        {"B1.1", "TIOCSTI with high bits",                   push_character_high    },
        {"B1.1", "TIOCLINUX",                                console_select         },
        {"B1.1", "TIOCLINUX with high bits",                 console_select_high    },
        {"B1.2", "kill(0)",                                  signal_group           },
        {"B1.2", "kill(getppid())",                          signal_parent          },
        {"B1.2", "kill by number",                           signal_by_number       },
        {"B1.2", "F_SETOWN of a group",                      signal_by_owner        },
        {"B1.2", "F_SETOWN_EX of a group",                   signal_by_owner_group  },
        {"B1.3", "ptrace",                                   trace_any              },
        {"B1.3", "process_vm_readv",                         read_memory_any        },
        {"B1.3", "process_vm_writev",                        write_memory_any       },
        {"B1.3", "pidfd_getfd",                              steal_descriptor_any   },
        {"B1.3", "namespaces by pidfd",                      namespaces_by_pidfd_any},
        {"B1.3", "/proc/PID/environ",                        proc_environment       },
        {"B1.3", "/proc/PID/maps",                           proc_maps              },
        {"B1.3", "/proc/PID/root",                           proc_root              },
        {"B1.3", "/proc/PID/cwd",                            proc_directory         },
        {"B1.3", "/proc/PID/fd",                             proc_descriptor        },
        {"B1.3", "/proc/PID/exe",                            proc_image             },
        {"B1.3", "/proc/PID/mem",                            proc_memory            },
        {"B1.3", "get_robust_list",                          robust_list_any        },
        {"B1.4", "write by /proc/PID/exe",                   rewrite_image_any      },
        {"B1.5", "read what is covered",                     read_covered           },
        {"B1.5", "umount",                                   uncover                },
        {"B1.5", "open_tree(CLONE)",                         copy_tree              },
        {"B1.5", "bind the root",                            bind_again             },
        {"B1.5", "remount",                                  make_writable          },
        {"B1.5", "mount_setattr",                            make_writable_attribute},
        {"B1.5", "fsopen",                                   new_filesystem         },
        {"B1.5", "a second pivot_root",                      second_pivot           },
        {"B1.5", "the host's root by ..",                    climb                  },
        {"B1.5", "out of a chroot",                          climb_out_of_chroot    },
        {"B1.5", "mounts of a new user namespace",           mount_in_user_namespace},
        {"B1.6", "setns to another's",                       enter_any              },
        {"B1.6", "setns to one's own",                       enter_own              },
        {"B1.6", "setns by pidfd",                           enter_by_pidfd_any     },
        {"B1.6", "name_to_handle_at",                        name_to_handle         },
        {"B1.6", "open_by_handle_at",                        open_by_handle         },
        {"B1.7", "unshare of a user namespace",              unshare_user           },
        {"B1.7", "clone of a user namespace",                clone_user             },
        {"B1.7", "clone of a user namespace with high bits", clone_user_high        },
        {"B1.7", "clone3 of a user namespace",               clone3_user            },
        {"B1.7", "any other namespace",                      unshare_others         },
        {"B1.7", "unshare by int 0x80",                      unshare_i386           },
        {"B1.7", "unshare by x32",                           unshare_x32            },
        {"B1.8", "mknod",                                    make_node              },
        {"B1.8", "a device of another kind",                 other_device           },
        {"B1.8", "a disk",                                   disk                   },
        {"B1.8", "a terminal of the host",                   host_terminal          },
        {"B1.8", "shared memory of the host",                host_shared_memory     },
        {"B1.9", "a set-uid program",                        execute_setuid         },
        {"B1.9", "a set-gid program",                        execute_setgid         },
        {"B1.9", "file capabilities",                        execute_capable        },
        {"B1.9", "a capability in any set",                  any_capability         },
        {"B1.9", "new privileges",                           new_privileges         },
        {"B1.9", "an ambient capability",                    raise_ambient          },
        {"B1.9", "making a set-uid file",                    make_setuid            },
        {"B1.9", "making a capable file",                    make_capable           },
        {"B1.9", "binfmt_misc",                              register_format        },
        {NULL,   NULL,                                       NULL                   },
};
