/*
 * Implicit QL iteration on a symmetric tridiagonal matrix: Parlett, "The Symmetric Eigenvalue
 * Problem" (SIAM, 1998), ch. 8 (sec. 8.13 for the implicit form). LAPACK's dsteqr rotates an
 * n x n matrix and dsterf none; here the rotations meet a few rows only, which cost nothing
 * beside the chain of square roots and divisions.
 *
 * d_0 .. d_{n-1} is the diagonal, e_i couples i and i + 1. Four measures keep it robust:
 * - e_i counts as zero when e_i^2 <= eps^2 |d_i d_{i+1}|: relative to its neighbours, so graded
 *   matrices keep their small eigenvalues; or below 1.5e-154 of the largest entry.
 * - A block is turned round when its large end comes first: QL converges at the top, and from
 *   large to small it would destroy small entries by cancellation. Turning is a similarity, and
 *   the rows turn along, so nothing needs turning back.
 * - All is scaled by a power of two to a largest entry of about 1, which rounds nothing: squares
 *   neither overflow nor (where they matter) underflow.
 * - A rotation of two zeros is the identity.
 */
#include "spectra/tridiagonal.h"

#include <float.h>
#include <math.h>

#include "core/size.h"
#include "core/status.h"

/* A sweep may be repeated this often per eigenvalue, on average; 2 is usual. */
enum { MAX_SWEEPS = 30 };

/* The work at hand: diagonal, off-diagonal, rows. */
typedef struct tridiagonal {
    double *d;
    double *e;
    double *rows;
    rn_index n_rows;
} tridiagonal;

static void swap(double *x, double *y)
{
    const double old = *x;
    *x = *y;
    *y = old;
}

static bool is_negligible(const tridiagonal *t, rn_index i)
{
    const double e = fabs(t->e[i]);
    return e * e <= DBL_EPSILON * DBL_EPSILON * fabs(t->d[i]) * fabs(t->d[i + 1]) + DBL_MIN;
}

/* First i in from .. last - 1 whose coupling is negligible; last when there is none. */
static rn_index find_split(const tridiagonal *t, rn_index from, rn_index last)
{
    rn_index i = from;
    while (i < last && !is_negligible(t, i))
        i++;
    return i;
}

/* Multiplies the matrix by 2^power. */
static void scale_all(tridiagonal *t, rn_index n, int power)
{
    for (rn_index i = 0; i < n; i++)
        t->d[i] = ldexp(t->d[i], power);
    for (rn_index i = 0; i < n - 1; i++)
        t->e[i] = ldexp(t->e[i], power);
}

/* k with the largest entry in [2^(k-1), 2^k); 0 for the zero matrix. */
static int exponent_of(const tridiagonal *t, rn_index n)
{
    double largest = fabs(t->d[n - 1]);
    for (rn_index i = 0; i < n - 1; i++)
        largest = fmax(largest, fmax(fabs(t->d[i]), fabs(t->e[i])));
    int exponent = 0;
    (void)frexp(largest, &exponent);
    return exponent;
}

static void swap_entries(tridiagonal *t, rn_index i, rn_index j)
{
    swap(&t->d[i], &t->d[j]);
    for (rn_index r = 0; r < t->n_rows; r++)
        swap(&t->rows[i * t->n_rows + r], &t->rows[j * t->n_rows + r]);
}

static void turn_block(tridiagonal *t, rn_index first, rn_index last)
{
    for (rn_index i = first, j = last; i < j; i++, j--)
        swap_entries(t, i, j);
    for (rn_index i = first, j = last - 1; i < j; i++, j--)
        swap(&t->e[i], &t->e[j]);
}

static void rotate_rows(tridiagonal *t, rn_index i, double c, double s)
{
    double *lower = t->rows + i * t->n_rows;
    double *upper = lower + t->n_rows;
    for (rn_index r = 0; r < t->n_rows; r++) {
        const double x = upper[r];
        upper[r] = s * lower[r] + c * x;
        lower[r] = c * lower[r] - s * x;
    }
}

/*
 * One sweep over first .. last: chases the bulge of the shifted matrix from the bottom up. The
 * rotation (c, s) turns (g, f) into (r, 0); p carries the shift's return.
 */
static void sweep(tridiagonal *t, rn_index first, rn_index last)
{
    double *d = t->d;
    double *e = t->e;
    const double half = (d[first + 1] - d[first]) / (2.0 * e[first]);
    const double root = hypot(half, 1.0);
    double g = d[last] - d[first] + e[first] / (half + copysign(root, half));
    double c = 1.0;
    double s = 1.0;
    double p = 0.0;
    for (rn_index i = last - 1; i >= first; i--) {
        const double f = s * e[i];
        const double b = c * e[i];
        const double square = f * f + g * g;
        double r = 0.0;
        if (square >= DBL_MIN) {
            /* sqrt(square) / square = 1 / r: the division need not wait for the root. */
            const double inverse = 1.0 / square;
            r = sqrt(square);
            c = g * r * inverse;
            s = f * r * inverse;
        } else { /* both below 1e-154 of the block's size */
            r = hypot(f, g);
            c = r > 0.0 ? g / r : 1.0;
            s = r > 0.0 ? f / r : 0.0;
        }
        if (i + 1 < last) e[i + 1] = r;
        g = d[i + 1] - p;
        r = (d[i] - g) * s + 2.0 * c * b;
        p = s * r;
        d[i + 1] = g + p;
        g = c * r - b;
        rotate_rows(t, i, c, s);
    }
    d[first] -= p;
    e[first] = g;
}

/* Diagonalises first .. last, an unreduced block at the start; spends sweeps from *n_left. */
static bool solve_block(tridiagonal *t, rn_index first, rn_index last, rn_index *n_left)
{
    while (first < last) {
        const rn_index split = find_split(t, first, last);
        if (split == first) { /* d[first] is an eigenvalue */
            first++;
            continue;
        }
        if ((*n_left)-- <= 0) return false;
        sweep(t, first, split);
    }
    return true;
}

/* Restores the heap (largest first) below `parent` in 0 .. n-1. */
static void sift_down(tridiagonal *t, rn_index parent, rn_index n)
{
    for (;;) {
        rn_index child = 2 * parent + 1;
        if (child >= n) return;
        if (child + 1 < n && t->d[child + 1] > t->d[child]) child++;
        if (t->d[child] <= t->d[parent]) return;
        swap_entries(t, parent, child);
        parent = child;
    }
}

/* Heap sort: in place, n log n whatever the order. */
static void sort_ascending(tridiagonal *t, rn_index n)
{
    for (rn_index parent = n / 2; parent-- > 0;)
        sift_down(t, parent, n);
    for (rn_index end = n - 1; end > 0; end--) {
        swap_entries(t, 0, end);
        sift_down(t, 0, end);
    }
}

rn_status rni_tridiagonal_values(rn_index n, double *diagonal, double *off_diagonal,
                                 rn_index n_rows, double *rows)
{
    tridiagonal t = {.n_rows = n_rows};
    t.d = diagonal;
    t.e = off_diagonal;
    t.rows = rows;
    if (n < 2) return RN_OK;
    const int exponent = exponent_of(&t, n);
    scale_all(&t, n, -exponent);

    rn_index n_left = MAX_SWEEPS * n;
    for (rn_index first = 0, last = 0; first < n; first = last + 1) {
        last = find_split(&t, first, n - 1);
        if (fabs(t.d[last]) < fabs(t.d[first])) turn_block(&t, first, last);
        if (!solve_block(&t, first, last, &n_left))
            return rni_fail(RN_ERR_INTERNAL,
                            "rni_tridiagonal_values: found no convergence in %" PRId64
                            " sweeps for a matrix of %" PRId64 " rows",
                            MAX_SWEEPS * n, n);
    }
    sort_ascending(&t, n);
    scale_all(&t, n, exponent);
    return RN_OK;
}
