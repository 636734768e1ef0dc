"""Fills the Related articles and Popular slots of an article page.

>>> from recommender import Recommender
>>> with Recommender.open("recommender-data") as recommender:  # doctest: +SKIP
...     for one in recommender.related("hp-0042", limit=3):
...         print(one.position, one.card.title, one.reasons[0].signal)
"""

from recommender.articles.article import Article
from recommender.asking import UnpublishedText
from recommender.editors.desk import RuleDesk
from recommender.editors.rule import RecordedRule, Rule, Target
from recommender.engine import Recommender
from recommender.errors import (
    CatalogError,
    EmbedderError,
    InputError,
    NotReady,
    RebuildBusy,
    RecommenderError,
    SettingsError,
    SourceError,
    UnknownArticle,
    UnknownRule,
)
from recommender.jobs.rebuild import RebuildReport
from recommender.jobs.scoring import ScoredBatch
from recommender.pages import FilledPage
from recommender.readers.events import Event
from recommender.slots.slot import Filters, Reason, Recommendation, Slot, SlotQuery

__all__ = [
    "Article",
    "CatalogError",
    "EmbedderError",
    "Event",
    "FilledPage",
    "Filters",
    "InputError",
    "NotReady",
    "Reason",
    "RebuildBusy",
    "RebuildReport",
    "Recommendation",
    "Recommender",
    "RecommenderError",
    "RecordedRule",
    "Rule",
    "RuleDesk",
    "ScoredBatch",
    "SettingsError",
    "Slot",
    "SlotQuery",
    "SourceError",
    "Target",
    "UnknownArticle",
    "UnknownRule",
    "UnpublishedText",
]
