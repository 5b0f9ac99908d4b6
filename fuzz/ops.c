/* Target `ops`: any operation program, under any knobs, agrees with the model. One executable per
 * strategy. */
#include "driver.h"
#include "machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static program p;
    machine_failure failure;

    if (!program_decode(data, size, &p))
        return -1; /* not worth a place in a corpus */
    failure = machine_failure_of(&p);
    machine_run(&p, &failure);
    return 0;
}

bool fuzz_digest(const uint8_t *data, size_t size, fuzz_digests *out)
{
    static program p;
    machine_digest digest;

    if (!program_decode(data, size, &p))
        return false;
    out->comparable = program_is_comparable(&p);
    if (!out->comparable)
        return true;
    digest = machine_run(&p, NULL);
    out->result = digest.graph;
    out->extra = digest.finalised;
    out->has_extra = digest.complete;
    return true;
}
