/*
 * Huber's loss at every output, e = f - y: with rho = delta/max(|e|, delta), which is 1 inside,
 *
 *     l = e^2 rho (2 - rho)/2,  r = e rho,  z = e sqrt(rho (2 - rho)),  G = dz/df = sqrt(rho/(2 -
 * rho)).
 *
 * No root is taken of what may be 0. G' jumps where |e| = delta, G itself does not.
 */
#include "loss/loss.h"

typedef struct huber_settings {
    double delta;
} huber_settings;

static const rni_option options[] = {
    {.key = "delta",
     RNI_FIELD(huber_settings, delta),
     .range = RNI_ABOVE(0),
     .unit = "output",
     .initial = "1.0",
     .help = "distance beyond which the loss grows evenly"},
};

static const rni_option_table table =
    RNI_TABLE("huber", "squared near the target, even growth far from it", options, huber_settings);

static rn_loss_nodes append(const void *values, rn_graph *g, rn_node outputs, rn_node targets)
{
    const huber_settings *settings = values;
    const double delta = settings->delta;
    const rn_node e = rn_graph_subtract(g, outputs, targets);
    const rn_node beyond = rn_graph_relu(g, rn_graph_shift(g, rn_graph_abs(g, e), -delta));
    const rn_node rho =
        rn_graph_power(g, rn_graph_shift(g, rn_graph_scale(g, beyond, 1.0 / delta), 1.0), -1.0);
    const rn_node rest = rn_graph_shift(g, rn_graph_scale(g, rho, -1.0), 2.0);
    const rn_node z =
        rn_graph_multiply(g, e, rn_graph_power(g, rn_graph_multiply(g, rho, rest), 0.5));
    const rn_node slope = rn_graph_power(g, rn_graph_divide(g, rho, rest), 0.5);
    const rn_node square = rn_graph_multiply(g, z, z);
    return (rn_loss_nodes){.per_sample =
                               rn_graph_scale(g, rn_graph_sum(g, square, 1u << 1, 0), 0.5),
                           .residual = rn_graph_multiply(g, e, rho),
                           .error = z,
                           .seed = rni_loss_diagonal_seed(g, slope)};
}

const rni_loss_kind rni_loss_huber = {.options = &table, .least_outputs = 1, .append = append};
