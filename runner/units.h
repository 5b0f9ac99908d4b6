/* Numbers as people read them: three significant digits and a unit. */
#ifndef RECLAIM_RUNNER_UNITS_H
#define RECLAIM_RUNNER_UNITS_H

enum { UNIT_TEXT_MAX = 32 };

/* "61.2 ms", "-" for NAN. */
void unit_duration(char out[UNIT_TEXT_MAX], double nanoseconds);

/* "412 MB" (powers of 1000), "-" for NAN. */
void unit_bytes(char out[UNIT_TEXT_MAX], double bytes);

/* "999", "12.3 k", "2 M": a count, whole below 10,000. "-" for NAN. */
void unit_count(char out[UNIT_TEXT_MAX], double count);

/* "about 40 s", "about 3 min", "about 2 h": how long something still takes. */
void unit_time_left(char out[UNIT_TEXT_MAX], double seconds);

#endif
