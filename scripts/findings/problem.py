"""What ends the command, with a sentence for its user."""

BAD_INPUT = 2


class Problem(Exception):
    """Says what is wrong, and the code to exit with."""

    def __init__(self, text, code=1):
        super().__init__(text)
        self.code = code


class Missing(Exception):
    """A figure that a finding needs and that was not measured; says which."""
