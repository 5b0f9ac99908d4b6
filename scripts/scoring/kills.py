"""Running programs on inputs, and telling what stopped them."""

import os
import re
import shutil
import signal
import subprocess
import threading

from failure import run

REPLAY_SECONDS_MAX, MINIMISE_SECONDS_MAX = 180, 120
INPUT_BYTES_MAX, INPUT_SECONDS_MAX = 272, 20
REPLAYED_INPUT_SECONDS_MAX = 3 * INPUT_SECONDS_MAX  # what hangs is replayed for every seed
STALLED_FACTOR = 15  # seconds by the clock for each of a core, beyond which a run is ended


def what_failed(text):
    """The name of what stopped a program, from what it wrote; None when nothing did."""
    for line in text.splitlines():
        found = re.search(r"violation: (mm_check: )?([a-z-]+)", line)
        if found:
            return "violation " + ("mm_check " if found.group(1) else "") + found.group(2)
        found = re.search(r"Assertion [`'](.*?)' failed", line)
        if found:
            quoted = re.search(r'&& "(.*?)"', found.group(1))
            return "assertion " + (quoted.group(1) if quoted else found.group(1))
        if re.search(r"SUMMARY: \w+: \d+ byte\(s\) leaked|detected memory leaks", line):
            return "sanitizer leak"
        found = re.search(r"runtime error: (.*)", line)
        if found:
            return "sanitizer UBSan " + re.sub(r"0x\w+|\d+", "N", found.group(1))[:60]
        found = re.search(r"SUMMARY: (\w+): (\S+)", line)
        if found and found.group(2) != "deadly":
            return "timeout" if "timeout" in line else f"sanitizer {found.group(2)}"
    return None


def replay_seconds_max(paths):
    return REPLAYED_INPUT_SECONDS_MAX if len(paths) == 1 and os.path.isfile(paths[0]) else REPLAY_SECONDS_MAX


def replaying(program, paths):
    """The command. What hangs ends by itself, even when nobody is left who waits for it."""
    return ["prlimit", f"--cpu={replay_seconds_max(paths) + 5}", "setarch", "-R", program, *paths]


def replay_find(program, paths):
    """What a replay program fails with, and on which input; None, None when all inputs pass."""
    try:
        done = subprocess.run(replaying(program, paths), capture_output=True, timeout=replay_seconds_max(paths))
    except subprocess.TimeoutExpired:
        return "timeout", None
    if done.returncode == 0:
        return None, None
    text = done.stderr.decode(errors="replace")
    path = re.search(r"^failed on input: (.*)$", text, re.M)
    return what_failed(text) or f"signal or status {done.returncode}", path and path.group(1)


def replay(program, paths):
    return replay_find(program, paths)[0]


def replay_each(program, folders):
    """What each input fails with, one process for each: {path: what}."""
    paths = [os.path.join(folder, name) for folder in folders for name in sorted(os.listdir(folder))]
    return {path: replay(program, [path]) for path in paths}


def run_limited(command, seconds, log):
    """Runs it for that long on one core; returns its status and the seconds it took there. Its limit ends it as a survivor: status 0."""
    process = subprocess.Popen(["prlimit", f"--cpu={seconds}:{seconds + 5}", *command], stdout=log, stderr=log)
    stop = threading.Timer(seconds * STALLED_FACTOR + 120, process.kill)
    stop.start()
    _, status, used = os.wait4(process.pid, 0)
    stop.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    ended = process.returncode in (-signal.SIGXCPU, 128 + signal.SIGXCPU, -signal.SIGKILL)
    return 0 if ended else process.returncode, used.ru_utime + used.ru_stime


def fuzz(tree, strategy, seed, seconds, folder):
    """One run of the fuzzer from the seeds written by hand; the input that kills, if one does, stays in `folder`."""
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(os.path.join(folder, "corpus"))
    command = ["setarch", "-R", tree.program(f"ops_{strategy}"), f"-seed={seed}", f"-max_len={INPUT_BYTES_MAX}",
               f"-timeout={INPUT_SECONDS_MAX}", "-rss_limit_mb=2048", "-print_final_stats=1", "-print_funcs=0",
               f"-artifact_prefix={folder}/", os.path.join(folder, "corpus"), tree.seeds(os.path.join(folder, "seeds"))]
    with open(os.path.join(folder, "log"), "wb") as log:
        status, used = run_limited(command, seconds, log)
    with open(os.path.join(folder, "log"), encoding="utf-8", errors="replace") as log:
        text = log.read()
    executions = re.findall(r"stat::number_of_executed_units: *(\d+)|^#(\d+)\s", text, re.M)
    finds = [name for name in os.listdir(folder) if re.match(r"(crash|timeout|leak|oom)-", name)]
    return {"seed": seed, "killed": status != 0, "by": (what_failed(text) or f"status {status}") if status != 0 else None,
            "executions": int(next(filter(None, executions[-1]))) if executions else None,
            "seconds": round(used, 2), "input": os.path.join(folder, finds[0]) if finds else None}


def blame(done, changed, unchanged):
    """A find that the unchanged program fails on too is not the planted bug, and a timeout that does not repeat was the machine's."""
    if done["input"] and (replay(unchanged, [done["input"]]) or done["by"] == "timeout" and not replay(changed, [done["input"]])):
        done.update(killed=False, input=None, spoiled=done["by"], by=None)
    return done


def minimise(tree, strategy, find, folder):
    """The operations of the smallest program that fails like `find`, and its text; None when that does not repeat."""
    small = os.path.join(folder, "small")
    try:
        done = run([tree.program("fuzz_minimise"), tree.program(f"replay_{strategy}_ops"), find, small], timeout=MINIMISE_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        return None, None
    length = re.search(r"(\d+) operations are left", done.stderr)
    if done.returncode != 0 or not length:
        return None, None
    return int(length.group(1)), run([tree.program("fuzz_text"), "disassemble", small]).stdout
