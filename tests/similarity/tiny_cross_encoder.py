"""A cross-encoder of a few thousand random numbers: everything is real but what it has learned."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BertConfig,
    BertForSequenceClassification,
    BertModel,
    BertTokenizer,
)

_WORDS = ("harbour", "bridge", "repair", "school", "roof", "rowing", "club", "council", "the")
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789.-"


def write_cross_encoder(folder: Path, *, labels: int = 1, headless: bool = False) -> Path:
    """Saves a model that knows some English words and all letters; the same one every time."""
    folder.mkdir(parents=True, exist_ok=True)
    pieces = [*_LETTERS, *(f"##{one}" for one in _LETTERS)]
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *pieces, *dict.fromkeys(_WORDS)]
    vocabulary = folder / "vocab.txt"
    vocabulary.write_text("\n".join(dict.fromkeys(words)), encoding="utf-8")
    config = BertConfig(
        vocab_size=len(dict.fromkeys(words)),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
        initializer_range=0.5,  # or all pairs would have nearly the same score
    )
    config.num_labels = labels
    with torch.random.fork_rng():
        torch.manual_seed(1)
        made = BertModel(config) if headless else BertForSequenceClassification(config)
    made.save_pretrained(folder)
    BertTokenizer(str(vocabulary)).save_pretrained(folder)
    return folder


def logits(folder: Path, subject: str, candidates: Sequence[str]) -> npt.NDArray[np.float32]:
    """What the model of `folder` says of each pair, one by one and without sentence-transformers.

    Shape (len(candidates),); grows with the score.
    """
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    with torch.no_grad():
        found = [
            float(
                model(
                    **tokenizer(subject, one, truncation=True, max_length=64, return_tensors="pt")
                ).logits
            )
            for one in candidates
        ]
    return np.array(found, dtype=np.float32)
