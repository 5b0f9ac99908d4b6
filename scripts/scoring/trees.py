"""Copies of the sources that are patched, built and mended again."""

import hashlib
import os
import shutil

from bugs import git_apply
from failure import Failure, Fatal, run
from files import ROOT

SOURCES = ("strategies", "fuzz", "cmake", "support")  # what a result depends on, but for the patches
BUILD_SECONDS_MAX = 900


def tree_digest():
    """Of all that a result depends on but the patches."""
    digest = hashlib.sha256()
    for top in SOURCES:
        for folder, folders, files in os.walk(os.path.join(ROOT, top)):
            folders[:] = sorted(name for name in folders if name not in ("bugs", "findings"))
            for name in sorted(files):
                with open(os.path.join(folder, name), "rb") as file:
                    digest.update(name.encode() + hashlib.sha256(file.read()).digest())
    return digest.hexdigest()[:16]


def commit():
    """The last that changed what a result depends on."""
    return run(["git", "log", "-1", "--format=%h", "--", *SOURCES, ":!fuzz/bugs"], cwd=ROOT).stdout.strip() or "unknown"


def copy_sources(to):
    """Brings the copy up to date, touching only what differs, so that a build in it stays incremental."""
    wanted = set()
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in ("build", ".git", "findings", "results", "__pycache__")]
        for name in files:
            path = os.path.join(folder, name)
            inner = os.path.relpath(path, ROOT)
            if inner == ".git":
                continue
            wanted.add(inner)
            target = os.path.join(to, inner)
            if os.path.exists(target):
                with open(path, "rb") as a, open(target, "rb") as b:
                    if a.read() == b.read():
                        continue
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy(path, target)
    for folder, folders, files in os.walk(to):
        folders[:] = [name for name in folders if name not in ("build", "build.new", "build.old", "unchanged")]
        for name in files:
            if os.path.relpath(os.path.join(folder, name), to) not in wanted:
                os.remove(os.path.join(folder, name))


# How the tree of each kind is configured (all without lines for a debugger, which take a third of the time to build), and what is changed in it first: (file, from, to).
FLAVOURS = {
    "fuzz": (["-DRECLAIM_SANITIZE=address,undefined", "-DRECLAIM_FUZZ=ON"], []),
    "bare": (["-DRECLAIM_SANITIZE=address,undefined"],
             [("cmake/reclaim.cmake", "-UNDEBUG", "-DNDEBUG"),
              ("strategies/common/base.h", '#error "the checked flavour needs assertions: compile it without NDEBUG"', ""),
              ("fuzz/oracle.h", "((holds) ? (void)0 : oracle_violation((o), (name), __VA_ARGS__))", "((void)(holds), (void)(o))"),
              ("fuzz/oracle.c", "if (!mm_check(o->heap, message))", "if (mm_check(NULL, message))"),
              ("strategies/common/check.c", "bool mm_check(mm_heap *heap, char message[MM_MESSAGE_MAX])\n{",
               "bool mm_check(mm_heap *heap, char message[MM_MESSAGE_MAX])\n{\n    if (heap == NULL)\n        return false;")]),
    "cover": (["-DCMAKE_C_FLAGS=-fprofile-instr-generate -fcoverage-mapping"], []),
    "plain": ([], []),
}


def cxx_of(compiler):
    folder, name = os.path.split(compiler)
    for c, cxx in (("clang", "clang++"), ("gcc", "g++"), ("cc", "c++")):
        if c in name:
            return os.path.join(folder, name.replace(c, cxx))
    return "c++"


class Tree:
    """A copy of the sources with one build in it."""

    def __init__(self, folder, flavour, compiler):
        self.folder, self.flavour, self.compiler = folder, flavour, compiler
        self.build = os.path.join(folder, "build")
        self.unchanged = os.path.join(folder, "unchanged")
        self.built, self.ready = set(), False

    def prepare(self):
        if self.ready:
            return
        os.makedirs(self.folder, exist_ok=True)
        copy_sources(self.folder)
        for name, old, new in FLAVOURS[self.flavour][1]:
            path = os.path.join(self.folder, name)
            with open(path, encoding="utf-8") as file:
                text = file.read()
            if old not in text:
                raise Failure(f"{name}: what the flavour '{self.flavour}' changes is not there: {old}")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text.replace(old, new))
        if not os.path.exists(os.path.join(self.build, "build.ninja")):
            try:
                self.configure()
            except Failure as failure:
                raise Fatal(str(failure)) from None
        self.ready = True

    def configure(self):
        run(["cmake", "-G", "Ninja", "-S", self.folder, "-B", self.build, f"-DCMAKE_C_COMPILER={self.compiler}",
             f"-DCMAKE_CXX_COMPILER={cxx_of(self.compiler)}", "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_C_FLAGS_DEBUG=", *FLAVOURS[self.flavour][0]], log=True)

    def make_unchanged(self, *targets):
        """Builds the targets without any bug, once, and keeps the build: going back to it spares building it again after each bug."""
        self.prepare()
        if self.built.issuperset(targets):
            return
        problem = self.make(*targets)
        if problem:
            raise Fatal(f"the build without a bug failed, in {self.build}:\n{problem}")
        shutil.rmtree(self.unchanged, ignore_errors=True)
        shutil.copytree(self.build, self.unchanged, symlinks=True)
        self.built.update(targets)

    def restore(self):
        """Whatever stops this leaves a whole build or none."""
        if self.built:
            for half in (".new", ".old"):
                shutil.rmtree(self.build + half, ignore_errors=True)
            shutil.copytree(self.unchanged, self.build + ".new", symlinks=True)
            os.rename(self.build, self.build + ".old")
            os.rename(self.build + ".new", self.build)
            shutil.rmtree(self.build + ".old")

    def make(self, *targets):
        """Builds; returns the end of the log when that fails."""
        done = run(["ninja", "-C", self.build, *targets], timeout=BUILD_SECONDS_MAX)
        return None if done.returncode == 0 else done.stdout[-2000:]

    def program(self, name, unchanged=False):
        return os.path.join(self.unchanged if unchanged else self.build, "fuzz", name)

    def corpora(self):
        return [os.path.join(self.build, "fuzz", "corpora", "ops"), os.path.join(self.folder, "fuzz", "corpora", "ops", "covering")]

    def seeds(self, folder):
        """A folder of the inputs that were written by hand to show what there is, not what broke."""
        os.makedirs(folder)
        for name in os.listdir(os.path.join(self.folder, "fuzz", "corpora", "ops", "seeds")):
            shutil.copy(os.path.join(self.build, "fuzz", "corpora", "ops", name.partition(".")[0]), folder)
        return folder

    def patched(self, *bugs):
        return Patched(self, bugs)


class Patched:
    """The tree with bugs in it, until the block ends."""

    def __init__(self, tree, bugs):
        self.tree, self.bugs, self.times = tree, bugs, {}

    def __enter__(self):
        self.tree.prepare()
        for bug in self.bugs:
            target = os.path.join(self.tree.folder, bug.target)
            status = os.stat(target)
            self.times.setdefault(target, (status.st_atime_ns, status.st_mtime_ns))
            refused = git_apply(self.tree.folder, bug)
            if refused:
                raise Failure(f"{bug.file} does not apply: {refused}")

    def __exit__(self, *_):
        """The times come last: before that, whatever stops this leaves sources that are newer than what was built with the bug."""
        for bug in reversed(self.bugs):
            git_apply(self.tree.folder, bug, "-R")
        if self.tree.built:
            self.tree.restore()
            for target, times in self.times.items():
                os.utime(target, ns=times)
