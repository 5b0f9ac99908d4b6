/* Being asked to stop (Ctrl-C, kill). The signals are blocked and read from a descriptor, so that
 * they arrive only where the runner looks, and a sample is either recorded whole or not at all. */
#ifndef RECLAIM_RUNNER_INTERRUPT_H
#define RECLAIM_RUNNER_INTERRUPT_H

/* From now on SIGINT, SIGTERM and SIGHUP wait for the functions below. Without it they end the
 * runner as usual. */
void interrupt_begin(void);

/* A descriptor that is readable once a signal waits, -1 before interrupt_begin. */
int interrupt_descriptor(void);

/* The signal that asked to stop, 0 when none did. Once given, it stays. */
int interrupt_signal(void);

#endif
