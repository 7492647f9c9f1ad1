/*
 * Where and how parameters are used on the way to an output, and whether that way is smooth.
 */
#include <string.h>

#include "core/memory.h"
#include "graph/derive.h"

/* Marks the nodes `output` depends on, itself included; not through stop_gradient. */
static bool *mark_ancestors(const rn_graph *graph, rn_node output)
{
    bool *marks = rni_alloc_zero(graph->size, sizeof *marks);
    if (!marks) return NULL;
    marks[output] = true;
    for (rn_index i = output; i >= 0; i--) {
        const rni_node *node = &graph->nodes[i];
        if (!marks[i] || node->op == RNI_OP_STOP_GRADIENT) continue;
        for (int k = 0; k < node->n_inputs; k++)
            marks[node->inputs[k]] = true;
    }
    return marks;
}

int rn_graph_is_smooth(const rn_graph *graph, rn_node node)
{
    if (rn_graph_shape(graph, node).rank < 0) return 0;
    bool *marks = mark_ancestors(graph, node);
    if (!marks)
        return rni_fail(RN_ERR_MEMORY, "rn_graph_is_smooth: no memory for %" PRId64 " marks",
                        graph->size);
    bool is_smooth = true;
    for (rn_index i = 0; i <= node; i++)
        if (marks[i] && !rni_rule_of(graph->nodes[i].op)->is_smooth) is_smooth = false;
    rni_free(marks);
    return is_smooth;
}

/* True when `small`, less its leading ones, equals the last dimensions of `large`. */
static bool is_trailing(rn_shape small, rn_shape large)
{
    int first = 0;
    while (first < small.rank && small.dims[first] == 1)
        first++;
    const int n = small.rank - first;
    if (n > large.rank) return false;
    for (int i = 0; i < n; i++)
        if (small.dims[first + i] != large.dims[large.rank - n + i]) return false;
    return true;
}

/* y = op(x, p) elementwise, p repeated over leading axes only, x not repeated. */
static rn_use classify_elementwise(const rn_graph *graph, const rni_node *y, rn_node number,
                                   int slot)
{
    rn_use use = {.kind = RN_USE_OTHER, .x = RN_NODE_NONE, .y = number, .sign = 1.0};
    const rni_node *p = &graph->nodes[y->inputs[slot]];
    const rni_node *x = &graph->nodes[y->inputs[1 - slot]];
    if (!rni_shape_equal(x->shape, y->shape) || !is_trailing(p->shape, y->shape)
        || x->rows != RN_ROWS_SEPARATE)
        return use;
    if (y->op == RNI_OP_MULTIPLY) {
        use.kind = RN_USE_SCALE;
        use.x = y->inputs[1 - slot];
    }
    if (y->op == RNI_OP_ADD || y->op == RNI_OP_SUBTRACT) {
        use.kind = RN_USE_BIAS;
        use.sign = y->op == RNI_OP_SUBTRACT && slot == 1 ? -1.0 : 1.0;
    }
    return use;
}

static rn_use classify(const rn_graph *graph, rn_node number, int slot)
{
    const rni_node *y = &graph->nodes[number];
    const rn_use other = {.kind = RN_USE_OTHER, .x = RN_NODE_NONE, .y = number, .sign = 1.0};
    if (y->rows != RN_ROWS_SEPARATE || y->n_inputs != 2) return other;
    const rni_node *p = &graph->nodes[y->inputs[slot]];
    const rni_node *x = &graph->nodes[y->inputs[1 - slot]];
    if (y->op == RNI_OP_MATMUL && slot == 1 && p->shape.rank == 2 && x->rows == RN_ROWS_SEPARATE
        && !(y->flags & RNI_MATMUL_TRANSPOSE_A))
        return (rn_use){.kind = y->flags & RNI_MATMUL_TRANSPOSE_B ? RN_USE_MATMUL_T : RN_USE_MATMUL,
                        .x = y->inputs[0],
                        .y = number,
                        .sign = 1.0};
    if (y->op == RNI_OP_GATHER && slot == 0 && y->axis == 0)
        return (rn_use){.kind = RN_USE_GATHER, .x = y->inputs[1], .y = number, .sign = 1.0};
    if (rni_op_family(y->op) == RNI_FAMILY_BINARY)
        return classify_elementwise(graph, y, number, slot);
    return other;
}

rn_status rn_graph_uses(const rn_graph *graph, rn_node output, rn_node parameter, rn_index capacity,
                        rn_use *uses, rn_index *n_uses)
{
    if (rn_graph_shape(graph, output).rank < 0 || rn_graph_shape(graph, parameter).rank < 0
        || graph->nodes[parameter].op != RNI_OP_PARAMETER || capacity < 0 || (capacity > 0 && !uses)
        || !n_uses)
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_graph_uses: a graph, a node, one of its parameters and room for the"
                        " uses are needed");
    bool *marks = mark_ancestors(graph, output);
    if (!marks)
        return rni_fail(RN_ERR_MEMORY, "rn_graph_uses: no memory for %" PRId64 " marks",
                        graph->size);
    rn_index count = 0;
    for (rn_index i = 0; i <= output; i++) {
        const rni_node *node = &graph->nodes[i];
        if (!marks[i] || node->op == RNI_OP_STOP_GRADIENT) continue;
        for (int k = 0; k < node->n_inputs; k++) {
            if (node->inputs[k] != parameter) continue;
            if (count < capacity) uses[count] = classify(graph, (rn_node)i, k);
            count++;
        }
    }
    rni_free(marks);
    *n_uses = count;
    return RN_OK;
}
