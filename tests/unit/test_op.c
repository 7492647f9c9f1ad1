/*
 * Operators: contracts of the description, application, transposes, and the check that must see
 * every kind of lie.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "check.h"
#include "core/memory.h"
#include "core/rng.h"
#include "core/status.h"
#include "op/op.h"

enum { ROWS = 23, COLS = 17 };

/* A matrix with callbacks that can be made to lie. */
typedef struct subject {
    double a[ROWS * COLS];
    int n_released;
    int code; /* what the callbacks return */
    enum { HONEST, WRONG_TRANSPOSE, AFFINE, COLUMNS_MIXED, GIVES_NAN } lie;
} subject;

static void fill(uint32_t part, double *out, rn_index count)
{
    rni_rng_fill_normal((rni_stream){.seed = check_seed(), .part = part}, 0, count, out);
}

static int apply(void *user, rn_index n_vecs, const double *x, rn_index ldx, double *y,
                 rn_index ldy)
{
    const subject *s = user;
    for (rn_index j = 0; j < n_vecs; j++) {
        for (rn_index i = 0; i < ROWS; i++) {
            double sum = s->lie == AFFINE ? 1.0 : 0.0;
            for (rn_index k = 0; k < COLS; k++)
                sum += s->a[i * COLS + k] * x[j * ldx + k];
            y[j * ldy + i] = sum;
        }
        if (s->lie == COLUMNS_MIXED && j > 0) y[j * ldy] += y[0];
        if (s->lie == GIVES_NAN && j == n_vecs - 1) y[j * ldy + 2] = (double)NAN;
    }
    return s->code;
}

static int apply_transpose(void *user, rn_index n_vecs, const double *x, rn_index ldx, double *y,
                           rn_index ldy)
{
    const subject *s = user;
    for (rn_index j = 0; j < n_vecs; j++) {
        for (rn_index k = 0; k < COLS; k++) {
            double sum = 0.0;
            for (rn_index i = 0; i < ROWS; i++)
                sum += s->a[i * COLS + k] * x[j * ldx + i];
            y[j * ldy + k] = s->lie == WRONG_TRANSPOSE && k == 3 ? 1.1 * sum : sum;
        }
    }
    return s->code;
}

static void release(void *user)
{
    ((subject *)user)->n_released++;
}

static rn_op *make(subject *s, bool has_transpose)
{
    fill(1, s->a, (rn_index)ROWS * COLS);
    const rn_op_desc desc = {.rows = ROWS,
                             .cols = COLS,
                             .apply = apply,
                             .apply_transpose = has_transpose ? apply_transpose : NULL,
                             .user = s,
                             .release = release};
    rn_op *op = NULL;
    assert_status(rn_op_create(&desc, &op), RN_OK);
    return op;
}

static void passes_blocks_and_leading_dimensions_on(void **state)
{
    (void)state;
    subject s = {.lie = HONEST};
    rn_op *op = make(&s, true);
    enum { LDX = COLS + 2, LDY = ROWS + 3 };
    double x[2 * LDX];
    double y[2 * LDY];
    fill(2, x, (rn_index)2 * LDX);
    for (int i = 0; i < 2 * LDY; i++)
        y[i] = -7.0;
    assert_status(rn_op_apply(op, 2, x, LDX, y, LDY), RN_OK);
    for (int j = 0; j < 2; j++) {
        for (int i = 0; i < LDY; i++) {
            double sum = i < ROWS ? 0.0 : -7.0;
            for (int k = 0; k < COLS && i < ROWS; k++)
                sum += s.a[i * COLS + k] * x[j * LDX + k];
            assert_close(y[j * LDY + i], sum, 0.0);
        }
    }
    assert_int_equal(rn_op_rows(op), ROWS);
    assert_int_equal(rn_op_cols(op), COLS);
    assert_int_equal(rn_op_get_traits(op), RN_OP_GENERAL);
    assert_true(rn_op_has_transpose(op));
    rn_op_destroy(op);
    assert_int_equal(s.n_released, 1);
    rn_op_destroy(NULL);
}

static void refuses_what_it_cannot_use(void **state)
{
    (void)state;
    rn_op *op = NULL;
    const rn_op_desc good = {.rows = 3, .cols = 2, .apply = apply};
    rn_op_desc bad = good;
    bad.apply = NULL;
    assert_status(rn_op_create(&bad, &op), RN_ERR_ARGUMENT);
    bad = good;
    bad.rows = 0;
    assert_status(rn_op_create(&bad, &op), RN_ERR_ARGUMENT);
    bad = good;
    bad.cols = RN_SIZE_MAX + 1;
    assert_status(rn_op_create(&bad, &op), RN_ERR_ARGUMENT);
    bad = good;
    bad.traits = RN_OP_SYMMETRIC;
    assert_status(rn_op_create(&bad, &op), RN_ERR_SHAPE);
    assert_message_has("3 x 2");
    bad.traits = (rn_op_traits)2;
    assert_status(rn_op_create(&bad, &op), RN_ERR_ARGUMENT);
    assert_status(rn_op_create(NULL, &op), RN_ERR_ARGUMENT);
    assert_status(rn_op_create(&good, NULL), RN_ERR_ARGUMENT);
    double one = 1.0;
    assert_status(rn_op_create_dense(2, 3, &one, 2, RN_OP_GENERAL, &op), RN_ERR_ARGUMENT);
    assert_status(rn_op_create_dense(2, 3, NULL, 3, RN_OP_GENERAL, &op), RN_ERR_ARGUMENT);
    assert_status(rn_op_create_dense(2, 3, &one, 3, RN_OP_PSD, &op), RN_ERR_SHAPE);
    assert_status(rn_op_create_diagonal(0, &one, &op), RN_ERR_ARGUMENT);
    assert_status(rn_op_create_diagonal(1, NULL, &op), RN_ERR_ARGUMENT);
    assert_null(op);
}

static void reports_failures_of_application(void **state)
{
    (void)state;
    subject s = {.lie = HONEST};
    rn_op *op = make(&s, false);
    double x[COLS] = {0};
    double y[ROWS] = {0};
    assert_status(rn_op_apply(op, 1, x, COLS - 1, y, ROWS), RN_ERR_ARGUMENT);
    assert_status(rn_op_apply(op, 1, x, COLS, y, ROWS - 1), RN_ERR_ARGUMENT);
    assert_status(rn_op_apply(op, -1, x, COLS, y, ROWS), RN_ERR_ARGUMENT);
    assert_status(rn_op_apply(op, 1, NULL, COLS, y, ROWS), RN_ERR_ARGUMENT);
    assert_status(rn_op_apply(op, 0, NULL, COLS, NULL, ROWS), RN_OK);
    assert_status(rn_op_apply(NULL, 1, x, COLS, y, ROWS), RN_ERR_ARGUMENT);
    assert_status(rn_op_apply_transpose(op, 1, y, ROWS, x, COLS), RN_ERR_UNSUPPORTED);
    assert_status(rn_op_apply_transpose(NULL, 1, y, ROWS, x, COLS), RN_ERR_ARGUMENT);
    s.code = 5;
    assert_status(rn_op_apply(op, 1, x, COLS, y, ROWS), RN_ERR_CALLBACK);
    assert_message_has("5");
    s.code = 0;
    s.lie = GIVES_NAN;
    assert_status(rn_op_apply(op, 1, x, COLS, y, ROWS), RN_ERR_NONFINITE);
    rn_op_destroy(op);
}

static int fail_natively(void *user, rn_index n_vecs, const double *x, rn_index ldx, double *y,
                         rn_index ldy)
{
    (void)user, (void)n_vecs, (void)x, (void)ldx, (void)y, (void)ldy;
    return (int)rni_fail(RN_ERR_DOMAIN, "the message of the inside");
}

static void own_operators_pass_their_status_on(void **state)
{
    (void)state;
    const rn_op_desc desc = {.rows = 1, .cols = 1, .apply = fail_natively};
    rn_op *op = NULL;
    assert_status(rni_op_create_native(&desc, &op), RN_OK);
    double x = 1.0;
    double y = 2.0;
    assert_status(rn_op_apply(op, 1, &x, 1, &y, 1), RN_ERR_DOMAIN);
    assert_message_has("the message of the inside");
    rn_op_destroy(op);
}

static void dense_operators_multiply(void **state)
{
    (void)state;
    enum { LD = COLS + 1, N_VECS = 3 };
    double a[ROWS * LD];
    double x[N_VECS * ROWS];
    double y[N_VECS * ROWS];
    fill(3, a, (rn_index)ROWS * LD);
    fill(4, x, (rn_index)N_VECS * ROWS);
    rn_op *op = NULL;
    assert_status(rn_op_create_dense(ROWS, COLS, a, LD, RN_OP_GENERAL, &op), RN_OK);
    /* Sums of at most 23 products of Gaussians, below 6 in magnitude each: 24 eps 23 36. */
    const double tolerance = 24.0 * DBL_EPSILON * 23.0 * 36.0;
    assert_status(rn_op_apply(op, N_VECS, x, COLS, y, ROWS), RN_OK);
    for (int j = 0; j < N_VECS; j++)
        for (int i = 0; i < ROWS; i++) {
            long double sum = 0.0L;
            for (int k = 0; k < COLS; k++)
                sum += (long double)a[i * LD + k] * (long double)x[j * COLS + k];
            assert_close(y[j * ROWS + i], (double)sum, tolerance);
        }
    assert_status(rn_op_apply_transpose(op, N_VECS, x, ROWS, y, COLS), RN_OK);
    for (int j = 0; j < N_VECS; j++)
        for (int k = 0; k < COLS; k++) {
            long double sum = 0.0L;
            for (int i = 0; i < ROWS; i++)
                sum += (long double)a[i * LD + k] * (long double)x[j * ROWS + i];
            assert_close(y[j * COLS + k], (double)sum, tolerance);
        }
    rn_op_destroy(op);
}

static void symmetric_operators_read_the_lower_triangle(void **state)
{
    (void)state;
    double a[9] = {1.0, (double)NAN, (double)NAN, 2.0, 3.0, (double)NAN, 4.0, 5.0, 6.0};
    const double x[6] = {1.0, 1.0, 1.0, 1.0, 0.0, 0.0};
    double y[6];
    rn_op *op = NULL;
    assert_status(rn_op_create_dense(3, 3, a, 3, RN_OP_SYMMETRIC, &op), RN_OK);
    assert_status(rn_op_apply_transpose(op, 2, x, 3, y, 3), RN_OK);
    const double expected[6] = {7.0, 10.0, 15.0, 1.0, 2.0, 4.0};
    for (int i = 0; i < 6; i++)
        assert_close(y[i], expected[i], 0.0);
    rn_op_destroy(op);
    assert_status(rn_op_create_diagonal(3, expected, &op), RN_OK);
    assert_status(rn_op_apply(op, 2, x, 3, y, 3), RN_OK);
    assert_close(y[2], 15.0, 0.0);
    assert_close(y[3] + y[4], 7.0, 0.0);
    rn_op_destroy(op);
}

static void the_check_passes_sound_operators(void **state)
{
    (void)state;
    subject s = {.lie = HONEST};
    rn_op *op = make(&s, true);
    rn_op_defects found;
    assert_status(rn_op_check(op, 8, 3, &found), RN_OK);
    /* Sums of at most 23 terms: 23 eps is a bound. */
    assert_close(found.adjoint, 0.0, 23.0 * DBL_EPSILON);
    assert_close(found.linearity, 0.0, 23.0 * DBL_EPSILON);
    assert_close(found.block, 0.0, 0.0);
    assert_close(found.negative, 0.0, 0.0);
    rn_op_destroy(op);
    op = make(&s, false);
    assert_status(rn_op_check(op, 1, 3, &found), RN_OK);
    assert_true(isnan(found.adjoint));
    rn_op_destroy(op);
    assert_status(rn_op_check(NULL, 1, 3, &found), RN_ERR_ARGUMENT);
}

static void the_check_sees_every_lie(void **state)
{
    (void)state;
    subject s = {.lie = WRONG_TRANSPOSE};
    rn_op *op = make(&s, true);
    rn_op_defects found;
    assert_status(rn_op_check(op, 4, 3, &found), RN_OK);
    assert_true(found.adjoint > 1e-4 && found.linearity < 1e-14);
    s.lie = AFFINE;
    assert_status(rn_op_check(op, 4, 3, &found), RN_OK);
    assert_true(found.linearity > 1e-3);
    s.lie = COLUMNS_MIXED;
    assert_status(rn_op_check(op, 4, 3, &found), RN_OK);
    assert_true(found.block > 1e-3);
    s.lie = GIVES_NAN;
    assert_status(rn_op_check(op, 4, 3, &found), RN_ERR_NONFINITE);
    assert_status(rn_op_check(op, 0, 3, &found), RN_ERR_ARGUMENT);
    rn_op_destroy(op);

    const double negative[4] = {-1.0, 0.0, 0.0, -2.0};
    assert_status(rn_op_create_dense(2, 2, negative, 2, RN_OP_PSD, &op), RN_OK);
    assert_status(rn_op_check(op, 4, 3, &found), RN_OK);
    assert_true(found.negative > 0.5);
    rn_op_destroy(op);
}

static int apply_skew(void *user, rn_index n_vecs, const double *x, rn_index ldx, double *y,
                      rn_index ldy)
{
    (void)user;
    for (rn_index j = 0; j < n_vecs; j++) {
        y[j * ldy] = x[j * ldx] + x[j * ldx + 1];
        y[j * ldy + 1] = x[j * ldx + 1];
    }
    return 0;
}

static void the_check_sees_a_false_promise_of_symmetry(void **state)
{
    (void)state;
    const rn_op_desc desc = {.rows = 2, .cols = 2, .traits = RN_OP_SYMMETRIC, .apply = apply_skew};
    rn_op *op = NULL;
    assert_status(rn_op_create(&desc, &op), RN_OK);
    rn_op_defects found;
    assert_status(rn_op_check(op, 4, 1, &found), RN_OK);
    assert_true(found.adjoint > 1e-2);
    rn_op_destroy(op);
}

/* Sums over answers that large overflow: an unknown defect is no small one. */
static int apply_constant(void *user, rn_index n_vecs, const double *x, rn_index ldx, double *y,
                          rn_index ldy)
{
    (void)user, (void)x, (void)ldx;
    for (rn_index j = 0; j < n_vecs; j++)
        y[j * ldy] = 1e308;
    return 0;
}

static void a_defect_that_overflows_is_not_small(void **state)
{
    (void)state;
    const rn_op_desc desc = {.rows = 1, .cols = 1, .apply = apply_constant};
    rn_op *op = NULL;
    assert_status(rn_op_create(&desc, &op), RN_OK);
    rn_op_defects found;
    assert_status(rn_op_check(op, 1, 1, &found), RN_OK);
    assert_false(found.linearity <= 1.0);
    rn_op_destroy(op);
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    const double one = 1.0;
    rn_status status = RN_ERR_MEMORY;
    for (long fault = 1; status == RN_ERR_MEMORY; fault++) {
        rn_op *op = NULL;
        rn_op_defects found = {.adjoint = 42.0};
        const rn_index before = rni_memory_bytes();
        (void)rni_fail_allocation(fault);
        status = rn_op_create_dense(1, 1, &one, 1, RN_OP_PSD, &op);
        if (status == RN_OK) status = rn_op_check(op, 1, 1, &found);
        if (status < 0) assert_close(found.adjoint, 42.0, 0.0);
        rn_op_destroy(op);
        assert_int_equal(rni_memory_bytes(), before);
        assert_true(fault < 10);
    }
    (void)rni_fail_allocation(0);
    assert_status(status, RN_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passes_blocks_and_leading_dimensions_on),
        cmocka_unit_test(refuses_what_it_cannot_use),
        cmocka_unit_test(reports_failures_of_application),
        cmocka_unit_test(own_operators_pass_their_status_on),
        cmocka_unit_test(dense_operators_multiply),
        cmocka_unit_test(symmetric_operators_read_the_lower_triangle),
        cmocka_unit_test(the_check_passes_sound_operators),
        cmocka_unit_test(the_check_sees_every_lie),
        cmocka_unit_test(the_check_sees_a_false_promise_of_symmetry),
        cmocka_unit_test(a_defect_that_overflows_is_not_small),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests_name("op", tests, NULL, NULL);
}
