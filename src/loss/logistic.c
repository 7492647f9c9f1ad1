/*
 * Logistic loss at every output: u = -(2 y - 1) f, l = ln(1 + e^u), z = -(2 y - 1) sqrt(2 l), and
 * G = dz/df = sigmoid(u)/sqrt(2 l). u is held at -600, so that no quotient becomes 0/0.
 */
#include "loss/loss.h"

/* No settings; C has no empty structs. */
typedef struct logistic_settings {
    int unused;
} logistic_settings;

static const rni_option_table table = {.name = "logistic",
                                       .help = "logistic loss at every output; targets 0 or 1",
                                       .size = sizeof(logistic_settings)};

#define LEAST_U (-600.0)

static rn_loss_nodes append(const void *settings, rn_graph *g, rn_node outputs, rn_node targets)
{
    (void)settings;
    const rn_node side = rn_graph_shift(g, rn_graph_scale(g, targets, -2.0), 1.0);
    const rn_node u = rni_loss_at_least(g, rn_graph_multiply(g, side, outputs), LEAST_U);
    const rn_node l = rn_graph_softplus(g, u);
    const rn_node slope = rn_graph_sigmoid(g, u);
    const rn_node root = rn_graph_power(g, rn_graph_scale(g, l, 2.0), 0.5);
    return (rn_loss_nodes){.per_sample = rn_graph_sum(g, l, 1u << 1, 0),
                           .residual = rn_graph_multiply(g, side, slope),
                           .error = rn_graph_multiply(g, side, root),
                           .seed = rni_loss_diagonal_seed(g, rn_graph_divide(g, slope, root))};
}

const rni_loss_kind rni_loss_logistic = {
    .options = &table, .least_outputs = 1, .targets = RNI_TARGETS_BINARY, .append = append};
