/* SPDX-License-Identifier: MIT */
#include "breaker.h"

CkBreakerWord ck_breaker_ask(CkBreaker *breaker, gboolean room, gint64 now)
{
    if (breaker->pause > 0 && !breaker->probing && now < breaker->open_until)
        return CK_BREAKER_REFUSE;
    if (!room || breaker->probing)
        return CK_BREAKER_WAIT;
    if (breaker->pause == 0)
        return CK_BREAKER_SEND;
    breaker->probing = TRUE;
    return CK_BREAKER_PROBE;
}

void ck_breaker_close(CkBreaker *breaker)
{
    *breaker = (CkBreaker){0};
}

static void open_for(CkBreaker *breaker, gint64 pause, gint64 now)
{
    breaker->pause = MIN(pause, CK_BREAKER_LONGEST);
    breaker->open_until = now + breaker->pause;
    breaker->probing = FALSE;
}

void ck_breaker_fail(CkBreaker *breaker, gboolean probe, gint64 sent_at, gint64 now)
{
    if (probe) {
        open_for(breaker, 2 * breaker->pause, now);
        return;
    }
    if (breaker->pause > 0 || (breaker->failures > 0 && sent_at < breaker->failed_at))
        return;
    breaker->failed_at = now;
    if (++breaker->failures == CK_BREAKER_FAILURES)
        open_for(breaker, CK_BREAKER_FIRST, now);
}

void ck_breaker_abandon(CkBreaker *breaker)
{
    breaker->probing = FALSE;
}
