"""A request whose body is bounded: by who sends it, in the number of its fields, without files."""

from typing import Any, Final, NoReturn, cast
from urllib.parse import parse_qsl

import quart
from quart import g
from quart.formparser import FormDataParser
from quart.wrappers.request import Body as QuartBody
from werkzeug.datastructures import MultiDict

from portal.core.errors import Invalid, TooLarge
from portal.edge.bodies import GATE, Body, Patience
from portal.edge.networks import network_of

STRANGERS: Final = 64 * 1024
SIGNED_IN: Final = 1024 * 1024
"""Bytes of a form or of JSON."""
FIELDS: Final = 1000
"""Fields of a form."""


async def _few_fields(
    _parser: FormDataParser, body: QuartBody, *_: object
) -> tuple[MultiDict[str, str], MultiDict[str, str]]:
    text = (await body).decode()
    try:
        form = parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS)
    except ValueError:
        raise Invalid from None
    return MultiDict(form), MultiDict()


class Forms(FormDataParser):
    """Reads forms of few fields.  No form of ours carries a file: they come in parts, sealed."""

    parse_functions = {
        **FormDataParser.parse_functions,
        "application/x-www-form-urlencoded": _few_fields,
        "application/x-url-encoded": _few_fields,
    }

    def __init__(self, **more: Any) -> None:
        super().__init__(stream_factory=_no_file, **more)


class Request(quart.Request):
    """Quart's, asking for its body."""

    body_class = Body
    form_data_parser_class = Forms

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._mine.gate = cast("dict[str, Any]", self.scope).get(GATE)

    async def get_data(self, *args: Any, **more: Any) -> Any:
        """The whole body, counted.  Raises `Busy`, `TooSlow`."""
        self._admit()
        return await super().get_data(*args, **more)

    async def _load_form_data(self) -> None:
        self._admit()
        await super()._load_form_data()

    def be_patient(self, patience: Patience) -> None:
        """The body may come as slowly as that, and is `TooSlow` otherwise."""
        self._mine.patience = patience

    @property
    def _mine(self) -> Body:
        assert isinstance(self.body, Body)  # noqa: S101 -- made by `body_class`
        return self.body

    def _admit(self) -> None:
        actor = g.get("actor")
        sender = network_of(self.remote_addr) if actor is None else actor.id
        most = STRANGERS if actor is None else SIGNED_IN
        self._mine.admit(sender, most, self.content_length)


def _no_file(*_: Any, **__: Any) -> NoReturn:
    raise TooLarge
