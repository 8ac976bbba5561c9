/* SPDX-License-Identifier: MIT */
/* How a mount is doing, as one JSON object. A pure function of what it is told. */
#pragma once

#include "api.h"
#include "store.h"

typedef struct {
    const CkConfig *config; /* of which the key is not looked at */
    gint64 mounted_at;      /* seconds since 1970, as all times here */
    CkStoreCounts counts;
    CkStoreChecks checks;
    gint64 now;
    gboolean complete; /* the listing of all threads has been read to its end */
    gint64 checked_at; /* when its newest end was last known to be current, and … */
    gint64 listed_at;  /* … all of it; 0: never */
    CkApiUsage usage;
    guint64 operations; /* of the file system, and … */
    guint64 waited;     /* those of them that had to wait for a fetch */
    struct {
        gboolean files, tcp, sockets, system_calls; /* what the process has given up, see fs/confine.h */
    } confined;
    struct {
        const char *message; /* NULL: there was none */
        const char *remedy;
        gint64 time;
    } last_error;
} CkStatus;

/* Appends the object, indented by two spaces, its members always in the same order, and a newline.
 * Texts of any bytes: what is no UTF-8 becomes U+FFFD, and controls are escaped. */
void ck_status_write(const CkStatus *status, GString *out);
