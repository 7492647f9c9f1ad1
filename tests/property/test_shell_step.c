/*
 * The finite-step budget: exact for any step, every line computed on its own.
 */
#include <float.h>
#include <math.h>
#include <renorm/shells.h>
#include <string.h>

#include "check.h"
#include "jacobi.h"

static const double ln2 = 0.69314718055994530942;

enum { N = 14, N_SAMPLES = 3, MAX = 64 };

/* Two states and the step between them, as dense matrices and in their eigenbases. */
typedef struct transition {
    double m0[N * N];
    double m1[N * N];
    double e0[N];
    double e1[N];
    double moved[N]; /* J0 d */
    double phi0[N * N];
    double phi1[N * N];
    double lambda0[N];
    double lambda1[N];
    double g0[N];
    double g1[N];
    double g01[N];
    double jd[N];
    double change[N * N];
    double tau;
    rn_shell_grid grid;
} transition;

typedef struct lines {
    double change[MAX];
    double dissipation[MAX];
    double drive[MAX];
    double finite_step[MAX];
    double flux[MAX];
    double flux_error[MAX];
    double remainder[MAX];
    double mismatch[MAX];
} lines;

/* B B^T with columns of B falling over `decades`. */
static void make_kernel(uint32_t part, double decades, double *m)
{
    double b[N * N];
    random_fill(check_seed(), part, sizeof b / sizeof *b, b);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            b[i * N + j] *= pow(10.0, -0.5 * decades * j / (N - 1.0));
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            m[i * N + j] = 0.0;
            for (int k = 0; k < N; k++)
                m[i * N + j] += b[i * N + k] * b[j * N + k] / N_SAMPLES;
        }
}

/* Everything in the eigenbases, from the dense state. */
static void diagonalise(transition *t)
{
    double difference[N * N];
    jacobi_eigen(N, t->m0, t->lambda0, t->phi0);
    jacobi_eigen(N, t->m1, t->lambda1, t->phi1);
    dense_apply_transposed(N, t->phi0, t->e0, t->g0);
    dense_apply_transposed(N, t->phi1, t->e1, t->g1);
    dense_apply_transposed(N, t->phi0, t->e1, t->g01);
    dense_apply_transposed(N, t->phi0, t->moved, t->jd);
    for (int j = 0; j < N * N; j++)
        difference[j] = t->m1[j] - t->m0[j];
    dense_sandwich(N, t->phi1, difference, t->phi0, t->change);
    const double top = fmax(t->lambda0[N - 1], t->lambda1[N - 1]);
    assert_status(rn_shell_grid_choose(0.0, top, 1e-9 * top, &t->grid), RN_OK);
    assert_true(rn_shell_grid_size(&t->grid) <= MAX);
}

static void make_transition(uint32_t trial, transition *t)
{
    make_kernel(10 * trial, 2.0 + trial % 5, t->m0);
    make_kernel(10 * trial + 1, 2.0 + (trial + 2) % 5, t->m1);
    random_fill(check_seed(), 10 * trial + 2, N, t->e0);
    random_fill(check_seed(), 10 * trial + 3, N, t->e1);
    random_fill(check_seed(), 10 * trial + 4, N, t->moved);
    t->tau = 0.1 * (trial % 4);
    if (trial % 3 == 0) /* a small step: neighbours in M1 and M0 nearly coincide */
        for (int j = 0; j < N * N; j++)
            t->m1[j] = t->m0[j] + pow(10.0, -2.0 * (trial % 7)) * t->m1[j];
    diagonalise(t);
}

static rn_shell_step step_of(const transition *t)
{
    return (rn_shell_step){.n = N,
                           .n_samples = N_SAMPLES,
                           .tau = t->tau,
                           .lambda0 = t->lambda0,
                           .lambda1 = t->lambda1,
                           .g0 = t->g0,
                           .g1 = t->g1,
                           .g01 = t->g01,
                           .jd = t->jd,
                           .change = t->change};
}

static rn_shell_step_lines lines_of(lines *out, bool has_remainder)
{
    return (rn_shell_step_lines){.change = out->change,
                                 .dissipation = out->dissipation,
                                 .drive = out->drive,
                                 .finite_step = out->finite_step,
                                 .flux = out->flux,
                                 .flux_error = out->flux_error,
                                 .remainder = has_remainder ? out->remainder : NULL,
                                 .mismatch = out->mismatch};
}

/* x^T chi_s(M0) y, with the cut as a dense matrix. */
static double through_cut(const transition *t, double s, const double *x, const double *y)
{
    double sum = 0.0;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            double chi = 0.0;
            for (int u = 0; u < N; u++)
                chi +=
                    t->phi0[i * N + u] * rn_shell_cut(s, ln2, t->lambda0[u]) * t->phi0[j * N + u];
            sum += x[i] * chi * y[j];
        }
    return sum;
}

static void every_step_obeys_the_budget_exactly(void **state)
{
    (void)state;
    static transition t;
    lines out;
    double tightest = 0.0;
    for (uint32_t trial = 0; trial < 40; trial++) {
        make_transition(trial, &t);
        const rn_shell_step step = step_of(&t);
        const rn_shell_step_lines wanted = lines_of(&out, false);
        assert_status(rn_shell_step_budget(&t.grid, &step, &wanted), RN_OK);
        /* single sums: n eps of the magnitudes; F1: its own error bar */
        double scale = 0.0;
        for (int i = 0; i < N; i++)
            scale += t.e0[i] * t.e0[i] + t.e1[i] * t.e1[i] + fabs(t.moved[i] * t.e0[i]);
        const double tolerance = N * DBL_EPSILON * scale * (1.0 + t.tau * t.lambda0[N - 1]);
        for (rn_index i = 0; i < rn_shell_grid_size(&t.grid); i++) {
            assert_close(out.mismatch[i], 0.0, tolerance + out.flux_error[i]);
            assert_close(out.dissipation[i] + out.drive[i] + out.finite_step[i] + out.flux[i],
                         out.change[i], tolerance + out.flux_error[i]);
            if (out.flux_error[i] > 100.0 * tolerance)
                tightest = fmax(tightest, fabs(out.mismatch[i]) / out.flux_error[i]);
        }
    }
    assert_true(tightest > 1e-3); /* the bar is a bound, not an ocean */
}

/* F1 by its other form, with (chi(lambda1_u) - chi(lambda0_v)) <phi1_u, phi0_v>. */
static double flux_from_overlaps(const transition *t, double s)
{
    double flux = 0.0;
    for (int u = 0; u < N; u++)
        for (int v = 0; v < N; v++) {
            double overlap = 0.0;
            for (int k = 0; k < N; k++)
                overlap += t->phi1[k * N + u] * t->phi0[k * N + v];
            flux += (rn_shell_cut(s, ln2, t->lambda1[u]) - rn_shell_cut(s, ln2, t->lambda0[v]))
                    * overlap * t->g1[u] * t->g01[v];
        }
    return flux / (2.0 * N_SAMPLES);
}

/* (delta/2N) sum |g1_u g01_v| chi[1], delta = n eps times the larger lambda_max */
static double error_bar(const transition *t, double s)
{
    double sum = 0.0;
    for (int u = 0; u < N; u++)
        for (int v = 0; v < N; v++)
            sum += fabs(t->g1[u] * t->g01[v])
                   * rn_shell_cut_divided(s, ln2, t->lambda1[u], t->lambda0[v]);
    return N * DBL_EPSILON * fmax(t->lambda0[N - 1], t->lambda1[N - 1]) * sum / (2.0 * N_SAMPLES);
}

static void every_line_is_what_it_says(void **state)
{
    (void)state;
    static transition t;
    lines out;
    double decay[N];
    double vector[N];
    double second[N];
    for (uint32_t trial = 1; trial < 6; trial++) {
        make_transition(trial, &t);
        rn_shell_step step = step_of(&t);
        const rn_shell_step_lines wanted = lines_of(&out, false);
        double projected[N];
        dense_apply(N, t.m0, t.e0, decay);
        dense_apply_transposed(N, t.phi0, decay, projected);
        step.m0e0 = projected; /* M0 e0 from the matrix, not from the eigenvalues */
        assert_status(rn_shell_step_budget(&t.grid, &step, &wanted), RN_OK);
        for (rn_index i = 0; i < rn_shell_grid_size(&t.grid); i++) {
            const double s = rn_shell_grid_boundary(&t.grid, i);
            for (int k = 0; k < N; k++) {
                vector[k] = t.moved[k] + t.tau * decay[k];
                second[k] = t.e1[k] - t.e0[k];
            }
            const double tolerance = 1e-12 * (1.0 + t.tau) * t.lambda0[N - 1];
            assert_close(out.drive[i], through_cut(&t, s, t.e0, vector) / N_SAMPLES, tolerance);
            assert_close(out.dissipation[i], -t.tau * through_cut(&t, s, t.e0, decay) / N_SAMPLES,
                         tolerance);
            double finite = through_cut(&t, s, second, second) / (2.0 * N_SAMPLES);
            for (int k = 0; k < N; k++)
                second[k] -= t.moved[k];
            finite += through_cut(&t, s, t.e0, second) / N_SAMPLES;
            assert_close(out.finite_step[i], finite, tolerance);
            double after = 0.0;
            for (int u = 0; u < N; u++)
                after += rn_shell_cut(s, ln2, t.lambda1[u]) * t.g1[u] * t.g1[u];
            assert_close(out.flux[i], flux_from_overlaps(&t, s), tolerance + out.flux_error[i]);
            const double bar = error_bar(&t, s);
            assert_close(out.flux_error[i], bar, 1e-9 * bar); /* N^2 terms of one sign */
            assert_close(out.change[i],
                         (after - through_cut(&t, s, t.e0, t.e0)) / (2.0 * N_SAMPLES), tolerance);
        }
    }
}

static void below_the_spectrum_only_the_loss_is_left(void **state)
{
    (void)state;
    /* s under every mode: chi = 1 on both, F1 = 0 and the loss obeys -tau D + X + Q alone */
    static transition t;
    lines out;
    make_transition(1, &t);
    t.grid.low = -40;
    const rn_shell_step step = step_of(&t);
    const rn_shell_step_lines wanted = lines_of(&out, false);
    assert_status(rn_shell_step_budget(&t.grid, &step, &wanted), RN_OK);
    double change = 0.0;
    for (int i = 0; i < N; i++)
        change += (t.e1[i] * t.e1[i] - t.e0[i] * t.e0[i]) / (2.0 * N_SAMPLES);
    assert_close(out.flux[0], 0.0, 0.0);
    assert_close(out.change[0], change, 1e-13);
    assert_close(out.dissipation[0] + out.drive[0] + out.finite_step[0], change, 1e-12);
}

static void wrong_eigenpairs_do_not_pass(void **state)
{
    (void)state;
    static transition t;
    lines out;
    make_transition(1, &t);
    const rn_shell_step_lines wanted = lines_of(&out, false);
    const rn_shell_step step = step_of(&t);
    int strongest = 1;
    for (int u = 1; u + 1 < N; u++)
        if (fabs(t.g1[u]) > fabs(t.g1[strongest])) strongest = u;
    t.lambda1[strongest] *= 1.0 + 1e-3;
    assert_status(rn_shell_step_budget(&t.grid, &step, &wanted), RN_OK);
    double worst = 0.0;
    for (rn_index i = 0; i < rn_shell_grid_size(&t.grid); i++)
        worst = fmax(worst, fabs(out.mismatch[i]));
    assert_true(worst > 1e-8);
}

/* A step of size x along a smooth family M(x) = B B^T/3 + 1/2, B = B0 + x B1 + x^2 B2, well
   conditioned so that x = 1e-4 is small. Writes DM[d]. */
static void smooth_step(double x, transition *t, double *rate)
{
    double b[3][N * N];
    double full[N * N];
    for (int k = 0; k < 3; k++)
        random_fill(check_seed(), 900 + (uint32_t)k, sizeof b[k] / sizeof *b[k], b[k]);
    for (int j = 0; j < N * N; j++)
        full[j] = b[0][j] + x * b[1][j] + x * x * b[2][j];
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            double m0 = 0.0;
            double m1 = 0.0;
            double first = 0.0;
            for (int k = 0; k < N; k++) {
                m0 += b[0][i * N + k] * b[0][j * N + k];
                m1 += full[i * N + k] * full[j * N + k];
                first += b[0][i * N + k] * b[1][j * N + k] + b[1][i * N + k] * b[0][j * N + k];
            }
            t->m0[i * N + j] = m0 / N_SAMPLES + (i == j ? 0.5 : 0.0);
            t->m1[i * N + j] = m1 / N_SAMPLES + (i == j ? 0.5 : 0.0);
            rate[i * N + j] = x * first / N_SAMPLES;
        }
    double second[N];
    random_fill(check_seed(), 903, N, t->e0);
    random_fill(check_seed(), 904, N, second);
    dense_apply(N, t->m0, t->e0, t->moved);
    for (int i = 0; i < N; i++) {
        t->moved[i] *= -x;
        t->e1[i] = t->e0[i] + t->moved[i] + x * x * second[i];
    }
    t->tau = x;
    diagonalise(t);
}

static double remainder_of(double x, bool by_subtraction, double *largest_flux)
{
    static transition t;
    static double rate[N * N];
    static double mt[N * N];
    double flux[MAX];
    lines out;
    smooth_step(x, &t, rate);
    t.grid = (rn_shell_grid){.width = ln2, .low = -14, .high = 8};
    dense_sandwich(N, t.phi0, rate, t.phi0, mt);
    const rn_shell_input input = {
        .n = N, .n_samples = N_SAMPLES, .lambda = t.lambda0, .g = t.g0, .mt = mt};
    assert_status(rn_shell_flux(&t.grid, &input, NULL, flux, NULL, NULL), RN_OK);
    rn_shell_step step = step_of(&t);
    step.flux = flux;
    rn_shell_step_lines wanted = lines_of(&out, true);
    if (by_subtraction) {
        step.change = NULL;
        wanted.flux = NULL;
        wanted.flux_error = NULL;
        wanted.mismatch = NULL;
    }
    assert_status(rn_shell_step_budget(&t.grid, &step, &wanted), RN_OK);
    double worst = 0.0;
    *largest_flux = 0.0;
    for (rn_index i = 0; i < rn_shell_grid_size(&t.grid); i++) {
        worst = fmax(worst, fabs(out.remainder[i]));
        *largest_flux = fmax(*largest_flux, fabs(flux[i]));
    }
    return worst;
}

static void kernel_remainder_falls_four_times_per_halving(void **state)
{
    (void)state;
    double flux = 0.0;
    double coarser = remainder_of(1e-4, false, &flux);
    for (int halving = 1; halving <= 4; halving++) {
        const double x = ldexp(1e-4, -halving);
        const double finer = remainder_of(x, false, &flux);
        assert_true(coarser / finer > 3.9 && coarser / finer < 4.1);
        assert_true(finer < 0.05 * flux);
        /* without the eigenvectors of M1 the same line comes by subtraction */
        assert_close(remainder_of(x, true, &flux), finer, 1e-13);
        coarser = finer;
    }
}

static void kink_line_is_what_the_tangent_misses(void **state)
{
    (void)state;
    const double exact[] = {1.0, -2.0, (double)NAN, 0.5};
    const double smooth[] = {0.9, -1.5, 0.0, 0.5};
    double line[4];
    double share = 7.0;
    assert_status(rn_shell_kink_line(4, exact, smooth, line, &share), RN_OK);
    assert_close(line[1], -0.5, 1e-16);
    assert_true(isnan(line[2]));
    assert_close(share, 0.25, 1e-16);
    assert_status(rn_shell_kink_line(1, exact + 3, smooth + 3, NULL, &share), RN_OK);
    assert_close(share, 0.0, 0.0);
    const double zero = 0.0;
    assert_status(rn_shell_kink_line(1, &zero, exact, NULL, &share), RN_OK);
    assert_true(isinf(share));
    assert_status(rn_shell_kink_line(0, exact, smooth, line, &share), RN_ERR_ARGUMENT);
    assert_status(rn_shell_kink_line(1, exact, NULL, line, &share), RN_ERR_ARGUMENT);
}

static void says_what_is_missing(void **state)
{
    (void)state;
    static transition t;
    lines out;
    make_transition(2, &t);
    rn_shell_step step = step_of(&t);
    rn_shell_step_lines wanted = lines_of(&out, true);
    out.change[0] = 42.0;
    assert_status(rn_shell_step_budget(&t.grid, &step, &wanted), RN_ERR_ARGUMENT);
    assert_message_has("step->flux");
    wanted.remainder = NULL;
    step.change = NULL;
    assert_status(rn_shell_step_budget(&t.grid, &step, &wanted), RN_ERR_ARGUMENT);
    assert_message_has("step->change");
    step = step_of(&t);
    step.tau = -1.0;
    assert_status(rn_shell_step_budget(&t.grid, &step, &wanted), RN_ERR_ARGUMENT);
    assert_message_has("tau");
    step.tau = 1.0;
    step.g01 = NULL;
    assert_status(rn_shell_step_budget(&t.grid, &step, &wanted), RN_ERR_ARGUMENT);
    assert_message_has("g01");
    step = step_of(&t);
    t.change[7] = (double)NAN;
    assert_status(rn_shell_step_budget(&t.grid, &step, &wanted), RN_ERR_NONFINITE);
    t.change[7] = 0.0;
    t.jd[2] = (double)INFINITY;
    assert_status(rn_shell_step_budget(&t.grid, &step, &wanted), RN_ERR_NONFINITE);
    assert_message_has("jd[2]");
    assert_close(out.change[0], 42.0, 0.0);
    t.jd[2] = 0.0;
    const rn_shell_step_lines nothing = {0};
    assert_status(rn_shell_step_budget(&t.grid, &step, &nothing), RN_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_step_obeys_the_budget_exactly),
        cmocka_unit_test(every_line_is_what_it_says),
        cmocka_unit_test(below_the_spectrum_only_the_loss_is_left),
        cmocka_unit_test(wrong_eigenpairs_do_not_pass),
        cmocka_unit_test(kernel_remainder_falls_four_times_per_halving),
        cmocka_unit_test(kink_line_is_what_the_tangent_misses),
        cmocka_unit_test(says_what_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
