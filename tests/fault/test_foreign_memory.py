#!/usr/bin/env python3
"""Memory that runs out in foreign libraries too: the command under a library that refuses allocations.

usage: test_foreign_memory.py RENORM SOURCE_FOLDER FAIL_LIBRARY [CASES]

When all memory beyond a limit is refused, every limit must end in a result or in a message, exit
status 0 or 3. When one single allocation is refused, HDF5 1.10 and SUNDIALS 6.4 end the process or
crash for some of their own (docs/decisions/0008-memory-of-foreign-libraries.md): how many is
printed, and after each of them nothing recorded may be lost and the run must go on to the same bytes.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

RENORM, SOURCE, LIBRARY = (os.path.abspath(path) for path in sys.argv[1:4])
CASES = int(sys.argv[4]) if len(sys.argv) > 4 else 24
CONFIG = os.path.join(SOURCE, "configs", "tiny.yaml")
RUN = ["run", CONFIG, "--set", "steps=300", "--set", "measure.snapshots=2", "--threads", "1", "-q",
       "-o", "r"]
COMMANDS = {"run": RUN, "resume": ["resume", "r", "-q"], "report": ["report", "r", "-o", "r.html"],
            "export": ["export", "r", "--format", "npz", "-o", "r.npz"]}
BLAME = "a library's own small allocation"


def surroundings():
    """So that the command does not start itself anew, which would count from 1 again."""
    told = subprocess.run([RENORM, "info"], capture_output=True, text=True, check=True).stdout
    core = re.search(r"^OpenBLAS.*, (\w+) kernels", told, re.MULTILINE)
    return os.environ | {"OPENBLAS_CORETYPE": core.group(1), "OMP_WAIT_POLICY": "passive"}


class Place:
    def __init__(self, path):
        self.path, self.env, self.n_failed = path, surroundings(), 0

    def at(self, *names):
        return os.path.join(self.path, *names)

    def call(self, words, **limits):
        shim = {"LD_PRELOAD": LIBRARY, "RN_FAIL_LOG": self.at("log")}
        shim |= {f"RN_FAIL_{key.upper()}": str(value) for key, value in limits.items()}
        return subprocess.run([RENORM, *words], cwd=self.path, env=self.env | (shim if limits else {}),
                              capture_output=True, text=True, errors="replace", timeout=120)

    def clear(self):
        shutil.rmtree(self.at("r"), ignore_errors=True)
        for name in ("r.html", "r.npz"):
            if os.path.exists(self.at(name)):
                os.remove(self.at(name))

    def contents(self):
        found = {}
        for at, _, names in os.walk(self.at("r")):
            for name in names:
                if name not in (".lock", "manifest.yaml") and not name.endswith(".part"):
                    with open(os.path.join(at, name), "rb") as file:
                        found[os.path.relpath(os.path.join(at, name), self.path)] = file.read()
        return found

    def prepare(self, command):
        """The folder as that command meets it: nothing, a run stopped early, or a finished one."""
        self.clear()
        if command != "run":
            shutil.copytree(self.at("half" if command == "resume" else "whole"), self.at("r"))

    def stop_early(self):
        run = subprocess.Popen([RENORM, *RUN], cwd=self.path, env=self.env,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not os.path.exists(self.at("r", "snapshots", "000000.h5")):
            time.sleep(0.001)
        run.send_signal(signal.SIGINT)
        run.wait()
        os.rename(self.at("r"), self.at("half"))

    def complain(self, what, done):
        self.n_failed += 1
        print(f"FAILED {what}: exit status {done.returncode}\n{done.stderr[:600]}")

    def goes_on(self):
        """The run, resumed or begun again, ends with the bytes of an undisturbed one."""
        done = self.call(["resume", "r", "-q"]) if os.path.exists(self.at("r", "config.yaml")) else None
        if done is None:
            self.clear()
            done = self.call(RUN)
        return done.returncode == 0 and self.contents() == self.whole


def measure(place, command):
    """How many allocations a command makes, and the most bytes held."""
    place.prepare(command)
    done = place.call(COMMANDS[command], at=0)
    assert done.returncode == 0, done.stderr
    with open(place.at("log")) as file:
        return tuple(map(int, file.read().split()))


def try_limits(place, command, most):
    for i in range(1, CASES + 1):
        place.prepare(command)
        limit = most * i // CASES
        done = place.call(COMMANDS[command], bytes=limit)
        if done.returncode not in (0, 3) or (done.returncode and "renorm: " not in done.stderr):
            place.complain(f"{command} with {limit} of {most} bytes", done)
        elif not place.goes_on():
            place.complain(f"going on after {command} with {limit} bytes", done)


def try_single(place, command, n_asked):
    n_ended = 0
    for i in range(CASES):
        place.prepare(command)
        number = 1 + (n_asked - 1) * i // max(CASES - 1, 1)
        done = place.call(COMMANDS[command], at=number)
        n_ended += done.returncode not in (0, 3)
        if not place.goes_on():
            place.complain(f"going on after {command} without allocation {number}", done)
    print(f"{command}: {n_ended} of {CASES} ended by {BLAME}")


def main():
    with tempfile.TemporaryDirectory(prefix="renorm-memory-") as path:
        place = Place(path)
        done = place.call(RUN)
        assert done.returncode == 0, done.stderr
        place.whole = place.contents()
        os.rename(place.at("r"), place.at("whole"))
        place.stop_early()
        for command in COMMANDS:
            n_asked, most = measure(place, command)
            print(f"{command}: {n_asked} allocations, at most {most} bytes", flush=True)
            try_limits(place, command, most)
            try_single(place, command, n_asked)
    return 1 if place.n_failed else 0


if __name__ == "__main__":
    sys.exit(main())
