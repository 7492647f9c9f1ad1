/*
 * Power laws: known truths come back, errors cover, and what cannot be known is refused.
 */
#include <math.h>
#include <renorm/fit.h>
#include <string.h>

#include "check.h"
#include "core/memory.h"
#include "core/rng.h"

enum { N_SIZES = 35, N_COMPUTES = 7, N = N_SIZES * N_COMPUTES };

typedef struct table {
    double size[N], tokens[N], loss[N];
    rn_fit_input input;
} table;

/* 245 points: sizes over 2.6 decades, seven tokens per parameter each; the public study's ranges
   and the truth its authors printed. */
static const double truth[5] = {1.69, 406.4, 410.7, 0.34, 0.28};

static double law(double size, double tokens)
{
    return truth[0] + truth[1] * pow(size, -truth[3]) + truth[2] * pow(tokens, -truth[4]);
}

static void set_table(table *t)
{
    for (int i = 0; i < N; i++) {
        const int row = i / N_COMPUTES;
        t->size[i] = 4e7 * pow(400.0, (double)row / (N_SIZES - 1));
        t->tokens[i] = 2e9 * pow(150.0, (double)((i * 3 + row) % N_COMPUTES) / 6.0);
        t->loss[i] = law(t->size[i], t->tokens[i]);
    }
    t->input = (rn_fit_input){.n = N, .n_variables = 2, .x = {t->size, t->tokens}, .y = t->loss};
}

static void two_variables_without_noise_come_back(void **state)
{
    (void)state;
    table t;
    rn_fit_result fit;
    set_table(&t);
    assert_status(rn_fit_power_law(&t.input, &fit), RN_OK);
    const double found[5] = {fit.floor.value, fit.scale[0].value, fit.scale[1].value,
                             fit.exponent[0].value, fit.exponent[1].value};
    for (int i = 0; i < 5; i++) /* rounding of the losses times a condition of some hundred */
        assert_close(found[i] / truth[i], 1.0, 1e-9);
    assert_close(fit.allocation.value, 0.28 / 0.62, 1e-9);
    assert_true(fit.n_agreeing >= 1 && fit.n_agreeing <= fit.n_starts);
    assert_true(fit.condition > 1.0 && fit.condition < 1e6);
    assert_int_equal(fit.n, N);
}

static void one_variable_without_noise_comes_back(void **state)
{
    (void)state;
    const double exponents[] = {0.07, 0.37, 1.0, 2.5};
    double x[40];
    double y[40];
    const rn_fit_input input = {.n = 40, .n_variables = 1, .x = {x, NULL}, .y = y};
    for (int k = 0; k < 4; k++) {
        rn_fit_result fit;
        for (int i = 0; i < 40; i++) {
            x[i] = pow(10.0, 0.1 * i);
            y[i] = 0.3 + 5.0 * pow(x[i], -exponents[k]);
        }
        assert_status(rn_fit_power_law(&input, &fit), RN_OK);
        assert_close(fit.floor.value / 0.3, 1.0, 1e-9);
        assert_close(fit.scale[0].value / 5.0, 1.0, 1e-9);
        assert_close(fit.exponent[0].value / exponents[k], 1.0, 1e-9);
        assert_true(isnan(fit.allocation.value));
    }
}

/* The table of docs/theory/fit.md: python3 tests/golden/fit_worked.py */
static void worked_numbers_of_the_page(void **state)
{
    (void)state;
    const double x[] = {1.0, 3.0, 10.0, 30.0, 100.0, 300.0};
    const double y[] = {5.3, 3.61, 2.44, 1.75, 1.19, 0.94};
    const rn_fit_input input = {.n = 6, .n_variables = 1, .x = {x, NULL}, .y = y};
    rn_fit_result fit;
    assert_status(rn_fit_power_law(&input, &fit), RN_OK);
    /* a minimum is found to about sqrt(eps) of its unknowns; digits as printed */
    assert_close(fit.floor.value, 0.34207347481, 1e-8);
    assert_close(fit.scale[0].value, 4.9536934747, 1e-8);
    assert_close(fit.exponent[0].value, 0.37471063651, 1e-8);
    assert_close(fit.rss, 0.0021516439487, 1e-12);
    assert_close(fit.floor.error, 0.056830897, 1e-7);
    assert_close(fit.scale[0].error, 0.054530863, 1e-7);
    assert_close(fit.exponent[0].error, 0.010293209, 1e-7);
}

static double sum_of_squares(const table *t, const double *p)
{
    double sum = 0.0;
    for (int i = 0; i < N; i++) {
        const double r =
            t->loss[i] - p[0] - p[1] * pow(t->size[i], -p[3]) - p[2] * pow(t->tokens[i], -p[4]);
        sum += r * r;
    }
    return sum;
}

static void add_noise(table *t, uint32_t draw, double size)
{
    double noise[N];
    const rni_stream stream = {.seed = check_seed(), .purpose = RNI_RNG_DATA, .part = draw};
    rni_rng_fill_normal(stream, 0, N, noise);
    for (int i = 0; i < N; i++)
        t->loss[i] += size * noise[i];
}

static void the_answer_is_a_minimum(void **state)
{
    (void)state;
    table t;
    rn_fit_result fit;
    set_table(&t);
    add_noise(&t, 0, 0.02);
    assert_status(rn_fit_power_law(&t.input, &fit), RN_OK);
    double p[5] = {fit.floor.value, fit.scale[0].value, fit.scale[1].value, fit.exponent[0].value,
                   fit.exponent[1].value};
    const double least = sum_of_squares(&t, p);
    assert_close(least, fit.rss, 1e-9 * least);
    for (int i = 0; i < 5; i++)
        for (int sign = -1; sign <= 1; sign += 2) {
            const double kept = p[i];
            p[i] *= 1.0 + 1e-4 * sign;
            assert_true(sum_of_squares(&t, p) > least);
            p[i] = kept;
        }
}

static void errors_cover_the_truth(void **state)
{
    (void)state;
    enum { DRAWS = 100 };
    int n_inside[6] = {0};
    for (uint32_t draw = 0; draw < DRAWS; draw++) {
        table t;
        rn_fit_result fit;
        set_table(&t);
        add_noise(&t, draw + 1, 0.005);
        assert_true(rn_fit_power_law(&t.input, &fit) >= 0);
        const rn_fit_number found[6] = {fit.floor,       fit.scale[0],    fit.scale[1],
                                        fit.exponent[0], fit.exponent[1], fit.allocation};
        for (int i = 0; i < 6; i++) {
            const double real = i < 5 ? truth[i] : 0.28 / 0.62;
            n_inside[i] += fabs(found[i].value - real) <= 1.96 * found[i].error;
        }
    }
    /* 95 of 100 expected, standard deviation 2.2; scales A, B are skewed, so their linear error
       covers less: four deviations */
    for (int i = 0; i < 6; i++)
        assert_in_range(n_inside[i], 86, 100);
}

/* Sizes and tokens that grow together, as in real studies: alpha and beta are then correlated,
   which the error of their ratio must know. */
static void errors_are_the_spread_over_draws(void **state)
{
    (void)state;
    enum { DRAWS = 100 };
    double sum[4] = {0};
    double square[4] = {0};
    double error[4] = {0};
    for (uint32_t draw = 0; draw < DRAWS; draw++) {
        table t;
        rn_fit_result fit;
        set_table(&t);
        for (int i = 0; i < N; i++) {
            t.tokens[i] *= pow(t.size[i] / 4e7, 0.8) * pow(t.tokens[i] / 2e9, -0.7);
            t.loss[i] = law(t.size[i], t.tokens[i]);
        }
        add_noise(&t, draw + 1, 0.002);
        assert_true(rn_fit_power_law(&t.input, &fit) >= 0);
        const rn_fit_number found[4] = {fit.floor, fit.exponent[0], fit.exponent[1],
                                        fit.allocation};
        for (int i = 0; i < 4; i++) {
            sum[i] += found[i].value / DRAWS;
            square[i] += found[i].value * found[i].value / DRAWS;
            error[i] += found[i].error / DRAWS;
        }
    }
    for (int i = 0; i < 4; i++) {
        const double spread = sqrt((square[i] - sum[i] * sum[i]) * DRAWS / (DRAWS - 1.0));
        assert_close(error[i] / spread, 1.0, 0.3); /* 7 % from 100 draws: four deviations */
    }
}

static void units_change_scales_only(void **state)
{
    (void)state;
    table t;
    rn_fit_result fit;
    rn_fit_result other;
    set_table(&t);
    add_noise(&t, 0, 0.01);
    assert_status(rn_fit_power_law(&t.input, &fit), RN_OK);
    for (int i = 0; i < N; i++) {
        t.size[i] *= 1e-6;
        t.tokens[i] *= 1e-9;
        t.loss[i] *= 10.0;
    }
    assert_status(rn_fit_power_law(&t.input, &other), RN_OK);
    /* the minimum is found to sqrt(eps) along the search, some times better */
    assert_close(other.exponent[0].value, fit.exponent[0].value, 1e-7);
    assert_close(other.exponent[1].error, fit.exponent[1].error, 1e-6);
    assert_close(other.floor.value, 10.0 * fit.floor.value, 1e-6);
    assert_close(other.scale[0].value / (10.0 * fit.scale[0].value)
                     * pow(1e6, fit.exponent[0].value),
                 1.0, 1e-5);
}

static void data_that_cannot_tell_are_refused(void **state)
{
    (void)state;
    double x[40];
    double y[40];
    double z[40];
    rn_fit_result fit = {.rss = 17.0};
    rn_fit_input input = {.n = 40, .n_variables = 1, .x = {x, z}, .y = y};
    for (int i = 0; i < 40; i++) {
        x[i] = pow(10.0, 0.1 * i);
        z[i] = 3.0 * sqrt(x[i]);
        y[i] = 1.0 + 1.0 / x[i];
    }
    input.n = 2;
    assert_status(rn_fit_power_law(&input, &fit), RN_ERR_DOMAIN);
    assert_message_has("found 2 points");
    input.n = 10; /* 1 .. 7.9 */
    assert_status(rn_fit_power_law(&input, &fit), RN_ERR_DOMAIN);
    assert_message_has("less than a decade");
    input.n = 40;
    input.n_variables = 2;
    assert_status(rn_fit_power_law(&input, &fit), RN_ERR_DOMAIN);
    assert_message_has("cannot be told apart");
    for (int i = 0; i < 40; i++)
        z[i] = i % 3 == 0 ? 1.0 : i % 3 == 1 ? 10.0 : 100.0;
    assert_status(rn_fit_power_law(&input, &fit), RN_ERR_DOMAIN);
    assert_message_has("fewer than 4 different");
    input.n_variables = 1;
    x[7] = -1.0;
    assert_status(rn_fit_power_law(&input, &fit), RN_ERR_ARGUMENT);
    x[7] = 5.0;
    y[3] = (double)NAN;
    assert_status(rn_fit_power_law(&input, &fit), RN_ERR_ARGUMENT);
    assert_status(rn_fit_power_law(NULL, &fit), RN_ERR_ARGUMENT);
    assert_close(fit.rss, 17.0, 0.0);
}

static void what_cannot_be_trusted_says_so(void **state)
{
    (void)state;
    double x[40];
    double y[40];
    rn_fit_result fit;
    const rn_fit_input input = {.n = 40, .n_variables = 1, .x = {x, NULL}, .y = y};
    for (int i = 0; i < 40; i++) {
        x[i] = pow(10.0, 0.1 * i);
        y[i] = 3.0 - 1.0 / x[i];
    }
    assert_status(rn_fit_power_law(&input, &fit), RN_NOT_CONVERGED);
    assert_message_has("the loss grows");
    for (int i = 0; i < 40; i++)
        y[i] = 3.0 - 0.1 * log(x[i]); /* a logarithm is the limit of exponent 0 */
    assert_status(rn_fit_power_law(&input, &fit), RN_NOT_CONVERGED);
    assert_message_has("cannot be trusted");
    for (int i = 0; i < 40; i++) { /* little more than a decade of a small exponent */
        x[i] = pow(10.0, 1.05 * i / 39.0);
        y[i] = 1.0 + pow(x[i], -2e-3);
    }
    assert_status(rn_fit_power_law(&input, &fit), RN_NOT_CONVERGED);
    assert_message_has("trade against each other");
    assert_true(fit.condition > 1e6);
}

static void memory_may_fail_anywhere(void **state)
{
    (void)state;
    table t;
    set_table(&t);
    const rn_index bytes = rni_memory_bytes();
    rn_status status = RN_ERR_MEMORY;
    long fault = 1;
    for (; status == RN_ERR_MEMORY && fault < 1000; fault++) {
        rn_fit_result fit;
        (void)rni_fail_allocation(fault);
        status = rn_fit_power_law(&t.input, &fit);
        (void)rni_fail_allocation(0);
        assert_int_equal(rni_memory_bytes(), bytes);
    }
    assert_status(status, RN_OK);
    assert_true(fault > 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_variables_without_noise_come_back),
        cmocka_unit_test(one_variable_without_noise_comes_back),
        cmocka_unit_test(worked_numbers_of_the_page),
        cmocka_unit_test(the_answer_is_a_minimum),
        cmocka_unit_test(errors_cover_the_truth),
        cmocka_unit_test(errors_are_the_spread_over_draws),
        cmocka_unit_test(units_change_scales_only),
        cmocka_unit_test(data_that_cannot_tell_are_refused),
        cmocka_unit_test(what_cannot_be_trusted_says_so),
        cmocka_unit_test(memory_may_fail_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
