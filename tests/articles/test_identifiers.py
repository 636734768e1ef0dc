"""An id is found by its hash, however the hashes lie."""

import pytest
import xxhash

from recommender.articles.identifiers import Identifiers, identifiers

EVENLY = [f"article-{number}" for number in range(5_000)]
# as no publisher's ids are, but the lookup has to be right all the same
LOW = [one for one in EVENLY if xxhash.xxh3_64_intdigest(one.encode()) < 2**61]
HIGH = [one for one in EVENLY if xxhash.xxh3_64_intdigest(one.encode()) > 2**64 - 2**61]


@pytest.mark.parametrize(
    "ids",
    [EVENLY, LOW, HIGH, LOW + HIGH, EVENLY[:1], EVENLY[:2], []],
    ids=["evenly", "low", "high", "both ends", "one", "two", "none"],
)
def test_every_id_is_found_and_no_other(ids: list[str]) -> None:
    made = identifiers(ids)
    for position, one in enumerate(ids):
        assert made.position(one) == position
    strangers = [f"stranger-{number}" for number in range(500)]
    assert {made.position(one) for one in strangers} == {None}
    assert made.places([*ids, *strangers]).tolist() == [*range(len(ids)), *[-1] * 500]


@pytest.mark.parametrize("ids", [EVENLY[:200], LOW[:200]], ids=["evenly", "low"])
def test_ids_of_one_hash_are_told_apart(ids: list[str]) -> None:
    made = identifiers(ids)
    # every other hash becomes that of the one before
    hashes = made.hashes.copy()
    hashes[1::2] = hashes[::2]
    clashing = Identifiers(made.ids, hashes, made.positions)
    for place in range(0, len(ids), 2):
        first = ids[made.positions[place]]
        assert clashing.position(first) == made.positions[place]
    swapped = made.positions.copy()
    swapped[::2], swapped[1::2] = made.positions[1::2], made.positions[::2]
    behind = Identifiers(made.ids, hashes, swapped)
    for place in range(0, len(ids), 2):
        first = ids[made.positions[place]]
        assert behind.position(first) == made.positions[place]
