/* What only a fuzzing engine needs of the targets that read operation programs: mutations, by
 * libFuzzer's interface, programs to measure it with, and sanitizer options that suit a million small heaps. */
#include "mutator.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

const char *__asan_default_options(void);
/* The engine's own mutations; other engines than libFuzzer have none to offer. */
__attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *first, size_t first_size, const uint8_t *second,
                                 size_t second_size, uint8_t *out, size_t max_out_size,
                                 unsigned seed);

/* Memory that is kept unusable after a free is sized for one input at a time. Stacks of allocations
 * are for reports, and those that people read come from the replay. Frames are not kept after their
 * return: it costs a tenth, and every block takes its variables out of the heap's lists. */
const char *__asan_default_options(void)
{
    return "quarantine_size_mb=1:thread_local_quarantine_size_kb=256:malloc_context_size=0:detect_"
           "stack_use_after_return=0";
}

/* For measuring, scripts/fuzz --rate: programs that are there already take the place of mutations, so
 * that any two builds run the same. The file that the variable names has them one after the other,
 * each as long as an input may be. */
static FILE *given_programs(void)
{
    static FILE *file;
    static bool looked;
    const char *path = looked ? NULL : getenv("RECLAIM_FUZZ_PROGRAMS");

    looked = true;
    if (path != NULL) {
        file = fopen(path, "rb");
        if (file == NULL) {
            perror(path);
            exit(1);
        }
    }
    return file;
}

/* Behind the last comes the first again. */
static size_t next_given(FILE *file, uint8_t *data, size_t size)
{
    size_t read = fread(data, 1, size, file);

    if (read == size)
        return size;
    rewind(file);
    return fread(data, 1, size, file);
}

/* One time in ten the engine's own mutations: they know nothing of operations, and so no prejudice.
 */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    FILE *given = given_programs();

    if (given != NULL)
        return next_given(given, data, max_size);
    if (seed % 10 == 0 && LLVMFuzzerMutate != NULL)
        return LLVMFuzzerMutate(data, size, max_size);
    return mutator_mutate(data, size, max_size, seed);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *first, size_t first_size, const uint8_t *second,
                                 size_t second_size, uint8_t *out, size_t max_out_size,
                                 unsigned seed)
{
    return mutator_cross(first, first_size, second, second_size, out, max_out_size, seed);
}
