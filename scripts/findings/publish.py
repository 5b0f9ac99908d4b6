"""Makes the folder that is committed out of the one that was measured into, and replaces the old one whole."""

import gzip
import os
import shutil
import subprocess
import zlib

import measure
import plan

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
REFERENCE = "results/reference"
COMPRESSED_BYTES_MAX = 2_000_000  # as every clone fetches it
# What is kept of the folder; of the rest all can be computed again from it by `reclaim report`, or is large.
KEPT = ("reference.json", "counts.jsonl", "compares.json", "findings.md")
KEPT_OF_SUITE = ("context.json", "summary.json", "samples.jsonl.gz", "report.html")


def git(*arguments):
    done = subprocess.run(["git", "-C", TOP, *arguments], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def linked_charts():
    """The charts that a document of the project shows."""
    done = git("grep", "-ohE", REFERENCE + "/charts/[a-z_]+\\.svg", "--", "*.md") or ""
    return {os.path.basename(line) for line in done.splitlines()}


def compress_samples(folder):
    path = os.path.join(folder, "samples.jsonl")
    if not os.path.exists(path):
        return
    with open(path, "rb") as file, open(path + ".gz.part", "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as out:
        shutil.copyfileobj(file, out)
    os.replace(path + ".gz.part", path + ".gz")


def copy_files(names, source, target):
    os.makedirs(target, exist_ok=True)
    for name in names:
        if os.path.exists(os.path.join(source, name)):
            shutil.copy2(os.path.join(source, name), target)


def copy_kept(source, target):
    """What is committed: the folder without what can be computed again. Charts that report.html has inside stand beside it only where a
    document shows them; where there is no report, all."""
    suite, probes = os.path.join(source, plan.SUITE), os.path.join(source, "probes")
    copy_files(KEPT, source, target)
    copy_files(KEPT_OF_SUITE, suite, target)
    charts = [name for name in os.listdir(os.path.join(suite, "charts")) if name.endswith(".svg")]
    if os.path.exists(os.path.join(suite, "report.html")):
        charts = [name for name in charts if name in linked_charts()]
    copy_files(charts, os.path.join(suite, "charts"), os.path.join(target, "charts"))
    for name in sorted(os.listdir(probes)):
        copy_files(("context.json", "summary.json"), os.path.join(probes, name), os.path.join(target, "probes", name))


def name_from_the_top(folder, source, programs):
    """Names of files as a clone has them: what is committed says nothing of where it was made."""
    names = [(os.path.join(os.path.realpath(source), plan.SUITE), REFERENCE), (os.path.realpath(source), REFERENCE),
             (os.path.realpath(programs), "build/release"), (TOP, ".")]
    for where, _, files in os.walk(folder):
        for name in files:
            path = os.path.join(where, name)
            if not name.endswith((".json", ".jsonl", ".html", ".md")):
                continue
            with open(path, encoding="utf-8") as file:
                text = replaced = file.read()
            for there, here in names:
                replaced = replaced.replace(there, here)
            if replaced != text:
                measure.write_text(path, replaced)


def compressed_bytes(folder):
    """Roughly what git takes for it."""
    paths = [os.path.join(where, name) for where, _, names in os.walk(folder) for name in names]
    total = 0
    for path in paths:
        with open(path, "rb") as file:
            total += len(zlib.compress(file.read()))
    return total


def publish(source, target, programs):
    """Replaces the target whole, when all is there."""
    compress_samples(os.path.join(source, plan.SUITE))
    made, old = target + ".new", target + ".old"
    for stale in (made, old):
        shutil.rmtree(stale, ignore_errors=True)
    os.makedirs(made)
    copy_kept(source, made)
    name_from_the_top(made, source, programs)
    if os.path.isdir(target):
        os.rename(target, old)
    os.rename(made, target)
    shutil.rmtree(old, ignore_errors=True)
    shutil.rmtree(source)
    size = compressed_bytes(target)
    excess = f", more than the {COMPRESSED_BYTES_MAX / 1e6:.0f} MB that it should have" if size > COMPRESSED_BYTES_MAX else ""
    measure.say(f"{target}: {size / 1e6:.1f} MB when compressed{excess}")
