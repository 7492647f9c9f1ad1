/*
 * The equations of modes (Kato) against the error they describe, integrated apart from each other:
 *
 *     M(t) = R(t) Q L Q^T R(t)^T     L constant, R turning pairs of coordinates at constant rates
 *     direct       e' = -M(t) e
 *     modes        phi_u' = sum_v Omega_uv phi_v,  g_u' = -lambda_u g_u + sum_v Omega_uv g_v
 *                  Omega_uv = (phi_u^T M' phi_v)/(lambda_u - lambda_v)
 *
 * Eigenvalues rest, so all that happens to the modes' energies beyond decay is rotation. Both sides
 * use the classical Runge-Kutta method over ten e-folds of the fastest mode.
 */
#include "check.h"

#include <math.h>
#include <renorm/shells.h>
#include <string.h>

#include "core/rng.h"

#define N        64
#define N_STEPS  640
#define END      10.0
#define BOTTOM   (-8)
#define N_SHELLS 9 /* boundaries -8 .. 1 of width ln 2; eigenvalues from 1/128 to 1 */

static const double ln2 = 0.69314718055994530942;

/* What is done wrong on purpose. */
typedef enum fault { RIGHT, FROZEN, SHUFFLED } fault;

typedef struct turning {
    double base[N * N]; /* Q L Q^T */
    double rows[N * N]; /* Q^T: eigenvectors at t = 0 in rows */
    double lambda[N];   /* ascending */
    double rate[N / 2];
} turning;

/* A random orthogonal matrix: Gram-Schmidt, twice, on normal rows. */
static void make_rows(double *rows)
{
    const rni_stream stream = {.seed = check_seed(), .purpose = RNI_RNG_TEST, .part = 5};
    rni_rng_fill_normal(stream, 0, (rn_index)N * N, rows);
    for (int u = 0; u < N; u++) {
        double *row = rows + (size_t)u * N;
        for (int pass = 0; pass < 2; pass++)
            for (int v = 0; v < u; v++) {
                double dot = 0.0;
                for (int i = 0; i < N; i++)
                    dot += row[i] * rows[v * N + i];
                for (int i = 0; i < N; i++)
                    row[i] -= dot * rows[v * N + i];
            }
        double norm = 0.0;
        for (int i = 0; i < N; i++)
            norm += row[i] * row[i];
        for (int i = 0; i < N; i++)
            row[i] /= sqrt(norm);
    }
}

static void make_turning(turning *x)
{
    make_rows(x->rows);
    memset(x->base, 0, sizeof x->base);
    for (int u = 0; u < N; u++) {
        /* evenly spaced in the logarithm: no two closer than 8 % */
        x->lambda[u] = exp(-7.0 * ln2 * (1.0 - (u + 0.5) / N));
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++)
                x->base[i * N + j] += x->lambda[u] * x->rows[u * N + i] * x->rows[u * N + j];
    }
    for (int p = 0; p < N / 2; p++)
        x->rate[p] = 0.02 * (p % 5 - 2);
}

/* y := R(t)^T x, or R(t) x. */
static void turn(const turning *k, double t, const double *x, double *y)
{
    for (ptrdiff_t p = 0; p < N / 2; p++) {
        const double c = cos(k->rate[p] * t);
        const double s = sin(k->rate[p] * t);
        const double a = x[2 * p];
        const double b = x[2 * p + 1];
        y[2 * p] = c * a - s * b;
        y[2 * p + 1] = s * a + c * b;
    }
}

/* out := -M(t) e */
static void decay(const turning *k, double t, const double *e, double *out)
{
    double turned[N];
    double product[N];
    turn(k, -t, e, turned);
    for (int i = 0; i < N; i++) {
        product[i] = 0.0;
        for (int j = 0; j < N; j++)
            product[i] -= k->base[i * N + j] * turned[j];
    }
    turn(k, t, product, out);
}

/* The error at END, by steps a quarter of those of the modes. */
static void follow_error(const turning *k, double *e)
{
    const double dt = END / (4 * N_STEPS);
    double slope[4][N];
    double at[N];
    for (int step = 0; step < 4 * N_STEPS; step++) {
        const double t = step * dt;
        static const double share[4] = {0.0, 0.5, 0.5, 1.0};
        for (int stage = 0; stage < 4; stage++) {
            for (int i = 0; i < N; i++)
                at[i] = e[i] + (stage ? share[stage] * dt * slope[stage - 1][i] : 0.0);
            decay(k, t + share[stage] * dt, at, slope[stage]);
        }
        for (int i = 0; i < N; i++)
            e[i] += dt / 6.0 * (slope[0][i] + 2.0 * slope[1][i] + 2.0 * slope[2][i] + slope[3][i]);
    }
}

/* Eigenvectors in rows, then their errors. */
typedef struct modes {
    double phi[N * N];
    double g[N];
} modes;

/* mt := phi M'(t) phi^T. M' = A M - M A with A = R' R^T, and phi_u are M's eigenvectors: mt_uv =
   (lambda_v - lambda_u) phi_u A phi_v. */
static void make_mt(const turning *k, const modes *m, fault wrong, double *mt)
{
    double turned[N * N]; /* rows phi_v A^T, that is (A phi_v)^T */
    for (int v = 0; v < N; v++)
        for (ptrdiff_t p = 0; p < N / 2; p++) {
            const double *row = m->phi + (size_t)v * N;
            double *moved = turned + (ptrdiff_t)v * N;
            moved[2 * p] = -k->rate[p] * row[2 * p + 1];
            moved[2 * p + 1] = k->rate[p] * row[2 * p];
        }
    for (int v = 0; v < N; v++)
        for (int u = 0; u < N; u++) {
            double a = 0.0; /* phi_u A phi_v */
            for (int i = 0; i < N; i++)
                a += m->phi[u * N + i] * turned[v * N + i];
            mt[u * N + v] = wrong == FROZEN ? 0.0 : (k->lambda[v] - k->lambda[u]) * a;
        }
}

static void slope_of(const turning *k, const modes *m, fault wrong, double *mt, modes *out)
{
    make_mt(k, m, wrong, mt);
    memset(out, 0, sizeof *out);
    for (int u = 0; u < N; u++) {
        out->g[u] = -k->lambda[u] * m->g[u];
        for (int v = 0; v < N; v++) {
            if (v == u) continue;
            const double omega = mt[u * N + v] / (k->lambda[u] - k->lambda[v]);
            out->g[u] += omega * m->g[v];
            for (int i = 0; i < N; i++)
                out->phi[u * N + i] += omega * m->phi[v * N + i];
        }
    }
}

static void add(const modes *m, double dt, const modes *slope, modes *out)
{
    for (int i = 0; i < N * N; i++)
        out->phi[i] = m->phi[i] + dt * slope->phi[i];
    for (int u = 0; u < N; u++)
        out->g[u] = m->g[u] + dt * slope->g[u];
}

/* rates[a] := -D_a + sum_b T_ab of the shells, from the library. */
static void shell_rates(const turning *k, const modes *m, fault wrong, const double *mt,
                        double *rates)
{
    const rn_shell_grid grid = {.width = ln2, .low = BOTTOM, .high = BOTTOM + N_SHELLS};
    double exchange[(N_SHELLS + 1) * (N_SHELLS + 1)];
    double g[N];
    memcpy(g, m->g, sizeof g);
    if (wrong == SHUFFLED) /* eigenvectors that belong to other eigenvalues */
        for (int u = 0; u + N / 2 < N; u++) {
            g[u] = m->g[u + N / 2];
            g[u + N / 2] = m->g[u];
        }
    const rn_shell_input input = {.n = N, .n_samples = 1, .lambda = k->lambda, .g = g, .mt = mt};
    assert_status(rn_shell_exchange(&grid, &input, exchange), RN_OK);
    for (int a = 0; a < N_SHELLS; a++) {
        rates[a] = 0.0;
        for (int b = 0; b <= N_SHELLS; b++)
            rates[a] += exchange[a * (N_SHELLS + 1) + b];
    }
    for (int u = 0; u < N; u++)
        rates[(int)floor(log(k->lambda[u]) / ln2) - BOTTOM] -= k->lambda[u] * m->g[u] * m->g[u];
}

static void shell_energies(const turning *k, const double *g, double *energy)
{
    memset(energy, 0, N_SHELLS * sizeof *energy);
    for (int u = 0; u < N; u++)
        energy[(int)floor(log(k->lambda[u]) / ln2) - BOTTOM] += 0.5 * g[u] * g[u];
}

/* What the walk leaves behind. */
typedef struct outcome {
    double modes_error;  /* |sum_u g_u phi_u - e|/|e(0)| at the end */
    double orthogonal;   /* largest entry of phi phi^T - 1 */
    double energy_error; /* of shells: integral of rates against differences, of all energy */
} outcome;

/* One Runge-Kutta step of the modes from the slope at its beginning. */
static void step_modes(const turning *k, fault wrong, modes *slope, modes *m)
{
    static modes at;
    static double mt[N * N];
    const double dt = END / N_STEPS;
    add(m, 0.5 * dt, &slope[0], &at);
    slope_of(k, &at, wrong, mt, &slope[1]);
    add(m, 0.5 * dt, &slope[1], &at);
    slope_of(k, &at, wrong, mt, &slope[2]);
    add(m, dt, &slope[2], &at);
    slope_of(k, &at, wrong, mt, &slope[3]);
    add(m, dt / 6.0, &slope[0], m);
    add(m, dt / 3.0, &slope[1], m);
    add(m, dt / 3.0, &slope[2], m);
    add(m, dt / 6.0, &slope[3], m);
}

/* Takes the modes to END; integral[a] := that of the shells' rates, by Simpson's rule. */
static void follow_modes(const turning *k, fault wrong, modes *m, double *integral)
{
    static modes slope[4];
    static double mt[N * N];
    double rates[N_SHELLS];
    memset(integral, 0, N_SHELLS * sizeof *integral);
    for (int step = 0; step <= N_STEPS; step++) {
        const bool is_end = step == 0 || step == N_STEPS;
        const double weight = is_end ? 1.0 : 2.0 + 2.0 * (step % 2);
        slope_of(k, m, wrong, mt, &slope[0]);
        shell_rates(k, m, wrong, mt, rates);
        for (int a = 0; a < N_SHELLS; a++)
            integral[a] += weight * END / N_STEPS / 3.0 * rates[a];
        if (step < N_STEPS) step_modes(k, wrong, slope, m);
    }
}

/* g := rows e */
static void project(const double *rows, const double *e, double *g)
{
    for (int u = 0; u < N; u++) {
        g[u] = 0.0;
        for (int i = 0; i < N; i++)
            g[u] += rows[u * N + i] * e[i];
    }
}

/* Largest component of sum_u g_u phi_u - e. */
static double compare_modes(const modes *m, const double *e)
{
    double worst = 0.0;
    for (int i = 0; i < N; i++) {
        double sum = -e[i];
        for (int u = 0; u < N; u++)
            sum += m->g[u] * m->phi[u * N + i];
        worst = fmax(worst, fabs(sum));
    }
    return worst;
}

static double orthogonality(const modes *m)
{
    double worst = 0.0;
    double products[N];
    for (int u = 0; u < N; u++) {
        project(m->phi, m->phi + (size_t)u * N, products);
        products[u] -= 1.0;
        for (int v = 0; v < N; v++)
            worst = fmax(worst, fabs(products[v]));
    }
    return worst;
}

static outcome walk(const turning *k, fault wrong)
{
    static modes m;
    double e[N];
    double g[N];
    double integral[N_SHELLS];
    double first[N_SHELLS];
    double last[N_SHELLS];
    memcpy(m.phi, k->rows, sizeof m.phi);
    for (int i = 0; i < N; i++)
        e[i] = cos(1.0 + i * i) / sqrt(0.5 * N);
    project(m.phi, e, m.g);
    shell_energies(k, m.g, first);
    follow_modes(k, wrong, &m, integral);
    follow_error(k, e);
    outcome found = {.modes_error = compare_modes(&m, e), .orthogonal = orthogonality(&m)};
    turn(k, -END, e, e); /* the true eigenvectors are those of the start, turned */
    project(k->rows, e, g);
    shell_energies(k, g, last);
    for (int a = 0; a < N_SHELLS; a++)
        found.energy_error = fmax(found.energy_error, fabs(last[a] - first[a] - integral[a]));
    return found;
}

static turning kernel;

/* Runge-Kutta with lambda dt = 1/64: (1/64)^4 10/120 = 5e-9 at most, of |e(0)| = 1. */
static void modes_and_error_agree_over_ten_e_folds(void **state)
{
    (void)state;
    const outcome found = walk(&kernel, RIGHT);
    assert_true(found.modes_error < 1e-8);
    assert_true(found.orthogonal < 1e-10);
    assert_true(found.energy_error < 1e-8);
}

static void a_frozen_kernel_is_noticed(void **state)
{
    (void)state;
    const outcome found = walk(&kernel, FROZEN);
    assert_true(found.modes_error > 1e-3);
    assert_true(found.energy_error > 1e-4);
}

static void shuffled_eigenvectors_are_noticed(void **state)
{
    (void)state;
    const outcome found = walk(&kernel, SHUFFLED);
    assert_true(found.modes_error < 1e-8); /* the modes themselves are right */
    assert_true(found.energy_error > 1e-4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(modes_and_error_agree_over_ten_e_folds),
        cmocka_unit_test(a_frozen_kernel_is_noticed),
        cmocka_unit_test(shuffled_eigenvectors_are_noticed),
    };
    make_turning(&kernel);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
