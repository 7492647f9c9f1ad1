#!/usr/bin/env python3
"""Worked numbers of docs/theory/transport.md, with mpmath at 30 digits. Nothing here uses renorm.

    python3 tests/golden/transport_worked.py

prints the table of the page; the numbers stand in tests/golden/test_transport_golden.c too. lambda
and its integral come from Taylor integration of dlambda/dt = lambda w, not from the formulas.
"""
from mpmath import exp, mp, mpf, odefun

mp.dps = 20
C, T, T0 = mpf("0.7"), mpf(20), mpf("0.01")
for covariant in (False, True):
    for a in ("0", "0.5", "1", "2"):
        a = mpf(a)
        t0 = T0 if covariant else mpf(0)
        power = (lambda t: t ** (a - 1)) if covariant else (lambda t: mpf(1))
        # unknowns ln lambda and the integral
        y = odefun(lambda t, y: [-C * power(t) * exp(a * y[0]), exp(y[0])], t0, [mpf(0), mpf(0)])(T)
        name = "covariant from t0 = 0.01" if covariant else "stationary"
        print(f"| {name} | {mp.nstr(a, 3)} | {mp.nstr(exp(y[0]), 9)} | {mp.nstr(exp(-2 * y[1]), 9)} |")
