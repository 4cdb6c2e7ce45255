"""The pages in a browser: Chromium without a window, if there is one."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from experiments import report
from experiments.report import Images, drawing, pages
from tests.experiments.report import made_runs

NAMES_OF_CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES_OF_CHROMIUM)), None)

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason=f"none of {', '.join(NAMES_OF_CHROMIUM)} is installed"
)
# Runs before all else in the page, and writes down at the end what became of it.
PROBE = """
const problems = [];
const note = event => problems.push(String(event.message || event.target.outerHTML));
addEventListener("error", note, true);
addEventListener("securitypolicyviolation", e => problems.push(e.violatedDirective));
for (const name of ["error", "warn"])
  console[name] = (...words) => problems.push(words.join(" "));
addEventListener("load", () => setTimeout(() => {
  const root = document.documentElement;
  const shown = selector => [...document.querySelectorAll(selector)];
  for (const part of shown("details")) part.open = true;
  const found = {
    problems,
    images: document.images.length,
    broken: shown("img").filter(image => !image.naturalWidth).length,
    lines: shown(".chart").map(chart =>
      [...chart.querySelectorAll(".scatterlayer .js-line")].map(
        line => line.getAttribute("d").match(/[ML]/g).length)),
    legend: shown(".chart").map(chart =>
      [...chart.querySelectorAll(".legendtext")].map(text => text.textContent)),
    sideways: root.scrollWidth - root.clientWidth,
    smallest: Math.min(...shown("td, p, li span, dd, figcaption").map(
      part => parseFloat(getComputedStyle(part).fontSize))),
    colours: [getComputedStyle(document.body).color,
              getComputedStyle(document.body).backgroundColor],
    fired: window.fired === true,
  };
  const place = document.createElement("pre");
  place.id = "probe";
  place.textContent = JSON.stringify(found);
  document.body.append(place);
}, 0));
"""


# A window is at least 500 pixels wide, even one that nobody sees; a frame need not be.
FRAME = """<iframe src="probed.html" style="width: {width}px; height: 900px"></iframe>
<script>
const waiting = setInterval(() => {{
  const found = frames[0].document.getElementById("probe");
  if (found) {{
    clearInterval(waiting);
    document.body.append(document.importNode(found, true));
  }}
}}, 20);
</script>
"""


def look(page: Path, *, width: int = 1280, dark: bool = False) -> dict:
    """Open a page and return what the probe found."""
    text = page.read_text(encoding="utf-8")
    policy = f"script-src 'sha256-{pages.sha256(PROBE)}'"
    text = text.replace("script-src 'none'", "script-src").replace(
        "script-src", policy, 1
    )
    text = text.replace("</title>", f"</title><script>{PROBE}</script>", 1)
    page.with_name("probed.html").write_text(text, encoding="utf-8")
    outside = page.with_name("frame.html")
    outside.write_text(FRAME.format(width=width), encoding="utf-8")
    finished = subprocess.run(
        [
            str(CHROMIUM),
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            f"--user-data-dir={page.parent / 'profile'}",
            "--window-size=1400,1000",
            f"--blink-settings=preferredColorScheme={0 if dark else 1}",
            "--allow-file-access-from-files",
            "--virtual-time-budget=20000",
            "--dump-dom",
            outside.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "HOME": str(page.parent)},
    )
    _, found, rest = finished.stdout.partition('<pre id="probe">')
    assert found, f"the page did not load: {finished.stderr[-2000:]}"
    return json.loads(html.unescape(rest.partition("</pre>")[0]))


ATTACK = "<img src=x onerror='window.fired=true'>"


NAMES = [ATTACK, "</script><script>window.fired=true</script>", "dog"]


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Path:
    """The page of a run whose texts would all run a script if they could."""
    folder = tmp_path_factory.mktemp("page")
    made_runs.make(folder, NAMES, model=ATTACK, leak=ATTACK)
    shown = Images(made_runs.images(60), made_runs.images(9), np.arange(9) % 3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawing, "png", lambda draw: made_runs.NO_PICTURE)
        patch.setattr(pages, "has_charts", lambda: False)
        return report.write_run(folder, images=shown)


@pytest.mark.parametrize(("width", "dark"), [(390, True), (1280, False)])
def test_the_page_of_a_run(width, dark, page):
    found = look(page, width=width, dark=dark)
    assert found["problems"] == [] and not found["fired"]
    assert found["images"] > 60 and found["broken"] == 0
    # What is wider than the page has a scroll bar of its own.
    assert found["sideways"] <= 0
    assert found["smallest"] >= 12
    ink, paper = (sum(map(int, re.findall(r"\d+", c)[:3])) for c in found["colours"])
    assert (ink > paper) == dark
    assert found["lines"] == []


def test_the_page_of_a_study_has_its_charts(tmp_path, monkeypatch):
    pytest.importorskip("plotly", reason="plotly (extra `report`) is not installed")
    monkeypatch.setattr(drawing, "png", lambda draw: made_runs.NO_PICTURE)
    for index, model in enumerate((ATTACK, "basic_cnn")):
        made_runs.make(tmp_path / str(index), NAMES, model=model)
    found = look(report.write_study(tmp_path), width=390)
    assert found["problems"] == [] and not found["fired"]
    assert found["images"] > 0 and found["broken"] == 0
    assert found["sideways"] <= 0
    # Accuracy and loss: training and validation of two models, four epochs each.
    assert found["lines"] == [[4] * 4] * 2
    assert [names[1] for names in found["legend"]] == ["basic cnn"] * 2
    assert all(names[0].startswith("<img src=x") for names in found["legend"])


def test_the_probe_sees_what_is_wrong(tmp_path, monkeypatch):
    """A script that slipped in is not run, and what is broken is seen."""
    monkeypatch.setattr(pages, "has_charts", lambda: False)
    monkeypatch.setattr(drawing, "png", lambda draw: made_runs.NO_PICTURE)
    made_runs.make(tmp_path, ["a", "b"])
    page = report.write_run(tmp_path)
    text = page.read_text(encoding="utf-8")
    attack = (
        "<script>window.fired = true</script><img src='data:image/png;base64,AA'>"
        "<div style='width: 2000px'>wide</div>"
    )
    page.write_text(text.replace("</h1>", f"</h1>{attack}"), encoding="utf-8")
    found = look(page)
    assert found["fired"] is False
    assert "script-src-elem" in found["problems"]
    assert found["broken"] == 1
    assert found["sideways"] > 0
