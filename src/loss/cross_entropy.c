/*
 * Softmax cross-entropy, label y (targets are one-hot). With o_c = f_c - f_y and
 * m = ln sum_{c != y} exp(o_c):
 *
 *     l = ln(1 + e^m),  e^l - 1 = e^m,  p = exp(o - l),  1 - p_y = sigmoid(m)
 *     q = exp((o - l)/2),  B = diag(q)(1 - q q^T),  H = B B^T,  B z_B = r = p - y
 *     z_B = q, at the label -2 sinh(l/2) = -e^(m - l/2);  |z_B|^2 = e^m
 *     z = k z_B,  G = B/k,  k^2 = 2 l e^-m        so that G z = r and |z|^2 = 2 l
 *
 * Nothing is subtracted that may be close: l, r and z keep their digits down to l = 1e-260, where
 * m is held at -600 so that no quotient becomes 0/0.
 */
#include "loss/loss.h"

/* No settings; C has no empty structs. */
typedef struct cross_entropy_settings {
    int unused;
} cross_entropy_settings;

static const rni_option_table table = {.name = "cross_entropy",
                                       .help = "softmax cross-entropy; targets are one-hot",
                                       .size = sizeof(cross_entropy_settings)};

#define LEAST_M (-600.0)

/* Nodes of one loss: [N, 1] where not said otherwise. */
typedef struct parts {
    rn_graph *g;
    rn_node y, others; /* [N, C] label and 1 - label */
    rn_node o;         /* [N, C] */
    rn_node m, l;
    rn_node share; /* [N, C] exp(o_c - m) off the label, 0 at it */
    rn_node q;     /* [N, C] */
    rn_node k;
} parts;

static rn_node sum_outputs(rn_graph *g, rn_node x)
{
    return rn_graph_sum(g, x, 1u << 1, 1);
}

static rn_node minus(rn_graph *g, rn_node x)
{
    return rn_graph_scale(g, x, -1.0);
}

static parts prepare(rn_graph *g, rn_node f, rn_node y)
{
    parts p = {.g = g, .y = y, .others = rn_graph_shift(g, minus(g, y), 1.0)};
    p.o = rn_graph_subtract(g, f, sum_outputs(g, rn_graph_multiply(g, y, f)));
    /* off the label o less its largest value there, at the label 0 */
    const rn_node hidden = rn_graph_subtract(g, p.o, rn_graph_scale(g, y, 1e300));
    const rn_node top = rn_graph_stop_gradient(g, rn_graph_max(g, hidden, 1u << 1, 1));
    const rn_node safe = rn_graph_multiply(g, p.others, rn_graph_subtract(g, p.o, top));
    const rn_node weight = rn_graph_multiply(g, p.others, rn_graph_exp(g, safe));
    const rn_node sum = sum_outputs(g, weight);
    const rn_node m = rn_graph_add(g, top, rn_graph_log(g, sum));
    p.m = rni_loss_at_least(g, m, LEAST_M);
    p.l = rn_graph_softplus(g, p.m);
    p.share = rn_graph_divide(g, weight, sum);
    p.q = rn_graph_exp(g, rn_graph_scale(g, rn_graph_subtract(g, p.o, p.l), 0.5));
    const rn_node square = rn_graph_multiply(g, p.l, rn_graph_exp(g, minus(g, p.m)));
    p.k = rn_graph_power(g, rn_graph_scale(g, square, 2.0), 0.5);
    return p;
}

/* k q off the label, -k e^(m - l/2) at it. */
static rn_node make_error(const parts *p)
{
    rn_graph *g = p->g;
    const rn_node at = rn_graph_exp(g, rn_graph_subtract(g, p->m, rn_graph_scale(g, p->l, 0.5)));
    const rn_node off = rn_graph_multiply(g, p->others, p->q);
    const rn_node z = rn_graph_subtract(g, off, rn_graph_multiply(g, p->y, at));
    return rn_graph_multiply(g, p->k, z);
}

static rn_node as_matrix(rn_graph *g, rn_node x, rn_index rows, rn_index columns)
{
    return rn_graph_reshape(g, x, RN_SHAPE(RN_SAMPLES, rows, columns));
}

/* seed[k, c] = G_ck = (delta_ck q_c (1 - q_c^2) - (1 - delta_ck) q_c^2 q_k) / k, 1 - q_y^2 taken
   as sigmoid(m). */
static rn_node make_seed(const parts *p)
{
    rn_graph *g = p->g;
    const rn_index n = rn_graph_shape(g, p->q).dims[1];
    const rn_node same = rni_loss_identity(g, n);
    const rn_node different = rn_graph_shift(g, minus(g, same), 1.0);
    const rn_node square = rn_graph_multiply(g, p->q, p->q);
    const rn_node left =
        rn_graph_add(g, rn_graph_multiply(g, p->others, rn_graph_shift(g, minus(g, square), 1.0)),
                     rn_graph_multiply(g, p->y, rn_graph_sigmoid(g, p->m)));
    const rn_node diagonal =
        rn_graph_multiply(g, same, as_matrix(g, rn_graph_multiply(g, p->q, left), 1, n));
    const rn_node outer =
        rn_graph_multiply(g, as_matrix(g, square, 1, n), as_matrix(g, p->q, n, 1));
    const rn_node off = rn_graph_multiply(g, different, outer);
    return rn_graph_divide(g, rn_graph_subtract(g, diagonal, off), as_matrix(g, p->k, 1, 1));
}

static rn_loss_nodes append(const void *settings, rn_graph *g, rn_node outputs, rn_node targets)
{
    (void)settings;
    const parts p = prepare(g, outputs, targets);
    const rn_node miss = rn_graph_sigmoid(g, p.m);
    const rn_node residual = rn_graph_multiply(g, miss, rn_graph_subtract(g, p.share, p.y));
    return (rn_loss_nodes){.per_sample = rn_graph_sum(g, p.l, 1u << 1, 0),
                           .residual = residual,
                           .error = make_error(&p),
                           .seed = make_seed(&p)};
}

const rni_loss_kind rni_loss_cross_entropy = {
    .options = &table, .least_outputs = 2, .targets = RNI_TARGETS_ONE_HOT, .append = append};
