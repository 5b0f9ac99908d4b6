#include "conformance.h"
int test_immortal(void)
{
    return 0;
}
