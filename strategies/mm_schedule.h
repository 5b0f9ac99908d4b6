/* mm_schedule.h: when each object of a program dies, found out by one run and followed by later ones.
 *
 * For a strategy with the trait `scheduled`. A schedule belongs to one program with one seed, in one
 * build: everything that does the same operations. Following the schedule of another program frees
 * what is in use, so a schedule that is read must be asked for by the name it was written with.
 *
 *   recording   mm_schedule_record()    … the program …   mm_schedule_end_recording()
 *   following   mm_schedule_follow()    … the program …   mm_schedule_end_following()
 *
 * Both begin with a heap that has no object yet, and end when the program has given up all that it
 * will give up; what is live then, lives until the heap is freed.
 *
 * A program that makes weak references or objects with finalisers has no schedule: what its code
 * does when objects die depends on what dies when. Nor has one that goes on in several processes. */
#ifndef MM_SCHEDULE_H
#define MM_SCHEDULE_H

#include "mm.h"

#if !MM_SCHEDULED
    #error "mm_schedule.h is for strategies with the trait `scheduled`"
#endif

typedef struct mm_schedule mm_schedule;

/* What a schedule belongs to: texts of at most MM_SCHEDULE_NAME_MAX − 1 bytes. */
enum { MM_SCHEDULE_NAME_MAX = 1024, MM_SCHEDULE_MESSAGE_MAX = 512 };
typedef struct mm_schedule_key {
    const char *program; /* such as "dom:back=0.1" */
    uint64_t seed;
    const char *build; /* such as a commit */
} mm_schedule_key;

/* What is reachable at one moment of the program: the least that any strategy must hold then. */
typedef struct mm_live_point {
    uint64_t requests; /* that have ended */
    uint64_t objects_allocated, bytes_allocated;
    uint64_t objects_live, bytes_live; /* reachable; bytes as requested, without any header */
} mm_live_point;

/* What a schedule takes. */
typedef struct mm_schedule_size {
    uint64_t objects;             /* of the program */
    uint64_t references_given_up; /* likewise */
    uint64_t bytes;               /* of the schedule, in memory and in a file */
    uint64_t table_bytes;         /* that following it takes beside */
} mm_schedule_size;

#if MM_COUNTED
/* From now on it is found out when objects die. Errors: MM_INVALID unless the heap has had no object
 * yet and nothing is recorded or followed; MM_NO_MEMORY. Cost: what tracing collections cost that
 * begin when the heap has doubled; 12 bytes for every object made, 24 for every moment of death and
 * 32 for every object that is held; and, when it ends, twice the schedule. */
mm_status mm_schedule_record(mm *m);

/* Ends the recording, with the schedule in `*out`, which mm_schedule_free() frees. Errors:
 * MM_UNSUPPORTED when the program cannot have one; MM_NO_MEMORY. */
mm_status mm_schedule_end_recording(mm *m, mm_schedule **out);
#endif

/* From now on the heap frees what the schedule says, which stays the caller's and outlives the heap.
 * Errors: as mm_schedule_record(). */
mm_status mm_schedule_follow(mm *m, const mm_schedule *schedule);

/* Ends it. False when the program was not the recorded one: it made other objects, gave up other
 * references or, where that is counted, issued other operations; then nobody knows what was freed. */
bool mm_schedule_end_following(mm *m);

#if MM_CHECKED
/* From now on the heap is verified while it follows a schedule, after each reference that is given
 * up: exactly what is reachable is left. When more than `objects` are held that is done less often: with
 * twice as many one time in six, with more ever less; 0: never. */
void mm_schedule_audit(mm_heap *heap, uint32_t objects);

/* How often that has been done, and whether it has always been so: false with the first violation. */
uint64_t mm_schedule_audits(const mm_heap *heap);
bool mm_schedule_audited(const mm_heap *heap, char message[MM_MESSAGE_MAX]);
#endif

void mm_schedule_free(mm_schedule *schedule);

/* Writes the schedule into a file, whole or not at all. False with a message that names the file. */
bool mm_schedule_write(const mm_schedule *schedule, const mm_schedule_key *key, const char *path,
                       char message[MM_SCHEDULE_MESSAGE_MAX]);

/* The schedule in a file, mapped into memory, or NULL with a message: it cannot be read, is damaged
 * or belongs to something else. */
mm_schedule *mm_schedule_read(const char *path, const mm_schedule_key *key,
                              char message[MM_SCHEDULE_MESSAGE_MAX]);

mm_schedule_size mm_schedule_size_of(const mm_schedule *schedule);

/* What is truly live over the time of the program, whose clock is what it has allocated: `*count`
 * moments in order, evenly spaced in objects_allocated, at most some 2000; the last is the end. They
 * belong to the schedule. */
const mm_live_point *mm_schedule_live(const mm_schedule *schedule, size_t *count);

#endif
