/* SPDX-License-Identifier: MIT */
/* The mount's side of thread_ioctl.h: CkOperations of requests with an ioctl. */
#pragma once

#include "request.h"

CkTreeResult ck_look_at_thread(CkRequest *request, CkWant *want, GError **error);
CkTreeResult ck_delete_thread(CkRequest *request, CkWant *want, GError **error);
