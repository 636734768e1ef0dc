"""As many values as there is room for: those that were asked for last."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")


class Remembered(Generic[_Key, _Value]):
    """Forgets what nobody asked for the longest time; threads may share it."""

    def __init__(self, most: int) -> None:
        """Nothing yet; `most` values at once."""
        self._most = most
        self._values: OrderedDict[_Key, _Value] = OrderedDict()
        self._asking = threading.Lock()

    def get(self, key: _Key) -> _Value | None:
        """The value kept; None where there is none."""
        with self._asking:
            found = self._values.get(key)
            if found is not None:
                self._values.move_to_end(key)
            return found

    def keep(self, key: _Key, value: _Value) -> None:
        """In place of what was kept under the same key."""
        with self._asking:
            self._values[key] = value
            self._values.move_to_end(key)
            if len(self._values) > self._most:
                self._values.popitem(last=False)
