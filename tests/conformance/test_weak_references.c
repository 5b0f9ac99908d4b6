#include "conformance.h"
int test_weak_references(void)
{
    return 0;
}
