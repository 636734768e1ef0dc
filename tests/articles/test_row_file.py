"""Single rows of a file of an array."""

from pathlib import Path

import numpy as np
import pytest

from recommender.articles.row_file import RowFile


@pytest.mark.parametrize("shape", [(50, 7), (50, 3, 4), (50,), (0, 7)])
def test_rows_are_those_of_the_array(shape: tuple[int, ...], tmp_path: Path) -> None:
    array = np.random.default_rng(0).normal(size=shape).astype(np.float16)
    np.save(tmp_path / "a.npy", array)
    rows = RowFile(tmp_path / "a.npy")
    (tmp_path / "a.npy").unlink()  # as a snapshot that is pruned while it is served
    assert len(rows) == len(array)
    some = np.arange(0, len(array), 9)
    assert np.array_equal(rows.of(some), array[some])
    assert rows.of(some).dtype == array.dtype
    for row in some.tolist():
        assert np.array_equal(rows.at(row), array[row])


@pytest.mark.parametrize("row", [-1, 50])
def test_rows_that_are_not_there_are_refused(row: int, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((50, 2)))
    with pytest.raises(IndexError, match=f"below 50, got {row}"):
        RowFile(tmp_path / "a.npy").at(row)


def test_a_file_that_was_cut_short_is_not_read_as_zeros(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    np.save(path, np.ones((50, 2)))
    rows = RowFile(path)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 8)
    assert rows.at(48).tolist() == [1, 1]
    with pytest.raises(OSError, match="Row 49 of 50"):
        rows.at(49)


def test_what_is_no_array_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(b"no array at all")
    with pytest.raises(ValueError, match="pickle"):
        RowFile(tmp_path / "a.npy")
