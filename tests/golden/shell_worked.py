#!/usr/bin/env python3
"""Worked numbers of docs/theory/shells.md, budget.md and velocity.md, with mpmath at 40 digits.

    python3 tests/golden/shell_worked.py

prints the table of tests/golden/test_shell_worked.c. Nothing here uses renorm.
"""
from mpmath import mp, mpf, cosh, diff, exp, gamma, log, matrix, mnorm, odefun, quad, sinh, sqrt

mp.dps = 40
H = log(2)


def q5(x):
    if x <= -1:
        return mpf(0)
    if x >= 1:
        return mpf(1)
    return mpf(1) / 2 + (15 * x - 10 * x**3 + 3 * x**5) / 16


def cut(s, lam):
    return q5((log(lam) - s) / H)


def show(name, value):
    print(f"{name:40s} {mp.nstr(value, 17)}   {float(value).hex()}")


# Shells: modes 4, 1.5, 0.3 with g = 1, 2, 3 and N = 1, boundaries -1, 0, 1, 2 times ln 2.
lams, gs = [mpf(4), mpf("1.5"), mpf("0.3")], [mpf(1), mpf(2), mpf(3)]
for b in (-1, 0, 1, 2):
    show(f"A at boundary {b}", sum(cut(b * H, l) * g * g for l, g in zip(lams, gs)) / 2)
for b in (-1, 0, 1):
    show(f"D at boundary {b}", sum(cut(b * H, l) * l * g * g for l, g in zip(lams, gs)))
    show(f"density at boundary {b}", -diff(
        lambda s: sum(cut(s, l) * g * g for l, g in zip(lams, gs)) / 2, b * H))

# Budget: two modes 1 and 0.1, eigenbasis rotating at 0.2, energies g^2/2 (N = 1), t = 1.
rate = mpf("0.2")
solution = odefun(lambda t, g: [-g[0] + rate * g[1], -g[1] / 10 - rate * g[0]], 0, [1, 0])
g1, g2 = solution(1)
show("rotating: g_1", g1)
show("rotating: g_2", g2)
show("rotating: gain of mode 1, Omega g g", rate * g1 * g2)
coupling = rate * (1 - mpf("0.1"))  # mt_12 = Omega (lambda_1 - lambda_2)
for b in (-3, -2, -1, 0):
    dd = (cut(b * H, mpf(1)) - cut(b * H, mpf("0.1"))) / (1 - mpf("0.1"))
    show(f"rotating: F at boundary {b}", g1 * g2 * dd * coupling)

# Velocity: dense flat spectrum drifting by s' = c e^s; w e^-s/c is the k-weighted mean of e^(hx).
mean = quad(lambda x: mpf(15) / 16 * (1 - x * x) ** 2 * exp(H * x), [-1, 1])
show("flat spectrum: mean of e^(s_u - s)", mean)
assert abs(mean - 15 * ((H * H + 3) * sinh(H) - 3 * H * cosh(H)) / H**5) < mpf(10) ** -30

# Lazy power law: lambda_k = k^-1.2, E_k = k^-1.5, L(t) by Euler-Maclaurin beyond 2000 terms.
a, b = mpf("1.5"), mpf("1.2")
for t in (1000, 10000):
    show(f"lazy: L({t}), closed form", gamma((a - 1) / b) / b * (2 * mpf(t)) ** (-(a - 1) / b))
