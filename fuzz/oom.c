/* Target `oom`: wherever an allocation fails, the state before it stands.
 *
 * Property: let a program ask for N allocations when none fails. For each i ≤ N it runs again with
 * the ith failing, once alone and once with all that follow; each run agrees with the model, in
 * which a failed operation does nothing. The oracle compares heap and model right after a failure.
 * What the input's own two knobs say about failures is left out.
 *
 * The cost is the square of the program's length, so operations beyond the first OPERATIONS_MAX are
 * left out. */
#include "driver.h"
#include "machine.h"

enum { OPERATIONS_MAX = 64 };

static void run_failing(const program *p, uint64_t attempt, bool thereafter)
{
    machine_run(p, &(machine_failure){attempt, thereafter});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static program p;
    uint64_t attempts;

    if (!program_decode(data, size, &p))
        return -1; /* not worth a place in a corpus */
    if (p.operation_count > OPERATIONS_MAX)
        p.operation_count = OPERATIONS_MAX;
    run_failing(&p, 0, false);
    attempts = machine_allocation_attempts();
    for (uint64_t i = 1; i <= attempts; i++) {
        run_failing(&p, i, false);
        run_failing(&p, i, true);
    }
    return 0;
}
