"""How fast the `ops` targets are: executions for each second of processor time, on programs of 64 operations.

The programs are made of the committed corpus: each has the knobs of one input, and its operations and those of the inputs after it until there
are 64. Nothing is mutated and nothing is drawn, so two builds run the very same programs and may be compared."""

import os
import re
import resource
import shutil
import subprocess
import tempfile

import files
from problem import Problem

OPERATIONS = 64
PROGRAMS = 6000
OPERATION_BYTES = 4
EXECUTED = re.compile(r"stat::number_of_executed_units:\s*(\d+)")


def programs(inputs, header_bytes):
    """Programs of 64 operations; the `step` between the inputs that one is made of changes when all have begun one."""
    for number in range(PROGRAMS):
        first, step = number % len(inputs), 1 + number // len(inputs)
        operations, index = b"", first
        while len(operations) < OPERATIONS * OPERATION_BYTES:
            more = inputs[index % len(inputs)][header_bytes:]
            operations += more[:len(more) // OPERATION_BYTES * OPERATION_BYTES]
            index += step
        yield inputs[first][:header_bytes] + operations[:OPERATIONS * OPERATION_BYTES]


def newest(corpora, header_bytes, version):
    """The inputs of the newest version: the codes of older ones mean other operations."""
    inputs = [files.read(path) for corpus in corpora for path in files.listed(corpus)]
    return [data for data in inputs if len(data) > header_bytes + OPERATION_BYTES and data[0] == version]


def measure(target, inputs_format):
    """Executions and seconds of processor time."""
    header_bytes, version = inputs_format
    inputs = newest(target.corpora, header_bytes, version)
    if not inputs:
        raise Problem(f"{target.name}: no input of version {version} in {', '.join(target.corpora)}")
    folder = tempfile.mkdtemp(dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
    try:
        for number, data in enumerate(programs(inputs, header_bytes)):
            files.write_whole(f"{folder}/{number:05}", data)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run([os.path.join(target.folder, target.name), "-runs=0", "-shuffle=0", "-prefer_small=0", "-print_final_stats=1",
                               f"-max_len={header_bytes + OPERATIONS * OPERATION_BYTES}", f"-artifact_prefix={folder}/", folder],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    finally:
        shutil.rmtree(folder)
    executed = EXECUTED.search(done.stdout.decode(errors="replace"))
    if done.returncode != 0 or not executed:
        raise Problem(f"{target.name} did not get through the programs:\n" + done.stdout.decode(errors="replace")[-2000:])
    return int(executed[1]), after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def report(targets, inputs_format):
    print(f"{'target':24} {'executions':>11} {'per second of processor time':>30}")
    for target in targets:
        executions, seconds = measure(target, inputs_format)
        print(f"{target.name:24} {executions:11} {executions / seconds:30.0f}", flush=True)
