"""Which of the articles that a list shows will be clicked, for readers of whom nothing is known."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import numpy as np

from recommender.errors import InputError
from recommender.readers.appeal.duels import Duels, duels
from recommender.readers.appeal.effects import Effects
from recommender.readers.appeal.settings import DEFAULT, AppealSettings
from recommender.readers.appeal.strengths import Strength, Strengths
from recommender.readers.appeal.traits import Traits
from recommender.readers.decay import Floats, Rows


class Appeal:
    """A model of clicks that learns with every list that is clicked.

    Of a list that somebody clicked, an article is the one with a probability that grows with its
    score: its own level and surge, its section's strength, and its traits by the weights of that
    kind of list. What nobody clicked says nothing: neither a bot nor a page that was not looked at
    makes an article worse. All of it costs O(list) for a list, however long the log is; memory
    grows with the number of distinct articles.

    Args:
        settings: priors and half-lives.
        sections: by article id, looked up as an article first turns up; where it has none or "",
            the article has no section.
    """

    def __init__(
        self, settings: AppealSettings = DEFAULT, sections: Mapping[str, str] | None = None
    ) -> None:
        self._settings = settings
        self._section_of: Mapping[str, str] = {} if sections is None else sections
        self._rows: dict[str, int] = {}
        self._sections: dict[str, int] = {}
        self._section_rows: list[int] = []
        self._traits = Traits(settings)
        self._strengths = Strengths(settings)
        self._weights = Effects(self._traits.priors)
        self._of_sections = Effects([settings.section])
        self._of_places = Effects([settings.place])

    def __len__(self) -> int:
        """How many articles it has met."""
        return len(self._rows)

    def scores(self, articles: Sequence[str], at: datetime, *, list_size: int) -> Floats:
        """What is likelier to be clicked has the higher score; its place does not matter.

        Args:
            articles: n ids; whichever are new begin at their priors.
            at: aware.
            list_size: how many a list has that they are scored for.

        Returns:
            Shape (n,): natural logarithms, of which only differences mean anything.
        """
        rows, now = self._numbered(articles), _moment(at)
        traits = self._traits.of(rows, now)
        return self._scores(rows, now, traits, self._weight_rows(list_size))

    def strength(self, articles: Sequence[str], at: datetime) -> Strength:
        """Level and surge of n articles at a time."""
        return self._strengths.of(self._numbered(articles), _moment(at))

    def show(self, shown: Sequence[str], at: datetime) -> None:
        """Takes note that a list of distinct articles is shown."""
        self._traits.show(self._numbered(shown), _moment(at))

    def read(self, articles: Collection[str], at: datetime) -> None:
        """Takes note of a reader of these articles that no list led to."""
        self._traits.read(np.unique(self._numbered(list(articles))), _moment(at))

    def click(
        self,
        shown: Sequence[str],
        clicked: Collection[str],
        at: datetime,
        *,
        places: Sequence[int] | None = None,
    ) -> None:
        """Learns from a list of distinct articles; nothing where all or none were clicked.

        Args:
            shown: n ids, whether or not `show` was told of the list.
            clicked: some of them.
            at: aware; when.
            places: n numbers from 0, where each stood on the page; None where unknown. What a
                place draws by itself is then not taken for the article's.

        Raises:
            InputError: a time without a zone.
        """
        among = set(clicked)
        marks = np.fromiter((one in among for one in shown), np.bool_, len(shown))
        if marks.all() or not marks.any():
            return
        rows, now = self._numbered(shown), _moment(at)
        traits, weight_rows = self._traits.of(rows, now), self._weight_rows(len(shown))
        scores = self._scores(rows, now, traits, weight_rows)
        place_rows = None if places is None else np.asarray(places, dtype=np.int64)
        if place_rows is not None:
            scores = scores + self._of_places.of(place_rows)
        found = duels(scores, marks, self._settings.click_worth)
        self._strengths.learn(rows, now, found.gradient, found.curvature())
        self._weights.learn(weight_rows, *found.of_traits(traits))
        self._learn_sections(rows, found)
        if place_rows is not None:
            self._of_places.learn(place_rows, found.gradient, found.curvature())

    def _scores(self, rows: Rows, now: float, traits: Floats, weight_rows: Rows) -> Floats:
        found = self._strengths.of(rows, now).total + traits @ self._weights.of(weight_rows)
        sections = self._sections_of(rows)
        known = sections >= 0
        found[known] += self._of_sections.of(sections[known])
        return found

    def _learn_sections(self, rows: Rows, found: Duels) -> None:
        sections = self._sections_of(rows)
        distinct = np.unique(sections[sections >= 0])
        if len(distinct):
            belongs = (sections[:, None] == distinct[None, :]).astype(np.float64)
            self._of_sections.learn(distinct, *found.of_traits(belongs))

    def _weight_rows(self, list_size: int) -> Rows:
        count = len(self._traits.priors)
        return self._traits.kind(list_size) * count + np.arange(count)

    def _sections_of(self, rows: Rows) -> Rows:
        return np.fromiter((self._section_rows[row] for row in rows), np.int64, len(rows))

    def _numbered(self, articles: Sequence[str]) -> Rows:
        return np.fromiter(map(self._number, articles), np.int64, len(articles))

    def _number(self, article: str) -> int:
        row = self._rows.setdefault(article, len(self._rows))
        if row == len(self._section_rows):
            name = self._section_of.get(article, "")
            section = self._sections.setdefault(name, len(self._sections)) if name else -1
            self._section_rows.append(section)
        return row


def _moment(at: datetime) -> float:
    if at.tzinfo is None:
        raise InputError(f"The time of a list needs a zone; {at.isoformat()} has none.")
    return at.timestamp()
