/* SPDX-License-Identifier: MIT */
#include "to_errno.h"

#include <errno.h>

#include "error.h"

int ck_errno(const GError *error)
{
    if (error->domain != CK_ERROR)
        return EIO;
    switch ((CkError)error->code) {
    case CK_ERROR_INVALID:
        return EINVAL;
    case CK_ERROR_DENIED:
        return EACCES;
    case CK_ERROR_NOT_FOUND:
        return ENOENT;
    case CK_ERROR_RATE_LIMITED:
        return EAGAIN;
    case CK_ERROR_QUOTA:
        return EDQUOT;
    case CK_ERROR_TIMED_OUT:
        return ETIMEDOUT;
    case CK_ERROR_REFUSED:
        return ECONNREFUSED;
    case CK_ERROR_UNREACHABLE:
        return EHOSTUNREACH;
    case CK_ERROR_OFFLINE:
        return ENETUNREACH;
    case CK_ERROR_CLOSING:
        return ENOTCONN;
    case CK_ERROR_STORE_FULL:
        return ENOSPC;
    case CK_ERROR_NO_MEMORY:
        return ENOMEM;
    case CK_ERROR_REJECTED:
    case CK_ERROR_SERVER:
    case CK_ERROR_CONNECTION:
    case CK_ERROR_BAD_RESPONSE:
    case CK_ERROR_TOO_LARGE:
    case CK_ERROR_STORE:
    case CK_ERROR_STORE_DAMAGED:
    case CK_ERROR_STORE_VERSION:
        return EIO;
    }
    return EIO;
}
