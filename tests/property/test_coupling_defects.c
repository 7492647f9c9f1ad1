/*
 * Log-shift defects of motions whose defect is known.
 */
#include <math.h>
#include <stdlib.h>

#include "check.h"
#include "coupling_cases.h"

#define N_DRAWS 24

static coupling_state drawn;

/* Means over draws of one kind. */
typedef struct pooled {
    double delta, delta_tilt, kappa, floor, floor_tilt;
    double square, square_tilt; /* means of the split-half squares */
    double scatter;             /* standard deviation of square over draws */
    double error;               /* rms of its own error estimate */
    double noise;               /* mean of its least scatter */
    int n_draws;
    int n_detected; /* draws with square_tilt above 3 noise */
} pooled;

static pooled pool(coupling_case kind, int n_draws, rn_index n_noise)
{
    rn_coupling_options options = rn_coupling_options_defaults();
    options.n_draws = n_noise;
    pooled sum = {.n_draws = n_draws};
    double squares = 0.0;
    double errors = 0.0;
    for (int i = 0; i < n_draws; i++) {
        kind.seed = check_seed() + (uint64_t)(1000 * i);
        coupling_draw(&kind, &drawn);
        const rn_coupling_report report = coupling_measure(&drawn, &options);
        const rn_coupling_defect *d = &report.grid;
        assert_int_equal(d->n_entries, 75); /* 12 + 11 + .. + 3 */
        assert_int_equal(d->n_offsets, 10);
        assert_int_equal(d->n_split_entries, 75);
        sum.delta += d->delta / n_draws;
        sum.delta_tilt += d->delta_tilt / n_draws;
        sum.kappa += d->kappa / n_draws;
        sum.floor += d->floor / n_draws;
        sum.floor_tilt += d->floor_tilt / n_draws;
        sum.square += d->cross.square / n_draws;
        sum.square_tilt += d->cross_tilt.square / n_draws;
        sum.noise += d->cross_tilt.noise / n_draws;
        sum.n_detected += d->cross_tilt.square > 3.0 * d->cross_tilt.noise;
        squares += d->cross.square * d->cross.square / n_draws;
        errors += d->cross.error * d->cross.error / n_draws;
    }
    sum.scatter = sqrt((squares - sum.square * sum.square) * n_draws / (n_draws - 1.0));
    sum.error = sqrt(errors);
    print_message("rank %d tilt %5.2f defect %.2f broken %d: delta %.3f (floor %.3f) tilt removed "
                  "%.3f (%.3f) kappa %6.3f; cross^2 %.4f (%.4f) scatter %.4f error %.4f noise %.4f "
                  "detected %d of %d\n",
                  kind.rank, kind.tilt, kind.defect, kind.broken, sum.delta, sum.floor,
                  sum.delta_tilt, sum.floor_tilt, sum.kappa, sum.square, sum.square_tilt,
                  sum.scatter, sum.error, sum.noise, sum.n_detected, n_draws);
    return sum;
}

/* A mean of 24 values of about 8 % scatter each. */
static void an_invariant_pattern_has_the_defect_of_noise(void **state)
{
    (void)state;
    const pooled p = pool((coupling_case){.decay = 0.4}, N_DRAWS, 32);
    assert_close(p.delta / p.floor, 1.0, 0.06);
    assert_close(p.delta_tilt / p.floor_tilt, 1.0, 0.06);
    assert_close(p.kappa, 0.0, 0.01);
    assert_true(fabs(p.square) < 3.0 * p.scatter / sqrt(N_DRAWS));
    assert_close(p.noise / p.scatter, 1.0, 0.5);
}

static void a_tilt_is_seen_and_taken_away(void **state)
{
    (void)state;
    const pooled p = pool((coupling_case){.decay = 0.4, .tilt = -0.27}, N_DRAWS, 8);
    assert_true(p.delta > 3.0 * p.floor);
    assert_close(p.delta_tilt / p.floor_tilt, 1.0, 0.08);
    assert_close(p.kappa, -0.27, 0.01);
    assert_true(p.square > 0.1);
    assert_true(fabs(p.square_tilt) < 0.005);
}

static void a_break_at_one_scale_is_found_in_every_draw(void **state)
{
    (void)state;
    const pooled p = pool((coupling_case){.decay = 0.4, .broken = 6}, N_DRAWS, 8);
    assert_int_equal(p.n_detected, N_DRAWS);
    assert_true(p.delta_tilt > 3.0 * p.floor_tilt);
    const pooled invariant = pool((coupling_case){.decay = 0.4}, N_DRAWS, 8);
    assert_true(invariant.n_detected <= 2); /* Gaussian: 0.03 expected */
}

/*
 * At every rank the mean must lie within 3.5 of its own errors of the truth (low ranks scatter
 * widely, 0.1 in square at rank 1); at high rank, where that is tight, within a fixed band. The
 * scatter, known to 7 % from 96 draws and to about 15 % where tails are heavy, must be the error
 * that each draw states.
 */
static void check_truth(double truth, double least, double most)
{
    static const int ranks[] = {0, 8, 2, 1};
    for (int i = 0; i < 4; i++) {
        const coupling_case kind = {.decay = 0.4, .rank = ranks[i], .defect = truth};
        const pooled p = pool(kind, 4 * N_DRAWS, 0);
        const double value = sqrt(fmax(p.square, 0.0));
        print_message("truth %.2f rank %d: %.3f\n", truth, ranks[i], value);
        assert_close(p.square, truth * truth, 3.5 * p.scatter / sqrt(p.n_draws));
        if (i < 2) assert_true(value >= least && value <= most);
        if (truth <= 0.0) assert_close(p.error / p.scatter, 1.0, 0.35);
    }
}

/* The bias of ln K differs between blocks of 1 and of 36 entries: 0.02 in square if left in. */
static void shells_of_very_different_sizes_make_no_defect(void **state)
{
    (void)state;
    const pooled p = pool((coupling_case){.decay = 0.4, .uneven = true}, 8 * N_DRAWS, 0);
    assert_true(p.scatter < 0.07);
    assert_close(p.square, 0.0, 3.5 * p.scatter / sqrt(p.n_draws));
}

static void no_defect_is_recovered_at_any_rank(void **state)
{
    (void)state;
    check_truth(0.0, 0.0, 0.09);
}

static void a_small_defect_is_recovered_at_any_rank(void **state)
{
    (void)state;
    check_truth(0.15, 0.14, 0.18);
}

static void a_large_defect_is_recovered_at_any_rank(void **state)
{
    (void)state;
    check_truth(0.40, 0.39, 0.42);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_invariant_pattern_has_the_defect_of_noise),
        cmocka_unit_test(a_tilt_is_seen_and_taken_away),
        cmocka_unit_test(a_break_at_one_scale_is_found_in_every_draw),
        cmocka_unit_test(no_defect_is_recovered_at_any_rank),
        cmocka_unit_test(a_small_defect_is_recovered_at_any_rank),
        cmocka_unit_test(a_large_defect_is_recovered_at_any_rank),
        cmocka_unit_test(shells_of_very_different_sizes_make_no_defect),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
