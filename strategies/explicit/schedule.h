/* The form of a schedule, in memory and in a file.
 *
 * A *place* is an entry of a table of addresses. Each object has one from its birth to its death, and
 * those that die together have places side by side, so a death names a range and no object. Places
 * are used again; they are given out in such an order that most objects get the place after the one
 * before, and most deaths concern the range after the one before. So both lists are of runs:
 *
 *   births   the next `length` objects have the places from `first` on
 *   deaths   `repeat` times: after `after` more references given up, the `count` objects at `first`
 *            die; then `first` moves on by `stride`
 *
 * Programs that do the same over and over have a schedule of a few kilobytes; one whose objects die
 * in no order at all, 28 bytes for each.
 *
 * In a file: the header, the points of live bytes, births, deaths, in this machine's byte order,
 * padded to 8 bytes. */
#ifndef EXPLICIT_SCHEDULE_H
#define EXPLICIT_SCHEDULE_H

#include "mm_schedule.h"

typedef struct schedule_births {
    uint32_t first, length;
} schedule_births;

typedef struct schedule_deaths {
    uint32_t after, count, first, repeat;
    int32_t stride;
} schedule_deaths;

enum { SCHEDULE_VERSION = 1, SCHEDULE_BUILD_MAX = 64 };

typedef struct schedule_header {
    char magic[8];
    uint64_t version;
    uint64_t bytes;    /* of the whole file */
    uint64_t checksum; /* of all that follows this word */
    uint64_t objects, references_given_up, digest;
    uint64_t references_after_last_death;
    uint64_t places;
    uint64_t survivors_first, survivors; /* places of what lives to the end */
    uint64_t point_count, birth_count, death_count;
    uint64_t seed;
    char program[MM_SCHEDULE_NAME_MAX], build[SCHEDULE_BUILD_MAX];
} schedule_header;

struct mm_schedule {
    schedule_header *header; /* the others lie behind it */
    mm_live_point *points;
    schedule_births *births;
    schedule_deaths *deaths;
    bool mapped; /* from a file; else from malloc */
};

/* A schedule with room for so many of each, all zero; NULL when there is no memory. */
mm_schedule *schedule_new(size_t points, size_t births, size_t deaths);

#endif
