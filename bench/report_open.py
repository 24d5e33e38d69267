#!/usr/bin/env python3
"""Size of the report of a large model, and seconds from the start of navigation until its figures are drawn: those of the
first screen (where a reader sees none there, the first one), and all, down to the end of the page. Nothing waits for the
reader to scroll or to print.

    scripts/python_env.sh build/browser-env tests/report/requirements.txt
    build/browser-env/bin/python bench/report_open.py build/release/synapsnet [--neurons 1000] [--frames 5000] [--epochs 2]
    build/browser-env/bin/python bench/report_open.py build/release/synapsnet --page report.html

Simulates `rates`, fits dense connections for a few epochs (how well does not matter here), writes the page and opens it
in headless Chromium. On a busy machine the processor time of the page's thread says more than the seconds.
"""
import argparse
import statistics
import subprocess
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

# The page sets data-drawn on its body when the last figure is drawn; performance.now() counts from navigation start. A figure
# is drawn when it holds what plotly.js draws. Those that reach into the first screen are known at the end, when all have
# their heights.
WATCH = """window.figureAt = {};
new MutationObserver(() => {
  for (const svg of document.querySelectorAll('.plot .main-svg')) window.figureAt[svg.closest('.plot').id] ??= performance.now();
  if (document.body?.dataset.drawn === 'yes') window.drawnAt ??= performance.now();
}).observe(document, { attributes: true, childList: true, subtree: true, attributeFilter: ['data-drawn'] });"""

# Seconds until the figures of the first screen, until all; and how many they are.
SECONDS = """() => {
  const all = Object.entries(figureAt);
  const seen = all.filter(([id]) => document.getElementById(id).getBoundingClientRect().top < innerHeight);
  const times = (figures) => figures.map(([, at]) => at / 1000);
  return [seen.length ? Math.max(...times(seen)) : Math.min(...times(all)), drawnAt / 1000, seen.length, all.length];
}"""


def make_page(arguments, folder):
    def run(*words):
        subprocess.run([arguments.program, *map(str, words), "--quiet"], check=True)

    recording, model, page = (folder / name for name in ("recording.h5", "model.h5", "report.html"))
    run("simulate", "rates", "--neurons", arguments.neurons, "--frames", arguments.frames, "-o", recording)
    run("fit", recording, "--hidden", 8, "--connectivity", "dense", "--epochs", arguments.epochs, "-o", model)
    run("report", model, "-o", page)
    return page


def open_page(browser, page):
    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    tools = tab.context.new_cdp_session(tab)
    tools.send("Performance.enable", {"timeDomain": "threadTicks"})
    tab.add_init_script(WATCH)
    tab.goto(page.resolve().as_uri())
    tab.wait_for_function("window.drawnAt", timeout=120000)
    screen, everything, seen, figures = tab.evaluate(SECONDS)
    metrics = {metric["name"]: metric["value"] for metric in tools.send("Performance.getMetrics")["metrics"]}
    tab.close()
    return screen, everything, metrics["TaskDuration"], seen, figures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--page", type=Path, help="a page that is there already")
    parser.add_argument("--neurons", type=int, default=1000)
    parser.add_argument("--frames", type=int, default=5000)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--browser", default="/usr/bin/chromium")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page = arguments.page or make_page(arguments, Path(folder))
        browser = playwright.chromium.launch(executable_path=arguments.browser, args=["--no-sandbox"])
        seconds = [open_page(browser, page) for _ in range(arguments.times)]
        browser.close()
        screen, last, busy, seen, figures = zip(*seconds)
        print(f"{page.stat().st_size / 1e6:.2f} MB; figures of the first screen ({seen[0]} of {figures[0]}) after "
              f"{statistics.median(screen):.2f} s, all after {statistics.median(last):.2f} s (medians of {len(last)}; all: "
              f"{min(last):.2f} to {max(last):.2f}); {statistics.median(busy):.2f} s of processor time in the page's thread")


if __name__ == "__main__":
    main()
