/* SPDX-License-Identifier: MIT */
#include "error.h"

#include <string.h>

/* A remedy ends a sentence of the log: one line, without a full stop. */
static void every_code_has_a_remedy(void)
{
    for (int code = CK_ERROR_INVALID; code <= CK_ERROR_LAST; code++) {
        const char *remedy = ck_error_remedy((CkError)code);
        g_assert_cmpuint(strlen(remedy), >, 10);
        g_assert_null(strchr(remedy, '\n'));
        g_assert_false(g_str_has_suffix(remedy, "."));
    }
}

static void a_code_that_nobody_knows_has_one_too(void)
{
    g_assert_nonnull(ck_error_remedy((CkError)1000));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/error/remedy/every-code", every_code_has_a_remedy);
    g_test_add_func("/error/remedy/unknown-code", a_code_that_nobody_knows_has_one_too);
    return g_test_run();
}
