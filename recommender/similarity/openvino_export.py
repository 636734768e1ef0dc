"""Makes a sentence-transformers model into one for OpenVINO, where asked in 8 bits.

`main` does what an `Order` on standard input says: in a process of its own, as the libraries print,
change what logging does, and keep the memory.
"""

import json
import sys
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from recommender.errors import EmbedderError
from recommender.similarity.openvino_model import (
    GRAPH,
    TOKENIZER,
    Description,
    OpenVinoModel,
    Runtime,
    first_line,
    lacking,
    openvino,
)
from recommender.similarity.sentence_transformers_embedder import SentenceTransformersEmbedder

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

RECIPE = 2
"""Raised when the same model and texts would give other vectors."""

_IN_FULL = "full.xml"
_OPSET = 17
_CHECKED = 16
_LEAST_LIKENESS: Mapping[Runtime, float] = {"openvino": 0.9999, "openvino-int8": 0.97}
_WHOLE = 2**20  # a tokenizer that knows no limit says a number beyond any
_NO_LIMIT = 512
_TIMED = 8
_MATRIX = 2
_NARROWING = 2
_SMOOTHING = 0.5
"""How much of what sticks out of the activations goes over into the weights. Of ten neighbours it
keeps 9.5 on the Reuters news and 9.65 on the BBC's; the library's 0.95 keeps 9.3 and 9.5, 0.4 and
0.75 less than this on the former."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be made.

    Attributes:
        model: as of `SentenceTransformersEmbedder`.
        revision: likewise.
        runtime: for which it is made.
        texts: it is calibrated and checked with.
        folder: that it goes to; it is there, and empty.
    """

    model: str
    revision: str | None
    runtime: Runtime
    texts: tuple[str, ...]
    folder: str

    def to_json(self) -> str:
        """For standard input."""
        return json.dumps(asdict(self))


def export(order: Order) -> Description:
    """Fills the folder of `order`.

    Raises:
        EmbedderError: the extra is not installed, the model cannot be had or made into one for
            OpenVINO, or what was made gives other vectors than the model.
    """
    made = Path(order.folder)
    source = SentenceTransformersEmbedder(
        order.model,
        revision=order.revision,
        attention="eager",  # the others are not taken apart, and cannot be made 8 bits then
    )
    transformer = source.transformer().float().eval()
    described = _described(source, transformer, made)
    calibrating, checking = _parted(order.texts)
    want = source.embed(checking)
    graph = GRAPH if order.runtime == "openvino" else _IN_FULL
    speed = 1.0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the tracing, to those who write such models
            whole = _converted(transformer, described.inputs, made)
        openvino().save_model(whole, made / graph, compress_to_fp16=False)
        if order.runtime == "openvino-int8":
            slow = OpenVinoModel(made, described, graph)
            small = _in_8_bits(whole, slow, calibrating)
            openvino().save_model(small, made / GRAPH)
            speed = _times_as_fast(slow, OpenVinoModel(made, described), checking)
            for part in made.glob(f"{Path(_IN_FULL).stem}.*"):
                part.unlink()
    except EmbedderError:
        raise
    except Exception as error:  # whatever an architecture makes the libraries raise
        raise _refusal(
            order, f"cannot be made into one for OpenVINO: {first_line(error)}"
        ) from error
    got = OpenVinoModel(made, described).vectors(checking)
    likeness = float(np.einsum("ij,ij->i", want, got).mean())
    if not likeness >= _LEAST_LIKENESS[order.runtime]:
        raise _refusal(
            order,
            f"says something else in it: the mean cosine of its vectors with those of torch is "
            f"{likeness:.3f}, expected {_LEAST_LIKENESS[order.runtime]} or more",
        )
    return Description(
        dim=described.dim,
        limit=described.limit,
        inputs=described.inputs,
        padding=described.padding,
        prompt=described.prompt,
        likeness=round(likeness, 5),
        speed=round(speed, 2),
    )


def _described(
    source: SentenceTransformersEmbedder, transformer: "SentenceTransformer", made: Path
) -> Description:
    """What is known before the graph is there; writes the tokenizer."""
    tokenizer: Any = transformer.tokenizer
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise EmbedderError(
            f"The model {source.name} has no tokenizer of the library tokenizers, which "
            'embedder.runtime needs. Set embedder.runtime = "torch".'
        )
    backend.no_padding()
    backend.save(str(made / TOKENIZER))
    limit = transformer.max_seq_length or tokenizer.model_max_length
    return Description(
        dim=source.dim,
        limit=int(limit) if limit < _WHOLE else _NO_LIMIT,
        inputs=tuple(tokenizer("a text").keys()),
        padding=int(tokenizer.pad_token_id or 0),
        prompt=transformer.prompts.get(transformer.default_prompt_name or "", "") or "",
        likeness=0,
        speed=0,
    )


def _converted(transformer: "SentenceTransformer", inputs: Sequence[str], made: Path) -> Any:
    """The graph from ids of pieces to vectors, in full precision."""
    import torch  # noqa: PLC0415 - takes seconds

    class Whole(torch.nn.Module):
        """All modules of the model as one function of tensors."""

        def __init__(self) -> None:
            super().__init__()
            self.inner = transformer

        def forward(self, *tensors: torch.Tensor) -> torch.Tensor:
            features = dict(zip(inputs, tensors, strict=True))
            vectors: torch.Tensor = self.inner(features)["sentence_embedding"]
            return vectors

    tokenizer: Any = transformer.tokenizer
    example = tokenizer(["a text of some words", "another"], padding=True, return_tensors="pt")
    file = made / "model.onnx"
    with torch.no_grad():
        torch.onnx.export(
            Whole(),
            tuple(example[name] for name in inputs),
            str(file),
            input_names=list(inputs),
            output_names=["vectors"],
            dynamic_axes={name: {0: "texts", 1: "pieces"} for name in inputs},
            opset_version=_OPSET,
            dynamo=False,
        )
    graph = openvino().convert_model(file)
    for one in made.glob("*.onnx*"):
        one.unlink()
    return graph


def _in_8_bits(whole: Any, model: OpenVinoModel, texts: Sequence[str]) -> Any:
    try:
        import nncf  # noqa: PLC0415 - of the extra, and takes seconds
    except ImportError as error:
        raise lacking(error) from error
    return nncf.quantize(
        whole,
        nncf.Dataset(list(texts), model.feed_of),
        model_type=nncf.ModelType.TRANSFORMER,
        preset=nncf.QuantizationPreset.MIXED,
        subset_size=len(texts),
        ignored_scope=nncf.IgnoredScope(names=_narrowing(whole)),
        advanced_parameters=nncf.AdvancedQuantizationParameters(
            # weights in 7 bits: a processor without VNNI adds two products in 16 bits, which
            # overflow, and what was made here may be run anywhere
            overflow_fix=nncf.OverflowFix.ENABLE,
            smooth_quant_alphas=nncf.AdvancedSmoothQuantParameters(matmul=_SMOOTHING),
        ),
    )


def _narrowing(graph: Any) -> list[str]:
    """Names of the products that make much into little, as a layer's last one does.

    What they take has a few very large numbers, beside which 8 bits leave nothing of the others:
    they cost the neighbours of an article more than all other products together.
    """
    found = []
    for one in graph.get_ordered_ops():
        if one.get_type_name() == "MatMul":
            weights = one.input_value(1).get_node()
            if weights.get_type_name() == "Constant" and len(weights.shape) == _MATRIX:
                transposed = one.get_attributes()["transpose_b"]
                given, made = reversed(weights.shape) if transposed else weights.shape
                if given >= _NARROWING * made:
                    found.append(one.get_friendly_name())
    return found


def _parted(texts: Sequence[str]) -> tuple[list[str], list[str]]:
    """Those to calibrate with, and those to check with; the same where there are few."""
    if len(texts) < 2 * _CHECKED:
        return list(texts), list(texts)
    step = len(texts) // _CHECKED
    checking = list(texts[step // 2 :: step][:_CHECKED])
    held = set(checking)
    return [text for text in texts if text not in held], checking


def _times_as_fast(slow: OpenVinoModel, quick: OpenVinoModel, texts: Sequence[str]) -> float:
    """How much sooner `quick` is done, by the time of the processor, as others may be at work."""
    some = list(texts[:_TIMED])
    slow.vectors(some)
    quick.vectors(some)
    took = {id(slow): 0.0, id(quick): 0.0}
    for one in (slow, quick, slow, quick):
        began = time.process_time()
        one.vectors(some)
        took[id(one)] += time.process_time() - began
    return took[id(slow)] / took[id(quick)]


def _refusal(order: Order, why: str) -> EmbedderError:
    return EmbedderError(
        f'The model {order.model} {why}. Set embedder.runtime = "torch"'
        + (', or "openvino".' if order.runtime == "openvino-int8" else ".")
    )


def main() -> None:
    """Does what standard input says; tells on standard error why it could not."""
    warnings.simplefilter("ignore")
    order = json.load(sys.stdin)
    order = Order(**{**order, "texts": tuple(order["texts"])})
    try:
        export(order).write(Path(order.folder))
    except EmbedderError as error:
        sys.exit(str(error))
