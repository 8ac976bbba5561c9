/* SPDX-License-Identifier: MIT */
/*
 * rmdir and unlink: CkOperations of a mount with --allow-delete.
 *
 * To remove a thread's folder deletes the thread. It need not be empty, as it is not for others;
 * but whoever has begun to empty it (removals.h) has to have come to the end, as everywhere.
 */
#pragma once

#include "request.h"

CkTreeResult ck_remove_folder(CkRequest *request, CkWant *want, GError **error);
CkTreeResult ck_remove_file(CkRequest *request, CkWant *want, GError **error);
