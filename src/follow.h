/* SPDX-License-Identifier: MIT */
/*
 * Readers that follow a listing. tail -f asks a file for its attributes once a second, and the
 * kernel answers until these have expired: the question that makes us check comes up to a second
 * late, and so does the one after it, which gets the result. So a listing that is asked for again
 * each time it has expired is checked when it expires, without waiting for the question; until one
 * does not come.
 */
#pragma once

#include "want.h"

typedef struct _CkFollow CkFollow;

/* due: to be checked now. Context and configuration must outlive the result. */
CkFollow *ck_follow_new(GMainContext *context, const CkConfig *config,
                        void (*due)(const CkWant *listing, gpointer data), gpointer data);
void ck_follow_free(CkFollow *follow);

/* A reader has asked; the listing has been checked. */
void ck_follow_asked(CkFollow *follow, const CkWant *listing);
void ck_follow_checked(CkFollow *follow, const CkWant *listing);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkFollow, ck_follow_free)
