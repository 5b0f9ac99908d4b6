"""The corpora of a campaign: nothing that is no input gets in, and all strategies must agree on what is in."""

import os
import re
import subprocess

import files

SHA1 = re.compile("[0-9a-f]{40}")


def why_not_an_input(target, path):
    """Why a file of a corpus does not belong there; None when it does."""
    name = os.path.basename(path)
    data = files.read(path)
    if SHA1.fullmatch(name) and files.name_of(data) != name:
        return f"its {len(data)} bytes are not those it is named after, so it was damaged or cut off"
    if len(data) > 1 << 20:
        return f"it has {len(data)} bytes; inputs of {target.name} have at most {target.bytes_max}"
    if target.operations and data and not target.header_is_known(data):
        return (f"it begins with {data[:16].hex()}, which is no header of an operation program "
                f"({target.header_bytes} bytes or more, the first from 1 to {target.version_max})")
    return None


def set_foreign_aside(target, place):
    """Moves what does not belong into the corpus out of it, and says so."""
    for path in files.listed(f"{place}/corpus"):
        why = why_not_an_input(target, path)
        if why is None:
            continue
        os.makedirs(f"{place}/set-aside", exist_ok=True)
        os.rename(path, f"{place}/set-aside/{os.path.basename(path)}")
        print(f"{path} is no input: {why}. It is in {place}/set-aside/ now.", flush=True)


def kept_since(place, seconds):
    """When each input was kept that the corpus got since then."""
    times = (os.path.getmtime(path) for path in files.listed(f"{place}/corpus"))
    return [time for time in times if time >= seconds]


def digests(target, folder):
    """The digest of each input of a folder, by its name."""
    done = subprocess.run([target.replay, "--digest", folder], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    lines = (line.split(" ", 1) for line in done.stdout.decode().splitlines())
    return {os.path.basename(path): digest for digest, path in lines}


def disagreements(targets, folder):
    """The inputs of a folder on which two strategies end with different graphs: (input, target, target)."""
    found = []
    first = None
    for target in targets:
        now = digests(target, folder)
        if first is not None:
            found += [(name, first[0], target) for name in now if name in first[1] and now[name] != first[1][name]]
        else:
            first = (target, now)
    return found
