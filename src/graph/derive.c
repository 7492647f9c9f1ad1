/*
 * Reverse and forward differentiation of graphs.
 *
 * Both passes walk the nodes in order and append new ones, so the walked range is fixed before
 * the first is appended. Rules get a copy of the node they differentiate: appending may move the
 * list. Where nothing flows no node is made; only results that were asked for become zeros.
 */
#include "graph/derive.h"

#include <string.h>

#include "core/memory.h"

const rni_rule *rni_rule_of(rni_op op)
{
    switch (rni_op_family(op)) {
    case RNI_FAMILY_LEAF:
    case RNI_FAMILY_UNARY:
    case RNI_FAMILY_BINARY: return &rni_rules_elementwise[op];
    case RNI_FAMILY_MATMUL:
    case RNI_FAMILY_INDEX: return &rni_rules_product[op];
    case RNI_FAMILY_VIEW:
    case RNI_FAMILY_REDUCE:
    case RNI_FAMILY_PLACE: break;
    }
    return &rni_rules_shape[op];
}

/* ---- helpers of rules ----------------------------------------------------------------------- */

rn_shape rni_lifted_shape(const rni_reverse *r, rn_shape shape)
{
    if (!r->is_lifted || shape.rank < 0) return shape;
    if (shape.rank >= RN_RANK_MAX) return (rn_shape){.rank = RN_RANK_MAX + 1}; /* refused later */
    const int at = rni_shape_has_samples(shape) ? 1 : 0;
    rn_shape lifted = {.rank = shape.rank + 1};
    for (int i = 0; i < shape.rank; i++)
        lifted.dims[i < at ? i : i + 1] = shape.dims[i];
    lifted.dims[at] = r->n_vectors;
    return lifted;
}

int rni_lifted_axis(const rni_reverse *r, rn_shape shape, int axis)
{
    if (!r->is_lifted) return axis;
    return axis == 0 && rni_shape_has_samples(shape) ? 0 : axis + 1;
}

rn_node rni_lift(const rni_reverse *r, rn_node x)
{
    const rn_shape shape = rn_graph_shape(r->graph, x);
    if (!r->is_lifted || !rni_shape_has_samples(shape)) return x;
    const rni_reverse one = {.graph = r->graph, .is_lifted = true, .n_vectors = 1};
    return rn_graph_reshape(r->graph, x, rni_lifted_shape(&one, shape));
}

rn_node rni_reduce_to(const rni_reverse *r, rn_node cotangent, rn_shape from, rn_shape to)
{
    if (rni_shape_equal(from, to)) return cotangent;
    unsigned axes = 0;
    for (int i = 0; i < from.rank; i++) {
        const int j = i - (from.rank - to.rank); /* the axis of `to` aligned with axis i */
        if (j < 0 || (to.dims[j] == 1 && from.dims[i] != 1))
            axes |= 1u << rni_lifted_axis(r, from, i);
    }
    const rn_node sum = rn_graph_sum(r->graph, cotangent, axes, 0);
    return rn_graph_reshape(r->graph, sum, rni_lifted_shape(r, to));
}

rn_node rni_add_or_none(rn_graph *graph, rn_node a, rn_node b)
{
    if (a == RN_NODE_NONE) return b;
    if (b == RN_NODE_NONE) return a;
    return rn_graph_add(graph, a, b);
}

rn_node rni_fit(rn_graph *graph, rn_node tangent, rn_node y)
{
    if (tangent == RN_NODE_NONE) return RN_NODE_NONE;
    return rn_graph_broadcast(graph, tangent, rn_graph_shape(graph, y));
}

/* ---- shared by both passes ------------------------------------------------------------------- */

/* Marks the nodes of 0 .. n-1 that any of `sources` influences (sources included). */
static void mark_influenced(const rn_graph *graph, rn_index n, rn_index n_sources,
                            const rn_node *sources, bool *marks)
{
    memset(marks, 0, (size_t)n * sizeof *marks);
    for (rn_index i = 0; i < n_sources; i++)
        if (sources[i] < n) marks[sources[i]] = true;
    for (rn_index i = 0; i < n; i++)
        for (int k = 0; k < graph->nodes[i].n_inputs; k++)
            marks[i] = marks[i] || marks[graph->nodes[i].inputs[k]];
}

/* Clears the marks of nodes 0 .. n-1 that influence none of `targets`. scratch: [n]. */
static void keep_influencing(const rn_graph *graph, rn_index n, rn_index n_targets,
                             const rn_node *targets, bool *scratch, bool *marks)
{
    memset(scratch, 0, (size_t)n * sizeof *scratch);
    for (rn_index i = 0; i < n_targets; i++)
        scratch[targets[i]] = true;
    for (rn_index i = n - 1; i >= 0; i--) {
        marks[i] = marks[i] && scratch[i];
        for (int k = 0; scratch[i] && k < graph->nodes[i].n_inputs; k++)
            scratch[graph->nodes[i].inputs[k]] = true;
    }
}

static rn_index last_of(rn_index n, const rn_node *nodes)
{
    rn_index last = -1;
    for (rn_index i = 0; i < n; i++)
        if (nodes[i] > last) last = nodes[i];
    return last;
}

static rn_node zeros(rn_graph *graph, rn_shape shape)
{
    return rn_graph_broadcast(graph, rn_graph_scalar(graph, 0.0), shape);
}

static bool is_ready(rn_graph *graph, const char *call, rn_index n_a, const rn_node *a,
                     rn_index n_b, const rn_node *b, const rn_node *out)
{
    if (!graph || n_a < 0 || n_b < 0 || (n_a > 0 && !a) || (n_b > 0 && (!b || !out))) {
        (void)rni_fail(RN_ERR_ARGUMENT, "rn_graph_%s: an argument is NULL or a count negative",
                       call);
        return false;
    }
    return rni_graph_ready(graph, call, n_a, a) && rni_graph_ready(graph, call, n_b, b);
}

static rn_status status_of(const rn_graph *graph)
{
    if (graph && graph->status != RN_OK) return rn_graph_status(graph);
    return RN_ERR_ARGUMENT; /* the message was stored by is_ready */
}

/* What was found for each asked node, or zeros of its shape; `out` is written all or not. */
static rn_status commit(rn_graph *graph, const rni_reverse *r, rn_index n_found,
                        const rn_node *found, rn_index n_asked, const rn_node *asked, rn_node *out)
{
    rn_node *results = rni_alloc(n_asked, sizeof *results);
    if (!results)
        return rni_fail(RN_ERR_MEMORY, "rn_graph_%s: no memory for %" PRId64 " results",
                        r ? "vjp" : "jvp", n_asked);
    for (rn_index j = 0; j < n_asked && graph->status == RN_OK; j++) {
        const rn_node node = asked[j];
        const rn_shape shape = rn_graph_shape(graph, node);
        results[j] = node < n_found ? found[node] : RN_NODE_NONE;
        if (results[j] == RN_NODE_NONE)
            results[j] = zeros(graph, r ? rni_lifted_shape(r, shape) : shape);
    }
    const rn_status status = rn_graph_status(graph);
    if (status == RN_OK && n_asked > 0) memcpy(out, results, (size_t)n_asked * sizeof *out);
    rni_free(results);
    return status;
}

/* ---- reverse --------------------------------------------------------------------------------- */

/* Sets r->is_lifted from the ranks; refuses cotangents that fit neither way. */
static rn_status read_cotangents(rni_reverse *r, rn_index n, const rn_node *outputs,
                                 const rn_node *cotangents)
{
    rn_graph *graph = r->graph;
    for (rn_index i = 0; i < n; i++) {
        const rn_shape y = rn_graph_shape(graph, outputs[i]);
        const rn_shape c = rn_graph_shape(graph, cotangents[i]);
        if (i == 0 && c.rank == y.rank + 1) {
            r->is_lifted = true;
            r->n_vectors = c.dims[rni_shape_has_samples(y) ? 1 : 0];
        }
        if (rni_shape_equal(c, rni_lifted_shape(r, y)) && r->n_vectors >= 0) continue;
        char text_y[RNI_DESCRIPTION_SIZE];
        char text_c[RNI_DESCRIPTION_SIZE];
        return rni_fail(RN_ERR_SHAPE,
                        "rn_graph_vjp: cotangent %s of output %s must have its shape, or for all"
                        " outputs one more axis of the same length after the sample axis",
                        rni_graph_describe(graph, cotangents[i], text_c),
                        rni_graph_describe(graph, outputs[i], text_y));
    }
    return RN_OK;
}

/* A lifted pass keeps row i for sample i: no node on the way may mix samples. */
static rn_status refuse_mixing(const rni_reverse *r, rn_index n, const bool *is_on_path)
{
    for (rn_index i = 0; r->is_lifted && i < n; i++) {
        if (!is_on_path[i] || r->graph->nodes[i].rows != RN_ROWS_MIXED) continue;
        char text[RNI_DESCRIPTION_SIZE];
        return rni_fail(RN_ERR_SHAPE,
                        "rn_graph_vjp: node %s mixes samples; cotangents with an axis of their own"
                        " need every row to depend on its own sample",
                        rni_graph_describe(r->graph, (rn_node)i, text));
    }
    return RN_OK;
}

static rn_node contribution(const rni_reverse *r, const rni_node *node, rn_node y,
                            rn_node cotangent, int input)
{
    const rni_rule *rule = rni_rule_of(node->op);
    if (rule->vjp) return rule->vjp(r, node, y, cotangent, input);
    if (!rule->slope) return RN_NODE_NONE;
    const rn_node slope = rule->slope(r->graph, node, node->inputs[0], y);
    return rn_graph_multiply(r->graph, cotangent, rni_lift(r, slope));
}

/* Walks nodes n-1 .. 0, handing cotangents down to inputs that are on the path. */
static void walk_back(const rni_reverse *r, rn_index n, const bool *is_on_path, rn_node *cotangent)
{
    for (rn_index y = n - 1; y >= 0; y--) {
        if (cotangent[y] == RN_NODE_NONE || !is_on_path[y]) continue;
        const rni_node node = r->graph->nodes[y];
        for (int k = 0; k < node.n_inputs; k++) {
            const rn_node x = node.inputs[k];
            if (!is_on_path[x]) continue;
            const rn_node part = contribution(r, &node, (rn_node)y, cotangent[y], k);
            cotangent[x] = rni_add_or_none(r->graph, cotangent[x], part);
            if (r->graph->status != RN_OK) return;
        }
    }
}

rn_status rn_graph_vjp(rn_graph *graph, rn_index n_outputs, const rn_node *outputs,
                       const rn_node *cotangents, rn_index n_wrt, const rn_node *wrt, rn_node *out)
{
    if (!is_ready(graph, "vjp", n_outputs, outputs, n_wrt, wrt, out)
        || !is_ready(graph, "vjp", n_outputs, cotangents, 0, NULL, NULL))
        return status_of(graph);
    rni_reverse r = {.graph = graph};
    RNI_TRY(read_cotangents(&r, n_outputs, outputs, cotangents));

    const rn_index n = last_of(n_outputs, outputs) + 1;
    rn_node *cotangent = rni_alloc(n, sizeof *cotangent);
    bool *is_on_path = rni_alloc(2 * n, sizeof *is_on_path); /* the second half is scratch */
    rn_status status = RN_ERR_MEMORY;
    if (!cotangent || !is_on_path) {
        (void)rni_fail(status, "rn_graph_vjp: no memory for %" PRId64 " cotangents", n);
        goto done;
    }
    mark_influenced(graph, n, n_wrt, wrt, is_on_path);
    keep_influencing(graph, n, n_outputs, outputs, is_on_path + n, is_on_path);
    status = refuse_mixing(&r, n, is_on_path);
    if (status < 0) goto done;

    for (rn_index i = 0; i < n; i++)
        cotangent[i] = RN_NODE_NONE;
    for (rn_index i = 0; i < n_outputs; i++)
        cotangent[outputs[i]] = rni_add_or_none(graph, cotangent[outputs[i]], cotangents[i]);
    walk_back(&r, n, is_on_path, cotangent);

    status = commit(graph, &r, n, cotangent, n_wrt, wrt, out);
done:
    rni_free(is_on_path);
    rni_free(cotangent);
    return status;
}

/* ---- forward --------------------------------------------------------------------------------- */

static rn_node push(rn_graph *graph, const rni_node *node, rn_node y, const rn_node *tangents)
{
    const rni_rule *rule = rni_rule_of(node->op);
    if (rule->jvp) return rule->jvp(graph, node, y, tangents);
    if (!rule->slope) return RN_NODE_NONE;
    return rn_graph_multiply(graph, tangents[0], rule->slope(graph, node, node->inputs[0], y));
}

/* Walks nodes 0 .. n-1; tangent[i] of the given inputs is set and stays. */
static rn_status walk_forward(rn_graph *graph, rn_index n, const bool *is_given, rn_node *tangent,
                              rn_node *scratch)
{
    for (rn_index y = 0; y < n; y++) {
        const rni_node node = graph->nodes[y];
        bool flows = false;
        for (int k = 0; k < node.n_inputs; k++) {
            scratch[k] = tangent[node.inputs[k]];
            flows = flows || scratch[k] != RN_NODE_NONE;
        }
        if (!flows || is_given[y]) continue;
        tangent[y] = push(graph, &node, (rn_node)y, scratch);
        if (graph->status != RN_OK) return rn_graph_status(graph);
    }
    return RN_OK;
}

static rn_index most_inputs(const rn_graph *graph, rn_index n)
{
    rn_index most = 1;
    for (rn_index i = 0; i < n; i++)
        if (graph->nodes[i].n_inputs > most) most = graph->nodes[i].n_inputs;
    return most;
}

rn_status rn_graph_jvp(rn_graph *graph, rn_index n_inputs, const rn_node *inputs,
                       const rn_node *tangents, rn_index n_outputs, const rn_node *outputs,
                       rn_node *out)
{
    if (!is_ready(graph, "jvp", n_inputs, inputs, n_outputs, outputs, out)
        || !is_ready(graph, "jvp", n_inputs, tangents, 0, NULL, NULL))
        return status_of(graph);
    for (rn_index j = 0; j < n_inputs; j++) {
        if (rni_shape_equal(rn_graph_shape(graph, inputs[j]), rn_graph_shape(graph, tangents[j])))
            continue;
        char text_x[RNI_DESCRIPTION_SIZE];
        char text_t[RNI_DESCRIPTION_SIZE];
        return rni_fail(RN_ERR_SHAPE, "rn_graph_jvp: tangent %s must have the shape of %s",
                        rni_graph_describe(graph, tangents[j], text_t),
                        rni_graph_describe(graph, inputs[j], text_x));
    }
    const rn_index n = last_of(n_outputs, outputs) + 1;
    rn_node *tangent = rni_alloc(n, sizeof *tangent);
    bool *is_given = rni_alloc_zero(n, sizeof *is_given);
    rn_node *scratch = rni_alloc(most_inputs(graph, n), sizeof *scratch);
    rn_status status = RN_ERR_MEMORY;
    if (!tangent || !is_given || !scratch) {
        (void)rni_fail(status, "rn_graph_jvp: no memory for %" PRId64 " tangents", n);
        goto done;
    }
    for (rn_index i = 0; i < n; i++)
        tangent[i] = RN_NODE_NONE;
    for (rn_index j = 0; j < n_inputs; j++) {
        if (inputs[j] >= n) continue;
        tangent[inputs[j]] = rni_add_or_none(graph, tangent[inputs[j]], tangents[j]);
        is_given[inputs[j]] = true;
    }
    status = walk_forward(graph, n, is_given, tangent, scratch);
    if (status < 0) goto done;

    status = commit(graph, NULL, n, tangent, n_outputs, outputs, out);
done:
    rni_free(scratch);
    rni_free(is_given);
    rni_free(tangent);
    return status;
}
