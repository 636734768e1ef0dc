from contextlib import closing

import numpy as np
import pytest

from recommender.similarity.aside import Aside


@pytest.mark.parametrize("row", [(), (3,), (2, 3), (0,)])
def test_rows_come_back_in_whatever_order_they_are_written(row: tuple[int, ...]) -> None:
    rows = np.arange(10 * int(np.prod(row)), dtype=np.float16).reshape(10, *row)
    with closing(Aside(None, row, np.float16)) as aside:
        for here in (slice(6, 10), slice(0, 1), slice(1, 6)):
            aside[here] = rows[here]
        for here in (slice(0, 10), slice(5, 7), slice(4, 4)):
            assert aside[here].shape == rows[here].shape
            assert np.array_equal(aside[here], rows[here])


def test_rows_that_are_mapped_outlive_what_wrote_them() -> None:
    with closing(Aside(None, (2,), np.float32)) as aside:
        aside[0:3] = np.arange(6, dtype=np.float32).reshape(3, 2)
        mapped = aside.mapped(3)
        assert aside.mapped(0).shape == (0, 2)
    assert mapped.tolist() == [[0, 1], [2, 3], [4, 5]]
    assert not mapped.flags.writeable


def test_rows_that_are_no_neighbours_in_memory_are_written_as_they_stand() -> None:
    rows = np.arange(12, dtype=np.float32).reshape(4, 3)
    with closing(Aside(None, (4,), np.float32)) as aside:
        aside[0:3] = rows.T
        assert np.array_equal(aside[0:3], rows.T)


def test_rows_that_were_not_written_are_told() -> None:
    with closing(Aside(None, (3,), np.int32)) as aside:
        aside[0:2] = np.ones((2, 3), dtype=np.int32)
        with pytest.raises(EOFError, match="written"):
            aside[1:3]
