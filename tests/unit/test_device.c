/*
 * The host's device table: each operation against its definition, and sums in the stated order.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "check.h"
#include "core/memory.h"
#include "core/rng.h"
#include "tensor/device.h"

static double *numbers(rn_index n, uint32_t part)
{
    double *x = rni_alloc(n, sizeof *x);
    assert_non_null(x);
    rni_rng_fill_normal((rni_stream){.seed = check_seed(), .part = part}, 0, n, x);
    return x;
}

static double sum_of_all(rn_index n, const double *x, rn_index step)
{
    rni_reduce reduce = {
        .kind = RNI_REDUCE_SUM, .n_reduced = 1, .reduced_dims = {n}, .reduced_strides = {{step}}};
    double sum = 0.0;
    double *out = &sum;
    rni_reduce_finish(&reduce);
    rni_device_host()->reduce(&reduce, &x, &out);
    return sum;
}

/* The order of tensor/device.h, written once more. */
static double stated_sum(rn_index n, const double *x)
{
    if (n > 512) {
        const rn_index n_chunks = (n + 511) / 512;
        const rn_index half = (n_chunks + 1) / 2 * 512;
        return stated_sum(half, x) + stated_sum(n - half, x + half);
    }
    double lane[8] = {0.0};
    for (rn_index i = 0; i < n; i++)
        lane[i % 8] += x[i];
    return ((lane[0] + lane[1]) + (lane[2] + lane[3]))
           + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
}

static void sums_run_in_the_stated_order(void **state)
{
    (void)state;
    static const rn_index lengths[] = {1, 7, 8, 9, 511, 512, 513, 1024, 1537, 5000, 100003};
    double *x = numbers(100003, 1);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        const double found = sum_of_all(lengths[i], x, 1);
        assert_close(found, stated_sum(lengths[i], x), 0.0); /* to the bit */
    }
    double *apart = rni_alloc(15000, sizeof *apart);
    for (rn_index i = 0; i < 15000; i++)
        apart[i] = i % 3 == 0 ? x[i / 3] : 1e30;
    assert_close(sum_of_all(5000, apart, 3), stated_sum(5000, x), 0.0);
    rni_free(apart);
    rni_free(x);
}

static void long_sums_keep_their_digits(void **state)
{
    (void)state;
    const rn_index n = 1000000;
    double *x = rni_alloc(n, sizeof *x);
    for (rn_index i = 0; i < n; i++)
        x[i] = 0.1;
    /* 64 terms a lane, 3 + 11 halvings: error <= 80 eps of the sum; in sequence it is 1e-6. */
    assert_close(sum_of_all(n, x, 1), 1e5, 80 * DBL_EPSILON * 1e5);
    rni_free(x);
}

/* [rows, cols] summed over rows: columns side by side, rows 16 in sequence, then by halves. */
static double stated_column(rn_index first, rn_index n, rn_index cols, const double *x)
{
    if (n > 16) {
        const rn_index half = ((n + 15) / 16 + 1) / 2 * 16;
        return stated_column(first, half, cols, x) + stated_column(first + half, n - half, cols, x);
    }
    double sum = x[first * cols];
    for (rn_index i = first + 1; i < first + n; i++)
        sum += x[i * cols];
    return sum;
}

static void column_sums_run_in_the_stated_order(void **state)
{
    (void)state;
    static const rn_index sizes[][2] = {{1, 5}, {16, 3}, {17, 130}, {100, 300}, {1000, 2}};
    double *x = numbers(30000, 2);
    double out[300];
    double *result = out;
    const double *in = x;
    for (size_t c = 0; c < sizeof sizes / sizeof *sizes; c++) {
        const rn_index rows = sizes[c][0];
        const rn_index cols = sizes[c][1];
        rni_reduce reduce = {.kind = RNI_REDUCE_SUM,
                             .n_kept = 1,
                             .kept_dims = {cols},
                             .kept_strides = {{1}, {1}},
                             .n_reduced = 1,
                             .reduced_dims = {rows},
                             .reduced_strides = {{cols}}};
        rni_reduce_finish(&reduce);
        rni_device_host()->reduce(&reduce, &in, &result);
        for (rn_index j = 0; j < cols; j++)
            assert_close(out[j], stated_column(0, rows, cols, x + j), 0.0);
    }
    rni_free(x);
}

static void largest_value_keeps_nan(void **state)
{
    (void)state;
    for (int place = 0; place < 20; place++) {
        double x[20];
        for (int i = 0; i < 20; i++)
            x[i] = i;
        x[place] = (double)NAN;
        double largest = 0.0;
        double *out = &largest;
        const double *in = x;
        rni_reduce reduce = {
            .kind = RNI_REDUCE_MAX, .n_reduced = 1, .reduced_dims = {20}, .reduced_strides = {{1}}};
        rni_reduce_finish(&reduce);
        rni_device_host()->reduce(&reduce, &in, &out);
        assert_true(isnan(largest));
    }
}

/* A [p, q, r] array moved to every order of axes, copied and added, sizes beyond the tiles. */
static void moves_reach_every_order_of_axes(void **state)
{
    (void)state;
    static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                     {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    const rn_index dims[3] = {5, 37, 70};
    const rn_index n = 12950;
    double *from = numbers(n, 3);
    double *to = rni_alloc(n, sizeof *to);
    const double *in = from;
    for (int o = 0; o < 6; o++)
        for (int accumulate = 0; accumulate < 2; accumulate++) {
            const rni_view source = rni_view_dense(3, dims);
            const rni_view turned = rni_view_transpose(&source, orders[o]);
            const rni_view target = rni_view_dense(3, turned.dims);
            rni_move move = {.rank = 3, .accumulate = accumulate};
            memcpy(move.dims, turned.dims, sizeof move.dims);
            memcpy(move.strides[0], target.strides, sizeof move.strides[0]);
            memcpy(move.strides[1], turned.strides, sizeof move.strides[1]);
            rni_device_host()->fill(n, 1.0, to);
            rni_move_finish(&move);
            rni_device_host()->move(&move, &in, &to);
            rn_index index[3] = {0};
            for (rn_index i = 0; i < n; i++) {
                const double x = from[index[0] * turned.strides[0] + index[1] * turned.strides[1]
                                      + index[2] * turned.strides[2]];
                assert_close(to[i], accumulate ? 1.0 + x : x, 0.0);
                for (int k = 2; k >= 0 && ++index[k] == turned.dims[k]; k--)
                    index[k] = 0;
            }
        }
    rni_free(from);
    rni_free(to);
}

/* out = in_0 * in_1 - in_2 over [a, b, c], inputs with these strides. */
static void check_program(const rn_index *dims, rn_index (*strides)[3])
{
    rni_elementwise program = {.rank = 3, .n_in = 3, .n_out = 1, .n_temps = 1, .n_instructions = 2};
    memcpy(program.dims, dims, 3 * sizeof *dims);
    for (int k = 0; k < 3; k++)
        memcpy(program.strides[k], strides[k], 3 * sizeof *dims);
    program.code[0] = (rni_instruction){.code = RNI_DO_MULTIPLY, .dst = 4, .a = 0, .b = 1};
    program.code[1] = (rni_instruction){.code = RNI_DO_SUBTRACT, .dst = 3, .a = 4, .b = 2};
    rni_elementwise_finish(&program);
    const rn_index n = dims[0] * dims[1] * dims[2];
    double *arrays[3];
    for (uint32_t k = 0; k < 3; k++)
        arrays[k] = numbers(n + 12 * n + 600 * dims[1], 10 + k); /* the widest strides below */
    double *out = rni_alloc(n + 1, sizeof *out);
    out[n] = 42.0;
    const double *in[3] = {arrays[0], arrays[1], arrays[2]};
    rni_device_host()->elementwise(&program, in, &out);
    for (rn_index i = 0; i < n; i++) {
        const rn_index index[3] = {i / (dims[1] * dims[2]), i / dims[2] % dims[1], i % dims[2]};
        double x[3];
        for (int k = 0; k < 3; k++)
            x[k] = in[k][index[0] * strides[k][0] + index[1] * strides[k][1]
                         + index[2] * strides[k][2]];
        assert_close(out[i], x[0] * x[1] - x[2], 0.0);
    }
    assert_close(out[n], 42.0, 0.0); /* nothing beyond the end */
    for (int k = 0; k < 3; k++)
        rni_free(arrays[k]);
    rni_free(out);
}

static void programs_read_any_strides(void **state)
{
    (void)state;
    static const rn_index shapes[][3] = {
        {1, 1, 1},   {1, 1, 255}, {1, 1, 256},  {1, 1, 1000}, {3, 7, 10},  {2, 50, 3}, {2, 3, 257},
        {4, 2, 600}, {70, 1, 9},  {1, 40, 128}, {2, 130, 2},  {300, 2, 1}, {3, 7, 100}};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        const rn_index *d = shapes[s];
        const rn_index dense[3] = {d[1] * d[2], d[2], 1};
        const rn_index kinds[8][3] = {{dense[0], dense[1], dense[2]}, /* plain */
                                      {0, 0, 1},                      /* a row, repeated */
                                      {0, 0, 0},                      /* a number */
                                      {d[1], 1, 0},                   /* a column, repeated */
                                      {0, d[2], 1},                   /* repeated planes */
                                      {1, d[0], d[0] * d[1]},         /* axes reversed */
                                      {0, 272, 2},                    /* rows that overlap */
                                      {12 * d[2], 2 * d[2], 2}};      /* planes that overlap */
        for (int a = 0; a < 8; a++)
            for (int b = 0; b < 8; b++) {
                rn_index strides[3][3];
                memcpy(strides[0], kinds[a], sizeof strides[0]);
                memcpy(strides[1], kinds[b], sizeof strides[1]);
                memcpy(strides[2], kinds[(a + b) % 8], sizeof strides[2]);
                check_program(d, strides);
            }
    }
}

/* Instructions against libm; compares and NaN as documented. */
static void masks_are_zero_for_nan_and_relu_keeps_it(void **state)
{
    (void)state;
    static const uint8_t codes[] = {RNI_DO_STEP, RNI_DO_SIGN, RNI_DO_GREATER, RNI_DO_EQUAL};
    const double x = (double)NAN;
    const double *in[1] = {&x};
    for (int c = 0; c < 5; c++) {
        double y = 7.0;
        double *out = &y;
        rni_elementwise program = {.n_in = 1, .n_out = 1, .n_instructions = 1};
        program.code[0] =
            (rni_instruction){.code = c < 4 ? codes[c] : RNI_DO_RELU, .dst = 1, .a = 0, .b = 0};
        rni_elementwise_finish(&program);
        rni_device_host()->elementwise(&program, in, &out);
        if (c < 4)
            assert_close(y, 0.0, 0.0);
        else
            assert_true(isnan(y));
    }
}

static void softplus_is_right_at_both_ends(void **state)
{
    (void)state;
    const double x[4] = {-800.0, -40.0, 0.0, 800.0};
    const double expected[4] = {0.0, 4.248354255291589e-18, 0.6931471805599453, 800.0};
    double y[4];
    const double *in[1] = {x};
    double *out = y;
    rni_elementwise program = {
        .rank = 1, .dims = {4}, .n_in = 1, .n_out = 1, .n_instructions = 1, .strides = {{1}}};
    program.code[0] = (rni_instruction){.code = RNI_DO_SOFTPLUS, .dst = 1};
    rni_elementwise_finish(&program);
    rni_device_host()->elementwise(&program, in, &out);
    for (int i = 0; i < 4; i++) /* two roundings of libm functions */
        assert_close(y[i], expected[i], 4 * DBL_EPSILON * expected[i]);
}

static void bad_row_numbers_are_named(void **state)
{
    (void)state;
    static const double bad[] = {-1.0, 3.0, 0.5, (double)NAN, 1e300, -0.25};
    const double table[6] = {0, 1, 2, 3, 4, 5};
    double list[8];
    double *out = list;
    const rni_rows_by_index rows = {.n_batch = 1, .n_rows = 3, .n_index = 4, .width = 2};
    for (int i = 0; i < 6; i++) {
        const double index[4] = {2.0, 0.0, bad[i], 1.0};
        const double *in[2] = {table, index};
        assert_status(rni_device_host()->gather(&rows, in, &out), RN_ERR_DOMAIN);
        assert_message_has("entry 2 of the index");
        const double *updates[2] = {(const double[8]){0}, index};
        double sums[6];
        double *target = sums;
        assert_status(rni_device_host()->scatter_add(&rows, updates, &target), RN_ERR_DOMAIN);
        assert_message_has("entry 2 of the index");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_run_in_the_stated_order),
        cmocka_unit_test(long_sums_keep_their_digits),
        cmocka_unit_test(column_sums_run_in_the_stated_order),
        cmocka_unit_test(largest_value_keeps_nan),
        cmocka_unit_test(moves_reach_every_order_of_axes),
        cmocka_unit_test(programs_read_any_strides),
        cmocka_unit_test(masks_are_zero_for_nan_and_relu_keeps_it),
        cmocka_unit_test(softplus_is_right_at_both_ends),
        cmocka_unit_test(bad_row_numbers_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
