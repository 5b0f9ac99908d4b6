/* What every unit test includes: cmocka wants its own headers first and in this order. */
#ifndef RECLAIM_TESTS_RUNNER_UNIT_H
#define RECLAIM_TESTS_RUNNER_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

#endif
