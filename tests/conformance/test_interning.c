#include "conformance.h"
int test_interning(void)
{
    return 0;
}
