/*
 * Softmax cross-entropy, label y (targets are one-hot), of all outputs or the mean over groups of
 * them, each with a label of its own (a language model's positions). With o_c = f_c - f_y and
 * m = ln sum_{c != y} exp(o_c):
 *
 *     l = ln(1 + e^m),  e^l - 1 = e^m,  p = exp(o - l),  1 - p_y = sigmoid(m)
 *     q = exp((o - l)/2),  B = diag(q)(1 - q q^T),  H = B B^T,  B z_B = r = p - y
 *     z_B = q, at the label -2 sinh(l/2) = -e^(m - l/2);  |z_B|^2 = e^m
 *     z = k z_B,  G = B/k,  k^2 = 2 l e^-m        so that G z = r and |z|^2 = 2 l
 *
 * With T groups z and G of each are divided by sqrt(T), and G of the sample is block-diagonal.
 *
 * Nothing is subtracted that may be close: l, r and z keep their digits down to l = 1e-260, where
 * m is held at -600 so that no quotient becomes 0/0.
 */
#include "loss/loss.h"

#include <math.h>

typedef struct cross_entropy_settings {
    rn_index classes;
} cross_entropy_settings;

static const rni_option options[] = {
    {.key = "classes",
     RNI_FIELD(cross_entropy_settings, classes),
     .range = RNI_BETWEEN(0, 1e6),
     .initial = "0",
     .help = "outputs that share one softmax and one label, as the characters that may follow a "
             "position; 0: all of a sample"},
};

static const rni_option_table table = RNI_TABLE(
    "cross_entropy", "softmax cross-entropy; targets are one-hot", options, cross_entropy_settings);

#define LEAST_M (-600.0)

/* Nodes of one loss, T groups of C outputs: [N, T, 1] where not said otherwise. */
typedef struct parts {
    rn_graph *g;
    rn_index groups;   /* T */
    rn_index classes;  /* C */
    rn_node y, others; /* [N, T, C] label and 1 - label */
    rn_node o;         /* [N, T, C] */
    rn_node m, l;
    rn_node share; /* [N, T, C] exp(o_c - m) off the label, 0 at it */
    rn_node q;     /* [N, T, C] */
    rn_node k;
} parts;

static rn_node sum_outputs(rn_graph *g, rn_node x)
{
    return rn_graph_sum(g, x, 1u << 2, 1);
}

static rn_node minus(rn_graph *g, rn_node x)
{
    return rn_graph_scale(g, x, -1.0);
}

/* Classes of a softmax, or -1 where the outputs do not fall into such groups. */
static rn_index classes_of(const void *settings, rn_index n_outputs)
{
    const cross_entropy_settings *chosen = settings;
    const rn_index classes = chosen->classes > 0 ? chosen->classes : n_outputs;
    return classes >= 2 && n_outputs % classes == 0 ? classes : -1;
}

static parts prepare(const void *settings, rn_graph *g, rn_node outputs, rn_node targets)
{
    const rn_index n = rn_graph_shape(g, outputs).dims[1];
    parts p = {.g = g, .classes = classes_of(settings, n)};
    p.groups = n / p.classes;
    const rn_shape grouped = RN_SHAPE(RN_SAMPLES, p.groups, p.classes);
    const rn_node f = rn_graph_reshape(g, outputs, grouped);
    const rn_node y = rn_graph_reshape(g, targets, grouped);
    p.y = y;
    p.others = rn_graph_shift(g, minus(g, y), 1.0);
    p.o = rn_graph_subtract(g, f, sum_outputs(g, rn_graph_multiply(g, y, f)));
    /* off the label o less its largest value there, at the label 0 */
    const rn_node hidden = rn_graph_subtract(g, p.o, rn_graph_scale(g, y, 1e300));
    const rn_node top = rn_graph_stop_gradient(g, rn_graph_max(g, hidden, 1u << 2, 1));
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

/* Of every group, [N, T, rows, columns]. */
static rn_node as_matrix(const parts *p, rn_node x, rn_index rows, rn_index columns)
{
    return rn_graph_reshape(p->g, x, RN_SHAPE(RN_SAMPLES, p->groups, rows, columns));
}

/* Blocks [N, T, C, C] on the diagonal of [N, T C, T C]. */
static rn_node spread_blocks(const parts *p, rn_node blocks)
{
    rn_graph *g = p->g;
    const rn_index t = p->groups;
    const rn_index n = p->classes;
    if (t > 1) {
        const rn_node wide = rn_graph_reshape(g, blocks, RN_SHAPE(RN_SAMPLES, t, n, 1, n));
        const rn_node same = rn_graph_reshape(g, rni_loss_identity(g, t), RN_SHAPE(1, t, 1, t, 1));
        blocks = rn_graph_multiply(g, wide, same);
    }
    return rn_graph_reshape(g, blocks, RN_SHAPE(RN_SAMPLES, t * n, t * n));
}

/* seed[k, c] = G_ck = (delta_ck q_c (1 - q_c^2) - (1 - delta_ck) q_c^2 q_k) / k, 1 - q_y^2 taken
   as sigmoid(m). */
static rn_node make_seed(const parts *p)
{
    rn_graph *g = p->g;
    const rn_index n = p->classes;
    const rn_node same = rni_loss_identity(g, n);
    const rn_node different = rn_graph_shift(g, minus(g, same), 1.0);
    const rn_node square = rn_graph_multiply(g, p->q, p->q);
    const rn_node left =
        rn_graph_add(g, rn_graph_multiply(g, p->others, rn_graph_shift(g, minus(g, square), 1.0)),
                     rn_graph_multiply(g, p->y, rn_graph_sigmoid(g, p->m)));
    const rn_node diagonal =
        rn_graph_multiply(g, same, as_matrix(p, rn_graph_multiply(g, p->q, left), 1, n));
    const rn_node outer =
        rn_graph_multiply(g, as_matrix(p, square, 1, n), as_matrix(p, p->q, n, 1));
    const rn_node off = rn_graph_multiply(g, different, outer);
    const rn_node blocks =
        rn_graph_divide(g, rn_graph_subtract(g, diagonal, off), as_matrix(p, p->k, 1, 1));
    return spread_blocks(p, blocks);
}

/* x times a power of 1/T; x itself for a single group. */
static rn_node share_out(const parts *p, rn_node x, double power)
{
    return p->groups > 1 ? rn_graph_scale(p->g, x, pow((double)p->groups, -power)) : x;
}

static rn_node as_outputs(const parts *p, rn_node x)
{
    return rn_graph_reshape(p->g, x, RN_SHAPE(RN_SAMPLES, p->groups * p->classes));
}

static rn_loss_nodes append(const void *settings, rn_graph *g, rn_node outputs, rn_node targets)
{
    const parts p = prepare(settings, g, outputs, targets);
    const rn_node miss = rn_graph_sigmoid(g, p.m);
    const rn_node residual = rn_graph_multiply(g, miss, rn_graph_subtract(g, p.share, p.y));
    const rn_node loss = rn_graph_sum(g, p.l, (1u << 1) | (1u << 2), 0);
    return (rn_loss_nodes){.per_sample = share_out(&p, loss, 1.0),
                           .residual = as_outputs(&p, share_out(&p, residual, 1.0)),
                           .error = as_outputs(&p, share_out(&p, make_error(&p), 0.5)),
                           .seed = share_out(&p, make_seed(&p), 0.5)};
}

const rni_loss_kind rni_loss_cross_entropy = {.options = &table,
                                              .least_outputs = 2,
                                              .targets = RNI_TARGETS_ONE_HOT,
                                              .classes = classes_of,
                                              .append = append};
