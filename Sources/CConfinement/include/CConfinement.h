#ifndef CCONFINEMENT_H
#define CCONFINEMENT_H

#include <stdint.h>
#include <sys/types.h>

/// A thin face on what Linux has for a process that gives up what it does not need. No decisions are taken here.
///
/// Every function returns 0, or an errno value. They are for a process with one thread: what is given up by one thread is
/// given up by those that it starts, and not by others.

/// Goes on as this user and group alone, for good.
int confinement_become(uid_t user, gid_t group);

/// Bounds the memory that the process may write to, in bytes (RLIMIT_DATA), and has it leave no core dump.
int confinement_limit_memory(uint64_t bytes);

/// How early the process is ended where the machine is out of memory: from -1000 to 1000, the last one first.
int confinement_set_oom_score(int score);

/// Neither this process nor what it starts gains privileges, by set-user-ID programs for instance.
int confinement_forbid_privileges(void);

/// Forbids to write to any file but /dev/null, and to read any that is not below one of these paths; paths that are not
/// there are left out. What is open stays open. ENOSYS or EOPNOTSUPP where the kernel has no Landlock, EBUSY where there
/// are several threads.
int confinement_restrict_files(const char *const *readable, int count);

/// Forbids the system calls by which a process starts programs, reaches into others, or changes the system (EPERM).
int confinement_restrict_calls(void);

#endif
