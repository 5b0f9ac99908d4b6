#include "status.h"

#include <string.h>

static const char *const names[STATUS_COUNT] = {
    [STATUS_OK] = "ok",     [STATUS_UNCOLLECTED] = "uncollected", [STATUS_LEAKED] = "leaked",
    [STATUS_OOM] = "oom",   [STATUS_TIMEOUT] = "timeout",         [STATUS_FAILED] = "failed",
    [STATUS_VOID] = "void", [STATUS_SKIPPED] = "skipped",         [STATUS_MISSING] = "missing",
};

const char *status_name(status of)
{
    return names[of];
}

status status_from_name(const char *name)
{
    int i = 0;

    while (i < STATUS_COUNT && strcmp(names[i], name) != 0)
        i++;
    return (status)i;
}

bool status_is_timed(status of)
{
    return of <= STATUS_LEAKED;
}
