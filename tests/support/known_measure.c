#include "known_measure.h"

#include <math.h>

#include "check.h"
#include "core/memory.h"
#include "core/rng.h"

const char *measure_name(measure_kind kind)
{
    static const char *const names[] = {"power law", "log-uniform", "clusters", "two bands"};
    return names[kind];
}

static int multiply(void *user, rn_index n_vecs, const double *x, rn_index ldx, double *y,
                    rn_index ldy)
{
    const known_measure *m = user;
    for (rn_index j = 0; j < n_vecs; j++)
        for (rn_index i = 0; i < m->n; i++)
            y[j * ldy + i] = m->lambda[i] * x[j * ldx + i];
    return 0;
}

void known_measure_make(measure_kind kind, rn_index n, uint64_t seed, known_measure *out)
{
    const rni_stream draws = {.seed = seed, .purpose = RNI_RNG_TEST, .part = (uint32_t)kind};
    known_measure m = {.n = n, .lambda = rni_alloc(2 * n, sizeof(double))};
    assert_non_null(m.lambda);
    m.e = m.lambda + n;
    const double decay = 1.2 + 0.8 * rni_rng_uniform(draws, 0);
    const double source = 0.5 + 1.5 * rni_rng_uniform(draws, 1);
    const double scale = exp(4.0 * rni_rng_uniform(draws, 2) - 2.0);
    for (rn_index u = 0; u < n; u++) {
        const double uniform = rni_rng_uniform(draws, (uint64_t)(16 + u));
        const double normal = rni_rng_normal((rni_stream){.seed = seed, .part = 99}, (uint64_t)u);
        const double rank = (double)(u + 1);
        double lambda = pow(10.0, -5.4 * uniform);
        double g = normal;
        if (kind == MEASURE_POWER_LAW) {
            lambda = pow(rank, -decay);
            g = normal * pow(rank, -0.5 * source);
        }
        if (kind == MEASURE_CLUSTERS)
            lambda = pow(10.0, -0.25 * (double)(u % 25)) * (1.0 + 1e-7 * uniform);
        if (kind == MEASURE_BUMPS) lambda = u % 2 ? 1.0 + uniform : 1e-5 * (1.0 + uniform);
        m.lambda[u] = scale * lambda;
        m.e[u] = g;
    }
    *out = m;
    const rn_op_desc desc = {
        .rows = n, .cols = n, .traits = RN_OP_PSD, .apply = multiply, .user = out};
    assert_status(rn_op_create(&desc, &out->op), RN_OK);
}

void known_measure_clear(known_measure *m)
{
    rn_op_destroy(m->op);
    rni_free(m->lambda);
    *m = (known_measure){0};
}

double known_measure_above(const known_measure *m, double x, int power)
{
    long double sum = 0.0L;
    for (rn_index u = 0; u < m->n; u++)
        if (m->lambda[u] >= x)
            sum += (long double)m->e[u] * (long double)m->e[u]
                   * (power ? (long double)m->lambda[u] : 1.0L);
    return (double)sum;
}
