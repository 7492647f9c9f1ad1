/*
 * What a measurement of shells must show before anything is believed of it, each with a mutation
 * that must break it: the budget of a network's shells against differences, the split between
 * residual and plain nets, the frontier of transport, the lazy limit.
 */
#include "check.h"

#include <math.h>
#include <renorm/shells.h>
#include <renorm/transport_solve.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "sphere_net.h"
#include "transport_cases.h"

#define N SPHERE_N

static const double ln2 = 0.69314718055994530942;

/* ---- the budget of a network's shells -------------------------------------------------------- */

typedef struct state {
    double lambda[N];
    double phi[N * N];
    double e[N];
    double g[N];
    double mt[N * N];
} state;

static void project(state *at)
{
    for (int u = 0; u < N; u++) {
        at->g[u] = 0.0;
        for (int i = 0; i < N; i++)
            at->g[u] += at->phi[u * N + i] * at->e[i];
    }
}

/* Number of the mode of `later` that mode u has become: the largest overlap. */
static int follow(const state *now, int u, const state *later)
{
    int best = 0;
    double most = 0.0;
    for (int v = 0; v < N; v++) {
        double overlap = 0.0;
        for (int i = 0; i < N; i++)
            overlap += now->phi[u * N + i] * later->phi[v * N + i];
        if (fabs(overlap) > most) {
            most = fabs(overlap);
            best = v;
        }
    }
    return best;
}

typedef struct budget {
    double worst;      /* |dE/dt - (T - D)| over the sizes of what is added up, D and every T, of
                          shells with 1e-3 of the energy */
    double transfers;  /* sum of all T over the sum of their sizes */
    double exchanged;  /* that sum of sizes over sum D */
    double dissipated; /* sum D over the energy */
} budget;

/* Modes keep the shell of their first eigenvalue. */
static int shell_of(const rn_shell_grid *grid, double lambda)
{
    const int bottom = (int)(grid->high - grid->low);
    if (!(lambda > 0.0)) return bottom;
    const int shell = (int)floor(log(lambda) / grid->width) - (int)grid->low;
    return shell < 0 ? bottom : shell;
}

static budget measure_budget(const state *now, const state *later, double dt, bool is_frozen)
{
    static const double still[N * N];
    enum { MOST = 64 };
    rn_shell_grid grid;
    double rate[MOST] = {0};
    double decay[MOST] = {0};
    double energy[MOST] = {0};
    static double exchange[MOST * MOST];
    assert_status(rn_shell_grid_choose(ln2, now->lambda[N - 1], 1e-12 * now->lambda[N - 1], &grid),
                  RN_OK);
    const int m = (int)rn_shell_grid_size(&grid);
    assert_in_range(m, 4, MOST);
    const rn_shell_input input = {.n = N,
                                  .n_samples = N,
                                  .lambda = now->lambda,
                                  .g = now->g,
                                  .mt = is_frozen ? still : now->mt};
    assert_status(rn_shell_exchange(&grid, &input, exchange), RN_OK);
    budget out = {0};
    double total = 0.0;
    for (int u = 0; u < N; u++) {
        const int shell = shell_of(&grid, now->lambda[u]);
        const double after = later->g[follow(now, u, later)];
        rate[shell] += (after * after - now->g[u] * now->g[u]) / (2.0 * N * dt);
        decay[shell] += now->lambda[u] * now->g[u] * now->g[u] / N;
        energy[shell] += now->g[u] * now->g[u] / (2.0 * N);
        total += now->g[u] * now->g[u] / (2.0 * N);
    }
    double sum = 0.0;
    for (int a = 0; a < m; a++) {
        double gain = 0.0;
        double sizes = 0.0;
        for (int b = 0; b < m; b++) {
            gain += exchange[a * m + b];
            sizes += fabs(exchange[a * m + b]);
        }
        out.exchanged += sizes;
        sum += gain;
        out.dissipated += decay[a];
        if (energy[a] > 1e-3 * total)
            out.worst = fmax(out.worst, fabs(rate[a] - gain + decay[a]) / (decay[a] + sizes));
    }
    out.transfers = out.exchanged > 0.0 ? fabs(sum) / out.exchanged : 0.0;
    out.exchanged /= out.dissipated;
    out.dissipated /= total;
    return out;
}

/* A plain net, whose eigenvectors turn fast. */
static void shells_of_a_network_gain_what_they_exchange_less_what_they_lose(void **unused)
{
    (void)unused;
    static state now;
    static state later;
    sphere_net net;
    budget found[2];
    const double dt = 1e-4;
    sphere_net_create(8, false, "1.5", check_seed(), &net);
    sphere_net_measure(&net, 0.0, now.lambda, now.phi, now.e, now.mt);
    project(&now);
    for (int half = 0; half < 2; half++) {
        const double step = half ? 0.5 * dt : dt;
        sphere_net_measure(&net, step, later.lambda, later.phi, later.e, NULL);
        project(&later);
        found[half] = measure_budget(&now, &later, step, false);
    }
    const budget frozen = measure_budget(&now, &later, 0.5 * dt, true);
    sphere_net_destroy(&net);
    assert_true(found[0].worst <= 2e-3);
    /* forward differences: first order */
    assert_true(found[0].worst / found[1].worst > 1.8 && found[0].worst / found[1].worst < 2.2);
    assert_true(found[0].transfers <= 1e-12);
    assert_true(found[0].exchanged > 1e-2);
    /* a frozen kernel exchanges nothing, dissipates as before, and misses the truth */
    assert_close(frozen.exchanged, 0.0, 0.0);
    assert_close(frozen.dissipated, found[0].dissipated, 0.0);
    assert_true(frozen.worst > 0.1);
}

/* ---- residual against plain nets ------------------------------------------------------------- */

static double delta_of(int depth, bool is_residual, uint64_t seed)
{
    static state at;
    sphere_net net;
    sphere_net_create(depth, is_residual, "0", seed, &net);
    sphere_net_measure(&net, 0.0, at.lambda, at.phi, at.e, at.mt);
    sphere_net_destroy(&net);
    const rn_coupling_input input = {.n = N, .lambda = at.lambda, .mt = at.mt};
    rn_coupling_options options = rn_coupling_options_defaults();
    options.n_draws = 1; /* neither floor nor splits are asked for */
    options.n_splits = 1;
    options.n_noise_splits = 0;
    rn_coupling_report report = {0};
    assert_status(rn_couplings_measure(&input, &options, &report), RN_OK);
    const double delta = report.grid.delta;
    rn_coupling_report_clear(&report);
    return delta;
}

static int by_value(const void *left, const void *right)
{
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a > b) - (a < b);
}

static double median_delta(int depth, bool is_residual)
{
    double delta[8];
    for (int i = 0; i < 8; i++)
        delta[i] = delta_of(depth, is_residual, check_seed() + (uint64_t)i);
    qsort(delta, 8, sizeof *delta, by_value);
    return 0.5 * (delta[3] + delta[4]);
}

static bool splits(double kept, double lost)
{
    return kept <= 0.25 && lost >= 0.40 && lost / kept >= 2.5;
}

/* Eight seeds; test_coupling_table has 32 and all gates. */
static void deep_plain_nets_lose_log_shift_invariance_and_residual_ones_keep_it(void **unused)
{
    (void)unused;
    const double residual = median_delta(16, true);
    const double plain = median_delta(16, false);
    const double shallow = median_delta(4, false);
    assert_true(splits(residual, plain));
    assert_false(splits(plain, residual));   /* arms swapped */
    assert_false(splits(residual, shallow)); /* not deep */
}

/* ---- the frontier of transport --------------------------------------------------------------- */

typedef struct wind {
    rn_transport_law law;
    double bump; /* factor between s = -5 and -3 */
} wind;

static rn_status blow(void *user, double t, rn_index n, const double *s, double *w)
{
    const wind *x = user;
    (void)t;
    for (rn_index i = 0; i < n; i++) {
        const double inside = exp(-pow((s[i] + 4.0) / 0.7, 4.0));
        w[i] = -x->law.c * exp(x->law.a * s[i]) * (1.0 + (x->bump - 1.0) * inside);
    }
    return RN_OK;
}

static double hill(double x)
{
    return fabs(x) < 1.0 ? pow(1.0 - x * x, 3.0) : 0.0;
}

/* Slope of the mean of s against ln t over a decade of late times, all energy kept: every mode then
   stands at the frontier. */
static double frontier_slope(double a, double bump, double middle, double early)
{
    enum { CELLS = 200, TIMES = 9 };
    static double energy[CELLS];
    wind x = {.law = {a, 0.7, 0}, .bump = bump};
    const double low = -12.0;
    const double high = middle + 1.2;
    const double width = (high - low) / CELLS;
    double times[TIMES];
    for (int i = 0; i < CELLS; i++)
        energy[i] = width * hill(low + (i + 0.5) * width - middle);
    for (int k = 0; k < TIMES; k++)
        times[k] = early * pow(10.0, k / (TIMES - 1.0));
    const rn_transport_problem p = {.lower = low,
                                    .upper = high,
                                    .n_cells = CELLS,
                                    .initial = energy,
                                    .n_times = TIMES,
                                    .times = times,
                                    .velocity = blow,
                                    .user = &x,
                                    .no_dissipation = 1};
    rn_transport_solution found = {0};
    assert_status(rn_transport_solve(&p, NULL, NULL, &found), RN_OK);
    double sxy = 0.0;
    double sxx = 0.0;
    for (int k = 0; k < TIMES; k++) {
        double mean = 0.0;
        double sum = 0.0;
        for (int i = 0; i < CELLS; i++) {
            mean += found.density[k * CELLS + i] * found.s[i];
            sum += found.density[k * CELLS + i];
        }
        const double along = log(times[k] / times[0]) - 0.5 * log(10.0);
        sxy += along * mean / sum;
        sxx += along * along;
    }
    rn_transport_solution_clear(&found);
    return sxy / sxx;
}

/* lambda* = (a c t)^(-1/a): slope -1/a, from times at which lambda0^-a is a few per cent of a c t.
 */
static void the_frontier_moves_with_its_exponent(void **unused)
{
    (void)unused;
    const struct {
        double a, middle, early;
    } cases[] = {{0.5, 2.5, 50.0}, {1.0, 2.5, 10.0}, {2.0, 1.0, 50.0}};
    for (int i = 0; i < 3; i++)
        assert_close(frontier_slope(cases[i].a, 1.0, cases[i].middle, cases[i].early),
                     -1.0 / cases[i].a, 0.02 / cases[i].a);
    /* a bump in the velocity on its way must show */
    assert_true(fabs(frontier_slope(1.0, 3.0, 2.5, 10.0) + 1.0) > 0.05);
}

/* ---- the lazy limit -------------------------------------------------------------------------- */

/* ln L against ln t over two decades, the frozen kernel lambda_i = i^-decay, g_i^2 = i^-3. */
static double lazy_slope(double decay)
{
    enum { MODES = 512, TIMES = 9 };
    static double lambda[MODES];
    static double g[MODES];
    static double mt[MODES * MODES]; /* zero: the kernel rests */
    rn_shell_grid grid;
    double sxy = 0.0;
    double sxx = 0.0;
    for (int k = 0; k < TIMES; k++) {
        const double t = 15.0 * pow(100.0, k / (TIMES - 1.0)); /* 1 << 2t << MODES^2 = 262144 */
        for (int i = 0; i < MODES; i++) {
            const double rank = MODES - i;
            lambda[i] = pow(rank, -decay);
            g[i] = pow(rank, -1.5) * exp(-lambda[i] * t);
        }
        assert_status(rn_shell_grid_choose(ln2, 1.0, 1e-9, &grid), RN_OK);
        const rn_shell_input input = {
            .n = MODES, .n_samples = 1, .lambda = lambda, .g = g, .mt = mt};
        rn_shell_report report = {0};
        assert_status(rn_shell_measure(&grid, &input, NULL, &report), RN_OK);
        for (rn_index b = 0; b < report.n_boundaries; b++) {
            if (!isnan(report.flux[b])) assert_close(report.flux[b], 0.0, 0.0);
            if (!isnan(report.velocity[b])) assert_close(report.velocity[b], 0.0, 0.0);
        }
        const double along = log(t / 15.0) - log(10.0);
        sxy += along * log(report.loss);
        sxx += along * along;
        rn_shell_report_clear(&report);
    }
    return sxy / sxx;
}

static void a_frozen_kernel_learns_as_the_lazy_limit_says(void **unused)
{
    (void)unused;
    /* L ~ t^-((beta - 1)/alpha), alpha = 2, beta = 3 */
    assert_close(lazy_slope(2.0), -1.0, 0.03);
    assert_true(fabs(lazy_slope(2.2) + 1.0) > 0.06); /* another spectrum is another exponent */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shells_of_a_network_gain_what_they_exchange_less_what_they_lose),
        cmocka_unit_test(deep_plain_nets_lose_log_shift_invariance_and_residual_ones_keep_it),
        cmocka_unit_test(the_frontier_moves_with_its_exponent),
        cmocka_unit_test(a_frozen_kernel_learns_as_the_lazy_limit_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
