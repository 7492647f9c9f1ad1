/*
 * Exponents of a spectrum: known ones come back, intervals hold them, and the loss they imply is
 * the loss that the modes have.
 */
#include <math.h>
#include <renorm/mode_forecast.h>
#include <renorm/spectrum_exponents.h>

#include "check.h"
#include "core/memory.h"
#include "core/rng.h"

enum { N = 3000 };

static double lambda[N], energy[N];

/* Energies of random signs' squares (chi^2 with one degree) times k^-q, as one error gives them. */
static void make(double b, double q, bool is_random, uint32_t draw)
{
    const rni_stream stream = {.seed = 8, .purpose = RNI_RNG_TEST, .part = draw};
    for (int k = 0; k < N; k++) {
        const double z = is_random ? rni_rng_normal(stream, (uint64_t)k) : 1.0;
        lambda[k] = pow(k + 1.0, -b);
        energy[k] = pow(k + 1.0, -q) * z * z;
    }
}

static void known_exponents_come_back(void **state)
{
    (void)state;
    static const double cases[3][2] = {{1.2, 1.8}, {1.5, 2.5}, {2.0, 2.0}};
    for (int i = 0; i < 3; i++) {
        rn_spectrum_exponents e;
        make(cases[i][0], cases[i][1], false, 0);
        assert_status(rn_spectrum_exponents_measure(N, lambda, energy, 0.0, 3, &e), RN_OK);
        assert_close(e.capacity.value, cases[i][0], 1e-10);
        assert_close(e.source.value, cases[i][1], 0.01); /* the mean of k^-q in a bin */
        /* the sum ends at N, which steepens the energy behind the last ranks */
        assert_close(e.implied.value, (cases[i][1] - 1.0) / cases[i][0], 0.2);
        assert_true(e.implied.value >= (cases[i][1] - 1.0) / cases[i][0] - 0.01);
        assert_true(e.from < e.to && e.first == 3 && e.last == 2000);
    }
}

static void intervals_hold_the_truth_for_one_error(void **state)
{
    (void)state;
    enum { DRAWS = 60 };
    int n_inside = 0;
    for (uint32_t draw = 0; draw < DRAWS; draw++) {
        rn_spectrum_exponents e;
        make(1.3, 2.0, true, draw + 1);
        assert_status(rn_spectrum_exponents_measure(N, lambda, energy, 0.0, 3, &e), RN_OK);
        n_inside += e.source.low <= 2.0 && e.source.high >= 2.0;
        assert_true(e.source.low <= e.source.high);
    }
    /* 90 % nominal; blocks of two of 23 bins are few: 45 of 60 at least */
    assert_in_range(n_inside, 45, 60);
}

static void the_implied_exponent_is_that_of_the_loss(void **state)
{
    (void)state;
    const rn_mode_piece flow = {.step_size = 0.0};
    const rn_mode_set set = {
        .n = N, .lambda = lambda, .energy = energy, .n_pieces = 1, .pieces = &flow};
    rn_spectrum_exponents e;
    double loss[2];
    make(1.3, 2.2, false, 0);
    assert_status(rn_spectrum_exponents_measure(N, lambda, energy, 0.0, 3, &e), RN_OK);
    const double times[2] = {3.0 * e.from, e.to / 30.0};
    assert_status(rn_modes_frozen(&set, 2, times, loss), RN_OK);
    assert_close(-log(loss[1] / loss[0]) / log(times[1] / times[0]), e.implied.value, 0.08);
}

static void order_and_units_do_not_matter(void **state)
{
    (void)state;
    rn_spectrum_exponents e;
    rn_spectrum_exponents other;
    make(1.3, 2.0, true, 1);
    assert_status(rn_spectrum_exponents_measure(N, lambda, energy, 1e-9, 0, &e), RN_OK);
    for (int k = 0; k < N / 2; k++) {
        const double l = lambda[k];
        const double g = energy[k];
        lambda[k] = lambda[N - 1 - k];
        energy[k] = energy[N - 1 - k];
        lambda[N - 1 - k] = l;
        energy[N - 1 - k] = g;
    }
    for (int k = 0; k < N; k++) {
        lambda[k] *= 64.0;
        energy[k] *= 0.5;
    }
    assert_status(rn_spectrum_exponents_measure(N, lambda, energy, 6.4e-8, 0, &other), RN_OK);
    assert_close(other.capacity.value, e.capacity.value, 1e-12);
    assert_close(other.implied.value, e.implied.value, 1e-12);
    assert_close(other.source.low, e.source.low, 1e-12);
    assert_close(other.from * 64.0 / e.from, 1.0, 1e-12);
}

static void what_cannot_be_told_is_refused(void **state)
{
    (void)state;
    rn_spectrum_exponents e = {.first = 17};
    make(1.3, 2.0, false, 0);
    assert_status(rn_spectrum_exponents_measure(30, lambda, energy, 0.0, 3, &e), RN_ERR_DOMAIN);
    assert_message_has("more samples");
    assert_status(rn_spectrum_exponents_measure(N, lambda, energy, 0.05, 3, &e), RN_ERR_DOMAIN);
    assert_status(rn_spectrum_exponents_measure(N, NULL, energy, 0.0, 3, &e), RN_ERR_ARGUMENT);
    (void)rni_fail_allocation(1);
    assert_status(rn_spectrum_exponents_measure(N, lambda, energy, 0.0, 3, &e), RN_ERR_MEMORY);
    (void)rni_fail_allocation(0);
    assert_int_equal(e.first, 17);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_exponents_come_back),
        cmocka_unit_test(intervals_hold_the_truth_for_one_error),
        cmocka_unit_test(the_implied_exponent_is_that_of_the_loss),
        cmocka_unit_test(order_and_units_do_not_matter),
        cmocka_unit_test(what_cannot_be_told_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
