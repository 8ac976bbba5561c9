/* SPDX-License-Identifier: MIT */
/* Which errno a program sees for an error of the library; the man page lists them. */
#pragma once

#include <glib.h>

int ck_errno(const GError *error);
