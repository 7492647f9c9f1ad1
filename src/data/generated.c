/*
 * Generated data: Gaussian inputs on a sphere with a smooth target, and linear regression with
 * power-law spectra. Number i of a part is draw i of the stream (seed, RNI_RNG_DATA, part), so a
 * larger set contains the smaller ones.
 */
#include <math.h>

#include "core/rng.h"
#include "core/status.h"
#include "data/source.h"

static rni_stream stream_of(uint64_t seed, rni_purpose purpose, rn_data_part part)
{
    return (rni_stream){.seed = seed, .purpose = (uint32_t)purpose, .part = (uint32_t)part};
}

/* --- sphere ---------------------------------------------------------------------------------- */

typedef struct sphere_settings {
    rn_index n_train;
    rn_index n_test;
    rn_index dimension;
    rn_index seed;
} sphere_settings;

static const rni_option sphere_options[] = {
    {.key = "n_train",
     RNI_FIELD(sphere_settings, n_train),
     .range = RNI_BETWEEN(1, 1e9),
     .initial = "96",
     .help = "training samples"},
    {.key = "n_test",
     RNI_FIELD(sphere_settings, n_test),
     .range = RNI_BETWEEN(0, 1e9),
     .initial = "96",
     .help = "held-out samples"},
    {.key = "dimension",
     RNI_FIELD(sphere_settings, dimension),
     .range = RNI_BETWEEN(5, 1e6),
     .initial = "8",
     .help = "numbers per input"},
    {.key = "seed",
     RNI_FIELD(sphere_settings, seed),
     .range = RNI_AT_LEAST(-1),
     .initial = "-1",
     .help = "seed of the samples; -1: the run's seed"},
};

static const rni_option_table sphere_table =
    RNI_TABLE("sphere", "Gaussian inputs with variances 1/j on the sphere of radius sqrt(D)",
              sphere_options, sphere_settings);

/* x_j ~ N(0, 1/j), j = 1 .. D, rescaled to |x| = sqrt(D). */
static void draw_on_sphere(rni_stream stream, rn_index sample, rn_index dimension, double *x)
{
    rni_rng_fill_normal(stream, (uint64_t)(sample * dimension), dimension, x);
    double square = 0.0;
    for (rn_index j = 0; j < dimension; j++) {
        x[j] /= sqrt((double)(j + 1));
        square += x[j] * x[j];
    }
    const double factor = sqrt((double)dimension / square); /* square = 0 has probability 0 */
    for (rn_index j = 0; j < dimension; j++)
        x[j] *= factor;
}

static double smooth_target(const double *x)
{
    return 0.5 * x[0] + 0.3 * x[0] * x[1] + 0.2 * sin(2.0 * x[2]) + 0.1 * x[3] * x[4];
}

static rn_status load_sphere(const void *settings, uint64_t seed, rn_data *data)
{
    const sphere_settings *chosen = settings;
    const rn_index d = chosen->dimension;
    RNI_TRY(rni_data_reserve(data, chosen->n_train, chosen->n_test, 1, &d, 1, false));
    const uint64_t own_seed = rni_data_seed(chosen->seed, seed);
    for (rn_index i = 0; i < data->n_train + data->n_held_out; i++) {
        const bool is_train = i < data->n_train;
        const rni_stream stream =
            stream_of(own_seed, RNI_RNG_DATA, is_train ? RN_DATA_TRAIN : RN_DATA_HELD_OUT);
        double *x = data->inputs + i * d;
        draw_on_sphere(stream, is_train ? i : i - data->n_train, d, x);
        data->targets[i] = smooth_target(x);
    }
    return RN_OK;
}

const rni_data_source rni_source_sphere = {&sphere_table, load_sphere};

/* --- power law ------------------------------------------------------------------------------- */

typedef struct power_law_settings {
    rn_index n_train;
    rn_index n_test;
    rn_index dimension;
    double input_exponent;
    double target_exponent;
    double noise;
    bool square;
    rn_index seed;
} power_law_settings;

static const rni_option power_law_options[] = {
    {.key = "n_train",
     RNI_FIELD(power_law_settings, n_train),
     .range = RNI_BETWEEN(1, 1e9),
     .initial = "256",
     .help = "training samples"},
    {.key = "n_test",
     RNI_FIELD(power_law_settings, n_test),
     .range = RNI_BETWEEN(0, 1e9),
     .initial = "256",
     .help = "held-out samples"},
    {.key = "dimension",
     RNI_FIELD(power_law_settings, dimension),
     .range = RNI_BETWEEN(1, 1e6),
     .initial = "128",
     .help = "numbers per input"},
    {.key = "input_exponent",
     RNI_FIELD(power_law_settings, input_exponent),
     .range = RNI_BETWEEN(0, 10),
     .initial = "1.5",
     .help = "a: input k has variance k^-a"},
    {.key = "target_exponent",
     RNI_FIELD(power_law_settings, target_exponent),
     .range = RNI_BETWEEN(0, 10),
     .initial = "2.0",
     .help = "b: input k contributes variance k^-b to the target"},
    {.key = "noise",
     RNI_FIELD(power_law_settings, noise),
     .range = RNI_AT_LEAST(0),
     .initial = "0.0",
     .help = "standard deviation of Gaussian noise on the training targets"},
    {.key = "square",
     RNI_FIELD(power_law_settings, square),
     .initial = "false",
     .help = "the target is the square of the linear one: phase retrieval"},
    {.key = "seed",
     RNI_FIELD(power_law_settings, seed),
     .range = RNI_AT_LEAST(-1),
     .initial = "-1",
     .help = "seed of the samples; -1: the run's seed"},
};

static const rni_option_table power_law_table =
    RNI_TABLE("power_law", "linear regression on Gaussian inputs with power-law variances",
              power_law_options, power_law_settings);

/*
 * x_k = k^(-a/2) z_k, z standard normal, k = 1 .. D; y = sum_k w_k x_k with w_k = k^((a-b)/2), so
 * that term k has variance w_k^2 k^-a = k^-b.
 */
static double draw_power_law(const power_law_settings *chosen, rni_stream stream, rn_index sample,
                             double *x)
{
    const rn_index d = chosen->dimension;
    rni_rng_fill_normal(stream, (uint64_t)(sample * d), d, x);
    double target = 0.0;
    for (rn_index j = 0; j < d; j++) {
        const double k = (double)(j + 1);
        target += pow(k, -0.5 * chosen->target_exponent) * x[j]; /* = w_k x_k */
        x[j] *= pow(k, -0.5 * chosen->input_exponent);
    }
    return chosen->square ? target * target : target;
}

static rn_status load_power_law(const void *settings, uint64_t seed, rn_data *data)
{
    const power_law_settings *chosen = settings;
    const rn_index d = chosen->dimension;
    RNI_TRY(rni_data_reserve(data, chosen->n_train, chosen->n_test, 1, &d, 1, false));
    const uint64_t own_seed = rni_data_seed(chosen->seed, seed);
    const rni_stream noise = stream_of(own_seed, RNI_RNG_LABEL_NOISE, RN_DATA_TRAIN);
    for (rn_index i = 0; i < data->n_train; i++)
        data->targets[i] = draw_power_law(chosen, stream_of(own_seed, RNI_RNG_DATA, RN_DATA_TRAIN),
                                          i, data->inputs + i * d)
                           + chosen->noise * rni_rng_normal(noise, (uint64_t)i);
    for (rn_index i = 0; i < data->n_held_out; i++)
        data->targets[data->n_train + i] =
            draw_power_law(chosen, stream_of(own_seed, RNI_RNG_DATA, RN_DATA_HELD_OUT), i,
                           data->inputs + (data->n_train + i) * d);
    return RN_OK;
}

const rni_data_source rni_source_power_law = {&power_law_table, load_power_law};
