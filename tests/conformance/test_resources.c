#include "conformance.h"
int test_resources(void)
{
    return 0;
}
