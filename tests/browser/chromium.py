"""A headless Chromium, driven through its debugging protocol over a pair of pipes.

    with Chromium() as browser:
        page = browser.open(path, width=1280, height=900)
        page.run("document.title")
        page.picture("page.png")

Everything the page asks of a network, prints to its console or throws is kept in page.requests,
page.messages.
"""

import base64
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

SECONDS = 60


class Chromium:
    """The browser, with a profile of its own that is removed at the end."""

    def __init__(self):
        program = shutil.which("chromium") or shutil.which("chromium-browser")
        if not program:
            raise RuntimeError("no chromium on this machine; install the package chromium")
        self.profile = tempfile.mkdtemp(prefix="renorm-browser-")
        to_browser, self.out = os.pipe()
        self.back, from_browser = os.pipe()

        def place():
            # Chromium reads commands on 3 and answers on 4; move both out of the way first.
            os.setsid()
            high_in, high_out = os.dup2(to_browser, 103), os.dup2(from_browser, 104)
            os.dup2(high_in, 3)
            os.dup2(high_out, 4)

        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
             "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions",
             "--disable-background-networking", "--force-device-scale-factor=1",
             f"--user-data-dir={self.profile}", "--remote-debugging-pipe", "about:blank"],
            preexec_fn=place, close_fds=False, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_browser)
        os.close(from_browser)
        self.waiting = b""
        self.count = 0
        self.events = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        os.close(self.out)
        os.close(self.back)
        shutil.rmtree(self.profile, ignore_errors=True)

    def read(self, until):
        """The next message, or None when it is later than `until`."""
        while b"\0" not in self.waiting:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.back], [], [], left)[0]:
                return None
            more = os.read(self.back, 1 << 20)
            if not more:
                raise RuntimeError("the browser ended")
            self.waiting += more
        line, self.waiting = self.waiting.split(b"\0", 1)
        return json.loads(line)

    def call(self, method, session=None, **parameters):
        self.count += 1
        message = {"id": self.count, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.out, data):]
        until = time.monotonic() + SECONDS
        while True:
            answer = self.read(until)
            if answer is None:
                raise RuntimeError(f"{method}: no answer in {SECONDS} s")
            if answer.get("id") == message["id"]:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            if "method" in answer:
                self.events.append(answer)

    def open(self, path, **options):
        return Page(self, path, **options)


class Page:
    """One page, loaded and ready."""

    def __init__(self, browser, path, width=1280, height=900, dark=False, media="screen",
                 phone=False):
        self.browser = browser
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=target,
                                    flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=2 if phone else 1, mobile=phone)
        self.call("Emulation.setEmulatedMedia", media=media, features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.call("Page.navigate", url=Path(path).resolve().as_uri())
        until = time.monotonic() + SECONDS
        while self.run("document.readyState + (document.documentElement || document.body)?.dataset.ready") \
                != "completeyes":
            if time.monotonic() > until or self.messages:
                raise RuntimeError(f"{path}: the page does not become ready: {self.messages}")
            time.sleep(0.05)

    def call(self, method, **parameters):
        return self.browser.call(method, self.session, **parameters)

    def run(self, program):
        """The value of an expression, evaluated in the page."""
        answer = self.call("Runtime.evaluate", expression=program, returnByValue=True,
                           awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{program}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def own_events(self, *methods):
        return [event["params"] for event in self.browser.events
                if event.get("sessionId") == self.session and event["method"] in methods]

    @property
    def requests(self):
        """Addresses asked for, the page itself excluded."""
        addresses = [event["request"]["url"] for event in
                     self.own_events("Network.requestWillBeSent")]
        return [a for a in addresses[1:] if not a.startswith("data:")]

    @property
    def messages(self):
        """What was printed to the console, thrown, or refused."""
        thrown = self.own_events("Runtime.exceptionThrown", "Runtime.consoleAPICalled")
        logged = [event["entry"] for event in self.own_events("Log.entryAdded")]
        return thrown + logged

    def press(self, key):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key,
                      windowsVirtualKeyCode={"ArrowLeft": 37, "ArrowRight": 39, "Home": 36,
                                             "End": 35}.get(key, 0))

    def picture(self, path, top=0, height=None):
        """A picture of the whole page, or of a strip of it."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        strip = {"x": 0, "y": top, "width": size["width"], "scale": 1,
                 "height": min(height or size["height"], size["height"] - top)}
        data = self.call("Page.captureScreenshot", format="png", clip=strip,
                         captureBeyondViewport=True)["data"]
        Path(path).write_bytes(base64.b64decode(data))
