/*
 * Stationary linear dynamics against closed forms: systems built backwards from their covariance
 * and circulation, rotations, single modes, and plain sums over steps.
 */
#include <float.h>
#include <math.h>
#include <renorm/linear_gaussian.h>
#include <string.h>

#include "check.h"
#include "jacobi.h"

enum { MAX = 24, SQUARE = MAX * MAX };

typedef double matrix[SQUARE];

static void transpose(int n, const double *a, double *out)
{
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            out[j * n + i] = a[i * n + j];
}

static void exchange_rows(int n, int i, int k, double *a)
{
    for (int j = 0; j < n; j++) {
        const double moved = a[i * n + j];
        a[i * n + j] = a[k * n + j];
        a[k * n + j] = moved;
    }
}

/* row i of a := row i - factor row k */
static void subtract_row(int n, int i, int k, double factor, double *a)
{
    for (int j = 0; j < n; j++)
        a[i * n + j] -= factor * a[k * n + j];
}

/* Gauss and Jordan with row exchanges. */
static void invert(int n, const double *a, double *out)
{
    static double work[4 * SQUARE];
    for (int i = 0; i < n * n; i++) {
        work[i] = a[i];
        out[i] = i % (n + 1) == 0 ? 1.0 : 0.0;
    }
    for (int k = 0; k < n; k++) {
        int pivot = k;
        for (int i = k + 1; i < n; i++)
            if (fabs(work[i * n + k]) > fabs(work[pivot * n + k])) pivot = i;
        exchange_rows(n, k, pivot, work);
        exchange_rows(n, k, pivot, out);
        const double scale = 1.0 - 1.0 / work[k * n + k];
        subtract_row(n, k, k, scale, work);
        subtract_row(n, k, k, scale, out);
        for (int i = 0; i < n; i++) {
            const double factor = i == k ? 0.0 : work[i * n + k];
            subtract_row(n, i, k, factor, work);
            subtract_row(n, i, k, factor, out);
        }
    }
}

static double trace(int n, const double *a)
{
    double sum = 0.0;
    for (int i = 0; i < n; i++)
        sum += a[i * n + i];
    return sum;
}

static void assert_same(int n, const double *found, const double *expected, double tolerance)
{
    double scale = 0.0;
    for (int i = 0; i < n * n; i++)
        scale = fmax(scale, fabs(expected[i]));
    for (int i = 0; i < n * n; i++)
        assert_close(found[i], expected[i], tolerance * scale);
}

static void fill(uint32_t part, int n, double *out)
{
    const rn_index size = n;
    random_fill(check_seed(), part, size * size, out);
}

/* 1/2 + Wishart: condition below about 20 */
static void positive(uint32_t part, int n, double *out)
{
    matrix x = {0};
    matrix t = {0};
    fill(part, n, x);
    transpose(n, x, t);
    dense_multiply(n, x, t, out);
    for (int i = 0; i < n * n; i++)
        out[i] = out[i] / n + (i % (n + 1) == 0 ? 0.5 : 0.0);
}

/* A system whose covariance is s and circulation is w: A = (D + W) S^-1. */
typedef struct built {
    int n;
    matrix a, d, s, w, inverse;
} built;

static void build(uint32_t part, int n, built *b)
{
    matrix x = {0};
    b->n = n;
    positive(3 * part, n, b->s);
    positive(3 * part + 1, n, b->d);
    fill(3 * part + 2, n, x);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            b->w[i * n + j] = 0.5 * (x[i * n + j] - x[j * n + i]);
    invert(n, b->s, b->inverse);
    for (int i = 0; i < n * n; i++)
        x[i] = b->d[i] + b->w[i];
    dense_multiply(n, x, b->inverse, b->a);
}

static const int sizes[] = {1, 2, 3, 7, 16, MAX};
enum { N_SIZES = sizeof sizes / sizeof sizes[0] };

static void flows_give_back_what_they_were_built_from(void **state)
{
    (void)state;
    for (uint32_t k = 0; k < N_SIZES; k++) {
        built b;
        matrix s = {0};
        matrix c = {0};
        matrix x = {0};
        matrix y = {0};
        rn_gaussian_report report;
        double rate = 0.0;
        build(k, sizes[k], &b);
        const int n = b.n;
        assert_status(rn_gaussian_flow_covariance(n, b.a, b.d, s, &report), RN_OK);
        /* A was built by an inversion with condition 20: some hundred eps n */
        const double tolerance = 200.0 * DBL_EPSILON * n;
        assert_same(n, s, b.s, tolerance);
        assert_true(report.residual < 20.0 * DBL_EPSILON * n && report.slowest > 0.0);
        assert_status(rn_gaussian_circulation(n, b.a, s, c), RN_OK);
        if (n > 1) assert_same(n, c, b.w, 20.0 * tolerance);
        assert_status(rn_gaussian_flow_entropy(n, b.d, s, c, &rate), RN_OK);
        invert(n, b.d, x);
        dense_multiply(n, b.w, x, y);
        dense_multiply(n, y, b.w, x);
        dense_multiply(n, x, b.inverse, y);
        assert_close(rate, -trace(n, y), 100.0 * tolerance * fmax(rate, 1.0));
    }
}

static void steps_give_back_what_they_were_built_from(void **state)
{
    (void)state;
    for (uint32_t k = 0; k < N_SIZES; k++)
        for (int decade = 0; decade <= 9; decade += 3) {
            built b;
            matrix drift = {0};
            matrix q = {0};
            matrix x = {0};
            matrix s = {0};
            rn_gaussian_report report;
            build(k, sizes[k], &b);
            const int n = b.n;
            for (int i = 0; i < n * n; i++)
                drift[i] = 0.05 * pow(10.0, -decade) * b.a[i];
            dense_multiply(n, drift, b.s, x);
            dense_multiply(n, drift, b.s, s);
            transpose(n, drift, q);
            matrix square = {0};
            dense_multiply(n, s, q, square);
            for (int i = 0; i < n; i++)
                for (int j = 0; j < n; j++)
                    q[i * n + j] = x[i * n + j] + x[j * n + i] - square[i * n + j];
            assert_status(rn_gaussian_step_covariance(n, drift, q, s, &report), RN_OK);
            /* as sharp at steps of 1e-10 as at 0.05: nothing is lost in 1 - B */
            assert_same(n, s, b.s, 200.0 * DBL_EPSILON * n);
            assert_true(report.residual < 20.0 * DBL_EPSILON * n && report.slowest > 0.0);
        }
}

/* S = sum_k G^k Q G^kT, term by term, for a step that is not small. */
static void large_steps_agree_with_the_plain_sum(void **state)
{
    (void)state;
    enum { N = 5 };
    matrix b = {0};
    matrix q = {0};
    matrix g = {0};
    matrix gt = {0};
    matrix sum = {0};
    matrix term = {0};
    matrix x = {0};
    fill(100, N, b);
    positive(101, N, q);
    for (int i = 0; i < N * N; i++)
        b[i] = 0.25 * b[i] + (i % (N + 1) == 0 ? 1.3 : 0.0); /* eigenvalues of G about -0.3 */
    for (int i = 0; i < N * N; i++)
        g[i] = (i % (N + 1) == 0 ? 1.0 : 0.0) - b[i];
    transpose(N, g, gt);
    memcpy(sum, q, sizeof sum);
    memcpy(term, q, sizeof term);
    for (int k = 0; k < 2000; k++) {
        dense_multiply(N, g, term, x);
        dense_multiply(N, x, gt, term);
        for (int i = 0; i < N * N; i++)
            sum[i] += term[i];
    }
    matrix s = {0};
    assert_status(rn_gaussian_step_covariance(N, b, q, s, NULL), RN_OK);
    assert_same(N, s, sum, 1e-13); /* norms of powers stay below 10 */
}

static void single_modes_have_their_formulas(void **state)
{
    (void)state;
    const double rates[] = {1e-9, 0.1, 1.0, 1.9, 1.999999};
    for (int k = 0; k < 5; k++) {
        const double b = rates[k];
        const double q = 0.7;
        const double d = 0.35;
        double s = 0.0;
        rn_gaussian_report report;
        assert_status(rn_gaussian_flow_covariance(1, &b, &d, &s, &report), RN_OK);
        assert_close(s * b / d, 1.0, 4.0 * DBL_EPSILON);
        assert_close(report.slowest, b, 0.0);
        assert_status(rn_gaussian_step_covariance(1, &b, &q, &s, &report), RN_OK);
        /* at 2 - b = 1e-6 the data themselves say no more than eps/(2 - b) */
        assert_close(s * b * (2.0 - b) / q, 1.0, 8.0 * DBL_EPSILON / (2.0 - b));
        if (fabs(b - 1.0) > 0.1) assert_close(report.slowest / -log(fabs(1.0 - b)), 1.0, 1e-7);
    }
}

static void rotation(double decay, double turn, double *a)
{
    a[0] = decay;
    a[1] = -turn;
    a[2] = turn;
    a[3] = decay;
}

static void rotations_have_their_formulas(void **state)
{
    (void)state;
    double a[4];
    double s[4];
    double c[4];
    double k[4];
    double out[4];
    double rate = 0.0;
    double displacement = 0.0;
    const double d[4] = {1.0, 0.0, 0.0, 1.0};
    const double decay = 0.3;
    const double turn = 2.0;
    rotation(decay, turn, a);
    assert_status(rn_gaussian_flow_covariance(2, a, d, s, NULL), RN_OK);
    assert_status(rn_gaussian_circulation(2, a, s, c), RN_OK);
    assert_status(rn_gaussian_flow_entropy(2, d, s, c, &rate), RN_OK);
    assert_close(s[0], 1.0 / decay, 1e-14);
    assert_close(s[1], 0.0, 1e-14);
    assert_close(c[1], -turn / decay, 1e-14);
    assert_close(rate, 2.0 * turn * turn / decay, 1e-12);
    for (int i = -9; i <= 2; i++) {
        const double t = pow(10.0, i);
        assert_status(rn_gaussian_flow_relaxation(2, a, t, k), RN_OK);
        /* 1 - e^-x cos y = -expm1(-x) + e^-x 2 sin^2(y/2): relative accuracy at any t */
        const double half = sin(0.5 * turn * t);
        const double same = -expm1(-decay * t) + exp(-decay * t) * 2.0 * half * half;
        const double other = -exp(-decay * t) * sin(turn * t);
        /* each doubling adds some eps of the angle: 2^m = |A| t */
        const double tolerance = 1e-15 * (10.0 + 100.0 * t);
        assert_close(k[0], same, tolerance * fabs(same) + (t > 1.0 ? tolerance : 0.0));
        assert_close(k[1], other, tolerance * fabs(other) + (t > 1.0 ? tolerance : 0.0));
        assert_status(rn_gaussian_displacement(2, 2, k, s, &displacement), RN_OK);
        assert_close(displacement / (4.0 * same / decay), 1.0, tolerance);
        assert_status(rn_gaussian_autocovariance(2, k, s, out), RN_OK);
        assert_close(out[0], (1.0 - same) / decay, tolerance / decay);
        assert_close(out[1], -other / decay, tolerance / decay);
    }
    assert_status(rn_gaussian_flow_relaxation(2, a, 0.0, k), RN_OK);
    for (int i = 0; i < 4; i++)
        assert_close(k[i], 0.0, 0.0);
}

static void steps_relax_by_powers(void **state)
{
    (void)state;
    enum { N = 4 };
    matrix b = {0};
    matrix g = {0};
    matrix power = {0};
    matrix x = {0};
    double k[N * N];
    fill(200, N, b);
    for (int i = 0; i < N * N; i++) {
        b[i] = 0.1 * b[i] + (i % (N + 1) == 0 ? 0.5 : 0.0);
        power[i] = i % (N + 1) == 0 ? 1.0 : 0.0;
    }
    for (int i = 0; i < N * N; i++)
        g[i] = power[i] - b[i];
    for (int n_steps = 0; n_steps <= 37; n_steps++) {
        assert_status(rn_gaussian_step_relaxation(N, b, n_steps, k), RN_OK);
        for (int i = 0; i < N * N; i++)
            assert_close(k[i], (i % (N + 1) == 0 ? 1.0 : 0.0) - power[i], 1e-14);
        dense_multiply(N, power, g, x);
        memcpy(power, x, sizeof power);
    }
    const rn_index counts[] = {1, 1000, 1000000, 1000000000, 3000000000};
    for (int j = 0; j < 5; j++) {
        const double one = 1e-9;
        double found = 0.0;
        assert_status(rn_gaussian_step_relaxation(1, &one, counts[j], &found), RN_OK);
        const double expected = -expm1((double)counts[j] * log1p(-one));
        assert_close(found / expected, 1.0, 1e-14);
    }
}

/* Mean of ln p(x, x')/p(x', x) over stationary pairs: the divergence of two Gaussians with equal
   determinants, (1/2) tr(Sigma_r^-1 Sigma_f) - n, from 2n x 2n covariances. */
static double divergence(int n, const double *b, const double *s)
{
    static double forward[4 * SQUARE];
    static double backward[4 * SQUARE];
    static double inverse[4 * SQUARE];
    matrix next = {0};
    dense_multiply(n, b, s, next);
    for (int i = 0; i < n * n; i++)
        next[i] = s[i] - next[i]; /* <x' x^T> */
    const int wide = 2 * n;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            forward[i * wide + j] = s[i * n + j];
            forward[(n + i) * wide + n + j] = s[i * n + j];
            forward[(n + i) * wide + j] = next[i * n + j];
            forward[i * wide + n + j] = next[j * n + i];
            backward[i * wide + j] = s[i * n + j];
            backward[(n + i) * wide + n + j] = s[i * n + j];
            backward[(n + i) * wide + j] = next[j * n + i];
            backward[i * wide + n + j] = next[i * n + j];
        }
    invert(wide, backward, inverse);
    double sum = 0.0;
    for (int i = 0; i < wide; i++)
        for (int j = 0; j < wide; j++)
            sum += inverse[i * wide + j] * forward[j * wide + i];
    return 0.5 * sum - n;
}

static void entropy_of_a_step_is_the_divergence_of_its_reverse(void **state)
{
    (void)state;
    const int dims[] = {2, 3, 8};
    for (uint32_t k = 0; k < 3; k++) {
        built b;
        double before = 0.0;
        build(50 + k, dims[k], &b);
        const int n = b.n;
        for (int halving = 0; halving < 4; halving++) {
            const double eta = 0.1 * pow(0.5, halving);
            matrix drift = {0};
            matrix q = {0};
            matrix s = {0};
            matrix c = {0};
            double mean = 0.0;
            double rate = 0.0;
            for (int i = 0; i < n * n; i++) {
                drift[i] = eta * b.a[i];
                q[i] = 2.0 * eta * b.d[i];
            }
            assert_status(rn_gaussian_step_covariance(n, drift, q, s, NULL), RN_OK);
            assert_status(rn_gaussian_circulation(n, drift, s, c), RN_OK);
            assert_status(rn_gaussian_step_entropy(n, drift, q, c, &mean), RN_OK);
            assert_close(mean, divergence(n, drift, s), 1e-11 * n);
            assert_true(mean > 0.0);
            /* towards the flow's rate, at first order */
            assert_status(rn_gaussian_flow_entropy(n, b.d, b.s, b.w, &rate), RN_OK);
            const double off = mean / eta / rate - 1.0;
            if (halving > 1) assert_close(before / off, 2.0, 0.5);
            before = off;
        }
    }
}

static void reversible_dynamics_makes_no_entropy(void **state)
{
    (void)state;
    enum { N = 6 };
    matrix a = {0};
    matrix d = {0};
    matrix s = {0};
    matrix c = {0};
    double rate = 1.0;
    double mean = 1.0;
    positive(300, N, a);
    for (int i = 0; i < N * N; i++) {
        a[i] *= 0.2;
        d[i] = 3.0 * a[i] + (i % (N + 1) == 0 ? 1.0 : 0.0); /* a function of A: commutes */
    }
    assert_status(rn_gaussian_flow_covariance(N, a, d, s, NULL), RN_OK);
    assert_status(rn_gaussian_circulation(N, a, s, c), RN_OK);
    assert_status(rn_gaussian_flow_entropy(N, d, s, c, &rate), RN_OK);
    assert_close(rate, 0.0, 1e-26); /* squares of eps */
    assert_status(rn_gaussian_step_covariance(N, a, d, s, NULL), RN_OK);
    assert_status(rn_gaussian_circulation(N, a, s, c), RN_OK);
    assert_status(rn_gaussian_step_entropy(N, a, d, c, &mean), RN_OK);
    assert_close(mean, 0.0, 1e-13);
}

static void exact_steps_sample_the_flow(void **state)
{
    (void)state;
    built b;
    matrix one = {0};
    matrix two = {0};
    matrix q = {0};
    matrix s = {0};
    matrix k = {0};
    build(70, 5, &b);
    assert_status(rn_gaussian_exact_step(5, b.a, b.s, 0.7, one, q), RN_OK);
    assert_status(rn_gaussian_step_covariance(5, one, q, s, NULL), RN_OK);
    assert_same(5, s, b.s, 1e-12);
    assert_status(rn_gaussian_step_relaxation(5, one, 2, k), RN_OK);
    assert_status(rn_gaussian_exact_step(5, b.a, b.s, 1.4, two, q), RN_OK);
    assert_same(5, k, two, 1e-13);
}

static void heavy_balls_have_their_moments(void **state)
{
    (void)state;
    const double betas[] = {0.0, 0.5, 0.9, 0.99};
    const double etas[] = {1e-3, 0.1, 1.0, 1.9};
    const double rho = 0.8;
    const double noise = 0.3;
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++) {
            const double beta = betas[i];
            const double eta = etas[j];
            double b[4];
            double q[4];
            double s[4];
            double k[4];
            double moved = 0.0;
            assert_status(rn_gaussian_heavy_ball(1, &rho, &noise, eta, beta, 0.0, b, q), RN_OK);
            assert_status(rn_gaussian_step_covariance(2, b, q, s, NULL), RN_OK);
            const double denominator = (1.0 - beta) * (2.0 * (1.0 + beta) - eta * rho);
            const double position = eta * noise * (1.0 + beta) / (rho * denominator);
            const double velocity = 2.0 * noise / denominator;
            /* conditions of the equation up to 1/(eta rho (1 - beta)) */
            assert_close(s[0] / position, 1.0, 1e-11);
            assert_close(s[3] / velocity, 1.0, 1e-11);
            /* theta' = theta - eta v' keeps <theta^2>: <theta' v'> = -eta <v^2>/2 */
            assert_close(s[1] / (-0.5 * eta * velocity), 1.0, 1e-9);
            assert_status(rn_gaussian_step_relaxation(2, b, 1, k), RN_OK);
            assert_status(rn_gaussian_displacement(2, 1, k, s, &moved), RN_OK);
            assert_close(moved / (eta * eta * velocity), 1.0, 1e-9);
            /* decay adds to the curvature */
            assert_status(rn_gaussian_heavy_ball(1, &noise, &noise, eta, beta, rho - noise, q, k),
                          RN_OK);
            assert_same(2, q, b, 1e-15);
        }
}

static void what_is_not_stationary_is_refused(void **state)
{
    (void)state;
    const double grows[4] = {1.0, 0.0, 0.0, -1e-3};
    const double turns[4] = {0.0, -1.0, 1.0, 0.0};
    const double jumps[4] = {2.0, 0.0, 0.0, 1.0};
    const double beyond[4] = {2.1, 0.0, 0.0, 1.0};
    const double one[4] = {1.0, 0.0, 0.0, 1.0};
    const double broken[4] = {1.0, 0.0, (double)NAN, 1.0};
    const double flat[4] = {1.0, 0.0, 0.0, 0.0};
    double s[4] = {7.0, 7.0, 7.0, 7.0};
    double rate = 7.0;
    assert_status(rn_gaussian_flow_covariance(2, grows, one, s, NULL), RN_ERR_DOMAIN);
    assert_message_has("-0.001");
    assert_status(rn_gaussian_flow_covariance(2, turns, one, s, NULL), RN_ERR_DOMAIN);
    assert_status(rn_gaussian_step_covariance(2, jumps, one, s, NULL), RN_ERR_DOMAIN);
    assert_message_has("eigenvalue -1");
    assert_status(rn_gaussian_step_covariance(2, beyond, one, s, NULL), RN_ERR_DOMAIN);
    assert_status(rn_gaussian_step_covariance(2, grows, one, s, NULL), RN_ERR_DOMAIN);
    assert_status(rn_gaussian_flow_covariance(2, one, broken, s, NULL), RN_ERR_NONFINITE);
    assert_message_has("entry (1, 0) of matrix 2");
    assert_status(rn_gaussian_flow_covariance(0, one, one, s, NULL), RN_ERR_ARGUMENT);
    assert_status(rn_gaussian_flow_covariance(RN_GAUSSIAN_MAX_N + 1, one, one, s, NULL),
                  RN_ERR_ARGUMENT);
    assert_status(rn_gaussian_flow_covariance(2, one, NULL, s, NULL), RN_ERR_ARGUMENT);
    assert_status(rn_gaussian_flow_covariance(2, one, one, NULL, NULL), RN_ERR_ARGUMENT);
    assert_status(rn_gaussian_flow_entropy(2, flat, one, turns, &rate), RN_ERR_DOMAIN);
    assert_message_has("singular");
    assert_status(rn_gaussian_step_entropy(2, one, flat, turns, &rate), RN_ERR_DOMAIN);
    assert_status(rn_gaussian_flow_relaxation(2, one, -1.0, s), RN_ERR_ARGUMENT);
    assert_status(rn_gaussian_flow_relaxation(2, grows, 1e7, s), RN_ERR_NONFINITE);
    assert_message_has("without bound");
    assert_status(rn_gaussian_step_relaxation(2, one, -1, s), RN_ERR_ARGUMENT);
    assert_status(rn_gaussian_displacement(2, 3, one, one, &rate), RN_ERR_ARGUMENT);
    assert_status(rn_gaussian_exact_step(2, one, one, 0.0, s, s), RN_ERR_ARGUMENT);
    assert_status(rn_gaussian_heavy_ball(1, one, one, 0.1, 1.0, 0.0, s, s), RN_ERR_ARGUMENT);
    for (int i = 0; i < 4; i++)
        assert_close(s[i], 7.0, 0.0);
    assert_close(rate, 7.0, 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flows_give_back_what_they_were_built_from),
        cmocka_unit_test(steps_give_back_what_they_were_built_from),
        cmocka_unit_test(large_steps_agree_with_the_plain_sum),
        cmocka_unit_test(single_modes_have_their_formulas),
        cmocka_unit_test(rotations_have_their_formulas),
        cmocka_unit_test(steps_relax_by_powers),
        cmocka_unit_test(entropy_of_a_step_is_the_divergence_of_its_reverse),
        cmocka_unit_test(reversible_dynamics_makes_no_entropy),
        cmocka_unit_test(exact_steps_sample_the_flow),
        cmocka_unit_test(heavy_balls_have_their_moments),
        cmocka_unit_test(what_is_not_stationary_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
