/*
 * The velocity law: numbers against numpy (tests/golden/velocity_law.py) and closed forms, the
 * symmetries of the theory, every verdict with its reason, hostile tables.
 */
#include "check.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "velocity_fields.h"

#define N_TIMES      8
#define N_BOUNDARIES 9

typedef struct sample {
    double time[N_TIMES], s[N_BOUNDARIES];
    double velocity[N_TIMES * N_BOUNDARIES], n_eff[N_TIMES * N_BOUNDARIES];
    rn_velocity_table table;
} sample;

/* The table of velocity_law.py. */
static void make_sample(sample *x)
{
    for (int i = 0; i < N_TIMES; i++)
        x->time[i] = 10.0 * pow(2.0, i);
    for (int b = 0; b < N_BOUNDARIES; b++)
        x->s[b] = 0.5 * b - 4.0;
    for (int i = 0; i < N_TIMES; i++)
        for (int b = 0; b < N_BOUNDARIES; b++) {
            const double ln = 0.7 * x->s[b] - 0.4 * log(x->time[i]) + 0.2 * sin(3 * i + 2 * b)
                              + 0.1 * cos((double)i * b);
            x->velocity[i * N_BOUNDARIES + b] = -exp(ln);
            x->n_eff[i * N_BOUNDARIES + b] = 5.0 + (3 * i + 5 * b) % 7;
        }
    x->table = (rn_velocity_table){.n_times = N_TIMES,
                                   .n_boundaries = N_BOUNDARIES,
                                   .time = x->time,
                                   .s = x->s,
                                   .velocity = x->velocity,
                                   .n_eff = x->n_eff};
}

static rn_velocity_law fit(const sample *x, const rn_velocity_law_options *options)
{
    rn_velocity_law law;
    assert_status(rn_velocity_law_fit(&x->table, options, &law), RN_OK);
    return law;
}

/* Sums of 72 terms of order 1, a well-conditioned 3 x 3 system: 1e-12. */
static void numbers_are_those_of_numpy(void **state)
{
    (void)state;
    sample x;
    make_sample(&x);
    const rn_velocity_law law = fit(&x, NULL);
    assert_close(law.a.value, 0.687111542267948, 1e-12);
    assert_close(law.gamma.value, -0.420368012550285, 1e-12);
    assert_close(law.gap.value, -0.420368012550285 - 0.687111542267948 + 1.0, 1e-12);
    assert_close(law.ln_c0, 0.091782818980301, 1e-12);
    assert_close(law.rms, 0.143030841498438, 1e-12);
    assert_close(law.score_law, 0.02101639831144, 1e-12);
    assert_close(law.score_quadratic, 0.02140595364558, 1e-12);
    /* free functions by alternating means, converged to about 1e-10 where blocks are missing */
    assert_close(law.score_free, 0.02605275221834, 1e-9);
    assert_close(law.score_mean, 1.519599330888, 1e-11);
    assert_close(law.collapse, 0.1830075332013, 1e-12);
    assert_close(law.offset_gap, 0.04487727498569, 1e-12);
    assert_int_equal(law.n_cells, N_TIMES * N_BOUNDARIES);
    assert_int_equal(law.sign, -1);
    assert_close(law.decades_time, 7.0 * log10(2.0), 1e-12);
    assert_close(law.decades_lambda, 4.0 / log(10.0), 1e-12);
    assert_true(law.collapse_shuffled > law.collapse);
}

/* A time at which everything goes against the many is left out: the table without it has the same
   law and collapse, the shuffled one included. */
static void a_time_of_the_other_sign_is_left_out(void **state)
{
    (void)state;
    sample x;
    sample less;
    make_sample(&x);
    make_sample(&less);
    rn_index n = 0;
    for (rn_index i = 0; i < N_TIMES; i++) {
        double *row = x.velocity + i * N_BOUNDARIES;
        for (int b = 0; b < N_BOUNDARIES && i == 3; b++)
            row[b] = -row[b];
        if (i == 3) continue;
        less.time[n] = x.time[i];
        memcpy(less.velocity + n * N_BOUNDARIES, row, N_BOUNDARIES * sizeof *row);
        memcpy(less.n_eff + n * N_BOUNDARIES, x.n_eff + i * N_BOUNDARIES,
               N_BOUNDARIES * sizeof *row);
        n++;
    }
    less.table.n_times = n;
    const rn_velocity_law with = fit(&x, NULL);
    const rn_velocity_law without = fit(&less, NULL);
    assert_close(with.minority, 1.0 / N_TIMES, 1e-15);
    assert_close(with.a.value, without.a.value, 1e-13);
    assert_close(with.collapse, without.collapse, 1e-13);
    assert_close(with.collapse_shuffled, without.collapse_shuffled, 1e-13);
}

static void an_exact_law_is_found_exactly(void **state)
{
    (void)state;
    static const double exponents[] = {-0.5, 0.0, 0.5, 1.0, 2.0};
    for (size_t e = 0; e < sizeof exponents / sizeof exponents[0]; e++) {
        const field f = {
            .kind = FIELD_LAW, .a = exponents[e], .n_times = 9, .decades = 2.0, .n_boundaries = 8};
        const rn_velocity_law law = field_judge(&f, 1);
        assert_close(law.a.value, exponents[e], 1e-12);
        assert_close(law.gamma.value, exponents[e] - 1.0, 1e-12);
        assert_close(law.ln_c0, 0.0, 1e-11);
        assert_close(law.rms, 0.0, 1e-12);
        /* ln|t w| = a ln(lambda t) runs through a h in a bin of width h */
        assert_true(law.collapse <= 0.5 * fabs(exponents[e]) * log(2.0) + 1e-12);
    }
}

/* Rescaling M -> k M, t -> t/k takes w to k w: everything but ln c0 stays, and that by 0 here. */
static void rescaling_changes_nothing(void **state)
{
    (void)state;
    sample x;
    make_sample(&x);
    const rn_velocity_law before = fit(&x, NULL);
    const double k = 37.0;
    for (int i = 0; i < N_TIMES; i++)
        x.time[i] /= k;
    for (int b = 0; b < N_BOUNDARIES; b++)
        x.s[b] += log(k);
    for (int j = 0; j < N_TIMES * N_BOUNDARIES; j++)
        x.velocity[j] *= k;
    const rn_velocity_law after = fit(&x, NULL);
    assert_int_equal(after.verdict, before.verdict);
    assert_close(after.a.value, before.a.value, 1e-12);
    assert_close(after.gap.value, before.gap.value, 1e-12);
    assert_close(after.gap.low, before.gap.low, 1e-11);
    assert_close(after.score_law, before.score_law, 1e-12);
    /* ln c0 = ln|w| - a s - gamma ln t moves by ln k (1 - a + gamma) */
    assert_close(after.ln_c0 - before.ln_c0, log(k) * before.gap.value, 1e-11);
}

/* Multiplying w by a power of lambda and of t shifts the exponents and touches nothing else. */
static void powers_shift_the_exponents_alone(void **state)
{
    (void)state;
    sample x;
    make_sample(&x);
    const rn_velocity_law before = fit(&x, NULL);
    for (int i = 0; i < N_TIMES; i++)
        for (int b = 0; b < N_BOUNDARIES; b++)
            x.velocity[i * N_BOUNDARIES + b] *= pow(x.time[i] * exp(x.s[b]), 1.3);
    const rn_velocity_law after = fit(&x, NULL);
    assert_close(after.a.value, before.a.value + 1.3, 1e-12);
    assert_close(after.a.high, before.a.high + 1.3, 1e-11);
    assert_close(after.gap.low, before.gap.low, 1e-11);
    assert_close(after.rms, before.rms, 1e-12);
    assert_close(after.score_law, before.score_law, 1e-11);
    assert_close(after.score_free, before.score_free, 1e-9);
}

static void seeds_and_nothing_else_move_the_intervals(void **state)
{
    (void)state;
    sample x;
    make_sample(&x);
    rn_velocity_law_options options = rn_velocity_law_options_defaults();
    const rn_velocity_law first = fit(&x, &options);
    const rn_velocity_law again = fit(&x, &options);
    assert_memory_equal(&first.gap, &again.gap, sizeof first.gap);
    options.seed = 5;
    const rn_velocity_law other = fit(&x, &options);
    assert_true(fabs(other.gap.low - first.gap.low) > 0.0);
    assert_int_equal(other.verdict, first.verdict);
    assert_true(first.a.low < first.a.value && first.a.value < first.a.high);
}

static void every_verdict_has_its_reason(void **state)
{
    (void)state;
    const struct {
        field f;
        rn_velocity_law_reason reason;
        rn_verdict verdict;
        const char *said;
    } cases[] = {
        {{FIELD_LAW, 0.5, 0.0, 0.1, 12, 2.0, 12}, RN_LAW_AGREES, RN_VERDICT_HOLDS, "t w = c0"},
        {{FIELD_LAW, 0.5, 0.0, 0.1, 4, 2.0, 16},
         RN_LAW_RANGE,
         RN_VERDICT_CANNOT_TELL,
         "would suffice"},
        {{FIELD_LAW, 0.5, 0.0, 0.1, 12, 0.9, 12},
         RN_LAW_RANGE,
         RN_VERDICT_CANNOT_TELL,
         "train longer"},
        {{FIELD_MIXED, 0.5, 0.0, 0.1, 12, 2.0, 12}, RN_LAW_SIGN, RN_VERDICT_FAILS, "both ways"},
        {{FIELD_LAW, 0.5, 0.0, 3.0, 8, 1.2, 8},
         RN_LAW_WIDTH,
         RN_VERDICT_CANNOT_TELL,
         "several seeds"},
        {{FIELD_BUMP, 0.5, 1.0, 0.1, 12, 2.0, 12}, RN_LAW_SHAPE, RN_VERDICT_FAILS, "not straight"},
        {{FIELD_STATIONARY, 0.5, 0.0, 0.1, 12, 2.0, 12},
         RN_LAW_SCALING,
         RN_VERDICT_FAILS,
         "lambda t"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[512];
        const rn_velocity_law law = field_judge(&cases[i].f, 3);
        assert_int_equal(law.reason, cases[i].reason);
        assert_int_equal(law.verdict, cases[i].verdict);
        (void)rn_velocity_law_explain(&law, NULL, text, sizeof text);
        assert_non_null(strstr(text, cases[i].said));
    }
}

static void cells_outside_the_range_do_not_count(void **state)
{
    (void)state;
    sample x;
    make_sample(&x);
    double inertial[N_TIMES * N_BOUNDARIES];
    const rn_velocity_law before = fit(&x, NULL);
    /* a first time before lambda_max t = 10, and a boundary that is not inertial */
    for (int j = 0; j < N_TIMES * N_BOUNDARIES; j++)
        inertial[j] = j % N_BOUNDARIES != 4;
    x.table.inertial = inertial;
    x.velocity[4] = (double)NAN;
    rn_velocity_law law = fit(&x, NULL);
    assert_int_equal(law.n_cells, before.n_cells - N_TIMES);
    assert_int_equal(law.n_boundaries, N_BOUNDARIES - 1);
    x.table.lambda_max = 0.99;
    law = fit(&x, NULL);
    assert_int_equal(law.n_cells, (N_TIMES - 1) * (N_BOUNDARIES - 1));
    assert_int_equal(law.n_times, N_TIMES - 1);
}

static void hostile_tables_are_refused(void **state)
{
    (void)state;
    sample x;
    rn_velocity_law law;
    rn_velocity_law_options options = rn_velocity_law_options_defaults();
    make_sample(&x);
    assert_status(rn_velocity_law_fit(NULL, NULL, &law), RN_ERR_ARGUMENT);
    x.time[3] = x.time[2];
    assert_status(rn_velocity_law_fit(&x.table, NULL, &law), RN_ERR_ARGUMENT);
    assert_message_has("time[3]");
    make_sample(&x);
    x.s[5] += 0.1;
    assert_status(rn_velocity_law_fit(&x.table, NULL, &law), RN_ERR_ARGUMENT);
    assert_message_has("equal distances");
    make_sample(&x);
    x.s[2] = (double)NAN;
    assert_status(rn_velocity_law_fit(&x.table, NULL, &law), RN_ERR_NONFINITE);
    make_sample(&x);
    double inertial[N_TIMES * N_BOUNDARIES];
    for (int j = 0; j < N_TIMES * N_BOUNDARIES; j++)
        inertial[j] = 1.0;
    x.table.inertial = inertial;
    x.velocity[7] = (double)INFINITY;
    assert_status(rn_velocity_law_fit(&x.table, NULL, &law), RN_ERR_NONFINITE);
    make_sample(&x);
    options.confidence = 1.0;
    assert_status(rn_velocity_law_fit(&x.table, &options, &law), RN_ERR_ARGUMENT);
    x.table.n_times = 0;
    assert_status(rn_velocity_law_fit(&x.table, NULL, &law), RN_ERR_ARGUMENT);
}

static void nothing_inertial_is_no_error(void **state)
{
    (void)state;
    sample x;
    make_sample(&x);
    double inertial[N_TIMES * N_BOUNDARIES] = {0.0};
    x.table.inertial = inertial;
    const rn_velocity_law law = fit(&x, NULL);
    assert_int_equal(law.verdict, RN_VERDICT_CANNOT_TELL);
    assert_int_equal(law.reason, RN_LAW_RANGE);
    assert_int_equal(law.n_cells, 0);
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    sample x;
    rn_velocity_law law;
    make_sample(&x);
    const rn_index n_bytes = rni_memory_bytes();
    (void)rni_fail_allocation(0);
    (void)fit(&x, NULL);
    const long n_asked = rni_fail_allocation(0);
    assert_true(n_asked > 5);
    for (long fault = 1; fault <= n_asked; fault++) {
        (void)rni_fail_allocation(fault);
        assert_status(rn_velocity_law_fit(&x.table, NULL, &law), RN_ERR_MEMORY);
        (void)rni_fail_allocation(0);
        assert_int_equal(rni_memory_bytes(), n_bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_those_of_numpy),
        cmocka_unit_test(a_time_of_the_other_sign_is_left_out),
        cmocka_unit_test(an_exact_law_is_found_exactly),
        cmocka_unit_test(rescaling_changes_nothing),
        cmocka_unit_test(powers_shift_the_exponents_alone),
        cmocka_unit_test(seeds_and_nothing_else_move_the_intervals),
        cmocka_unit_test(every_verdict_has_its_reason),
        cmocka_unit_test(cells_outside_the_range_do_not_count),
        cmocka_unit_test(hostile_tables_are_refused),
        cmocka_unit_test(nothing_inertial_is_no_error),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
