"""What the page shows elsewhere already does not come again, as what the reader knows does not."""

from recommender.slots.candidates import subject_of
from recommender.slots.charts import NO_CHARTS
from recommender.slots.corpus import Corpus
from recommender.slots.page import PageQuery, fill_page
from recommender.slots.slot import SlotQuery
from tests.slots.plain_page import DEFAULT, ids, readership
from tests.slots.small_corpus import NOW, no_rules, slots_of


def shown_beside(town: Corpus, **known: tuple[str, ...]) -> list[list[str]]:
    position = town.position("bridge-2")
    assert position is not None
    slots = slots_of(SlotQuery("related", 10), SlotQuery("latest", 10))
    query = PageQuery(slots, subject_of(town, position), NOW, **known)  # type: ignore[arg-type]  # ids only
    filled = fill_page(town, query, DEFAULT, readership(town), no_rules(town), charts=NO_CHARTS)
    return [ids(town, one) for one in filled]


def test_what_stands_elsewhere_is_left_out_with_its_copies(town: Corpus) -> None:
    before = {one for slot in shown_beside(town) for one in slot}
    assert before & {"bridge-1", "bridge-copy"}
    after = {one for slot in shown_beside(town, shown=("bridge-1", "nobody")) for one in slot}
    assert after == before - {"bridge-1", "bridge-copy"}


def test_what_the_reader_knows_and_what_the_page_shows_add_up(town: Corpus) -> None:
    both = shown_beside(town, seen=("bridge-1",), shown=("school",))
    assert both == shown_beside(town, shown=("bridge-1", "school"))
    assert not {"bridge-1", "bridge-copy", "school"} & {one for slot in both for one in slot}
