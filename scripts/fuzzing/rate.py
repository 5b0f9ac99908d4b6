"""How fast the `ops` targets are: executions for each second of processor time, on programs of 64 operations.

Two mixes are measured. *random* draws each operation as the mutator draws a new one, from a sequence that is always the same; no knob is
turned. *corpus* is made of the committed corpus: a program has the knobs of one input, and its operations and those of the inputs after it until
there are 64; those are the long rings, the deep nesting and the user code that campaigns have found worth keeping. Nothing is mutated, so two
builds run the very same programs and may be compared. What it takes to start is measured with few programs, and taken off."""

import os
import random
import re
import resource
import subprocess
import tempfile

import files
from problem import Problem

OPERATIONS = 64
PROGRAMS, STARTED = 6000, 10
OPERATION_BYTES = 4
EXECUTED = re.compile(r"stat::number_of_executed_units:\s*(\d+)")


def of_corpus(inputs, header_bytes):
    """Programs of 64 operations; the `step` between the inputs that one is made of changes when all have begun one."""
    for number in range(PROGRAMS):
        first, step = number % len(inputs), 1 + number // len(inputs)
        operations, index = b"", first
        while len(operations) < OPERATIONS * OPERATION_BYTES:
            more = inputs[index % len(inputs)][header_bytes:]
            operations += more[:len(more) // OPERATION_BYTES * OPERATION_BYTES]
            index += step
        yield inputs[first][:header_bytes] + operations[:OPERATIONS * OPERATION_BYTES]


def at_random(header_bytes, version):
    drawn = random.Random(1)
    for _ in range(PROGRAMS):
        yield bytes([version]) + bytes(header_bytes - 1) + drawn.randbytes(OPERATIONS * OPERATION_BYTES)


def newest(corpora, header_bytes, version):
    """The inputs of the newest version: the codes of older ones mean other operations."""
    inputs = [files.read(path) for corpus in corpora for path in files.listed(corpus)]
    return [data for data in inputs if len(data) > header_bytes + OPERATION_BYTES and data[0] == version]


def execute(target, programs, runs, bytes_max):
    """Processor time of that many executions: the fuzzer's own loop, with the programs in place of mutations."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([os.path.join(target.folder, target.name), f"-runs={runs}", "-seed=1", "-cross_over=0", "-len_control=0",
                           "-print_final_stats=1", "-print_funcs=0", f"-max_len={bytes_max}", f"-artifact_prefix={os.path.dirname(programs)}/"],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, env={**os.environ, "RECLAIM_FUZZ_PROGRAMS": programs})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    executed = EXECUTED.search(done.stdout.decode(errors="replace"))
    if done.returncode != 0 or not executed or int(executed[1]) != runs:
        raise Problem(f"{target.name} did not get through the programs:\n" + done.stdout.decode(errors="replace")[-2000:])
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(target, programs, bytes_max):
    """Executions for each second, without what it takes to start."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "programs")
        files.write_whole(path, b"".join(programs))
        started = execute(target, path, STARTED, bytes_max)
        return (PROGRAMS - STARTED) / (execute(target, path, PROGRAMS, bytes_max) - started)


def report(targets, inputs_format):
    header_bytes, version = inputs_format
    bytes_max = header_bytes + OPERATIONS * OPERATION_BYTES
    print(f"{'executions per second':24} {'random':>8} {'corpus':>8}   {'operations per second':>21}")
    for target in targets:
        inputs = newest(target.corpora, header_bytes, version)
        if not inputs:
            raise Problem(f"{target.name}: no input of version {version} in {', '.join(target.corpora)}")
        drawn, made = (measure(target, programs, bytes_max)
                       for programs in (at_random(header_bytes, version), of_corpus(inputs, header_bytes)))
        print(f"{target.name:24} {drawn:8.0f} {made:8.0f}   {drawn * OPERATIONS:10.0f} {made * OPERATIONS:10.0f}", flush=True)
