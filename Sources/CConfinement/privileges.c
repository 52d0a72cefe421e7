#define _GNU_SOURCE
#include "CConfinement.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

int confinement_become(uid_t user, gid_t group) {
    if (setgroups(0, NULL) != 0 || setresgid(group, group, group) != 0 || setresuid(user, user, user) != 0) return errno;
    // Were it possible to go back, nothing would be given up.
    if (user != 0 && setresuid(0, 0, 0) == 0) return EPERM;
    return 0;
}

int confinement_limit_memory(uint64_t bytes) {
    const struct rlimit memory = {.rlim_cur = bytes, .rlim_max = bytes};
    const struct rlimit none = {.rlim_cur = 0, .rlim_max = 0};
    return setrlimit(RLIMIT_DATA, &memory) == 0 && setrlimit(RLIMIT_CORE, &none) == 0 ? 0 : errno;
}

int confinement_set_oom_score(int score) {
    const int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (file < 0) return errno;
    char text[16];
    const int length = snprintf(text, sizeof text, "%d", score);
    const int failure = write(file, text, (size_t)length) == length ? 0 : errno;
    close(file);
    return failure;
}

int confinement_forbid_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? 0 : errno; }
