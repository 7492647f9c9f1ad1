#include "sample_schema.h"

static const rni_option top_options[] = {
    {.key = "seed",
     RNI_FIELD(sample_top, seed),
     .range = RNI_AT_LEAST(0),
     .initial = "1",
     .help = "seed of all random streams"},
    {.key = "note", RNI_FIELD(sample_top, note), .initial = "", .help = "free text"},
};

static const rni_option grid_options[] = {
    {.key = "step",
     RNI_FIELD(sample_grid, step),
     .range = RNI_ABOVE(0),
     .initial = "0.5",
     .unit = "nat",
     .help = "width of a shell"},
    {.key = "floor",
     RNI_FIELD(sample_grid, floor),
     .initial = "-30",
     .unit = "nat",
     .help = "lowest boundary"},
    {.key = "marks",
     RNI_FIELD(sample_grid, marks),
     .range = RNI_AT_LEAST(0),
     .initial = "[]",
     .help = "times of extra measurements"},
};

static rn_status check_grid(const void *settings)
{
    const sample_grid *grid = settings;
    if (grid->floor < grid->step) return RN_OK;
    return rni_fail(RN_ERR_CONFIG, "found floor >= step, expected floor < step");
}

static const char *const activations[] = {"tanh", "relu", NULL};

static const rni_option mlp_options[] = {
    {.key = "depth",
     RNI_FIELD(sample_mlp, depth),
     .range = RNI_BETWEEN(1, 1000),
     .initial = "8",
     .help = "hidden layers"},
    {.key = "gain",
     RNI_FIELD(sample_mlp, gain),
     .range = RNI_ABOVE(0),
     .initial = "1.5",
     .help = "scale of a layer"},
    {.key = "activation",
     RNI_FIELD(sample_mlp, activation),
     .choices = activations,
     .initial = "tanh",
     .help = "nonlinearity"},
    {.key = "tied", RNI_FIELD(sample_mlp, is_tied), .initial = "false", .help = "share weights"},
};

static const rni_option linear_options[] = {
    {.key = "scale", RNI_FIELD(sample_linear, scale), .initial = "1", .help = "of the output"},
};

static const rni_option file_options[] = {
    {.key = "path", RNI_FIELD(sample_file, path), .is_path = true, .help = "file to read"},
    {.key = "n_train",
     RNI_FIELD(sample_file, n_train),
     .range = RNI_AT_LEAST(1),
     .initial = "128",
     .help = "training samples"},
};

static const rni_option_table top_table =
    RNI_TABLE("top", "keys at the top", top_options, sample_top);
static const rni_option_table grid_table = {.name = "grid",
                                            .help = "shell boundaries",
                                            .options = grid_options,
                                            .n_options = 3,
                                            .size = sizeof(sample_grid),
                                            .check = check_grid};
static const rni_option_table mlp_table =
    RNI_TABLE("residual_mlp", "residual network", mlp_options, sample_mlp);
static const rni_option_table linear_table =
    RNI_TABLE("linear", "linear map", linear_options, sample_linear);
static const rni_option_table file_table =
    RNI_TABLE("file", "samples of a file", file_options, sample_file);

static const rni_option_table *model_kinds(rn_index i)
{
    static const rni_option_table *const tables[] = {&mlp_table, &linear_table};
    return i < 2 ? tables[i] : NULL;
}

static const rni_option_table *data_kinds(rn_index i)
{
    return i == 0 ? &file_table : NULL;
}

static const rni_section sections[] = {
    {.name = "", .help = "the run", .table = &top_table},
    {.name = "grid", .help = "shell boundaries", .table = &grid_table},
    {.name = "model", .help = "the network", .kinds = model_kinds, .initial_kind = "residual_mlp"},
    {.name = "data", .help = "the samples", .kinds = data_kinds},
};

const rni_schema sample_schema = {sections, 4};
