"""What ends a campaign before its time: a message for a person, and the exit code."""

import difflib

BAD_INPUT = 2
ENVIRONMENT = 1


class Problem(Exception):
    def __init__(self, text, code=ENVIRONMENT):
        super().__init__(text)
        self.code = code


def choose(kind, wanted, known):
    """`wanted` if it is known, else a Problem that names the nearest and all."""
    if wanted in known:
        return wanted
    near = difflib.get_close_matches(wanted, known, n=1)
    hint = f"; did you mean '{near[0]}'?" if near else "."
    raise Problem(f"unknown {kind} '{wanted}'{hint} There are: {', '.join(known)}", BAD_INPUT)
