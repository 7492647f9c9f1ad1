/*
 * A two-layer net of N particles: how far its loss is above that of very many.
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

/* Mean over the second half of a walk of loss + decay; curve [N_CURVE] the loss on the way there,
   or NULL. */
static rn_status walk_net(const rni_field_settings *s, const net_data *data, rn_index width,
                          rn_index n_steps, bool is_apart, uint64_t seed, double *objective,
                          double *curve)
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
    rni_walk walk = {0};
    double sum = 0.0;
    rn_index count = 0;
    rn_status status = rni_walk_open(&plan, &walk);
    if (status == RN_OK) status = rn_trainer_start(walk.trainer, seed);
    const rn_index every = rni_max(n_steps / 2 / N_CURVE, 1);
    for (rn_index k = 0; k < n_steps && status == RN_OK; k++) {
        double loss = 0.0;
        status = rn_trainer_gradient(walk.trainer, &loss, NULL, NULL);
        if (curve && k % every == 0 && k / every < N_CURVE) curve[k / every] = loss;
        if (k >= n_steps / 2) {
            sum += loss;
            count++;
        }
        if (status == RN_OK) status = rni_walk_on(&walk, 1);
    }
    rni_walk_close(&walk);
    if (status != RN_OK) return status;
    *objective = sum / (double)count;
    return RN_OK;
}

static rn_status state_net(rn_claim *claim, const rni_field_settings *s, const double *values)
{
    const rn_index n_seeds = rn_claim_n_seeds(claim);
    const rn_index n_widths = s->widths.count;
    double inverse[16];
    double gap[16];
    double all = 0.0;
    double square = 0.0;
    double whole = 0.0;
    rni_slope line;
    const double last = s->widths.values[n_widths - 1];
    for (rn_index i = 0; i + 1 < n_widths; i++)
        inverse[i] = 1.0 / s->widths.values[i] - 1.0 / last;
    /* the mean over all seeds, and over all but one: jackknife */
    for (rn_index left = -1; left < n_seeds; left++) {
        for (rn_index i = 0; i + 1 < n_widths; i++) {
            gap[i] = 0.0;
            for (rn_index k = 0; k < n_seeds; k++)
                if (k != left)
                    gap[i] += values[i * n_seeds + k] - values[(n_widths - 1) * n_seeds + k];
        }
        /* gaps that are not positive have no order */
        const rn_status status =
            rni_slope_fit_log(n_widths - 1, inverse, gap, 0.0, (double)INFINITY, &line);
        if (status == RN_ERR_DOMAIN) line.slope = (double)NAN;
        if (status < 0 && status != RN_ERR_DOMAIN) return status;
        if (left < 0) {
            whole = line.slope;
            continue;
        }
        all += line.slope / (double)n_seeds;
        square += line.slope * line.slope / (double)n_seeds;
    }
    const double error = sqrt((square - all * all) * ((double)n_seeds - 1.0));
    return rni_claim_state(
        claim,
        &(rni_statement){.key = "net_order",
                         .quantity = "order of the net's gap in 1/N - 1/N_max",
                         .theory = 1.0,
                         .formula = "gap c/N, that of the largest N taken away",
                         .at_least = 0.85,
                         .at_most = 1.15,
                         .tolerance =
                             "0.15: the next order in 1/N; not judged, since walks of this length "
                             "do not know it that well",
                         .is_beside = true,
                         .method = "slope of ln(mean loss - that of the widest net); interval: two "
                                   "jackknife errors over seeds"},
        whole, 2.0 * error);
}

rn_status rni_field_net(rn_claim *claim)
{
    const rni_field_settings *s = rni_claim_settings(claim);
    const rn_index n_seeds = rn_claim_n_seeds(claim);
    const rn_index n_widths = s->widths.count;
    const double last = s->widths.values[n_widths - 1];
    double curve[N_CURVE] = {0};
    double time[N_CURVE];
    net_data data = {0};
    double *values = rni_alloc(n_widths * n_seeds, sizeof *values);
    if (!values) return rni_fail(RN_ERR_MEMORY, "mean_field: no memory");
    rn_status status = make_data(s->net_samples, &data);
    for (rn_index w = 0; w < n_widths && status == RN_OK; w++) {
        const double more = fmin(last / s->widths.values[w], 16.0);
        const rn_index n_steps = (rn_index)((double)s->net_steps * more);
        for (rn_index i = 0; i < n_seeds && status == RN_OK; i++) {
            status = rni_claim_advance(claim, 9 + w, 16);
            if (status == RN_OK)
                status =
                    walk_net(s, &data, (rn_index)s->widths.values[w], n_steps,
                             rn_claim_is_mutated(claim), rni_claim_seed(claim, i),
                             &values[w * n_seeds + i], w + 1 == n_widths && i == 0 ? curve : NULL);
        }
    }
    if (status == RN_OK) status = state_net(claim, s, values);
    if (status == RN_OK)
        status = rni_claim_figure(claim, "The widest net's loss", "time", "loss", false, true);
    const rn_index every = rni_max(s->net_steps / 2 / N_CURVE, 1);
    for (int i = 0; i < N_CURVE; i++)
        time[i] = s->net_rate * (double)(every * i);
    if (status == RN_OK)
        status = rni_claim_curve(claim, "one walk", RN_CLAIM_MEASURED, N_CURVE, time, curve);
    rni_free(values);
    rni_free(data.inputs);
    return status;
}
