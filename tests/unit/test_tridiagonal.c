/*
 * Implicit QL with rows: against bisection with Sturm counts in long double (which knows how many
 * eigenvalues lie below any number, so that none can be missing), on graded, split and extreme
 * matrices.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "check.h"
#include "core/memory.h"
#include "core/rng.h"
#include "spectra/tridiagonal.h"

enum { MOST = 60 };

typedef struct matrix {
    rn_index n;
    double d[MOST];
    double e[MOST];
} matrix;

/* Number of eigenvalues below x: signs of the pivots of T - x I (Sturm; Sylvester's inertia). */
static rn_index count_below(const matrix *t, long double x)
{
    rn_index count = 0;
    long double pivot = 1.0L;
    for (rn_index i = 0; i < t->n; i++) {
        const long double e = i > 0 ? (long double)t->e[i - 1] : 0.0L;
        pivot = (long double)t->d[i] - x - (i > 0 ? e * e / pivot : 0.0L);
        if (!(fabsl(pivot) > 0.0L)) pivot = -LDBL_MIN;
        count += pivot < 0.0L;
    }
    return count;
}

static double norm_of(const matrix *t)
{
    double norm = 0.0;
    for (rn_index i = 0; i < t->n; i++) {
        const double left = i > 0 ? fabs(t->e[i - 1]) : 0.0;
        const double right = i + 1 < t->n ? fabs(t->e[i]) : 0.0;
        norm = fmax(norm, left + fabs(t->d[i]) + right);
    }
    return norm;
}

/* Eigenvalue number u by bisection, to relative precision. */
static long double bisect(const matrix *t, rn_index u)
{
    long double low = -1.001L * (long double)norm_of(t);
    long double high = -low;
    for (int step = 0; step < 2000; step++) {
        const long double middle = 0.5L * (low + high);
        if (middle <= low || middle >= high) break;
        if (count_below(t, middle) > u)
            high = middle;
        else
            low = middle;
    }
    return 0.5L * (low + high);
}

static double random_number(uint32_t part, rn_index i)
{
    return rni_rng_uniform((rni_stream){.seed = check_seed(), .part = part}, (uint64_t)i) - 0.5;
}

enum { RANDOM, LAPLACIAN, WILKINSON, SPLIT, ZERO_DIAGONAL, CONSTANT, N_KINDS };

static void fill(int kind, rn_index n, matrix *t)
{
    *t = (matrix){.n = n};
    for (rn_index i = 0; i < n; i++) {
        t->d[i] = random_number(1, i);
        t->e[i] = random_number(2, i);
        if (kind == LAPLACIAN) t->d[i] = 2.0, t->e[i] = -1.0;
        if (kind == WILKINSON) t->d[i] = fabs((double)i - (double)(n - 1) / 2.0), t->e[i] = 1.0;
        if (kind == SPLIT && i % 4 == 3) t->e[i] = 0.0;
        if (kind == ZERO_DIAGONAL) t->d[i] = 0.0;
        if (kind == CONSTANT) t->d[i] = 3.0, t->e[i] = 0.0;
    }
}

/* Solves a copy with the identity as rows: w[u * n + i] is component i of eigenvector u. */
static void solve(const matrix *t, double *values, double *w)
{
    double off[MOST];
    memcpy(values, t->d, sizeof t->d);
    memcpy(off, t->e, sizeof off);
    memset(w, 0, (size_t)(t->n * t->n) * sizeof *w);
    for (rn_index i = 0; i < t->n; i++)
        w[i * t->n + i] = 1.0;
    assert_status(rni_tridiagonal_values(t->n, values, off, t->n, w), RN_OK);
}

/* Component i of (T - value) x. */
static double residual_at(const matrix *t, double value, const double *x, rn_index i)
{
    const double left = i > 0 ? t->e[i - 1] * x[i - 1] : 0.0;
    const double right = i + 1 < t->n ? t->e[i] * x[i + 1] : 0.0;
    return left + (t->d[i] - value) * x[i] + right;
}

static void check_solution(const matrix *t, const double *values, const double *w)
{
    const rn_index n = t->n;
    const double unit = (double)n * DBL_EPSILON;
    const double norm = norm_of(t);
    for (rn_index u = 0; u < n; u++) {
        /* Backward error of QL: a few eps |T| a value; 2 n eps leaves room for small n. */
        assert_close(values[u], (double)bisect(t, u), 2.0 * unit * norm);
        if (u > 0) assert_true(values[u] >= values[u - 1]);
        for (rn_index v = 0; v < n; v++) {
            double dot = 0.0;
            for (rn_index i = 0; i < n; i++)
                dot += w[u * n + i] * w[v * n + i];
            assert_close(dot, u == v ? 1.0 : 0.0, 30.0 * unit);
            assert_close(residual_at(t, values[u], w + u * n, v), 0.0, 30.0 * unit * norm);
        }
    }
}

static void finds_every_eigenvalue_and_row(void **state)
{
    (void)state;
    double values[MOST];
    double *w = rni_alloc((rn_index)MOST * MOST, sizeof *w);
    assert_non_null(w);
    static const rn_index sizes[] = {1, 2, 3, 4, 7, 21, MOST};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        for (int kind = 0; kind < N_KINDS; kind++) {
            matrix t = {0};
            fill(kind, sizes[s], &t);
            solve(&t, values, w);
            check_solution(&t, values, w);
        }
    }
    rni_free(w);
}

/* Relative errors of the eigenvalues of D T D, D = 1 .. 1e-8, T of ones with c beside them. */
static void check_graded(double c, bool from_top, double tolerance)
{
    enum { N = 33 };
    matrix t = {.n = N};
    double scale[N];
    for (int i = 0; i < N; i++)
        scale[i] = pow(10.0, -0.25 * (from_top ? i : N - 1 - i));
    for (int i = 0; i < N; i++) {
        t.d[i] = scale[i] * scale[i];
        if (i + 1 < N) t.e[i] = c * scale[i] * scale[i + 1];
    }
    double values[MOST];
    double off[MOST];
    memcpy(values, t.d, sizeof values);
    memcpy(off, t.e, sizeof off);
    assert_status(rni_tridiagonal_values(N, values, off, 0, NULL), RN_OK);
    for (rn_index u = 0; u < N; u++)
        assert_close(values[u] / (double)bisect(&t, u), 1.0, tolerance);
    assert_true(fabs(values[N - 1]) > 0.9);
}

/*
 * Eigenvalues of D T D are determined to a relative precision of n eps times the condition of T
 * (Barlow and Demmel 1990), whatever D, and must be found to it whichever end is large. With
 * c = 0.9 (T indefinite, condition below 100) QL from the large end loses all digits.
 */
static void small_eigenvalues_of_graded_matrices_keep_their_digits(void **state)
{
    (void)state;
    for (int from_top = 0; from_top < 2; from_top++) {
        check_graded(0.3, from_top, 4.0 * 33.0 * DBL_EPSILON);
        check_graded(0.9, from_top, 100.0 * 33.0 * DBL_EPSILON);
    }
}

static void scaling_by_powers_of_two_changes_no_digit(void **state)
{
    (void)state;
    matrix t = {0};
    fill(RANDOM, 40, &t);
    double expected[MOST];
    double rows[MOST];
    for (int i = 0; i < MOST; i++)
        rows[i] = 1.0;
    double off[MOST];
    memcpy(expected, t.d, sizeof expected);
    memcpy(off, t.e, sizeof off);
    assert_status(rni_tridiagonal_values(40, expected, off, 1, rows), RN_OK);
    static const int powers[] = {-1000, -600, -3, 480};
    for (int p = 0; p < 4; p++) {
        double values[MOST];
        double same[MOST];
        for (int i = 0; i < MOST; i++) {
            values[i] = ldexp(t.d[i], powers[p]);
            off[i] = ldexp(t.e[i], powers[p]);
            same[i] = 1.0;
        }
        assert_status(rni_tridiagonal_values(40, values, off, 1, same), RN_OK);
        for (int i = 0; i < 40; i++) {
            assert_close(values[i], ldexp(expected[i], powers[p]), 0.0);
            assert_close(same[i], rows[i], 0.0);
        }
    }
}

static void nothing_to_do_is_fine(void **state)
{
    (void)state;
    double d = 5.0;
    double row[2] = {1.0, 2.0};
    assert_status(rni_tridiagonal_values(0, NULL, NULL, 0, NULL), RN_OK);
    assert_status(rni_tridiagonal_values(1, &d, NULL, 2, row), RN_OK);
    assert_close(d + row[0] + row[1], 8.0, 0.0);
    double zeros[6] = {0};
    double ones[3] = {1.0, 1.0, 1.0};
    assert_status(rni_tridiagonal_values(3, zeros, zeros + 3, 1, ones), RN_OK);
    assert_close(zeros[0] + zeros[1] + zeros[2], 0.0, 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_every_eigenvalue_and_row),
        cmocka_unit_test(small_eigenvalues_of_graded_matrices_keep_their_digits),
        cmocka_unit_test(scaling_by_powers_of_two_changes_no_digit),
        cmocka_unit_test(nothing_to_do_is_fine),
    };
    return cmocka_run_group_tests_name("tridiagonal", tests, NULL, NULL);
}
