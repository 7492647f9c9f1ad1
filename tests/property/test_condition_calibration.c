/*
 * How often the tests of families and the test for bursts are wrong on ensembles whose truth is
 * known, and how often they decide. Prints the tables of docs/calibration.md. RN_TEST_CASES: draws
 * of each kind; without it a short form runs that only looks for false alarms.
 *
 * Blocks: products of random Jacobians whose norm shrinks, stays or grows per block. Scatter: runs
 * with ln y = w^b times a random number. Bursts: a relative speed that drifts and flickers, with or
 * without one peak.
 */
#include <math.h>
#include <renorm/evolution.h>
#include <renorm/family.h>
#include <renorm/propagation.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "core/memory.h"
#include "core/rng.h"
#include "jacobi.h"

enum { WIDTH = 16, MAX_DEPTH = 32, N_DEPTHS = 4, SIDE = MAX_DEPTH + 1 };

typedef enum kind { RESIDUAL, ORTHOGONAL, GAUSSIAN } kind;

/* B_l = I + rate G / sqrt(w L^scaled), e^rate Q, or e^rate G / sqrt(w). */
typedef struct ensemble {
    const char *name;
    double rate;
    kind kind;
    bool is_scaled; /* residual branches by 1/sqrt(depth) */
    bool is_bounded;
} ensemble;

static const ensemble ensembles[] = {
    {"residual, branch 1/sqrt(depth)", 1.0, RESIDUAL, true, true},
    {"residual, branch 0.5/sqrt(depth)", 0.5, RESIDUAL, true, true},
    {"orthogonal, exponent 0", 0.0, ORTHOGONAL, false, true},
    {"orthogonal, exponent -0.1", -0.1, ORTHOGONAL, false, true},
    {"Gaussian, exponent -0.5", -0.5, GAUSSIAN, false, true},
    {"Gaussian, exponent 0", 0.0, GAUSSIAN, false, false},
    {"orthogonal, exponent +0.05", 0.05, ORTHOGONAL, false, false},
    {"orthogonal, exponent +0.1", 0.1, ORTHOGONAL, false, false},
    {"residual, branch 0.5", 0.5, RESIDUAL, false, false},
    {"Gaussian, exponent +0.2", 0.2, GAUSSIAN, false, false},
};
enum { N_ENSEMBLES = sizeof ensembles / sizeof ensembles[0] };

static const rn_index depths[N_DEPTHS] = {4, 8, 16, 32};

static void draw_block(const ensemble *e, rn_index depth, uint32_t part, double *out)
{
    const double scale = e->is_scaled ? 1.0 / sqrt((double)depth) : 1.0;
    if (e->kind == ORTHOGONAL)
        random_orthogonal(check_seed(), part, WIDTH, out);
    else
        random_fill(check_seed(), part, (rn_index)WIDTH * WIDTH, out);
    for (int i = 0; i < WIDTH * WIDTH; i++) {
        if (e->kind == RESIDUAL) out[i] *= e->rate * scale / sqrt(WIDTH);
        if (e->kind == ORTHOGONAL) out[i] *= exp(e->rate);
        if (e->kind == GAUSSIAN) out[i] *= exp(e->rate) / sqrt(WIDTH);
    }
    for (int i = 0; e->kind == RESIDUAL && i < WIDTH; i++)
        out[i * WIDTH + i] += 1.0;
}

/* The largest gain over all pairs of one chain. */
static double draw_gain(const ensemble *e, rn_index depth, uint32_t part)
{
    static double jacobians[MAX_DEPTH * WIDTH * WIDTH];
    double sigma[SIDE * SIDE];
    rn_index width[SIDE];
    for (rn_index l = 0; l < depth; l++)
        draw_block(e, depth, part * 64 + (uint32_t)l, jacobians + l * (rn_index)(WIDTH * WIDTH));
    for (rn_index l = 0; l <= depth; l++)
        width[l] = WIDTH;
    for (rn_index i = 0; i < (depth + 1) * (depth + 1); i++)
        sigma[i] = (double)NAN;
    assert_status(rn_propagation_gains(depth, width, jacobians, sigma), RN_OK);
    double largest = 0.0;
    for (rn_index i = 0; i < (depth + 1) * (depth + 1); i++)
        largest = fmax(largest, sigma[i]);
    return largest;
}

/* Verdicts counted: cannot tell, holds, fails. */
typedef struct tally {
    int n[3];
} tally;

static double share(const tally *t, rn_verdict verdict)
{
    return (double)t->n[verdict] / (double)(t->n[0] + t->n[1] + t->n[2]);
}

/* Groups of `seeds` chains at each of the first n_depths depths, from a pool of `pool` each. */
static tally judge_depths(const double *gains, int pool, int n_depths, int seeds)
{
    tally t = {{0}};
    double depth[N_DEPTHS * 64];
    double y[N_DEPTHS * 64];
    for (int first = 0; first + seeds <= pool; first += seeds) {
        int n = 0;
        for (int d = 0; d < n_depths; d++)
            for (int s = 0; s < seeds; s++, n++) {
                depth[n] = (double)depths[d];
                y[n] = gains[d * pool + first + s];
            }
        rn_finding f;
        assert_status(rn_family_bounded(n, depth, y, &f), RN_OK);
        t.n[f.verdict]++;
    }
    return t;
}

/* At most 5 % wrong, within what that many draws can tell (two standard deviations). */
static void assert_few(double wrong, int draws)
{
    assert_true(wrong <= 0.05 + 2.0 * sqrt(0.05 * 0.95 / draws));
}

static void calibrate_ensemble(int i, int pool, int n_depths, const int *seeds, int n_seeds)
{
    const ensemble *e = &ensembles[i];
    double *gains = rni_alloc((rn_index)N_DEPTHS * pool, sizeof *gains);
    assert_non_null(gains);
    double mean[N_DEPTHS] = {0};
    for (int d = 0; d < n_depths; d++)
        for (int s = 0; s < pool; s++) {
            const uint32_t part = (uint32_t)((i * N_DEPTHS + d) * pool + s);
            gains[d * pool + s] = draw_gain(e, depths[d], part);
            mean[d] += gains[d * pool + s] / pool;
        }
    for (int k = 0; k < n_seeds; k++)
        for (int n = 3; n <= n_depths; n++) {
            const tally t = judge_depths(gains, pool, n, seeds[k]);
            const double wrong = share(&t, e->is_bounded ? RN_VERDICT_FAILS : RN_VERDICT_HOLDS);
            const double right = share(&t, e->is_bounded ? RN_VERDICT_HOLDS : RN_VERDICT_FAILS);
            print_message("| %s | %s | %.3g, %.3g, %.3g | 4 .. %d | %d | %.0f %% | %.0f %% |\n",
                          e->name, e->is_bounded ? "holds" : "fails", mean[0], mean[1], mean[2],
                          (int)depths[n - 1], seeds[k], 100.0 * wrong, 100.0 * right);
            assert_few(wrong, pool / seeds[k]);
        }
    rni_free(gains);
}

static void gains_of_known_growth_are_seldom_judged_wrongly(void **state)
{
    (void)state;
    static const int few[] = {4};
    static const int many[] = {2, 4, 8, 16};
    const int draws = check_cases(0);
    for (int i = 0; i < N_ENSEMBLES; i++)
        if (draws > 0)
            calibrate_ensemble(i, draws, N_DEPTHS, many, 4);
        else if (i == 0 || i == 2 || i == 5 || i == 7)
            calibrate_ensemble(i, 80, 3, few, 1);
}

/* ---- scatter over seeds ---------------------------------------------------------------------- */

static tally judge_widths(double exponent, int n_widths, int seeds, bool heavy, int draws)
{
    tally t = {{0}};
    double width[8 * 64];
    double y[8 * 64];
    const rni_stream stream = {
        .seed = check_seed(), .purpose = RNI_RNG_TEST, .part = heavy ? 7001 : 7000};
    uint64_t index = 0;
    for (int i = 0; i < draws; i++) {
        int n = 0;
        for (int w = 0; w < n_widths; w++)
            for (int s = 0; s < seeds; s++, n++) {
                double off = rni_rng_normal(stream, index++);
                /* Laplace: a normal number times the root of an exponential one */
                if (heavy) off *= sqrt(-log(rni_rng_uniform(stream, (1ULL << 40) + index++)));
                width[n] = 16 << w;
                y[n] = exp(0.5 * pow(width[n] / 16.0, exponent) * off);
            }
        rn_finding f;
        assert_status(rn_family_shrinking(n, width, y, &f), RN_OK);
        t.n[f.verdict]++;
    }
    return t;
}

static void calibrate_scatter(bool heavy, double exponent, int widths, int seeds, int draws)
{
    const tally t = judge_widths(exponent, widths, seeds, heavy, draws);
    const bool shrinks = exponent < -0.25;
    const double wrong = share(&t, shrinks ? RN_VERDICT_FAILS : RN_VERDICT_HOLDS);
    const double right = share(&t, shrinks ? RN_VERDICT_HOLDS : RN_VERDICT_FAILS);
    print_message("| %s | %.1f | 16 .. %d | %d | %.1f %% | %.0f %% |\n",
                  heavy ? "Laplace" : "normal", exponent, 16 << (widths - 1), seeds, 100.0 * wrong,
                  100.0 * right);
    assert_few(wrong, draws);
}

static void scatter_of_known_exponent_is_seldom_judged_wrongly(void **state)
{
    (void)state;
    static const double exponents[] = {0.0, -0.1, -0.4, -0.5};
    const int draws = check_cases(0) > 0 ? 4 * check_cases(0) : 400;
    for (int heavy = 0; heavy < 2; heavy++)
        for (int e = 0; e < 4; e++)
            for (int seeds = 4; seeds <= 32; seeds *= 2) {
                calibrate_scatter(heavy, exponents[e], 3, seeds, draws);
                calibrate_scatter(heavy, exponents[e], 5, seeds, draws);
            }
}

/* ---- bursts ---------------------------------------------------------------------------------- */

/* r drifts by a random power of time and flickers by `noise` nats; a peak of `factor` at a random
   inner moment. */
static tally judge_runs(int n, double noise, double factor, int draws)
{
    tally t = {{0}};
    double time[64];
    double ones[64];
    double turn[64];
    for (int i = 0; i < draws; i++) {
        const rni_stream stream = {
            .seed = check_seed(), .purpose = RNI_RNG_TEST, .part = 8000 + (uint32_t)i};
        const double power = 2.0 * rni_rng_normal(stream, 100);
        const int at = 1 + (int)rni_rng_below(stream, 200, (uint64_t)n - 2);
        for (int k = 0; k < n; k++) {
            time[k] = pow(1.5, k);
            ones[k] = 1.0;
            turn[k] =
                pow(time[k], power / n * 5.0) * exp(noise * rni_rng_normal(stream, (uint64_t)k));
            if (k == at) turn[k] *= factor;
        }
        const rn_evolution_input in = {
            .n = n, .time = time, .norm = ones, .size = ones, .turn = turn, .rate = ones};
        rn_evolution e;
        assert_status(rn_evolution_measure(&in, NULL, NULL, &e), RN_OK);
        t.n[e.no_bursts.verdict]++;
    }
    return t;
}

static void flicker_is_seldom_taken_for_bursts(void **state)
{
    (void)state;
    static const int moments[] = {8, 20, 40};
    static const double noises[] = {0.1, 0.2, 0.25, 0.3, 0.4};
    const int draws = check_cases(0) > 0 ? 4 * check_cases(0) : 400;
    for (int m = 0; m < 3; m++)
        for (int k = 0; k < 5; k++) {
            const tally quiet = judge_runs(moments[m], noises[k], 1.0, draws);
            const tally five = judge_runs(moments[m], noises[k], 5.0, draws);
            const tally ten = judge_runs(moments[m], noises[k], 10.0, draws);
            print_message("| %d | %.2f | %.1f %% | %.0f %% | %.0f %% |\n", moments[m], noises[k],
                          100.0 * share(&quiet, RN_VERDICT_FAILS),
                          100.0 * share(&five, RN_VERDICT_FAILS),
                          100.0 * share(&ten, RN_VERDICT_FAILS));
            if (noises[k] <= 0.2) assert_few(share(&quiet, RN_VERDICT_FAILS), draws);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gains_of_known_growth_are_seldom_judged_wrongly),
        cmocka_unit_test(scatter_of_known_exponent_is_seldom_judged_wrongly),
        cmocka_unit_test(flicker_is_seldom_taken_for_bursts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
