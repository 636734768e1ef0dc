"""Why a goal was not reached, how far it is, and what was tried: for the report."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Final

WHY: Final[Mapping[str, str]] = {
    "times usearch's median over 100,000": (
        "of a query at this size two fifths are Python around the graph and the exact scores of "
        "twenty candidates; over a million vectors, where the walk takes longest, it is ahead"
    ),
    "times usearch's time to build over 100,000": (
        "tried: half as many links (5 % less time to build, as quick to search) and half as wide a "
        "beam (11 % less, slower to search); over a million vectors it is below one half"
    ),
    "rate to that of a constant, the same, each a question not asked before": (
        "each such answer is filtered, ranked and written out anew; those that arrive together "
        "share the steps that can be shared"
    ),
    "events/s in batches": (
        "each batch is on the disk before it is answered, and the log's indexes grow with it. "
        "Tried: integers for ids, statements of exact width, columns instead of objects, groups of "
        "up to 32,000, keys in their order, rows without empty columns, keyed hashes copied"
    ),
    "rate in 8 bits to torch": (
        "this processor has no instructions for 8 bits (VNNI), as the product says when asked "
        "for them; an earlier measurement on another machine gave 1.5"
    ),
    "neighbours kept in 8 bits": (
        "of the BBC's articles .965 are kept. Tried: five strengths of smoothing (.93 were kept "
        "before), 256 texts to calibrate with (no difference), ranges without outliers and by "
        "histogram (no difference), parts in full precision: the first product of each layer's "
        "network gives .027 back, and is half of what 8 bits make quicker"
    ),
    "milliseconds of one text at the median, the default embedder": (
        "a bare encode of the same text took 61 ms in the same run, where it took 58 in others"
    ),
    "times the p99 of related articles while texts are embedded": (
        "two cores are shared with a model that takes both, and a load that takes the most of them "
        "besides: it is asked in one thread of less priority, which the system lets compute for "
        "some milliseconds once it is its turn. Tried: shorter turns of Python's threads, and of "
        "the system's (no difference). With the least priority there is, a text would wait for "
        "seconds while a rebuild runs"
    ),
    "GiB of a rebuild of a million, mapped files included": (
        "2.7 GiB of it are pages of files, which the system takes back where others need memory"
    ),
    "ms of a slot with its cards, median": (
        "it is some forty numpy calls over a hundred candidates, a microsecond or two each, and "
        "ten cards from anywhere in a file that is mapped, whose pages nobody touched before: "
        "without the cards it took 0.154 in a run of the same day. Tried: what ranking asks side "
        "by side in one array, filters that say nothing skipped, both closenesses in one step, a "
        "bell in place of SQLite's word whether anything changed (15 microseconds less), an id "
        "looked for where its hash says, sums by accumulation (slower), the path of many articles "
        "for one (slower)"
    ),
    "rate to that of an ordinary route, * of a million": (
        "six tenths of the time go into filling the slot and writing it out with its reasons, "
        "which a constant has none of. Tried: answering together what arrives "
        "together, words in common and reasons of all places in one step, slots without copies "
        "told at a glance, headers written as they are sent, answers in front of the framework, "
        "the words why of all places in one step (no quicker)"
    ),
    "times the p99 of an ordinary route, * of a million": (
        "what arrives together is answered together, so that the last waits for all of them"
    ),
}
"""By the goal's name; `*` stands for anything."""


def why(goal: str) -> str:
    """Why the goal of this name was not reached; "" where nobody knows."""
    return next((reason for name, reason in WHY.items() if fnmatchcase(goal, name)), "")
