/* A wall clock that is wrong by as many seconds as a file says; the clocks that only go forward are left alone.
 *
 *     gcc -shared -fPIC -O2 -o skew.so skew.c -ldl
 *     SKEW_FILE=/path LD_PRELOAD=./skew.so command
 *
 * The file holds one double. It is mapped, so that a clock jumps in the middle of whatever its process does.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile double *skew;

__attribute__((constructor)) static void map_skew(void) {
    const char *path = getenv("SKEW_FILE");
    int fd = path ? open(path, O_RDONLY) : -1;
    if (fd < 0) return;
    void *mapped = mmap(NULL, sizeof(double), PROT_READ, MAP_SHARED, fd, 0);
    if (mapped != MAP_FAILED) skew = mapped;
    close(fd);
}

static int (*true_clock)(clockid_t, struct timespec *);

int clock_gettime(clockid_t which, struct timespec *at) {
    if (!true_clock) true_clock = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int failed = true_clock(which, at);
    if (!failed && which == CLOCK_REALTIME && skew) at->tv_sec += (time_t)*skew;
    return failed;
}

int gettimeofday(struct timeval *at, void *zone) {
    (void)zone;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    at->tv_sec = now.tv_sec, at->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}
