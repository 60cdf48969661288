"""What the leaderboard's page costs in a browser: size, start, sorting, filtering, view switches.

    python benchmarks/board_in_browser.py INDEX.HTML

Opens the page in the system's Chromium, headless and without a network, five times, and prints the
median of each number beside its bound. A time is from the click (or the start of the navigation) to
the frame after it, so style, layout and painting are in it. benchmarks/board.py makes 500 entries
to build a page of (--share 0.02 is enough for this). Exits with 1 when a bound is missed.
"""

from __future__ import annotations

import argparse
import gzip
import os
import platform
import shutil
import sys
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import sync_playwright

TIMES = 5
SIZES = {"index.html, MB": 1.5, "packed, kB": 400.0}
BOUNDS = {
    "interactive": 500.0,
    "sort What helps": 150.0,
    "switch to Board": 100.0,
    "sort Board": 150.0,
    "filter Board": 50.0,
    "filter Board off": 50.0,
    "switch to Languages": 100.0,
    "sort Languages": 150.0,
    "switch to Compare": 100.0,
    "switch to Entries": 100.0,
    "switch to What helps": 100.0,
    "switch to Board again": 100.0,
}  # milliseconds
NEXT_FRAME = """act => new Promise(resolve => {
  const start = performance.now();
  act();
  requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - start)));
})"""
START = """() => {
  const [entry] = performance.getEntriesByType("navigation");
  return entry.domContentLoadedEventEnd;
}"""


def main() -> None:
    """Print what a page costs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page", type=Path)
    path: Path = parser.parse_args().page
    raw = path.read_bytes()
    print(f"CPU: {cpu()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {TIMES} times")
    sizes = {"index.html, MB": len(raw) / 1e6, "packed, kB": len(gzip.compress(raw, 9)) / 1e3}
    missed = [told(name, sizes[name], bound) for name, bound in SIZES.items()]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--headless", "--no-sandbox"]
        )
        runs = [measured(browser, path.absolute().as_uri()) for _ in range(TIMES)]
        browser.close()
    missed += [told(f"{n}, ms", median(run[n] for run in runs), b) for n, b in BOUNDS.items()]
    sys.exit(any(missed))


def measured(browser: Any, address: str) -> dict[str, float]:
    """Return the milliseconds of everything that is measured, in a fresh tab."""
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.goto(address)
    found: dict[str, float] = {"interactive": page.evaluate(START)}
    page.wait_for_timeout(500)

    def click(name: str, selector: str) -> None:
        act = f"() => document.querySelector({selector!r}).click()"
        found[name] = page.evaluate(f"({NEXT_FRAME})({act})")
        page.wait_for_timeout(100)

    def choose(name: str, value: str) -> None:
        act = (
            "() => { const one = [...document.querySelectorAll('#filters select')]"
            ".find(s => s.closest('label').textContent.startsWith('Base')); "
            f"one.value = {value} || one.options[1].value; "
            "one.dispatchEvent(new Event('change')); }"
        )
        if value == "''":
            act = act.replace("'' || one.options[1].value", "''")
        found[name] = page.evaluate(f"({NEXT_FRAME})({act})")
        page.wait_for_timeout(100)

    click("sort What helps", "#helps th[data-k=xnli] button")
    click("switch to Board", "nav a[href='#board']")
    click("sort Board", "#board th[data-k=pawsx] button")
    choose("filter Board", "null")
    choose("filter Board off", "''")
    click("switch to Languages", "nav a[href='#languages']")
    click("sort Languages", "#languages th[data-k=l-de] button")
    click("switch to Compare", "nav a[href='#compare']")
    click("switch to Entries", "nav a[href='#entries']")
    click("switch to What helps", "nav a[href='#helps']")
    click("switch to Board again", "nav a[href='#board']")
    page.close()
    return found


def told(name: str, value: float, bound: float) -> bool:
    """Print a number beside its bound; return whether it is missed."""
    missed = value > bound
    print(f"{name}: {value:.2f} (bound {bound:g}){' MISSED' if missed else ''}")
    return missed


def cpu() -> str:
    """Return what the processor is called."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text("utf-8").splitlines() if info.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())


if __name__ == "__main__":
    main()
