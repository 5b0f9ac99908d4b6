"""Fuzzing engines: one turn of a target, and merges of corpora."""

import os
import re
import resource
import shutil
import signal
import subprocess

import files

PROGRESS = re.compile(r"#(\d+):? .*?cov: (\d+) ft: (\d+) corp: \d+.*? time: (\d+)s")
AFL_CRASHING_SEED = re.compile(r"Test case '[^']*orig:([^']+)' results in a (?:crash|timeout)")
OWNER = "RECLAIM_CAMPAIGN"  # in the environment of every process that a campaign starts


def environment(findings):
    return {**os.environ, OWNER: os.path.abspath(findings), "TMPDIR": os.path.abspath(f"{findings}/tmp")}


def end_orphans(findings):
    """Ends the engines of a campaign that was killed: it holds the lock no more, so all that carry its mark are left over."""
    mark = f"{OWNER}={os.path.abspath(findings)}".encode()
    ended = 0
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        try:
            if mark in files.read(f"/proc/{entry}/environ").split(b"\0"):
                os.kill(int(entry), signal.SIGKILL)
                ended += 1
        except OSError:
            continue  # gone meanwhile, or somebody else's
    return ended


def children_cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class Engine:
    """Runs one engine at a time, in a process group of its own."""

    def __init__(self, findings):
        self.findings = findings
        self.process = None
        self.cpu_seconds = 0  # of the last command, what it started included

    def run(self, command, log, seconds, **more):
        """Runs the command for at most so many seconds; its exit status, None when it was ended."""
        before = children_cpu_seconds()
        with open(log, "wb") as out:
            self.process = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True,
                                            env={**environment(self.findings), **more})
            try:
                return self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                return None
            finally:
                self.end()
                self.cpu_seconds = children_cpu_seconds() - before

    def end(self):
        """Ends the engine and what it has started."""
        if self.process is not None:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.process.wait()
            self.process = None


def fork_turn(engine, target, place, seconds, jobs):
    """libFuzzer in fork mode. It exits non-zero when it found something, and only at its end: artefacts are what counts."""
    corpora = [f"{place}/corpus", *[c for c in target.corpora if os.path.isdir(c)]]
    engine.run([os.path.join(target.folder, target.name), f"-fork={jobs}", "-ignore_crashes=1", "-ignore_ooms=1", "-ignore_timeouts=1",
                f"-max_total_time={seconds}", f"-max_len={target.bytes_max}", "-timeout=25", "-rss_limit_mb=2048",
                f"-artifact_prefix={place}/raw/", *corpora], f"{place}/log", seconds + 60)
    return figures(f"{place}/log")


def figures(log):
    """Executions, edges and features by the progress lines; `covered_at` is when in the turn, 0 to 1, the edges became as many."""
    found = [tuple(map(int, line)) for line in PROGRESS.findall(files.read(log).decode(errors="replace"))]
    executions, covered, features, seconds = found[-1] if found else (0, 0, 0, 0)
    first = found[0][1] if found else 0
    reached = next((time for _, edges, _, time in found if edges == covered), 0)
    return {"executions": executions, "covered_first": first, "covered": covered, "covered_at": reached / max(seconds, 1),
            "features": features}


def afl_turn(engine, target, place, seconds, mutator):
    """AFL++ on the same corpora, with the mutator's library if there is one; what it keeps and finds goes where libFuzzer's does.

    Each turn begins anew from the corpora, since AFL++ that goes on sees nothing of what the other builds have learnt meanwhile."""
    more = {"AFL_CUSTOM_MUTATOR_LIBRARY": os.path.abspath(mutator)} if mutator else {}
    out, seeds = f"{place}/afl", f"{place}/afl-seeds"
    subprocess.run(["rm", "-rf", out, seeds], check=True)
    os.makedirs(seeds)
    for corpus in [*target.corpora, f"{place}/corpus"]:
        for path in files.listed(corpus):
            shutil.copyfile(path, f"{seeds}/{os.path.basename(path)}")
    engine.run(["afl-fuzz", "-i", seeds, "-o", out, "-V", str(seconds), "-G", str(target.bytes_max), "-m", "none", "-t", "25000+",
                "--", os.path.join(target.folder, target.name)], f"{place}/log", seconds + 120,
               AFL_NO_UI="1", AFL_SKIP_CPUFREQ="1", AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES="1", AFL_NO_AFFINITY="1", AFL_NO_COLOR="1", **more)
    done = afl_figures(f"{out}/default/fuzzer_stats")
    collect_crashing_seeds(place)
    collect_afl(place)
    return done


def collect_crashing_seeds(place):
    """AFL++ passes over inputs that fail at once, and gives up when all of them do; to a campaign they are finds."""
    for name in set(AFL_CRASHING_SEED.findall(files.read(f"{place}/log").decode(errors="replace"))):
        path = f"{place}/afl-seeds/{name}"
        if os.path.exists(path):
            keep(f"{place}/raw", path, "seed-")


def collect_afl(place):
    """Takes over what AFL++ has kept and found; also after a turn that was killed."""
    out = f"{place}/afl"
    for path in files.listed(f"{out}/default/queue"):
        if "orig:" not in path:  # a seed, perhaps trimmed
            keep(f"{place}/corpus", path)
    for kind in ["crashes", "hangs"]:
        for path in files.listed(f"{out}/default/{kind}"):
            if os.path.basename(path).startswith("id"):
                keep(f"{place}/raw", path, f"{kind}-")
    subprocess.run(["rm", "-rf", out, f"{place}/afl-seeds"], check=True)


def keep(folder, source, prefix=""):
    """Copies a file under libFuzzer's name for its bytes, with the time when it was found."""
    data = files.read(source)
    path = os.path.join(folder, prefix + files.name_of(data))
    if not os.path.exists(path):
        files.write_whole(path, data)
        os.utime(path, (os.path.getatime(source), os.path.getmtime(source)))


def afl_figures(path):
    """By AFL++'s statistics, which tell neither how many edges the seeds reach (0: unknown) nor when the last was reached."""
    stats = dict(re.findall(r"^(\w+) *: *(.*)$", files.read(path).decode(), re.M)) if os.path.exists(path) else {}
    return {"executions": int(stats.get("execs_done", 0)), "covered_first": 0, "covered": int(stats.get("edges_found", 0)), "covered_at": 1,
            "features": 0}


def merge(engine, target, place, others, seconds):
    """Makes the target's corpus the smallest set that covers what it and the others cover; False when it stays as it was."""
    made = f"{place}/corpus.merged"
    subprocess.run(["rm", "-rf", made], check=True)
    os.makedirs(made)
    status = engine.run([os.path.join(target.folder, target.name), "-set_cover_merge=1", f"-max_len={target.bytes_max}", "-timeout=25",
                         "-rss_limit_mb=2048", f"-artifact_prefix={place}/raw/", made, f"{place}/corpus",
                         *[c for c in others if files.listed(c)]], f"{place}/merge.log", seconds)
    if status != 0 or not files.listed(made):
        subprocess.run(["rm", "-rf", made], check=True)
        return False
    exchange(place)
    return True


def exchange(place):
    """corpus.merged becomes the corpus. Killed at any point, recover() finishes or undoes it."""
    if os.path.exists(f"{place}/corpus"):
        os.rename(f"{place}/corpus", f"{place}/corpus.old")
    os.rename(f"{place}/corpus.merged", f"{place}/corpus")
    subprocess.run(["rm", "-rf", f"{place}/corpus.old"], check=True)


def recover(place):
    """After a kill: the old corpus is there until the new one stands."""
    if not os.path.exists(f"{place}/corpus") and os.path.exists(f"{place}/corpus.old"):
        os.rename(f"{place}/corpus.old", f"{place}/corpus")
    for name in ["corpus.old", "corpus.merged"]:
        subprocess.run(["rm", "-rf", f"{place}/{name}"], check=True)
    for name in ["corpus", "raw", "finds"]:
        os.makedirs(f"{place}/{name}", exist_ok=True)
    collect_afl(place)
