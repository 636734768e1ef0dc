import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import Connection

from recommender.articles import migrations
from recommender.articles.article import Article
from recommender.articles.catalog import LAYOUT, Catalog
from recommender.articles.database import Database, Layout, Migration
from recommender.articles.tables import metadata
from recommender.errors import CatalogError
from recommender.readers.events import EventLog


def unfinished(article: Article) -> Article:
    return article


def test_what_was_written_is_there_when_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    with Catalog.open(path) as catalog:
        catalog.upsert([Article(id="a", title="T")], complete=unfinished)
        revision = catalog.revision
    with Catalog.open(path) as catalog:
        assert catalog.get("a") is not None
        assert catalog.revision == revision == 1


def test_the_file_has_wal_and_todays_version(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    with Catalog.open(path) as catalog, catalog._database.reading() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in (
                "journal_mode",
                "user_version",
                "synchronous",
                "foreign_keys",
                "busy_timeout",
            )
        }
    assert settings == {
        "journal_mode": "wal",
        "user_version": len(migrations.MIGRATIONS),
        "synchronous": 1,
        "foreign_keys": 1,
        "busy_timeout": 30_000,
    }


def test_the_tables_that_queries_name_are_those_that_migrations_make(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    Catalog.open(path).close()
    connection = sqlite3.connect(path)
    for table in metadata.sorted_tables:
        made = {row[1] for row in connection.execute(f"PRAGMA table_info({table.name})")}
        assert made == set(table.columns.keys())
    connection.close()


def test_rows_are_never_used_again(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    with Catalog.open(path) as catalog:
        catalog.upsert([Article(id="a"), Article(id="b")], complete=unfinished)
        with catalog._database.writing() as connection:
            connection.exec_driver_sql("DELETE FROM articles")
    with Catalog.open(path) as catalog:
        catalog.upsert([Article(id="c")], complete=unfinished)
        found = catalog.get("c")
        assert found is not None
        assert found.row == 3


def test_a_newer_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    Catalog.open(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(CatalogError, match=r"layout 99 .* newer program"):
        Catalog.open(path)
    assert path.read_bytes() == before


def test_another_programs_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE bookmarks (url TEXT)")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(CatalogError, match="something else"):
        Catalog.open(path)
    assert path.read_bytes() == before


def test_an_event_log_is_no_catalog(tmp_path: Path) -> None:
    path = tmp_path / "events.sqlite"
    EventLog.open(path).close()
    with pytest.raises(CatalogError, match="not the catalog"):
        Catalog.open(path)


def test_what_is_not_sqlite_is_refused_with_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    path.write_bytes(b"this is no database, whatever its name says\n" * 100)
    with pytest.raises(CatalogError, match="recommender rebuild"):
        Catalog.open(path)


def test_a_file_cut_short_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    with Catalog.open(path) as catalog:
        catalog.upsert(
            [Article(id=str(n), body="x" * 5_000) for n in range(50)], complete=unfinished
        )
    path.write_bytes(path.read_bytes()[:40_000])
    with pytest.raises(CatalogError, match="damaged"):
        Catalog.open(path)


def test_damage_found_while_reading_is_told_in_our_words(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    with Catalog.open(path) as catalog:
        catalog.upsert(
            [Article(id=str(n), body="x" * 500) for n in range(500)], complete=unfinished
        )
    content = bytearray(path.read_bytes())
    # the first page, with the layout, stays as it is
    content[8192:] = b"\xa5" * (len(content) - 8192)
    path.write_bytes(content)
    with pytest.raises(CatalogError, match=r"damaged .* backup"), Catalog.open(path) as catalog:
        catalog.get_many([str(n) for n in range(500)])


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="folder must exist"):
        Catalog.open(tmp_path / "nowhere" / "catalog.sqlite")


def second(connection: Connection) -> None:
    connection.exec_driver_sql("ALTER TABLE counter ADD COLUMN extra INTEGER")


def fails(connection: Connection) -> None:
    connection.exec_driver_sql("DROP TABLE articles")
    raise RuntimeError("stopped half-way")


def layout(*steps: Migration) -> Layout:
    return Layout(
        name=LAYOUT.name,
        application_id=LAYOUT.application_id,
        migrations=(*migrations.MIGRATIONS, *steps),
        synchronous="NORMAL",
        way_out="",
    )


def test_an_older_file_is_brought_up_to_date_and_keeps_its_content(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    with Catalog.open(path) as catalog:
        catalog.upsert([Article(id="a")], complete=unfinished)
    database = Database.open(path, layout(second))
    with database.reading() as connection:
        assert connection.exec_driver_sql("SELECT extra FROM counter").scalar() is None
        assert connection.exec_driver_sql("SELECT count(*) FROM articles").scalar() == 1
    database.close()
    with pytest.raises(CatalogError, match="newer"):
        Catalog.open(path)


def test_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    Catalog.open(path).close()
    with pytest.raises(RuntimeError, match="half-way"):
        Database.open(path, layout(fails))
    with Catalog.open(path) as catalog:
        assert catalog.upsert([Article(id="a")], complete=unfinished).added == 1


def test_the_data_version_tells_of_every_commit_and_of_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    with Catalog.open(path) as catalog, Catalog.open(path) as other:
        seen = [catalog.data_version()]
        for writer in (catalog, other):
            writer.upsert([Article(id="a", title=str(len(seen)))], complete=unfinished)
            seen.append(catalog.data_version())
            catalog.get("a")
            other.get("a")
            assert catalog.data_version() == seen[-1]
        assert len(set(seen)) == 3
