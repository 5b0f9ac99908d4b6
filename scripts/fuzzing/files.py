"""Files that are whole or not there, in a folder that may be full, and one campaign at a time in it."""

import errno
import fcntl
import hashlib
import json
import os
import shutil

from problem import Problem

FREE_BYTES_MIN = 64 << 20  # below this an engine might leave a torn file
FULL = {errno.ENOSPC: "no space is left", errno.EDQUOT: "the quota is used up", errno.EFBIG: "files may not be that big"}


def write_whole(path, data):
    """Writes `data` (bytes) under another name and renames: `path` is the old file or the new one."""
    temporary = f"{path}.new"
    try:
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.rename(temporary, path)
    except OSError as error:
        if os.path.exists(temporary):
            os.remove(temporary)
        raise full_or_same(error, path) from error


def append_line(path, data):
    """Adds a line of bytes to a file, whole or not at all; half a line that a kill has left gives way to it."""
    with open(path, "a+b") as file:
        try:
            file.seek(0)
            end = file.read().rfind(b"\n") + 1
            file.truncate(end)
            file.write(data + b"\n")
            file.flush()
            os.fsync(file.fileno())
        except OSError as error:
            os.ftruncate(file.fileno(), end)
            raise full_or_same(error, path) from error


def full_or_same(error, path):
    """The error as a Problem when it says that the disk takes no more."""
    if error.errno in FULL:
        return Problem(f"{path}: {FULL[error.errno]}. What was found before is kept; make room, then run the same command again.")
    return error


def expect_room(folder):
    free = shutil.disk_usage(folder).free
    if free < FREE_BYTES_MIN:
        raise Problem(f"{folder}: {free >> 20} MiB are free, {FREE_BYTES_MIN >> 20} are needed. "
                      "What was found before is kept; make room, then run the same command again.")


def read_json(path):
    """The object in the file; an empty one where there is none."""
    try:
        with open(path, encoding="utf-8") as file:
            value = json.load(file)
        if not isinstance(value, dict):
            raise ValueError("not an object")
        return value
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise Problem(f"{path} is no JSON ({error}). It only says whose turn it is or was: remove it and go on.") from error


def write_json(path, value):
    write_whole(path, json.dumps(value, indent=1, sort_keys=True).encode())


def name_of(data):
    """The name that libFuzzer gives an input: its SHA-1."""
    return hashlib.sha1(data).hexdigest()


def read(path):
    with open(path, "rb") as file:
        return file.read()


def listed(folder):
    """The paths of the files in a folder, by name; none where there is no folder."""
    if not os.path.isdir(folder):
        return []
    return [entry.path for entry in sorted(os.scandir(folder), key=lambda e: e.name)
            if entry.is_file() and not entry.name.startswith(".")]


def lock(folder):
    """Holds the folder until the process ends. Engines do not inherit it."""
    os.makedirs(folder, exist_ok=True)
    descriptor = os.open(os.path.join(folder, "lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(descriptor, 32).decode(errors="replace").strip()
        raise Problem(f"another campaign is running in {folder}" + (f" (process {holder})" if holder else "")) from None
    try:
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
    except OSError as error:
        raise full_or_same(error, folder) from error
    return descriptor
