/* SPDX-License-Identifier: MIT */
#include "throttle.h"

CkThrottle ck_throttle_new(guint most)
{
    return (CkThrottle){.most = most, .allowed = most, .halved_at = G_MININT64};
}

void ck_throttle_limit(CkThrottle *throttle, gint64 sent_at, gint64 now, gint64 until)
{
    throttle->paused_until = MAX(throttle->paused_until, until);
    if (sent_at <= throttle->halved_at)
        return;
    throttle->allowed = MAX(throttle->allowed / 2, 1);
    throttle->halved_at = now;
}

void ck_throttle_grow(CkThrottle *throttle)
{
    throttle->allowed = MIN(throttle->allowed + 1 / throttle->allowed, throttle->most);
}

guint ck_throttle_allowed(const CkThrottle *throttle)
{
    return (guint)throttle->allowed;
}
