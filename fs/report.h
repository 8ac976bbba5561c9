/* SPDX-License-Identifier: MIT */
/* What stands in the mount's own files: how it is doing, and for whom it asked the API. */
#pragma once

#include "request.h"

#define CK_REPORT_FILES 2

/* For which data is the mount, const CkMount *. */
extern const CkOwnFile ck_report_files[CK_REPORT_FILES];
