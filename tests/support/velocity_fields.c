#include "velocity_fields.h"

#include "check.h"

#include <math.h>
#include <stdlib.h>

#include "core/rng.h"

#define LN2    0.69314718055994530942
#define MEMORY 0.6

/* noise[i * nb + b], variance 1. */
static void draw_noise(const field *f, uint64_t seed, double *noise)
{
    const rni_stream stream = {.seed = seed, .purpose = RNI_RNG_TEST, .part = 77};
    const rn_index nb = f->n_boundaries;
    double white[FIELD_MAX_BOUNDARIES + 2];
    double state[FIELD_MAX_BOUNDARIES + 2] = {0.0};
    for (rn_index i = 0; i < f->n_times; i++) {
        rni_rng_fill_normal(stream, (uint64_t)(i * (nb + 2)), nb + 2, white);
        for (rn_index b = 0; b < nb + 2; b++)
            state[b] =
                i == 0 ? white[b] : MEMORY * state[b] + sqrt(1.0 - MEMORY * MEMORY) * white[b];
        for (rn_index b = 0; b < nb; b++) /* windows of width 2h overlap like (1, 2, 1) */
            noise[i * nb + b] = (state[b] + 2.0 * state[b + 1] + state[b + 2]) / sqrt(6.0);
    }
}

static double exponent(const field *f, double s, double u, double x, rn_index b)
{
    const double law = f->a * s + (f->a - 1.0) * u;
    switch (f->kind) {
    case FIELD_STATIONARY: return f->a * s;
    case FIELD_QUADRATIC: return law + f->size * x * x;
    case FIELD_BUMP: return law + (labs((long)(b - f->n_boundaries / 2)) <= 1 ? f->size : 0.0);
    default: return law;
    }
}

rn_velocity_table field_draw(const field *f, uint64_t seed, field_table *arrays)
{
    const rn_index nb = f->n_boundaries;
    double noise[FIELD_MAX_TIMES * FIELD_MAX_BOUNDARIES];
    draw_noise(f, seed, noise);
    for (rn_index b = 0; b < nb; b++)
        arrays->s[b] = LN2 * (double)(b - nb + 1);
    for (rn_index i = 0; i < f->n_times; i++) {
        const double u = log(10.0) * (1.0 + f->decades * (double)i / (double)(f->n_times - 1));
        arrays->time[i] = exp(u);
        for (rn_index b = 0; b < nb; b++) {
            const rn_index k = i * nb + b;
            const double x = 2.0 * (double)b / (double)(nb - 1) - 1.0;
            const double size = exp(exponent(f, arrays->s[b], u, x, b) + f->noise * noise[k]);
            const bool is_odd = f->kind == FIELD_MIXED && b % 5 == 2;
            arrays->velocity[k] = f->kind == FIELD_ZERO ? noise[k] / arrays->time[i]
                                  : is_odd              ? size
                                                        : -size;
            arrays->n_eff[k] = 10.0;
        }
    }
    return (rn_velocity_table){.n_times = f->n_times,
                               .n_boundaries = nb,
                               .time = arrays->time,
                               .s = arrays->s,
                               .velocity = arrays->velocity,
                               .n_eff = arrays->n_eff,
                               .lambda_max = 1.0};
}

rn_velocity_law field_judge(const field *f, uint64_t seed)
{
    field_table arrays;
    rn_velocity_law law;
    rn_velocity_law_options options = rn_velocity_law_options_defaults();
    options.seed = seed;
    const rn_velocity_table table = field_draw(f, seed, &arrays);
    assert_status(rn_velocity_law_fit(&table, &options, &law), RN_OK);
    return law;
}
