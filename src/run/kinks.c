/*
 * Whether a network is twice differentiable.
 */
#include "graph/graph.h"
#include "run/stage.h"

static bool has_kink(rni_op op)
{
    switch (op) {
    case RNI_OP_ABS:
    case RNI_OP_SIGN:
    case RNI_OP_RELU:
    case RNI_OP_STEP:
    case RNI_OP_SURROGATE_STEP:
    case RNI_OP_GREATER:
    case RNI_OP_EQUAL:
    case RNI_OP_MAX: return true;
    default: return false;
    }
}

bool rni_graph_has_kinks(const rn_graph *graph)
{
    for (rn_node node = 0; node < graph->size; node++)
        if (has_kink(rni_graph_node(graph, node)->op)) return true;
    return false;
}
