"""How often, and over how much, each part about embedders is measured."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EmbeddingRate:
    """The product's way from catalog to catalog beside a bare encode of the same texts.

    Attributes:
        texts: different ones, made of the sample.
        least_ratio: of the two rates.
    """

    texts: int = 600
    warm_up: int = 32
    rounds: int = 3
    least_ratio: float = 0.95


@dataclass(frozen=True, slots=True)
class EmbedderRates:
    """The packaged embedders over the same texts, in turn.

    Attributes:
        texts: different ones, made of the sample.
        at_once: handed over, as a rebuild does.
        batch_size: of the default embedder; the others take none.
    """

    texts: int = 264
    at_once: int = 64
    batch_size: int = 32
    rounds: int = 3


@dataclass(frozen=True, slots=True)
class RuntimeRates:
    """What computes the default model, over real texts, beside torch.

    Attributes:
        texts: whose time is taken.
        corpus: whose vectors and neighbours are compared.
        k: neighbours of each.
        least_ratio: of the rates, in 8 bits.
        least_cosine: of the vectors, in the mean.
        least_kept: share of the neighbours.
    """

    texts: int = 256
    corpus: int = 2_000
    k: int = 10
    rounds: int = 3
    least_ratio: float = 1.8
    least_cosine: float = 0.99
    least_kept: float = 0.95


@dataclass(frozen=True, slots=True)
class RuntimeRelevance:
    """The product's nDCG in 8 bits beside that of torch.

    Attributes:
        sets: judged ones.
        most_lost: of nDCG.
    """

    sets: tuple[str, ...] = ("allsides", "basil", "ecbplus", "lee50")
    most_lost: float = 0.005


@dataclass(frozen=True, slots=True)
class GpuRates:
    """The default model on a card, over real texts, beside a bare encode there.

    Attributes:
        texts: whose time is taken.
        at_once: handed over together, as a rebuild does that is quick.
        compared: whose vectors and neighbours are compared with those of the processor.
        k: neighbours of each.
        gib: of the card's memory, in which a batch of all texts is tried.
        device: where; "cpu" rehearses it.
        least_kept: share of the neighbours.
    """

    texts: int = 16_384
    at_once: int = 8_192
    compared: int = 2_000
    k: int = 10
    rounds: int = 5
    gib: float = 4.0
    device: str = "cuda"
    least_kept: float = 0.99


@dataclass(frozen=True, slots=True)
class LiveTexts:
    """Texts that are no articles yet, embedded as they come.

    Attributes:
        texts: one after the other, in each round.
        pieces: of a long text.
        few_pieces: of a short one, as a title or a question is.
        threads: that ask at once.
        each: texts that each of them asks about in a round.
        at_most: milliseconds of a long text.
        at_most_fast: the same of the quickest of the packaged embedders.
        connections: that ask about published articles, while texts are asked about.
        seconds: of a round of these.
        most_slower: times that their p99 may be what it is without texts.
    """

    texts: int = 50
    warm_up: int = 10
    rounds: int = 3
    pieces: int = 250
    few_pieces: int = 20
    threads: int = 16
    each: int = 8
    at_most: float = 60.0
    at_most_fast: float = 30.0
    connections: int = 16
    seconds: int = 4
    most_slower: float = 3.0
