"""Bytes of any size in constant memory: read, decompressed, brought to UTF-8, cut into lines."""

import codecs
import zlib
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import BinaryIO

from recommender.errors import SourceError

MAX_RECORD = 16 * 2**20
"""Bytes of one record; a longer one is rejected, lest a file without line ends fill the memory."""

_GZIP_MAGIC = b"\x1f\x8b"

_CHUNK = 256 * 1024
_HEAD = 4096
_WIDE = {  # longest first: the UTF-16 mark begins the UTF-32 one
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def stream_chunks(stream: BinaryIO) -> Iterator[bytes]:
    """What is left of `stream`, piece by piece, as it comes."""
    # one read of what is there: a pipe's lines are not held back until a chunk is full
    read: Callable[[int], bytes] = getattr(stream, "read1", stream.read)
    try:
        while chunk := read(_CHUNK):
            yield chunk
    except OSError as error:
        raise SourceError(f"reading stopped: {error.strerror or error}") from error


def decompressed(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """`chunks` as they are, or what they hold where they are gzip.

    Raises:
        SourceError: while iterating, where compressed data is cut short or damaged; all that
            could be read has come before.
    """
    head, chunks = peeked(chunks)
    return _gunzipped(chunks) if head.startswith(_GZIP_MAGIC) else chunks


def utf8_chunks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Decompressed chunks, as UTF-8 without its byte order mark.

    UTF-16 and UTF-32 are known by their marks. Bytes that are no UTF-8 pass through.

    Raises:
        SourceError: as `decompressed`.
    """
    head, chunks = peeked(decompressed(chunks))
    for mark, encoding in _WIDE.items():
        if head.startswith(mark):
            yield from _transcoded(chunks, encoding)
            return
    marked = head.startswith(codecs.BOM_UTF8)
    for chunk in chunks:
        yield chunk.removeprefix(codecs.BOM_UTF8) if marked else chunk
        marked = False


def whole(chunks: Iterable[bytes], limit: int) -> bytes:
    """All of `chunks` in one.

    Raises:
        SourceError: more than `limit` bytes, or as `chunks` raises.
    """
    content = bytearray()
    for chunk in chunks:
        content += chunk
        if len(content) > limit:
            raise SourceError(f"it has more than {limit:,} bytes")
    return bytes(content)


def peeked(chunks: Iterable[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first bytes, some thousand where there are so many, and all chunks, these included.

    An error of `chunks` comes when the second part is iterated, after what was read before it.
    """
    remaining = iter(chunks)
    taken: list[bytes] = []
    try:
        while sum(map(len, taken)) < _HEAD:
            taken.append(next(remaining))
    except StopIteration:
        remaining = iter(())
    except SourceError as error:
        remaining = _raising(error)
    head = b"".join(taken)
    return head, chain([head] if head else [], remaining)


def lines(chunks: Iterable[bytes], limit: int = MAX_RECORD) -> Iterator[bytes]:
    """Each line without its end; of a line longer than `limit` only its first limit + 1 bytes."""
    rest = bytearray()
    for chunk in chunks:
        first, *others = chunk.split(b"\n")
        rest += first[: limit + 1 - len(rest)]
        if others:
            yield bytes(rest)
            *whole, last = others
            for line in whole:
                yield line[: limit + 1]
            rest = bytearray(last[: limit + 1])
    if rest:
        yield bytes(rest)


def _gunzipped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    inflater = zlib.decompressobj(wbits=31)
    for chunk in chunks:
        data = chunk
        while data:
            if inflater.eof:  # another member may follow; padding with zeros is allowed
                data = data.lstrip(b"\0")
                if not data:
                    break
                inflater = zlib.decompressobj(wbits=31)
            before = inflater.copy()
            try:
                inflated = inflater.decompress(data, _CHUNK)
            except zlib.error as error:
                yield _salvaged(before, data)
                raise SourceError(f"the compressed data is damaged here ({error})") from error
            if inflated:
                yield inflated
            data = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
    if left := inflater.flush():
        yield left
    if not inflater.eof:
        raise SourceError("the compressed data ends early: the file was cut off here")


def _salvaged(inflater: "zlib._Decompress", data: bytes) -> bytes:
    """What `data` holds before the damage, which takes all of a call's output with it."""
    found = bytearray()
    try:
        for at in range(len(data)):
            found += inflater.decompress(data[at : at + 1])
    except zlib.error:
        pass
    return bytes(found)


def _transcoded(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    for chunk in chunks:
        yield decoder.decode(chunk).encode(errors="replace")
    yield decoder.decode(b"", final=True).encode(errors="replace")


def _raising(error: SourceError) -> Iterator[bytes]:
    raise error
    yield b""  # makes this a generator: the error comes when it is iterated
