"""Triage: what an engine left becomes finds, one for each way to fail, minimised and in forms that people read."""

import os
import re
import shutil
import subprocess

import files

RENDERINGS = {"case.ops": ["disassemble"], "test.c": ["c"], "heap.dot": ["dot"]}  # file: arguments of its writer
TRIAGED_MAX = 200  # of one turn: more are more of the same
SIGNATURE_NAME_MAX = 100
SEQUENCES_MAX, SEQUENCE_SECONDS_MAX = 3, 120  # what is tried again behind the whole corpus, of one turn
BEHIND_OTHERS = "behind others: "
# The runs of a program that these kinds of targets are, as knobs for a run of `ops`; a knob is a byte.
RUNS_OF = {"oom": [{"fail_at": attempt, "fail_thereafter": thereafter} for attempt in range(1, 256) for thereafter in (0, 1)],
           "stress": [{"collect_every": 0}, {"collect_every": 1}]}
FAILED_ALLOCATION = re.compile(rb"allocation (\d+) was to fail(, and all that follow)?")
FAILURE = re.compile(r"violation: [\w-]+|runtime error: .*|Assertion .*|SUMMARY: .*")


def run(command, seconds=600):
    """Output and status; None for the status when it took too long."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, timeout=seconds)
        return done.stdout, done.stderr, done.returncode
    except subprocess.TimeoutExpired as error:
        return error.stdout or b"", error.stderr or b"", None
    except FileNotFoundError:
        return b"", f"{command[0]} is not there".encode(), None


def tool(target, name):
    return os.path.join(target.tools, name)


def signature(target, path, replay=None):
    """How the replay program, or another, fails on the file, in one line; None when it does not."""
    out, _, status = run([tool(target, "fuzz_minimise"), replay or target.replay, path])
    return out.decode(errors="replace").strip() if status == 0 else None


def folder_name(why):
    return re.sub("[^A-Za-z0-9_]+", "-", why).strip("-")[:SIGNATURE_NAME_MAX]


def is_program(target, path):
    return target.operations and run([tool(target, "fuzz_text"), "disassemble", path])[2] == 0


def minimise(target, path, small):
    """The smallest input that fails in the same way, in `small`."""
    if is_program(target, path):
        run([tool(target, "fuzz_minimise"), target.replay, path, small])
    elif target.fuzzer:
        run([target.fuzzer, "-minimize_crash=1", "-runs=10000", f"-exact_artifact_path={small}", path], 120)
    if not os.path.exists(small) or signature(target, small) is None:
        shutil.copyfile(path, small)


def runs_to_try(target, log):
    """The runs of a target's kind; where the log names the allocation that was to fail, the one with that."""
    said = FAILED_ALLOCATION.search(log)
    if target.kind != "oom" or not said:
        return RUNS_OF[target.kind]
    return [run for run in RUNS_OF["oom"] if run["fail_at"] == int(said[1]) and run["fail_thereafter"] == bool(said[2])]


def with_knobs(target, program, knobs, made):
    """Writes the program with these knobs in place of its own."""
    text = run([tool(target, "fuzz_text"), "disassemble", program])[0].decode()
    others = [line for line in text.splitlines() if line.split(" ")[0] not in knobs]
    files.write_whole(f"{made}.ops", "\n".join([*(f"{name} {value}" for name, value in knobs.items()), *others, ""]).encode())
    run([tool(target, "fuzz_text"), "assemble", f"{made}.ops", made])
    os.remove(f"{made}.ops")


def find_once(target, folder, why, log):
    """Of the many runs of a program that `oom` and `stress` are, one that fails in the same way by itself becomes the file `once`."""
    once = f"{folder}/once"
    if target.kind not in RUNS_OF or not is_program(target, f"{folder}/input"):
        return
    for knobs in runs_to_try(target, log):
        with_knobs(target, f"{folder}/input", knobs, once)
        if signature(target, once, target.replay_once) == why:
            return
    if os.path.exists(once):
        os.remove(once)


def shown_of(folder):
    """The file that the readable forms are made of."""
    return f"{folder}/once" if os.path.exists(f"{folder}/once") else f"{folder}/input"


def render(target, folder):
    """Writes the readable forms beside the input; those that cannot be made are left out, with the reason in notes.txt."""
    notes = []
    program = shown_of(folder)
    for name, arguments in RENDERINGS.items() if is_program(target, program) else []:
        writer = tool(target, "fuzz_text") if name == "case.ops" else target.recorder
        out, errors, status = run([writer, *arguments, program], 60)
        if status == 0:
            files.write_whole(f"{folder}/{name}", out)
        else:
            notes.append(f"{name}: {errors.decode(errors='replace').strip()}")
    if os.path.exists(f"{folder}/heap.dot"):
        notes += picture(folder)
    if notes:
        files.write_whole(f"{folder}/notes.txt", ("\n".join(notes) + "\n").encode())


def picture(folder):
    if not shutil.which("dot"):
        return ["heap.svg: graphviz is not installed; heap.dot is its source"]
    run(["dot", "-Tsvg", "-o", f"{folder}/heap.svg", f"{folder}/heap.dot"], 60)
    return []


def keep(target, place, raw, why, log=None):
    """Makes the find in a folder of another name, which is renamed at the end: it is whole or not there. Returns its folder. One that comes with its
    log does not fail by itself, and is not minimised."""
    made, final = f"{place}/finds/.new", f"{place}/finds/{folder_name(why)}"
    shutil.rmtree(made, ignore_errors=True)
    os.makedirs(made)
    try:
        if log is None:
            minimise(target, raw, f"{made}/input")
            _, log, _ = run([target.replay, f"{made}/input"], 60)
        else:
            shutil.copyfile(raw, f"{made}/input")
        files.write_whole(f"{made}/log.txt", log)
        files.write_whole(f"{made}/why.txt", (why + "\n").encode())
        files.write_whole(f"{made}/original", files.read(raw))
        find_once(target, made, why, log)
        render(target, made)
        os.rename(made, final)
    except OSError as error:
        raise files.full_or_same(error, made) from error
    return final


def set_aside(place, folder, path):
    os.makedirs(f"{place}/{folder}", exist_ok=True)
    os.rename(path, f"{place}/{folder}/{os.path.basename(path)}")


def failure_behind_others(target, place, path):
    """How the replay fails when the file comes behind the whole corpus in one process, as in the engine, and all that it says; None when it does not."""
    _, errors, status = run([target.replay, f"{place}/corpus", path], SEQUENCE_SECONDS_MAX)
    if status in (0, None):
        return None
    said = FAILURE.search(errors.decode(errors="replace"))
    return BEHIND_OTHERS + (said.group(0) if said else f"status {status}"), errors


def failure(target, place, raw, give_up):
    """How it fails, and the log where it does only behind others; None when it does not, or that is left for later."""
    why = signature(target, raw)
    if why is not None:
        return why, None
    return failure_behind_others(target, place, raw) if give_up else None


def triage(target, place, give_up):
    """Turns raw/ into finds; the folders of the new ones. What does not fail is set aside, or stays if that would be giving up."""
    new, given_up = [], 0
    for count, raw in enumerate(files.listed(f"{place}/raw")):
        if count < TRIAGED_MAX and not os.path.basename(raw).startswith("slow-unit"):
            failed = failure(target, place, raw, give_up and given_up < SEQUENCES_MAX)
            if failed is None:
                given_up += 1
                if give_up:
                    set_aside(place, "unrepeatable", raw)
                continue
            why, log = failed
            if not os.path.exists(f"{place}/finds/{folder_name(why)}"):
                new.append(keep(target, place, raw, why, log))
        os.remove(raw)
    return new


def still_fails(target, folder):
    """Whether a find fails today. What only a comparison of strategies can tell stands until it is deleted."""
    why, program = files.read(f"{folder}/why.txt").decode(), f"{folder}/input"
    if why.startswith(BEHIND_OTHERS):
        return failure_behind_others(target, os.path.dirname(os.path.dirname(folder)), program) is not None
    return why.startswith("digest:") or signature(target, program) is not None


def known(place):
    """The folders of all finds."""
    if not os.path.isdir(f"{place}/finds"):
        return []
    return [entry.path for entry in sorted(os.scandir(f"{place}/finds"), key=lambda e: e.name)
            if entry.is_dir() and not entry.name.startswith(".")]


def count(findings, target):
    """How many finds of a target are open, by its name."""
    return len(known(os.path.join(findings, target)))


def show(target, folder):
    """A find as a person wants to read it."""
    print(f"== {target.name}: {files.read(folder + '/why.txt').decode().strip()}")
    if os.path.exists(f"{folder}/case.ops"):
        for line in files.read(f"{folder}/case.ops").decode().splitlines():
            print(f"    {line}")
    else:
        print(f"    {files.read(folder + '/input')[:200]!r}")
    before = os.path.dirname(os.path.dirname(folder)) + "/corpus " if files.read(folder + "/why.txt").decode().startswith(BEHIND_OTHERS) else ""
    print(f"    again: {target.replay} {before}{folder}/input")
    if os.path.exists(f"{folder}/once"):
        print(f"    or one run of it: {target.replay_once} {folder}/once")
    print(f"    all of it: {folder}/", flush=True)
