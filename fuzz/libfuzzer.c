/* What only a fuzzing engine needs of the targets that read operation programs: mutations, by
 * libFuzzer's interface, and sanitizer options that suit a million small heaps. */
#include "mutator.h"

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
    return "quarantine_size_mb=16:malloc_context_size=0:detect_stack_use_after_return=0";
}

/* One time in ten the engine's own mutations: they know nothing of operations, and so no prejudice.
 */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
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
