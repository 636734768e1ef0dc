"""Lines of text files with their numbers, for errors that name the place."""

from collections.abc import Iterator
from pathlib import Path

from recommender.articles.sources.chunks import lines, stream_chunks, utf8_chunks
from recommender.errors import SourceError


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Lines that are not empty, with their numbers from 1; of a plain file or a gzip one.

    Raises:
        SourceError: absent, cut short, or not UTF-8.
    """
    number = 0
    try:
        with path.open("rb") as file:
            for number, raw in enumerate(lines(utf8_chunks(stream_chunks(file))), start=1):
                if raw.strip():
                    yield number, raw.decode()
    except FileNotFoundError:
        raise SourceError(f"There is no file {path}.") from None
    except OSError as error:
        raise SourceError(f"{path} cannot be opened: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise SourceError(f"{path}, line {number}: it is not UTF-8. Save it as UTF-8.") from error
    except SourceError as error:  # of the compressed data, which knows no name
        raise SourceError(f"{path}, after line {number}: {error}.") from error
