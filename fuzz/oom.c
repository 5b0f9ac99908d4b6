/* Target `oom`: wherever an allocation fails, the state before it stands.
 *
 * Property: let a program ask for N allocations when none fails. For each i ≤ N it runs again with
 * the ith failing, once alone and once with all that follow; each run agrees with the model, in
 * which a failed operation does nothing. The oracle compares heap and model right after a failure.
 * The input's own two knobs for failures are overwritten.
 *
 * A knob is a byte, so only the first 255 attempts are failed; and the cost is the square of the
 * program's length, so operations beyond the first OPERATIONS_MAX are left out. */
#include "driver.h"
#include "machine.h"

enum { OPERATIONS_MAX = 64, FAIL_AT_MAX = UINT8_MAX };

static void set_failure(program *p, uint64_t attempt, bool thereafter)
{
    p->knobs[KNOB_fail_at] = (uint8_t)attempt;
    p->knobs[KNOB_fail_thereafter] = thereafter;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static program p;
    uint64_t attempts;

    if (!program_decode(data, size, &p))
        return -1; /* not worth a place in a corpus */
    if (p.operation_count > OPERATIONS_MAX)
        p.operation_count = OPERATIONS_MAX;
    set_failure(&p, 0, false);
    machine_run(&p, true);
    attempts = machine_allocation_attempts();
    for (uint64_t i = 1; i <= attempts && i <= FAIL_AT_MAX; i++) {
        set_failure(&p, i, false);
        machine_run(&p, true);
        set_failure(&p, i, true);
        machine_run(&p, true);
    }
    return 0;
}
