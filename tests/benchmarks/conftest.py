import sys
from pathlib import Path

# the benchmarks ship in no wheel, so only the checkout has them
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
