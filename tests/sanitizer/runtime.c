/* SPDX-License-Identifier: MIT */
/*
 * Part of every program of a build with sanitizers (b_sanitize) and of no other: how they are set,
 * and where their reports go. What the environment says (ASAN_OPTIONS, …) goes before it.
 *
 * A daemon's standard error is /dev/null, and once it has something to report it may not open a
 * file any more. So where CHATKITFS_SANITIZER_REPORTS names a directory, a file is opened there as
 * the program starts, and kept open. It stays empty when all is well.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sanitizer/common_interface_defs.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The sanitizers ask these when they start, before any code of the program's. */
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);
const char *__tsan_default_options(void);
const char *__tsan_default_suppressions(void);

const char *__asan_default_options(void)
{
    return "detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1:halt_on_error=1";
}

const char *__ubsan_default_options(void)
{
    return "print_stacktrace=1:halt_on_error=1";
}

/* Goes on after a race, to show all of them; the status is 66 all the same. Does not wait a second
 * at the end for races that may come then: every mount of the tests would. */
const char *__tsan_default_options(void)
{
    return "second_deadlock_stack=1:atexit_sleep_ms=0";
}

/* SQLite's memory that its connections share is read without a lock, and then looked at for whether
 * it was changed meanwhile (walIndexTryHdr() of wal.c). */
const char *__tsan_default_suppressions(void)
{
    return "";
}

static int reports_fd = -1;

/* gcc's UBSan is a library of its own, with a function of its own of that name. */
static void (*set_fd_of_ubsan)(void *fd);

/* Each gets a descriptor of its own, which it may close. They are above those that the program
 * closes when it begins (fs/daemon.c), and none takes the place of a standard stream. */
static void *another_fd(void)
{
    return (void *)(intptr_t)fcntl(reports_fd, F_DUPFD_CLOEXEC, 500);
}

static void report_to_file(void)
{
    __sanitizer_set_report_fd(another_fd());
}

/* UBSan calls it before it reports anything. It may have initialised itself just now, and then has
 * the others, too, report to standard error. */
void __ubsan_on_report(void);

void __ubsan_on_report(void)
{
    if (reports_fd < 0)
        return;
    if (set_fd_of_ubsan)
        set_fd_of_ubsan(another_fd());
    report_to_file();
}

__attribute__((constructor)) static void open_reports(void)
{
    const char *directory = getenv("CHATKITFS_SANITIZER_REPORTS");
    char path[4096];
    if (!directory)
        return;
    snprintf(path, sizeof path, "%s/report.%ld", directory, (long)getpid());
    reports_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (reports_fd < 0) {
        fprintf(stderr, "can't write the sanitizers' reports to %s: %s\n", path, strerror(errno));
        _exit(EXIT_FAILURE);
    }
    int low = reports_fd;
    reports_fd = (int)(intptr_t)another_fd();
    close(low);
    void *ubsan = dlopen("libubsan.so.1", RTLD_LAZY | RTLD_NOLOAD);
    if (ubsan)
        *(void **)&set_fd_of_ubsan = dlsym(ubsan, "__sanitizer_set_report_fd");
    report_to_file();
    /* A descriptor counts for the process that named it; another would open a file of its own. */
    pthread_atfork(NULL, NULL, report_to_file);
}
