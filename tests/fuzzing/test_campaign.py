#!/usr/bin/env python3
"""Campaigns of scripts/fuzz with a fuzzer that is a script: what is found is kept, whatever happens.

test_campaign.py FUZZ_BUILD, a folder with fuzz_text, fuzz_minimise and record_refcount. The stand-in for a strategy fails on every
program with the operation collect_all."""

import hashlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import unittest.mock

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, f"{TOP}/scripts/fuzzing")
import builds  # noqa: E402
import engines  # noqa: E402

BUILD = ""

# Takes libFuzzer's arguments. Keeps one input a turn; leaves the artefacts that its folder `planted` has; lingers if told to.
FUZZER = """#!/usr/bin/env bash
here=$(dirname "$0")
for argument; do
    case $argument in
    -artifact_prefix=*) prefix=${argument#*=} ;;
    -set_cover_merge=1) merge=1 ;;
    -*) ;;
    *) folders+=("$argument") ;;
    esac
done
if [ -n "${merge:-}" ]; then
    for folder in "${folders[@]:1}"; do cp "$folder"/* "${folders[0]}/" 2>/dev/null; done
    [ ! -e "$here/linger-in-merge" ] || sleep 60
    exit 0
fi
for file in "$here"/planted/*; do
    [ ! -e "$file" ] || cp "$file" "$prefix"
done
cp "$here/kept" "${folders[0]}/$(sha1sum <"$here/kept" | cut -d' ' -f1)"
echo "#128: cov: 17 ft: 40 corp: 3 exec/s: 64 oom/timeout/crash: 0/0/0 time: 2s job: 1 dft_time: 0" >&2
[ ! -e "$here/linger" ] || sleep 60
exit 1
"""

REPLAY = """#!/usr/bin/env bash
here=$(dirname "$0")
if [ "$1" = --digest ]; then
    for file in "$2"/*; do echo "0123456789abcdef $file"; done
elif [ $# -gt 1 ] && [ -e "$here/spoiled-by-others" ]; then
    echo "violation: spoiled: by an earlier heap" >&2
    kill -ABRT $$
elif [ -f "$1" ] && "$here/fuzz_text" disassemble "$1" | grep -q collect_all; then
    echo "violation: planted: object 7 of 9" >&2
    kill -ABRT $$
fi
"""

# Fails on one program alone.
REPLAY_OF_TEXT = """#!/usr/bin/env bash
here=$(dirname "$0")
if [ "$1" != --digest ] && [ "$("$here/fuzz_text" disassemble "$1")" = "$(printf '%%s' '%s')" ]; then
    echo "violation: planted: object 1 of 2" >&2
    kill -ABRT $$
fi
"""

# Takes AFL++'s arguments: passes over the seed `bad`, keeps one input, finds one crash.
AFL = """#!/usr/bin/env bash
while [ "$1" != -- ]; do
    case $1 in
    -i) seeds=$2 ;;
    -o) out=$2/default ;;
    esac
    shift
done
mkdir -p "$out/queue" "$out/crashes"
cp "$seeds"/* "$out/queue/"
mv "$out/queue/good" "$out/queue/id:000000,time:0,execs:0,orig:good"
rm "$out/queue/bad"
echo "[!] WARNING: Test case 'id:000001,time:0,execs:0,orig:bad' results in a crash, skipping"
printf kept >"$out/queue/id:000002,src:000000,time:9,execs:99,op:havoc,rep:2"
printf crash >"$out/crashes/id:000000,sig:06,src:000000"
touch "$out/crashes/README.txt"
printf 'execs_done        : 4096\\nedges_found       : 12\\n' >"$out/fuzzer_stats"
"""


def write(path, content, mode=0o644):
    with open(path, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())
    os.chmod(path, mode)


def sha1(data):
    return hashlib.sha1(data).hexdigest()


def read(path):
    with open(path, "rb") as file:
        return file.read()


class Campaigns(unittest.TestCase):
    def setUp(self):
        self.work = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.work)
        self.programs, self.findings = f"{self.work}/programs", f"{self.work}/findings"
        self.kept_path = f"{self.work}/kept.jsonl"
        os.makedirs(f"{self.programs}/planted")
        os.makedirs(f"{self.programs}/seeds")
        for tool, name in [("fuzz_text", "fuzz_text"), ("fuzz_minimise", "fuzz_minimise"), ("record_refcount", "record_stub")]:
            os.symlink(os.path.join(BUILD, tool), f"{self.programs}/{name}")
        write(f"{self.programs}/ops_stub", FUZZER, 0o755)
        write(f"{self.programs}/replay_stub_ops", REPLAY, 0o755)
        write(f"{self.programs}/targets", f"ops_stub\treplay_stub_ops\t272\t{self.programs}/seeds\n")
        self.kept = self.assemble("new v0 pair 8\nset v1 v0\n")
        write(f"{self.programs}/kept", self.kept)
        self.place = f"{self.findings}/ops_stub"

    def assemble(self, text):
        write(f"{self.work}/text", text)
        subprocess.run([f"{self.programs}/fuzz_text", "assemble", f"{self.work}/text", f"{self.work}/bytes"], check=True)
        return read(f"{self.work}/bytes")

    def plant(self, name, text):
        write(f"{self.programs}/planted/{name}", self.assemble(text))

    def command(self, *arguments):
        return [sys.executable, f"{TOP}/scripts/fuzzing", "--programs", self.programs, "--findings", self.findings,
                "--kept", self.kept_path, *arguments]

    def fuzz(self, *arguments, **more):
        return subprocess.run(self.command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                              timeout=100, **more)

    def expect(self, status, words, *arguments, **more):
        done = self.fuzz(*arguments, **more)
        self.assertEqual(done.returncode, status, done.stdout)
        for word in words:
            self.assertIn(word, done.stdout)
        self.assertNotIn("Traceback", done.stdout)

    def finds(self):
        folder = f"{self.place}/finds"
        return sorted(os.listdir(folder)) if os.path.isdir(folder) else []

    def start_and_wait_for(self, path, *arguments):
        running = subprocess.Popen(self.command(*arguments), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(running.wait)
        self.addCleanup(running.terminate)
        for _ in range(300):
            if os.path.exists(path) and os.listdir(path):
                return running
            time.sleep(0.1)
        self.fail(f"nothing came into {path}")

    # ---- Finds ----

    def test_without_finds_it_ends_well(self):
        self.expect(0, ["128 executions", "17 edges", "0 new finds, 0 in all"], "--seconds", "1")
        self.assertEqual(read(f"{self.place}/corpus/{sha1(self.kept)}"), self.kept)

    def test_one_fault_is_one_find(self):
        self.plant("crash-1", "new v0 pair 8\ncollect_all\nclear v0\n")
        self.plant("crash-2", "collect_all\nnew v3 box 0\n")
        self.expect(1, ["violation: planted", "1 new finds, 1 in all"], "--seconds", "1")
        self.assertEqual(self.finds(), ["violation-planted"])
        self.assertEqual(os.listdir(f"{self.place}/raw"), [])

    def test_a_find_is_minimised_and_in_every_form(self):
        self.plant("crash-1", "new v0 pair 8\nset v1 v0\ncollect_all\nclear v0\n")
        self.fuzz("--seconds", "1")
        folder = f"{self.place}/finds/violation-planted"
        self.assertEqual(read(f"{folder}/case.ops"), b"collect_all\n")
        self.assertIn(b"mm_collect_all(m, NULL)", read(f"{folder}/test.c"))
        self.assertIn(b"digraph heap", read(f"{folder}/heap.dot"))
        self.assertIn(b"object 7 of 9", read(f"{folder}/log.txt"))

    def add_kind(self, kind, replay):
        """Targets of another kind on the stub; only they are fuzzed."""
        shutil.copy(f"{self.programs}/ops_stub", f"{self.programs}/{kind}_stub")
        write(f"{self.programs}/replay_stub_{kind}", replay, 0o755)
        with open(f"{self.programs}/targets", "a", encoding="utf-8") as targets:
            targets.write(f"{kind}_stub\treplay_stub_{kind}\t272\t{self.programs}/seeds\n")

    def expect_once(self, kind, once, replay_of_ops, said=""):
        """A target of `kind` fails on every program with collect_all; its find is shown as the text `once`."""
        self.add_kind(kind, REPLAY.replace("object 7 of 9", said))
        write(f"{self.programs}/replay_stub_ops", replay_of_ops, 0o755)
        self.plant("crash-1", "new v0 pair 8\ncollect_all\n")
        folder = f"{self.findings}/{kind}_stub/finds/violation-planted"
        self.expect(1, [f"or one run of it: {self.programs}/replay_stub_ops {folder}/once", f"    {once.splitlines()[0]}\n"],
                    "--target", kind, "--seconds", "1")
        self.assertEqual(read(f"{folder}/case.ops").decode(), once)
        self.assertEqual(read(f"{folder}/input"), self.assemble("collect_all\n"))
        self.assertFalse(os.path.exists(f"{folder}/once.ops"))

    def test_of_an_allocation_that_fails_the_find_says_which(self):
        once = "fail_at 3\nfail_thereafter 1\ncollect_all\n"
        self.expect_once("oom", once, REPLAY_OF_TEXT % once)

    def test_the_allocation_that_the_log_names_is_tried_alone(self):
        self.expect_once("oom", "fail_at 200\ncollect_all\n", REPLAY, "object 7 of 9\n  allocation 200 was to fail")

    def test_of_a_collection_at_each_allocation_the_find_says_so(self):
        once = "collect_every 1\ncollect_all\n"
        self.expect_once("stress", once, REPLAY_OF_TEXT % once)

    def test_a_find_that_no_single_run_shows_is_shown_as_it_is(self):
        self.add_kind("stress", REPLAY)
        write(f"{self.programs}/replay_stub_ops", "#!/bin/sh\n", 0o755)
        self.plant("crash-1", "collect_all\n")
        self.expect(1, ["    collect_all\n"], "--target", "stress", "--seconds", "1")
        folder = f"{self.findings}/stress_stub/finds/violation-planted"
        self.assertEqual(read(f"{folder}/case.ops"), b"collect_all\n")
        self.assertFalse(os.path.exists(f"{folder}/once"))

    def test_what_fails_no_more_is_set_aside(self):
        self.plant("crash-1", "new v0 pair 8\n")
        self.expect(0, ["0 new finds"], "--seconds", "1")
        self.assertEqual(os.listdir(f"{self.place}/unrepeatable"), ["crash-1"])

    def test_what_fails_only_behind_others_is_a_find(self):
        self.plant("crash-1", "new v0 pair 8\n")
        write(f"{self.programs}/spoiled-by-others", "")
        folder = f"{self.place}/finds/behind-others-violation-spoiled"
        self.expect(1, ["== ops_stub: behind others: violation: spoiled", f"again: {self.programs}/replay_stub_ops {self.place}/corpus {folder}/input"], "--seconds", "1")
        self.assertIn(b"by an earlier heap", read(f"{folder}/log.txt"))
        os.remove(f"{self.programs}/planted/crash-1")
        self.expect(1, ["violation-spoiled still fails"], "--seconds", "1")
        os.remove(f"{self.programs}/spoiled-by-others")
        self.expect(0, ["violation-spoiled fails no longer"], "--seconds", "1")

    def test_a_find_that_is_mended_counts_no_more(self):
        self.plant("crash-1", "collect_all\n")
        self.fuzz("--seconds", "1")
        os.remove(f"{self.programs}/planted/crash-1")
        self.expect(1, ["violation-planted still fails", "0 new finds, 1 in all"], "--seconds", "1")
        write(f"{self.programs}/replay_stub_ops", REPLAY.replace("collect_all", "never"), 0o755)
        self.expect(0, ["violation-planted fails no longer", "0 in all"], "--seconds", "1")

    # ---- Interruptions ----

    def test_a_killed_campaign_loses_nothing(self):
        self.plant("crash-1", "collect_all\n")
        write(f"{self.programs}/linger", "")
        running = self.start_and_wait_for(f"{self.place}/corpus", "--seconds", "50")
        running.send_signal(signal.SIGKILL)
        running.wait()
        os.remove(f"{self.programs}/linger")
        os.remove(f"{self.programs}/planted/crash-1")
        self.expect(1, ["ended", "processes of a campaign that was killed", "violation: planted", "1 in all"], "--seconds", "1")
        self.assertEqual(read(f"{self.place}/corpus/{sha1(self.kept)}"), self.kept)

    def test_a_stopped_campaign_says_so(self):
        write(f"{self.programs}/linger", "")
        running = self.start_and_wait_for(f"{self.place}/corpus", "--seconds", "50")
        running.send_signal(signal.SIGTERM)
        self.assertEqual(running.wait(), 128 + signal.SIGTERM)

    def test_a_merge_that_was_killed_is_undone(self):
        os.makedirs(f"{self.place}/corpus.old")
        os.makedirs(f"{self.place}/corpus.merged")
        write(f"{self.place}/corpus.old/{sha1(self.kept)}", self.kept)
        self.fuzz("--seconds", "1")
        self.assertEqual(os.listdir(f"{self.place}/corpus"), [sha1(self.kept)])
        self.assertFalse(os.path.exists(f"{self.place}/corpus.old"))

    def test_a_merge_that_is_killed_costs_no_input(self):
        write(f"{self.programs}/linger-in-merge", "")
        running = self.start_and_wait_for(f"{self.place}/corpus.merged", "--seconds", "50")
        running.send_signal(signal.SIGKILL)
        running.wait()
        os.remove(f"{self.programs}/linger-in-merge")
        self.expect(0, ["ended"], "--seconds", "1")
        self.assertEqual(os.listdir(f"{self.place}/corpus"), [sha1(self.kept)])
        self.assertFalse(os.path.exists(f"{self.place}/corpus.merged"))

    def test_a_merge_takes_over_what_an_earlier_campaign_learnt_on_another_strategy(self):
        for name in "ops_other", "oom_other":
            write(f"{self.programs}/{name}", FUZZER, 0o755)
        write(f"{self.programs}/targets", "".join(f"{name}\t{replay}\t272\t{self.programs}/seeds\n" for name, replay in (
            ("ops_stub", "replay_stub_ops"), ("ops_other", "replay_other_ops"), ("oom_other", "replay_other_oom"))))
        learnt, foreign = self.assemble("new v0 pair 9\n"), self.assemble("new v0 pair 7\n")
        os.makedirs(f"{self.findings}/ops_other/corpus")
        os.makedirs(f"{self.findings}/oom_other/corpus")
        write(f"{self.findings}/ops_other/corpus/{sha1(learnt)}", learnt)
        write(f"{self.findings}/oom_other/corpus/{sha1(foreign)}", foreign)
        self.expect(0, ["merged to 2 inputs from 1; corpora of other strategies: 1"], "stub", "--seconds", "1")
        self.assertEqual(sorted(os.listdir(f"{self.place}/corpus")), sorted([sha1(self.kept), sha1(learnt)]))

    def test_two_campaigns_in_one_folder_are_refused(self):
        write(f"{self.programs}/linger", "")
        self.start_and_wait_for(f"{self.place}/corpus", "--seconds", "50")
        self.expect(1, ["another campaign is running in"], "--seconds", "1")

    # ---- The ledger ----

    def ledger(self):
        return [json.loads(line) for line in read(f"{self.findings}/ledger.jsonl").splitlines()]

    def test_each_turn_is_a_line_of_the_ledger(self):
        self.fuzz("--seconds", "1")
        self.fuzz("--seconds", "1")
        first, second = self.ledger()
        self.assertEqual([first["strategy"], first["executions"], first["covered"], first["inputs_new"]], ["stub", 128, 17, 1])
        self.assertEqual([second["executions"], second["inputs_new"]], [128, 1])
        self.assertGreater(first["cpu_seconds"], 0)

    def test_the_report_adds_up_over_restarts(self):
        self.fuzz("--seconds", "1")
        self.expect(0, ["| stub | 0.00 | 0.00 | 256 |"], "--seconds", "1")
        self.expect(0, ["| stub | 0.00 | 0.00 | 256 |", "| ops_stub | 0.00 | 0.00 | 256 |", "Not clean yet", "stub: 2.00 core-hours to go"], "--report")

    def test_the_report_says_how_long_it_has_been_quiet(self):
        self.fuzz("--seconds", "1")
        line = self.ledger()[0]
        turns = [{**line, "cpu_seconds": 1800, "inputs_new": 2, "inputs_at": 0.5},
                 {**line, "cpu_seconds": 5400, "inputs_new": 0, "covered_first": 18, "covered": 20, "covered_at": 0.5}]
        write(f"{self.findings}/ledger.jsonl", "".join(json.dumps(turn) + "\n" for turn in turns))
        self.expect(0, ["| stub | 2.00 | 2.00 | 256 | 1.25 h | 38% | 0.25 h | 88% | 0 |", "It is clean."], "--report")

    def test_kept_totals_of_the_same_code_add_up(self):
        self.fuzz("--seconds", "1")
        line = self.ledger()[0]
        self.expect(0, [], "--keep")
        self.expect(0, [], "--keep")
        kept = json.loads(read(self.kept_path))
        self.assertEqual([kept["strategy"], kept["executions"], list(kept["targets"])], ["stub", 128, ["ops_stub"]])
        self.expect(0, ["| stub | 0.00 | 0.00 | 128 |", "the totals of 0 campaigns"], "--report")
        other = {**kept, "campaign": 1, "cpu_seconds": 7200, "feature_at": 3600, "edge_at": 0}
        older = {**kept, "campaign": 2, "code": "older"}
        write(self.kept_path, "".join(json.dumps(entry) + "\n" for entry in (other, older)))
        write(f"{self.findings}/ledger.jsonl", json.dumps({**line, "cpu_seconds": 3600, "inputs_new": 0}) + "\n")
        self.expect(0, ["| stub | 3.00 | 3.00 | 256 |", "1.00 h | 67% | 0 |", "0 turns and 1 total on earlier code"], "--report")
        self.expect(0, [], "--keep")
        self.assertEqual(len(read(self.kept_path).splitlines()), 3)
        write(self.kept_path, "{}\n")
        self.expect(1, ["line 1, has no 'campaign'"], "--report")

    def test_what_other_fuzzers_did_to_the_same_code_counts_and_is_told_apart(self):
        self.fuzz("--seconds", "1")
        line = self.ledger()[0]
        turns = [{**line, "fuzzers": "earlier", "cpu_seconds": 5400, "covered": 90},
                 {**line, "cpu_seconds": 1800, "inputs_new": 0, "covered_first": 18, "covered": 20, "covered_at": 0.5}]
        write(f"{self.findings}/ledger.jsonl", "".join(json.dumps(turn) + "\n" for turn in turns))
        self.expect(0, ["| stub | 2.00 | 0.50 | 256 | 1.75 h |", "| ops_stub | 2.00 | 0.50 | 256 |"], "--report")
        self.expect(0, [], "--keep")
        self.assertEqual([json.loads(kept)["cpu_seconds"] for kept in read(self.kept_path).splitlines()], [5400, 1800])

    def test_a_killed_turn_costs_its_own_figures_only(self):
        self.fuzz("--seconds", "1")
        os.remove(f"{self.place}/corpus/{sha1(self.kept)}")
        write(f"{self.programs}/linger", "")
        running = self.start_and_wait_for(f"{self.place}/corpus", "--seconds", "50")
        running.send_signal(signal.SIGKILL)
        running.wait()
        with open(f"{self.findings}/ledger.jsonl", "ab") as file:
            file.write(b'{"torn')
        os.remove(f"{self.programs}/linger")
        self.expect(0, ["| stub | 0.00 | 0.00 | 256 |"], "--seconds", "1")
        self.assertEqual([(turn["executions"], turn["inputs_new"]) for turn in self.ledger()], [(128, 1), (0, 1), (128, 1)])

    def test_a_damaged_ledger_is_named_with_the_line(self):
        self.fuzz("--seconds", "1")
        line = read(f"{self.findings}/ledger.jsonl")
        write(f"{self.findings}/ledger.jsonl", line + b"{}\n")
        self.expect(1, ["ledger.jsonl, line 2, has no 'target'"], "--report")
        write(f"{self.findings}/ledger.jsonl", line + b"nonsense\n")
        self.expect(1, ["ledger.jsonl, line 2, is no JSON object"], "--report")

    def test_a_report_of_nothing_is_refused(self):
        self.expect(1, ["has no ledger.jsonl"], "--report")

    # ---- Bad surroundings ----

    def test_what_is_no_input_is_set_aside(self):
        os.makedirs(f"{self.place}/corpus")
        write(f"{self.place}/corpus/{sha1(b'other')}", self.kept)
        write(f"{self.place}/corpus/letter", "Dear fuzzer, this is not for you.")
        self.expect(0, ["so it was damaged or cut off", "corpus/letter is no input", "no header of an operation program"], "--seconds", "1")
        self.assertEqual(sorted(os.listdir(f"{self.place}/set-aside")), sorted([sha1(b"other"), "letter"]))

    def test_a_damaged_memory_of_turns_is_named(self):
        os.makedirs(self.findings)
        write(f"{self.findings}/turns.json", "{")
        self.expect(1, ["turns.json is no JSON"], "--seconds", "1")
        write(f"{self.findings}/turns.json", "[]")
        self.expect(1, ["turns.json is no JSON (not an object)"], "--seconds", "1")
        write(f"{self.findings}/turns.json", '{"ops_stub": "three"}')
        self.expect(1, ["turns.json: 'ops_stub' is three"], "--seconds", "1")

    def test_a_damaged_memory_of_the_turn_is_named(self):
        os.makedirs(self.findings)
        write(f"{self.findings}/turn.json", '{"target": "ops_stub"}')
        self.expect(1, ["turn.json has no 'strategy'"], "--seconds", "1")

    def test_unknown_names_are_refused_with_the_nearest(self):
        self.expect(2, ["unknown strategy 'stubb'; did you mean 'stub'?"], "stubb")
        self.expect(2, ["unknown target 'opz'; did you mean 'ops'?"], "--target", "opz")
        self.expect(2, ["--score has arguments of its own and comes first"], "stub", "--score")
        self.expect(2, ["from 1 on, not '0'"], "--minutes", "0")

    def test_a_fuzzer_that_does_nothing_is_no_success(self):
        write(f"{self.programs}/ops_stub", "#!/bin/sh\nexit 1\n", 0o755)
        self.expect(1, ["no progress", "nothing was executed"], "--seconds", "1")

    def test_a_folder_without_targets_is_refused(self):
        os.remove(f"{self.programs}/targets")
        self.expect(1, ["is no folder of fuzz targets"])

    def test_no_clang_is_said_with_the_package(self):
        done = subprocess.run([sys.executable, f"{TOP}/scripts/fuzzing", "--findings", self.findings], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False, env={"PATH": self.work})
        self.assertEqual(done.returncode, 1)
        self.assertIn("apt install clang-19", done.stdout)

    def test_no_afl_is_said_with_the_package(self):
        done = subprocess.run([sys.executable, f"{TOP}/scripts/fuzzing", "--findings", self.findings, "--build", "afl"], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, env={"PATH": self.work})
        self.assertEqual(done.returncode, 1)
        self.assertIn("apt install afl++", done.stdout)

    def test_a_folder_that_takes_nothing_is_named(self):
        write(self.findings, "a file")
        self.expect(1, ["findings: File exists"], "--seconds", "1")
        os.remove(self.findings)
        os.makedirs(self.findings)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "none", self.findings], stderr=subprocess.DEVNULL,
                          check=False).returncode != 0:
            self.skipTest("no permission to mount a read-only disk")
        self.addCleanup(subprocess.run, ["umount", self.findings], check=True)
        self.expect(1, ["findings/lock: Read-only file system"], "--seconds", "1")

    def test_a_file_that_cannot_grow_ends_the_campaign(self):
        self.plant("crash-1", "collect_all\n")
        self.expect(1, ["files may not be that big", "make room"], "--seconds", "1",
                    preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY)))

    def test_a_full_disk_ends_the_campaign(self):
        os.makedirs(self.findings)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", self.findings], stderr=subprocess.DEVNULL,
                          check=False).returncode != 0:
            self.skipTest("no permission to mount a small disk")
        self.addCleanup(subprocess.run, ["umount", self.findings], check=True)
        self.expect(1, ["MiB are free", "make room"], "--seconds", "1")


class AflTurns(unittest.TestCase):
    def setUp(self):
        self.work = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.work)
        self.place = f"{self.work}/ops_stub"
        engines.recover(self.place)
        os.makedirs(f"{self.work}/seeds")
        write(f"{self.work}/afl-fuzz", AFL, 0o755)
        write(f"{self.work}/seeds/good", "good")
        write(f"{self.place}/corpus/bad", "bad")
        self.target = builds.Target("ops_stub", "replay_stub_ops", 272, [f"{self.work}/seeds", f"{self.work}/none"], self.work)

    def turn(self):
        with unittest.mock.patch.dict(os.environ, {"PATH": f"{self.work}:{os.environ['PATH']}"}):
            return engines.afl_turn(engines.Engine(self.work), self.target, self.place, 1, None)

    def test_what_it_keeps_goes_into_the_corpus(self):
        figures = self.turn()
        self.assertEqual((figures["executions"], figures["covered"]), (4096, 12))
        self.assertEqual(sorted(os.listdir(f"{self.place}/corpus")), sorted(["bad", sha1(b"kept")]))

    def test_crashes_and_seeds_that_it_passed_over_are_triaged(self):
        self.turn()
        self.assertEqual(sorted(os.listdir(f"{self.place}/raw")), sorted([f"crashes-{sha1(b'crash')}", f"seed-{sha1(b'bad')}"]))

    def test_what_a_killed_turn_has_left_is_taken_over(self):
        os.makedirs(f"{self.place}/afl/default/queue")
        os.makedirs(f"{self.place}/afl/default/crashes")
        write(f"{self.place}/afl/default/queue/id:000001,src:000000,time:5,op:havoc", "left")
        write(f"{self.place}/afl/default/crashes/id:000000,sig:11", "crash")
        engines.recover(self.place)
        self.assertIn(sha1(b"left"), os.listdir(f"{self.place}/corpus"))
        self.assertEqual(os.listdir(f"{self.place}/raw"), [f"crashes-{sha1(b'crash')}"])
        self.assertFalse(os.path.exists(f"{self.place}/afl"))


class OtherCompilers(unittest.TestCase):
    """CMake forgets the sanitizers when the compiler of a folder changes."""

    def cache_stays(self, compiler, clang):
        with tempfile.TemporaryDirectory() as folder:
            write(f"{folder}/CMakeCache.txt", f"X:BOOL=ON\nCMAKE_C_COMPILER:STRING={compiler}\n")
            os.makedirs(f"{folder}/CMakeFiles")
            builds.forget_other_compiler(folder, clang)
            self.assertEqual(os.path.exists(f"{folder}/CMakeCache.txt"), os.path.exists(f"{folder}/CMakeFiles"))
            return os.path.exists(f"{folder}/CMakeCache.txt")

    def test_a_build_of_another_begins_anew(self):
        self.assertTrue(self.cache_stays(shutil.which("sh"), "sh"))
        self.assertTrue(self.cache_stays("sh", "sh"))
        self.assertFalse(self.cache_stays(shutil.which("cat"), "sh"))
        self.assertFalse(self.cache_stays("/nowhere/clang-99", "sh"))

    def test_no_build_yet(self):
        with tempfile.TemporaryDirectory() as folder:
            builds.forget_other_compiler(folder, "sh")


if __name__ == "__main__":
    BUILD = os.path.abspath(sys.argv.pop(1))
    unittest.main()
