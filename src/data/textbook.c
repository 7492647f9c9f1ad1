/*
 * Data of textbook experiments: a curve over one number, and classes whose samples share nothing.
 */
#include <math.h>

#include "core/rng.h"
#include "core/status.h"
#include "data/source.h"

/* --- curve ----------------------------------------------------------------------------------- */

typedef struct curve_settings {
    rn_index n_train;
    rn_index n_test;
    double reach;
    int target;
    double noise;
    bool constant;
    rn_index seed;
} curve_settings;

enum { BUMP, WAVE };
static const char *const targets[] = {"bump", "wave", NULL};

static const rni_option curve_options[] = {
    {.key = "n_train",
     RNI_FIELD(curve_settings, n_train),
     .range = RNI_BETWEEN(1, 1e9),
     .initial = "200",
     .help = "training samples, even in [-reach, reach]"},
    {.key = "n_test",
     RNI_FIELD(curve_settings, n_test),
     .range = RNI_BETWEEN(0, 1e9),
     .initial = "100",
     .help = "held-out samples, even in the same range"},
    {.key = "reach",
     RNI_FIELD(curve_settings, reach),
     .range = RNI_ABOVE(0),
     .initial = "3.0",
     .help = "inputs lie in [-reach, reach]"},
    {.key = "target",
     RNI_FIELD(curve_settings, target),
     .choices = targets,
     .initial = "bump",
     .help = "bump: exp(-x^2); wave: sin(1.5 x) + 0.3 x^2 - 0.5"},
    {.key = "noise",
     RNI_FIELD(curve_settings, noise),
     .range = RNI_AT_LEAST(0),
     .initial = "0.0",
     .help = "standard deviation of Gaussian noise on the training targets"},
    {.key = "constant",
     RNI_FIELD(curve_settings, constant),
     .initial = "false",
     .help = "a second input of 1, for networks without biases"},
    {.key = "seed",
     RNI_FIELD(curve_settings, seed),
     .range = RNI_AT_LEAST(-1),
     .initial = "-1",
     .help = "seed of the noise; -1: the run's seed"},
};
static const rni_option_table curve_table =
    RNI_TABLE("curve", "a bump or a wave over one number", curve_options, curve_settings);

static double curve_at(int target, double x)
{
    return target == BUMP ? exp(-x * x) : sin(1.5 * x) + 0.3 * x * x - 0.5;
}

/* Sample i of n: the middle of the i-th of n equal parts. */
static void set_point(const curve_settings *chosen, rn_index i, rn_index n, double noise,
                      double *inputs, double *target)
{
    const double x = chosen->reach * ((2.0 * (double)i + 1.0) / (double)n - 1.0);
    inputs[0] = x;
    if (chosen->constant) inputs[1] = 1.0;
    *target = curve_at(chosen->target, x) + noise;
}

static rn_status load_curve(const void *settings, uint64_t seed, rn_data *data)
{
    const curve_settings *chosen = settings;
    const rn_index size = chosen->constant ? 2 : 1;
    const rni_stream stream = {.seed = rni_data_seed(chosen->seed, seed),
                               .purpose = RNI_RNG_LABEL_NOISE,
                               .part = RN_DATA_TRAIN};
    RNI_TRY(rni_data_reserve(data, chosen->n_train, chosen->n_test, 1, &size, 1, false));
    for (rn_index i = 0; i < data->n_train; i++)
        set_point(chosen, i, data->n_train, chosen->noise * rni_rng_normal(stream, (uint64_t)i),
                  data->inputs + i * size, data->targets + i);
    for (rn_index i = 0; i < data->n_held_out; i++)
        set_point(chosen, i, data->n_held_out, 0.0, data->inputs + (data->n_train + i) * size,
                  data->targets + data->n_train + i);
    return RN_OK;
}

const rni_data_source rni_source_curve = {&curve_table, load_curve};

/* --- one hot --------------------------------------------------------------------------------- */

typedef struct one_hot_settings {
    rn_index classes;
    rn_index per_class;
} one_hot_settings;

static const rni_option one_hot_options[] = {
    {.key = "classes",
     RNI_FIELD(one_hot_settings, classes),
     .range = RNI_BETWEEN(2, 4096),
     .initial = "5",
     .help = "classes"},
    {.key = "per_class",
     RNI_FIELD(one_hot_settings, per_class),
     .range = RNI_BETWEEN(1, 65536),
     .initial = "20",
     .help = "samples of each; nothing is held out"},
};
static const rni_option_table one_hot_table =
    RNI_TABLE("one_hot",
              "balanced classes whose sample i is the axis i: a linear first layer then is a free "
              "feature for each sample",
              one_hot_options, one_hot_settings);

static rn_status load_one_hot(const void *settings, uint64_t seed, rn_data *data)
{
    const one_hot_settings *chosen = settings;
    const rn_index c = chosen->classes;
    const rn_index n = c * chosen->per_class;
    (void)seed;
    RNI_TRY(rni_data_reserve(data, n, 0, 1, &n, c, true));
    for (rn_index i = 0; i < n * n; i++)
        data->inputs[i] = i % (n + 1) == 0 ? 1.0 : 0.0;
    for (rn_index i = 0; i < n; i++) {
        data->labels[i] = i / chosen->per_class;
        for (rn_index k = 0; k < c; k++)
            data->targets[i * c + k] = k == data->labels[i] ? 1.0 : 0.0;
    }
    return RN_OK;
}

const rni_data_source rni_source_one_hot = {&one_hot_table, load_one_hot};
