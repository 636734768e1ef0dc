"""An embedder that other processes import quickly."""

import os
import signal
from collections.abc import Sequence

import numpy as np

from index.protocol import Vectors


class Told:
    """Vectors that tell the text, the process, and which of the processes it is."""

    name = "told@1"
    dim = 3

    def __init__(self, number: int) -> None:
        self.number = number

    def embed(self, texts: Sequence[str]) -> Vectors:
        if texts[0] == "end":
            os.kill(os.getpid(), signal.SIGKILL)
        rows = [[int(text.split()[-1]), os.getpid(), self.number] for text in texts]
        return np.array(rows, dtype=np.float32)
