#!/usr/bin/env python3
"""Worked numbers of docs/theory/fit.md, with mpmath at 40 digits. Nothing here uses renorm.

    python3 tests/golden/fit_worked.py

Least squares of y = E + A x^-a by Newton's method on all three normal equations (the gradient is
written out), standard errors from (J^T J)^-1 rss/(n - 3).
"""
from mpmath import findroot, log, matrix, mp, mpf, sqrt

mp.dps = 40
XS = [mpf(v) for v in ("1", "3", "10", "30", "100", "300")]
YS = [mpf(v) for v in ("5.3", "3.61", "2.44", "1.75", "1.19", "0.94")]


def residuals(E, A, a):
    return [y - E - A * x**-a for x, y in zip(XS, YS)]


def gradient(E, A, a):
    r = residuals(E, A, a)
    return [sum(r), sum(ri * x**-a for ri, x in zip(r, XS)),
            sum(ri * A * log(x) * x**-a for ri, x in zip(r, XS))]


E, A, a = findroot(gradient, (mpf("0.3"), mpf(5), mpf("0.37")))
rss = sum(r * r for r in residuals(E, A, a))
J = matrix([[1, x**-a, -A * log(x) * x**-a] for x in XS])
C = (J.T * J) ** -1 * rss / (len(XS) - 3)
for name, value, error in (("E", E, C[0, 0]), ("A", A, C[1, 1]), ("a", a, C[2, 2])):
    print(f"| {name} | {mp.nstr(value, 11)} | {mp.nstr(sqrt(error), 8)} |")
print("rss", mp.nstr(rss, 11))
