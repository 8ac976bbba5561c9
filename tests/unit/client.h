/* SPDX-License-Identifier: MIT */
/* The server's client, for tests of what asks the API. */
#pragma once

#include "api.h"
#include "server.h"

static inline CkConfig *client_config(Server *server)
{
    CkConfig *config = ck_config_new();
    g_free(config->account.base_url.value);
    config->account.base_url.value = server_url(server, "/v1");
    return config;
}

static inline CkApi *client_api(GMainContext *context, const CkConfig *config)
{
    g_autoptr(GError) error = NULL;
    CkApi *api = ck_api_new(context, config, &error);
    g_assert_no_error(error);
    return api;
}
