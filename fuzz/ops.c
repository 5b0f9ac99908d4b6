/* Target `ops`: any operation program, under any knobs, agrees with the model. One executable per
 * strategy. */
#include "driver.h"
#include "machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static program p;

    if (!program_decode(data, size, &p))
        return -1; /* not worth a place in a corpus */
    machine_run(&p, true);
    return 0;
}

bool fuzz_digest(const uint8_t *data, size_t size, uint64_t *digest)
{
    static program p;

    if (!program_decode(data, size, &p))
        return false;
    *digest = machine_run(&p, false);
    return true;
}
