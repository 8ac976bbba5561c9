/* SPDX-License-Identifier: MIT */
/* How the decoder's files build the parts of an item. */
#pragma once

#include "decode_value.h"

/* Adds a copy of part, a literal of borrowed strings. */
void ck_item_add(CkItem *item, CkPart part);
#define CK_ITEM_ADD(item, what, ...) ck_item_add(item, (CkPart){.kind = (what), __VA_ARGS__})

/* Adds what a person reads in a widget: the texts of its components (decode_widget.c). */
void ck_item_add_widget(CkItem *item, CkValue component);
