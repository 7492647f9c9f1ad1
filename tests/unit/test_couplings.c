/*
 * Couplings between shells against their definitions, invariances, and refused inputs.
 */
#include <math.h>
#include <string.h>

#include "check.h"
#include "conditions/coupling_cross.h"
#include "core/rng.h"
#include "coupling_cases.h"

#define LN2 0.69314718055994530942

static coupling_state state_a;
static coupling_state state_b;

static int draw_state(void **state)
{
    (void)state;
    coupling_draw(&(coupling_case){.seed = 7, .decay = 0.3, .tilt = 0.2, .defect = 0.3}, &state_a);
    return 0;
}

static const rn_coupling_options quick = {.width = LN2,
                                          .floor_factor = 1000.0,
                                          .min_modes = 3,
                                          .split_modes = 4,
                                          .min_entries = 3,
                                          .n_draws = 2,
                                          .n_splits = 4,
                                          .n_noise_splits = 4};

/* K_ab by its definition, over ordered pairs. Returns the number of ordered pairs. */
static int plain_k(const coupling_state *s, const int *shell, int a, int b, double *k)
{
    double sum = 0.0;
    int count = 0;
    for (int u = 0; u < CASE_MODES; u++)
        for (int v = 0; v < CASE_MODES; v++) {
            if (u == v || shell[u] != a || shell[v] != b) continue;
            const double x = s->mt[u * CASE_MODES + v] / sqrt(s->lambda[u] * s->lambda[v]);
            sum += x * x;
            count++;
        }
    *k = sqrt(sum / count);
    return count;
}

/* Shells counted from the top: (top - (i + 1) width, top - i width], top = ln max + shift width. */
static int sort_modes(const coupling_state *s, double width, double shift, int *shell, int *sizes)
{
    int n_shells = 0;
    memset(sizes, 0, CASE_MODES * sizeof *sizes);
    for (int u = CASE_MODES - 1; u >= 0; u--) {
        int i = 0;
        while (log(s->lambda[u]) <= log(s->lambda[CASE_MODES - 1]) + (shift - i - 1) * width)
            i++;
        shell[u] = i;
        sizes[i]++;
        n_shells = i + 1;
    }
    return n_shells;
}

/* delta, and the least defect over tilts of the same numbers, found by a search. */
typedef struct plain_defect {
    double delta, kappa, delta_tilt;
    int n_entries;
} plain_defect;

static double rms_at(const double *y, const double *x, const int *group, int n, double kappa)
{
    double square = 0.0;
    for (int i = 0; i < n; i++) {
        double mean = 0.0;
        int count = 0;
        for (int j = 0; j < n; j++)
            if (group[j] == group[i]) mean += y[j] - kappa * x[j], count++;
        const double r = y[i] - kappa * x[i] - mean / count;
        square += r * r;
    }
    return sqrt(square / n);
}

static plain_defect plain_measure(const coupling_state *s, double width, double shift)
{
    static double y[CASE_MODES * CASE_MODES];
    static double x[CASE_MODES * CASE_MODES];
    static int group[CASE_MODES * CASE_MODES];
    int shell[CASE_MODES];
    int sizes[CASE_MODES];
    const int m = sort_modes(s, width, shift, shell, sizes);
    int n = 0;
    for (int offset = 0; offset < m; offset++) {
        const int first = n;
        for (int a = 0; a + offset < m; a++) {
            if (sizes[a] < 3 || sizes[a + offset] < 3) continue;
            (void)plain_k(s, shell, a, a + offset, &y[n]);
            y[n] = log(y[n]);
            x[n] = -width * (a + 0.5 * offset); /* (s_a + s_b)/2 and a constant */
            group[n++] = offset;
        }
        if (n - first < 3) n = first;
    }
    double low = -3.0;
    double high = 3.0;
    for (int i = 0; i < 60; i++) { /* the square is a parabola in kappa: ternary search */
        const double left = low + (high - low) / 3.0;
        const double right = high - (high - low) / 3.0;
        if (rms_at(y, x, group, n, left) < rms_at(y, x, group, n, right))
            high = right;
        else
            low = left;
    }
    return (plain_defect){.delta = rms_at(y, x, group, n, 0.0),
                          .kappa = 0.5 * (low + high),
                          .delta_tilt = rms_at(y, x, group, n, low),
                          .n_entries = n};
}

static void couplings_are_the_root_mean_squares_of_their_definition(void **state)
{
    (void)state;
    const rn_coupling_input input = {.n = CASE_MODES, .lambda = state_a.lambda, .mt = state_a.mt};
    rn_coupling_report report = {0};
    assert_status(rn_couplings_measure(&input, &quick, &report), RN_OK);
    int shell[CASE_MODES];
    int sizes[CASE_MODES];
    const int m = sort_modes(&state_a, LN2, 0.0, shell, sizes);
    assert_int_equal(report.n_shells, m);
    assert_int_equal(report.n_shells, CASE_SHELLS);
    assert_int_equal(report.n_modes, CASE_MODES);
    assert_close(report.s[m], 0.0, 1e-14);
    assert_close(report.s[0], -m * LN2, 1e-13);
    for (int a = 0; a < m; a++) {
        assert_int_equal(report.modes[m - 1 - a], sizes[a]);
        for (int b = 0; b < m; b++) {
            double k = 0.0;
            const int ordered = plain_k(&state_a, shell, a, b, &k);
            const rn_index at = (m - 1 - a) * m + m - 1 - b;
            assert_close(report.k[at], k, 1e-13 * k); /* 1e2 positive terms */
            assert_int_equal(report.pairs[at], a == b ? ordered / 2 : ordered);
        }
    }
    rn_coupling_report_clear(&report);
    assert_null(report.s);
}

static void defects_are_those_of_their_definition_on_both_grids(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        rn_coupling_options options = quick;
        options.width = (i + 2) * LN2 / 3.0;
        const rn_coupling_report report = coupling_measure(&state_a, &options);
        const rn_coupling_defect *const found[] = {&report.grid, &report.shifted};
        for (int g = 0; g < 2; g++) {
            const plain_defect expected = plain_measure(&state_a, options.width, 0.5 * g);
            assert_int_equal(found[g]->n_entries, expected.n_entries);
            assert_close(found[g]->delta, expected.delta, 1e-12);
            assert_close(found[g]->delta_tilt, expected.delta_tilt, 1e-12);
            assert_close(found[g]->kappa, expected.kappa, 1e-7); /* a flat minimum: root of eps */
        }
    }
}

static void assert_same_defect(const rn_coupling_defect *a, const rn_coupling_defect *b)
{
    /* Defects are differences of logarithms of sums of 1e2 terms. */
    assert_close(a->delta, b->delta, 1e-12);
    assert_close(a->delta_tilt, b->delta_tilt, 1e-12);
    assert_close(a->kappa, b->kappa, 1e-12);
    assert_close(a->floor, b->floor, 1e-12);
    assert_close(a->cross.square, b->cross.square, 1e-12);
    assert_close(a->cross_tilt.error, b->cross_tilt.error, 1e-12);
}

static void rescaling_the_kernel_and_time_scales_k_alone(void **state)
{
    (void)state;
    const double k = 1024.0; /* exact: no mode changes its shell by rounding */
    for (int i = 0; i < CASE_MODES * CASE_MODES; i++)
        state_b.mt[i] = k * k * state_a.mt[i];
    for (int u = 0; u < CASE_MODES; u++)
        state_b.lambda[u] = k * state_a.lambda[u];
    rn_coupling_report report[2] = {{0}, {0}};
    const coupling_state *const states[] = {&state_a, &state_b};
    for (int i = 0; i < 2; i++) {
        const rn_coupling_input input = {
            .n = CASE_MODES, .lambda = states[i]->lambda, .mt = states[i]->mt};
        assert_status(rn_couplings_measure(&input, &quick, &report[i]), RN_OK);
    }
    assert_int_equal(report[0].n_shells, report[1].n_shells);
    for (rn_index i = 0; i < report[0].n_shells * report[0].n_shells; i++)
        assert_close(report[1].k[i], k * report[0].k[i], 1e-13 * k * report[0].k[i]);
    assert_same_defect(&report[0].grid, &report[1].grid);
    assert_same_defect(&report[0].shifted, &report[1].shifted);
    rn_coupling_report_clear(&report[0]);
    rn_coupling_report_clear(&report[1]);
}

static void the_order_of_modes_inside_a_shell_does_not_matter(void **state)
{
    (void)state;
    /* One eigenvalue per shell, so that any order inside it ascends. */
    for (int u = 0; u < CASE_MODES; u++)
        state_b.lambda[u] = exp((state_a.shell[u] + 0.5) * LN2);
    memcpy(state_b.mt, state_a.mt, sizeof state_b.mt);
    const rn_coupling_report before = coupling_measure(&state_b, &quick);
    for (int u = 0; u + 1 < CASE_MODES; u++) { /* cyclic shifts of neighbours in one shell */
        if (state_a.shell[u] != state_a.shell[u + 1]) continue;
        for (int v = 0; v < CASE_MODES; v++) {
            const double moved = state_b.mt[u * CASE_MODES + v];
            state_b.mt[u * CASE_MODES + v] = state_b.mt[(u + 1) * CASE_MODES + v];
            state_b.mt[(u + 1) * CASE_MODES + v] = moved;
        }
        for (int v = 0; v < CASE_MODES; v++) {
            const double moved = state_b.mt[v * CASE_MODES + u];
            state_b.mt[v * CASE_MODES + u] = state_b.mt[v * CASE_MODES + u + 1];
            state_b.mt[v * CASE_MODES + u + 1] = moved;
        }
    }
    const rn_coupling_report after = coupling_measure(&state_b, &quick);
    assert_close(after.grid.delta, before.grid.delta, 1e-12);
    assert_close(after.grid.kappa, before.grid.kappa, 1e-12);
    assert_close(after.shifted.delta_tilt, before.shifted.delta_tilt, 1e-12);
}

static void drifts_and_the_upper_triangle_do_not_count(void **state)
{
    (void)state;
    state_b = state_a;
    for (int u = 0; u < CASE_MODES; u++)
        for (int v = u; v < CASE_MODES; v++)
            state_b.mt[u * CASE_MODES + v] = (double)NAN;
    const rn_coupling_report before = coupling_measure(&state_a, &quick);
    const rn_coupling_report after = coupling_measure(&state_b, &quick);
    assert_same_defect(&after.grid, &before.grid);
}

static void modes_near_the_floor_do_not_count(void **state)
{
    (void)state;
    rn_coupling_input input = {.n = CASE_MODES, .lambda = state_a.lambda, .mt = state_a.mt};
    const int first = 13; /* the two lowest shells, 8 + 5 modes, lie below 2^-10 */
    input.floor = exp2(-10.0) / 1000.0;
    rn_coupling_report cut = {0};
    assert_status(rn_couplings_measure(&input, &quick, &cut), RN_OK);
    assert_int_equal(cut.n_modes, CASE_MODES - first);
    assert_int_equal(cut.n_shells, CASE_SHELLS - 2);
    assert_close(cut.lambda_min, exp2(-10.0), 1e-18);
    state_b = state_a;
    for (int u = 0; u < first; u++)
        for (int v = 0; v < CASE_MODES; v++)
            state_b.mt[u * CASE_MODES + v] = state_b.mt[v * CASE_MODES + u] = 1e30;
    state_b.lambda[0] = -1e-9;
    input.lambda = state_b.lambda;
    input.mt = state_b.mt;
    rn_coupling_report same = {0};
    assert_status(rn_couplings_measure(&input, &quick, &same), RN_OK);
    assert_same_defect(&same.grid, &cut.grid);
    rn_coupling_report_clear(&cut);
    rn_coupling_report_clear(&same);
}

static void without_draws_and_splits_their_numbers_are_missing(void **state)
{
    (void)state;
    rn_coupling_options options = quick;
    options.n_draws = 0;
    options.n_splits = 0;
    const rn_coupling_report report = coupling_measure(&state_a, &options);
    assert_true(isfinite(report.grid.delta) && isfinite(report.shifted.kappa));
    assert_true(isnan(report.grid.floor) && isnan(report.grid.floor_tilt));
    assert_true(isnan(report.grid.cross.value) && isnan(report.grid.cross.noise));
    options.n_splits = 4;
    options.split_modes = 50; /* no shell is so large */
    const rn_coupling_report none = coupling_measure(&state_a, &options);
    assert_int_equal(none.grid.n_split_entries, 0);
    assert_true(isnan(none.grid.cross.square));
}

static rn_status attempt(rn_index n, const double *lambda, const double *mt,
                         const rn_coupling_options *options)
{
    rn_coupling_report report = {.n_modes = -5};
    const rn_coupling_input input = {.n = n, .lambda = lambda, .mt = mt};
    const rn_status status = rn_couplings_measure(&input, options, &report);
    if (status < 0)
        assert_int_equal(report.n_modes, -5);
    else
        rn_coupling_report_clear(&report);
    return status;
}

static void inputs_without_an_answer_are_refused(void **state)
{
    (void)state;
    const double *lambda = state_a.lambda;
    static double zero[CASE_MODES * CASE_MODES];
    assert_status(attempt(0, lambda, zero, NULL), RN_ERR_ARGUMENT);
    assert_status(attempt(3, NULL, zero, NULL), RN_ERR_ARGUMENT);
    assert_status(attempt(1, lambda, zero, NULL), RN_ERR_DOMAIN);
    assert_message_has("found 0 shells");
    assert_status(attempt(6, lambda, state_a.mt, NULL), RN_ERR_DOMAIN); /* within one width */
    assert_message_has("expected 3 or more");
    assert_status(attempt(CASE_MODES, lambda, zero, NULL), RN_ERR_DOMAIN);
    assert_message_has("frozen");
    const double negative[] = {-3.0, -2.0, -1.0};
    assert_status(attempt(3, negative, zero, NULL), RN_ERR_DOMAIN);
    assert_message_has("no mode lies above");
    const double falling[] = {2.0, 1.0};
    assert_status(attempt(2, falling, zero, NULL), RN_ERR_ARGUMENT);
    state_b = state_a;
    state_b.mt[5 * CASE_MODES + 2] = (double)INFINITY;
    assert_status(attempt(CASE_MODES, lambda, state_b.mt, NULL), RN_ERR_NONFINITE);
    assert_message_has("mt[5][2]");
    state_b.mt[5 * CASE_MODES + 2] = 1e308;
    assert_status(attempt(CASE_MODES, lambda, state_b.mt, NULL), RN_ERR_NONFINITE);
    assert_status(rn_couplings_measure(NULL, NULL, NULL), RN_ERR_ARGUMENT);
    rn_coupling_report_clear(NULL);
}

static void options_without_a_meaning_are_refused(void **state)
{
    (void)state;
    const double *lambda = state_a.lambda;
    rn_coupling_options options = quick;
    options.width = 0.0;
    assert_status(attempt(CASE_MODES, lambda, state_a.mt, &options), RN_ERR_ARGUMENT);
    options.width = 1e-3;
    assert_status(attempt(CASE_MODES, lambda, state_a.mt, &options), RN_ERR_ARGUMENT);
    assert_message_has("larger width");
    options = quick;
    options.floor_factor = -1.0;
    assert_status(attempt(CASE_MODES, lambda, state_a.mt, &options), RN_ERR_ARGUMENT);
    options = quick;
    options.split_modes = 3;
    assert_status(attempt(CASE_MODES, lambda, state_a.mt, &options), RN_ERR_ARGUMENT);
    options = quick;
    options.n_draws = -1;
    assert_status(attempt(CASE_MODES, lambda, state_a.mt, &options), RN_ERR_ARGUMENT);
}

static void digamma_has_its_known_values(void **state)
{
    (void)state;
    const double gamma = 0.57721566490153286061;
    assert_close(rni_digamma(1.0), -gamma, 2e-14);
    assert_close(rni_digamma(0.5), -gamma - 2.0 * LN2, 2e-14);
    assert_close(rni_digamma(10.0), 7129.0 / 2520.0 - gamma, 2e-14); /* sum 1/k, k = 1 .. 9 */
    assert_close(rni_digamma(100.5) - rni_digamma(99.5), 1.0 / 99.5, 2e-14);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(couplings_are_the_root_mean_squares_of_their_definition),
        cmocka_unit_test(defects_are_those_of_their_definition_on_both_grids),
        cmocka_unit_test(rescaling_the_kernel_and_time_scales_k_alone),
        cmocka_unit_test(the_order_of_modes_inside_a_shell_does_not_matter),
        cmocka_unit_test(drifts_and_the_upper_triangle_do_not_count),
        cmocka_unit_test(modes_near_the_floor_do_not_count),
        cmocka_unit_test(without_draws_and_splits_their_numbers_are_missing),
        cmocka_unit_test(inputs_without_an_answer_are_refused),
        cmocka_unit_test(options_without_a_meaning_are_refused),
        cmocka_unit_test(digamma_has_its_known_values),
    };
    return cmocka_run_group_tests(tests, draw_state, NULL);
}
