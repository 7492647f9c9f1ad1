/*
 * The products of backends/blas against sums in long double, over shapes on both sides of every
 * switch of method, all transpositions, and with leading dimensions beyond the matrix.
 */
#include <dirent.h>
#include <float.h>
#include <math.h>
#include <pthread.h>
#include <string.h>

#include "backends/blas.h"
#include "check.h"
#include "core/memory.h"

enum { SPARE = 3, ROOM = 96 * 96 };

static const double untouched = -7.25;

/* Any reproducible numbers in (-1, 1); no stream is needed where nothing is statistical. */
static double number(uint64_t *state)
{
    *state = *state * 6364136223846793005U + 1442695040888963407U;
    return (double)(int64_t)(*state >> 11) / 4503599627370496.0 - 1.0;
}

static void fill(uint64_t seed, double *out, rn_index count)
{
    uint64_t state = seed;
    for (rn_index i = 0; i < count; i++)
        out[i] = number(&state);
}

/* Wide, so that sums of products are as good as exact. */
static long double element(bool trans, const double *x, rn_index ld, rn_index i, rn_index j)
{
    return (long double)(trans ? x[j * ld + i] : x[i * ld + j]);
}

typedef struct arrays {
    double a[ROOM];
    double b[ROOM];
    double c[ROOM];
    double old[ROOM];
} arrays;

static arrays *arrays_create(uint64_t seed)
{
    arrays *x = rni_alloc(1, sizeof *x);
    assert_non_null(x);
    fill(seed, x->a, ROOM);
    fill(seed + 1, x->b, ROOM);
    fill(seed + 2, x->c, ROOM);
    memcpy(x->old, x->c, sizeof x->old);
    return x;
}

static void check_gemm(bool ta, bool tb, rn_index m, rn_index n, rn_index k, double beta)
{
    arrays *x = arrays_create((uint64_t)(m + 100 * n + 10000 * k));
    const rn_index lda = (ta ? m : k) + SPARE;
    const rn_index ldb = (tb ? k : n) + SPARE;
    const rn_index ldc = n + SPARE;
    if (beta > 0.0) {
        assert_status(rni_gemm(ta, tb, m, n, k, 1.5, x->a, lda, x->b, ldb, beta, x->c, ldc), RN_OK);
    } else { /* what is not read may be anything */
        for (rn_index i = 0; i < m; i++)
            for (rn_index j = 0; j < n; j++)
                x->c[i * ldc + j] = (double)NAN;
        assert_status(rni_gemm(ta, tb, m, n, k, 1.5, x->a, lda, x->b, ldb, 0.0, x->c, ldc), RN_OK);
    }
    /* k products below 1, times 1.5, plus one term: at most (k + 2) roundings of 1.5 k + 1. */
    const double tolerance = (double)(k + 2) * DBL_EPSILON * (1.5 * (double)k + 1.0);
    for (rn_index i = 0; i < m; i++) {
        for (rn_index j = 0; j < n; j++) {
            long double sum = 0.0L;
            for (rn_index p = 0; p < k; p++)
                sum += element(ta, x->a, lda, i, p) * element(tb, x->b, ldb, p, j);
            sum = 1.5L * sum + (long double)beta * (long double)x->old[i * ldc + j];
            assert_close(x->c[i * ldc + j], (double)sum, tolerance);
        }
        for (rn_index j = n; j < ldc; j++)
            assert_close(x->c[i * ldc + j], x->old[i * ldc + j], 0.0);
    }
    rni_free(x);
}

static void gemm_is_the_sum_of_products(void **state)
{
    (void)state;
    static const rn_index sizes[] = {1, 2, 3, 4, 5, 7, 8, 17, 40};
    const size_t n_sizes = sizeof sizes / sizeof *sizes;
    for (size_t i = 0; i < n_sizes * n_sizes * n_sizes; i++) {
        const rn_index m = sizes[i % n_sizes];
        const rn_index n = sizes[i / n_sizes % n_sizes];
        const rn_index k = sizes[i / n_sizes / n_sizes];
        for (int trans = 0; trans < 4; trans++)
            for (int old = 0; old < 2; old++)
                check_gemm(trans & 1, trans >> 1, m, n, k, old ? 0.5 : 0.0);
    }
}

static void gemm_without_terms_scales_the_output(void **state)
{
    (void)state;
    double c[4] = {1.0, 2.0, 3.0, 4.0};
    const double one = 1.0;
    assert_status(rni_gemm(false, false, 2, 2, 0, 1.0, &one, 1, &one, 2, 0.5, c, 2), RN_OK);
    assert_close(c[3], 2.0, 0.0);
    double none[4] = {(double)NAN, (double)NAN, (double)NAN, (double)NAN};
    assert_status(rni_gemm(false, false, 2, 2, 0, 1.0, &one, 1, &one, 2, 0.0, none, 2), RN_OK);
    assert_close(none[0] + none[3], 0.0, 0.0);
    assert_status(rni_gemm(false, false, 2, 1, 0, 1.0, &one, 1, &one, 1, 0.5, c, 2), RN_OK);
    assert_close(c[2], 0.75, 0.0);
    assert_status(rni_gemm(false, false, 0, 2, 3, 1.0, &one, 3, &one, 2, 0.5, c, 2), RN_OK);
    assert_close(c[3], 2.0, 0.0);
}

static void gemm_does_not_read_inputs_scaled_by_zero(void **state)
{
    (void)state;
    const double bad[4] = {(double)NAN, (double)NAN, (double)NAN, (double)NAN};
    double c[4] = {1.0, 2.0, 3.0, 4.0};
    assert_status(rni_gemm(false, false, 2, 2, 2, 0.0, bad, 2, bad, 2, 1.0, c, 2), RN_OK);
    assert_close(c[0] + c[3], 5.0, 0.0);
}

static void check_rank_updates(bool trans, rn_index n, rn_index k)
{
    arrays *x = arrays_create((uint64_t)(n + 100 * k));
    double *two = rni_alloc(ROOM, sizeof *two);
    assert_non_null(two);
    memcpy(two, x->c, sizeof x->c);
    const rn_index ld = (trans ? n : k) + SPARE;
    const rn_index ldc = n + SPARE;
    assert_status(rni_syrk(trans, n, k, 0.5, x->a, ld, 2.0, x->c, ldc), RN_OK);
    assert_status(rni_syr2k(trans, n, k, 0.5, x->a, ld, x->b, ld, 2.0, two, ldc), RN_OK);
    const double tolerance = (double)(2 * k + 3) * DBL_EPSILON * ((double)k + 2.0);
    for (rn_index i = 0; i < n; i++) {
        for (rn_index j = 0; j < ldc; j++) {
            long double one_sum = 0.0L;
            long double two_sum = 0.0L;
            for (rn_index p = 0; p < k; p++) {
                const long double a_i = element(trans, x->a, ld, i, p);
                const long double a_j = element(trans, x->a, ld, j % n, p);
                one_sum += a_i * a_j;
                two_sum +=
                    a_i * element(trans, x->b, ld, j % n, p) + a_j * element(trans, x->b, ld, i, p);
            }
            const double old = x->old[i * ldc + j];
            const bool is_upper = j > i;
            assert_close(x->c[i * ldc + j], is_upper ? old : (double)(0.5L * one_sum) + 2.0 * old,
                         is_upper ? 0.0 : tolerance);
            assert_close(two[i * ldc + j], is_upper ? old : (double)(0.5L * two_sum) + 2.0 * old,
                         is_upper ? 0.0 : tolerance);
        }
    }
    rni_free(two);
    rni_free(x);
}

static void rank_updates_fill_the_lower_triangle_only(void **state)
{
    (void)state;
    for (rn_index n = 1; n < 45; n += 6)
        for (rn_index k = 1; k < 50; k += 9)
            for (int trans = 0; trans < 2; trans++)
                check_rank_updates(trans, n, k);
}

static void rank_updates_do_not_read_an_output_scaled_by_zero(void **state)
{
    (void)state;
    for (rn_index n = 1; n < 40; n += 19) {
        arrays *x = arrays_create(3);
        for (int i = 0; i < ROOM; i++)
            x->c[i] = x->old[i] = (double)NAN;
        assert_status(rni_syrk(false, n, 5, 1.0, x->a, 5, 0.0, x->c, n), RN_OK);
        assert_status(rni_syr2k(true, n, 5, 1.0, x->a, n, x->b, n, 0.0, x->old, n), RN_OK);
        for (rn_index i = 0; i < n; i++)
            for (rn_index j = 0; j <= i; j++)
                assert_true(isfinite(x->c[i * n + j]) && isfinite(x->old[i * n + j]));
        rni_free(x);
    }
}

static void symmetric_products_read_the_lower_triangle_only(void **state)
{
    (void)state;
    const rn_index n = 37;
    const rn_index ld = n + SPARE;
    arrays *x = arrays_create(5);
    for (rn_index i = 0; i < n; i++)
        for (rn_index j = i + 1; j < ld; j++)
            x->a[i * ld + j] = (double)NAN;
    double y[37];
    double z[37];
    fill(9, y, n);
    memcpy(z, y, sizeof z);
    assert_status(rni_symv(n, 2.0, x->a, ld, x->b, 0.5, y), RN_OK);
    assert_status(rni_symm(n, 2, 2.0, x->a, ld, x->b, 2, 0.5, x->c, 5), RN_OK);
    const double tolerance = (double)(n + 3) * DBL_EPSILON * (2.0 * (double)n + 1.0);
    for (rn_index i = 0; i < n; i++) {
        long double sums[3] = {0.0L, 0.0L, 0.0L};
        for (rn_index j = 0; j < n; j++) {
            const long double a = element(false, x->a, ld, i >= j ? i : j, i >= j ? j : i);
            sums[0] += a * (long double)x->b[j];
            sums[1] += a * (long double)x->b[2 * j];
            sums[2] += a * (long double)x->b[2 * j + 1];
        }
        assert_close(y[i], (double)(2.0L * sums[0]) + 0.5 * z[i], tolerance);
        for (rn_index r = 0; r < 2; r++)
            assert_close(x->c[i * 5 + r], (double)(2.0L * sums[1 + r]) + 0.5 * x->old[i * 5 + r],
                         tolerance);
    }
    rni_free(x);
}

static void matrix_vector_products_know_both_directions(void **state)
{
    (void)state;
    arrays *x = arrays_create(11);
    for (int trans = 0; trans < 2; trans++) {
        const rn_index rows = 31;
        const rn_index cols = 23;
        double y[31];
        fill(3, y, 31);
        double old[31];
        memcpy(old, y, sizeof old);
        assert_status(rni_gemv(trans, rows, cols, 1.0, x->a, cols + 1, x->b, 1.0, y), RN_OK);
        for (rn_index i = 0; i < (trans ? cols : rows); i++) {
            long double sum = (long double)old[i];
            for (rn_index p = 0; p < (trans ? rows : cols); p++)
                sum += element(trans, x->a, cols + 1, i, p) * (long double)x->b[p];
            assert_close(y[i], (double)sum, 33.0 * 32.0 * DBL_EPSILON);
        }
    }
    rni_free(x);
}

static void vector_operations_do_what_their_formulas_say(void **state)
{
    (void)state;
    double x[5] = {3e200, 4e200, 0.0, 0.0, 0.0};
    double y[5] = {1.0, 2.0, 3.0, 4.0, 5.0};
    assert_close(rni_nrm2(5, x) / 5e200, 1.0, 4.0 * DBL_EPSILON);
    assert_close(rni_dot(5, y, y), 55.0, 0.0);
    rni_axpy(5, 2.0, y, y);
    assert_close(y[4], 15.0, 0.0);
    assert_close(rni_dot(0, x, y) + rni_nrm2(0, x), 0.0, 0.0);
}

static void sizes_beyond_the_library_are_refused(void **state)
{
    (void)state;
    const rn_index huge = (rn_index)1 << 32;
    double c = untouched;
    const double one = 1.0;
    assert_status(rni_gemm(false, false, huge, 1, 1, 1.0, &one, 1, &one, 1, 0.0, &c, 1),
                  RN_ERR_UNSUPPORTED);
    assert_message_has("4294967296");
    assert_status(rni_gemm(false, true, 1, 1, 1000, 1.0, &one, huge, &one, 1000, 0.0, &c, 1),
                  RN_ERR_UNSUPPORTED);
    assert_status(rni_gemm(false, true, 1, 1, 1000, 1.0, &one, 1000, &one, huge, 0.0, &c, 1),
                  RN_ERR_UNSUPPORTED);
    assert_status(rni_gemm(false, true, 1, 1, 1000, 1.0, &one, 1000, &one, 1000, 0.0, &c, huge),
                  RN_ERR_UNSUPPORTED);
    assert_status(rni_syrk(false, huge, 1, 1.0, &one, 1, 0.0, &c, huge), RN_ERR_UNSUPPORTED);
    assert_status(rni_syr2k(false, 1, huge, 1.0, &one, huge, &one, huge, 0.0, &c, 1),
                  RN_ERR_UNSUPPORTED);
    assert_status(rni_symv(huge, 1.0, &one, huge, &one, 0.0, &c), RN_ERR_UNSUPPORTED);
    assert_status(rni_symm(1, huge, 1.0, &one, 1, &one, huge, 0.0, &c, huge), RN_ERR_UNSUPPORTED);
    assert_close(c, untouched, 0.0);
}

enum { BIG = 160, N_THREADS = 4, N_ROUNDS = 12 };

/* Threads of this process as the system counts them. */
static int count_threads(void)
{
    DIR *tasks = opendir("/proc/self/task");
    if (!tasks) return -1;
    int n_tasks = 0;
    for (const struct dirent *entry = readdir(tasks); entry; entry = readdir(tasks))
        n_tasks += entry->d_name[0] != '.';
    (void)closedir(tasks);
    return n_tasks;
}

typedef struct job {
    const double *a;
    const double *expected;
    bool agrees;
    int n_tasks; /* most threads seen while at work */
} job;

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

static void *multiply_often(void *user)
{
    job *mine = user;
    double *c = rni_alloc((rn_index)BIG * BIG, sizeof *c);
    mine->agrees = c != NULL;
    for (int round = 0; round < N_ROUNDS && mine->agrees; round++) {
        const rn_status status =
            rni_gemm(false, true, BIG, BIG, BIG, 1.0, mine->a, BIG, mine->a, BIG, 0.0, c, BIG);
        mine->agrees = status == RN_OK && same_bits((rn_index)BIG * BIG, c, mine->expected);
        const int n_tasks = count_threads();
        if (n_tasks > mine->n_tasks) mine->n_tasks = n_tasks;
    }
    rni_free(c);
    return NULL;
}

static void *do_nothing(void *user)
{
    return user;
}

/* Threads that OpenMP has never met carry its default team size; none may be used. */
static void concurrent_products_give_the_same_bits(void **state)
{
    (void)state;
    double *a = rni_alloc((rn_index)BIG * BIG, sizeof *a);
    double *expected = rni_alloc((rn_index)BIG * BIG, sizeof *expected);
    assert_non_null(a);
    assert_non_null(expected);
    fill(17, a, (rn_index)BIG * BIG);
    assert_status(rni_gemm(false, true, BIG, BIG, BIG, 1.0, a, BIG, a, BIG, 0.0, expected, BIG),
                  RN_OK);
    /* A sanitizer adds a thread of its own with the first one that is made. */
    pthread_t threads[N_THREADS];
    assert_int_equal(pthread_create(&threads[0], NULL, do_nothing, NULL), 0);
    assert_int_equal(pthread_join(threads[0], NULL), 0);
    const int n_tasks_before = count_threads();
    job jobs[N_THREADS];
    for (int t = 0; t < N_THREADS; t++) {
        jobs[t] = (job){.a = a, .expected = expected};
        assert_int_equal(pthread_create(&threads[t], NULL, multiply_often, &jobs[t]), 0);
    }
    /* All are joined before anything is judged: they work on this function's stack. */
    for (int t = 0; t < N_THREADS; t++)
        assert_int_equal(pthread_join(threads[t], NULL), 0);
    for (int t = 0; t < N_THREADS; t++) {
        assert_true(jobs[t].agrees);
        assert_true(jobs[t].n_tasks <= n_tasks_before + N_THREADS);
    }
    rni_free(expected);
    rni_free(a);
}

static void threads_are_one_except_while_raised(void **state)
{
    (void)state;
    assert_int_equal(rni_blas_threads(), 1);
    rni_blas_raise_threads(1000);
    assert_int_equal(rni_blas_threads(), rni_blas_processors());
    rni_blas_restore_threads();
    assert_int_equal(rni_blas_threads(), 1);
    rni_blas_raise_threads(1);
    assert_int_equal(rni_blas_threads(), 1);
    rni_blas_restore_threads();
}

static void the_loaded_library_says_what_it_is(void **state)
{
    (void)state;
    assert_true(rni_blas_is_openmp());
    assert_non_null(strstr(rni_blas_name(), "OpenBLAS"));
    assert_true(strlen(rni_blas_core()) > 0);
    const char *better = rni_blas_better_core();
    if (better) assert_string_not_equal(better, rni_blas_core());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_are_one_except_while_raised),
        cmocka_unit_test(gemm_is_the_sum_of_products),
        cmocka_unit_test(gemm_without_terms_scales_the_output),
        cmocka_unit_test(gemm_does_not_read_inputs_scaled_by_zero),
        cmocka_unit_test(rank_updates_fill_the_lower_triangle_only),
        cmocka_unit_test(rank_updates_do_not_read_an_output_scaled_by_zero),
        cmocka_unit_test(symmetric_products_read_the_lower_triangle_only),
        cmocka_unit_test(matrix_vector_products_know_both_directions),
        cmocka_unit_test(vector_operations_do_what_their_formulas_say),
        cmocka_unit_test(sizes_beyond_the_library_are_refused),
        cmocka_unit_test(concurrent_products_give_the_same_bits),
        cmocka_unit_test(the_loaded_library_says_what_it_is),
    };
    return cmocka_run_group_tests_name("blas", tests, NULL, NULL);
}
