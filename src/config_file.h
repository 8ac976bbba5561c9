/* SPDX-License-Identifier: MIT */
/* A configuration file, see chatkitfs.conf(5): a GKeyFile with a section for each profile, whose
 * keys are called as the long options are. */
#pragma once

#include "config.h"

#define CK_PROFILE_DEFAULT "default"

typedef struct _CkConfigFile CkConfigFile;

/* Reads it. One that others can write is refused: it says to whom the key is sent. Error:
 * CK_ERROR_INVALID, naming the file, and the line where it is no configuration; nothing that stands
 * in it is repeated, which may be a key. */
CkConfigFile *ck_config_file_read(const char *path, GError **error);
void ck_config_file_free(CkConfigFile *file);

gboolean ck_config_file_has(const CkConfigFile *file, const char *profile);

/* The names of its profiles, comma-separated, as they can stand in an error; to be freed. */
char *ck_config_file_profiles(const CkConfigFile *file);

/* Sets what the section of a profile, which it must have, says; source: CK_SOURCE_PROFILE or
 * CK_SOURCE_DEFAULT. Error: CK_ERROR_INVALID, naming file and section: an unknown key, with
 * the nearest known one, or a bad value. */
gboolean ck_config_file_apply(const CkConfigFile *file, CkSource source, const char *profile,
                              CkConfig *config, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CkConfigFile, ck_config_file_free)
