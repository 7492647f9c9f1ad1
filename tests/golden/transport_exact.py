#!/usr/bin/env python3
"""Numbers of tests/golden/transport_exact.h, with mpmath at 30 digits. Nothing here uses renorm.

    python3 tests/golden/transport_exact.py > tests/golden/transport_exact.h

Modes follow lambda^-a = lambda0^-a + a c T; where they stay on the axis the same script integrates
ds/dt = w, dI/dt = e^s by Taylor series and stops if lambda or I disagree. I is mpmath's quadrature
of lambda over time, or a hypergeometric function for the covariant law from t0 = 0.
"""
from mpmath import exp, hyp2f1, inf, log, mp, mpf, odefun, quad

mp.dps = 30
ZERO, INFINITE, AXIS = 1, 2, 0


def power_integral(law, t0, t):
    a, _, covariant = law
    if not covariant:
        return t - t0
    if a == 0:
        return log(t / t0)
    return (t**a - (t0**a if t0 else 0)) / a


def time_at(law, t0, T):
    a, _, covariant = law
    if not covariant:
        return t0 + T
    if a == 0:
        return t0 * exp(T)
    return ((t0**a if t0 else 0) + a * T) ** (1 / a)


def lam(law, t0, t, l0):
    a, c, _ = law
    T = power_integral(law, t0, t)
    if a == 0:
        return l0 * exp(-c * T)
    inner = l0**-a + a * c * T
    return inner ** (-1 / a) if inner > 0 else None


def decay(law, t0, t, l0):
    """place, lambda, int lambda dt up to t or the end of the way"""
    a, c, covariant = law
    place = AXIS
    if a != 0 and c != 0:
        T_end = -l0**-a / (a * c)
        if 0 < T_end <= power_integral(law, t0, t):
            place = ZERO if a < 0 else INFINITE
            t = time_at(law, t0, T_end)
            if a > 0 and a <= 1:
                return place, None, inf
    if covariant and t0 == 0 and place == AXIS:
        x = l0 * t
        I = x * hyp2f1(1 / a, 1 / a, 1 + 1 / a, -c * x**a)
    elif place == AXIS:
        I = quad(lambda u: lam(law, t0, u, l0), mp.linspace(t0, t, 9))
    else:  # lambda as a power of the time left: substitute to a regular integral
        I = quad(lambda u: lam(law, t0, u, l0) or 0, [t0, (t0 + t) / 2, t]) if a < 0 else None
        if a > 0:  # over x = ln(lambda/lambda0) instead
            def rate(x):
                T = (1 - exp(-a * x)) * l0**-a / (a * -c)
                u = time_at(law, t0, T)
                return l0 * exp(x) / (-c * (u ** (a - 1) if covariant else 1) * (l0 * exp(x)) ** a)
            I = quad(rate, [0, 1, 2, 4, 8, 16, 32, inf])
    return place, (lam(law, t0, t, l0) if place == AXIS else None), I


def check_by_ode(law, t0, t, l0, found, I):
    a, c, covariant = law
    if t0 == 0 and covariant:
        return
    w = (lambda u, s: -c * u ** (a - 1) * exp(a * s)) if covariant else (lambda u, s: -c * exp(a * s))
    mp.dps = 15
    y = odefun(lambda u, y: [w(u, y[0]), exp(y[0])], t0, [log(l0), mpf(0)])(t)
    mp.dps = 30
    assert abs(y[0] - log(found)) < 1e-9 and abs(y[1] - I) < 1e-9 * abs(I), (law, t0, t, l0)


def number(x):
    if x is None:
        return "0.0"
    if x == inf:
        return "(double)INFINITY"
    return float(x).hex()


MODES = []
for a in ("-1.5", "-0.5", "0", "0.3", "0.5", "1", "1.3", "2"):
    for c in ("0.7", "-0.2"):
        MODES.append(((mpf(a), mpf(c), False), mpf(0), mpf(3)))
for a in ("0.5", "1", "2"):
    MODES.append(((mpf(a), mpf("0.7"), True), mpf(0), mpf(20)))
for a in ("-0.5", "0", "0.5", "1.5"):
    for c in ("0.7", "-0.2"):
        MODES.append(((mpf(a), mpf(c), True), mpf("0.5"), mpf(4)))
MODES.append(((mpf("0.5"), mpf(0), False), mpf(0), mpf(3)))


def bump(s):
    x = (s + 2) / 1
    return mpf(15) / 16 * (1 - x * x) ** 2 if abs(x) < 1 else mpf(0)


def power_law(s):
    return exp(s / 2) / 8


START = (-6, 1)  # power law everywhere, bump between -3 and -1
WINDOW = (mpf("-2.5"), mpf("0.5"))
ENERGIES = [((mpf(a), mpf(c), False), mpf(0), mpf(t)) for a, c, t in (
    ("-0.5", "0.7", "2"), ("0", "0.7", "5"), ("0.5", "0.7", "5"), ("1", "0.7", "5"),
    ("2", "0.7", "5"), ("1.5", "-0.2", "3"), ("0.5", "-0.2", "6"), ("1", "0", "5"))]
ENERGIES += [((mpf(a), mpf("0.7"), True), mpf(0), mpf(5)) for a in ("0.5", "2")]


def factor(law, t0, t, s):
    """G from the closed forms of the theory page (checked against decay() above at three points)."""
    a, c, covariant = law
    l0 = exp(s)
    if covariant:
        x = l0 * t
        return AXIS, lam(law, t0, t, l0), exp(-2 * x * hyp2f1(1 / a, 1 / a, 1 + 1 / a, -c * x**a))
    if c == 0:
        return AXIS, l0, exp(-2 * l0 * t)
    if a == 0:
        return AXIS, lam(law, t0, t, l0), exp(-2 * l0 * (1 - exp(-c * t)) / c)
    inner = l0**-a + a * c * t
    if a == 1:
        return AXIS, 1 / inner, (1 + c * l0 * t) ** (-2 / c)
    if inner <= 0:
        place = ZERO if a < 0 else INFINITE
        return place, None, (exp(-2 * l0 ** (1 - a) / (c * (1 - a))) if c * (1 - a) > 0 else mpf(0))
    l1 = inner ** (-1 / a)
    return AXIS, l1, exp(-2 * (l0 ** (1 - a) - l1 ** (1 - a)) / (c * (1 - a)))


def energies(law, t0, t):
    for s in (mpf(-5), mpf(-2), mpf("0.5")):
        place, l1, I = decay(law, t0, t, exp(s))
        place2, l2, G = factor(law, t0, t, s)
        assert place == place2 and abs(exp(-2 * I) - G) < 1e-15, (law, s, exp(-2 * I), G)
        assert l1 is None or abs(l1 / l2 - 1) < 1e-15
    cuts = [mpf(k) for k in range(START[0], START[1] + 1)]
    a, c, _ = law
    T = power_integral(law, t0, t)
    for w in WINDOW:  # where the window's edges came from, by bisection-free inversion
        inner = exp(-a * w) - a * c * T
        if a != 0 and inner > 0:
            cuts.append(-log(inner) / a)
        elif a == 0:
            cuts.append(w + c * T)
    if a * c < 0:
        cuts.append(-log(-a * c * T) / a)
    cuts = sorted(x for x in cuts if START[0] <= x <= START[1])
    lines = [mpf(0)] * 5
    for lo, hi in zip(cuts, cuts[1:]):
        place, l1, _ = factor(law, t0, t, (lo + hi) / 2)
        line = (3 if place == ZERO else 4 if place == INFINITE else
                1 if log(l1) < WINDOW[0] else 2 if log(l1) > WINDOW[1] else 0)
        lines[line] += quad(lambda s: (power_law(s) + bump(s)) * factor(law, t0, t, s)[2], [lo, hi])
    return lines


print("/* Made by transport_exact.py with mpmath, 30 digits. */")
print("static const struct {\n    double a, c, t0, t, s0, s, decay; /* decay: int lambda dt */")
print("    int is_covariant, place;\n} exact_modes[] = {")
for law, t0, t in MODES:
    for s0 in (mpf(-5), mpf(-1), mpf("0.5"), mpf(2)):
        place, l1, I = decay(law, t0, t, exp(s0))
        if place == AXIS and s0 <= mpf("0.5"):
            check_by_ode(law, t0, t, exp(s0), l1, I)
        print(f"    {{{float(law[0])}, {float(law[1])}, {float(t0)}, {float(t)}, {float(s0)}, "
              f"{number(log(l1) if l1 else None)}, {number(I)}, {int(law[2])}, {place}}},")
print("};")
total = quad(lambda s: power_law(s) + bump(s), list(range(START[0], START[1] + 1)))
print(f"\nstatic const double exact_initial = {number(total)};")
print("static const struct {\n    double a, c;\n    int is_covariant;\n    double t;")
print("    double lines[5]; /* inside, below, above, null line, at infinity */\n} exact_energies[] = {")
for law, t0, t in ENERGIES:
    lines = ", ".join(number(x) for x in energies(law, t0, t))
    print(f"    {{{float(law[0])}, {float(law[1])}, {int(law[2])}, {float(t)},\n     {{{lines}}}}},")
print("};")
