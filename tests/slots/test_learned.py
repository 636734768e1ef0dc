from pathlib import Path

import pytest

from recommender.errors import SettingsError
from recommender.slots.learned import SHIPPED, read_learned, write_learned


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    shipped = read_learned()
    path = tmp_path / "weights.toml"
    write_learned(shipped, path, source='a "folder"\\of labels')
    assert read_learned(path) == shipped
    assert read_learned(path).digest == shipped.digest


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("format = 2", "format = 1", "format: .* got 1"),
        ("format = 2", "", "has no format. Move the file away"),
        ("[weights.lexical]", "[weights.lexicall]", "weights.lexicall: .*'lexical'"),
        ("value = 0.5", "value = 1e9", "weights.lexical.value: .* 10, got 1000000000"),
        ("value = 0.5", "value = nan", "weights.lexical.value"),
        ("value = 0.5", 'value = "much"', "weights.lexical.value: .* got 'much'"),
        ("slope = ", "slope = -", "calibration.related.slope: .* greater than 0"),
        ("[calibration.same_story]", "[calibration.story]", "has no calibration.same_story. Move"),
        ("[weights.dense]", "[weights.dense", "cannot be read"),
    ],
)
def test_a_wrong_file_is_refused_by_the_name_of_what_is_wrong(
    tmp_path: Path, before: str, after: str, told: str
) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    assert before in text
    path = tmp_path / "weights.toml"
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(SettingsError, match=told):
        read_learned(path)
