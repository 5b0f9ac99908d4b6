#include "conformance.h"
int test_nasty_finalisers(void)
{
    return 0;
}
