"""The viewer alone on a real port: only its blueprint, with studies made for the test."""

import asyncio
import base64
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import numpy as np
import uvicorn
from markupsafe import Markup
from numpy.typing import NDArray
from playwright.async_api import Page, Request
from quart import Quart, Response, abort, request

from portal.headers import STATIC_POLICY
from tests.browser import poll
from viewer.routes import create_blueprint
from viewer.study import ViewedStudy

ROOT: Final = Path(__file__).parents[2]
MANIFEST: Final = ROOT / "static" / "manifest.json"


def viewer_app(studies: dict[UUID, ViewedStudy], language: str = "en", words: str = "{}") -> Quart:
    """An application that holds nothing but the viewer; *words* are the browser's, as JSON."""
    app = Quart("viewer_alone", root_path=str(ROOT))
    app.static_folder = str(ROOT / "static")
    app.template_folder = str(ROOT / "templates")
    built: dict[str, str] = json.loads(MANIFEST.read_text())
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    app.jinja_env.globals |= {
        "asset": lambda name: f"/static/{built[name]}",
        "language": lambda: language,
        "client_words": lambda: Markup(words),  # noqa: S704 (the tests' own)
    }

    async def open_study(study_id: UUID) -> ViewedStudy:
        if study_id not in studies:
            abort(404)
        return studies[study_id]

    app.register_blueprint(create_blueprint(open_study))

    @app.after_request
    async def headers(response: Response) -> Response:
        if request.path.startswith("/static/"):
            response.headers["Content-Security-Policy"] = STATIC_POLICY
        response.headers["Cross-Origin-Embedder-Policy"] = "require-corp"
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    return app


@asynccontextmanager
async def served(app: Quart) -> AsyncIterator[str]:
    """*app* on a free port; gives the address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(app, log_level="warning", lifespan="off")
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve([listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


FULL: Final = "document.querySelector('.hv-mark')?.dataset.quality === 'full'"


@dataclass
class Reader:
    """Somebody who looks at a study in a browser."""

    page: Page
    address: str

    async def opens(self, study: ViewedStudy, fragment: str = "") -> None:
        await self.page.goto(f"{self.address}/v/{study.id}{fragment}")
        await poll(self.page, FULL)

    async def view(self) -> dict[str, Any]:
        view: dict[str, Any] = await self.page.evaluate("viewer.currentView()")
        return view

    async def shows(self, **changes: Any) -> None:
        """Goes to a view that differs from the present one in *changes*."""
        view = {**await self.view(), **changes}
        await self.page.evaluate("(view) => viewer.show(view)", view)
        await self.settles()

    async def settles(self) -> None:
        """Waits until nothing is loading and everything that was asked for is painted."""
        await poll(self.page, FULL)
        await self.page.evaluate(
            "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() =>"
            " requestAnimationFrame(() => setTimeout(done)))))"
        )

    async def all_loaded(self) -> None:
        await poll(
            self.page, "document.querySelector('.hv-status').textContent.trim() === 'Full quality'"
        )

    async def pixels(self) -> NDArray[np.uint8]:
        """The canvas, rows by columns by RGB, device pixels."""
        got = await self.page.evaluate(
            """() => {
              const shown = document.querySelector(".hv-port canvas");
              const { width, height } = shown;
              const canvas = new OffscreenCanvas(width, height);
              const paper = canvas.getContext("2d", { willReadFrequently: true });
              paper.drawImage(shown, 0, 0);
              const { data } = paper.getImageData(0, 0, width, height);
              let text = "";
              for (let k = 0; k < data.length; k += 32768)
                text += String.fromCharCode.apply(null, data.subarray(k, k + 32768));
              return { width, height, data: btoa(text) };
            }"""
        )
        flat = np.frombuffer(base64.b64decode(got["data"]), "u1")
        rgba = flat.reshape(got["height"], got["width"], 4)
        return rgba[..., :3]

    async def one_to_one(self, rows: int, columns: int) -> NDArray[np.uint8]:
        """The picture with one image pixel per canvas pixel: what the renderer really drew."""
        width, height = await self.page.evaluate(
            """() => { const { width, height } = document.querySelector(".hv-port canvas");
                       return [width, height]; }"""
        )
        fitting = min(width / columns, height / rows)
        pan = [((width - columns) % 2) / 2, ((height - rows) % 2) / 2]
        await self.shows(zoom=1 / fitting, pan=pan)
        canvas = await self.pixels()
        left = round(width / 2 - columns / 2 - pan[0])
        top = round(height / 2 - rows / 2 - pan[1])
        return canvas[top : top + rows, left : left + columns]

    async def box(self) -> dict[str, float]:
        """Where the picture area is on the page, in CSS pixels."""
        found = await self.page.locator(".hv-port").bounding_box()
        assert found is not None
        return {
            "x": found["x"],
            "y": found["y"],
            "width": found["width"],
            "height": found["height"],
        }

    async def drags(
        self, start: tuple[float, float], end: tuple[float, float], button: Any = "left"
    ) -> None:
        """Drags the mouse; points count from the picture area's corner."""
        box = await self.box()
        mouse = self.page.mouse
        await mouse.move(box["x"] + start[0], box["y"] + start[1])
        await mouse.down(button=button)
        for part in (0.25, 0.5, 0.75, 1):
            x = start[0] + (end[0] - start[0]) * part
            y = start[1] + (end[1] - start[1]) * part
            await mouse.move(box["x"] + x, box["y"] + y)
        await mouse.up(button=button)
        await self.settles()

    async def chooses(self, label: str) -> None:
        await self.page.get_by_role("button", name=label, exact=True).click()

    async def presses(self, *keys: str) -> None:
        await self.page.locator(".hv").focus()
        for key in keys:
            await self.page.keyboard.press(key)
        await self.settles()

    def requests(self, part: str) -> Callable[[], list[Request]]:
        """Notes all requests from now on whose address contains *part*."""
        heard: list[Request] = []
        self.page.on("request", lambda each: heard.append(each) if part in each.url else None)
        return lambda: heard
