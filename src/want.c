/* SPDX-License-Identifier: MIT */
#include "want.h"

CkWant ck_want_copy(const CkWant *want)
{
    return (CkWant){want->kind, g_strdup(want->id)};
}

void ck_want_clear(CkWant *want)
{
    g_clear_pointer(&want->id, g_free);
    want->kind = CK_WANT_NOTHING;
}

CkWant ck_want_threads_of(const char *user, const CkConfig *config)
{
    if (config->user)
        user = config->user;
    gboolean can_filter =
        user && *user && g_utf8_validate(user, -1, NULL) && g_utf8_strlen(user, -1) <= CK_USER_MAX;
    return can_filter ? (CkWant){CK_WANT_USER_THREADS, (char *)user}
                      : (CkWant){CK_WANT_THREADS, NULL};
}

static const char *const kinds[] = {
    [CK_WANT_NOTHING] = "nothing", [CK_WANT_THREADS] = "threads", [CK_WANT_USER_THREADS] = "user",
    [CK_WANT_ITEMS] = "items",     [CK_WANT_THREAD] = "thread",   [CK_WANT_NEWEST] = "newest",
    [CK_WANT_DELETED] = "deleted",
};

char *ck_want_key(const CkWant *want)
{
    return g_strconcat(kinds[want->kind], ":", want->id, NULL);
}

char *ck_want_key_prefix(CkWantKind kind)
{
    return g_strconcat(kinds[kind], ":", NULL);
}

char *ck_want_describe(const CkWant *want)
{
    switch (want->kind) {
    case CK_WANT_THREADS:
        return g_strdup("listing threads");
    case CK_WANT_USER_THREADS:
        return g_strdup("listing a user's threads");
    case CK_WANT_ITEMS:
        return g_strdup_printf("listing the items of %s", want->id);
    case CK_WANT_THREAD:
        return g_strdup_printf("retrieving thread %s", want->id);
    case CK_WANT_NEWEST:
        return g_strdup_printf("asking for the newest items of %s", want->id);
    case CK_WANT_DELETED:
        return g_strdup_printf("deleting thread %s", want->id);
    case CK_WANT_NOTHING:
        break;
    }
    return g_strdup("fetching");
}
