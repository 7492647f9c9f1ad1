/*
 * Building graphs: shapes, messages that name the node, sharing, sample tracking, uses.
 */
#include <math.h>

#include "check.h"
#include "graph/graph.h"

static rn_graph *fresh(void)
{
    rn_graph *g = NULL;
    assert_status(rn_graph_create(&g), RN_OK);
    return g;
}

static void assert_shape(const rn_graph *g, rn_node node, rn_shape expected)
{
    const rn_shape shape = rn_graph_shape(g, node);
    assert_int_equal(shape.rank, expected.rank);
    for (int i = 0; i < shape.rank; i++)
        assert_int_equal(shape.dims[i], expected.dims[i]);
}

static void first_mistake_is_kept_and_names_the_node(void **state)
{
    (void)state;
    rn_graph *g = fresh();
    const rn_node x = rn_graph_input(g, "pixels", RN_SHAPE(RN_SAMPLES, 784));
    const rn_node w = rn_graph_parameter(g, "first weight", RN_SHAPE(512, 10));
    const rn_node h = rn_graph_matmul(g, x, w);
    assert_int_equal(h, RN_NODE_NONE);
    assert_int_equal(rn_graph_tanh(g, h), RN_NODE_NONE); /* passes through silently */
    assert_int_equal(rn_graph_add(g, x, w), RN_NODE_NONE);
    assert_status(rn_graph_status(g), RN_ERR_SHAPE);
    assert_message_has("rn_graph_matmul");
    assert_message_has("'pixels' [N, 784]");
    assert_message_has("'first weight' [512, 10]");
    rn_graph_destroy(g);
}

static void every_kind_of_wrong_shape_is_refused(void **state)
{
    (void)state;
    const struct {
        const char *part;
        int which;
    } cases[] = {{"rn_graph_add", 0},        {"rn_graph_sum", 1},      {"rn_graph_reshape", 2},
                 {"rn_graph_transpose", 3},  {"rn_graph_slice", 4},    {"rn_graph_embed", 5},
                 {"rn_graph_concat", 6},     {"rn_graph_unfold", 7},   {"rn_graph_fold", 8},
                 {"rn_graph_gather", 9},     {"rn_graph_scatter", 10}, {"sample axis", 11},
                 {"rn_graph_broadcast", 12}, {"rn_graph_input", 13},   {"rn_graph_parameter", 14},
                 {"not finite", 15},         {"rn_graph_pad", 16},     {"rn_graph_surrogate", 17}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rn_graph *g = fresh();
        const rn_node x = rn_graph_input(g, "x", RN_SHAPE(RN_SAMPLES, 6, 4));
        const rn_node w = rn_graph_parameter(g, "w", RN_SHAPE(3, 5));
        const double nan_value = nan("");
        rn_node got = 0;
        switch (cases[i].which) {
        case 0: got = rn_graph_add(g, x, w); break;
        case 1: got = rn_graph_sum(g, x, 1u << 3, 0); break;
        case 2: got = rn_graph_reshape(g, x, RN_SHAPE(RN_SAMPLES, 23)); break;
        case 3: got = rn_graph_transpose(g, x, (const int[]){0, 1, 1}); break;
        case 4: got = rn_graph_slice(g, x, 1, 2, 3, 2); break;
        case 5: got = rn_graph_embed(g, x, 1, 1, 2, 11); break;
        case 6: got = rn_graph_concat(g, 2, (const rn_node[]){x, w}, 1); break;
        case 7: got = rn_graph_unfold(g, x, 1, 4, 1, 2); break;
        case 8: got = rn_graph_fold(g, x, 1, 1, 1, 8); break;
        case 9: got = rn_graph_gather(g, w, x, 1); break;
        case 10: got = rn_graph_scatter_add(g, w, x, 0, 3); break;
        case 11: got = rn_graph_slice(g, x, 0, 0, 1, 1); break;
        case 12: got = rn_graph_broadcast(g, x, RN_SHAPE(RN_SAMPLES, 6, 8)); break;
        case 13: got = rn_graph_input(g, "y", RN_SHAPE(2, RN_SAMPLES)); break;
        case 14: got = rn_graph_parameter(g, "v", RN_SHAPE(RN_SAMPLES, 2)); break;
        case 15: got = rn_graph_scale(g, x, nan_value); break;
        case 16: got = rn_graph_pad(g, x, 1, -1, 0); break;
        default: got = rn_graph_surrogate_step(g, x, RN_SURROGATE_ARCTAN, 0.0); break;
        }
        assert_int_equal(got, RN_NODE_NONE);
        assert_true(rn_graph_status(g) < 0);
        assert_message_has(cases[i].part);
        rn_graph_destroy(g);
    }
}

static void absurd_sizes_are_refused_not_wrapped(void **state)
{
    (void)state;
    rn_graph *g = fresh();
    const rn_index huge = RN_SIZE_MAX;
    assert_int_equal(rn_graph_parameter(g, "w", RN_SHAPE(huge, huge)), RN_NODE_NONE);
    assert_status(rn_graph_status(g), RN_ERR_SHAPE);
    rn_graph_destroy(g);
    g = fresh();
    const rn_node x = rn_graph_input(g, "x", RN_SHAPE(RN_SAMPLES, 1));
    (void)rn_graph_broadcast(g, x, RN_SHAPE(huge, RN_SAMPLES, 2));
    assert_status(rn_graph_status(g), RN_ERR_SHAPE);
    rn_graph_destroy(g);
    assert_int_equal(rn_shape_make(RN_RANK_MAX + 1, (rn_index[RN_RANK_MAX + 1]){1}).rank, -1);
    const rn_shape deep = {.rank = 1000};
    for (int i = 0; i < 3; i++) {
        g = fresh();
        const double one = 1.0;
        rn_node node = 77;
        if (i == 0) node = rn_graph_input(g, "x", deep);
        if (i == 1) node = rn_graph_parameter(g, "w", deep);
        if (i == 2) node = rn_graph_constant(g, deep, &one);
        assert_int_equal(node, RN_NODE_NONE);
        assert_status(rn_graph_status(g), RN_ERR_SHAPE);
        rn_graph_destroy(g);
    }
}

static void operands_of_another_graph_are_refused(void **state)
{
    (void)state;
    rn_graph *g = fresh();
    assert_int_equal(rn_graph_tanh(g, 17), RN_NODE_NONE);
    assert_status(rn_graph_status(g), RN_ERR_ARGUMENT);
    assert_message_has("rn_graph_tanh");
    rn_graph_destroy(g);
    assert_int_equal(rn_graph_tanh(NULL, 0), RN_NODE_NONE);
    assert_status(rn_graph_status(NULL), RN_ERR_ARGUMENT);
    assert_status(rn_graph_create(NULL), RN_ERR_ARGUMENT);
    rn_graph_destroy(NULL);
}

static void equal_nodes_are_shared_leaves_are_not(void **state)
{
    (void)state;
    rn_graph *g = fresh();
    const rn_node x = rn_graph_input(g, "x", RN_SHAPE(RN_SAMPLES, 3));
    const rn_node y = rn_graph_input(g, "x", RN_SHAPE(RN_SAMPLES, 3));
    assert_int_not_equal(x, y);
    assert_int_equal(rn_graph_tanh(g, x), rn_graph_tanh(g, x));
    assert_int_not_equal(rn_graph_tanh(g, x), rn_graph_tanh(g, y));
    assert_int_equal(rn_graph_scalar(g, 2.0), rn_graph_scalar(g, 2.0));
    assert_int_not_equal(rn_graph_scale(g, x, 2.0), rn_graph_scale(g, x, 3.0));
    assert_int_equal(rn_graph_scale(g, rn_graph_scale(g, x, 2.0), 3.0), rn_graph_scale(g, x, 6.0));
    assert_int_equal(rn_graph_scale(g, x, 1.0), x);
    /* Many nodes: the table grows and still finds every one. */
    rn_node first[500];
    for (int i = 0; i < 500; i++)
        first[i] = rn_graph_shift(g, x, 0.5 + i);
    const rn_index size = rn_graph_size(g);
    for (int i = 0; i < 500; i++)
        assert_int_equal(rn_graph_shift(g, x, 0.5 + i), first[i]);
    assert_int_equal(rn_graph_size(g), size);
    rn_graph_destroy(g);
}

static void rows_are_tracked_through_operations(void **state)
{
    (void)state;
    rn_graph *g = fresh();
    const rn_node x = rn_graph_input(g, "x", RN_SHAPE(RN_SAMPLES, 3));
    const rn_node w = rn_graph_parameter(g, "w", RN_SHAPE(3, 3));
    const rn_node h = rn_graph_matmul(g, x, w);
    const rn_node mean = rn_graph_sum(g, h, 1u << 0, 1);
    const rn_node centred = rn_graph_subtract(g, h, mean);
    const rn_node index = rn_graph_input(g, "i", RN_SHAPE(RN_SAMPLES, 2));
    assert_int_equal(rn_graph_rows(g, w), RN_ROWS_NONE);
    assert_int_equal(rn_graph_rows(g, rn_graph_tanh(g, h)), RN_ROWS_SEPARATE);
    assert_int_equal(rn_graph_rows(g, mean), RN_ROWS_MIXED);
    assert_int_equal(rn_graph_rows(g, centred), RN_ROWS_MIXED); /* although it has N rows */
    assert_int_equal(rn_graph_rows(g, rn_graph_sum(g, h, 1u << 1, 0)), RN_ROWS_SEPARATE);
    assert_int_equal(rn_graph_rows(g, rn_graph_reshape(g, h, RN_SHAPE(-3))), RN_ROWS_MIXED);
    assert_int_equal(rn_graph_rows(g, rn_graph_gather(g, w, index, 0)), RN_ROWS_SEPARATE);
    assert_int_equal(rn_graph_rows(g, rn_graph_scatter_add(g, index, index, 0, 4)), RN_ROWS_MIXED);
    assert_int_equal(rn_graph_rows(g, rn_graph_matmul_ops(g, x, 0, x, 1)), RN_ROWS_MIXED);
    assert_status(rn_graph_status(g), RN_OK);
    assert_shape(g, centred, RN_SHAPE(RN_SAMPLES, 3));
    assert_shape(g, rn_graph_matmul_ops(g, x, 0, x, 1), RN_SHAPE(RN_SAMPLES, RN_SAMPLES));
    rn_graph_destroy(g);
}

static void uses_are_recognised(void **state)
{
    (void)state;
    rn_graph *g = fresh();
    const rn_node x = rn_graph_input(g, "x", RN_SHAPE(RN_SAMPLES, 4));
    const rn_node i = rn_graph_input(g, "i", RN_SHAPE(RN_SAMPLES, 2));
    const rn_node w = rn_graph_parameter(g, "w", RN_SHAPE(4, 5));
    const rn_node b = rn_graph_parameter(g, "b", RN_SHAPE(5));
    const rn_node s = rn_graph_parameter(g, "s", RN_SHAPE(1, 5));
    const rn_node t = rn_graph_parameter(g, "t", RN_SHAPE(7, 5));
    const rn_node o = rn_graph_parameter(g, "o", RN_SHAPE(5));
    const rn_node xw = rn_graph_matmul(g, x, w);
    const rn_node biased = rn_graph_subtract(g, xw, b);
    const rn_node scaled = rn_graph_multiply(g, s, biased);
    const rn_node back = rn_graph_matmul_ops(g, scaled, 0, w, 1);
    const rn_node words = rn_graph_sum(g, rn_graph_gather(g, t, i, 0), 1u << 1, 0);
    const rn_node odd = rn_graph_multiply(g, words, rn_graph_tanh(g, o));
    const rn_node unseen = rn_graph_add(g, xw, b);
    const rn_node columns = rn_graph_input(g, "c", RN_SHAPE(RN_SAMPLES, 4, 3));
    const rn_node turned = rn_graph_matmul_ops(g, columns, 1, w, 0);
    const rn_node f =
        rn_graph_add(g, rn_graph_sum(g, back, 1u << 1, 1), rn_graph_sum(g, odd, 1u << 1, 1));
    assert_status(rn_graph_status(g), RN_OK);

    rn_use use[4];
    rn_index n = 0;
    assert_status(rn_graph_uses(g, f, w, 4, use, &n), RN_OK);
    assert_int_equal(n, 2);
    assert_int_equal(use[0].kind, RN_USE_MATMUL);
    assert_int_equal(use[0].x, x);
    assert_int_equal(use[0].y, xw);
    assert_int_equal(use[1].kind, RN_USE_MATMUL_T);
    assert_int_equal(use[1].x, scaled);
    assert_status(rn_graph_uses(g, f, b, 4, use, &n), RN_OK);
    assert_int_equal(n, 1); /* `unseen` is not on the way to f */
    assert_int_not_equal(unseen, biased);
    assert_int_equal(use[0].kind, RN_USE_BIAS);
    assert_close(use[0].sign, -1.0, 0.0);
    assert_status(rn_graph_uses(g, f, s, 4, use, &n), RN_OK);
    assert_int_equal(use[0].kind, RN_USE_SCALE);
    assert_int_equal(use[0].x, biased);
    assert_status(rn_graph_uses(g, f, t, 4, use, &n), RN_OK);
    assert_int_equal(use[0].kind, RN_USE_GATHER);
    assert_status(rn_graph_uses(g, f, o, 4, use, &n), RN_OK);
    assert_int_equal(use[0].kind, RN_USE_OTHER);
    assert_status(rn_graph_uses(g, turned, w, 4, use, &n), RN_OK);
    assert_int_equal(use[0].kind, RN_USE_OTHER); /* x is stored the other way round */
    assert_status(rn_graph_uses(g, f, x, 4, use, &n), RN_ERR_ARGUMENT);
    rn_graph_destroy(g);
}

static void kinks_are_seen_but_not_behind_stop_gradient(void **state)
{
    (void)state;
    rn_graph *g = fresh();
    const rn_node x = rn_graph_input(g, "x", RN_SHAPE(RN_SAMPLES, 4));
    const rn_node top = rn_graph_max(g, x, 1u << 1, 1);
    const rn_node shifted = rn_graph_subtract(g, x, rn_graph_stop_gradient(g, top));
    assert_true(rn_graph_is_smooth(g, rn_graph_exp(g, shifted)));
    assert_false(rn_graph_is_smooth(g, top));
    assert_false(rn_graph_is_smooth(g, rn_graph_tanh(g, rn_graph_relu(g, x))));
    assert_false(rn_graph_is_smooth(NULL, 0));
    rn_graph_destroy(g);
}

static void wrong_cotangents_and_tangents_are_refused(void **state)
{
    (void)state;
    rn_graph *g = fresh();
    const rn_node x = rn_graph_input(g, "x", RN_SHAPE(RN_SAMPLES, 4));
    const rn_node y = rn_graph_tanh(g, x);
    const rn_node u = rn_graph_input(g, "u", RN_SHAPE(RN_SAMPLES, 5));
    rn_node out = 77;
    assert_status(rn_graph_vjp(g, 1, &y, &u, 1, &x, &out), RN_ERR_SHAPE);
    assert_message_has("'u' [N, 5]");
    assert_status(rn_graph_jvp(g, 1, &x, &u, 1, &y, &out), RN_ERR_SHAPE);
    assert_status(rn_graph_vjp(g, 1, &y, NULL, 1, &x, &out), RN_ERR_ARGUMENT);
    assert_int_equal(out, 77); /* untouched */
    assert_status(rn_graph_vjp(g, 1, &y, &y, 1, &x, NULL), RN_ERR_ARGUMENT);
    assert_message_has("rn_graph_vjp");
    assert_status(rn_graph_jvp(g, 1, &x, &x, 1, &y, NULL), RN_ERR_ARGUMENT);
    assert_message_has("rn_graph_jvp");
    assert_status(rn_graph_status(g), RN_OK); /* the graph itself is unharmed */
    rn_graph_destroy(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_mistake_is_kept_and_names_the_node),
        cmocka_unit_test(every_kind_of_wrong_shape_is_refused),
        cmocka_unit_test(absurd_sizes_are_refused_not_wrapped),
        cmocka_unit_test(operands_of_another_graph_are_refused),
        cmocka_unit_test(equal_nodes_are_shared_leaves_are_not),
        cmocka_unit_test(rows_are_tracked_through_operations),
        cmocka_unit_test(uses_are_recognised),
        cmocka_unit_test(kinks_are_seen_but_not_behind_stop_gradient),
        cmocka_unit_test(wrong_cotangents_and_tangents_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
