"""How fast a long page opens: `python tests/benchmarks/page_open.py` prints medians of several openings in Chromium.

A walk of 1,000 steps through the election of five servers is written as a page, opened from disk, and scrolled by 120
pixels a frame, 120 times.
"""

import statistics
import tempfile
from pathlib import Path

from quorate.spec.lang.meaning.compile import Meaning
from quorate.spec.lang.reader import read
from quorate.spec.zookeeper.zab import Zab
from quorate.traces.page.document import to_html
from quorate.traces.trace import Step, Trace
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

STEPS, RUNS = 1000, 7
READY = "return performance.getEntriesByName('drawn')[0]?.startTime"
SCROLL = """
const [done] = arguments, area = document.getElementById("scroll"), times = [];
let last = performance.now();
const frame = (now) => {
  times.push(now - last);
  last = now;
  area.scrollTop += 120;
  if (times.length < 120) requestAnimationFrame(frame);
  else done(times.slice(1));
};
requestAnimationFrame(frame);
"""


def walk() -> Trace:
    """A long walk; where nothing can happen any more, it begins anew."""
    specification = read(Zab, {"servers": 5, "timeouts": 4, "transactions": 2, "epochs": 3})
    meaning = Meaning(specification)
    steps = [Step(*meaning.initial()[0])]
    while len(steps) < STEPS:
        found = meaning.successors(steps[-1].state) or meaning.initial()
        steps.append(Step(*found[len(steps) * 7919 % len(found)]))
    return Trace(specification, "zab", tuple(steps), "undecided", None)


def browser() -> webdriver.Chrome:
    """Headless Chromium, as Debian has it."""
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for switch in ("--headless", "--no-sandbox", "--disable-gpu", "--window-size=1400,900"):
        options.add_argument(switch)
    return webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))


text = to_html(walk())
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "page.html"
    path.write_text(text, encoding="utf-8")
    driver = browser()
    driver.set_script_timeout(120)
    opened, frames = [], []
    for _ in range(RUNS):
        driver.get("about:blank")
        driver.get(f"{path.as_uri()}#step=1")
        while (found := driver.execute_script(READY)) is None:
            pass
        opened.append(found)
        frames += driver.execute_async_script(SCROLL)
    driver.quit()
print(f"{STEPS:,} steps of 5 servers, {len(text.encode()):,} bytes")
print(f"opens in: median {statistics.median(opened):.0f} ms, worst {max(opened):.0f} ms (bar: 1000 ms)")
late = sum(frame > 1000 / 60 * 1.5 for frame in frames) / len(frames)
print(f"frames while scrolling: median {statistics.median(frames):.1f} ms, {late:.0%} late (bar: 16.7 ms)")
