#!/usr/bin/env python3
"""Derives the coefficients in vector_coefficients.h: python3 codegen/math/fit_polynomials.py (needs mpmath).

Each fit is a minimax polynomial p for which |weight * (p - g)| is smallest on an interval: weighted
least squares on Chebyshev nodes, reweighted after Lawson (1961) until the error is level. The
coefficients are then rounded to the element type one by one, from the constant term up, and those
that remain are fitted again each time, so that they take up the rounding of the earlier ones.
"""
import struct

from mpmath import cos, erf, erfc, exp, log, log1p, lu_solve, matrix, mp, mpf, pi, sin, sqrt

mp.prec = 240


def round_to(value, kind):
    """`value` rounded to an f32 or f64."""
    if kind == "f64":
        return mpf(float(value))
    bits = 24
    if value == 0:
        return mpf(0)
    mantissa, exponent = mp.frexp(value)
    return mp.ldexp(mpf(int(mp.nint(mp.ldexp(mantissa, bits)))), exponent - bits)


def least_squares(nodes, values, weights, powers):
    rows = [[w * x ** k for k in powers] for x, w in zip(nodes, weights)]
    size = len(powers)
    normal, right = matrix(size, size), matrix(size, 1)
    for row, w, y in zip(rows, weights, values):
        for i in range(size):
            right[i] += row[i] * w * y
            for j in range(size):
                normal[i, j] += row[i] * row[j]
    return [c for c in lu_solve(normal, right)]


def minimax(nodes, values, weights, powers, steps=12):
    """Lawson's iteration: returns coefficients and the largest weighted error on the nodes."""
    factors = [mpf(1)] * len(nodes)
    best = None
    for _ in range(steps):
        total = [w * sqrt(f) for w, f in zip(weights, factors)]
        c = least_squares(nodes, values, total, powers)
        errors = [abs(w * (y - sum(a * x ** k for a, k in zip(c, powers))))
                  for x, y, w in zip(nodes, values, weights)]
        if best is None or max(errors) < best[1]:
            best = (c, max(errors))
        mean = sum(f * e for f, e in zip(factors, errors))
        if mean == 0:
            break
        factors = [f * e / mean + mpf(10) ** -30 for f, e in zip(factors, errors)]
    return best


def fit(name, g, weight, low, high, degree, kind):
    """Prints a table of degree + 1 coefficients, constant term first."""
    count = 5 * (degree + 2)
    low, high = mpf(low), mpf(high)
    nodes = [(low + high) / 2 + (high - low) / 2 * cos(pi * (2 * i + 1) / (2 * count))
             for i in range(count)]
    nodes = [x for x in nodes if abs(x) > mpf(10) ** -9]
    rest = [g(x) for x in nodes]
    weights = [weight(x) for x in nodes]
    fixed = []
    for k in range(degree + 1):
        c, error = minimax(nodes, rest, weights, list(range(k, degree + 1)), 12 if k == 0 else 6)
        if k == 0:
            ideal = error
        fixed.append(round_to(c[0], kind))
        rest = [y - fixed[-1] * x ** k for x, y in zip(nodes, rest)]
    error = max(abs(w * y) for w, y in zip(weights, rest))
    print(f"/// {name}: error 2^{float(log(error, 2)):.1f} (unrounded 2^{float(log(ideal, 2)):.1f})")
    texts = [mp.nstr(c, 9, min_fixed=0, max_fixed=0) if kind == "f32" else repr(float(c))
             for c in fixed]
    for c, text in zip(fixed, texts):
        if kind == "f32":
            assert struct.unpack("f", struct.pack("f", float(text)))[0] == float(c), (text, c)
    print(f"constexpr double {name}[] = {{")
    for i in range(0, len(texts), 4):
        print("    " + ", ".join(texts[i:i + 4]) + ("," if i + 4 < len(texts) else ""))
    print("};")


def fit_exp_and_log():
    half = log(2) / 2 * mpf("1.0001")
    for name, degree, kind in (("expTailF32", 4, "f32"), ("expTailF64", 9, "f64")):
        fit(name, lambda r: (exp(r) - 1 - r) / r ** 2, lambda r: r ** 2 / exp(r), -half, half,
            degree, kind)
    fit("logTailF32", lambda f: (log1p(f) - f) / f ** 2, lambda f: abs(f ** 2 / log1p(f)),
        -0.25, 0.5, 8, "f32")

    def atanh_tail(z):
        s = sqrt(z)
        return (log((1 + s) / (1 - s)) - 2 * s) / (s * z)
    for name, degree in (("logTailF64", 6), ("logTailLong", 7)):
        fit(name, atanh_tail, lambda z: z / 2, 0, mpf("0.17158") ** 2, degree, "f64")


def fit_erf(kind, border, top, center, degrees):
    def small(z):
        return erf(sqrt(z)) / sqrt(z) - 1

    def large(v):
        return -log(erfc(v + center)) / (v + center) - 1
    name = kind.upper()
    fit("erfSmall" + name, small, lambda z: 1 / (small(z) + 1), 0, border ** 2, degrees[0], kind)
    fit("erfLarge" + name, large, lambda v: (v + center) * erfc(v + center), border - center,
        top - center, degrees[1], kind)


def fit_sin_and_cos(kind, degree):
    end = (pi / 4 * mpf("1.0001")) ** 2
    name = kind.upper()
    fit("sinTail" + name, lambda z: (sin(sqrt(z)) / sqrt(z) - 1) / z, lambda z: z, 0, end, degree,
        kind)
    fit("cosTail" + name, lambda z: (cos(sqrt(z)) - 1 + z / 2) / z ** 2,
        lambda z: z ** 2 / cos(sqrt(z)), 0, end, degree, kind)


if __name__ == "__main__":
    fit_exp_and_log()
    fit_erf("f32", mpf("0.84"), 4, 0, (5, 5))
    fit_erf("f64", mpf(1), 6, 3, (11, 17))
    fit_sin_and_cos("f32", 2)
    fit_sin_and_cos("f64", 5)
