"""Very many files and very large ones on the upload page: it stays usable, and says what it did."""

import base64
import os
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import Page, expect

from tests.browser import Complaints
from tests.studies.upload_page import (
    Slices,
    browser,
    choose,
    complaints,
    erika,
    is_named,
    upload_page,
)
from tests.viewer.dicom.making import parsed

__all__ = ["browser", "complaints", "erika", "upload_page"]

pytestmark = pytest.mark.one_engine

LARGE: Final = 2 * 1024**3
MANY: Final = int(os.environ.get("CROWD", "4096"))
"""Files with every run; `CROWD=200000` measures what somebody may choose at most."""

CHOOSE: Final = """({image, uid, images, others}) => {
  const whole = Uint8Array.from(atob(image), (each) => each.charCodeAt(0));
  const at = new TextDecoder("latin1").decode(whole).lastIndexOf(uid) + uid.length - 7;
  const chosen = [];
  for (let number = 0; number < images; number += 1) {
    const own = whole.slice();
    own.set(new TextEncoder().encode(String(1000000 + number)), at);
    chosen.push(new File([own], `IM${number}`));
  }
  for (let number = 0; number < others; number += 1) {
    chosen.push(new File(["x"], `notes ${number}`));
  }
  const field = document.querySelector("#f-files");
  Object.defineProperty(field, "files", { value: chosen });
  window.longest = 0;
  window.most = 0;
  setTimeout(() => {
    new PerformanceObserver((list) => {
      const times = list.getEntries().map(({ duration }) => duration);
      window.longest = Math.max(window.longest, ...times);
    }).observe({ type: "longtask" });
    const used = () => performance.memory.usedJSHeapSize;
    setInterval(() => { window.most = Math.max(window.most, used()); }, 100);
    window.begun = performance.now();
    field.dispatchEvent(new Event("change"));
  }, 500);
}"""
TOLD: Final = """() => ({
  seconds: (performance.now() - window.begun) / 1000,
  longest: window.longest / 1000,
  heap: window.most,
})"""


async def test_very_many_tiny_files_leave_the_page_usable(
    upload_page: Page, slices: Slices, complaints: Complaints
) -> None:
    """Half of them images of one examination, half of them nothing; no task holds the page long."""
    complaints.expected = "status of 429"  # of 200,000 files the page asks slower than it could
    (image,) = slices(1, size=8)
    about = {"image": base64.b64encode(image).decode(), "uid": parsed(image).SOPInstanceUID}
    await upload_page.evaluate(CHOOSE, about | {"images": MANY // 2, "others": MANY // 2})
    await expect(upload_page.locator('[data-step="found"]')).to_be_visible(timeout=600_000)
    told: dict[str, Any] = await upload_page.evaluate(TOLD)
    print(MANY, told)  # noqa: T201 -- what `CROWD=200000 pytest -s` is asked for

    found = upload_page.locator("[data-examination]")
    await expect(found).to_contain_text(f"{MANY // 2} images")
    refused = upload_page.locator("[data-refused]")
    await expect(refused).to_contain_text(f"{MANY // 2} files not understood")
    assert await refused.locator("li li").count() <= 501, "the others are a number"
    assert told["longest"] < told["seconds"] / 4
    assert told["heap"] < 50_000_000 + MANY * 2000


async def test_a_file_of_two_gigabytes_is_refused_without_being_read(
    upload_page: Page, tmp_path: Path
) -> None:
    large = tmp_path / "large.dcm"
    with large.open("wb") as file:
        file.write(bytes(128) + b"DICM")
        file.truncate(LARGE)
    await choose(upload_page, large)

    refused = upload_page.locator("[data-refused]")
    await is_named(refused, "it is larger than 512 MB", "large.dcm")
    await expect(upload_page.locator("[data-nothing]")).to_be_visible()
