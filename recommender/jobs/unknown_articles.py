"""Events about articles that the catalog does not have: ids of another system, or misspelt."""

from dataclasses import dataclass

from recommender.articles.catalog import Catalog
from recommender.readers.event import Event
from recommender.readers.events import EventLog

_EXAMPLES = 3
_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class UnknownArticles:
    """Articles that events name and the catalog does not have, not even withdrawn.

    Attributes:
        events: that name one.
        articles: how many there are.
        examples: ids of the first of them.
    """

    events: int = 0
    articles: int = 0
    examples: tuple[str, ...] = ()


class UnknownArticlesCount:
    """Counts them event by event."""

    def __init__(self, catalog: Catalog) -> None:
        """As `catalog` is meanwhile."""
        self._catalog = catalog
        self._is_known: dict[str, bool] = {}
        self._waiting: list[tuple[str, ...]] = []
        self._events = 0

    def add(self, event: Event) -> None:
        """The next one: what it is about, and what it shows."""
        self._waiting.append(tuple(filter(None, (event.article_id, *event.shown))))
        if len(self._waiting) == _AT_ONCE:
            self._look_up()

    def counted(self) -> UnknownArticles:
        """Those of all events so far."""
        self._look_up()
        unknown = [name for name, known in self._is_known.items() if not known]
        return UnknownArticles(self._events, len(unknown), tuple(unknown[:_EXAMPLES]))

    def _look_up(self) -> None:
        # in the order in which they came, so that the examples are always the same
        new = dict.fromkeys(
            name for names in self._waiting for name in names if name not in self._is_known
        )
        unknown = set(self._catalog.unknown(list(new)))
        self._is_known.update((name, name not in unknown) for name in new)
        self._events += sum(not all(map(self._is_known.get, names)) for names in self._waiting)
        self._waiting.clear()


def unknown_in_log(log: EventLog, catalog: Catalog) -> UnknownArticles:
    """Those that the events of the log are about; what impressions list is not looked at."""
    events = log.by_article()
    unknown = catalog.unknown(sorted(events, key=lambda one: (-events[one], one)))
    return UnknownArticles(
        sum(events[one] for one in unknown), len(unknown), tuple(unknown[:_EXAMPLES])
    )
