/*
 * Flux: the fast sums against the definition, and the identities it must obey.
 */
#include <float.h>
#include <math.h>
#include <renorm/shells.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "core/rng.h"
#include "jacobi.h"
#include "shells/shell_flux.h"

static const double ln2 = 0.69314718055994530942;

enum { N = 90, MAX = 256 };

typedef struct sample {
    double lambda[N];
    double g[N];
    double mt[N * N];
    rn_shell_grid grid;
} sample;

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* A spectrum with everything awkward: wide, repeated, nearly repeated, on boundaries, negative. */
static void make_sample(uint32_t trial, double width, sample *out)
{
    const rni_stream stream = {.seed = check_seed(), .purpose = RNI_RNG_TEST, .part = 9000 + trial};
    const double decades = 1.0 + (double)(trial % 8) * 2.0;
    for (int u = 0; u < N; u++)
        out->lambda[u] = 3.0 * pow(10.0, -decades * rni_rng_uniform(stream, (uint64_t)u));
    for (int u = 0; u < 4; u++) {
        out->lambda[10 + u] = out->lambda[10];
        out->lambda[20 + u] = out->lambda[20] * (1.0 + 1e-12 * u);
        out->lambda[30 + u] = out->lambda[30] * (1.0 + 1e-7 * u);
        out->lambda[40 + u] = exp(-width * u);
    }
    out->lambda[50] = -1e-17;
    out->lambda[51] = 0.0;
    qsort(out->lambda, N, sizeof(double), by_value);
    random_fill(check_seed(), 3 * trial, N, out->g);
    random_symmetric(check_seed(), 3 * trial + 1, N, out->mt);
    assert_status(rn_shell_grid_choose(width, out->lambda[N - 1], 3.0 * pow(10.0, -0.8 * decades),
                                       &out->grid),
                  RN_OK);
}

static rn_shell_input input_of(const sample *made)
{
    return (rn_shell_input){
        .n = N, .n_samples = 7, .lambda = made->lambda, .g = made->g, .mt = made->mt};
}

static void fast_sums_equal_the_sum_over_all_pairs(void **state)
{
    (void)state;
    static sample made;
    rn_index first[N];
    double fast[3][MAX];
    double plain[3][MAX];
    for (uint32_t trial = 0; trial < 24; trial++) {
        make_sample(trial, trial % 3 == 0 ? ln2 : 0.15 + 0.2 * (trial % 7), &made);
        const rn_shell_input input = input_of(&made);
        rn_shell_options options = rn_shell_options_defaults();
        options.mt_error = 1.0;
        if (trial % 2 == 1) options.cluster_factor = 1e11; /* clusters that span many cells */
        assert_true(rn_shell_grid_size(&made.grid) <= MAX);
        assert_status(rn_shell_flux(&made.grid, &input, &options, fast[0], fast[1], fast[2]),
                      RN_OK);
        (void)rni_clusters(N, made.lambda,
                           options.cluster_factor * N * DBL_EPSILON * made.lambda[N - 1], first);
        rni_flux_all_pairs(&made.grid, &input, first, plain[0], plain[1], plain[2]);
        double squares = 0.0;
        for (int u = 0; u < N; u++)
            squares += made.g[u] * made.g[u];
        for (rn_index i = 0; i < rn_shell_grid_size(&made.grid); i++) {
            /* The error bar with |mt| <= 5 as its delta is the sum of all magnitudes. Positions
               agree to 1e-14, and where a window begins the slope goes as the square of the
               position: its error is 1e-14 times the root of its size. */
            const double whole =
                squares / (14.0 * made.grid.width) * exp(-rn_shell_grid_boundary(&made.grid, i));
            const double tolerance =
                5.0 * (1e-12 * plain[2][i] + 1e-13 * sqrt(plain[2][i] * whole));
            for (int k = 0; k < 3; k++)
                assert_close(fast[k][i], plain[k][i], tolerance);
        }
    }
}

static void threads_do_not_change_a_bit(void **state)
{
    (void)state;
    static sample made;
    make_sample(5, ln2, &made);
    const rn_shell_input input = input_of(&made);
    rn_shell_report one = {0};
    rn_shell_report many = {0};
    rni_pool *pool = NULL;
    assert_status(rni_pool_create(3, &pool), RN_OK);
    assert_status(rn_shell_measure(&made.grid, &input, NULL, &one), RN_OK);
    assert_status(rni_shell_measure(pool, &made.grid, &input, NULL, &many), RN_OK);
    const size_t size = (size_t)one.n_boundaries * sizeof(double);
    assert_memory_equal(one.flux, many.flux, size);
    assert_memory_equal(one.migration, many.migration, size);
    assert_memory_equal(one.transfer, many.transfer, size);
    assert_memory_equal(one.flux_error, many.flux_error, size);
    rn_shell_report_clear(&one);
    rn_shell_report_clear(&many);
    rni_pool_destroy(pool);
}

static void vanishes_at_the_ends_of_the_spectrum(void **state)
{
    (void)state;
    /* below every mode chi = 1, above every mode chi = 0: nothing moves through either */
    static sample made;
    double flux[MAX];
    double error[MAX];
    make_sample(1, ln2, &made);
    for (int u = 0; u < N; u++)
        made.lambda[u] = exp(0.05 * u);
    const rn_shell_grid grid = {.width = ln2, .low = -2, .high = 9};
    const rn_shell_input input = input_of(&made);
    assert_status(rn_shell_flux(&grid, &input, NULL, flux, NULL, error), RN_OK);
    assert_close(flux[0], 0.0, 0.0);
    assert_close(flux[1], 0.0, 0.0);
    assert_close(flux[11], 0.0, 0.0);
    assert_close(error[0], 0.0, 0.0);
    assert_true(fabs(flux[5]) > 0.0);
}

static void a_still_kernel_has_no_flux(void **state)
{
    (void)state;
    static sample made;
    make_sample(2, ln2, &made);
    memset(made.mt, 0, sizeof made.mt);
    const rn_shell_input input = input_of(&made);
    rn_shell_report report = {0};
    assert_status(rn_shell_measure(&made.grid, &input, NULL, &report), RN_OK);
    for (rn_index i = report.first; i < report.n_boundaries; i++) {
        assert_close(report.flux[i], 0.0, 0.0);
        assert_close(report.migration[i], 0.0, 0.0);
        assert_close(report.flux_error[i], 0.0, 0.0);
        assert_int_equal(report.inertial[i], 0);
        if (report.density[i] > 0.0) assert_close(report.velocity[i], 0.0, 0.0);
    }
    rn_shell_report_clear(&report);
}

static void rotating_a_degenerate_group_changes_neither_flux_nor_split(void **state)
{
    (void)state;
    static sample made;
    static double turned_mt[N * N];
    static double basis[N * N];
    double turned_g[N];
    double flux[2][MAX];
    double migration[2][MAX];
    enum { FROM = 40, GROUP = 5 };
    make_sample(3, ln2, &made);
    for (int u = 0; u < N; u++)
        made.lambda[u] = exp(0.06 * (u - N));
    for (int u = 0; u < GROUP; u++)
        made.lambda[FROM + u] = made.lambda[FROM];
    const rn_shell_grid grid = {.width = ln2, .low = -7, .high = 1};
    rn_shell_input input = input_of(&made);

    double small[GROUP * GROUP];
    random_orthogonal(check_seed(), 77, GROUP, small);
    memset(basis, 0, sizeof basis);
    for (int u = 0; u < N; u++)
        basis[u * N + u] = 1.0;
    for (int i = 0; i < GROUP; i++)
        for (int j = 0; j < GROUP; j++)
            basis[(FROM + i) * N + FROM + j] = small[i * GROUP + j];
    dense_sandwich(N, basis, made.mt, basis, turned_mt);
    dense_apply_transposed(N, basis, made.g, turned_g);
    rn_shell_input turned = input;
    turned.g = turned_g;
    turned.mt = turned_mt;

    assert_status(rn_shell_flux(&grid, &input, NULL, flux[0], migration[0], NULL), RN_OK);
    assert_status(rn_shell_flux(&grid, &turned, NULL, flux[1], migration[1], NULL), RN_OK);
    double scale = 0.0;
    for (rn_index i = 0; i < rn_shell_grid_size(&grid); i++)
        scale = fmax(scale, fabs(flux[0][i]));
    for (rn_index i = 0; i < rn_shell_grid_size(&grid); i++) {
        assert_close(flux[1][i], flux[0][i], 1e-12 * scale);
        assert_close(migration[1][i], migration[0][i], 1e-12 * scale);
    }
    /* without clusters the flux stays and the split depends on the basis: the rule is needed */
    rn_shell_options options = rn_shell_options_defaults();
    options.cluster_factor = 0.0;
    assert_status(rn_shell_flux(&grid, &input, &options, flux[0], migration[0], NULL), RN_OK);
    assert_status(rn_shell_flux(&grid, &turned, &options, flux[1], migration[1], NULL), RN_OK);
    double split = 0.0;
    for (rn_index i = 0; i < rn_shell_grid_size(&grid); i++) {
        assert_close(flux[1][i], flux[0][i], 1e-12 * scale);
        split = fmax(split, fabs(migration[1][i] - migration[0][i]));
    }
    assert_true(split > 1e-10 * scale); /* a hundred times what rounding may do above */
}

static void diagonal_drift_is_migration_and_rotation_is_transfer(void **state)
{
    (void)state;
    static sample made;
    static double part[N * N];
    double flux[MAX];
    double migration[MAX];
    make_sample(4, ln2, &made);
    for (int u = 0; u < N; u++)
        made.lambda[u] = exp(0.06 * (u - N));
    const rn_shell_grid grid = {.width = ln2, .low = -7, .high = 1};
    rn_shell_input input = input_of(&made);
    input.mt = part;
    memset(part, 0, sizeof part);
    for (int u = 0; u < N; u++)
        part[u * N + u] = made.mt[u * N + u];
    assert_status(rn_shell_flux(&grid, &input, NULL, flux, migration, NULL), RN_OK);
    for (rn_index i = 0; i < rn_shell_grid_size(&grid); i++) {
        /* eigenvalues drift: (1/2N) sum g^2 chi' lambda' */
        double drift = 0.0;
        for (int u = 0; u < N; u++)
            drift += made.g[u] * made.g[u] * part[u * N + u]
                     * rn_shell_cut_slope(rn_shell_grid_boundary(&grid, i), ln2, made.lambda[u])
                     / 14.0;
        assert_close(flux[i], drift, 1e-11);
        assert_close(migration[i], flux[i], 0.0);
    }
    memcpy(part, made.mt, sizeof part);
    for (int u = 0; u < N; u++)
        part[u * N + u] = 0.0;
    assert_status(rn_shell_flux(&grid, &input, NULL, flux, migration, NULL), RN_OK);
    double largest = 0.0;
    for (rn_index i = 0; i < rn_shell_grid_size(&grid); i++) {
        assert_close(migration[i], 0.0, 0.0);
        largest = fmax(largest, fabs(flux[i]));
    }
    assert_true(largest > 1e-2);
}

static void scaling_the_kernel_shifts_the_axis(void **state)
{
    (void)state;
    /* M -> k M, t -> t/k: s shifts by ln k, M' -> k^2 M', rates F, D, w -> k times */
    static sample made;
    static double scaled_mt[N * N];
    double scaled_lambda[N];
    make_sample(6, ln2, &made);
    made.grid.low += 5; /* clear of the floor in both */
    const double k = 8.0;
    for (int u = 0; u < N; u++)
        scaled_lambda[u] = k * made.lambda[u];
    for (int j = 0; j < N * N; j++)
        scaled_mt[j] = k * k * made.mt[j];
    rn_shell_grid shifted = made.grid;
    shifted.low += 3;
    shifted.high += 3;
    const rn_shell_input input = input_of(&made);
    rn_shell_input scaled = input;
    scaled.lambda = scaled_lambda;
    scaled.mt = scaled_mt;
    rn_shell_report one = {0};
    rn_shell_report two = {0};
    assert_status(rn_shell_measure(&made.grid, &input, NULL, &one), RN_OK);
    assert_status(rn_shell_measure(&shifted, &scaled, NULL, &two), RN_OK);
    assert_int_equal(one.first, two.first);
    for (rn_index i = one.first; i < one.n_boundaries; i++) {
        /* F is a difference of large terms: its own error bar (n eps |mt|) bounds the rounding */
        const double bar = 10.0 * k * one.flux_error[i];
        assert_close(two.above[i], one.above[i], 1e-13 * one.loss);
        assert_close(two.density[i], one.density[i], 1e-13 * one.loss);
        assert_close(two.dissipation[i], k * one.dissipation[i], 1e-12 * k * one.loss);
        assert_close(two.flux[i], k * one.flux[i], bar);
        assert_close(two.migration[i], k * one.migration[i], bar);
        assert_close(two.flux_error[i], k * one.flux_error[i], 1e-11 * k * one.flux_error[i]);
        if (one.density[i] < 1e-3 * one.loss) continue;
        assert_close(two.velocity[i], k * one.velocity[i],
                     bar / one.density[i] + 1e-11 * k * fabs(one.velocity[i]));
        assert_close(two.velocity_lambda[i], k * exp(two.s[i]) * one.velocity[i],
                     1e-11 * fabs(two.velocity_lambda[i]) + exp(two.s[i]) * bar / one.density[i]);
        assert_close(two.loss_rate[i], k * one.loss_rate[i], 1e-11 * two.loss_rate[i]);
    }
    rn_shell_report_clear(&one);
    rn_shell_report_clear(&two);
}

static void error_bar_covers_noise_in_mt(void **state)
{
    (void)state;
    static sample made;
    static double noise[N * N];
    static double noisy[N * N];
    static double vectors[N * N];
    double values[N];
    double flux[2][MAX];
    double error[MAX];
    make_sample(7, ln2, &made);
    rn_shell_input input = input_of(&made);
    const double size = 1e-3;
    random_symmetric(check_seed(), 501, N, noise);
    jacobi_eigen(N, noise, values, vectors);
    const double norm = fmax(fabs(values[0]), fabs(values[N - 1]));
    for (int j = 0; j < N * N; j++)
        noisy[j] = made.mt[j] + size * noise[j] / norm;
    rn_shell_options options = rn_shell_options_defaults();
    options.mt_error = size;
    assert_status(rn_shell_flux(&made.grid, &input, &options, flux[0], NULL, error), RN_OK);
    input.mt = noisy;
    assert_status(rn_shell_flux(&made.grid, &input, &options, flux[1], NULL, NULL), RN_OK);
    double tightest = 0.0;
    for (rn_index i = 0; i < rn_shell_grid_size(&made.grid); i++) {
        const double change = fabs(flux[1][i] - flux[0][i]);
        assert_true(change <= error[i]);
        if (error[i] > 0.0) tightest = fmax(tightest, change / error[i]);
    }
    /* and is not wildly larger: random signs lose a factor of the number of modes, N = 90 */
    assert_true(tightest > 1e-3);
}

static void norm_bound_covers_the_two_norm(void **state)
{
    (void)state;
    static double mt[N * N];
    static double vectors[N * N];
    double values[N];
    double sums[N];
    for (uint32_t trial = 0; trial < 3; trial++) {
        random_symmetric(check_seed(), 600 + trial, N, mt);
        if (trial == 1) /* rank one: the Frobenius norm is the 2-norm */
            for (int u = 0; u < N; u++)
                for (int v = 0; v < N; v++)
                    mt[u * N + v] = sin(u + 1.0) * sin(v + 1.0);
        if (trial == 2) /* diagonal: the largest row sum is the 2-norm */
            for (int u = 0; u < N; u++)
                for (int v = 0; v < N; v++)
                    mt[u * N + v] = u == v ? 1.0 + u : 0.0;
        jacobi_eigen(N, mt, values, vectors);
        const double norm = fmax(fabs(values[0]), fabs(values[N - 1]));
        const double bound = rni_symmetric_norm(N, mt, sums);
        assert_true(bound >= norm * (1.0 - 1e-14));
        assert_true(bound <= (trial == 0 ? 6.0 : 1.0 + 1e-12) * norm);
    }
}

/* Kato's sum over pairs on either side of s; false where a mode lies within one width of s. */
static bool kato_at(const rn_shell_input *input, double s, double width, double *kato)
{
    *kato = 0.0;
    for (rn_index u = 0; u < input->n; u++) {
        const double high = input->lambda[u];
        if (fabs(log(high) - s) <= width) return false;
        for (rn_index v = 0; v < input->n; v++)
            if (log(high) >= s && log(input->lambda[v]) < s)
                *kato += input->mt[u * input->n + v] / (high - input->lambda[v]) * input->g[u]
                         * input->g[v] / (double)input->n_samples;
    }
    return true;
}

static void sharp_limit_is_the_sum_of_exchanges(void **state)
{
    (void)state;
    /* modes 7 widths apart: at boundaries with no mode within one width F is Kato's sum */
    enum { M = 12, LINES = 128 };
    double lambda[M];
    double g[M];
    double mt[M * M];
    static double exchange[LINES * LINES];
    double flux[LINES];
    const double width = 0.1;
    for (int u = 0; u < M; u++)
        lambda[u] = exp(0.7 * (u - M + 1) - 0.03);
    random_fill(check_seed(), 700, M, g);
    random_symmetric(check_seed(), 701, M, mt);
    rn_shell_grid grid;
    assert_status(rn_shell_grid_choose(width, lambda[M - 1], lambda[1], &grid), RN_OK);
    const rn_index m = rn_shell_grid_size(&grid);
    assert_true(m <= LINES);
    const rn_shell_input input = {.n = M, .n_samples = 5, .lambda = lambda, .g = g, .mt = mt};
    assert_status(rn_shell_exchange(&grid, &input, exchange), RN_OK);
    assert_status(rn_shell_flux(&grid, &input, NULL, flux, NULL, NULL), RN_OK);
    int n_checked = 0;
    for (rn_index i = 0; i < m; i++) {
        double kato = 0.0;
        if (!kato_at(&input, rn_shell_grid_boundary(&grid, i), width, &kato)) continue;
        double sum = 0.0;
        for (rn_index a = i; a < m - 1; a++) { /* shells above gain from shells below */
            for (rn_index b = 0; b < i; b++)
                sum += exchange[a * m + b];
            sum += exchange[a * m + m - 1];
        }
        assert_close(flux[i], kato, 1e-13 * (1.0 + fabs(kato)));
        assert_close(sum, kato, 1e-13 * (1.0 + fabs(kato)));
        n_checked++;
    }
    assert_true(n_checked > 40);
    for (rn_index a = 0; a < m; a++)
        for (rn_index b = 0; b < m; b++)
            assert_close(exchange[a * m + b], -exchange[b * m + a], 0.0);
}

static void exchange_never_divides_inside_a_shell(void **state)
{
    (void)state;
    const double lambda[] = {0.3, 1.1, 1.1, 1.1 + 1e-15};
    const double g[] = {1.0, 2.0, 3.0, 4.0};
    double mt[16];
    double exchange[16] = {0};
    random_symmetric(check_seed(), 800, 4, mt);
    const rn_shell_grid grid = {.width = ln2, .low = -1, .high = 2};
    const rn_shell_input input = {.n = 4, .n_samples = 1, .lambda = lambda, .g = g, .mt = mt};
    assert_status(rn_shell_exchange(&grid, &input, exchange), RN_OK);
    /* shell 1 is 1 .. 2; the first mode is below the bottom boundary, line 3 */
    double gain = 0.0;
    for (int u = 1; u < 4; u++)
        gain += mt[4 * (size_t)u] / (lambda[u] - lambda[0]) * g[u] * g[0];
    assert_close(exchange[1 * 4 + 3], gain, 1e-13 * fabs(gain));
    assert_close(exchange[3 * 4 + 1], -exchange[1 * 4 + 3], 0.0);
    assert_close(exchange[1 * 4 + 1], 0.0, 0.0);
    assert_close(exchange[0], 0.0, 0.0);

    rn_shell_input bad = input;
    bad.mt = NULL;
    assert_status(rn_shell_exchange(&grid, &bad, exchange), RN_ERR_ARGUMENT);
    mt[4] = (double)NAN;
    assert_status(rn_shell_exchange(&grid, &input, exchange), RN_ERR_NONFINITE);
    assert_close(exchange[1 * 4 + 3], gain, 1e-13 * fabs(gain));
    const rn_shell_grid low = {.width = ln2, .low = -1, .high = 1};
    assert_status(rn_shell_exchange(&low, &input, exchange), RN_ERR_DOMAIN);
}

static void inertial_mask_follows_its_thresholds(void **state)
{
    (void)state;
    static sample made;
    make_sample(0, ln2, &made);
    const rn_shell_input input = input_of(&made);
    rn_shell_options options = rn_shell_options_defaults();
    rn_shell_report report = {0};
    /* an error of mt of which the strongest flux is 1.5 times the threshold away */
    options.mt_error = 1.0;
    assert_status(rn_shell_measure(&made.grid, &input, &options, &report), RN_OK);
    double strongest = 0.0;
    for (rn_index i = 0; i < report.n_boundaries; i++)
        if (report.n_eff[i] >= 5.0)
            strongest = fmax(strongest, fabs(report.flux[i]) / report.flux_error[i]);
    rn_shell_report_clear(&report);
    options.mt_error = strongest / (3.0 * 1.5);
    assert_status(rn_shell_measure(&made.grid, &input, &options, &report), RN_OK);
    int n_inertial = 0;
    for (rn_index i = 0; i < report.n_boundaries; i++) {
        const bool expected =
            report.n_eff[i] >= 5.0 && fabs(report.flux[i]) > 3.0 * report.flux_error[i];
        assert_int_equal(report.inertial[i], expected);
        n_inertial += report.inertial[i];
    }
    assert_true(n_inertial > 0 && n_inertial < (int)report.n_boundaries);
    rn_shell_report_clear(&report);
    options.n_eff_min = 1e6;
    assert_status(rn_shell_measure(&made.grid, &input, &options, &report), RN_OK);
    for (rn_index i = 0; i < report.n_boundaries; i++)
        assert_int_equal(report.inertial[i], 0);
    rn_shell_report_clear(&report);
}

static void projections_are_products_with_eigenvectors(void **state)
{
    (void)state;
    enum { BIG = 150 }; /* more than one tile of rows */
    static double basis[2][BIG * BIG];
    static double rows[2][BIG * BIG];
    static double matrix[BIG * BIG];
    static double expected[BIG * BIG];
    static double got[2][BIG * BIG];
    rni_pool *pool = NULL;
    assert_status(rni_pool_create(2, &pool), RN_OK);
    const int sizes[] = {1, 7, BIG};
    for (int size = 0; size < 3; size++) {
        const int n = sizes[size];
        random_symmetric(check_seed(), 950, n, matrix);
        for (int k = 0; k < 2; k++) {
            random_fill(check_seed(), 951 + (uint32_t)k, (rn_index)n * n, basis[k]);
            for (int i = 0; i < n; i++)
                for (int u = 0; u < n; u++)
                    rows[k][u * n + i] = basis[k][i * n + u];
        }
        for (int k = 0; k < 2; k++) {
            dense_sandwich(n, basis[0], matrix, basis[k], expected);
            assert_status(rn_shell_project(n, rows[0], matrix, rows[k], got[0]), RN_OK);
            assert_status(rni_shell_project(pool, n, rows[0], matrix, rows[k], got[1]), RN_OK);
            /* entries are sums of n^2 products of normal numbers: size n, rounding n^2 eps */
            for (int j = 0; j < n * n; j++)
                assert_close(got[0][j], expected[j], 20.0 * n * n * DBL_EPSILON);
            assert_memory_equal(got[0], got[1], sizeof(double) * (size_t)(n * n));
        }
        assert_status(rn_shell_project(n, rows[0], matrix, rows[0], got[0]), RN_OK);
        for (int u = 0; u < n; u++)
            for (int v = 0; v < u; v++)
                assert_close(got[0][u * n + v], got[0][v * n + u], 0.0);
    }
    rni_pool_destroy(pool);
    assert_status(rn_shell_project(0, rows[0], matrix, rows[0], got[0]), RN_ERR_ARGUMENT);
    assert_status(rn_shell_project(3, rows[0], matrix, rows[0], matrix), RN_ERR_ARGUMENT);
    assert_status(rn_shell_project(3, rows[0], matrix, NULL, got[0]), RN_ERR_ARGUMENT);
}

static void defaults_are_what_the_header_says(void **state)
{
    (void)state;
    /* three modes: gap eps n lambda_max times 900 is a cluster, times 1100 is none */
    const double unit = 3.0 * DBL_EPSILON;
    const double g[] = {1.0, 2.0, 3.0};
    const double mt[9] = {0.0, 0.0, 0.0, 5.0, 0.0, 0.0, 0.0, 0.0, 0.0};
    const rn_shell_grid grid = {.width = ln2, .low = -2, .high = 1};
    double flux[4];
    double migration[4];
    double error[4];
    for (int k = 0; k < 2; k++) {
        const double lambda[] = {0.5, 0.5 + (k ? 1100.0 : 900.0) * unit, 1.0};
        const rn_shell_input input = {.n = 3, .n_samples = 1, .lambda = lambda, .g = g, .mt = mt};
        assert_status(rn_shell_flux(&grid, &input, NULL, flux, migration, error), RN_OK);
        /* both at 1/2 to 1e-12: chi' of boundary -1 is (15/16)/(h lambda), F = g0 g1 5 chi' */
        const double expected = 10.0 * 0.9375 / (0.5 * ln2);
        assert_close(flux[1], expected, 1e-10);
        assert_close(migration[1], k ? 0.0 : expected, 1e-10);
        /* |mt|_2 = 5 = its largest row sum; pairs (0,0), (0,1) twice, (1,1) share the slope, the
           top mode sees it as chi/(1 - 1/2) = 1 from either */
        const double pairs = 0.5 * (9.0 * 0.9375 / (0.5 * ln2) + 2.0 * 9.0);
        assert_close(error[1], 5.0 * unit * pairs, 1e-10 * error[1]);
    }
    const rn_shell_options options = rn_shell_options_defaults();
    assert_close(options.n_eff_min, 5.0, 0.0);
    assert_close(options.flux_ratio, 3.0, 0.0);
    assert_close(options.mt_error, 0.0, 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fast_sums_equal_the_sum_over_all_pairs),
        cmocka_unit_test(threads_do_not_change_a_bit),
        cmocka_unit_test(vanishes_at_the_ends_of_the_spectrum),
        cmocka_unit_test(a_still_kernel_has_no_flux),
        cmocka_unit_test(rotating_a_degenerate_group_changes_neither_flux_nor_split),
        cmocka_unit_test(diagonal_drift_is_migration_and_rotation_is_transfer),
        cmocka_unit_test(scaling_the_kernel_shifts_the_axis),
        cmocka_unit_test(error_bar_covers_noise_in_mt),
        cmocka_unit_test(norm_bound_covers_the_two_norm),
        cmocka_unit_test(sharp_limit_is_the_sum_of_exchanges),
        cmocka_unit_test(exchange_never_divides_inside_a_shell),
        cmocka_unit_test(inertial_mask_follows_its_thresholds),
        cmocka_unit_test(projections_are_products_with_eigenvectors),
        cmocka_unit_test(defaults_are_what_the_header_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
