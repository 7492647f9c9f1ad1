#!/usr/bin/env python3
"""renorm measure: archives of kernels made here, with answers known beforehand.

usage: test_measure.py RENORM SOURCE_FOLDER [unittest arguments]

The kernel M(t) = diag(lambda_u exp(c t)) drifts with s' = c at all scales, and its residual decays
as g_u' = -lambda_u g_u, so that w = c and energies are known at every time.
"""

import json
import math
import os
import struct
import subprocess
import sys
import tempfile
import unittest
import zipfile

RENORM = os.path.abspath(sys.argv[1])
N, C = 24, 0.3
LAMBDA = [math.exp(-5.0 * (1.0 - u / (N - 1))) for u in range(N)]
TIMES = [0.0, 0.01, 0.02, 0.03]


def npy(shape, values):
    """An npy file of doubles; numpy itself is not needed for it."""
    head = f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({', '.join(map(str, shape))},), }}"
    head += " " * (-(len(head) + 11) % 64) + "\n"
    return (b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode()
            + struct.pack(f"<{len(values)}d", *values))


def diagonal(values):
    return [values[r] if r == c else 0.0 for r in range(N) for c in range(N)]


def spectrum(t):
    return [value * math.exp(C * t) for value in LAMBDA]


def residual(t):
    """g_u' = -lambda_u(t) g_u from g_u = 1."""
    return [math.exp(-value * (math.exp(C * t) - 1.0) / C) for value in LAMBDA]


def arrays(times=TIMES):
    """Every array an archive may have."""
    flat = lambda rows: [x for row in rows for x in row]
    n_t = len(times)
    return {"time": ((n_t,), times),
            "residual": ((n_t, N), flat(residual(t) for t in times)),
            "kernel": ((n_t, N, N), flat(diagonal(spectrum(t)) for t in times)),
            "jacobian": ((n_t, N, N), flat(diagonal([math.sqrt(N * x) for x in spectrum(t)])
                                           for t in times)),
            "kernel_rate": ((n_t, N, N), flat(diagonal([C * x for x in spectrum(t)])
                                              for t in times)),
            "residual_rate": ((n_t, N), flat([-a * b for a, b in zip(spectrum(t), residual(t))]
                                             for t in times)),
            "samples": ((1,), [float(N)])}


class Measure(unittest.TestCase):
    def setUp(self):
        self.place = tempfile.TemporaryDirectory(prefix="renorm-measure-")

    def tearDown(self):
        self.place.cleanup()

    def write(self, name, chosen):
        path = os.path.join(self.place.name, name)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for key, (shape, values) in chosen.items():
                archive.writestr(key + ".npy", npy(shape, values))
        return path

    def renorm(self, *words, status=0):
        done = subprocess.run([RENORM, *words], cwd=self.place.name, timeout=120,
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, status, f"{words}\n{done.stdout}\n{done.stderr}")
        return done.stdout, done.stderr

    def measure(self, name, *keys, times=TIMES):
        """The snapshots, and what was said."""
        held = arrays(times)
        self.write(name + ".npz", {key: held[key] for key in keys})
        out, err = self.renorm("measure", name + ".npz", "-o", name, "--json")
        return json.loads(out)["snapshots"], err

    def check(self, snapshots, tolerance):
        """Eigenvalues, loss, and the velocity where the shells are full of modes."""
        for t, snapshot in zip(TIMES, snapshots):
            for found, expected in zip(snapshot["lambda"], spectrum(t)):
                self.assertAlmostEqual(found / expected, 1.0, delta=1e-12)
            loss = sum(g * g for g in residual(t)) / (2 * N)
            self.assertAlmostEqual(snapshot["loss"] / loss, 1.0, delta=1e-12)
            speeds = [w for w, n in zip(snapshot["velocity"], snapshot["n_eff"])
                      if w is not None and n is not None and n > 2]
            self.assertGreater(len(speeds), 3)
            for speed in speeds:
                self.assertAlmostEqual(speed / C, 1.0, delta=tolerance)

    def test_a_common_drift_is_the_velocity_everywhere(self):
        snapshots, err = self.measure("a", "time", "residual", "kernel", "kernel_rate", "samples",
                                      "residual_rate")
        self.assertNotIn("difference", err)
        self.check(snapshots, 1e-10)
        for snapshot in snapshots:  # e' = -M e exactly: no drive
            largest = max(d for d in snapshot["dissipation"] if d is not None)
            self.assertLess(max(abs(x) for x in snapshot["drive"] if x is not None), 1e-12 * largest)

    def test_jacobians_give_the_same_as_their_kernels(self):
        given, _ = self.measure("a", "time", "residual", "kernel", "kernel_rate")
        made, _ = self.measure("b", "time", "residual", "jacobian", "kernel_rate")
        for left, right in zip(given, made):
            for x, y in zip(left["flux"], right["flux"]):
                if x is not None:
                    self.assertAlmostEqual(x, y, delta=1e-12 * max(1.0, abs(x)))

    def test_differences_stand_in_for_the_rate_and_say_so(self):
        snapshots, err = self.measure("a", "time", "residual", "kernel")
        self.assertIn("unreliable for networks with kinks", err)
        # central: (C dt)^2/6 = 1.5e-6; at both ends one-sided: C dt/2 = 1.5e-3
        self.check(snapshots, 2e-3)
        self.check_inner(snapshots)
        with open(os.path.join(self.place.name, "a", "config.yaml")) as file:
            self.assertIn("finite difference", file.read())

    def check_inner(self, snapshots):
        for snapshot in snapshots[1:-1]:
            for w, n in zip(snapshot["velocity"], snapshot["n_eff"]):
                if w is not None and n is not None and n > 2:
                    self.assertAlmostEqual(w / C, 1.0, delta=2e-6)
            self.assertTrue(all(x is None for x in snapshot["drive"]))

    def test_one_state_has_energies_and_no_flux(self):
        snapshots, _ = self.measure("a", "time", "residual", "kernel", times=[0.0])
        self.assertAlmostEqual(sum(snapshots[0]["energy"]) + snapshots[0]["null_energy"], 0.5,
                               delta=1e-13)
        self.assertTrue(all(x is None for x in snapshots[0]["flux"]))

    def test_the_folder_is_one_that_other_commands_read(self):
        self.measure("a", "time", "residual", "kernel", "kernel_rate")
        self.renorm("report", "a", "-o", "a.html")
        self.renorm("export", "a", "--format", "npz", "-o", "x.npz")
        _, err = self.renorm("resume", "a", status=3)
        self.assertIn("checkpoint", err)

    def test_what_does_not_fit_is_said_with_place_found_and_expected(self):
        held = arrays()
        pick = lambda **changes: {key: value for key, value in
                                  ({k: held[k] for k in ("time", "residual", "kernel")}
                                   | changes).items() if value}
        cases = [(pick(kernel=None), "jacobian"),
                 (pick(residual=None), "residual"),
                 (pick(time=((3,), TIMES[:3])), "expected [4]"),
                 (pick(time=((4,), [0.0, 0.2, 0.1, 0.3])), "time[2] is 0.1 after 0.2"),
                 (pick(kernel=((4, N, N - 1), [0.0] * (4 * N * (N - 1)))), "expected [4, 24, n]"),
                 (pick(kernel=((4, N, N), [float(i % 7) for i in range(4 * N * N)])), "not symmetric"),
                 (pick(kernel=((4, N, N), [0.0] * (4 * N * N))), "largest eigenvalue"),
                 (pick(residual=((4, N), [math.nan] * (4 * N))), "NaN"),
                 (pick(samples=((1,), [2.5])), "whole number"),
                 (pick(samples=((1,), [25.0])), "whole number")]
        for i, (chosen, said) in enumerate(cases):
            self.write("bad.npz", chosen)
            _, err = self.renorm("measure", "bad.npz", "-o", f"bad{i}", status=3)
            self.assertIn(said, err)

    def test_files_that_are_no_archives(self):
        path = os.path.join(self.place.name, "text.npz")
        with open(path, "w") as file:
            file.write("no archive")
        self.renorm("measure", "text.npz", "-o", "x", status=3)
        self.renorm("measure", "missing.npz", "-o", "x", status=3)
        self.assertFalse(os.path.exists(os.path.join(self.place.name, "x")))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
