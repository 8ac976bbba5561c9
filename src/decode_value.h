/* SPDX-License-Identifier: MIT */
/* What the decoder's files share: cJSON's values, looked at without trust. */
#pragma once

#include <cjson/cJSON.h>

#include "decode.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(cJSON, cJSON_Delete)

/* *value, to be deleted: NULL where json has more values than cJSON is given. lost: as
 * ck_json_repair(). Error: CK_ERROR_NO_MEMORY. */
gboolean ck_value_parse(CkSlice json, guint *lost, cJSON **value, GError **error);

/* As ck_value_parse(), but of an object that is too much as a whole those members that are not, as
 * long as there is room; the others are null, and their names added to missing. NULL with the error
 * set. */
cJSON *ck_value_parse_object(CkSlice json, GPtrArray *missing, guint *lost, GError **error);

/* A value and what it was parsed from. */
typedef struct {
    const cJSON *value; /* NULL: there is none */
    CkSlice source;
} CkValue;

/* child: one of the container's own, or NULL. Takes as long as the container is large. */
CkValue ck_value_child(CkValue container, const cJSON *child);

/* Walks what a container holds, in the order sent. */
typedef struct {
    const cJSON *next;
    CkJsonIter source;
} CkValueIter;

void ck_value_iter_init(CkValueIter *iter, CkValue container);
gboolean ck_value_iter_next(CkValueIter *iter, CkValue *child);

/* An object's member, of several with that name the last, as ck_json_member(); NULL where there is
 * none, or no object. */
const cJSON *ck_value_get(const cJSON *object, const char *name);

/* The string member of that name, NULL where it is missing, null or no string. */
const char *ck_value_string(const cJSON *object, const char *name);

/* The same, and NULL for "" as well. */
const char *ck_value_filled(const cJSON *object, const char *name);

/* Seconds since 1970, 0 where there is no number or none before the year 10000. */
gint64 ck_value_time(const cJSON *object, const char *name);

/* A type without the prefix "chatkit." that OpenAPI gives it and the reference's examples do not;
 * "" where there is none. */
const char *ck_value_type(const cJSON *object);
