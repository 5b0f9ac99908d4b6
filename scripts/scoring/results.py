"""The results: a file for each, and what one says."""

import os

from failure import Failure
from files import WORK, read_json

SCHEMA = "reclaim-score-1"


def result_path(bug, strategy):
    return os.path.join(WORK, "results", f"{bug.name}.{strategy}.json")


def run_folder(bug, strategy, seed):
    return os.path.join(WORK, "runs", f"{bug.name}.{strategy}.{seed}")


def read_result(bug, strategy):
    return read_json(result_path(bug, strategy))


def read_kept(path):
    """The results in the JSON of an earlier score, by bug and strategy."""
    if path is None:
        return {}
    kept = read_json(path)
    if not isinstance(kept, dict) or kept.get("schema") != SCHEMA:
        raise Failure(f"{path} is no score: it has to be a JSON file of the schema {SCHEMA}")
    return {(result["bug"], result["strategy"]): dict({"key": None, "commit": kept.get("commit", "unknown")}, **result) for result in kept["results"]}


def killed(result):
    return bool(result["replay"]) or kill_count(result) != 0


def kill_count(result):
    return sum(done["killed"] for done in result["runs"])


def always_killed(result):
    return bool(result["replay"]) or 0 < kill_count(result) == len(result["runs"])


def seen_by(result):
    names = [result["replay"]] if result["replay"] else []
    names += [done["by"] for done in result["runs"] if done["killed"] and done["by"] not in names]
    return ", ".join(dict.fromkeys(names))


def without_paths(result):
    return dict(result, runs=[{key: value for key, value in done.items() if key not in ("input", "key")} for done in result["runs"]])
