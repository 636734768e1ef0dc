"""A slot that two pipelines fill together."""

from collections.abc import Sequence

from recommender.api.ready import Rendered
from recommender.api.rendering import body_of, cards_of
from recommender.experiments.assignment import INTERLEAVED
from recommender.experiments.interleaving import team_draft
from recommender.pages import FilledPage


def interleaved(
    pages: Sequence[FilledPage],
    coins: Sequence[bool],
    *,
    limit: int,
    offset: int,
    explain: bool,
) -> tuple[Rendered, list[str]]:
    """The slot, and the pipeline that put an article at each of its places.

    What an editor pinned keeps its place and belongs to no pipeline: "". Only one of several copies
    is shown where either pipeline wants that.

    Args:
        pages: two, of one slot of the same corpus, each with the first `limit + offset` places.
        coins: of the draft.
        limit: places that are shown.
        offset: places that are passed over.
        explain: tell every signal and its weight.
    """
    alone = any(one.pipeline.collapse_copies for one in pages)
    keys = [_keys(one, alone=alone) for one in pages]
    slots = [pages[0].slots[0], pages[1].slots[0]]
    pinned = {place for place in range(len(keys[0])) if slots[0].placed_by(place) == "pinned"}
    fixed = {keys[0][place] for place in pinned}
    # in each pipeline's list the places that are not fixed, and what stands there
    places = [[place for place, key in enumerate(one) if key not in fixed] for one in keys]
    lists = [[one[place] for place in free] for one, free in zip(keys, places, strict=True)]
    drafted = iter(team_draft(lists[0], lists[1], coins, limit + offset))
    chosen: list[dict[int, int]] = [{}, {}]  # place in the pipeline's list -> position here
    teams: list[str] = []
    for place in range(limit + offset):
        pick = None if place in pinned else next(drafted, None)
        if place not in pinned and pick is None:
            break
        team = 0 if pick is None else pick.team
        listed = place if pick is None else places[team][pick.index]
        if place >= offset:
            chosen[team][listed] = place - offset + 1
            counts = pick is not None and pick.counts
            teams.append(pages[team].pipeline.name if counts else "")
    cards: dict[int, bytes] = {}
    for page, slot, positions in zip(pages, slots, chosen, strict=True):
        cards.update(cards_of(page, slot, explain, positions))
    data = b"[%b]" % b",".join(cards[one] for one in sorted(cards))
    # where one of them had its own articles, it did not stay empty
    fallback = slots[0].fallback if slots[1].fallback else None
    version = pages[0].corpus.version
    body = body_of(data, version, INTERLEAVED, fallback)
    return Rendered(body, slots[0].name, fallback, tag="", until=0.0), teams


def _keys(page: FilledPage, *, alone: bool) -> list[int]:
    """Equal for articles of which only one may stand in a slot: copies where they stand `alone`."""
    positions = page.slots[0].ranked.positions
    found: list[int] = (page.corpus.groups[positions] if alone else positions).tolist()
    return found
