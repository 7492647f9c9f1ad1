/*
 * A two-layer net of N particles: how far it is from that of very many. The objective is convex in
 * the outputs f, so its gap contains
 *
 *     <|f - f*|^2>/(2n),     f* the outputs of infinitely many particles,
 *
 * the part of the loss that is not linear in f (its Bregman divergence); of order 1/N. f* is taken
 * from the widest net. The gap of the loss alone also contains <grad L . (f - f*)>, which is of the
 * same order but as noisy as the loss.
 */
#include <math.h>
#include <stdio.h>

#include "core/memory.h"
#include "core/size.h"
#include "stats/slope.h"
#include "systems/mean_field.h"
#include "systems/walk.h"

enum { N_CURVE = 24 };

typedef struct net_data {
    rn_index n;
    double *inputs; /* [n x 2]: x and 1; owner of all */
    double *targets;
} net_data;

static rn_status make_data(rn_index n, net_data *out)
{
    double *const block = rni_alloc(3 * n, sizeof *block);
    if (!block) return rni_fail(RN_ERR_MEMORY, "mean_field: no memory");
    *out = (net_data){.n = n, .inputs = block, .targets = block + 2 * n};
    for (rn_index i = 0; i < n; i++) {
        const double x = -2.0 + 4.0 * ((double)i + 0.5) / (double)n;
        block[2 * i] = x;
        block[2 * i + 1] = 1.0;
        out->targets[i] = sin(1.5 * x) + 0.3 * x * x - 0.5;
    }
    return RN_OK;
}

static rn_status make_walk(const rni_field_settings *s, const net_data *data, rn_index width,
                           bool is_apart, rni_walk *walk)
{
    char gain[32];
    char text[32];
    const double n = (double)width;
    /* the mutation: particles that do not meet, each with the whole output to itself */
    (void)snprintf(gain, sizeof gain, "%.17g", is_apart ? 1.0 : 1.0 / sqrt(n));
    (void)snprintf(text, sizeof text, "%d", (int)width);
    const rni_walk_plan plan = {.model = "mlp",
                                .model_settings = {{"width", text},
                                                   {"depth", "0"},
                                                   {"activation", "tanh"},
                                                   {"parametrisation", "ntk"},
                                                   {"readout_gain", gain}},
                                .n_features = 2,
                                .dynamics = "sgd",
                                .learning_rate = s->net_rate * (is_apart ? 1.0 : n),
                                .weight_decay = s->net_decay / (is_apart ? 1.0 : n),
                                .temperature = s->net_temperature / (is_apart ? 1.0 : n),
                                .n_samples = data->n,
                                .inputs = data->inputs,
                                .targets = data->targets};
    return rni_walk_open(&plan, walk);
}

/* One look; f [n] work space. @return the loss there */
static rn_status look(const net_data *data, const rni_walk *walk, double *f, double *loss,
                      double *square)
{
    const rn_batch all = {.n_samples = data->n, .inputs = data->inputs, .targets = data->targets};
    RNI_TRY(rn_trainer_predict(walk->trainer, NULL, &all, f, NULL));
    *loss = 0.0;
    *square = 0.0;
    for (rn_index i = 0; i < data->n; i++) {
        *loss += 0.5 * pow(f[i] - data->targets[i], 2.0) / (double)data->n;
        *square += f[i] * f[i];
    }
    return RN_OK;
}

/* A walk of n_looks looks; curve [N_CURVE] the loss of the first half, or NULL; to [n + 2]: means
   over the second of f, |f|^2 and the loss. work: [n] */
static rn_status follow(const rni_field_settings *s, const net_data *data, rni_walk *walk,
                        rn_index n_looks, double *work, double *to, double *curve)
{
    const rn_index half = n_looks / 2;
    const rn_index every = rni_max(half / N_CURVE, 1);
    const double share = 1.0 / (double)(n_looks - half);
    for (rn_index k = 0; k < n_looks; k++) {
        double loss = 0.0;
        double square = 0.0;
        RNI_TRY(look(data, walk, work, &loss, &square));
        if (curve && k % every == 0 && k / every < N_CURVE) curve[k / every] = loss;
        const double counted = k >= half ? share : 0.0;
        for (rn_index i = 0; i < data->n; i++)
            to[i] += counted * work[i];
        to[data->n] += counted * square;
        to[data->n + 1] += counted * loss;
        RNI_TRY(rni_walk_on(walk, s->net_every));
    }
    return RN_OK;
}

/* All widths and seeds. */
typedef struct nets {
    net_data data;
    rn_index width; /* number of the present one */
    double *seen;   /* [n_widths x n_seeds x (n + 2)]: f, |f|^2, loss */
    double *curve;  /* [N_CURVE] of the widest, first seed */
} nets;

static rn_status work_net(rn_claim *claim, rn_index i, void *user)
{
    nets *all = user;
    const rni_field_settings *s = rni_claim_settings(claim);
    const rn_index n = all->data.n;
    const double width = s->widths.values[all->width];
    const double last = s->widths.values[s->widths.count - 1];
    const rn_index n_steps = (rn_index)((double)s->net_steps * fmin(last / width, 16.0));
    double *const here = all->seen + (all->width * rn_claim_n_seeds(claim) + i) * (n + 2);
    const bool is_shown = i == 0 && all->width + 1 == s->widths.count;
    double *work = rni_alloc(n, sizeof *work);
    rni_walk walk = {0};
    if (!work) return rni_fail(RN_ERR_MEMORY, "mean_field: no memory");
    rn_status status = make_walk(s, &all->data, (rn_index)width, rn_claim_is_mutated(claim), &walk);
    if (status == RN_OK) status = rn_trainer_start(walk.trainer, rni_claim_seed(claim, i));
    if (status == RN_OK)
        status = follow(s, &all->data, &walk, rni_max(n_steps / s->net_every, 2), work, here,
                        is_shown ? all->curve : NULL);
    rni_walk_close(&walk);
    rni_free(work);
    return status;
}

/* ---- orders ---------------------------------------------------------------------------------- */

/* Gaps at all widths but the last, over that of the last, of all seeds but `left`; of f, else of
   the loss. f: [n] work space. */
static void find_gaps(const rn_claim *claim, const nets *all, rn_index left, bool of_loss,
                      double *f, double *gap)
{
    const rni_field_settings *s = rni_claim_settings(claim);
    const rn_index n = all->data.n;
    const rn_index n_seeds = rn_claim_n_seeds(claim);
    const rn_index n_widths = s->widths.count;
    const double share = 1.0 / (double)(left < 0 ? n_seeds : n_seeds - 1);
    double value[16] = {0};
    for (rn_index i = 0; i < n; i++)
        f[i] = 0.0;
    for (rn_index k = 0; k < n_seeds; k++)
        for (rn_index i = 0; i < n && k != left; i++)
            f[i] += share * all->seen[((n_widths - 1) * n_seeds + k) * (n + 2) + i];
    for (rn_index w = 0; w < n_widths; w++)
        for (rn_index k = 0; k < n_seeds; k++) {
            const double *const here = all->seen + (w * n_seeds + k) * (n + 2);
            double apart = here[n];
            for (rn_index i = 0; i < n; i++)
                apart += f[i] * (f[i] - 2.0 * here[i]);
            if (k != left) value[w] += share * (of_loss ? here[n + 1] : apart / (2.0 * (double)n));
        }
    for (rn_index w = 0; w + 1 < n_widths; w++)
        gap[w] = value[w] - value[n_widths - 1];
}

/* Slope of ln gap against ln(1/N - 1/N_max) and two jackknife errors over seeds. */
static rn_status find_order(const rn_claim *claim, const nets *all, bool of_loss, double *order,
                            double *error)
{
    const rni_field_settings *s = rni_claim_settings(claim);
    const rn_index n_seeds = rn_claim_n_seeds(claim);
    const rn_index n = s->widths.count - 1;
    double inverse[16];
    double gap[16];
    double mean = 0.0;
    double square = 0.0;
    rni_slope line;
    double *f = rni_alloc(all->data.n, sizeof *f);
    if (!f) return rni_fail(RN_ERR_MEMORY, "mean_field: no memory");
    for (rn_index i = 0; i < n; i++)
        inverse[i] = 1.0 / s->widths.values[i] - 1.0 / s->widths.values[n];
    rn_status status = RN_OK;
    for (rn_index left = -1; left < n_seeds && status >= 0; left++) {
        find_gaps(claim, all, left, of_loss, f, gap);
        /* gaps that are not positive have no order */
        status = rni_slope_fit_log(n, inverse, gap, 0.0, (double)INFINITY, &line);
        if (status == RN_ERR_DOMAIN) line.slope = (double)NAN;
        if (status == RN_ERR_DOMAIN) status = RN_OK;
        if (left < 0) {
            *order = line.slope;
            continue;
        }
        mean += line.slope / (double)n_seeds;
        square += line.slope * line.slope / (double)n_seeds;
    }
    *error = 2.0 * sqrt((square - mean * mean) * ((double)n_seeds - 1.0));
    rni_free(f);
    return status;
}

static rn_status state_net(rn_claim *claim, const nets *all)
{
    const rni_field_settings *s = rni_claim_settings(claim);
    const rni_statement said[2] = {
        {.key = "net_order",
         .quantity = "order of the net's gap in 1/N - 1/N_max",
         .theory = 1.0,
         .formula = "<|f - f*|^2>/(2n) = c/N, that of the largest N taken away",
         .at_least = 0.85,
         .at_most = 1.15,
         .tolerance = "0.15: the next order in 1/N",
         .method = "slope of ln gap, f* the mean output of the widest net; interval: two jackknife "
                   "errors over seeds"},
        {.key = "net_loss_order",
         .quantity = "the same of the loss alone",
         .theory = 1.0,
         .formula = "gap c/N, that of the largest N taken away",
         .at_least = 0.85,
         .at_most = 1.15,
         .tolerance = "not judged: walks of this length do not know it that well",
         .is_beside = true,
         .method = "slope of ln(mean loss - that of the widest net); interval: as above"}};
    for (int k = 0; k < 2; k++) {
        double order = 0.0;
        double error = 0.0;
        RNI_TRY(find_order(claim, all, k == 1, &order, &error));
        RNI_TRY(rni_claim_state(claim, &said[k], order, error));
    }
    double gap[16];
    double *f = rni_alloc(all->data.n, sizeof *f);
    if (!f) return rni_fail(RN_ERR_MEMORY, "mean_field: no memory");
    find_gaps(claim, all, -1, false, f, gap);
    rni_free(f);
    RNI_TRY(rni_claim_figure(claim, "The net's gap", "N", "<|f - f*|^2>/(2n)", true, true));
    RNI_TRY(rni_claim_curve(claim, "over that of the widest", RN_CLAIM_POINTS, s->widths.count - 1,
                            s->widths.values, gap));
    const double last = s->widths.values[s->widths.count - 1];
    const double scale = gap[0] / (1.0 / s->widths.values[0] - 1.0 / last);
    for (rn_index i = 0; i + 1 < s->widths.count; i++)
        gap[i] = scale * (1.0 / s->widths.values[i] - 1.0 / last);
    return rni_claim_curve(claim, "c (1/N - 1/N_max)", RN_CLAIM_THEORY, s->widths.count - 1,
                           s->widths.values, gap);
}

static rn_status draw_loss(rn_claim *claim, const double *curve)
{
    const rni_field_settings *s = rni_claim_settings(claim);
    const rn_index n_looks = rni_max(s->net_steps / s->net_every, 2);
    const rn_index every = rni_max(n_looks / 2 / N_CURVE, 1) * s->net_every;
    double time[N_CURVE];
    for (int i = 0; i < N_CURVE; i++)
        time[i] = s->net_rate * (double)(every * i);
    RNI_TRY(rni_claim_figure(claim, "The widest net's loss", "time", "loss", false, true));
    return rni_claim_curve(claim, "one walk", RN_CLAIM_MEASURED, N_CURVE, time, curve);
}

static rn_status walk_nets(rn_claim *claim, nets *all)
{
    const rni_field_settings *s = rni_claim_settings(claim);
    const rn_index n_seeds = rn_claim_n_seeds(claim);
    const rn_index size = n_seeds * (all->data.n + 2);
    for (all->width = 0; all->width < s->widths.count; all->width++) {
        const rni_part parts[] = {{all->seen + all->width * size, size}, {all->curve, N_CURVE}};
        char name[RNI_KEPT_NAME];
        (void)snprintf(name, sizeof name, "net_%d", (int)all->width);
        RNI_CLAIM_TRY(rni_claim_repeat(claim, &(rni_repeated){.name = name,
                                                              .n = n_seeds,
                                                              .n_parts = 2,
                                                              .parts = parts,
                                                              .before = (9 + all->width) * n_seeds,
                                                              .total = 16 * n_seeds,
                                                              .work = work_net,
                                                              .user = all}));
    }
    RNI_TRY(state_net(claim, all));
    return draw_loss(claim, all->curve);
}

rn_status rni_field_net(rn_claim *claim)
{
    const rni_field_settings *s = rni_claim_settings(claim);
    double curve[N_CURVE] = {0};
    nets all = {.curve = curve};
    RNI_TRY(make_data(s->net_samples, &all.data));
    all.seen = rni_alloc_zero(s->widths.count * rn_claim_n_seeds(claim) * (all.data.n + 2),
                              sizeof *all.seen);
    const rn_status status =
        all.seen ? walk_nets(claim, &all) : rni_fail(RN_ERR_MEMORY, "mean_field: no memory");
    rni_free(all.seen);
    rni_free(all.data.inputs);
    return status;
}
