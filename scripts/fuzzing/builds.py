"""The programs to fuzz with: which compilers there are, and one build for each sanitizer and engine."""

import collections
import os
import re
import shutil
import subprocess
import tempfile

import files
from problem import Problem

CLANGS = ["clang-19", "clang", "clang-18", "clang-17", "clang-16", "clang-15", "clang-14"]
PROBE = "int LLVMFuzzerTestOneInput(const unsigned char *d, unsigned long n) { return d && n > 9 ? -1 : 0; }"
AFL_DRIVERS = ["/usr/lib/afl/libAFLDriver.a", "/usr/local/lib/afl/libAFLDriver.a"]
AFL_MUTATOR = "build/fuzz-afl/afl_mutator.so"
STRATEGY_TARGETS_FROM = "ops_"

# One line of <build>/fuzz/targets, with the folder of the executables.
Target = collections.namedtuple("Target", "name replay bytes_max corpora folder")


def find_clang():
    """The first clang that can link a fuzzer."""
    with tempfile.TemporaryDirectory() as folder:
        for clang in CLANGS:
            if not shutil.which(clang):
                continue
            done = subprocess.run([clang, "-fsanitize=fuzzer,address", "-x", "c", "-", "-o", f"{folder}/probe"],
                                  input=PROBE.encode(), capture_output=True, check=False)
            if done.returncode == 0:
                return clang
    raise Problem("no clang that can link -fsanitize=fuzzer. On Debian and Ubuntu:\n"
                  "  apt install clang-19 libclang-rt-19-dev llvm-19     (or: clang libclang-rt-14-dev)")


def find_afl():
    """AFL++'s driver, or None."""
    folders = [os.path.join(os.environ[name], "libAFLDriver.a") for name in ["AFL_PATH"] if name in os.environ]
    drivers = [path for path in folders + AFL_DRIVERS if os.path.exists(path)]
    if drivers and shutil.which("afl-fuzz") and shutil.which("afl-clang-fast"):
        return drivers[0]
    return None


def run_cmake(folder, command, **environment):
    """Runs a command and keeps its output beside the folder of the build."""
    log = f"{folder}.log"
    os.makedirs(os.path.dirname(log), exist_ok=True)
    with open(log, "wb") as out:
        done = subprocess.run(command, stdout=out, stderr=out, check=False, env={**os.environ, **environment})
    if done.returncode != 0:
        lines = files.read(log).decode(errors="replace").splitlines()
        raise Problem(f"the build failed; all of its output is in {log}:\n" + "\n".join(lines[-20:]))


def forget_other_compiler(folder, clang):
    """CMake forgets a preset's own settings, the sanitizers among them, when the compiler of a folder changes; a folder without a cache begins anew."""
    cache = os.path.join(folder, "CMakeCache.txt")
    if not os.path.exists(cache):
        return
    found = re.search(r"^CMAKE_C_COMPILER:\w+=(.*)$", files.read(cache).decode(errors="replace"), re.M)
    if found is None or shutil.which(found.group(1)) != shutil.which(clang):
        os.remove(cache)
        shutil.rmtree(os.path.join(folder, "CMakeFiles"), ignore_errors=True)


def configure(preset, clang, strategy_dirs):
    """Makes the build of a preset ready; the folder of its executables."""
    forget_other_compiler(f"build/{preset}", clang)
    run_cmake(f"build/{preset}", ["cmake", "--preset", preset, f"-DCMAKE_C_COMPILER={clang}", f"-DRECLAIM_STRATEGY_DIRS={strategy_dirs}",
                                  f"-DCMAKE_CXX_COMPILER={clang.replace('clang', 'clang++')}"])
    return f"build/{preset}/fuzz"


def configure_afl(driver, strategy_dirs):
    run_cmake("build/fuzz-afl", ["cmake", "-S", ".", "-B", "build/fuzz-afl", "-G", "Ninja", "-DCMAKE_BUILD_TYPE=None",
                                 f"-DRECLAIM_FUZZ_ENGINE={driver}", f"-DRECLAIM_STRATEGY_DIRS={strategy_dirs}"],
              CC="afl-clang-fast", CXX="afl-clang-fast++", CFLAGS="-O2", CXXFLAGS="-O2", AFL_QUIET="1")
    run_cmake("build/fuzz-afl", ["cc", "-std=gnu17", "-O2", "-shared", "-fPIC", "-I", "fuzz", "-o", AFL_MUTATOR, "fuzz/afl_mutator.c",
                                 "fuzz/mutator.c", "fuzz/program.c"])
    return "build/fuzz-afl/fuzz"


def compile_targets(folder, programs):
    """Builds these programs and the tools; `folder` is as configure() returned it."""
    build = os.path.dirname(folder)
    print(f"building {build} (log: {build}.log)", flush=True)
    run_cmake(build, ["cmake", "--build", build, "--target", "fuzz_seeds", "fuzz_text", "fuzz_minimise", *programs], AFL_QUIET="1")


def read_targets(folder):
    """The targets of one build, by name."""
    path = os.path.join(folder, "targets")
    if not os.path.exists(path):
        raise Problem(f"{path} does not exist: {folder} is no folder of fuzz targets")
    targets = {}
    for line in files.read(path).decode().splitlines():
        name, replay, bytes_max, *corpora = line.split("\t")
        targets[name] = Target(name, os.path.join(folder, replay), int(bytes_max), corpora, folder)
    return targets


def strategies_of(targets):
    return [name[len(STRATEGY_TARGETS_FROM):] for name in targets if name.startswith(STRATEGY_TARGETS_FROM)]


def kind_of(name, strategies):
    """`oom` of `oom_refcount`; what has no strategy is a kind of its own."""
    for strategy in sorted(strategies, key=len, reverse=True): # one may be the end of another
        if name.endswith(f"_{strategy}"):
            return name[:-len(strategy) - 1]
    return name


def kinds_of(targets):
    strategies = strategies_of(targets)
    return {name: kind_of(name, strategies) for name in targets}
