import os
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from recommender.errors import CatalogError
from recommender.readers.event import microseconds
from recommender.readers.events import EventLog
from recommender.readers.keeping import Keeping
from recommender.readers.popularity import popularity
from recommender.readers.pseudonyms import Pseudonyms
from tests.readers.made_up_events import DAY, HOUR, NOON, clicked, happened, shown

NOW = microseconds(NOON)
WEEK = timedelta(days=7)


def test_a_name_has_one_hash_in_a_period_and_another_in_the_next(tmp_path: Path) -> None:
    names = Pseudonyms(tmp_path / "salts", hashed=True, period=WEEK)
    later = NOW + WEEK // timedelta(microseconds=1)
    first = names.of("ann", NOW)
    assert names.of("ann", NOW + 1) == first
    assert names.of("bob", NOW) != first
    assert names.of("ann", later) != first
    again = Pseudonyms(tmp_path / "salts", hashed=True, period=WEEK)
    assert again.of("ann", NOW) == first
    assert set(again.every("ann")) == {"ann", first, names.of("ann", later)}


def test_salts_are_this_users_alone_and_many_make_one(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = [Pseudonyms(tmp_path / "salts", hashed=True, period=None) for _ in range(8)]
        assert len(set(pool.map(lambda names: names.of("ann", NOW), made))) == 1
    (salt,) = (tmp_path / "salts").iterdir()
    assert stat.S_IMODE(salt.stat().st_mode) == 0o600
    assert stat.S_IMODE(salt.parent.stat().st_mode) == 0o700
    assert len(salt.read_bytes()) == 32


def test_a_new_salt_is_on_disk_with_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "salts"
    synced: list[list[Path]] = []

    def seen(handle: int) -> None:
        fsync(handle)
        if folder.is_dir() and os.path.samestat(os.fstat(handle), folder.stat()):
            synced.append([path for path in folder.iterdir() if path.name.startswith("0-")])

    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", seen)
    Pseudonyms(folder, hashed=True, period=None).of("ann", NOW)
    assert synced == [[folder / "0-0"]]


def test_salts_are_forgotten_when_their_period_is_over(tmp_path: Path) -> None:
    names = Pseudonyms(tmp_path / "salts", hashed=True, period=timedelta(days=1))
    first = names.of("ann", NOW)
    assert names.forget(NOW) == 0
    assert names.of("ann", NOW) == first
    assert names.forget(NOW + 86_400_000_000) == 1
    assert names.of("ann", NOW) != first  # a new salt: nobody can tell who it was
    for_ever = Pseudonyms(tmp_path / "ever", hashed=True, period=None)
    for_ever.of("ann", NOW)
    assert for_ever.forget(2 * NOW) == 0


@pytest.mark.parametrize("hashed", [True, False])
def test_the_log_holds_names_only_where_it_was_told_to(tmp_path: Path, hashed: bool) -> None:
    with EventLog.open(tmp_path / "events.sqlite", Keeping(hashed=hashed)) as log:
        log.append([happened("a", reader="ann-of-the-bridge", event_id="an-id")])
        log.append([happened("a", reader="ann-of-the-bridge", ago=HOUR)])
        found = popularity(log, at=NOON, window=WEEK, half_life=DAY)
        assert found.readers.tolist() == [1]
    content = (tmp_path / "events.sqlite").read_bytes()
    assert (b"ann-of-the-bridge" in content) is not hashed


@pytest.mark.parametrize(
    "keeping", [Keeping(), Keeping(salt_period=None), Keeping(hashed=False)], ids=str
)
def test_erasing_a_reader_takes_back_all_that_they_counted(
    tmp_path: Path, keeping: Keeping
) -> None:
    others = [happened("a", HOUR, "bob"), happened("a"), shown("i", "a", "b")]
    with EventLog.open(tmp_path / "with.sqlite", keeping) as log:
        log.append(others)
        theirs = [
            happened("a", 20 * DAY, "ann"),
            happened("a", 2 * HOUR, "ann"),
            happened("b", 3 * HOUR, "ann"),
            clicked("b", "i", "ann"),
            happened("b", aside="bot", reader="ann"),
        ]
        for one in theirs:
            log.append([one])
        assert log.erase("nobody") == 0
        before = everything(log)
        assert log.erase("ann") == 5
        after = everything(log)
        assert before != after
        assert log.append([happened("a", reader="ann")]).kept == 1  # as if they were new
    with EventLog.open(tmp_path / "without.sqlite", keeping) as log:
        log.append(others)
        assert everything(log) == after


OTHER_SALTS = [
    (Keeping(), Keeping(salt_period=30 * DAY)),
    (Keeping(salt_period=30 * DAY), Keeping()),
    (Keeping(), Keeping(hashed=False)),
    (Keeping(hashed=False), Keeping()),
]


@pytest.mark.parametrize(("before", "after"), OTHER_SALTS)
def test_a_reader_is_erased_who_was_kept_under_other_salts(
    tmp_path: Path, before: Keeping, after: Keeping
) -> None:
    path = tmp_path / "events.sqlite"
    with EventLog.open(path, before) as log:
        log.append([happened("a", days * DAY, "ann-of-the-bridge") for days in range(20)])
        log.append([happened("a", reader="bob")])
    with EventLog.open(path, after) as log:
        with log.database.reading() as connection:
            kinds = connection.exec_driver_sql("SELECT DISTINCT typeof(reader) FROM events").all()
        assert kinds == [("integer",)]  # no name stands there any more
        assert log.erase("ann-of-the-bridge") == 20
        found = popularity(log, at=NOON, window=WEEK, half_life=DAY)
        assert found.readers.tolist() == [1]
        with log.database.reading() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM pairs").scalar() == 1  # bob's


def test_salts_that_cannot_be_used_are_told(tmp_path: Path) -> None:
    with EventLog.open(tmp_path / "events.sqlite") as log:
        log.append([happened("a", reader="ann")])
    salts = tmp_path / "salts"
    (salt,) = salts.iterdir()
    salt.write_bytes(b"")
    with EventLog.open(tmp_path / "events.sqlite") as log:
        with pytest.raises(CatalogError, match="expected 32 bytes, got 0"):
            log.append([happened("b", reader="ann")])
        with pytest.raises(CatalogError, match="damaged"):
            log.erase("ann")
        salt.unlink()
        salts.rmdir()
        salts.write_text("no folder")
        with pytest.raises(CatalogError, match="folder"):
            log.append([happened("b", reader="ann")])
        assert len(log) == 1


def everything(log: EventLog) -> list[object]:
    """Every count of the log, weights to nine digits."""
    found: list[object] = []
    with log.database.reading() as connection:
        for table in ("hours", "totals", "quality", "pairs", "rates"):
            query = f"SELECT * FROM {table}"  # noqa: S608 - our own names
            rows = [tuple(row) for row in connection.exec_driver_sql(query)]
            if table == "hours":
                rows = [row for row in rows if any(row[2:])]
            if table == "quality":
                rows = [row for row in rows if row[-1]]
            if table in ("pairs", "rates"):  # their keys have the salt in them
                rows = [row[1:] for row in rows]
            found.append(
                sorted(
                    tuple(round(one, 9) if isinstance(one, float) else one for one in row)
                    for row in rows
                )
            )
    return found
