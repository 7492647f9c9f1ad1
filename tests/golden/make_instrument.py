#!/usr/bin/python3
"""Writes instrument_golden.h: the whole instrument on a tiny network, computed with numpy alone.

Network: h0 = x W0, h1 = h0 + 0.7 act(h0) W1, h2 = h1 + 0.7 act(h1) W2, f = h2 W3 + b,
act(z) = z sigmoid(1.702 z). The Jacobian is written out by hand (reverse sweep), M' comes from the
complex step M(theta + i h v), which has no cancellation error; cuts are evaluated from THEORY's
formula with the divided difference replaced by its definition or, for close pairs, the slope.
Run with python3 and numpy 1.24: python3 make_instrument.py > instrument_golden.h
"""
import numpy as np

N, D, W, C = 6, 3, 4, 2
SHAPES = [(D, W), (W, W), (W, W), (W, C), (C,)]
P = sum(int(np.prod(s)) for s in SHAPES)
H = np.log(2.0)
GAIN = 0.7

theta = 0.6 * np.sin(1.0 + 7.0 * np.arange(P))
x = np.cos(0.5 + 3.0 * np.arange(N * D)).reshape(N, D)
y = np.sin(2.0 * np.arange(N * C)).reshape(N, C)


def split(t):
    parts, at = [], 0
    for s in SHAPES:
        n = int(np.prod(s))
        parts.append(t[at:at + n].reshape(s))
        at += n
    return parts


def act(z):
    return z / (1.0 + np.exp(-1.702 * z))


def act_slope(z):
    s = 1.0 / (1.0 + np.exp(-1.702 * z))
    return s + 1.702 * z * s * (1.0 - s)


def outputs_and_jacobian(t):
    w0, w1, w2, w3, b = split(t)
    f = np.zeros((N, C), dtype=t.dtype)
    jac = np.zeros((N * C, P), dtype=t.dtype)
    for i in range(N):
        h0 = x[i] @ w0
        h1 = h0 + GAIN * act(h0) @ w1
        h2 = h1 + GAIN * act(h1) @ w2
        f[i] = h2 @ w3 + b
        for c in range(C):
            d2 = w3[:, c]
            d1 = d2 + GAIN * act_slope(h1) * (w2 @ d2)
            d0 = d1 + GAIN * act_slope(h0) * (w1 @ d1)
            unit = np.zeros(C)
            unit[c] = 1.0
            rows = [np.outer(x[i], d0), GAIN * np.outer(act(h0), d1),
                    GAIN * np.outer(act(h1), d2), np.outer(h2, unit), unit]
            jac[i * C + c] = np.concatenate([r.ravel() for r in rows])
    return f, jac


def q5(u):
    u = np.clip((u + 1.0) / 2.0, 0.0, 1.0)
    return u ** 3 * (10.0 - 15.0 * u + 6.0 * u * u)


def q5_slope(u):
    v = np.clip((u + 1.0) / 2.0, 0.0, 1.0)
    return 15.0 * v * v * (1.0 - v) ** 2


def chi(s, lam):
    return q5((np.log(np.maximum(lam, 1e-300)) - s) / H)


def chi_divided(s, a, b):
    if abs(a - b) > 1e-7 * max(a, b):
        return (chi(s, a) - chi(s, b)) / (a - b)
    m = 0.5 * (a + b)
    return q5_slope((np.log(m) - s) / H) / (H * m)


f, jac = outputs_and_jacobian(theta)
e = (f - y).ravel()
v = -(jac.T @ e) / N
m = jac @ jac.T / N
_, shifted = outputs_and_jacobian(theta + 1e-30j * v)
m_dot = np.imag(shifted @ shifted.T) / 1e-30 / N

lam, phi = np.linalg.eigh(m)
g = phi.T @ e
mt = phi.T @ m_dot @ phi
low = int(np.ceil(np.log(1e-4 * lam[-1]) / H))
high = int(np.ceil(np.log(lam[-1]) / H)) + 1


def flux(s):
    total = 0.0
    for a in range(N * C):
        for b in range(N * C):
            total += g[a] * g[b] * chi_divided(s, lam[a], lam[b]) * mt[a, b]
    return total / (2 * N)


rows = []
for b in range(low, high + 1):
    s = b * H
    rows.append((s, np.sum(chi(s, lam) * g * g) / (2 * N), np.sum(chi(s, lam) * lam * g * g) / N,
                 flux(s)))


def c_array(name, values):
    body = ",\n    ".join(float(value).hex() for value in np.ravel(values))
    print(f"static const double {name}[] = {{\n    {body}}};")


print("/* Written by make_instrument.py (python3, numpy %s); hexadecimal floating point. */"
      % np.__version__)
print(f"#define GOLDEN_SAMPLES {N}\n#define GOLDEN_INPUTS {D}\n#define GOLDEN_WIDTH {W}")
print(f"#define GOLDEN_OUTPUTS {C}\n#define GOLDEN_WEIGHTS {P}")
print(f"#define GOLDEN_LOW ({low})\n#define GOLDEN_HIGH ({high})")
print(f"static const double golden_loss = {float(e @ e / (2 * N)).hex()};")
c_array("golden_theta", theta)
c_array("golden_x", x)
c_array("golden_y", y)
c_array("golden_m", m)
c_array("golden_m_dot", m_dot)
c_array("golden_lambda", lam)
c_array("golden_above", [r[1] for r in rows])
c_array("golden_dissipation", [r[2] for r in rows])
c_array("golden_flux", [r[3] for r in rows])
