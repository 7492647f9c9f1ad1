/*
 * Views: every composition shows the entries its definition says.
 */
#include "check.h"
#include "core/rng.h"
#include "tensor/view.h"

/* Position of an index in the storage of a view. */
static rn_index position(const rni_view *view, const rn_index *index)
{
    rn_index at = view->offset;
    for (int i = 0; i < view->rank; i++)
        /* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): index [rank] */
        at += index[i] * view->strides[i];
    return at;
}

static void dense_views_are_row_major(void **state)
{
    (void)state;
    const rni_view view = rni_view_dense(3, (const rn_index[]){2, 3, 4});
    assert_int_equal(rni_view_size(&view), 24);
    assert_int_equal(position(&view, (const rn_index[]){1, 2, 3}), 23);
    assert_int_equal(position(&view, (const rn_index[]){1, 0, 2}), 14);
    assert_true(rni_view_is_dense(&view));
    const rni_view number = rni_view_dense(0, NULL);
    assert_int_equal(rni_view_size(&number), 1);
    assert_true(rni_view_is_dense(&number));
}

static void strides_of_single_entries_do_not_matter(void **state)
{
    (void)state;
    rni_view view = rni_view_dense(3, (const rn_index[]){2, 1, 4});
    view.strides[1] = 77;
    assert_true(rni_view_is_dense(&view));
}

static void a_slice_of_a_transpose_shows_the_right_entries(void **state)
{
    (void)state;
    const rni_view dense = rni_view_dense(3, (const rn_index[]){5, 6, 7});
    const rni_view turned = rni_view_transpose(&dense, (const int[]){2, 0, 1});
    const rni_view cut = rni_view_slice(&turned, 2, 1, 2, 3);
    assert_int_equal(cut.dims[2], 2);
    assert_int_equal(position(&cut, (const rn_index[]){4, 3, 1}),
                     position(&dense, (const rn_index[]){3, 4, 4}));
    assert_false(rni_view_is_dense(&cut));
}

static void unfold_shows_overlapping_windows(void **state)
{
    (void)state;
    const rni_view dense = rni_view_dense(2, (const rn_index[]){9, 2});
    const rni_view windows = rni_view_unfold(&dense, 0, 3, 2, 2);
    assert_int_equal(windows.rank, 3);
    assert_int_equal(windows.dims[0], 3); /* (9 - 2 * 2 - 1) / 2 + 1 */
    assert_int_equal(position(&windows, (const rn_index[]){2, 1, 1}),
                     position(&dense, (const rn_index[]){6, 1}));
}

static void broadcast_repeats_missing_and_single_axes(void **state)
{
    (void)state;
    const rni_view dense = rni_view_dense(2, (const rn_index[]){3, 1});
    const rni_view wide = rni_view_broadcast(&dense, 3, (const rn_index[]){4, 3, 5});
    assert_int_equal(position(&wide, (const rn_index[]){3, 2, 4}), 2);
    assert_int_equal(rni_view_size(&wide), 60);
}

/* Row-major number -> position must be the same before and after. */
static void check_reshape(const rni_view *from, const rni_view *to)
{
    rn_index size = rni_view_size(from);
    assert_int_equal(rni_view_size(to), size);
    while (size-- > 0) {
        rn_index at[2];
        const rni_view *views[2] = {from, to};
        for (int v = 0; v < 2; v++) {
            rn_index index[RNI_VIEW_RANK] = {0};
            rn_index rest = size;
            for (int i = views[v]->rank - 1; i >= 0; i--) {
                index[i] = rest % views[v]->dims[i];
                rest /= views[v]->dims[i];
            }
            at[v] = position(views[v], index);
        }
        assert_int_equal(at[0], at[1]);
    }
}

static void reshape_finds_strides_where_there_are_any(void **state)
{
    (void)state;
    const rni_view dense = rni_view_dense(3, (const rn_index[]){4, 6, 10});
    const rni_view cut = rni_view_slice(&dense, 2, 0, 5, 1); /* rows of 5 in rows of 10 */
    rni_view out;
    assert_true(rni_view_reshape(&cut, 4, (const rn_index[]){2, 12, 1, 5}, &out));
    check_reshape(&cut, &out);
    assert_true(rni_view_reshape(&dense, 2, (const rn_index[]){15, 16}, &out));
    check_reshape(&dense, &out);
    const rni_view repeated = rni_view_broadcast(&dense, 4, (const rn_index[]){3, 4, 6, 10});
    assert_true(rni_view_reshape(&repeated, 3, (const rn_index[]){3, 24, 10}, &out));
    check_reshape(&repeated, &out);
}

static void reshape_refuses_what_has_no_strides(void **state)
{
    (void)state;
    const rni_view dense = rni_view_dense(2, (const rn_index[]){4, 6});
    const rni_view turned = rni_view_transpose(&dense, (const int[]){1, 0});
    rni_view out = {.rank = -7};
    assert_false(rni_view_reshape(&turned, 1, (const rn_index[]){24}, &out));
    const rni_view repeated = rni_view_broadcast(&dense, 3, (const rn_index[]){2, 4, 6});
    assert_false(rni_view_reshape(&repeated, 1, (const rn_index[]){48}, &out));
    assert_int_equal(out.rank, -7); /* untouched */
}

/* Drawn shapes and views: whatever reshape accepts is right. */
static void accepted_reshapes_are_right(void **state)
{
    (void)state;
    const rni_stream stream = {.seed = check_seed(), .purpose = RNI_RNG_TEST};
    uint64_t n_draws = 0;
    int n_accepted = 0;
    for (int c = 0; c < check_cases(2000); c++) {
        const rn_index factors[4] = {2, 3, 2, 4};
        rni_view view = rni_view_dense(4, factors);
        for (int i = 3; i > 0; i--) { /* a random order of axes */
            int order[4] = {0, 1, 2, 3};
            const int j = (int)rni_rng_below(stream, n_draws++, (uint64_t)i + 1);
            order[i] = j;
            order[j] = i;
            if (rni_rng_below(stream, n_draws++, 3) == 0) view = rni_view_transpose(&view, order);
        }
        static const rn_index shapes[6][4] = {{48, 1, 1, 1}, {6, 8, 1, 1}, {8, 6, 1, 1},
                                              {2, 2, 12, 1}, {4, 1, 3, 4}, {2, 2, 3, 4}};
        const rn_index *dims = shapes[rni_rng_below(stream, n_draws++, 6)];
        rni_view out;
        if (!rni_view_reshape(&view, 4, dims, &out)) continue;
        n_accepted++;
        check_reshape(&view, &out);
    }
    assert_true(n_accepted > 10);
}

static void collapse_joins_what_every_operand_allows(void **state)
{
    (void)state;
    int rank = 4;
    rn_index dims[RNI_VIEW_RANK] = {2, 1, 3, 4};
    rn_index strides[2][RNI_VIEW_RANK] = {{12, 99, 4, 1}, {0, 99, 4, 1}};
    rni_nest_collapse(&rank, dims, 2, strides);
    assert_int_equal(rank, 2);
    assert_int_equal(dims[0], 2);
    assert_int_equal(dims[1], 12);
    assert_int_equal(strides[1][0], 0);
    assert_int_equal(strides[1][1], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dense_views_are_row_major),
        cmocka_unit_test(strides_of_single_entries_do_not_matter),
        cmocka_unit_test(a_slice_of_a_transpose_shows_the_right_entries),
        cmocka_unit_test(unfold_shows_overlapping_windows),
        cmocka_unit_test(broadcast_repeats_missing_and_single_axes),
        cmocka_unit_test(reshape_finds_strides_where_there_are_any),
        cmocka_unit_test(reshape_refuses_what_has_no_strides),
        cmocka_unit_test(accepted_reshapes_are_right),
        cmocka_unit_test(collapse_joins_what_every_operand_allows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
