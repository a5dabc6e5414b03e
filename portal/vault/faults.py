"""One error for everything that goes wrong in here, and nothing of it to read."""

from collections.abc import Callable
from functools import wraps
from typing import NoReturn, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Tampered(Exception):
    """
    It does not open: wrong key, wrong context, changed bytes, wrong form.

    Which of these it was is not told, so nobody can learn from asking.
    """

    def __init__(self) -> None:
        super().__init__()


class Hidden:
    """Holds key material: shows nothing in `repr` and does not leave the process by pickle."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("key material does not leave the process by pickle")


def guarded(function: Callable[P, R]) -> Callable[P, R]:
    """
    Turn every failure of *function* into `Tampered`.

    The error is raised here, after the failed frames and the arguments are gone, so no traceback
    (nor a tool that prints the locals of its frames) meets a key or a password.
    """

    @wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        failure: Exception = Tampered()
        try:
            return function(*args, **kwargs)
        except MemoryError:
            failure = MemoryError()
        except Exception:  # noqa: BLE001, S110 -- whatever it was, it is told as one thing
            pass
        del args, kwargs
        raise failure

    return wrapper
