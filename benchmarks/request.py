"""What a load is made of; imported by the generator, so it needs nothing."""

from dataclasses import dataclass

NUMBER = "@@"
"""In a body: 24 hexadecimal digits that stand at no other place of a load of another seed."""

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
"""Who sends bodies; the product keeps those of bots aside."""


@dataclass(frozen=True, slots=True)
class Request:
    """A GET of the path, or a POST of the body, in which each `NUMBER` is another one each time.

    Attributes:
        path: where to.
        body: on one line, without tabs.
        kind: of the body; beacons are plain text.
    """

    path: str
    body: str = ""
    kind: str = "text/plain"
