/*
 * One measurement: the lines add up to the loss, modes land where they belong, noise is not split.
 */
#include <float.h>
#include <math.h>
#include <renorm/shells.h>
#include <string.h>

#include "check.h"
#include "jacobi.h"

static const double ln2 = 0.69314718055994530942;

/* Fills lambda with n values spread log-evenly over `decades` below top, ascending. */
static void spread(rn_index n, double top, double decades, double *lambda)
{
    for (rn_index u = 0; u < n; u++)
        lambda[u] = top * pow(10.0, -decades * (double)(n - 1 - u) / (double)(n - 1));
}

static double sum_of(rn_index count, const double *values)
{
    double sum = 0.0;
    for (rn_index i = 0; i < count; i++)
        sum += values[i];
    return sum;
}

static void all_lines_add_up_to_the_loss(void **state)
{
    (void)state;
    enum { N = 300 };
    double lambda[N];
    double g[N];
    for (uint32_t trial = 0; trial < 20; trial++) {
        random_fill(check_seed(), trial, N, g);
        spread(N, exp(0.3 * trial), 18.0, lambda); /* reaches far below the floor */
        lambda[0] = -1e-18;
        lambda[1] = 0.0;
        rn_shell_grid grid;
        rn_shell_report report = {0};
        assert_status(rn_shell_grid_choose(0.0, lambda[N - 1], 1e-12 * lambda[N - 1], &grid),
                      RN_OK);
        const rn_shell_input input = {.n = N, .n_samples = 37, .lambda = lambda, .g = g};
        assert_status(rn_shell_measure(&grid, &input, NULL, &report), RN_OK);
        double loss = 0.0;
        for (int u = 0; u < N; u++)
            loss += g[u] * g[u] / 74.0;
        assert_close(report.loss, loss, 1e-12 * loss);
        const rn_index n_shells = report.n_boundaries - 1;
        assert_close(sum_of(n_shells, report.energy) + report.null_energy, loss, 1e-12 * loss);
        assert_close(sum_of(n_shells, report.energy_sharp) + report.null_energy_sharp, loss,
                     1e-12 * loss);
        assert_true(report.null_energy > 0.0 && report.null_energy < loss);
        assert_null(report.flux);
        assert_int_equal(report.first, 0);
        rn_shell_report_clear(&report);
        assert_null(report.s);
    }
}

static void one_mode_is_shared_as_the_smoothstep_says(void **state)
{
    (void)state;
    /* lambda = sqrt 2 lies midway between boundaries 0 and 1: it is cut by -0 .. at x = 1/2 and
       -1/2, so E_0 = q5(1/2) - q5(-1/2) = 0.79296875 and each neighbour gets 0.103515625 */
    const double lambda = sqrt(2.0);
    const double g = 2.0;
    const rn_shell_grid grid = {.width = ln2, .low = -3, .high = 2};
    const rn_shell_input input = {.n = 1, .n_samples = 2, .lambda = &lambda, .g = &g};
    rn_shell_report report = {0};
    assert_status(rn_shell_measure(&grid, &input, NULL, &report), RN_OK);
    const double share[] = {0.0, 0.0, 0.103515625, 0.79296875, 0.103515625};
    for (int i = 0; i < 5; i++) {
        assert_close(report.energy[i], share[i], 1e-15);
        assert_close(report.energy_sharp[i], i == 3 ? 1.0 : 0.0, 0.0);
    }
    /* x = 1/2: q5' = (15/16)(1 - 1/4)^2 = 0.52734375 per width */
    assert_close(report.density[3], 0.52734375 / ln2, 1e-14);
    assert_close(report.density[4], 0.52734375 / ln2, 1e-14);
    assert_close(report.density[1], 0.0, 0.0);
    assert_close(report.density_sharp[3], 0.5 / ln2, 1e-15);
    assert_close(report.density_sharp[4], 0.5 / ln2, 1e-15);
    assert_close(report.n_eff[3], 1.0, 1e-14);
    assert_close(report.n_eff[1], 0.0, 0.0);
    assert_close(report.loss_rate[4], sqrt(2.0), 1e-14);
    assert_true(isnan(report.loss_rate[1]));
    assert_close(report.dissipation[0], 2.0 * sqrt(2.0), 1e-14);
    assert_close(report.dissipation[3], 2.0 * sqrt(2.0) * 0.896484375, 1e-14);
    assert_close(report.drive[0], 0.0, 0.0);
    rn_shell_report_clear(&report);
}

static void density_is_minus_the_derivative_of_the_energy_above(void **state)
{
    (void)state;
    enum { N = 60 };
    double lambda[N];
    double g[N];
    double xi[N];
    spread(N, 2.0, 5.0, lambda);
    random_fill(check_seed(), 1, N, g);
    random_fill(check_seed(), 2, N, xi);
    rn_shell_grid grid;
    rn_shell_report report = {0};
    assert_status(rn_shell_grid_choose(0.0, 2.0, 1e-5, &grid), RN_OK);
    const rn_shell_input input = {.n = N, .n_samples = 10, .lambda = lambda, .g = g, .xi = xi};
    assert_status(rn_shell_measure(&grid, &input, NULL, &report), RN_OK);
    const double ds = 1e-4;
    for (rn_index i = 0; i < report.n_boundaries; i++) {
        double above = 0.0;
        double above_shifted[2] = {0.0, 0.0};
        double dissipation[2] = {0.0, 0.0};
        double drive = 0.0;
        for (int u = 0; u < N; u++) {
            const double chi = rn_shell_cut(report.s[i], ln2, lambda[u]);
            above += chi * g[u] * g[u] / 20.0;
            drive += chi * g[u] * xi[u] / 10.0;
            for (int k = 0; k < 2; k++) {
                const double s = report.s[i] + (k ? ds : -ds);
                const double energy = rn_shell_cut(s, ln2, lambda[u]) * g[u] * g[u] / 20.0;
                above_shifted[k] += energy;
                dissipation[k] += 2.0 * lambda[u] * energy;
            }
        }
        assert_close(report.above[i], above, 1e-14);
        assert_close(report.drive[i], drive, 1e-14);
        const double density = (above_shifted[0] - above_shifted[1]) / (2.0 * ds);
        /* third s-derivative of chi is below 60/h^3, times ds^2/6: 3e-7 of the energy */
        assert_close(report.density[i], density, 1e-6);
        if (report.density[i] < 1e-3) continue;
        const double rate = -0.5 * (dissipation[1] - dissipation[0]) / (2.0 * ds) / density;
        assert_close(report.loss_rate[i], rate, 1e-4 * report.loss_rate[i] + 1e-6);
    }
    rn_shell_report_clear(&report);
}

static void pieces_agree_with_the_whole(void **state)
{
    (void)state;
    enum { N = 40, MAX = 64 };
    double lambda[N];
    double g[N];
    double weight[N];
    double sums[MAX];
    spread(N, 3.0, 4.0, lambda);
    random_fill(check_seed(), 3, N, g);
    rn_shell_grid grid;
    rn_shell_report report = {0};
    assert_status(rn_shell_grid_choose(0.3, 3.0, 1e-4, &grid), RN_OK);
    assert_true(rn_shell_grid_size(&grid) <= MAX);
    const rn_shell_input input = {.n = N, .n_samples = 8, .lambda = lambda, .g = g};
    assert_status(rn_shell_measure(&grid, &input, NULL, &report), RN_OK);
    for (int u = 0; u < N; u++)
        weight[u] = lambda[u] * g[u] * g[u] / 8.0;
    assert_status(rn_shell_sum_above(&grid, N, lambda, weight, sums), RN_OK);
    for (rn_index i = 0; i < report.n_boundaries; i++)
        assert_close(sums[i], report.dissipation[i], 1e-13);
    rn_shell_report_clear(&report);
    assert_status(rn_shell_sum_above(&grid, 0, lambda, weight, sums), RN_ERR_ARGUMENT);
    assert_status(rn_shell_sum_above(&grid, N, lambda, weight, NULL), RN_ERR_ARGUMENT);
    weight[3] = (double)NAN;
    assert_status(rn_shell_sum_above(&grid, N, lambda, weight, sums), RN_ERR_NONFINITE);
    assert_message_has("weight[3]");
}

static void pairs_of_a_circle_stay_together(void **state)
{
    (void)state;
    /* kernel exp(cos) on 24 equidistant angles: cosine and sine of each frequency share lambda */
    enum { N = 24 };
    double kernel[N * N];
    double lambda[N];
    double phi[N * N];
    double e[N];
    double g[N];
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            kernel[i * N + j] = exp(cos(2.0 * 3.14159265358979323846 * (i - j) / N)) / N;
    jacobi_eigen(N, kernel, lambda, phi);
    for (int i = 0; i < N; i++) /* frequency 2 only, phase between cosine and sine */
        e[i] = cos(2.0 * 2.0 * 3.14159265358979323846 * i / N + 0.4);
    dense_apply_transposed(N, phi, e, g);
    rn_shell_grid grid;
    rn_shell_report report = {0};
    assert_status(rn_shell_grid_choose(0.0, lambda[N - 1], 1e-13, &grid), RN_OK);
    const rn_shell_input input = {.n = N, .n_samples = N, .lambda = lambda, .g = g};
    assert_status(rn_shell_measure(&grid, &input, NULL, &report), RN_OK);
    /* eigenvalue of frequency 2 is the modified Bessel function I_2(1) = 0.1357476698 */
    assert_close(lambda[N - 4], 0.13574766976703828, 1e-12);
    assert_close(lambda[N - 5], 0.13574766976703828, 1e-12);
    const double loss = 0.25; /* mean of cos^2 is 1/2 */
    assert_close(report.loss, loss, 1e-14);
    const rn_index home = (rn_index)floor(log(0.1357476698) / ln2) - grid.low;
    assert_close(report.energy_sharp[home], loss, 1e-13);
    assert_close(report.energy[home - 1] + report.energy[home] + report.energy[home + 1], loss,
                 1e-13);
    rn_shell_report_clear(&report);

    /* two modes of one lambda and one energy count as two */
    const double equal[] = {1.0, 1.0};
    const rn_shell_grid small = {.width = ln2, .low = -1, .high = 1};
    const rn_shell_input pair = {.n = 2, .n_samples = 1, .lambda = equal, .g = equal};
    assert_status(rn_shell_measure(&small, &pair, NULL, &report), RN_OK);
    assert_close(report.n_eff[1], 2.0, 1e-14);
    rn_shell_report_clear(&report);
}

static void modes_below_the_floor_stand_in_the_null_line(void **state)
{
    (void)state;
    /* floor = n eps lambda_max: 3 * 2.2e-16 * 1 = 2^-50.4; boundary -49 is the first resolved */
    const double lambda[] = {-1e-17, 1e-16, 1.0};
    const double g[] = {3.0, 4.0, 1.0};
    double mt[9];
    random_symmetric(check_seed(), 4, 3, mt);
    const rn_shell_grid grid = {.width = ln2, .low = -60, .high = 1};
    const rn_shell_input input = {.n = 3, .n_samples = 1, .lambda = lambda, .g = g, .mt = mt};
    rn_shell_report report = {0};
    assert_status(rn_shell_measure(&grid, &input, NULL, &report), RN_OK);
    assert_close(report.floor, 3.0 * DBL_EPSILON, 1e-30);
    assert_int_equal(report.first, 11);
    assert_close(report.null_energy, 12.5, 1e-14);
    assert_close(report.null_energy_sharp, 12.5, 1e-14);
    assert_true(isnan(report.above[10]) && isnan(report.flux[10]) && isnan(report.velocity[0]));
    assert_true(isnan(report.density_sharp[11]));
    assert_true(isfinite(report.above[11]) && isfinite(report.flux[11]));
    assert_int_equal(report.inertial[10], 0);
    assert_close(report.energy[10], 0.0, 0.0);
    assert_close(sum_of(61, report.energy) + report.null_energy, 13.0, 1e-13);
    rn_shell_report_clear(&report);

    /* a factor of 0 splits everything that is positive */
    rn_shell_options options = rn_shell_options_defaults();
    options.floor_factor = 0.0;
    assert_status(rn_shell_measure(&grid, &input, &options, &report), RN_OK);
    assert_int_equal(report.first, 0);
    assert_close(report.null_energy, 4.5, 1e-14);
    rn_shell_report_clear(&report);
}

static void a_dead_kernel_has_only_a_null_line(void **state)
{
    (void)state;
    const double lambda[] = {-1.0, -1e-20, 0.0};
    const double g[] = {1.0, 1.0, 2.0};
    const double mt[9] = {1.0, 0.0, 0.0, 0.5, 1.0, 0.0, 0.2, 0.3, 1.0};
    const rn_shell_grid grid = {.width = ln2, .low = -4, .high = 4};
    const rn_shell_input input = {.n = 3, .n_samples = 1, .lambda = lambda, .g = g, .mt = mt};
    rn_shell_report report = {0};
    assert_status(rn_shell_measure(&grid, &input, NULL, &report), RN_OK);
    assert_close(report.null_energy, 3.0, 0.0);
    for (rn_index i = 0; i < report.n_boundaries; i++) {
        assert_close(report.above[i], 0.0, 0.0);
        assert_close(report.flux[i], 0.0, 0.0);
        assert_true(isnan(report.velocity[i]));
    }
    rn_shell_report_clear(&report);
}

static void refuses_bad_input_and_leaves_the_report_alone(void **state)
{
    (void)state;
    double lambda[] = {0.5, 1.0};
    double g[] = {1.0, 2.0};
    double mt[] = {1.0, 0.0, 0.5, 1.0};
    const rn_shell_grid grid = {.width = ln2, .low = -3, .high = 1};
    rn_shell_input input = {.n = 2, .n_samples = 1, .lambda = lambda, .g = g, .mt = mt};
    rn_shell_report report = {.first = 77};

    assert_status(rn_shell_measure(NULL, &input, NULL, &report), RN_ERR_ARGUMENT);
    assert_status(rn_shell_measure(&grid, NULL, NULL, &report), RN_ERR_ARGUMENT);
    assert_status(rn_shell_measure(&grid, &input, NULL, NULL), RN_ERR_ARGUMENT);
    input.n_samples = 0;
    assert_status(rn_shell_measure(&grid, &input, NULL, &report), RN_ERR_ARGUMENT);
    assert_message_has("n_samples");
    input.n_samples = 1;
    lambda[0] = 1.5;
    assert_status(rn_shell_measure(&grid, &input, NULL, &report), RN_ERR_ARGUMENT);
    assert_message_has("ascend");
    lambda[0] = (double)NAN;
    assert_status(rn_shell_measure(&grid, &input, NULL, &report), RN_ERR_NONFINITE);
    lambda[0] = 0.5;
    lambda[1] = 1.01;
    assert_status(rn_shell_measure(&grid, &input, NULL, &report), RN_ERR_DOMAIN);
    assert_message_has("rn_shell_grid_extend");
    lambda[1] = 1.0;
    g[1] = (double)INFINITY;
    assert_status(rn_shell_measure(&grid, &input, NULL, &report), RN_ERR_NONFINITE);
    assert_message_has("g[1]");
    g[1] = 1.0;
    mt[2] = (double)NAN;
    assert_status(rn_shell_measure(&grid, &input, NULL, &report), RN_ERR_NONFINITE);
    assert_message_has("mt");
    mt[2] = 0.5;
    rn_shell_options options = rn_shell_options_defaults();
    options.flux_ratio = -1.0;
    assert_status(rn_shell_measure(&grid, &input, &options, &report), RN_ERR_ARGUMENT);
    assert_message_has("flux_ratio");
    assert_int_equal(report.first, 77);
    assert_null(report.s);
    /* the upper triangle of mt is not read */
    mt[1] = (double)NAN;
    assert_status(rn_shell_measure(&grid, &input, NULL, &report), RN_OK);
    rn_shell_report_clear(&report);
    rn_shell_report_clear(&report);
    rn_shell_report_clear(NULL);
}

static void sums_that_overflow_are_refused_not_left_out(void **state)
{
    (void)state;
    const double lambda[] = {0.5, 1.0};
    const rn_shell_grid grid = {.width = ln2, .low = -3, .high = 1};
    const struct {
        double g, xi, mt;
    } cases[] = {{1e80, 1.0, 1.0} /* n_eff */,
                 {1e160, 1.0, 1.0} /* energy */,
                 {1e60, 1e290, 1.0} /* drive */,
                 {1e60, 1.0, 1e250} /* flux */};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        const double g[] = {cases[k].g, cases[k].g};
        const double xi[] = {cases[k].xi, cases[k].xi};
        const double mt[] = {cases[k].mt, 0.0, cases[k].mt, cases[k].mt};
        double flux[5] = {7.0, 7.0, 7.0, 7.0, 7.0};
        const rn_shell_input input = {
            .n = 2, .n_samples = 1, .lambda = lambda, .g = g, .xi = xi, .mt = mt};
        rn_shell_report report = {.first = 77};
        assert_status(rn_shell_measure(&grid, &input, NULL, &report), RN_ERR_NONFINITE);
        assert_message_has("overflow");
        assert_message_has("rn_shell_measure");
        assert_int_equal(report.first, 77);
        if (k != 3) continue;
        assert_status(rn_shell_flux(&grid, &input, NULL, flux, NULL, NULL), RN_ERR_NONFINITE);
        for (int i = 0; i < 5; i++)
            assert_close(flux[i], 7.0, 0.0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_lines_add_up_to_the_loss),
        cmocka_unit_test(one_mode_is_shared_as_the_smoothstep_says),
        cmocka_unit_test(density_is_minus_the_derivative_of_the_energy_above),
        cmocka_unit_test(pieces_agree_with_the_whole),
        cmocka_unit_test(pairs_of_a_circle_stay_together),
        cmocka_unit_test(modes_below_the_floor_stand_in_the_null_line),
        cmocka_unit_test(a_dead_kernel_has_only_a_null_line),
        cmocka_unit_test(refuses_bad_input_and_leaves_the_report_alone),
        cmocka_unit_test(sums_that_overflow_are_refused_not_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
