/* The syntax `name:param=value,param=value` of specs and labels, and lists of them.
 *
 * Commas separate the items of a list as well as the parameters of one item. An element continues
 * the item before it when it is a bare `param=value`; it starts a new item when it has no '=' or
 * has a ':' before its '='. So `a,b:x=1,y=2,c` is `a`, `b:x=1,y=2` and `c`, and no list is
 * ambiguous. */
#ifndef RECLAIM_RUNNER_SPECS_H
#define RECLAIM_RUNNER_SPECS_H

#include <jansson.h>

#include "problem.h"

/* Appends the items of `list` to the array `items`. `option` names where the list was given, for
 * messages. */
bool specs_split(const char *option, const char *list, json_t *items, problem *why);

/* The name in front of the parameters; the caller frees it. */
char *specs_name(const char *spec);

/* What stands behind the name, "" when nothing does. */
const char *specs_parameters(const char *spec);

#endif
