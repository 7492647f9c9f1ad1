/*
 * Every operation, walked from the operation table: adjointness, Taylor remainders, second order
 * both ways, and cotangents with an axis of their own.
 */
#include <math.h>
#include <string.h>

#include "check.h"
#include "core/memory.h"
#include "graph_values.h"
#include "op_cases.h"

#define N_SAMPLES 3
#define N_VECTORS 4

/* One case with everything that is differentiated. */
typedef struct bench {
    const op_case *about;
    graph_values values;
    op_leaves leaves;
    rn_node y;                   /* output */
    rn_node u;                   /* cotangent of y */
    rn_node v[OP_CASE_LEAVES];   /* tangents of the leaves */
    rn_node jv;                  /* J v */
    rn_node jtu[OP_CASE_LEAVES]; /* J^T u */
} bench;

static bench make_bench(const op_case *about, uint64_t seed)
{
    bench b = {.about = about, .leaves = {.index = RN_NODE_NONE}};
    rn_graph *g = NULL;
    assert_status(rn_graph_create(&g), RN_OK);
    b.values = (graph_values){.graph = g, .n_samples = N_SAMPLES};
    b.y = about->build(g, &b.leaves);
    assert_status(rn_graph_status(g), RN_OK);
    b.u = rn_graph_input(g, "u", rn_graph_shape(g, b.y));
    for (int i = 0; i < b.leaves.n; i++) {
        b.v[i] = rn_graph_input(g, "v", rn_graph_shape(g, b.leaves.leaf[i]));
        values_uniform(&b.values, b.leaves.leaf[i], seed, about->low, about->high);
        values_uniform(&b.values, b.v[i], seed, -1.0, 1.0);
    }
    values_uniform(&b.values, b.u, seed, -1.0, 1.0);
    if (b.leaves.index != RN_NODE_NONE)
        values_index(&b.values, b.leaves.index, seed, b.leaves.index_bound);
    assert_status(rn_graph_jvp(g, b.leaves.n, b.leaves.leaf, b.v, 1, &b.y, &b.jv), RN_OK);
    assert_status(rn_graph_vjp(g, 1, &b.y, &b.u, b.leaves.n, b.leaves.leaf, b.jtu), RN_OK);
    return b;
}

static void clear_bench(bench *b)
{
    values_clear(&b->values);
    rn_graph_destroy(b->values.graph);
}

/* <a, b> of two nodes, and the sum of |a_i b_i|, the scale its rounding error refers to. */
static double dot_nodes(const bench *b, rn_node p, rn_node q, double *scale)
{
    double *x = values_evaluate(&b->values, p);
    double *y = values_evaluate(&b->values, q);
    const rn_index n = values_size(&b->values, p);
    assert_int_equal(n, values_size(&b->values, q));
    for (rn_index i = 0; i < n; i++)
        *scale += fabs(x[i] * y[i]);
    const double dot = values_dot(n, x, y);
    rni_free(x);
    rni_free(y);
    return dot;
}

static double dot_lists(const bench *b, const rn_node *p, const rn_node *q, double *scale)
{
    double sum = 0.0;
    for (int i = 0; i < b->leaves.n; i++)
        sum += dot_nodes(b, p[i], q[i], scale);
    return sum;
}

/* Fewer than 1e3 operations stand behind every number of a case: 1e3 eps of the scale. */
#define ROUNDING(scale) (1e3 * 2.3e-16 * (scale) + 1e-300)

/* Shown when a check fails; see report_case. */
static const char *current = "";

static int report_case(void **state)
{
    (void)state;
    print_message("last case: %s\n", current);
    return 0;
}

static void for_every_case(void (*check)(bench *b), bool (*applies)(const op_case *about))
{
    for (int i = 0; i < n_op_cases + n_net_cases; i++) {
        const op_case *about = i < n_op_cases ? &op_cases[i] : &net_cases[i - n_op_cases];
        if (applies && !applies(about)) continue;
        for (int k = 0; k < check_cases(3); k++) {
            bench b = make_bench(about, check_seed() + (uint64_t)k);
            current = about->name;
            check(&b);
            clear_bench(&b);
        }
    }
}

static void every_operation_has_a_case(void **state)
{
    (void)state;
    for (int op = 0; op < RNI_OP_COUNT; op++) {
        bool found = false;
        for (int i = 0; i < n_op_cases; i++)
            found = found || (int)op_cases[i].op == op;
        if (!found) fail_msg("operation %s has no case", rni_op_name((rni_op)op));
    }
}

/* ---- first order ---------------------------------------------------------------------------- */

static void check_adjoint(bench *b)
{
    double scale = 0.0;
    const double forward = dot_nodes(b, b->u, b->jv, &scale);
    const double reverse = dot_lists(b, b->jtu, b->v, &scale);
    assert_close(forward, reverse, ROUNDING(scale));
}

static void forward_and_reverse_are_adjoint(void **state)
{
    (void)state;
    for_every_case(check_adjoint, NULL);
}

/* Moves the leaves by h v. */
static void move(bench *b, double h)
{
    for (int i = 0; i < b->leaves.n; i++) {
        double *x = values_of(&b->values, b->leaves.leaf[i]);
        const double *v = values_of(&b->values, b->v[i]);
        for (rn_index k = 0; k < values_size(&b->values, b->leaves.leaf[i]); k++)
            x[k] += h * v[k];
    }
}

/* max |F(x + h v) - F(x) - h dF| for a node F with derivative node dF. */
static double remainder_at(bench *b, rn_node function, rn_node derivative, double h)
{
    const rn_index n = values_size(&b->values, function);
    double *before = values_evaluate(&b->values, function);
    double *slope = values_evaluate(&b->values, derivative);
    move(b, h);
    double *after = values_evaluate(&b->values, function);
    move(b, -h);
    for (rn_index i = 0; i < n; i++)
        after[i] -= h * slope[i];
    const double distance = values_distance(n, after, before);
    rni_free(before);
    rni_free(slope);
    rni_free(after);
    return distance;
}

/* The remainder falls fourfold per halving, or is rounding: 1e-13 for values of order 1 to 10. */
static void check_taylor_of(bench *b, rn_node function, rn_node derivative)
{
    double *numbers = values_evaluate(&b->values, function);
    const double floor_at =
        1e-13 * fmax(1.0, values_largest(values_size(&b->values, function), numbers));
    rni_free(numbers);
    double h = 1e-2;
    double last = remainder_at(b, function, derivative, h);
    for (int halving = 0; halving < 3; halving++) {
        h /= 2.0;
        const double now = remainder_at(b, function, derivative, h);
        if (last > 1e3 * floor_at) /* far above rounding: the order shows */
            assert_close(last / now, 4.0, 0.6);
        else
            assert_close(now, 0.0, 1e3 * floor_at);
        last = now;
    }
}

static void check_taylor(bench *b)
{
    check_taylor_of(b, b->y, b->jv);
}

/* With kinks the function is linear near a point off the kinks: the remainder is rounding. */
static void check_taylor_off_kinks(bench *b)
{
    assert_close(remainder_at(b, b->y, b->jv, 1e-7), 0.0, 1e-14);
}

static bool smooth(const op_case *about)
{
    return about->is_smooth;
}

static bool kinked(const op_case *about)
{
    return about->has_derivative && !about->is_smooth;
}

static void taylor_remainder_is_second_order(void **state)
{
    (void)state;
    for_every_case(check_taylor, smooth);
    for_every_case(check_taylor_off_kinks, kinked);
}

/* ---- second order --------------------------------------------------------------------------- */

static void check_second_order(bench *b)
{
    rn_graph *g = b->values.graph;
    const int n = b->leaves.n;
    rn_node forward_over_reverse[OP_CASE_LEAVES];
    rn_node reverse_over_forward[OP_CASE_LEAVES];
    rn_node reverse_over_reverse[OP_CASE_LEAVES];
    assert_status(rn_graph_jvp(g, n, b->leaves.leaf, b->v, n, b->jtu, forward_over_reverse), RN_OK);
    assert_status(rn_graph_vjp(g, 1, &b->jv, &b->u, n, b->leaves.leaf, reverse_over_forward),
                  RN_OK);
    assert_status(rn_graph_vjp(g, n, b->jtu, b->v, n, b->leaves.leaf, reverse_over_reverse), RN_OK);
    for (int i = 0; i < n; i++) {
        check_taylor_of(b, b->jtu[i], forward_over_reverse[i]);
        const rn_index size = values_size(&b->values, b->leaves.leaf[i]);
        double *forward = values_evaluate(&b->values, forward_over_reverse[i]);
        double *mixed = values_evaluate(&b->values, reverse_over_forward[i]);
        double *reverse = values_evaluate(&b->values, reverse_over_reverse[i]);
        /* All three are the Hessian of u.f times v. */
        const double tolerance = 1e-12 * fmax(1.0, values_largest(size, forward));
        assert_close(values_distance(size, forward, mixed), 0.0, tolerance);
        assert_close(values_distance(size, forward, reverse), 0.0, tolerance);
        rni_free(forward);
        rni_free(mixed);
        rni_free(reverse);
    }
}

static void second_derivatives_agree_all_ways(void **state)
{
    (void)state;
    for_every_case(check_second_order, smooth);
}

/* ---- cotangents with an axis of their own ------------------------------------------------------
 */

/* Entries of vector k of a lifted array, in the order of the unlifted one. */
static void take_vector(const double *lifted, rn_shape shape, rn_index size, int k, double *out)
{
    const rn_index outer = shape.rank > 0 && shape.dims[0] == RN_SAMPLES ? N_SAMPLES : 1;
    const rn_index inner = size / outer;
    for (rn_index i = 0; i < outer; i++)
        memcpy(out + i * inner, lifted + (i * N_VECTORS + k) * inner, (size_t)inner * sizeof *out);
}

static rn_shape lifted_shape(rn_shape shape)
{
    const int at = shape.rank > 0 && shape.dims[0] == RN_SAMPLES ? 1 : 0;
    rn_shape lifted = {.rank = shape.rank + 1};
    for (int i = 0; i < shape.rank; i++)
        lifted.dims[i < at ? i : i + 1] = shape.dims[i];
    lifted.dims[at] = N_VECTORS;
    return lifted;
}

static void check_lifted(bench *b)
{
    rn_graph *g = b->values.graph;
    const int n = b->leaves.n;
    rn_node lifted[OP_CASE_LEAVES];
    const rn_shape y_shape = rn_graph_shape(g, b->y);
    const rn_node u = rn_graph_input(g, "U", lifted_shape(y_shape));
    values_uniform(&b->values, u, 7, -1.0, 1.0);
    const rn_status status = rn_graph_vjp(g, 1, &b->y, &u, n, b->leaves.leaf, lifted);
    if (rn_graph_rows(g, b->y) == RN_ROWS_MIXED) {
        assert_status(status, RN_ERR_SHAPE);
        assert_message_has("mixes samples");
        return;
    }
    assert_status(status, RN_OK);
    for (int i = 0; i < n; i++) {
        const rn_shape shape = rn_graph_shape(g, b->leaves.leaf[i]);
        const rn_index size = values_size(&b->values, b->leaves.leaf[i]);
        double *all = values_evaluate(&b->values, lifted[i]);
        double *one = rni_alloc(size, sizeof *one);
        assert_int_equal(values_size(&b->values, lifted[i]), size * N_VECTORS);
        for (int k = 0; k < N_VECTORS; k++) {
            take_vector(values_of(&b->values, u), y_shape, values_size(&b->values, b->y), k,
                        values_of(&b->values, b->u));
            double *expected = values_evaluate(&b->values, b->jtu[i]);
            take_vector(all, shape, size, k, one);
            assert_close(values_distance(size, one, expected), 0.0,
                         ROUNDING(fmax(1.0, values_largest(size, expected))));
            rni_free(expected);
        }
        rni_free(one);
        rni_free(all);
    }
}

static void many_cotangents_at_once_equal_one_by_one(void **state)
{
    (void)state;
    for_every_case(check_lifted, NULL);
}

/* y = h^2, h = tanh x: given tangents of both, that of h counts and not its way through x. */
static void intermediate_nodes_are_inputs_like_others(void **state)
{
    (void)state;
    rn_graph *g = NULL;
    assert_status(rn_graph_create(&g), RN_OK);
    graph_values values = {.graph = g, .n_samples = N_SAMPLES};
    const rn_shape shape = RN_SHAPE(RN_SAMPLES, 2);
    const rn_node x = rn_graph_input(g, "x", shape);
    const rn_node h = rn_graph_tanh(g, x);
    const rn_node y = rn_graph_power(g, h, 2.0);
    const rn_node vx = rn_graph_input(g, "vx", shape);
    const rn_node vh = rn_graph_input(g, "vh", shape);
    const rn_node leaves[3] = {x, vx, vh};
    for (int i = 0; i < 3; i++)
        values_uniform(&values, leaves[i], 3, -1.0, 1.0);

    rn_node both = RN_NODE_NONE;
    rn_node twice = RN_NODE_NONE;
    rn_node back[2];
    assert_status(
        rn_graph_jvp(g, 2, (const rn_node[]){x, h}, (const rn_node[]){vx, vh}, 1, &y, &both),
        RN_OK);
    assert_status(rn_graph_vjp(g, 1, &y, &vh, 2, (const rn_node[]){x, h}, back), RN_OK);
    assert_status(
        rn_graph_jvp(g, 2, (const rn_node[]){h, h}, (const rn_node[]){vh, vx}, 1, &y, &twice),
        RN_OK);
    double *h_values = values_evaluate(&values, h);
    double *forward = values_evaluate(&values, both);
    double *sum = values_evaluate(&values, twice);
    double *to_h = values_evaluate(&values, back[1]);
    double *to_x = values_evaluate(&values, back[0]);
    for (rn_index i = 0; i < values_size(&values, y); i++) {
        const double t = h_values[i];
        const double a = values_of(&values, vh)[i];
        assert_close(forward[i], 2.0 * t * a, 1e-15);
        assert_close(sum[i], 2.0 * t * (a + values_of(&values, vx)[i]), 1e-15);
        assert_close(to_h[i], 2.0 * t * a, 1e-15);
        assert_close(to_x[i], 2.0 * t * (1.0 - t * t) * a, 1e-15);
    }
    rni_free(h_values);
    rni_free(forward);
    rni_free(sum);
    rni_free(to_h);
    rni_free(to_x);
    values_clear(&values);
    rn_graph_destroy(g);
}

/* 0 * x^-1 would be NaN at 0. */
static void the_power_nought_is_flat_everywhere(void **state)
{
    (void)state;
    rn_graph *g = NULL;
    assert_status(rn_graph_create(&g), RN_OK);
    graph_values values = {.graph = g, .n_samples = N_SAMPLES};
    const rn_shape shape = RN_SHAPE(RN_SAMPLES, 2);
    const rn_node x = rn_graph_input(g, "x", shape);
    const rn_node u = rn_graph_input(g, "u", shape);
    const rn_node y = rn_graph_power(g, x, 0.0);
    rn_node back = RN_NODE_NONE;
    rn_node forth = RN_NODE_NONE;
    values_uniform(&values, x, 3, -1.0, 1.0);
    values_uniform(&values, u, 3, -1.0, 1.0);
    values_of(&values, x)[1] = 0.0;
    assert_status(rn_graph_vjp(g, 1, &y, &u, 1, &x, &back), RN_OK);
    assert_status(rn_graph_jvp(g, 1, &x, &u, 1, &y, &forth), RN_OK);
    double *b = values_evaluate(&values, back);
    double *f = values_evaluate(&values, forth);
    for (rn_index i = 0; i < values_size(&values, x); i++) {
        assert_close(b[i], 0.0, 0.0);
        assert_close(f[i], 0.0, 0.0);
    }
    rni_free(b);
    rni_free(f);
    values_clear(&values);
    rn_graph_destroy(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operation_has_a_case),
        cmocka_unit_test(forward_and_reverse_are_adjoint),
        cmocka_unit_test(taylor_remainder_is_second_order),
        cmocka_unit_test(second_derivatives_agree_all_ways),
        cmocka_unit_test(many_cotangents_at_once_equal_one_by_one),
        cmocka_unit_test(intermediate_nodes_are_inputs_like_others),
        cmocka_unit_test(the_power_nought_is_flat_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, report_case);
}
