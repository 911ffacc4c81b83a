"""A real browser, and pages opened in it from disk."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from quorate.checker.browse.answers import Answers
from quorate.checker.browse.server import Server
from quorate.traces.page.document import to_html
from quorate.traces.trace import Step, Trace
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

SWITCHES = (
    "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --window-size=1400,900"
)
SECONDS = 15


class Page:
    """What a person does with the page, and what is then on the screen."""

    def __init__(self, driver: webdriver.Chrome, address: str) -> None:
        self.driver, self.address = driver, address
        driver.get("about:blank")
        driver.get_log("performance")
        driver.get_log("browser")
        driver.get(address)
        self.until(lambda: driver.execute_script("return document.documentElement.dataset.ready === 'yes'"))

    def until(self, condition: Callable[[], object]) -> None:
        WebDriverWait(self.driver, SECONDS).until(lambda _: condition())

    def all(self, selector: str) -> list:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector: str):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def texts(self, selector: str) -> list[str]:
        return [element.text or element.get_attribute("textContent") for element in self.all(selector)]

    def text(self, selector: str) -> str:
        return self.one(selector).text

    def click(self, selector: str) -> None:
        self.one(selector).click()

    def press(self, *keys: str) -> None:
        for key in keys:
            ActionChains(self.driver).send_keys(key).perform()

    def script(self, text: str, *arguments: object):
        return self.driver.execute_script(text, *arguments)

    def settle(self) -> None:
        """Waits until every question that the page asked is answered."""
        self.until(lambda: self.script("return document.documentElement.dataset.asking !== 'yes'"))

    @property
    def step(self) -> int:
        """The step that the page says it shows."""
        return int(self.one("#scroll").get_attribute("aria-valuenow"))

    def requests(self) -> list[str]:
        """The addresses that were asked for since the page was opened."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]

    def blocked(self) -> list[str]:
        """Why requests failed that the browser did not even make."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        failed = [event["params"] for event in events if event["method"] == "Network.loadingFailed"]
        return [one.get("blockedReason", "") for one in failed]

    def complaints(self) -> list[str]:
        """What the browser wrote to its console."""
        return [entry["message"] for entry in self.driver.get_log("browser")]


@pytest.fixture(scope="session")
def downloads(tmp_path_factory) -> Path:
    """The folder that the browser saves to."""
    return Path(tmp_path_factory.mktemp("downloads"))


@pytest.fixture
def saved(downloads, browser) -> Iterator[Callable[[str], bytes]]:
    """The content of the one file with this ending that the page has saved; the folder is then empty again."""

    def content(ending: str) -> bytes:
        WebDriverWait(browser, SECONDS).until(
            lambda _: [one for one in downloads.glob(f"*{ending}") if one.stat().st_size]
        )
        (path,) = downloads.glob(f"*{ending}")
        return path.read_bytes()

    yield content
    for path in downloads.iterdir():
        path.unlink()


@pytest.fixture(scope="session")
def browser(tmp_path_factory, downloads) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for switch in SWITCHES.split():
        options.add_argument(switch)
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('browser')}")
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    driver.set_window_size(1400, 900)
    yield driver
    driver.quit()


@pytest.fixture
def show(browser, tmp_path) -> Callable[..., Page]:
    """Opens the page of a trace from disk."""

    def opened(trace: Trace | str, fragment: str = "") -> Page:
        path: Path = tmp_path / "page.html"
        path.write_text(trace if isinstance(trace, str) else to_html(trace), encoding="utf-8")
        return Page(browser, path.as_uri() + fragment)

    return opened


@pytest.fixture
def serve(browser, tmp_path, monkeypatch) -> Iterator[Callable[..., Page]]:
    """Opens the first page of sessions that a server of our own answers, which stands in an empty folder."""
    monkeypatch.chdir(tmp_path)
    with ExitStack() as stack:

        def opened(*sessions: Answers, front: str | None = None, fragment: str = "") -> Page:
            server = stack.enter_context(Server(sessions, front=front))
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown)
            return Page(browser, f"{server.address}{'' if front else '0/'}{fragment}")

        yield opened


@pytest.fixture(scope="session")
def forgotten(relay) -> Trace:
    """The relay's trace with messages received and in flight, 6 states long."""
    return relay("logs_grow", "forget")


@pytest.fixture(scope="session")
def commit_without_quorum() -> Trace:
    """Zab's counterexample with twelve messages, 18 states long."""
    from quorate.checker import engines
    from quorate.checker.model import Options
    from quorate.spec.lang.reader import read
    from quorate.spec.zookeeper.zab import Zab

    tree = read(Zab, {}, ["commit-without-quorum"])
    found = engines.check(tree, Options())
    assert found.steps is not None and found.property is not None
    steps = tuple(Step(label, state) for label, state in found.steps)
    return Trace(tree, "zab", steps, "violated", found.property, engine=found.engine)


@pytest.fixture
def relayed(follow) -> Trace:
    """A message from the first server to the second, and on to the third."""
    steps = [("send", (0, 1, True)), ("fetch", (1, 0)), ("send", (1, 2, True)), ("fetch", (2, 1))]
    return follow("post.py", *steps, towns=3)


@pytest.fixture(scope="session")
def znodes() -> Trace:
    """A znode and its child are created, and the child deleted."""
    return of_znodes(("create", (1, None)), ("create", (2, None)), ("delete", (2,)))


def of_znodes(*labels) -> Trace:
    """A behaviour of the specification `znodes`."""
    from quorate.spec.lang.meaning.compile import Meaning
    from quorate.spec.lang.reader import read
    from quorate.spec.zookeeper.znodes import Znodes

    tree = read(Znodes, {"zxids": 5}, ())
    meaning = Meaning(tree)
    steps = [Step(*meaning.initial()[0])]
    for label in labels:
        steps.append(Step(label, dict(meaning.successors(steps[-1].state))[label]))
    return Trace(tree, "znodes", tuple(steps), "undecided", None)
