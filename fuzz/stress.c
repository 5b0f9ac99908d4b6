/* Target `stress`: when a collector runs is nobody's business.
 *
 * Property: a program that collects before every allocation ends with the same reachable graph as
 * one that never collects unless it says so; and both agree with the model all the way. The digests
 * of the two graphs are compared, whatever the input's own knob says. */
#include "driver.h"
#include "machine.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static program p;
    uint64_t never, always;

    if (!program_decode(data, size, &p))
        return -1; /* not worth a place in a corpus */
    p.knobs[KNOB_collect_every] = 0;
    never = machine_run(&p, false);
    p.knobs[KNOB_collect_every] = 1;
    always = machine_run(&p, false);
    if (never == always)
        return 0;
    fprintf(stderr,
            "violation: stress: the digest is %016llx with a collection at every allocation, "
            "%016llx without\n  strategy: %s\n",
            (unsigned long long)always, (unsigned long long)never, MM_STRATEGY_NAME);
    abort();
}
