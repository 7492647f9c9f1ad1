/*
 * The numbers behind conditions C1 and C3, and the tests of families, on inputs worked by hand.
 */
#include <math.h>
#include <renorm/coherence.h>
#include <renorm/evolution.h>
#include <renorm/family.h>
#include <renorm/propagation.h>
#include <string.h>

#include "check.h"
#include "conditions/finding.h"
#include "conditions/largest_singular.h"
#include "core/memory.h"
#include "core/rng.h"
#include "jacobi.h"

static double normal(uint32_t part, uint64_t index)
{
    return rni_rng_normal((rni_stream){check_seed(), RNI_RNG_TEST, part}, index);
}

/* ---- gains ----------------------------------------------------------------------------------- */

static void gains_of_known_products(void **state)
{
    (void)state;
    /* B_1 = 2 I [2 x 2], B_2 [3 x 2] with singular values 3 and 1, B_3 = one row [1 x 3] */
    const rn_index width[] = {2, 2, 3, 1};
    const double jacobians[] = {2, 0, 0, 2, 3, 0, 0, 1, 0, 0, 0, 4, 0};
    double sigma[16];
    for (int i = 0; i < 16; i++)
        sigma[i] = (double)NAN;
    sigma[2] = 100.0; /* an earlier sample's, larger */
    assert_status(rn_propagation_gains(3, width, jacobians, sigma), RN_OK);
    assert_close(sigma[1], 2.0, 1e-14);
    assert_close(sigma[2], 100.0, 0.0);
    assert_close(sigma[3], 8.0, 1e-13); /* (0 4 0) B_2 = (0 4), times 2 */
    assert_close(sigma[6], 3.0, 1e-13);
    assert_close(sigma[7], 4.0, 1e-13);
    assert_close(sigma[11], 4.0, 1e-13);
    assert_true(isnan(sigma[0]) && isnan(sigma[4]) && isnan(sigma[15]));

    const double broken[] = {2, 0, 0, (double)NAN, 3, 0, 0, 1, 0, 0, 0, 4, 0};
    assert_status(rn_propagation_gains(3, width, broken, sigma), RN_ERR_NONFINITE);
    const double huge[] = {1e200, 0, 0, 1, 1e200, 0, 0, 1, 0, 0, 0, 4, 0};
    assert_status(rn_propagation_gains(3, width, huge, sigma), RN_ERR_NONFINITE);
    assert_close(sigma[3], 8.0, 1e-13);
    const rn_index bad[] = {2, 0, 3, 1};
    assert_status(rn_propagation_gains(3, bad, jacobians, sigma), RN_ERR_ARGUMENT);
    assert_status(rn_propagation_gains(0, width, jacobians, sigma), RN_ERR_ARGUMENT);
}

/* Random matrices of any shape, a multiple of an orthogonal one, and zero. */
static void largest_singular_values_match_rotations(void **state)
{
    (void)state;
    enum { MOST = 40 };
    static double a[MOST * MOST];
    static double gram[MOST * MOST];
    static double vectors[MOST * MOST];
    static const int shapes[][2] = {{1, 1}, {1, 7}, {7, 1}, {5, 12}, {12, 5}, {40, 40}, {33, 17}};
    double values[MOST];
    double *work = rni_alloc(rni_singular_work(MOST, MOST), sizeof *work);
    assert_non_null(work);
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
        const int rows = shapes[s][0];
        const int cols = shapes[s][1];
        for (int i = 0; i < rows * cols; i++)
            a[i] = normal((uint32_t)s, (uint64_t)i);
        for (int i = 0; i < cols; i++)
            for (int j = 0; j < cols; j++) {
                gram[i * cols + j] = 0.0;
                for (int k = 0; k < rows; k++)
                    gram[i * cols + j] += a[k * cols + i] * a[k * cols + j];
            }
        jacobi_eigen(cols, gram, values, vectors);
        double sigma = 0.0;
        assert_status(rni_largest_singular(rows, cols, a, work, &sigma), RN_OK);
        assert_close(sigma, sqrt(values[cols - 1]), 1e-10 * sigma);
    }
    double sigma = 1.0;
    random_orthogonal(check_seed(), 3, 20, a);
    assert_status(rni_largest_singular(20, 20, a, work, &sigma), RN_OK);
    assert_close(sigma, 1.0, 1e-13);
    memset(a, 0, sizeof a);
    assert_status(rni_largest_singular(20, 20, a, work, &sigma), RN_OK);
    assert_close(sigma, 0.0, 0.0);
    rni_free(work);
}

/* ---- coherence ------------------------------------------------------------------------------- */

enum { SAMPLES = 4, OUTPUTS = 2, ROWS = SAMPLES * OUTPUTS, BLOCKS = 5 };

/* H M H with H written out. */
static void center_plainly(const double *m, double *out)
{
    double h[ROWS * ROWS] = {0};
    double half[ROWS * ROWS];
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < ROWS; j++)
            h[i * ROWS + j] = (i == j) - (i % OUTPUTS == j % OUTPUTS ? 1.0 / SAMPLES : 0.0);
    dense_multiply(ROWS, h, m, half);
    dense_multiply(ROWS, half, h, out);
}

/* A random kernel of rank 3 and what is left of it when centred. */
static void draw_kernel(uint32_t part, double *kernel, double *centred)
{
    double j[ROWS * 3];
    for (int i = 0; i < ROWS * 3; i++)
        j[i] = 1.0 + normal(part, (uint64_t)i);
    for (int a = 0; a < ROWS; a++)
        for (int b = 0; b < ROWS; b++) {
            kernel[a * ROWS + b] = 0.0;
            for (int k = 0; k < 3; k++)
                kernel[a * ROWS + b] += j[a * 3 + k] * j[b * 3 + k];
        }
    center_plainly(kernel, centred);
}

static double cosine_of(const double *a, const double *b)
{
    double dots[3] = {0};
    for (int k = 0; k < ROWS * ROWS; k++) {
        dots[0] += a[k] * b[k];
        dots[1] += a[k] * a[k];
        dots[2] += b[k] * b[k];
    }
    return dots[0] / sqrt(dots[1] * dots[2]);
}

static void overlaps_are_cosines_of_centred_kernels(void **state)
{
    (void)state;
    double kernels[BLOCKS][ROWS * ROWS];
    double centred[BLOCKS][ROWS * ROWS];
    double *list[BLOCKS];
    for (int l = 0; l < BLOCKS; l++) {
        draw_kernel(20 + (uint32_t)l, kernels[l], centred[l]);
        list[l] = kernels[l];
    }
    double overlap[BLOCKS * BLOCKS];
    double rows[BLOCKS];
    double distance[BLOCKS];
    rn_coherence said;
    assert_status(
        rn_coherence_measure(BLOCKS, SAMPLES, OUTPUTS, list, overlap, rows, distance, &said),
        RN_OK);
    double largest = 0.0;
    double sums[BLOCKS] = {0};
    for (int l = 0; l < BLOCKS; l++) {
        double row = 0.0;
        for (int m = 0; m < BLOCKS; m++) {
            const double cosine = cosine_of(centred[l], centred[m]);
            assert_close(overlap[l * BLOCKS + m], cosine, 1e-13);
            row += cosine;
            if (m >= l) sums[m - l] += cosine / (BLOCKS - m + l);
        }
        assert_close(rows[l], row, 1e-13);
        largest = fmax(largest, row);
    }
    for (int d = 0; d < BLOCKS; d++)
        assert_close(distance[d], sums[d], 1e-13);
    assert_close(said.largest_row, largest, 1e-13);
}

/* Kernels on disjoint samples overlap in their centring alone; equal ones fully; a geometric decay
   has the length of its ratio. */
static void known_overlaps_and_decay_lengths(void **state)
{
    (void)state;
    enum { N = 64 };
    static double kernels[4][N * N];
    static const double angle[] = {0.0, 0.3, 0.6, 0.9};
    double *list[] = {kernels[0], kernels[1], kernels[2], kernels[3]};
    double overlap[16];
    double rows[4];
    double distance[4];
    rn_coherence said;
    /* rank one along directions in a plane orthogonal to the ones: overlap cos^2 of the angle */
    for (int l = 0; l < 4; l++)
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++) {
                const double t = 2.0 * 3.14159265358979323846 / N;
                kernels[l][i * N + j] = 7.0 + cos(t * i - angle[l]) * cos(t * j - angle[l]);
            }
    assert_status(rn_coherence_measure(4, N, 1, list, overlap, rows, distance, &said), RN_OK);
    for (int l = 0; l < 4; l++)
        for (int m = 0; m < 4; m++)
            assert_close(overlap[l * 4 + m], pow(cos(angle[l] - angle[m]), 2.0), 1e-12);
    const double slope = (log(distance[3]) - log(distance[1])) / 2.0;
    assert_close(said.decay_length, -1.0 / slope, 1e-10);
    memcpy(kernels[1], kernels[0], sizeof kernels[0]);
    double *same[] = {kernels[0], kernels[1]};
    assert_status(rn_coherence_measure(2, N, 1, same, overlap, rows, distance, &said), RN_OK);
    assert_close(said.mean_row, 2.0, 1e-12);
    assert_true(isnan(said.decay_length));
    for (int i = 0; i < N * N; i++)
        kernels[1][i] = 3.0;
    said.mean_row = 7.0;
    assert_status(rn_coherence_measure(2, N, 1, same, overlap, rows, distance, &said),
                  RN_ERR_DOMAIN);
    kernels[1][5] = (double)NAN;
    assert_status(rn_coherence_measure(2, N, 1, same, overlap, rows, distance, &said),
                  RN_ERR_NONFINITE);
    assert_close(said.mean_row, 7.0, 0.0);
    assert_status(rn_coherence_measure(2, 1, 1, same, overlap, rows, distance, &said),
                  RN_ERR_ARGUMENT);
    (void)rni_fail_allocation(1);
    assert_status(rn_coherence_measure(2, N, 1, list, overlap, rows, distance, &said),
                  RN_ERR_MEMORY);
    (void)rni_fail_allocation(0);
}

/* ---- influence ------------------------------------------------------------------------------- */

static void influence_of_a_matrix_worked_by_hand(void **state)
{
    (void)state;
    const double norms[] = {4.0, 1.0, 0.0};
    const double changes[] = {4.0, 16.0, 36.0, 9.0, 0.0, 1.0, 5.0, 5.0, 5.0};
    double matrix[9];
    double rows[3];
    rn_influence said;
    assert_status(rn_propagation_influence(3, norms, changes, 2.0, 1, matrix, rows, &said), RN_OK);
    const double expected[] = {1.0, 2.0, 3.0, 3.0, 0.0, 1.0};
    for (int i = 0; i < 6; i++)
        assert_close(matrix[i], expected[i], 1e-15);
    assert_true(isnan(matrix[6]) && isnan(rows[2]));
    assert_close(rows[0], 3.0, 1e-15);
    assert_close(rows[1], 2.0, 1e-15);
    assert_close(said.largest_row, 3.0, 1e-15);
    assert_close(said.mean_row, 2.5, 1e-15);
    assert_close(said.band_share, 0.7, 1e-15); /* 1 + 2 + 3 + 0 + 1 of 10 */
    assert_close(said.uniform_share, 7.0 / 9.0, 1e-15);

    assert_status(rn_propagation_influence(3, norms, changes, -1.0, 0, matrix, rows, &said), RN_OK);
    assert_true(isnan(said.largest_row) && isnan(said.mean_row) && isnan(rows[0]));
    assert_close(said.band_share, 0.1, 1e-15);
    const double bad[] = {4.0, -1.0, 0.0};
    assert_status(rn_propagation_influence(3, bad, changes, 1.0, 1, matrix, rows, &said),
                  RN_ERR_ARGUMENT);
    assert_status(rn_propagation_influence(3, norms, changes, 1.0, -1, matrix, rows, &said),
                  RN_ERR_ARGUMENT);
}

/* ---- evolution ------------------------------------------------------------------------------- */

enum { MOMENTS = 9 };

static rn_evolution_input steady_run(double *time, double *ones, double *turn)
{
    for (int k = 0; k < MOMENTS; k++) {
        time[k] = k * k;
        ones[k] = 1.0;
        turn[k] = pow(2.0, -k);
    }
    return (rn_evolution_input){
        .n = MOMENTS, .time = time, .norm = ones, .size = ones, .turn = turn, .rate = ones};
}

static void evolution_worked_by_hand(void **state)
{
    (void)state;
    double time[MOMENTS];
    double ones[MOMENTS];
    double turn[MOMENTS];
    double relative[MOMENTS];
    double burst[MOMENTS];
    double norm[MOMENTS];
    double size[MOMENTS];
    double rate[MOMENTS];
    rn_evolution_input in = steady_run(time, ones, turn);
    for (int k = 0; k < MOMENTS; k++) {
        norm[k] = k == 3 ? 5.0 : 2.0;
        size[k] = 4.0 + k;
        rate[k] = k == 5 ? -1.0 : 0.5;
    }
    in.norm = norm;
    in.size = size;
    in.rate = rate;
    rn_evolution e;
    assert_status(rn_evolution_measure(&in, relative, burst, &e), RN_OK);
    assert_close(e.growth, 2.5, 1e-15);
    assert_close(e.speed, 0.5, 1e-15);
    assert_true(isnan(relative[5]));
    assert_int_equal(e.n_relative, MOMENTS - 1);
    double fine = 0.0;
    double coarse = 0.0;
    for (int k = 0; k + 1 < MOMENTS; k++)
        fine += 0.5 * (turn[k] + turn[k + 1]) * (time[k + 1] - time[k]);
    for (int k = 0; k + 2 < MOMENTS; k += 2)
        coarse += 0.5 * (turn[k] + turn[k + 2]) * (time[k + 2] - time[k]);
    assert_close(e.path, fine / 4.0, 1e-15);
    assert_close(e.path_error, fabs(coarse - fine) / 4.0, 1e-15);
    assert_int_equal(e.n_bursts, 0); /* a steep but steady drift */
    assert_int_equal(e.no_bursts.verdict, RN_VERDICT_HOLDS);
}

static void a_burst_is_a_peak_that_stands_out_on_both_sides(void **state)
{
    (void)state;
    double time[MOMENTS];
    double ones[MOMENTS];
    double turn[MOMENTS];
    double burst[MOMENTS];
    rn_evolution_input in = steady_run(time, ones, turn);
    rn_evolution e;
    turn[4] = 3.01 * turn[3]; /* lows: turn[3] on the left, far less on the right */
    assert_status(rn_evolution_measure(&in, NULL, burst, &e), RN_OK);
    assert_int_equal(e.n_bursts, 1);
    for (int k = 0; k < MOMENTS; k++)
        assert_close(burst[k], k == 4, 0.0);
    assert_int_equal(e.no_bursts.verdict, RN_VERDICT_FAILS);
    assert_close(e.no_bursts.value, 3.01, 1e-12);
    turn[4] = 2.99 * turn[3];
    assert_status(rn_evolution_measure(&in, NULL, burst, &e), RN_OK);
    assert_int_equal(e.n_bursts, 0);
    in.burst_factor = 2.0;
    assert_status(rn_evolution_measure(&in, NULL, burst, &e), RN_OK);
    assert_int_equal(e.n_bursts, 1);
    /* two moments wide, the second higher: one peak, its left low beyond the shoulder */
    turn[5] = 1.1 * turn[4];
    assert_status(rn_evolution_measure(&in, NULL, burst, &e), RN_OK);
    assert_int_equal(e.n_bursts, 1);
    assert_close(burst[5], 1.0, 0.0);
    in.n = 7;
    assert_status(rn_evolution_measure(&in, NULL, burst, &e), RN_OK);
    assert_int_equal(e.no_bursts.verdict, RN_VERDICT_CANNOT_TELL);
    assert_non_null(strstr(e.no_bursts.reason, "at least 8"));
}

static void evolution_is_unchanged_by_units_of_time(void **state)
{
    (void)state;
    double time[MOMENTS];
    double ones[MOMENTS];
    double turn[MOMENTS];
    double other[3][MOMENTS];
    rn_evolution_input in = steady_run(time, ones, turn);
    rn_evolution a;
    rn_evolution b;
    assert_status(rn_evolution_measure(&in, NULL, NULL, &a), RN_OK);
    for (int k = 0; k < MOMENTS; k++) {
        other[0][k] = time[k] / 8.0;
        other[1][k] = 8.0;
        other[2][k] = 64.0 * turn[k];
    }
    in.time = other[0];
    in.norm = in.size = in.rate = other[1];
    in.turn = other[2];
    assert_status(rn_evolution_measure(&in, NULL, NULL, &b), RN_OK);
    assert_close(b.growth, a.growth, 0.0);
    assert_close(b.speed, a.speed, 0.0);
    assert_close(b.path, a.path, 1e-15 * a.path);
    time[3] = time[2];
    in.time = time;
    b.path = 7.0;
    assert_status(rn_evolution_measure(&in, NULL, NULL, &b), RN_ERR_ARGUMENT);
    assert_message_has("ascending");
    assert_close(b.path, 7.0, 0.0);
}

/* ---- families -------------------------------------------------------------------------------- */

static void student_quantiles_are_those_of_the_tables(void **state)
{
    (void)state;
    static const struct {
        rn_index df;
        double value;
    } table[] = {{1, 12.706}, {4, 2.776}, {7, 2.365}, {10, 2.228}, {20, 2.086}, {60, 2.000}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        assert_close(rni_student_95(table[i].df), table[i].value, 1e-3);
}

static void an_exact_power_of_the_depth_is_found(void **state)
{
    (void)state;
    enum { RUNS = 12 };
    double depth[RUNS];
    double y[RUNS];
    rn_finding f;
    static const double exponents[] = {-1.0, 0.0, 0.2, 0.3, 2.0};
    for (size_t e = 0; e < sizeof exponents / sizeof exponents[0]; e++) {
        for (int i = 0; i < RUNS; i++) {
            depth[i] = 4 << i / 4;
            y[i] = 3.0 * pow(depth[i], exponents[e]) * (i & 1 ? 1.01 : 0.99);
        }
        assert_status(rn_family_bounded(RUNS, depth, y, &f), RN_OK);
        assert_close(f.value, exponents[e], 1e-12);
        assert_true(f.low < f.value && f.value < f.high);
        assert_int_equal(f.verdict, exponents[e] < 0.25 ? RN_VERDICT_HOLDS : RN_VERDICT_FAILS);
    }
    y[0] = (double)NAN; /* left out */
    assert_status(rn_family_bounded(RUNS, depth, y, &f), RN_OK);
    assert_int_equal(f.verdict, RN_VERDICT_FAILS);
    y[0] = 0.0;
    assert_status(rn_family_bounded(RUNS, depth, y, &f), RN_ERR_ARGUMENT);
}

/* The interval against the textbook's: slope, its error from residuals, Student's quantile. */
static void the_interval_of_the_exponent_is_that_of_least_squares(void **state)
{
    (void)state;
    enum { RUNS = 9 };
    double depth[RUNS];
    double y[RUNS];
    double sx = 0.0;
    double sy = 0.0;
    double sxx = 0.0;
    double sxy = 0.0;
    double rest = 0.0;
    for (int i = 0; i < RUNS; i++) {
        depth[i] = 4 << i / 3;
        y[i] = exp(0.4 * normal(5, (uint64_t)i));
        const double lx = log(depth[i]);
        sx += lx;
        sy += log(y[i]);
        sxx += lx * lx;
        sxy += lx * log(y[i]);
    }
    const double b = (RUNS * sxy - sx * sy) / (RUNS * sxx - sx * sx);
    const double a = (sy - b * sx) / RUNS;
    for (int i = 0; i < RUNS; i++)
        rest += pow(log(y[i]) - a - b * log(depth[i]), 2.0);
    const double error = sqrt(rest / (RUNS - 2) / (sxx - sx * sx / RUNS));
    rn_finding f;
    assert_status(rn_family_bounded(RUNS, depth, y, &f), RN_OK);
    assert_close(f.value, b, 1e-12);
    assert_close(f.high - f.value, 2.3646 * error, 1e-3 * error);
    assert_close(f.value - f.low, f.high - f.value, 1e-12);
}

/* An exponent of 0.3 whose interval reaches below the threshold. */
static void an_interval_across_the_threshold_cannot_tell(void **state)
{
    (void)state;
    const double depth[] = {4, 4, 8, 8, 16, 16};
    double y[6];
    rn_finding f;
    for (int i = 0; i < 6; i++)
        y[i] = pow(depth[i], 0.3) * (i & 1 ? 1.3 : 1.0 / 1.3);
    assert_status(rn_family_bounded(6, depth, y, &f), RN_OK);
    assert_true(f.low < 0.25 && f.value > 0.25 && f.high > 0.25);
    assert_int_equal(f.verdict, RN_VERDICT_CANNOT_TELL);
    assert_non_null(strstr(f.reason, "would decide"));
    for (int i = 0; i < 6; i++)
        y[i] *= pow(depth[i], -0.1);
    assert_status(rn_family_bounded(6, depth, y, &f), RN_OK);
    assert_true(f.value < 0.25);
    assert_int_equal(f.verdict, RN_VERDICT_CANNOT_TELL);
}

static void too_few_runs_or_depths_say_what_is_missing(void **state)
{
    (void)state;
    const double depth[] = {4, 4, 8, 8, 12, 12};
    const double y[] = {1, 2, 1, 2, 1, 2};
    rn_finding f;
    assert_status(rn_family_bounded(0, NULL, NULL, &f), RN_OK);
    assert_int_equal(f.verdict, RN_VERDICT_CANNOT_TELL);
    assert_true(isnan(f.value) && isnan(f.low));
    assert_status(rn_family_bounded(6, depth, y, &f), RN_OK); /* 12 is only 3 times 4 */
    assert_int_equal(f.verdict, RN_VERDICT_CANNOT_TELL);
    assert_non_null(strstr(f.reason, "3 depths"));
    assert_status(rn_family_bounded(5, depth, y, &f), RN_OK);
    assert_non_null(strstr(f.reason, "2 depths"));
    assert_status(rn_family_shrinking(6, depth, y, &f), RN_OK);
    assert_non_null(strstr(f.reason, "0 widths with 4"));
    assert_string_equal(rn_verdict_name(f.verdict), "cannot tell");
}

/* Four runs at each width whose logarithms lie at +-s and +-s/2: scatter s sqrt(5/6) exactly. */
static void an_exact_power_of_the_scatter_is_found(void **state)
{
    (void)state;
    enum { WIDTHS = 5, SEEDS = 4, RUNS = WIDTHS * SEEDS };
    static const double offsets[] = {-1.0, -0.5, 0.5, 1.0};
    double width[RUNS];
    double y[RUNS];
    rn_finding f;
    for (int i = 0; i < RUNS; i++) {
        width[i] = 16 << i / SEEDS;
        y[i] = exp(pow(width[i], -1.5) * offsets[i % SEEDS]);
    }
    assert_status(rn_family_shrinking(RUNS, width, y, &f), RN_OK);
    assert_close(f.value, -1.5, 1e-10);
    assert_int_equal(f.verdict, RN_VERDICT_HOLDS);
    /* Var ln s = psi'(3/2)/4, psi'(3/2) = pi^2/2 - 4; ln w spaced by ln 2: sum of squares 10 ln2^2
     */
    const double half = 1.959964 * sqrt((4.93480220 - 4.0) / 4.0 / 10.0) / log(2.0);
    assert_close(f.high - f.value, half, 1e-6);
}

/* Four, eight and 64 runs at widths with the same scatter: few runs seem to scatter less, and only
   the mean of ln s, (psi(f/2) - ln(f/2))/2 below ln s, says by how much. */
static void unequal_numbers_of_runs_do_not_bend_the_exponent(void **state)
{
    (void)state;
    enum { FAMILIES = 400, RUNS = 4 + 8 + 64 };
    static const int count[] = {4, 8, 64};
    double width[RUNS];
    double y[RUNS];
    double sum = 0.0;
    uint64_t index = 0;
    for (int i = 0; i < FAMILIES; i++) {
        int n = 0;
        for (int w = 0; w < 3; w++)
            for (int s = 0; s < count[w]; s++, n++) {
                width[n] = 16 << w;
                y[n] = exp(0.3 * normal(30, index++));
            }
        rn_finding f;
        assert_status(rn_family_shrinking(RUNS, width, y, &f), RN_OK);
        sum += f.value / FAMILIES;
    }
    /* its standard error is 0.013; without the mean it would be +0.06 */
    assert_close(sum, 0.0, 0.03);
}

static void failed_allocations_leave_outputs_alone(void **state)
{
    (void)state;
    double time[MOMENTS];
    double ones[MOMENTS];
    double turn[MOMENTS];
    const rn_evolution_input in = steady_run(time, ones, turn);
    rn_evolution e = {.path = 7.0};
    rn_finding f = {.value = 7.0};
    (void)rni_fail_allocation(1);
    assert_status(rn_evolution_measure(&in, NULL, NULL, &e), RN_ERR_MEMORY);
    (void)rni_fail_allocation(1);
    assert_status(rn_family_bounded(MOMENTS, ones, ones, &f), RN_ERR_MEMORY);
    (void)rni_fail_allocation(1);
    assert_status(rn_family_shrinking(MOMENTS, ones, ones, &f), RN_ERR_MEMORY);
    (void)rni_fail_allocation(0);
    assert_close(e.path, 7.0, 0.0);
    assert_close(f.value, 7.0, 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gains_of_known_products),
        cmocka_unit_test(largest_singular_values_match_rotations),
        cmocka_unit_test(overlaps_are_cosines_of_centred_kernels),
        cmocka_unit_test(known_overlaps_and_decay_lengths),
        cmocka_unit_test(influence_of_a_matrix_worked_by_hand),
        cmocka_unit_test(evolution_worked_by_hand),
        cmocka_unit_test(a_burst_is_a_peak_that_stands_out_on_both_sides),
        cmocka_unit_test(evolution_is_unchanged_by_units_of_time),
        cmocka_unit_test(student_quantiles_are_those_of_the_tables),
        cmocka_unit_test(an_exact_power_of_the_depth_is_found),
        cmocka_unit_test(the_interval_of_the_exponent_is_that_of_least_squares),
        cmocka_unit_test(an_interval_across_the_threshold_cannot_tell),
        cmocka_unit_test(too_few_runs_or_depths_say_what_is_missing),
        cmocka_unit_test(an_exact_power_of_the_scatter_is_found),
        cmocka_unit_test(unequal_numbers_of_runs_do_not_bend_the_exponent),
        cmocka_unit_test(failed_allocations_leave_outputs_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
