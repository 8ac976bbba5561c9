/* SPDX-License-Identifier: MIT */
#include "error.h"

G_DEFINE_QUARK(chatkit, ck_error)

const char *ck_error_remedy(CkError code)
{
    switch (code) {
    case CK_ERROR_INVALID:
        return "see chatkitfs --help";
    case CK_ERROR_DENIED:
        return "check the API key, and that the key may read ChatKit threads (to delete one, "
               "write)";
    case CK_ERROR_NOT_FOUND:
        return "it may have been deleted; if nothing is found, check the base URL, with its /v1";
    case CK_ERROR_REJECTED:
        return "check the base URL; if it is right, please report this";
    case CK_ERROR_RATE_LIMITED:
        return "wait a little, or lower --concurrency";
    case CK_ERROR_QUOTA:
        return "add credit to the account, or raise the limit of its project";
    case CK_ERROR_SERVER:
        return "the server has a problem; try again later";
    case CK_ERROR_TIMED_OUT:
        return "check the network, or raise --timeout";
    case CK_ERROR_REFUSED:
        return "check that the server runs and that the base URL is right";
    case CK_ERROR_UNREACHABLE:
        return "check the network and the base URL";
    case CK_ERROR_CONNECTION:
        return "check the network, then the server's certificate; reading again tries again";
    case CK_ERROR_BAD_RESPONSE:
        return "check that the base URL is an OpenAI API; reading again tries again";
    case CK_ERROR_TOO_LARGE:
        return "check that the base URL is an OpenAI API; if it is, please report this: no "
               "answer should be so large";
    case CK_ERROR_OFFLINE:
        return "mount without --offline, or run chatkitfs --sync, to have it in the cache";
    case CK_ERROR_CLOSING:
        return "the file system is being unmounted";
    case CK_ERROR_STORE:
        return "please report this";
    case CK_ERROR_STORE_FULL:
        return "make room in the directory of --cache-dir; without one, make room in /var/tmp or "
               "point SQLITE_TMPDIR to a larger disk; a limit may be too low, see ulimit -f";
    case CK_ERROR_STORE_DAMAGED:
        return "what the cache held is fetched again; read again";
    case CK_ERROR_STORE_VERSION:
        return "what the cache held is fetched again";
    case CK_ERROR_NO_MEMORY:
        return "close other programs, or allow this one more memory; then read again";
    }
    return "please report this";
}

gboolean ck_error_invalid(GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error_literal(error, CK_ERROR, CK_ERROR_INVALID, message);
    return FALSE;
}
