"""A sentence-transformers model of a few thousand random numbers, on disk as any other."""

from pathlib import Path

from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import BoW, Pooling, Transformer

from tests.similarity.tiny_cross_encoder import write_cross_encoder


def write_sentence_transformer(folder: Path, *, prompt: str = "") -> Path:
    """Saves one; every text begins with `prompt` to it."""
    inner = Transformer(str(write_cross_encoder(folder.with_name("inner"), headless=True)))
    model = SentenceTransformer(
        modules=[inner, Pooling(inner.get_embedding_dimension())],
        device="cpu",
        prompts={"always": prompt} if prompt else None,
        default_prompt_name="always" if prompt else None,
    )
    model.save(str(folder))
    return folder


def write_bag_of_words(folder: Path) -> Path:
    """Saves one that has no network to be taken apart."""
    SentenceTransformer(modules=[BoW(["harbour", "bridge"])], device="cpu").save(str(folder))
    (folder / "model.safetensors").touch()  # what it has learned is none, but has a hash
    return folder
