"""The numbers of the model of what draws clicks, and where each comes from.

All were chosen on 9 to 11 November 2019 of the MIND log (2,038 impressions, each judged before it
was learned from), by the mean AUC of the clicks. What is said to be lost is of that AUC: it is
.670 for the whole, .661 without traits, .640 for a decayed click rate with a prior; differences
of .001 are chance. Numbers were rounded, and lie where twice or half as much does nearly as well.

12 November, kept apart, was looked at five times on the way: AUC .614, .612, .612, .618 and .623,
with the numbers as rounded here .622; the click rate has .617. What it showed by list size after
the third drew attention to kinds of lists, which the earlier days then bore out; no number was
fitted to it.
"""

from dataclasses import dataclass
from datetime import timedelta

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Prior:
    """What is held of a number before anything was learned: its mean and standard deviation.

    A spread of 0 keeps the mean for ever.
    """

    mean: float
    spread: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealSettings:
    """How fast things change, and how much they may matter.

    Strengths and weights are in natural logarithms: 0.7 more is clicked twice as often.

    Attributes:
        level_spread: standard deviation of what an article draws for days; .3 loses .002, .6
            nothing.
        level_half_life: after which half of a level is forgotten; one day to seven do alike.
        surge_spread: standard deviation of what it draws for hours, beside its level: the trend.
            Without it .007 is lost, whatever the level does instead; with .4 it is .004.
        surge_half_life: 1 h does alike, 4 h loses .002.
        click_worth: comparisons that a click is worth, each with the mean of what was not clicked
            beside it; 1 loses .005, 3 nothing.
        list_sizes: lists of so many articles and more are another kind of place on the page: a
            strip, a box, a feed, a long feed. Each kind has weights of its own; the same for all
            lose .006.
        fresh: weight of newness, 0.5 ** (age / fresh_half_life). It has no effect on this log, and
            is left to be learned where it has.
        fresh_half_life: 2 h to 48 h do alike.
        shown: weight of log(1 + how often it was shown of late): readers know it by now. Without
            this and `lately` .005 is lost, without one of them .001.
        shown_half_life: 3 h to 24 h do alike.
        lately: weight of the same for the last hours, of each kind of list by itself: what stands
            in the strip now.
        lately_half_life: 1 h does alike, 3 h loses .001.
        read: weight of log(1 + readers who had read it before); without it .001 is lost.
        read_half_life: two days and for ever do alike.
        list_size: weight of log(mean size of the lists that it is shown in, by the usual size):
            what belongs into a strip draws more in strips than in feeds; without it .002 is lost.
        list_size_half_life: 6 h to 96 h do alike.
        list_size_prior: impressions that the usual size counts; 1 to 10 do alike.
        section: of a section's own strength, the prior of its articles. Set, not learned: the log
            knows the sections of 3 % of what was shown, and with them nothing changes.
        place: of a place's own strength, where places are known; learned so that it is not taken
            for the article's, and left out of the score. Set, not learned: the log's lists are
            shuffled, and to take their order for places costs nothing.
    """

    level_spread: float = 0.45
    level_half_life: timedelta = 48 * HOUR
    surge_spread: float = 0.55
    surge_half_life: timedelta = 2 * HOUR
    click_worth: float = 2.0
    list_sizes: tuple[int, ...] = (10, 20, 80)
    fresh: Prior = Prior(0.0, 0.1)
    fresh_half_life: timedelta = DAY
    shown: Prior = Prior(-0.05, 0.05)
    shown_half_life: timedelta = 6 * HOUR
    lately: Prior = Prior(0.0, 0.1)
    lately_half_life: timedelta = 1.5 * HOUR
    read: Prior = Prior(0.1, 0.1)
    read_half_life: timedelta = 7 * DAY
    list_size: Prior = Prior(0.0, 0.3)
    list_size_half_life: timedelta = DAY
    list_size_prior: float = 3.0
    section: Prior = Prior(0.0, 0.2)
    place: Prior = Prior(0.0, 0.5)


DEFAULT = AppealSettings()
