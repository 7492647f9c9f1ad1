/*
 * l = |f - y|^2 / 2, r = f - y. The square is a product of equal nodes, so that its derivative is
 * the residual itself, to the bit.
 */
#include "loss/loss.h"

/* No settings yet; C has no empty structs. */
typedef struct squared_error_settings {
    int unused;
} squared_error_settings;

static const rni_option_table table = {.name = "squared_error",
                                       .help = "half the squared distance of outputs and targets",
                                       .size = sizeof(squared_error_settings)};

static rn_loss_nodes append(const void *settings, rn_graph *graph, rn_node outputs, rn_node targets)
{
    (void)settings;
    const rn_node residual = rn_graph_subtract(graph, outputs, targets);
    const rn_node square = rn_graph_multiply(graph, residual, residual);
    return (rn_loss_nodes){.per_sample =
                               rn_graph_scale(graph, rn_graph_sum(graph, square, 1u << 1, 0), 0.5),
                           .residual = residual,
                           .error = residual,
                           .seed = RN_NODE_NONE};
}

const rni_loss_kind rni_loss_squared_error = {
    .options = &table, .least_outputs = 1, .append = append};
