"""
A real browser for tests: Debian's Chromium, Google's or Playwright's own, driven by Playwright.

`browsing()` starts it; `Complaints.watch(page)` notes everything that a browser complains about
(console errors, exceptions, violated policies), and `poll` waits without `eval`, which our pages
forbid.
"""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright

INSTALLED: Final = shutil.which("chromium") or shutil.which("google-chrome")

FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
)

DESKTOP: Final[dict[str, Any]] = {"viewport": {"width": 1280, "height": 800}}
PHONE: Final[dict[str, Any]] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 3,
    "is_mobile": True,
    "has_touch": True,
}

PERFORMANCE_HINT: Final = "willReadFrequently"
"""Chromium's advice about reading canvases, which Cornerstone's processor renderer does."""

_LISTEN_FOR_VIOLATIONS: Final = """
document.addEventListener("securitypolicyviolation", (event) => {
  console.error(`CSP ${event.effectiveDirective} blocked ${event.blockedURI} ${event.sourceFile}`);
});
"""


@asynccontextmanager
async def browsing() -> AsyncIterator[Browser]:
    """A browser with a profile of its own; skips the test where there is no Chromium."""
    async with async_playwright() as playwright:
        chromium = INSTALLED or playwright.chromium.executable_path
        if not Path(chromium).exists():
            pytest.skip("needs a browser: make setup-tests")
        browser = await playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        try:
            yield browser
        finally:
            await browser.close()


@dataclass
class Complaints:
    """What the browser found wrong with a page; an empty list is what tests ask for."""

    heard: list[str] = field(default_factory=list)
    expected: str | None = None
    """Part of a message that the test itself provokes."""

    async def watch(self, page: Page) -> None:
        """Listen to *page*, from before its first script."""
        await page.add_init_script(_LISTEN_FOR_VIOLATIONS)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.heard.append(f"exception: {error}"))

    def _console(self, message: ConsoleMessage) -> None:
        if self.expected and self.expected in message.text:
            return
        if message.type in {"error", "warning"} and PERFORMANCE_HINT not in message.text:
            where = message.location.get("url", "")
            self.heard.append(f"{message.type}: {message.text} ({where})")


async def poll(page: Page, expression: str, *, seconds: float = 20) -> Any:
    """
    The first truthy value of *expression* in *page*.

    Stands in for `page.wait_for_function`, which needs 'unsafe-eval' and is stopped by our policy.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            value = await page.evaluate(expression)
        except Exception as error:
            if "context was destroyed" not in str(error):
                raise
            value = None
        if value:
            return value
        await asyncio.sleep(0.02)
    raise TimeoutError(expression)


async def screenshot(page: Page, name: str, folder: Path) -> Path:
    """Keep a picture of the page as a person sees it."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.png"
    await page.screenshot(path=file)
    return file
