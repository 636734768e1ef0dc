"""Runs the installed product once, from a folder without its sources."""

import json
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path


def run(*arguments: str) -> str:
    """What `recommender ARGUMENTS` prints; ends the test where it fails."""
    command = [str(Path(sys.executable).parent / "recommender"), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - the product's own command


def main() -> None:
    """Demo, both slots, and no article twice."""
    spec = find_spec("recommender")
    origin = Path(spec.origin or "") if spec else Path()
    if "site-packages" not in origin.parts:
        sys.exit(f"recommender is imported from {origin}, expected the installed wheel")
    with tempfile.TemporaryDirectory() as folder:
        home = str(Path(folder) / "home")
        print(run("demo", "--home", home))
        status = json.loads(run("status", "--home", home, "--json"))
        newest = json.loads(run("popular", "--home", home, "--limit", "1", "--json"))
        subject = newest["data"][0]["id"]
        page = json.loads(run("slots", subject, "--home", home, "--json", "--limit", "10"))
        shown = [card["id"] for slot in page["data"].values() for card in slot]
        if len(set(shown)) != len(shown) or subject in shown or not shown:
            sys.exit(f"a page with an article twice, or empty: {shown}")
    print(f"smoke test passed: {len(shown)} cards on the page of {subject}; {status}")


if __name__ == "__main__":
    main()
