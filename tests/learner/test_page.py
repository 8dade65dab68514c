"""`mechgrade learn` in a real browser, with real saves: the page of a learner's hour."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from support import ROOT, command

from learner.conftest import write_right, write_wrong
from mechgrade.course import Course, load_course
from mechgrade.files import write_atomic
from mechgrade.progress.progress import Progress

pytestmark = pytest.mark.long

LEARN = ["learn", "--no-browser", "--no-server"]
#: Generous: the first verdict waits for the libraries, on a machine that does other things too.
PATIENCE = 150
PATIENCE_MS = PATIENCE * 1000
#: The smallest picture: a transparent pixel.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000002000001e221bc33"
    "0000000049454e44ae426082"
)


class Learn:
    """The command, running in a course's folder."""

    def __init__(self, root: Path, *arguments: str) -> None:
        self.root = root
        self.process = subprocess.Popen(
            [*command(), *LEARN, *arguments], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.text = ""
        end = time.monotonic() + PATIENCE
        while "Ctrl-C ends it" not in self.text:
            assert time.monotonic() < end and self.process.poll() is None, self.text
            self.read(0.5)
        found = re.search(r"http://127\.0\.0\.1:(\d+)(/\S*)\?token=(\S+)", self.text)
        assert found, self.text
        self.url, self.port, self.token = found[0], int(found[1]), found[3]
        self.base = f"http://127.0.0.1:{self.port}"

    def read(self, seconds: float) -> None:
        assert self.process.stdout is not None
        if select.select([self.process.stdout], [], [], seconds)[0]:
            self.text += os.read(self.process.stdout.fileno(), 65536).decode()

    def end(self, how: int = signal.SIGINT) -> int:
        self.process.send_signal(how)
        code = self.process.wait(60)
        self.read(1)
        return code

    def ask(self, method: str, path: str, body: str = "", **headers: str) -> tuple[int, str, dict[str, str]]:
        """A request by hand; names of headers have _ for -."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body or None, sent)
        answer = connection.getresponse()
        text = answer.read().decode() if answer.headers.get_content_type() != "text/event-stream" else ""
        connection.close()
        return answer.status, text, {name.lower(): value for name, value in answer.getheaders()}

    def cookie(self) -> str:
        return self.ask("GET", f"/?token={self.token}")[2]["set-cookie"].partition(";")[0]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    """A learner's course, with a runtime directory and a progress of its own."""
    root = tmp_path_factory.mktemp("page")
    for part in ("exercises", "solutions", "graders", "interp"):
        shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "fixtures").symlink_to(ROOT / "fixtures")
    shutil.copy(ROOT / "course.yaml", root)
    (root / "run").mkdir(mode=0o700)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(root / "run"))
        patch.setenv("MECHGRADE_HOME", str(root / ".mechgrade"))
        yield load_course(root)


@pytest.fixture(scope="module")
def learn(desk: Course) -> Iterator[Learn]:
    """One server for most tests here; each has an exercise of its own."""
    running = Learn(desk.root)
    yield running
    running.process.kill()
    running.process.wait()


class Browser:
    """A learner's browser: its tabs, and all that they asked for and complained of."""

    def __init__(self, chromium: Any, learn: Learn, **settings: Any) -> None:
        self.learn = learn
        self.heard: list[str] = []
        self.asked: list[str] = []
        self.context = chromium.new_context(viewport={"width": 1280, "height": 900}, **settings)
        self.context.set_default_timeout(PATIENCE_MS)
        self.context.on("request", lambda request: self.asked.append(request.url))
        self.context.on("console", lambda message: self.heard.append(message.text))
        self.context.on("weberror", lambda error: self.heard.append(str(error.error)))
        self.open("")  # with the token, as `mechgrade learn` opens it

    def open(self, path: str) -> Any:
        tab = self.context.new_page()
        tab.goto(self.learn.base + path if path else self.learn.url)
        tab.wait_for_selector("#verdict")
        return tab


@pytest.fixture
def browser(chromium: Any, learn: Learn) -> Iterator[Browser]:
    browser = Browser(chromium, learn)
    yield browser
    browser.context.close()


def shows(tab: Any, verdict: str) -> None:
    """Wait until a page shows a verdict."""
    tab.wait_for_selector(f"#verdict h2.{verdict}")


def until(holds: Callable[[], bool]) -> None:
    """Wait for what only this side can see: the page's policy forbids scripts of ours to wait there."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


# --- what a learner does ---------------------------------------------------------------------------------------------


def test_a_save_changes_the_page_and_a_pass_shows_what_was_found(browser: Browser, desk: Course) -> None:
    tab = browser.open("/lab3/induction_scores")
    shows(tab, "not_started")
    assert tab.title() == "· The induction score of every head"
    assert tab.locator("#text math").count() > 10 and "$" not in tab.locator("#text").inner_text()
    assert "def induction_scores(" in tab.locator(".signature").inner_text()
    assert tab.locator(".checks li").count() == 5  # what will be asked
    write_wrong(desk, "induction_scores", "offset_half")
    shows(tab, "wrong")
    assert "A known mistake. The diagonal is one place off" in tab.locator(".checks details[open]").inner_text()
    assert tab.locator("details[open] svg.heatmap").count() == 3  # yours, the reference's, the difference
    said = tab.locator("#said")
    assert said.get_attribute("role") == "status"
    assert said.inner_text().startswith(
        "The induction score of every head: not right yet, 0 of 10 points. The diagonal"
    )
    assert tab.title().startswith("✗") and "not right yet" in tab.locator("#chip").inner_text()
    tab.locator("svg.heatmap image").first.hover(position={"x": 5, "y": 5})
    assert tab.locator(".readout").first.inner_text().startswith("layer L0, head H0: yours ")
    write_right(desk, "induction_scores")
    shows(tab, "passed")
    tab.wait_for_selector("#after .found")
    assert "Two heads do it." in tab.locator(".found").inner_text()
    tab.locator("#map summary").filter(has_text=f"1 of {len(load_course(ROOT).exercises())} passed").wait_for()
    tab.locator(".go").click()
    tab.wait_for_url("**/lab3/attention_motifs")


def test_focus_and_what_was_opened_stay(browser: Browser, desk: Course) -> None:
    write_wrong(desk, "find_heads", "threshold_included")
    tab = browser.open("/lab3/find_heads")
    shows(tab, "wrong")
    before = tab.locator(".when").inner_text()
    last = tab.locator(".checks summary").last
    last.focus()
    tab.keyboard.press("Enter")
    path = desk.stub_path(desk.exercise("find_heads"))
    time.sleep(1.1)  # the page tells seconds
    write_atomic(path, path.read_text() + "\n# saved again\n")  # a half-written file would be another verdict
    until(lambda: tab.locator(".when").inner_text().strip() != before.strip())
    tab.wait_for_selector("#verdict:not(.grading)")
    assert last.evaluate("each => each === document.activeElement && each.parentElement.open")


def test_hints_open_one_by_one_and_count(browser: Browser, desk: Course) -> None:
    tab, other = browser.open("/lab1/logit_lens"), browser.open("/lab1/logit_lens")
    assert tab.locator("#hints li").count() == 0
    there = int(re.search(r"0 of (\d+) read", tab.locator("#hints").inner_text())[1])  # type: ignore[index]
    for number in range(1, there + 1):
        tab.locator("#hint").focus()
        tab.keyboard.press("Enter")
        tab.wait_for_selector(f"#hints li:nth-child({number})")
        focused = tab.evaluate("document.activeElement.id")
        assert focused == ("hint" if number < there else "hints-title")
    other.wait_for_selector(f"#hints li:nth-child({there})")  # the other tab is in step
    assert Progress(desk).read().of(desk.exercise("logit_lens")).hints == there
    assert "mechgrade solution logit_lens --give-up" in tab.locator("#hints").inner_text()


def test_the_map_shows_the_way_ahead(browser: Browser, desk: Course) -> None:
    Progress(desk).hinted(desk.exercise("ablate_head"), 1)
    tab = browser.open("/")
    tab.wait_for_url("**/lab1/ablate_head")
    assert not tab.locator("#map nav").is_visible()
    tab.locator("#map summary").focus()
    tab.keyboard.press("Enter")
    assert tab.locator("#map li").count() == len(desk.exercises())
    assert tab.locator("#map .next").count() == 1
    assert "Ablating one head" in tab.locator("#map li:has(.next)").inner_text()
    assert "Ablating one head" in tab.locator("#map a[aria-current=page]").inner_text()
    tab.keyboard.press("Escape")
    assert not tab.locator("#map nav").is_visible()
    assert tab.evaluate("document.activeElement.nodeName") == "SUMMARY"


def test_two_tabs_stay_in_step_and_follow_the_saves(browser: Browser, desk: Course) -> None:
    one, two, third = (browser.open("/lab3/repeated_tokens") for _ in range(3))
    for tab in (one, two, third):
        shows(tab, "not_started")
    third.locator("#follow").uncheck()
    write_right(desk, "repeated_tokens")
    for tab in (one, two, third):
        shows(tab, "passed")
    write_right(desk, "loss_by_position")
    for tab in (one, two):
        tab.wait_for_url("**/lab3/loss_by_position")
        shows(tab, "passed")
    assert third.url.endswith("/lab3/repeated_tokens")


def test_plots_of_the_own_file_and_nothing_else(browser: Browser, desk: Course) -> None:
    """The file says what it has saved, and may say anything."""
    outside = desk.root / "secret.png"
    outside.write_bytes(PNG)
    folder = desk.root / "outputs" / "attention_patterns"
    folder.mkdir(parents=True)
    (folder / "mine.png").write_bytes(PNG)
    path = desk.stub_path(desk.exercise("top_next_tokens"))
    code = f"""
def top_next_tokens(model, prompt, k):
    return []

if __name__ == "__main__":
    print("<b>layer 0</b>")
    for path in ({str(folder / "mine.png")!r}, {str(outside)!r}, "/etc/passwd", {str(folder / "../../secret.png")!r}):
        print("saved " + path)
"""
    path.write_text(code)
    tab = browser.open("/lab1/top_next_tokens")
    tab.wait_for_selector("#verdict h2:not(.faint)")
    tab.locator("#try").click()
    tab.wait_for_selector(".plot img")
    assert tab.locator(".plot").count() == 1
    assert tab.locator(".plot img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 1
    assert "outputs/attention_patterns/mine.png" in tab.locator(".plot").inner_text()
    assert "<b>layer 0</b>" in tab.locator("#trial pre").inner_text()
    path.write_text(code.replace('print("<b>layer 0</b>")', "import time; time.sleep(600)"))
    tab.locator("text=from an earlier version of your file").wait_for()
    tab.locator("#try").click()
    stop = tab.locator("#try", has_text="Stop")
    stop.wait_for()
    stop.click()
    tab.locator("#trial", has_text="Stopped.").wait_for()


def test_what_a_learner_wrote_is_text(browser: Browser, desk: Course) -> None:
    bad = "</script><img src=x onerror=alert(1)><script>alert(2)</script>"
    code = f"print({bad!r})\ndef ablate_head(*given, **named):\n    print({bad!r})\n    raise RuntimeError({bad!r})\n"
    path = desk.stub_path(desk.exercise("ablate_head"))
    tab = browser.open("/lab1/ablate_head")
    alerts: list[str] = []
    tab.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
    path.write_text(path.read_text().split("# %%\n")[0] + f"# {bad}\n\n# %%\n" + code)
    shows(tab, "raised")
    assert f"RuntimeError: {bad}" in tab.locator("#verdict details[open]").inner_text()
    assert bad in tab.locator("#verdict details[open] pre").last.inner_text()
    assert tab.locator("#verdict img, #text img, #verdict script:not([type='application/json'])").count() == 0
    assert alerts == []


def test_without_scripts_it_is_read_and_its_buttons_work(chromium: Any, learn: Learn) -> None:
    browser = Browser(chromium, learn, java_script_enabled=False)
    tab = browser.open("/lab4/sae_loss")
    assert tab.locator("#text math").count() > 5 and tab.locator("noscript").count() == 1
    tab.locator("#map summary").click()
    assert tab.locator("#map li").first.is_visible()
    tab.locator("#map summary").click()
    tab.locator("#hint").click()
    tab.wait_for_url("**/lab4/sae_loss#hints")
    tab.wait_for_selector("#hints li")
    assert tab.locator("#hints li").count() == 1
    tab.locator("#map summary").click()
    tab.locator("#map a", has_text="Steering with a latent").click()
    tab.wait_for_url("**/lab4/steer")
    assert tab.locator("h1").inner_text() == "Steering with a latent"
    browser.context.close()


# --- for everybody, and for nobody else ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [{}, {"color_scheme": "dark"}, {"viewport": {"width": 390, "height": 844}}],
    ids=["light", "dark", "phone"],
)
def test_axe_finds_nothing_and_no_request_leaves_the_machine(
    settings: dict[str, Any], chromium: Any, learn: Learn, desk: Course
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    write_right(desk, "attention_motifs")
    write_wrong(desk, "composition_scores", "order_swapped")
    browser = Browser(chromium, learn, color_scheme=settings.get("color_scheme"))
    # What was saved above may be noticed later than the tabs below are open: they must not go there.
    browser.context.add_init_script("if (location.port) sessionStorage.setItem('mechgrade-follow', 'no')")
    for path, verdict in [
        ("/lab2/path_patch", "not_started"),
        ("/lab3/composition_scores", "wrong"),
        ("/lab3/attention_motifs", "passed"),
    ]:
        tab = browser.open(path)
        tab.set_viewport_size(settings.get("viewport", {"width": 1280, "height": 900}))
        shows(tab, verdict)
        if tab.locator("#hint").count():
            before = tab.locator("#hints li").count()
            tab.locator("#hint").click()
            tab.wait_for_selector(f"#hints li:nth-child({before + 1})")
        for opened in (False, True):
            tab.evaluate("opened => document.querySelectorAll('details').forEach(each => each.open = opened)", opened)
            tab.mouse.wheel(0, 10_000)
            found = Axe().run(tab)
            assert found.violations_count == 0, found.generate_report()
            assert len(found.response["passes"]) > 15  # it did look
            wide = tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide == 0, "it scrolls sideways"
    assert [url for url in browser.asked if not url.startswith((f"{learn.base}/", "data:"))] == []
    learn.read(0.1)
    assert "Traceback" not in learn.text
    # Nor did the page try what its policy forbids. A stream that the browser lost, it opens anew.
    assert [text for text in browser.heard if "ERR_INCOMPLETE_CHUNKED_ENCODING" not in text] == []
    browser.context.close()


def test_who_may_see_it(learn: Learn) -> None:
    cookie = learn.cookie()
    entered = learn.ask("GET", f"/?token={learn.token}")
    assert entered[0] == 200 and learn.token not in entered[1]
    assert "HttpOnly" in entered[2]["set-cookie"] and "samesite=strict" in entered[2]["set-cookie"].lower()
    page = learn.ask("GET", "/lab3/find_heads", Cookie=cookie)
    assert page[0] == 200 and "default-src 'none'" in page[2]["content-security-policy"]
    assert "unsafe" not in page[2]["content-security-policy"] and page[2]["cache-control"] == "no-store"
    for host in (f"localhost:{learn.port}", "127.0.0.1:8000"):  # a port that ssh forwards
        assert learn.ask("GET", "/lab3/find_heads", Cookie=cookie, Host=host)[0] == 200
    refused = {
        "no token": learn.ask("GET", "/lab3/find_heads"),
        "a wrong token": learn.ask("GET", "/?token=" + "x" * 32, Cookie=cookie),
        "a wrong cookie": learn.ask("GET", "/lab3/find_heads", Cookie=cookie[:-1] + "~"),
        "files too": learn.ask("GET", "/-/learn.js"),
        "a foreign name": learn.ask("GET", "/lab3/find_heads", Cookie=cookie, Host=f"evil.example:{learn.port}"),
        "a name like ours": learn.ask("GET", "/", Cookie=cookie, Host=f"127.0.0.1.evil.example:{learn.port}"),
        "another port's page": learn.ask("GET", "/", Cookie=cookie, Origin="http://127.0.0.1:1"),
        "another site's picture": learn.ask("GET", "/-/learn.js", Cookie=cookie, Sec_Fetch_Site="cross-site"),
        "another server's here": learn.ask("GET", "/-/learn.js", Cookie=cookie, Sec_Fetch_Site="same-site"),
        "another site's form": _post(learn, Cookie=cookie, Origin="https://evil.example"),
        "a form of a hidden origin": _post(learn, Cookie=cookie, Origin="null"),
        "a form of nobody": _post(learn, Cookie=cookie),
        "a form without the cookie": _post(learn, Origin=learn.base),
    }
    assert {name: answer[0] for name, answer in refused.items() if answer[0] not in (403, 421)} == {}
    assert all("find_heads" not in answer[1] for answer in refused.values())
    assert _post(learn, Cookie=cookie, Origin=learn.base)[0] == 303


def _post(learn: Learn, **headers: str) -> tuple[int, str, dict[str, str]]:
    form = {"Content_Type": "application/x-www-form-urlencoded", **headers}
    return learn.ask("POST", "/lab4/sae_decode/hint", "number=1", **form)


def test_odd_requests_are_answered_with_a_sentence(learn: Learn) -> None:
    own = {"Cookie": learn.cookie(), "Origin": learn.base}
    for method, path, body, status in [
        *[
            ("GET", path, "", 404)
            for path in ("/lab3/nowhere", "/lab9/find_heads", "/-/../gate.py", "/-/report.html.j2")
        ],
        ("GET", "/lab3/find_heads/plots/0.png", "", 404),
        ("POST", "/lab3/find_heads/hint", "number=x", 400),
        ("POST", "/lab3/find_heads/hint", "number=" + "9" * 5000, 413),
        ("POST", "/lab3/find_heads", "", 405),
    ]:
        answer = learn.ask(method, path, body, **own)
        assert answer[0] == status and "Traceback" not in answer[1], path
    assert learn.ask("POST", "/lab3/find_heads/hint", "number=7", **own)[0] == 303  # far ahead: no hint is opened
    assert learn.ask("GET", f"//evil.example/?token={learn.token}")[1].count("evil") == 0


def test_it_listens_on_this_machine_alone_and_its_token_is_private(learn: Learn, desk: Course) -> None:
    process = psutil.Process(learn.process.pid)
    listening = {each.laddr.ip for each in process.net_connections("inet") if each.status == psutil.CONN_LISTEN}
    assert listening == {"127.0.0.1"}
    (kept,) = (desk.root / "run").rglob("page.json")
    assert json.loads(kept.read_text())["token"] == learn.token
    for folder in (kept.parent, kept.parent.parent):
        assert folder.stat().st_mode & 0o077 == 0


# --- the command -----------------------------------------------------------------------------------------------------


def test_a_second_one_says_where_the_first_is(learn: Learn, desk: Course) -> None:
    done = subprocess.run(
        [*command(), *LEARN, "sae_enc"], cwd=desk.root, capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    assert (
        f"runs already (process {learn.process.pid}): {learn.base}/lab4/sae_encode?token={learn.token}" in done.stdout
    )


def test_a_server_that_was_killed_is_found_again(chromium: Any, desk: Course) -> None:
    """The same address and the same token: the open page goes on, and learns what was saved meanwhile."""
    # Not pytest's folder, whose path may be too long for a private directory.
    with tempfile.TemporaryDirectory() as short, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", short)
        first = Learn(desk.root, "lab2/logit_difference")
        browser = Browser(chromium, first)
        (tab,) = browser.context.pages
        shows(tab, "not_started")
        assert tab.url.endswith("/lab2/logit_difference")
        first.end(signal.SIGKILL)
        tab.wait_for_selector("#gone", state="visible")
        write_right(desk, "logit_difference")
        second = Learn(desk.root)
        try:
            assert (second.port, second.token) == (first.port, first.token)
            shows(tab, "passed")
            assert not tab.locator("#gone").is_visible()
            course = desk.root / "course.yaml"
            course.write_text(
                course.read_text() + "\n# changed\n"
            )  # what the server has read is no longer what is there
            (desk.root / "exercises/lab2/logit_difference.py").write_text("raise RuntimeError('new')\n")
            shows(tab, "raised")
            second.read(1)
            assert "has changed: starting anew" in second.text
            said = len(second.text)
            begun = time.monotonic()
            assert second.end() == 0
            assert time.monotonic() - begun < 15, "an open page kept it from ending"
            assert (
                second.text[said:].strip() == "The page has ended. Your files and your progress are as you left them."
            )
        finally:
            with contextlib.suppress(ProcessLookupError):
                second.process.kill()
            second.process.wait()
            browser.context.close()


def test_progress_that_cannot_be_kept_costs_no_verdict(chromium: Any, desk: Course, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("in the way")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
        patch.setenv("MECHGRADE_HOME", str(tmp_path / "home"))
        running = Learn(desk.root, "lab1/describe_model")
        browser = Browser(chromium, running)
        (tab,) = browser.context.pages
        try:
            write_right(desk, "describe_model")
            shows(tab, "passed")
            tab.locator("#verdict .note", has_text="cannot be read: Not a directory").wait_for()
        finally:
            browser.context.close()
            running.end()
