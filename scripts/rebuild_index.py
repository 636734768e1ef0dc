"""Rebuild for a scheduler: `recommender rebuild` with a dated log line for each step.

    .venv/bin/python scripts/rebuild_index.py articles.jsonl --home /srv/recommender

A second run at the same time changes nothing and fails. Exit status: 0 all went well; 3 published,
but some records were rejected (rejects.jsonl in the home says why); 1 it failed, and what is
served is as before; 2 wrong usage. For cron:

    RECOMMENDER_HOME=/srv/recommender
    15 * * * *  cd /srv/checkout && .venv/bin/python scripts/rebuild_index.py FEED 2>>rebuild.log

A systemd unit takes 3 for a success with SuccessExitStatus=3.
"""

import argparse
import logging
import sys
from pathlib import Path

from recommender.cli.outcome import FAILED, one_line
from recommender.cli.progress import line_watch
from recommender.cli.rebuild_job import exit_status, run_rebuild
from recommender.cli.rebuild_summary import summary

_log = logging.getLogger("rebuild")


def main() -> int:
    """Runs the job; returns the exit status."""
    asked = _arguments()
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    logging.getLogger("httpx").setLevel(logging.WARNING)  # a line for each redirect otherwise
    try:
        watch = line_watch(_log.info)
        rebuilt = run_rebuild(asked.home, asked.sources, asked.map, watch, whole=asked.whole)
    except Exception as error:  # noqa: BLE001 - the door: whatever it is, one line and a status
        _log.error("%s", one_line(error), exc_info=asked.debug)
        return FAILED
    for line in summary(rebuilt):
        _log.info("%s", line.strip())
    return exit_status(rebuilt)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sources", nargs="*", metavar="SOURCE", help="files, addresses, or -")
    parser.add_argument("--home", type=Path, help="default: RECOMMENDER_HOME, ./recommender-data")
    parser.add_argument("--map", action="append", default=[], metavar="FIELD=NAME")
    parser.add_argument("--whole", action="store_true", help="make all anew")
    parser.add_argument("--debug", action="store_true", help="log where an error came from")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
