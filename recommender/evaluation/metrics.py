"""How well ranked lists agree with what was judged, one value for each query."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

_RECALL_AT = (10, 100)


def metric_names(cuts: Sequence[int]) -> tuple[str, ...]:
    """The metrics for lists cut after so many places, the most telling first.

    nDCG@k has linear gains (the grade itself) and the discount log2(rank + 1); in all others an
    article is related where its grade is more than 0. P@k divides by k however short the list is.
    MRR and MAP are means over queries: of one query they are 1 / rank of the first related
    article, and the average precision over its related ones.
    """
    distinct = tuple(dict.fromkeys(cuts))
    return (
        *(f"nDCG@{k}" for k in distinct),
        *(f"P@{k}" for k in dict.fromkeys((1, *distinct))),
        "MRR",
        *(f"R@{k}" for k in _RECALL_AT),
        "MAP",
    )


def per_query(
    lists: Sequence[npt.NDArray[np.int64]],
    grades: Sequence[Mapping[int, int]],
    names: Sequence[str],
) -> npt.NDArray[np.float64]:
    """The metrics `names` of each list, computed by pytrec_eval through ir_measures.

    Args:
        lists: of each query the ranked articles, best first; 0 in every metric where empty.
        grades: of each query its judged articles; what is not in it counts as not related.
        names: see `metric_names`.

    Returns:
        Shape (len(lists), len(names)), in [0, 1].
    """
    # imported here: a server that shares the package never measures
    import ir_measures  # noqa: PLC0415

    columns = {ir_measures.parse_measure(name): column for column, name in enumerate(names)}
    # scores say the order and nothing else: trec_eval breaks ties by name
    run = {
        str(query): {str(one): float(-rank) for rank, one in enumerate(ranked.tolist())}
        for query, ranked in enumerate(lists)
    }
    judged = {
        str(query): {str(one): grade for one, grade in by_article.items()}
        for query, by_article in enumerate(grades)
    }
    values = np.zeros((len(lists), len(names)))
    for found in ir_measures.pytrec_eval.iter_calc(list(columns), judged, run):
        values[int(found.query_id), columns[found.measure]] = found.value
    return values
