/*
 * The sections of a configuration. Axes bring their own tables; what belongs to no axis stands
 * here.
 */
#include "run/sections.h"

#include "data/source.h"
#include "loss/loss.h"
#include "model/model.h"
#include "run/measure.h"
#include "sampler/sampler.h"
#include "train/dynamics.h"

static const rni_option run_options[] = {
    {.key = "seed",
     RNI_FIELD(rni_run_settings, seed),
     .range = RNI_AT_LEAST(0),
     .initial = "1",
     .help = "seed of every random number: weights, samples, choices"},
    {.key = "steps",
     RNI_FIELD(rni_run_settings, steps),
     .range = RNI_BETWEEN(0, 1e9),
     .initial = "1000",
     .help = "training steps"},
    {.key = "threads",
     RNI_FIELD(rni_run_settings, threads),
     .range = RNI_BETWEEN(0, 256),
     .initial = "0",
     .help = "threads; 0: one per processor; training does not depend on it"},
};
static const rni_option_table run_table =
    RNI_TABLE("top", "keys at the top of the file", run_options, rni_run_settings);

static const rni_option output_options[] = {
    {.key = "record_every",
     RNI_FIELD(rni_output_settings, record_every),
     .range = RNI_AT_LEAST(0),
     .unit = "steps",
     .initial = "0",
     .help = "steps between rows of metrics.csv, each of which takes the gradient on all samples; "
             "0: as many as look at every sample once"},
    {.key = "held_out_every",
     RNI_FIELD(rni_output_settings, held_out_every),
     .range = RNI_AT_LEAST(0),
     .unit = "steps",
     .initial = "0",
     .help = "steps between evaluations on held-out samples; 0: at measurements only"},
    {.key = "checkpoint_every",
     RNI_FIELD(rni_output_settings, checkpoint_every),
     .range = RNI_AT_LEAST(0),
     .unit = "steps",
     .initial = "0",
     .help = "steps between places where a run can go on, beside all measurements; 0: fifty in a "
             "run"},
};
static const rni_option_table output_table =
    RNI_TABLE("output", "what is written down", output_options, rni_output_settings);

static const rni_section sections[] = {
    {.name = "", .help = "keys at the top of the file", .table = &run_table},
    {.name = "model", .help = "the network", .kinds = rni_model_options, .initial_kind = "mlp"},
    {.name = "data",
     .help = "the samples",
     .kinds = rni_data_options,
     .initial_kind = "fashion_mnist"},
    {.name = "loss",
     .help = "what is minimised",
     .kinds = rni_loss_options,
     .initial_kind = "squared_error"},
    {.name = "sampler",
     .help = "which training samples a step looks at",
     .kinds = rni_sampler_options,
     .initial_kind = "full"},
    {.name = "train",
     .help = "how the weights move",
     .kinds = rni_dynamics_options,
     .initial_kind = "gradient_descent"},
    {.name = "measure",
     .help = "what is measured, and when",
     .kinds = rni_measure_options,
     .initial_kind = "exact"},
    {.name = "output", .help = "what is written down", .table = &output_table},
};
static const rni_schema schema = {.sections = sections,
                                  .n_sections = (rn_index)(sizeof sections / sizeof sections[0])};

const rni_schema *rni_run_schema(void)
{
    return &schema;
}
