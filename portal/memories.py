"""What a process remembers of many things without growing: those used lately, and no others."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


def _one(_value: object) -> int:
    return 1


class Memory(Generic[Key, Value]):
    """
    Values that weigh at most *most* together; for one more, those used longest ago are forgotten.

    Each weighs 1 unless *weigh* says otherwise, which is asked once, when the value is put.  The
    latest is remembered however heavy it is.
    """

    def __init__(self, most: int, weigh: Callable[[Value], int] = _one) -> None:
        self._most, self._weigh = most, weigh
        self._known: OrderedDict[Key, tuple[Value, int]] = OrderedDict()
        self._weight = 0

    @property
    def weight(self) -> int:
        """Of everything that is remembered."""
        return self._weight

    def get(self, key: Key) -> Value | None:
        """The value, if it is remembered."""
        found = self._known.get(key)
        if found is None:
            return None
        self._known.move_to_end(key)
        return found[0]

    def put(self, key: Key, value: Value) -> None:
        """Remember it from now on."""
        self.forget(key)
        weight = self._weigh(value)
        self._known[key] = value, weight
        self._weight += weight
        while len(self._known) > 1 and self._weight > self._most:
            _, (_, lighter) = self._known.popitem(last=False)
            self._weight -= lighter

    def __contains__(self, key: Key) -> bool:
        return key in self._known

    def forget(self, key: Key) -> None:
        """It is no longer true."""
        _, weight = self._known.pop(key, (None, 0))
        self._weight -= weight
