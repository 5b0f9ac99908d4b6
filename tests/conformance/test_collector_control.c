#include "conformance.h"
int test_collector_control(void)
{
    return 0;
}
