"""Thirty invented articles of a village paper: ten stories, each told in three parts."""

import csv
import gzip
import json
from pathlib import Path

NOW = "2025-11-01T08:00:00Z"

_STORIES = (
    (
        "culture",
        ("Bees in the clock", "A swarm settled behind the clock face and stopped the hands."),
        ("The clock's bees move out", "The beekeeper lured the swarm from the clock to a hive."),
        ("Honey from the clock", "Jars of the clock swarm's honey were sold for the tower."),
    ),
    (
        "council",
        ("Bridge closed after cracks", "Engineers found cracks in the river bridge and closed it."),
        ("Council votes on the bridge", "The council will pay to mend the cracked river bridge."),
        ("Bridge open again", "Buses cross the mended river bridge for the first time."),
    ),
    (
        "sport",
        ("Rowers win the regatta", "The village eight won the autumn regatta by a length."),
        ("Rowing club needs a boat", "After the regatta the rowing club collects for a new eight."),
        ("New boat for the rowers", "The rowing club named its new eight after its old coach."),
    ),
    (
        "economy",
        (
            "Bakery looks for an heir",
            "The baker of the mill lane retires and finds nobody.",
        ),
        ("Sisters take over the bakery", "Two sisters will bake bread in the mill lane from May."),
        ("Queue before the bakery", "The sisters' sourdough bread sells out before nine."),
    ),
    (
        "environment",
        ("Otters seen at the weir", "Tracks in the mud prove that otters live at the weir again."),
        ("Anglers worry about otters", "Anglers at the weir fear that otters eat their trout."),
        ("Otter cubs at the weir", "A camera filmed three otter cubs playing at the weir."),
    ),
    (
        "health",
        ("Doctor leaves the surgery", "The only doctor closes her surgery at the end of June."),
        ("Nurses keep the surgery open", "Two nurses run the surgery until a doctor is found."),
        ("A young doctor arrives", "The new doctor opens the surgery and sees forty patients."),
    ),
    (
        "education",
        ("School without a roof", "A storm tore the roof from the primary school at night."),
        (
            "Lessons in the fire station",
            "Pupils of the stormed school learn beside fire engines.",
        ),
        ("School roof is tight", "The primary school has a new roof after the storm."),
    ),
    (
        "culture",
        ("Choir sings in the tunnel", "The choir found that the rail tunnel has the best echo."),
        ("Tunnel concert sold out", "Four hundred came to hear the choir in the old rail tunnel."),
        ("A record from the tunnel", "The choir's tunnel concert appears as a record."),
    ),
    (
        "council",
        ("Night bus on trial", "A night bus will run from the station until three o'clock."),
        ("Few use the night bus", "Fourteen passengers a night ride the bus from the station."),
        ("Night bus becomes permanent", "The council keeps the night bus from the station."),
    ),
    (
        "economy",
        ("Wind farm on the ridge", "A firm wants to build nine turbines on the ridge."),
        ("Ridge turbines divide village", "Neighbours quarrel about the turbines on the ridge."),
        ("First turbine turns", "On the ridge the first of nine turbines makes power."),
    ),
)


def records() -> list[dict[str, str]]:
    """As a publisher exports them; the ids are hp-0001 to hp-0030, a part of each story a month."""
    made = []
    for part in range(3):
        for story, (section, *parts) in enumerate(_STORIES):
            title, body = parts[part]
            number = 10 * part + story + 1
            made.append(
                {
                    "id": f"hp-{number:04d}",
                    "title": title,
                    "body": body,
                    "section": section,
                    "language": "en",
                    "url": f"https://www.village.example/{number}",
                    "published_at": f"2025-{8 + part:02d}-{story + 10}T07:00:00Z",
                }
            )
    return made


def write_articles(path: Path, articles: list[dict[str, str]]) -> Path:
    """As JSON Lines; returns `path`."""
    path.write_text("".join(json.dumps(one) + "\n" for one in articles), encoding="utf-8")
    return path


def write_inputs(folder: Path) -> None:
    """Every file that the help's examples name."""
    write_articles(folder / "articles.jsonl", records())
    with (folder / "export.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "headline", "text"])
        rows.writerow(["csv-1", "Bees in the tower", "Another swarm came to the clock tower."])
    reads = [
        {"type": "view", "article_id": f"hp-{number:04d}", "reader": f"r{reader}", "at": NOW}
        for number in (21, 22, 23, 28)
        for reader in range(number)
    ]
    lines = "".join(json.dumps(one) + "\n" for one in reads).encode()
    (folder / "events.jsonl").write_bytes(lines)
    (folder / "events.jsonl.gz").write_bytes(gzip.compress(lines))
    _write_labels(folder)
    (folder / "draft.txt").write_text("A new swarm of bees sits in the clock.", encoding="utf-8")
    (folder / "ids.txt").write_text("hp-0001\nhp-0002\n\n", encoding="utf-8")
    judged = folder / "judged"
    judged.mkdir(exist_ok=True)
    write_articles(judged / "articles.jsonl", records())
    pairs = ("hp-0001\thp-0011\t1", "hp-0021\thp-0001\t2")
    (judged / "qrels.tsv").write_text("\n".join(("query_id\tdoc_id\tgrade", *pairs)))


def _write_labels(folder: Path) -> None:
    """Each article with the other parts of its story; shown with them and with the next article."""
    ids = [one["id"] for one in records()]
    stories = len(_STORIES)
    rows, shown = ["query_id\tdoc_id\tgrade"], []
    for number, article_id in enumerate(ids):
        others = [ids[(number + stories * part) % len(ids)] for part in (1, 2)]
        rows += [f"{article_id}\t{other}\t1" for other in others]
        passed_over = ids[(number + 1) % len(ids)]
        for related_id in (*others, passed_over):
            clicked = related_id in others
            shown.append({"article_id": article_id, "related_id": related_id, "clicked": clicked})
    (folder / "labels.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    lines = "".join(json.dumps(one) + "\n" for one in shown)
    (folder / "clicks.jsonl").write_text(lines, encoding="utf-8")
    lists = [
        {
            "timestamp": f"2019-11-{10 + place // 12:02}T{place % 12:02}:00:00Z",
            "article_id": "hp-0021",
            "shown": ["hp-0001", "hp-0011", f"hp-00{21 + place % 9}"],
            "clicked": ["hp-0011"],
        }
        for place in range(36)
    ]
    log = "".join(json.dumps(one) + "\n" for one in lists).encode()
    (folder / "impressions.jsonl").write_bytes(log)
    (folder / "impressions.jsonl.gz").write_bytes(gzip.compress(log))
