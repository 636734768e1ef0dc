"""`python benchmarks/run.py [PART ...]`: measures, and makes the report. What `make bench` runs."""

import sys
from pathlib import Path

# run as a file, the folder of this file is on the path and not the one above it
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.runner import main

if __name__ == "__main__":
    main()
