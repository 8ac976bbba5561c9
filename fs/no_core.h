/* SPDX-License-Identifier: MIT */
/* What is in memory, the API key above all, stays there. */
#pragma once

/* No core of this process holds any of its memory, and none is written when it ends by a signal; no
 * other process of its user can look into it (PR_SET_DUMPABLE of prctl(2), RLIMIT_CORE, core(5)).
 * Its children inherit the former two unless they execute a program, and the limit in any case.
 * Best effort: a kernel that forbids one of these is no reason to end. */
void ck_no_core(void);
