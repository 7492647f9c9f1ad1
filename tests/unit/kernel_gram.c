/*
 * Tiles from random factors against the sums written out, in long double.
 *
 * Tolerance: at most D^2 (p + q) < 1e6 terms per entry, rounding grows like their square root:
 * 1e3 * 1e-16 of the largest entry, taken as 1e-12.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "jacobi.h"
#include "kernel/gram.h"
#include "kernel/rows.h"

typedef struct shape {
    rn_index n_i;
    rn_index n_j;
    rn_index rows; /* K */
    rn_index positions;
    rn_index in_width;
    rn_index out_width;
    bool is_diagonal;
    bool gathers;
    double share;
} shape;

static double *numbers(rn_index count, uint32_t part)
{
    double *array = calloc((size_t)(count > 0 ? count : 1), sizeof *array);
    assert_non_null(array);
    random_fill(check_seed(), part, count, array);
    return array;
}

/* Factors of one side. */
typedef struct factors {
    double *left;
    double *right;
    double *left_tangent;
    double *right_tangent;
} factors;

static factors make_factors(const shape *s, rn_index n, uint32_t part)
{
    const rn_index n_left = n * s->positions * s->in_width;
    const rn_index n_right = n * s->rows * s->positions * s->out_width;
    factors f = {numbers(n_left, part), numbers(n_right, part + 1), numbers(n_left, part + 2),
                 numbers(n_right, part + 3)};
    for (rn_index i = 0; s->gathers && i < n_left; i++)
        f.left[i] = floor(fabs(f.left[i]) * 2.0);
    return f;
}

static void drop_factors(factors *f)
{
    free(f->left);
    free(f->right);
    free(f->left_tangent);
    free(f->right_tangent);
}

static long double dot(rn_index n, const double *x, const double *y)
{
    long double sum = 0.0L;
    for (rn_index i = 0; i < n; i++)
        sum += (long double)x[i] * (long double)y[i];
    return sum;
}

/* Entry (i, k; j, l) of M, or of M' when tangent. */
static double by_hand(const shape *s, const factors *fi, const factors *fj, rn_index i, rn_index k,
                      rn_index j, rn_index l, bool tangent)
{
    const rn_index d = s->positions;
    const rn_index p = s->in_width;
    const rn_index q = s->out_width;
    long double sum = 0.0L;
    for (rn_index t = 0; t < d; t++)
        for (rn_index u = 0; u < d; u++) {
            const rn_index x = (i * d + t) * p;
            const rn_index y = (j * d + u) * p;
            const rn_index b = ((i * s->rows + k) * d + t) * q;
            const rn_index c = ((j * s->rows + l) * d + u) * q;
            long double a = dot(p, fi->left + x, fj->left + y) + (long double)s->share;
            long double a_tangent = dot(p, fi->left_tangent + x, fj->left + y)
                                    + dot(p, fi->left + x, fj->left_tangent + y);
            if (s->gathers) {
                a = fi->left[x] - fj->left[y] > -0.5 && fi->left[x] - fj->left[y] < 0.5 ? 1.0L
                                                                                        : 0.0L;
                a_tangent = 0.0L;
            }
            const long double both = dot(q, fi->right + b, fj->right + c);
            const long double both_tangent = dot(q, fi->right_tangent + b, fj->right + c)
                                             + dot(q, fi->right + b, fj->right_tangent + c);
            sum += tangent ? a_tangent * both + a * both_tangent : a * both;
        }
    return (double)sum;
}

static void compare(const shape *s, const factors *fi, const factors *fj, rn_index ld,
                    const double *m, bool tangent)
{
    double scale = 0.0;
    for (int pass = 0; pass < 2; pass++) /* the scale first, then the entries */
        for (rn_index r = 0; r < s->n_i * s->rows; r++)
            for (rn_index c = 0; c < s->n_j * s->rows; c++) {
                if (s->is_diagonal && c > r) continue;
                const double expected =
                    by_hand(s, fi, fj, r / s->rows, r % s->rows, c / s->rows, c % s->rows, tangent);
                scale = fmax(scale, fabs(expected));
                /* tiles add to what is there: 1 in M, 2 in M' */
                if (pass == 1)
                    assert_close(m[r * ld + c], expected + (tangent ? 2.0 : 1.0),
                                 1e-12 * (scale + 2.0));
            }
}

static double *filled(rn_index count, double value)
{
    double *array = numbers(count, 90);
    for (rn_index i = 0; i < count; i++)
        array[i] = value;
    return array;
}

static rni_side side(const shape *s, const factors *f)
{
    return (rni_side){f->left, f->right, s->gathers ? NULL : f->left_tangent, f->right_tangent};
}

static void try_shape(const shape *s, rn_kernel_order order)
{
    const bool is_diagonal = s->is_diagonal;
    factors fi = make_factors(s, s->n_i, 20);
    factors fj = is_diagonal ? fi : make_factors(s, s->n_j, 30);
    const rn_index tile_units = s->n_i > s->n_j ? s->n_i : s->n_j;
    const rn_index n_work =
        rni_gram_work(order, tile_units, s->rows, s->positions, s->out_width, true);
    assert_true(n_work > 0);
    const rn_index ld = s->n_j * s->rows + 3;
    const rn_index n_entries = s->n_i * s->rows * ld;
    double *work = numbers(n_work, 50);
    double *m = filled(n_entries, 1.0);
    double *m_tangent = filled(n_entries, 2.0);
    const rni_product product = {.positions = s->positions,
                                 .in_width = s->in_width,
                                 .out_width = s->out_width,
                                 .gathers = s->gathers,
                                 .share = s->share,
                                 .i = side(s, &fi),
                                 .j = side(s, &fj)};
    rni_tile tile = {.n_i = s->n_i,
                     .n_j = s->n_j,
                     .unit_rows = s->rows,
                     .is_diagonal = s->is_diagonal,
                     .m = m,
                     .m_tangent = m_tangent,
                     .ld = ld,
                     .work = work};
    assert_status(rni_gram_add(order, &product, &tile), RN_OK);
    compare(s, &fi, &fj, ld, m, false);
    compare(s, &fi, &fj, ld, m_tangent, true);
    double *alone = filled(n_entries, 1.0); /* M without its tangent: the same bits */
    tile.m = alone;
    tile.m_tangent = NULL;
    assert_status(rni_gram_add(order, &product, &tile), RN_OK);
    for (rn_index r = 0; r < s->n_i * s->rows; r++) {
        const rn_index length = s->is_diagonal ? r + 1 : s->n_j * s->rows;
        assert_memory_equal(alone + r * ld, m + r * ld, (size_t)length * sizeof *m);
    }
    if (!is_diagonal) drop_factors(&fj);
    drop_factors(&fi);
    free(alone);
    free(work);
    free(m);
    free(m_tangent);
}

static const shape shapes[] = {
    {.n_i = 5, .n_j = 3, .rows = 3, .positions = 1, .in_width = 4, .out_width = 6},
    {.n_i = 70,
     .n_j = 70,
     .rows = 1,
     .positions = 1,
     .in_width = 2,
     .out_width = 3,
     .is_diagonal = true},
    {.n_i = 6,
     .n_j = 6,
     .rows = 2,
     .positions = 3,
     .in_width = 2,
     .out_width = 3,
     .is_diagonal = true},
    /* several sub-tiles on both sides: 512 / (4 * 16) = 8 units */
    {.n_i = 19, .n_j = 10, .rows = 4, .positions = 16, .in_width = 2, .out_width = 2},
    {.n_i = 18,
     .n_j = 18,
     .rows = 4,
     .positions = 16,
     .in_width = 2,
     .out_width = 1,
     .is_diagonal = true},
    /* a unit larger than a sub-tile: rows one by one, then positions in pieces */
    {.n_i = 2, .n_j = 2, .rows = 3, .positions = 200, .in_width = 1, .out_width = 2},
    {.n_i = 2, .n_j = 1, .rows = 1, .positions = 600, .in_width = 2, .out_width = 1},
    {.n_i = 2,
     .n_j = 2,
     .rows = 2,
     .positions = 600,
     .in_width = 1,
     .out_width = 1,
     .is_diagonal = true},
    /* several chunks of rows in order A, cutting units in the middle */
    {.n_i = 6, .n_j = 2, .rows = 4, .positions = 9, .in_width = 2, .out_width = 4000},
    {.n_i = 6,
     .n_j = 6,
     .rows = 4,
     .positions = 7,
     .in_width = 2,
     .out_width = 4000,
     .is_diagonal = true},
    {.n_i = 5, .n_j = 4, .rows = 2, .positions = 6, .in_width = 1, .out_width = 3, .gathers = true},
    {.n_i = 5,
     .n_j = 5,
     .rows = 2,
     .positions = 1,
     .in_width = 1,
     .out_width = 3,
     .gathers = true,
     .is_diagonal = true},
};

static void tiles_of_both_orders_match_the_sums(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        try_shape(&shapes[i], RN_KERNEL_INPUT_GRAM);
        if (shapes[i].out_width < 1000) try_shape(&shapes[i], RN_KERNEL_BOTH_GRAMS);
    }
    const shape biased = {.n_i = 4,
                          .n_j = 4,
                          .rows = 2,
                          .positions = 1,
                          .in_width = 3,
                          .out_width = 5,
                          .is_diagonal = true,
                          .share = 1.75};
    try_shape(&biased, RN_KERNEL_BOTH_GRAMS);
}

/* Right factors [n x 3 x 3] of 1.5 times the identity. */
static void set_identities(factors *f, rn_index n)
{
    for (rn_index e = 0; e < n * 9; e++) {
        f->right[e] = e % 9 % 4 == 0 ? 1.5 : 0.0;
        f->right_tangent[e] = 0.0;
    }
}

static void a_read_out_needs_no_cotangents(void **state)
{
    (void)state;
    for (int diagonal = 0; diagonal < 2; diagonal++) {
        const shape s = {.n_i = 4,
                         .n_j = diagonal ? 4 : 3,
                         .rows = 3,
                         .positions = 1,
                         .in_width = 5,
                         .out_width = 3,
                         .is_diagonal = diagonal,
                         .share = 0.5};
        factors fi = make_factors(&s, s.n_i, 20);
        factors fj = diagonal ? fi : make_factors(&s, s.n_j, 30);
        set_identities(&fi, s.n_i);
        set_identities(&fj, s.n_j);
        const rn_index ld = s.n_j * s.rows;
        double *work = numbers(1000, 50);
        double *m = filled(s.n_i * s.rows * ld, 1.0);
        double *m_tangent = filled(s.n_i * s.rows * ld, 2.0);
        const rni_product product = {.positions = 1,
                                     .in_width = 5,
                                     .out_width = 3,
                                     .share = s.share,
                                     .identity = 2.25,
                                     .i = {fi.left, NULL, fi.left_tangent, NULL},
                                     .j = {fj.left, NULL, fj.left_tangent, NULL}};
        rni_tile tile = {.n_i = s.n_i,
                         .n_j = s.n_j,
                         .unit_rows = 3,
                         .is_diagonal = diagonal,
                         .m = m,
                         .m_tangent = m_tangent,
                         .ld = ld,
                         .work = work};
        assert_status(rni_gram_add(RN_KERNEL_BOTH_GRAMS, &product, &tile), RN_OK);
        compare(&s, &fi, &fj, ld, m, false);
        compare(&s, &fi, &fj, ld, m_tangent, true);
        if (!diagonal) drop_factors(&fj);
        drop_factors(&fi);
        free(work);
        free(m);
        free(m_tangent);
    }
}

/* sum over positions of left_from right_to of unit k; (from, to) = (in, out), or swapped */
static double outer_entry(const rni_outer *outer, rn_index k, rn_index in, rn_index out)
{
    const rn_index from = outer->swapped ? out : in;
    const rn_index to = outer->swapped ? in : out;
    double sum = 0.0;
    for (rn_index t = 0; t < outer->positions; t++)
        sum += outer->left[t * outer->left_width + from]
               * outer->right[(k * outer->positions + t) * outer->right_width + to];
    return sum;
}

static void a_part_of_a_gradient_is_that_part(void **state)
{
    (void)state;
    enum { K = 2, D = 4, P = 5, Q = 6 };
    double *x = numbers((rn_index)D * P, 1);
    double *b = numbers((rn_index)K * D * Q, 2);
    for (int swapped = 0; swapped < 2; swapped++) {
        const rn_index n_in = swapped ? Q : P;
        const rn_index n_out = swapped ? P : Q;
        const rni_part part = {
            .in_first = 1, .in_count = n_in - 2, .out_first = 2, .out_count = n_out - 3};
        const rni_outer outer = {.positions = D,
                                 .left_width = P,
                                 .right_width = Q,
                                 .swapped = swapped,
                                 .left = x,
                                 .right = b,
                                 .left_tangent = x,
                                 .right_tangent = b};
        double rows[K * P * Q] = {0.0};
        double tangent[K * P * Q] = {0.0};
        assert_status(rni_rows_add(&outer, K, part, rows, tangent), RN_OK);
        for (rn_index k = 0; k < K; k++)
            for (rn_index i = 0; i < part.in_count; i++)
                for (rn_index o = 0; o < part.out_count; o++) {
                    const double sum =
                        outer_entry(&outer, k, part.in_first + i, part.out_first + o);
                    const rn_index at = (k * part.in_count + i) * part.out_count + o;
                    assert_close(rows[at], sum, 1e-13);
                    assert_close(tangent[at], 2.0 * sum, 1e-13);
                }
    }
    free(x);
    free(b);
}

static void sizes_beyond_addresses_are_refused(void **state)
{
    (void)state;
    const rn_index huge = RN_SIZE_MAX;
    assert_true(rni_gram_work(RN_KERNEL_BOTH_GRAMS, huge, 2, 1, 1, false) < 0);
    assert_true(rni_gram_work(RN_KERNEL_INPUT_GRAM, 1, 1, huge, 1, true) != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tiles_of_both_orders_match_the_sums),
        cmocka_unit_test(a_read_out_needs_no_cotangents),
        cmocka_unit_test(a_part_of_a_gradient_is_that_part),
        cmocka_unit_test(sizes_beyond_addresses_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
