import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.snapshot import SnapshotStore
from recommender.articles.text import article_text
from recommender.similarity import keyword_gathering
from recommender.similarity.keyword_gathering import KeywordGathering
from recommender.similarity.keywords import (
    KEPT,
    KeyTerms,
    Keywords,
    Vocabulary,
    keywords_of,
    read_keywords,
    shared,
    write_keywords,
)
from tests.index.snapshots import seal
from tests.real_data import DATA, needs_real_data, real_articles


def gathered(texts: list[str], language: str = "en", batch: int = 1000) -> Keywords:
    gathering = KeywordGathering()
    for start in range(0, len(texts), batch):
        part = texts[start : start + batch]
        gathering.add(part, [language] * len(part))
    return gathering.keywords()


def shared_by(
    vocabulary: Vocabulary, left: KeyTerms, row: int, right: KeyTerms, other: int, *, count: int
) -> tuple[str, ...]:
    (found,) = shared(vocabulary, left, row, right, np.array([other]), count=count)
    return found


def spelled(made: Keywords, terms: KeyTerms, row: int) -> list[str]:
    return [made.vocabulary.words[number].decode() for number in terms.numbers[row] if number >= 0]


def all_spelled(made: Keywords) -> list[list[str]]:
    return [spelled(made, made.articles, row) for row in range(len(made.articles))]


def test_function_words_of_a_language_tell_nothing_in_a_small_catalog() -> None:
    texts = [
        "Would that asylum\n\nThey would say after May that asylum would come",
        "After asylum\n\nThat would be asylum, they say after May",
    ]
    assert all_spelled(gathered(texts)) == [["asylum", "May"], ["asylum", "May"]]
    # no list of that language: frequencies alone
    assert "would" in all_spelled(gathered(texts, "xx"))[0]
    german = ["Asyl oder nicht\n\nSie sagen oder nicht", "Asyl oder nicht\n\nWir oder nicht"]
    assert all_spelled(gathered(german, "de")) == [["Asyl"], ["Asyl"]]


def test_where_frequencies_tell_no_list_is_asked() -> None:
    filler = [f"Title {n}\n\nNothing of note here, word{n} alone" for n in range(400)]
    made = gathered([*filler, "Fire\n\nA great fire broke out", "Again\n\nThe fire of that day"])
    assert "fire" in all_spelled(made)[-1]
    assert all_spelled(gathered(["A fire\n\nOne fire", "Two\n\nOne fire"])) == [[], []]


def test_weights_are_those_worked_out_by_hand() -> None:
    made = gathered(
        [
            "Any title\n\nA harbour, a harbour and a ferry; in Bergen",
            "Some title\n\nThe harbour of Bergen",
            "",
        ]
    )
    # three articles; "harbour" and Bergen in two: ln(4 / 2); once more than once; a name
    weight = np.log(4 / 2)
    assert all_spelled(made) == [["harbour", "Bergen", "title"], ["Bergen", "harbour", "title"], []]
    np.testing.assert_allclose(
        made.articles.weights[0, :4],
        [(1 + np.log(2)) * weight, 1.5 * weight, weight, 0],
        rtol=1e-3,
    )
    assert made.articles.numbers.shape == made.articles.weights.shape == (3, KEPT)
    assert made.articles.numbers.dtype == np.int32
    assert (made.articles.numbers[2] == -1).all()


def test_what_one_article_says_or_most_of_them_say_is_no_key_term() -> None:
    texts = [f"On day{number} said harbour" for number in range(2)]
    texts += [f"On day{number} said nothing" for number in range(2, 40)]
    assert all_spelled(gathered(texts))[:3] == [["harbour"], ["harbour"], []]


def test_a_common_word_of_a_language_few_articles_have_is_none_either() -> None:
    gathering = KeywordGathering()
    gathering.add(
        [f"said {number % 20:03} topic{number % 20}" for number in range(400)], ["en"] * 400
    )
    gathering.add([f"soo Muqdisho{number % 12}" for number in range(24)], ["so"] * 24)
    made = gathering.keywords()
    assert all_spelled(made)[0] == ["topic0"]
    assert all_spelled(made)[400] == ["Muqdisho0"]


def test_a_name_of_two_languages_is_one_word() -> None:
    gathering = KeywordGathering()
    gathering.add(["in Oslo, hand", "about Oslo, hand"], ["en", "en"])
    gathering.add(["aus Oslo, die Hand", "die Kirche"], ["de", "de"])
    made = gathering.keywords()
    terms = made.articles
    assert shared_by(made.vocabulary, terms, 0, terms, 2, count=5) == ("Oslo", "hand")
    assert len(set(made.vocabulary.hashes.tolist())) == len(made.vocabulary.hashes)


def test_a_word_is_written_as_it_mostly_is_inside_sentences() -> None:
    made = gathered(
        [
            "Asylum For NATO Envoy\n\nHarbour news. They seek asylum, says NATO. The harbour",
            "Asylum Is Sought\n\nASYLUM was granted. Harbour life: asylum. Nato, and NATO",
        ]
    )
    assert {"asylum", "NATO", "harbour"} <= {*spelled(made, made.articles, 0)}


def test_shared_words_are_the_most_telling_for_both_first() -> None:
    made = gathered(
        [
            "Schengen, Schengen, Schengen; asylum; Norway; testified; harbour ferry",
            "Norway, Norway; Schengen; asylum, asylum and testify, testified; bridge",
            "harbour and bridge and ferry in testify",
            "nothing",
        ]
    )
    terms = made.articles

    def common(left: int, right: int, count: int = 9) -> tuple[str, ...]:
        return shared_by(made.vocabulary, terms, left, terms, right, count=count)

    assert common(0, 1) == ("Schengen", "Norway", "asylum", "testified")
    assert common(0, 1, count=2) == ("Schengen", "Norway")
    assert common(1, 0) == common(0, 1)
    assert common(0, 3) == common(3, 3) == ()
    of_all = shared(made.vocabulary, terms, 0, terms, np.array([1, 3, 2, 1]), count=2)
    assert of_all == [common(0, 1, 2), (), common(0, 2, 2), common(0, 1, 2)]
    assert shared(made.vocabulary, terms, 0, terms, np.empty(0, np.int64), count=2) == []


@pytest.mark.parametrize(
    ("text", "given_once"),
    [
        ("testify testified testify; protest", ("testify", "protest")),
        ("Iran Iranian Iran; protest", ("Iran", "protest")),
        ("Iranian Iran Iranian; protest", ("Iranian", "protest")),
        ("首席大法官在。首席大法官去。大法官。大法官", ("大法官",)),
    ],
)
def test_forms_of_a_shared_word_are_given_once(text: str, given_once: tuple[str, ...]) -> None:
    made = gathered([text, text])
    terms = made.articles
    assert len(spelled(made, terms, 0)) > len(given_once)
    assert shared_by(made.vocabulary, terms, 0, terms, 1, count=9) == given_once


def test_a_new_text_has_key_terms_of_the_corpus() -> None:
    made = gathered(["In Schengen, asylum", "asylum and Schengen", "ferry"])
    found = keywords_of(
        ["", "Asylum seekers: asylum in SCHENGEN by ferry", "seekers"], made.vocabulary
    )
    assert len(found) == 3
    assert spelled(made, found, 1) == ["asylum", "Schengen"]
    assert (found.numbers[[0, 2]] == -1).all()
    assert shared_by(made.vocabulary, found, 1, made.articles, 0, count=1) == ("Schengen",)
    assert len(keywords_of([], made.vocabulary)) == 0


def test_an_empty_corpus_has_no_words() -> None:
    made = KeywordGathering().keywords()
    assert len(made.articles) == len(made.vocabulary.words) == 0
    assert (keywords_of(["any text"], made.vocabulary).numbers == -1).all()


@given(st.lists(st.text("abc \n", max_size=60), max_size=12), st.integers(1, 12))
def test_key_terms_of_an_article_are_words_of_it(texts: list[str], batch: int) -> None:
    made = gathered(texts, batch=batch)
    assert len(made.articles) == len(texts)
    for text, words, weights in zip(
        texts, all_spelled(made), made.articles.weights.tolist(), strict=True
    ):
        assert {*words} <= {*text.split()}
        assert len({*words}) == len(words)
        assert weights == sorted(weights, reverse=True)
        assert all(weights[: len(words)])
        assert not any(weights[len(words) :])


def test_batches_do_not_matter_to_what_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    texts = [
        " ".join(f"word{number}" for number in rng.zipf(1.3, size=30) % 500) for _ in range(300)
    ]
    whole, parts = gathered(texts), gathered(texts, batch=7)
    assert whole.vocabulary.hashes.tolist() == parts.vocabulary.hashes.tolist()
    assert [{*row} for row in all_spelled(whole)] == [{*row} for row in all_spelled(parts)]
    # and with less kept until the end, little changes
    monkeypatch.setattr(keyword_gathering, "_LIKELY", 30)
    assert [len(row) for row in all_spelled(gathered(texts))] == [
        len(row) for row in all_spelled(whole)
    ]


def test_too_many_words_are_halved_by_the_rarest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyword_gathering, "_MOST_WORDS", 50)
    once, twice, thrice = (
        [f"{kind}{number}" for number in range(20)] for kind in ("once", "twice", "thrice")
    )
    gathering = KeywordGathering()
    first = [" ".join(once + twice), " ".join(twice + thrice), *[" ".join(thrice)] * 2]
    gathering.add(first, ["en"] * 4)
    gathering.add(["once1 twice1 thrice1", "once1 twice1 thrice1"], ["en"] * 2)
    found = [{*row} for row in all_spelled(gathering.keywords())]
    assert found == [set(), {*thrice}, {*thrice}, {*thrice}, *[{"once1", "twice1", "thrice1"}] * 2]


def test_a_snapshot_keeps_them_memory_mapped(tmp_path: Path) -> None:
    made = gathered(["In Tromsø, asylum", "asylum and Tromsø", ""])
    store = SnapshotStore(tmp_path)
    with store.draft() as draft:
        write_keywords(made, draft)
        version = seal(draft)
    read = read_keywords(store.open(version))
    assert isinstance(read.articles.numbers.base, np.memmap)
    assert all_spelled(read) == all_spelled(made) == [["Tromsø", "asylum"]] * 2 + [[]]
    np.testing.assert_array_equal(read.articles.weights, made.articles.weights)
    np.testing.assert_array_equal(read.vocabulary.weights, made.vocabulary.weights)
    assert shared_by(read.vocabulary, read.articles, 0, read.articles, 1, count=1) == ("Tromsø",)
    again = keywords_of(["tromsø"], read.vocabulary)
    assert spelled(read, again, 0) == ["Tromsø"]


@needs_real_data
def test_real_articles_on_one_event_share_words_that_say_so() -> None:
    articles = real_articles("basil")
    made = gathered([article_text(article) for article in articles])
    rows = {article.id: row for row, article in enumerate(articles)}
    with (DATA / "basil" / "qrels.tsv").open() as file:
        pairs = [
            (rows[line["query_id"]], rows[line["doc_id"]])
            for line in csv.DictReader(file, delimiter="\t")
        ]

    def common(left: int, right: int) -> tuple[str, ...]:
        return shared_by(made.vocabulary, made.articles, left, made.articles, right, count=9)

    same_event = [common(*pair) for pair in pairs]
    assert sum(len(found) >= 2 for found in same_event) > 0.95 * len(pairs)
    assert not {"said", "year", "would", "the"} & {word for one in same_event for word in one}
    others = np.random.default_rng(0).integers(len(articles), size=(1000, 2)).tolist()
    assert sum(len(common(*pair)) >= 2 for pair in others) < 0.05 * len(others)
