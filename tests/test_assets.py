"""Built files are small on the line and never fetched twice."""

import asyncio
from pathlib import Path

import pytest
from quart import Quart

from portal import assets


@pytest.fixture
def built(tmp_path: Path) -> Quart:
    folder = tmp_path / "static"
    (folder / "0a1b").mkdir(parents=True)
    (folder / "0a1b" / "app.js").write_text("console.log('plain')")
    (folder / "0a1b" / "app.js.br").write_bytes(b"packed")
    (folder / "0a1b" / "codec.wasm").write_bytes(b"\0asm")
    (folder / "manifest.json").write_text('{"app.js": "0a1b/app.js"}')
    (tmp_path / "secret.txt").write_text("secret")
    app = Quart(__name__, static_folder=str(folder))
    assets.init_app(app, folder)
    return app


async def test_whoever_takes_brotli_gets_the_packed_file(built: Quart) -> None:
    client = built.test_client()

    packed = await client.get("/static/0a1b/app.js", headers={"Accept-Encoding": "gzip, br"})
    plain = await client.get("/static/0a1b/app.js")

    assert (packed.headers["Content-Encoding"], await packed.get_data()) == ("br", b"packed")
    assert "Content-Encoding" not in plain.headers
    assert packed.mimetype == plain.mimetype == "text/javascript"
    assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"


async def test_a_file_without_a_packed_twin_comes_as_it_is(built: Quart) -> None:
    answer = await built.test_client().get(
        "/static/0a1b/codec.wasm", headers={"Accept-Encoding": "br"}
    )

    assert (answer.mimetype, await answer.get_data()) == ("application/wasm", b"\0asm")


@pytest.mark.parametrize(
    "path", ["../secret.txt", "..%2fsecret.txt", "0a1b/../../secret.txt", "x", "x" * 300]
)
async def test_nothing_outside_the_folder_is_served(built: Quart, path: str) -> None:
    answer = await built.test_client().get(f"/static/{path}")

    assert answer.status_code == 404


def test_a_template_gets_the_address_of_this_build(built: Quart) -> None:
    page = built.jinja_env.from_string("{{ asset('app.js') }} {{ asset('none.js') }}", None)

    assert asyncio.run(page.render_async()) == "/static/0a1b/app.js /static/unbuilt/none.js"
