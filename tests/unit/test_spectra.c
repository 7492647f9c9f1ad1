/*
 * The contract around the solvers: arguments, untouched outputs, extreme scales, threads, faults.
 */
#include <renorm/spectra.h>

#include <float.h>
#include <math.h>
#include <string.h>

#include "backends/blas.h"
#include "check.h"
#include "core/memory.h"
#include "spectra/method.h"
#include "spectra_cases.h"

static const double untouched = -7.25;

/* 2 on the diagonal, -1 beside it: eigenvalues 2 - sqrt 2, 2, 2 + sqrt 2. */
static void fill_laplacian(double *m, rn_index ld, double scale)
{
    static const double lower[9] = {2.0, 0.0, 0.0, -1.0, 2.0, 0.0, 0.0, -1.0, 2.0};
    for (rn_index i = 0; i < 3; i++)
        for (rn_index j = 0; j < ld; j++)
            m[i * ld + j] = j <= i ? scale * lower[i * 3 + j] : (double)NAN;
}

static void reads_the_lower_triangle_alone(void **state)
{
    (void)state;
    for (rn_index k = 0; rn_spectra_method_name(k); k++) {
        double m[15];
        double values[3];
        fill_laplacian(m, 5, 1.0);
        const rn_spectra_options options = {.method = rn_spectra_method_name(k)};
        assert_status(rn_spectra_values(3, m, 5, &options, values, NULL), RN_OK);
        assert_close(values[0], 2.0 - sqrt(2.0), 20.0 * DBL_EPSILON);
        assert_close(values[2], 2.0 + sqrt(2.0), 20.0 * DBL_EPSILON);
    }
}

static void the_report_tells_method_floor_and_threads(void **state)
{
    (void)state;
    double m[9];
    double values[3];
    double g[3];
    const double e[3] = {1.0, 0.0, 0.0};
    rn_spectra_report report;
    fill_laplacian(m, 3, 1.0);
    assert_status(rn_spectra_values(3, m, 3, NULL, values, &report), RN_OK);
    assert_string_equal(report.method, "sterf");
    assert_close(report.noise_floor, 35.0 * DBL_EPSILON * values[2], 1e-20);
    assert_int_equal(report.n_threads, rni_blas_processors());
    assert_true(report.residual >= 0.0 && report.residual < 3.0);
    fill_laplacian(m, 3, 1.0);
    const rn_spectra_options one = {.n_threads = 1};
    assert_status(rn_spectra_project(3, m, 3, 1, e, 3, &one, values, g, &report), RN_OK);
    assert_string_equal(report.method, "ql");
    assert_int_equal(report.n_threads, 1);
    assert_int_equal(rni_blas_threads(), 1);
    fill_laplacian(m, 3, 1.0);
    assert_status(rn_spectra_vectors(3, m, 3, 1, e, 3, NULL, values, g, &report), RN_OK);
    assert_string_equal(report.method, "syevd");
    assert_close(g[0], m[0], 4.0 * DBL_EPSILON);
    assert_close(g[1], m[3], 4.0 * DBL_EPSILON);
}

static void nothing_and_one_are_sizes(void **state)
{
    (void)state;
    double m = -3.0;
    double value = untouched;
    double g = untouched;
    const double e = -2.0;
    rn_spectra_report report = {.residual = 1.0};
    assert_status(rn_spectra_values(0, NULL, 0, NULL, NULL, &report), RN_OK);
    assert_close(report.residual + report.noise_floor, 0.0, 0.0);
    assert_status(rn_spectra_project(0, NULL, 0, 1, NULL, 0, NULL, NULL, NULL, NULL), RN_OK);
    for (rn_index k = 1; rn_spectra_method_name(k); k++) {
        const rn_spectra_options options = {.method = rn_spectra_method_name(k)};
        m = -3.0;
        assert_status(rn_spectra_project(1, &m, 1, 1, &e, 1, &options, &value, &g, NULL), RN_OK);
        assert_close(value, -3.0, 0.0);
        assert_close(g, 2.0, 0.0);
    }
    m = -3.0;
    assert_status(rn_spectra_vectors(1, &m, 1, 1, &e, 1, NULL, &value, &g, NULL), RN_OK);
    assert_close(m, 1.0, 0.0);
    assert_close(g, -2.0, 0.0);
}

static void refuses_wrong_arguments(void **state)
{
    (void)state;
    double m[4] = {1.0, 0.0, 0.0, 1.0};
    double values[2] = {untouched, untouched};
    double g[2] = {untouched, untouched};
    const double e[2] = {1.0, 1.0};
    assert_status(rn_spectra_values(-1, m, 2, NULL, values, NULL), RN_ERR_ARGUMENT);
    assert_status(rn_spectra_values(2, m, 1, NULL, values, NULL), RN_ERR_ARGUMENT);
    assert_status(rn_spectra_values(2, NULL, 2, NULL, values, NULL), RN_ERR_ARGUMENT);
    assert_status(rn_spectra_values(2, m, 2, NULL, NULL, NULL), RN_ERR_ARGUMENT);
    assert_status(rn_spectra_project(2, m, 2, 1, NULL, 2, NULL, values, g, NULL), RN_ERR_ARGUMENT);
    assert_status(rn_spectra_project(2, m, 2, 1, e, 2, NULL, values, NULL, NULL), RN_ERR_ARGUMENT);
    assert_status(rn_spectra_project(2, m, 2, 1, e, 1, NULL, values, g, NULL), RN_ERR_ARGUMENT);
    assert_status(rn_spectra_project(2, m, 2, -1, e, 2, NULL, values, g, NULL), RN_ERR_ARGUMENT);
    rn_spectra_options options = {.n_threads = -1};
    assert_status(rn_spectra_values(2, m, 2, &options, values, NULL), RN_ERR_ARGUMENT);
    options = (rn_spectra_options){.method = "guess"};
    assert_status(rn_spectra_values(2, m, 2, &options, values, NULL), RN_ERR_ARGUMENT);
    assert_message_has("guess");
    options.method = "sterf";
    assert_status(rn_spectra_project(2, m, 2, 1, e, 2, &options, values, g, NULL),
                  RN_ERR_UNSUPPORTED);
    options.method = "ql";
    assert_status(rn_spectra_vectors(2, m, 2, 1, e, 2, &options, values, g, NULL),
                  RN_ERR_UNSUPPORTED);
    assert_status(rn_spectra_values(32001, m, 32001, NULL, values, NULL), RN_ERR_UNSUPPORTED);
    assert_message_has("32000");
    assert_close(values[0] + g[0], 2.0 * untouched, 0.0);
    assert_close(m[0], 1.0, 0.0);
}

static void refuses_numbers_that_are_none(void **state)
{
    (void)state;
    const double bad[2] = {(double)NAN, (double)INFINITY};
    for (int i = 0; i < 2; i++) {
        double m[9];
        double values[3] = {untouched};
        double g[3] = {untouched};
        double e[3] = {1.0, 1.0, 1.0};
        fill_laplacian(m, 3, 1.0);
        m[7] = bad[i];
        assert_status(rn_spectra_values(3, m, 3, NULL, values, NULL), RN_ERR_NONFINITE);
        assert_message_has("row 2");
        fill_laplacian(m, 3, 1.0);
        e[1] = bad[i];
        assert_status(rn_spectra_project(3, m, 3, 1, e, 3, NULL, values, g, NULL),
                      RN_ERR_NONFINITE);
        assert_message_has("vector 0");
        assert_close(values[0] + g[0], 2.0 * untouched, 0.0);
        assert_int_equal(rni_blas_threads(), 1);
    }
}

static void works_at_any_scale(void **state)
{
    (void)state;
    static const double scales[] = {1e-300, 1e-160, 1e160, 1e300};
    for (rn_index k = 1; rn_spectra_method_name(k); k++) {
        for (int i = 0; i < 4; i++) {
            double m[9];
            double values[3];
            double g[3];
            const double e[3] = {1.0 / scales[i], 0.0, 0.0};
            rn_spectra_report report;
            fill_laplacian(m, 3, scales[i]);
            const rn_spectra_options options = {.method = rn_spectra_method_name(k)};
            assert_status(rn_spectra_project(3, m, 3, 1, e, 3, &options, values, g, &report),
                          RN_OK);
            assert_close(values[0] / scales[i], 2.0 - sqrt(2.0), 20.0 * DBL_EPSILON);
            assert_close(g[1] * scales[i], sqrt(0.5), 20.0 * DBL_EPSILON);
            assert_close(report.noise_floor / scales[i], 35.0 * DBL_EPSILON * 3.5, 1e-15);
        }
    }
    /* Eigenvalues 0 and 2e308 of finite entries: not representable. */
    double m[4] = {1e308, 0.0, 1e308, 1e308};
    double values[2] = {untouched, untouched};
    assert_status(rn_spectra_values(2, m, 2, NULL, values, NULL), RN_ERR_NONFINITE);
    assert_close(values[1], untouched, 0.0);
}

static void projections_of_two_vectors_share_signs(void **state)
{
    (void)state;
    double m[9];
    double values[3];
    double g[6];
    const double vectors[8] = {0.0, 1.0, 0.0, untouched, -1.0, -1.0, 0.5, untouched};
    fill_laplacian(m, 3, 1.0);
    assert_status(rn_spectra_project(3, m, 3, 2, vectors, 4, NULL, values, g, NULL), RN_OK);
    /* sum_u g_u h_u = e . h = -1, sum_u lambda_u g_u h_u = e . M h = (-1) (-1) + 2 (-1) - 0.5. */
    double product = 0.0;
    double form = 0.0;
    for (int u = 0; u < 3; u++) {
        product += g[u] * g[3 + u];
        form += values[u] * g[u] * g[3 + u];
        assert_true(g[u] >= 0.0);
    }
    assert_close(product, -1.0, 20.0 * DBL_EPSILON);
    assert_close(form, -1.5, 60.0 * DBL_EPSILON);
}

static bool same_bits(rn_index count, const double *x, const double *y)
{
    for (rn_index i = 0; i < count; i++) {
        uint64_t bits[2];
        memcpy(&bits[0], x + i, sizeof *x);
        memcpy(&bits[1], y + i, sizeof *y);
        if (bits[0] != bits[1]) return false;
    }
    return true;
}

static void the_same_input_gives_the_same_bits(void **state)
{
    (void)state;
    enum { N = 150 };
    double *out = rni_alloc((rn_index)4 * N, sizeof *out);
    assert_non_null(out);
    for (int run = 0; run < 2; run++) {
        spectra_case c;
        spectra_case_make(18, N, 4, &c);
        double *values = out + (rn_index)run * 2 * N;
        assert_status(
            rn_spectra_project(N, c.matrix, N, 1, c.vector, N, NULL, values, values + N, NULL),
            RN_OK);
        spectra_case_clear(&c);
    }
    assert_true(same_bits((rn_index)2 * N, out, out + (rn_index)2 * N));
    rni_free(out);
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    for (rn_index k = 1; rn_spectra_method_name(k); k++) {
        const rn_spectra_options options = {
            .method = rn_spectra_method_name(k), .check_vectors = 1, .n_threads = 1};
        const double e[3] = {1.0, 0.0, 0.0};
        const bool has_vectors = k > 1;
        rn_status status = RN_ERR_MEMORY;
        long n_faults = 0;
        for (long fault = 1; status == RN_ERR_MEMORY; fault++) {
            double m[9];
            double values[3] = {untouched};
            double g[3] = {untouched};
            fill_laplacian(m, 3, 1.0);
            const rn_index before = rni_memory_bytes();
            (void)rni_fail_allocation(fault);
            status = has_vectors ? rn_spectra_vectors(3, m, 3, 1, e, 3, &options, values, g, NULL)
                                 : rn_spectra_project(3, m, 3, 1, e, 3, &options, values, g, NULL);
            (void)rni_fail_allocation(0);
            if (status < 0) assert_close(values[0] + g[0], 2.0 * untouched, 0.0);
            assert_int_equal(rni_memory_bytes(), before);
            assert_int_equal(rni_blas_threads(), 1);
            n_faults = fault;
            assert_true(fault < 20);
        }
        assert_status(status, RN_OK);
        assert_true(n_faults > 3);
    }
    double m[9];
    double values[3];
    fill_laplacian(m, 3, 1.0);
    (void)rni_fail_allocation(3);
    assert_status(rn_spectra_values(3, m, 3, NULL, values, NULL), RN_ERR_MEMORY);
    (void)rni_fail_allocation(0);
}

/* Components equal but for rounding: the sign must not hang on the last bits. */
static void among_equal_components_the_first_is_positive(void **state)
{
    (void)state;
    const double nudges[] = {0.0, 1e-9, -1e-9};
    for (int k = 0; k < 3; k++) {
        double m[4] = {2.0, 0.0, -1.0, 2.0 + nudges[k]};
        double values[2];
        assert_status(rn_spectra_vectors(2, m, 2, 0, NULL, 2, NULL, values, NULL, NULL), RN_OK);
        assert_true(m[0] > 0.0 && m[1] > 0.0 && m[2] > 0.0 && m[3] < 0.0);
    }
}

/* Solvers that are right but for one thing. */
enum {
    HONEST,
    VALUE_OFF,
    VALUES_SHIFTED,
    VALUES_NEGATED,
    VECTORS_SWAPPED,
    VECTOR_LONG,
    VECTOR_TURNED,
    VALUE_NAN,
    VECTOR_NAN
};

static int lie;

static rn_status lying_vectors(rn_index n, double *matrix, rn_index ld, double *values)
{
    const rn_status status = rni_spectra_syevd.vectors(n, matrix, ld, values);
    const double floor = rn_spectra_noise_floor(n, values[n - 1]);
    if (lie == VALUE_OFF) values[1] += 40.0 * floor * (double)n;
    if (lie == VALUES_SHIFTED) {
        values[0] -= 1e-9; /* the trace stays */
        values[1] += 1e-9;
    }
    for (rn_index i = 0; i < n && lie == VALUES_NEGATED; i++)
        values[i] = -values[i];
    for (rn_index i = 0; i < n; i++) {
        double *low = matrix + i;
        double *high = matrix + ld + i;
        const double x = *low;
        if (lie == VECTORS_SWAPPED) *low = *high, *high = x;
        if (lie == VECTOR_LONG) *low *= 1.0 + 1e-9;
        if (lie == VECTOR_TURNED) *low += 1e-9 * *high;
    }
    if (lie == VALUE_NAN) values[0] = (double)NAN;
    if (lie == VECTOR_NAN) matrix[2 * ld] = (double)NAN;
    return status;
}

/* `size` multiplies the matrix and the vector. */
static void check_refusal(int check_vectors, rn_index n_vectors, double size)
{
    static const rni_spectra_method liar = {.name = "liar", .vectors = lying_vectors};
    double m[9];
    double values[3] = {untouched};
    double g[3] = {untouched};
    const double e[3] = {1.0 * size, 2.0 * size, 0.5 * size};
    fill_laplacian(m, 3, size);
    /* lowest value 0: e.Me is blind to its vector */
    for (int i = 0; i < 3; i++)
        m[(ptrdiff_t)4 * i] -= (2.0 - sqrt(2.0)) * size;
    const rn_status status =
        rni_spectra_vectors_by(&liar, check_vectors, 3, m, n_vectors, e, values, g);
    assert_status(status, lie == HONEST ? RN_OK : RN_ERR_INTERNAL);
    if (lie == HONEST) return;
    assert_message_has("liar");
    assert_close(values[0] + g[0], 2.0 * untouched, 0.0);
}

static void wrong_solvers_are_refused(void **state)
{
    (void)state;
    for (lie = HONEST; lie <= VECTOR_NAN; lie++) {
        check_refusal(1, 0, 1.0);
        check_refusal(0, 1, 1.0);
        /* e.Me is the product of three sizes */
        if (lie == HONEST || lie == VECTORS_SWAPPED || lie == VECTOR_TURNED) {
            check_refusal(0, 1, ldexp(1.0, 390));
            check_refusal(0, 1, ldexp(1.0, -390));
        }
        const bool is_plain = lie == VECTOR_NAN || (lie >= VALUE_OFF && lie <= VALUES_NEGATED);
        if (is_plain) check_refusal(0, 0, 1.0); /* nothing but the results to look at */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_lower_triangle_alone),
        cmocka_unit_test(the_report_tells_method_floor_and_threads),
        cmocka_unit_test(nothing_and_one_are_sizes),
        cmocka_unit_test(refuses_wrong_arguments),
        cmocka_unit_test(refuses_numbers_that_are_none),
        cmocka_unit_test(works_at_any_scale),
        cmocka_unit_test(projections_of_two_vectors_share_signs),
        cmocka_unit_test(the_same_input_gives_the_same_bits),
        cmocka_unit_test(among_equal_components_the_first_is_positive),
        cmocka_unit_test(wrong_solvers_are_refused),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests_name("spectra", tests, NULL, NULL);
}
