/* Target `stress`: when a collector runs is nobody's business.
 *
 * Property: a program that collects before every allocation ends with the same reachable graph as
 * one that never collects unless it says so, and with the same finalisers called once all garbage
 * is collected; and both agree with the model all the way, whatever the input's own knob says. Where
 * user code runs as objects die, it may well change the graph, and only the model judges. */
#include "driver.h"
#include "machine.h"

#include <stdio.h>
#include <stdlib.h>

static machine_digest run_collecting_every(program *p, uint8_t allocations)
{
    p->knobs[KNOB_collect_every] = allocations;
    return machine_run(p, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static program p;
    machine_digest never, always;

    if (!program_decode(data, size, &p))
        return -1; /* not worth a place in a corpus */
    never = run_collecting_every(&p, 0);
    always = run_collecting_every(&p, 1);
    if (!program_is_comparable(&p) ||
        (never.graph == always.graph && never.finalised == always.finalised))
        return 0;
    fprintf(
        stderr,
        "violation: stress: the graph is %016llx with a collection at every allocation, %016llx "
        "without; the finalised %016llx, %016llx\n  strategy: %s\n",
        (unsigned long long)always.graph, (unsigned long long)never.graph,
        (unsigned long long)always.finalised, (unsigned long long)never.finalised,
        MM_STRATEGY_NAME);
    abort();
}
