"""A command line that was written wrong, told in one line."""

from collections.abc import Sequence

import typer

from recommender.meant import did_you_mean, nearest

_MEANT = {"until": "to", "till": "to", "since": "from", "folder": "home", "format": "json"}
"""What other programs call an option of ours."""


def told(error: typer.TyperException, program: str) -> str:
    """What is wrong, the option that was meant where one is near, and whose help to read.

    Args:
        error: of the parser.
        program: stands for the command where none was reached.
    """
    # only what was wrong with a known command has a context
    context = getattr(error, "ctx", None)
    message = error.format_message()
    wrong = getattr(error, "option_name", None)
    # of a wrong value it is another option's: this one alone says what may have been meant
    if context is not None and wrong and hasattr(error, "possibilities"):
        options = [one for parameter in context.command.params for one in parameter.opts]
        near = _nearest(wrong, [one for one in options if one.startswith("--")])
        message = f"No such option: {wrong}" + (f".{did_you_mean([near])}" if near else "")
    line = " ".join(message.split())
    stop = "" if line.endswith((".", "?", "!")) else "."
    return f"{line}{stop} See: {getattr(context, 'command_path', program)} --help"


def _nearest(wrong: str, options: Sequence[str]) -> str | None:
    """The parser's own guess compares the dashes too, which makes any two options alike."""
    word = wrong.lstrip("-")
    names = {one.lstrip("-"): one for one in options}
    # a part of a longer name, as in valid-to
    for one in (_MEANT.get(word, ""), *word.split("-")):
        if one in names:
            return names[one]
    return next((names[one] for one in nearest(word, names, 1)), None)
