/*
 * Intervals of shells on known spectra: they hold energies and dissipations that are summed up
 * directly, for sharp and smooth cuts and every number of steps; and how narrow they are.
 */
#include <float.h>
#include <math.h>
#include <renorm/shell_bounds.h>

#include "check.h"
#include "core/memory.h"
#include "known_measure.h"

enum { MOST_STEPS = 200, N_SAMPLES = 10 };

/* What is tried, and what was found. */
typedef struct tally {
    int n_tried;
    int n_missed;
    int n_shells; /* with energy above 1e-12 of all */
    int n_smooth; /* of them, half width below 10 % of the truth, smooth cuts */
    int n_sharp;  /* sharp cuts */
    int n_rough;  /* sharp cuts, below 20 % */
} tally;

static double cut(const rn_shell_grid *grid, rn_index b, double lambda, bool is_sharp)
{
    const double s = rn_shell_grid_boundary(grid, b);
    return is_sharp ? rn_shell_cut_sharp(s, grid->width, lambda)
                    : rn_shell_cut(s, grid->width, lambda);
}

/* (1/2N) or (1/N) sum of g^2 lambda^power between two cuts; upper = -1: no upper one. */
static double truth_of(const known_measure *m, const rn_shell_grid *grid, rn_index lower,
                       rn_index upper, int power, bool is_sharp)
{
    long double sum = 0.0L;
    for (rn_index u = 0; u < m->n; u++) {
        const double lambda = m->lambda[u];
        double chi = cut(grid, lower, lambda, is_sharp);
        if (upper >= 0) chi -= cut(grid, upper, lambda, is_sharp);
        sum += (long double)(chi * m->e[u]) * (long double)m->e[u]
               * (power ? 2.0L * (long double)lambda : 1.0L);
    }
    return (double)(sum / (2.0L * N_SAMPLES));
}

static bool holds(tally *t, double low, double high, double truth, double total)
{
    /* sums of the mesh and of the truth round in another way */
    const double slack = 1e-13 * total;
    const bool is_in = low >= 0.0 && low - slack <= truth && truth <= high + slack;
    t->n_tried++;
    t->n_missed += !is_in;
    if (!is_in) print_message("%.17g not in %.17g .. %.17g\n", truth, low, high);
    return is_in;
}

static void compare(const known_measure *m, const rn_shell_bounds *b, double total, tally *t)
{
    const rn_shell_grid *grid = &b->grid;
    const double rate = truth_of(m, grid, 0, -1, 1, false);
    for (rn_index i = 0; i < b->n_boundaries; i++) {
        (void)holds(t, b->above_low[i], b->above_high[i], truth_of(m, grid, i, -1, 0, false),
                    total);
        (void)holds(t, b->dissipation_low[i], b->dissipation_high[i],
                    truth_of(m, grid, i, -1, 1, false), rate);
    }
    for (rn_index i = 0; i + 1 < b->n_boundaries; i++) {
        const double smooth = truth_of(m, grid, i, i + 1, 0, false);
        const double sharp = truth_of(m, grid, i, i + 1, 0, true);
        (void)holds(t, b->energy_low[i], b->energy_high[i], smooth, total);
        (void)holds(t, b->energy_sharp_low[i], b->energy_sharp_high[i], sharp, total);
        (void)holds(t, b->loss_low[i], b->loss_high[i], truth_of(m, grid, i, i + 1, 1, false),
                    rate);
        if (sharp < 1e-12 * total) continue;
        t->n_shells++;
        t->n_smooth += b->energy_high[i] - b->energy_low[i] <= 0.2 * smooth;
        const double width = b->energy_sharp_high[i] - b->energy_sharp_low[i];
        t->n_sharp += width <= 0.2 * sharp;
        t->n_rough += width <= 0.4 * sharp;
    }
}

static void measure(const known_measure *m, const rn_jacobi *rule, tally *t)
{
    double top = 0.0;
    double bottom = (double)INFINITY;
    rn_shell_grid grid;
    rn_shell_bounds bounds = {0};
    for (rn_index u = 0; u < m->n; u++) {
        top = fmax(top, m->lambda[u]);
        bottom = fmin(bottom, m->lambda[u]);
    }
    assert_status(rn_shell_grid_choose(0.0, top, fmin(bottom, 0.5 * top), &grid), RN_OK);
    assert_status(rn_shell_bounds_measure(&grid, rule, N_SAMPLES, &bounds), RN_OK);
    compare(m, &bounds, 0.5 / N_SAMPLES * rule->mass, t);
    rn_shell_bounds_clear(&bounds);
}

static void intervals_of_shells_hold_the_truth(void **state)
{
    (void)state;
    static const rn_index steps[] = {1, 50, 100, 200};
    const int n_cases = check_cases(4);
    tally all[4] = {{0}};
    int n_missed = 0;
    for (int i = 0; i < n_cases; i++) {
        known_measure m;
        rn_lanczos *lanczos = NULL;
        known_measure_make((measure_kind)(i % MEASURE_KINDS), 400 + 300 * (i % 5),
                           check_seed() + (uint64_t)i, &m);
        assert_status(rn_lanczos_create(m.op, m.e, MOST_STEPS, &lanczos), RN_OK);
        for (int k = 0; k < 4; k++) {
            assert_status(rn_lanczos_extend(lanczos, steps[k]), RN_OK);
            const rn_jacobi rule = rn_lanczos_rule(lanczos, steps[k]);
            measure(&m, &rule, &all[k]);
        }
        rn_lanczos_destroy(lanczos);
        known_measure_clear(&m);
    }
    for (int k = 0; k < 4; k++) {
        print_message("%3d steps: %d intervals, %d missed; of %d shells to 10 %%: %d smooth, %d "
                      "sharp\n",
                      (int)steps[k], all[k].n_tried, all[k].n_missed, all[k].n_shells,
                      all[k].n_smooth, all[k].n_sharp);
        n_missed += all[k].n_missed;
    }
    assert_int_equal(n_missed, 0);
}

enum { N = 1500, N_SHELLS = 19 };

/* 19 shells over 5.4 decades, the spectrum just inside, so that no eigenvalue lies on a cut. */
static void make_example(bool is_power_law, double source, uint64_t seed, rn_shell_grid *grid,
                         known_measure *m)
{
    const double width = 5.4 * log(10.0) / N_SHELLS;
    *grid = (rn_shell_grid){.width = width, .low = -N_SHELLS, .high = 1};
    known_measure_make(MEASURE_LOG_UNIFORM, N, seed, m);
    double top = 0.0;
    for (rn_index u = 0; u < N; u++)
        top = fmax(top, m->lambda[u]);
    for (rn_index u = 0; u < N; u++) {
        const double rank = log((double)(u + 1)) / log((double)N);
        double place = is_power_law ? rank : -log10(m->lambda[u] / top) / 5.4;
        place = fmin(place, 1.0);
        m->lambda[u] = exp(-width * (0.02 + (N_SHELLS - 0.04) * place));
        if (is_power_law) m->e[u] *= pow((double)(u + 1), -0.5 * source);
    }
}

static tally resolve_example(bool is_power_law, double source, uint64_t seed)
{
    known_measure m;
    rn_lanczos *lanczos = NULL;
    rn_shell_grid grid;
    rn_shell_bounds bounds = {0};
    tally t = {0};
    make_example(is_power_law, source, seed, &grid, &m);
    assert_status(rn_lanczos_create(m.op, m.e, MOST_STEPS, &lanczos), RN_OK);
    assert_status(rn_lanczos_extend(lanczos, MOST_STEPS), RN_OK);
    const rn_jacobi rule = rn_lanczos_rule(lanczos, MOST_STEPS);
    assert_status(rn_shell_bounds_measure(&grid, &rule, N_SAMPLES, &bounds), RN_OK);
    compare(&m, &bounds, 0.5 / N_SAMPLES * rule.mass, &t);
    rn_shell_bounds_clear(&bounds);
    rn_lanczos_destroy(lanczos);
    known_measure_clear(&m);
    return t;
}

/* How many shells are guaranteed depends on the residual drawn: no case may be far below the usual
   count, and the mean not below what is told of them (docs/theory/quadrature.md, 200 seeds). */
static void power_laws_are_resolved_and_log_uniform_spectra_are_hard(void **state)
{
    (void)state;
    const int n_cases = check_cases(2);
    double mean_smooth = 0.0;
    double mean_sharp = 0.0;
    double mean_rough = 0.0;
    for (int i = 0; i < n_cases; i++) {
        for (int source = 0; source <= 2; source++) {
            const tally t = resolve_example(true, source, check_seed() + (uint64_t)i);
            print_message("power law, g^2 as rank^-%d: %d smooth, %d sharp of %d, %d to 20 %%\n",
                          source, t.n_smooth, t.n_sharp, t.n_shells, t.n_rough);
            assert_int_equal(t.n_missed, 0);
            assert_int_equal(t.n_shells, N_SHELLS);
            assert_true(t.n_smooth >= 13 && t.n_sharp >= 14 && t.n_rough >= 17);
            mean_smooth += t.n_smooth / (3.0 * n_cases);
            mean_sharp += t.n_sharp / (3.0 * n_cases);
            mean_rough += t.n_rough / (3.0 * n_cases);
        }
        const tally t = resolve_example(false, 0.0, check_seed() + (uint64_t)i);
        print_message("log-uniform: %d smooth, %d sharp of %d\n", t.n_smooth, t.n_sharp,
                      t.n_shells);
        assert_int_equal(t.n_missed, 0);
        assert_true(t.n_sharp >= 3 && t.n_sharp < 10);
    }
    print_message("power laws: %.2f smooth, %.2f sharp of %d, %.2f to 20 %%\n", mean_smooth,
                  mean_sharp, N_SHELLS, mean_rough);
    assert_true(mean_smooth >= 14.5 && mean_sharp >= 15.3 && mean_rough >= 18.8);
}

/* Shells of one case, and those whose truth lies within one error. */
static void try_estimates(measure_kind kind, rn_index n_steps, int i, int *n_within, int *n_shells)
{
    enum { MOST_SHELLS = 64 };
    known_measure m;
    rn_lanczos *lanczos = NULL;
    rn_shell_grid grid;
    double energy[MOST_SHELLS];
    double error[MOST_SHELLS];
    double top = 0.0;
    double bottom = (double)INFINITY;
    known_measure_make(kind, 500 + 500 * (i % 3), check_seed() + (uint64_t)i, &m);
    for (rn_index u = 0; u < m.n; u++) {
        top = fmax(top, m.lambda[u]);
        bottom = fmin(bottom, m.lambda[u]);
    }
    assert_status(rn_shell_grid_choose(0.0, top, bottom, &grid), RN_OK);
    assert_true(rn_shell_grid_size(&grid) <= MOST_SHELLS);
    assert_status(rn_lanczos_create(m.op, m.e, n_steps, &lanczos), RN_OK);
    assert_status(rn_lanczos_extend(lanczos, n_steps), RN_OK);
    const rn_jacobi rule = rn_lanczos_rule(lanczos, n_steps);
    assert_status(rn_shell_estimate(&grid, &rule, N_SAMPLES, energy, error), RN_OK);
    const double total = 0.5 / N_SAMPLES * rule.mass;
    for (rn_index b = 0; b + 1 < rn_shell_grid_size(&grid); b++) {
        const double truth = truth_of(&m, &grid, b, b + 1, 0, false);
        if (truth < 1e-12 * total || error[b] >= total) continue; /* empty, or not resolved */
        *n_shells += 1;
        *n_within += fabs(energy[b] - truth) <= error[b] + 1e-12 * total;
    }
    rn_lanczos_destroy(lanczos);
    known_measure_clear(&m);
}

static void errors_of_estimates_are_calibrated(void **state)
{
    (void)state;
    static const rn_index steps[] = {25, 50, 100, 200};
    const int n_cases = check_cases(3);
    for (int kind = 0; kind < MEASURE_KINDS; kind++)
        for (int k = 0; k < 4; k++) {
            int n_shells = 0;
            int n_within = 0;
            for (int i = 0; i < n_cases; i++)
                try_estimates((measure_kind)kind, steps[k], i, &n_within, &n_shells);
            print_message("%s, %d steps: %d of %d resolved shells within the error\n",
                          measure_name((measure_kind)kind), (int)steps[k], n_within, n_shells);
            /* the claim is 90 %, seen on 20 cases; 3 cases scatter by about 5 % */
            if (steps[k] >= 50) assert_true(n_within >= 0.85 * n_shells);
        }
}

static void mistakes_and_lack_of_memory_are_reported(void **state)
{
    (void)state;
    const double a[2] = {1.0, 0.5};
    const double b[2] = {0.1, (double)INFINITY};
    rn_jacobi rule = {.n = 2, .mass = 1.0, .diagonal = a, .coupling = b};
    const rn_shell_grid grid = {.width = 1.0, .low = -3, .high = 2};
    const rn_shell_grid empty = {.width = 1.0, .low = 0, .high = 0};
    rn_shell_bounds bounds = {0};
    assert_status(rn_shell_bounds_measure(&grid, &rule, 1, &bounds), RN_ERR_ARGUMENT);
    assert_null(bounds.above_low);
    rule.n = 1;
    assert_status(rn_shell_bounds_measure(&grid, &rule, 0, &bounds), RN_ERR_ARGUMENT);
    assert_status(rn_shell_bounds_measure(&empty, &rule, 1, &bounds), RN_ERR_ARGUMENT);
    assert_status(rn_shell_bounds_measure(&grid, NULL, 1, &bounds), RN_ERR_ARGUMENT);
    const rn_index before = rni_memory_bytes();
    rn_status status = RN_ERR_MEMORY;
    long fault = 0;
    while (status == RN_ERR_MEMORY) {
        (void)rni_fail_allocation(++fault);
        status = rn_shell_bounds_measure(&grid, &rule, 1, &bounds);
        assert_true(status == RN_OK || rni_memory_bytes() == before);
    }
    (void)rni_fail_allocation(0);
    assert_status(status, RN_OK);
    assert_true(fault > 4);
    rn_shell_bounds_clear(&bounds);
    rn_shell_bounds_clear(NULL);
    assert_int_equal(rni_memory_bytes(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_of_shells_hold_the_truth),
        cmocka_unit_test(power_laws_are_resolved_and_log_uniform_spectra_are_hard),
        cmocka_unit_test(errors_of_estimates_are_calibrated),
        cmocka_unit_test(mistakes_and_lack_of_memory_are_reported),
    };
    return cmocka_run_group_tests_name("shell bounds", tests, NULL, NULL);
}
