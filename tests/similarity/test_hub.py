import os
import subprocess
import sys

import pytest

MODELS = {
    "SentenceTransformersEmbedder('nobody/nothing').embed(['text'])": (
        "Set embedder.model, or embedder.device."
    ),
    "SentenceTransformersReranker('nobody/nothing').scores('text', ['text'])": (
        "Set reranker.model."
    ),
}


@pytest.mark.parametrize("asking", MODELS)
def test_a_hub_that_does_not_answer_is_asked_once(asking: str) -> None:
    source = (
        "from recommender.errors import RecommenderError\n"
        "from recommender.similarity.cross_encoder import SentenceTransformersReranker\n"
        "from recommender.similarity.sentence_transformers_embedder import *\n"
        f"try: {asking}\n"
        "except RecommenderError as error: print(error)\n"
    )
    # nothing listens at port 9; the library reads its variables as it is imported
    environment = os.environ | {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_HUB_OFFLINE": "0"}
    ended = subprocess.run(
        [sys.executable, "-c", source],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "'nobody/nothing' cannot be loaded" in ended.stdout, ended.stderr
    assert MODELS[asking] in ended.stdout
    assert ended.stdout.count("\n") == 1
    assert "Retry" not in ended.stderr
