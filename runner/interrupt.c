#define _GNU_SOURCE
#include "interrupt.h"

#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <unistd.h>

static int descriptor = -1;
static int seen;

void interrupt_begin(void)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    descriptor = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
    if (descriptor >= 0)
        sigprocmask(SIG_BLOCK, &signals, NULL);
}

int interrupt_descriptor(void)
{
    return descriptor;
}

int interrupt_signal(void)
{
    struct signalfd_siginfo signal_info;

    if (seen == 0 && descriptor >= 0 &&
        read(descriptor, &signal_info, sizeof signal_info) == (ssize_t)sizeof signal_info)
        seen = (int)signal_info.ssi_signo;
    return seen;
}
