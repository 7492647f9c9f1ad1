/*
 * The couplings of residual and plain networks at the start of training, through the public calls
 * alone. Prints the table of docs/theory/couplings.md and checks its ratios. RN_TEST_CASES: seeds.
 */
#include <math.h>
#include <renorm/couplings.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "sphere_net.h"

#define MAX_SEEDS 64
enum { N = SPHERE_N };

/* One architecture over its seeds. */
typedef struct arm {
    double delta[MAX_SEEDS];
    double tilt[MAX_SEEDS];
    double kappa[MAX_SEEDS];
    double floor[MAX_SEEDS];
    double shifted[MAX_SEEDS];
    double square[MAX_SEEDS];
    double square_tilt[MAX_SEEDS];
} arm;

static void measure_seed(int depth, bool is_residual, int i, arm *out)
{
    static double phi[N * N];
    static double mt[N * N];
    double lambda[N];
    double e[N];
    sphere_net net;
    sphere_net_create(depth, is_residual, "0", check_seed() + (uint64_t)i, &net);
    sphere_net_measure(&net, 0.0, lambda, phi, e, mt);
    sphere_net_destroy(&net);
    const rn_coupling_input input = {.n = N, .lambda = lambda, .mt = mt};
    rn_coupling_report report = {0};
    assert_status(rn_couplings_measure(&input, NULL, &report), RN_OK);
    out->delta[i] = report.grid.delta;
    out->tilt[i] = report.grid.delta_tilt;
    out->kappa[i] = report.grid.kappa;
    out->floor[i] = report.grid.floor;
    out->shifted[i] = report.shifted.delta;
    out->square[i] = report.grid.cross.square;
    out->square_tilt[i] = report.grid.cross_tilt.square;
    rn_coupling_report_clear(&report);
}

static int by_value(const void *left, const void *right)
{
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a > b) - (a < b);
}

/* The value below which a share q of the (sorted in place) values lies, linear between them. */
static double quantile(int n, double *values, double q)
{
    qsort(values, (size_t)n, sizeof *values, by_value);
    const double place = q * (n - 1);
    const int low = (int)place;
    const int high = low + 1 < n ? low + 1 : low;
    return values[low] + (place - low) * (values[high] - values[low]);
}

static double mean_root(int n, const double *squares)
{
    double sum = 0.0;
    for (int i = 0; i < n; i++)
        sum += squares[i];
    return sqrt(fmax(sum / n, 0.0));
}

static arm measure_arm(int depth, bool is_residual, int n_seeds)
{
    arm a;
    for (int i = 0; i < n_seeds; i++)
        measure_seed(depth, is_residual, i, &a);
    print_message("| %d | %s | %.2f [%.2f, %.2f] | %.2f [%.2f, %.2f] | %+.2f | %.2f | %.2f | %.2f "
                  "| %.2f |\n",
                  depth, is_residual ? "residual" : "plain", quantile(n_seeds, a.delta, 0.5),
                  quantile(n_seeds, a.delta, 0.25), quantile(n_seeds, a.delta, 0.75),
                  quantile(n_seeds, a.tilt, 0.5), quantile(n_seeds, a.tilt, 0.25),
                  quantile(n_seeds, a.tilt, 0.75), quantile(n_seeds, a.kappa, 0.5),
                  quantile(n_seeds, a.floor, 0.5), quantile(n_seeds, a.shifted, 0.5),
                  mean_root(n_seeds, a.square), mean_root(n_seeds, a.square_tilt));
    return a;
}

/* The gates of depth 16: medians, and what decides, the split-half defect, free of sampling. */
static bool splits(int n, arm *invariant, arm *broken)
{
    const double low = quantile(n, invariant->delta, 0.5);
    const double high = quantile(n, broken->delta, 0.5);
    return low <= 0.25 && high >= 0.40 && high / low >= 2.5
           && quantile(n, broken->tilt, 0.5) / quantile(n, invariant->tilt, 0.5) >= 1.6
           && mean_root(n, broken->square) >= 2.5 * mean_root(n, invariant->square);
}

static void deep_plain_networks_break_log_shift_invariance_and_residual_ones_do_not(void **state)
{
    (void)state;
    const int n = check_cases(32) < MAX_SEEDS ? check_cases(32) : MAX_SEEDS;
    print_message("| depth | arm | delta | tilt removed | kappa | floor | shifted | cross "
                  "| tilt removed |\n|---|---|---|---|---|---|---|---|---|\n");
    arm shallow[2];
    arm deep[2];
    for (int depth = 4; depth <= 16; depth *= 2)
        for (int plain = 0; plain < 2; plain++) {
            arm a = measure_arm(depth, !plain, n);
            if (depth == 4) shallow[plain] = a;
            if (depth == 16) deep[plain] = a;
        }
    assert_true(splits(n, &deep[0], &deep[1]));
    assert_false(splits(n, &deep[1], &deep[0]));    /* arms swapped */
    assert_false(splits(n, &deep[0], &shallow[0])); /* depth swapped for plainness */
    const double ratio = quantile(n, shallow[1].delta, 0.5) / quantile(n, shallow[0].delta, 0.5);
    assert_true(ratio >= 0.7 && ratio <= 1.4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deep_plain_networks_break_log_shift_invariance_and_residual_ones_do_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
