#include "systems/one_weight.h"

#include <math.h>
#include <string.h>

#include "core/rng.h"
#include "core/status.h"
#include "systems/walk.h"

enum { STOP_EVERY = 5000 }; /* epochs */

void rni_one_weight_make(rn_index n, uint64_t seed, rni_one_weight *out)
{
    RNI_ASSERT(n >= 2 && n <= RNI_ONE_WEIGHT_MAX);
    const rni_stream stream = {.seed = seed, .purpose = RNI_RNG_DATA};
    *out = (rni_one_weight){.n = n};
    rni_rng_fill_normal(stream, 0, n, out->targets);
    for (rn_index i = 0; i < n; i++) {
        out->ones[i] = 1.0;
        out->mean += out->targets[i] / (double)n;
    }
    for (rn_index i = 0; i < n; i++)
        out->s2 += pow(out->targets[i] - out->mean, 2.0) / (double)(n - 1);
}

double rni_one_weight_exact(const rni_one_weight *w, const char *sampler, double eta)
{
    const double n = (double)w->n;
    const double gap = eta * (2.0 - eta); /* 1 - a^2 */
    if (strcmp(sampler, "with_replacement") == 0) return eta * eta * w->s2 * (n - 1.0) / n / gap;
    double weights[RNI_ONE_WEIGHT_MAX];
    double mean = 0.0;
    double sum = 0.0;
    for (rn_index k = 0; k < w->n; k++) {
        weights[k] = exp((double)k * log1p(-eta));
        mean += weights[k] / n;
    }
    for (rn_index k = 0; k < w->n; k++)
        sum += (weights[k] - mean) * (weights[k] - mean);
    return eta * eta * w->s2 * sum / -expm1(2.0 * n * log1p(-eta));
}

double rni_one_weight_langevin(double eta, double temperature)
{
    return 2.0 * temperature / (2.0 - eta);
}

rn_status rni_one_weight_walk(const rni_one_weight *w, const char *sampler, double eta,
                              double temperature, rn_index n_epochs, uint64_t seed,
                              const rn_observer *observer, double *variance, double *excess)
{
    rni_walk_plan plan = {.model = "linear",
                          .n_features = 1,
                          .dynamics = "sgd",
                          .learning_rate = eta,
                          .temperature = temperature,
                          .sampler = sampler,
                          .batch_size = 1,
                          .n_samples = w->n,
                          .inputs = w->ones,
                          .targets = w->targets};
    rni_walk walk = {0};
    rni_walk full = {0};
    const rni_stream stream = {.seed = seed, .purpose = RNI_RNG_INIT};
    const double noise =
        sqrt(rni_one_weight_langevin(eta, temperature)) * rni_rng_normal(stream, 0);
    const double start =
        w->mean + noise + sqrt(rni_one_weight_exact(w, sampler, eta)) * rni_rng_normal(stream, 1);
    const double other = w->mean + noise;
    double sum = 0.0;
    double more = 0.0;
    rn_status status = rni_walk_open(&plan, &walk);
    if (status == RN_OK) status = rni_walk_place(&walk, seed, &start, NULL);
    plan.sampler = NULL;
    if (status == RN_OK && excess) status = rni_walk_open(&plan, &full);
    if (status == RN_OK && excess) status = rni_walk_place(&full, seed, &other, NULL);
    for (rn_index k = 0; k < n_epochs && status == RN_OK; k++) {
        status = rni_walk_on(&walk, w->n);
        if (status == RN_OK && excess) status = rni_walk_on(&full, w->n);
        if (status != RN_OK) break;
        const double off = rni_walk_theta(&walk)[0] - w->mean;
        const double plain = excess ? rni_walk_theta(&full)[0] - w->mean : 0.0;
        sum += off * off;
        more += (off - plain) * (off + plain);
        if ((k + 1) % STOP_EVERY == 0 && observer && observer->should_stop
            && observer->should_stop(observer->user))
            status = rni_fail(RN_INTERRUPTED, "one weight: stopped");
    }
    rni_walk_close(&walk);
    rni_walk_close(&full);
    if (status != RN_OK) return status;
    *variance = sum / (double)n_epochs;
    if (excess) *excess = more / (double)n_epochs;
    return RN_OK;
}
