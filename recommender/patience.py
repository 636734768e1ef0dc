"""Threads that let others go first."""

import os
import sys
import threading
from typing import Final

_NICE: Final = 5
"""Of a core that is fought for, a thread of the server's own niceness gets three times the share;
with more, a machine that is busy with something else would do nothing of it for long."""


def be_patient() -> None:
    """From now on this thread does, and those that it starts, where the system can do that.

    Where a core is free, nothing takes longer.
    """
    if sys.platform == "linux":  # elsewhere a thread has no niceness of its own
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + _NICE)
