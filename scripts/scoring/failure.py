"""What ends the program, with its message."""

import subprocess


class Failure(Exception):
    """Ends the program, or the score of one pair, with its message."""


class Usage(Failure):
    """Arguments that name nothing."""


class Fatal(Failure):
    """What every other pair would fail with too."""


def run(command, log=None, **options):
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", **options)
    if log is not None and done.returncode != 0:
        raise Failure(f"{' '.join(command[:6])} … failed:\n{(done.stdout + done.stderr)[-3000:]}")
    return done
