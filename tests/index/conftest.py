import sys
from pathlib import Path

import pytest

from index.snapshot import SnapshotStore

# contract suites are shared by test folders: from tests.contracts.<protocol>_contract import ...
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
pytest.register_assert_rewrite("tests.contracts.vector_index_contract")


@pytest.fixture
def store(tmp_path: Path) -> SnapshotStore:
    return SnapshotStore(tmp_path / "snapshots")
