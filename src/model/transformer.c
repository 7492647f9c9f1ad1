/*
 * Transformers over tokens or patches of images; formulas in renorm/model.h.
 */
#include <math.h>
#include <stdio.h>

#include "core/memory.h"
#include "core/size.h"
#include "model/attention.h"
#include "model/norm.h"

typedef struct transformer_settings {
    int tokens;
    rn_index vocabulary;
    rn_index patch;
    rn_index depth;
    rn_index width;
    rn_index heads;
    rn_index expansion;
    int activation;
    bool gated;
    int norm;
    int order;
    bool causal;
    int positions;
    bool tied;
    bool shared;
    int readout;
    double gain;
    double readout_gain;
    bool bias;
    int parametrisation;
} transformer_settings;

static const char *const token_words[] = {"symbols", "patches", NULL};
enum { SYMBOLS, PATCHES };
static const char *const norm_words[] = {"layer", "rms", "none", NULL};
static const rni_norm_kind norm_kinds[] = {RNI_NORM_LAST, RNI_NORM_RMS, RNI_NORM_NONE};
static const char *const order_words[] = {"pre", "post", NULL};
enum { PRE, POST };
static const char *const position_words[] = {"learned", "sinusoidal", "none", NULL};
enum { LEARNED, SINUSOIDAL };
static const char *const readout_words[] = {"last", "mean", "every", NULL};
enum { LAST, MEAN, EVERY };

#define EPSILON 1e-5 /* of the variance in norms: what most programs take */

static const rni_option options[] = {
    {.key = "tokens",
     RNI_FIELD(transformer_settings, tokens),
     .choices = token_words,
     .initial = "symbols",
     .help = "what a sample is: whole numbers, one per position, or an image cut into patches"},
    {.key = "vocabulary",
     RNI_FIELD(transformer_settings, vocabulary),
     .range = RNI_BETWEEN(0, 1e8),
     .initial = "0",
     .help = "number V of different symbols; 0: as many as outputs of one position"},
    {.key = "patch",
     RNI_FIELD(transformer_settings, patch),
     .range = RNI_BETWEEN(1, 100000),
     .initial = "7",
     .help = "rows and columns of a patch; divides height and width"},
    {.key = "depth",
     RNI_FIELD(transformer_settings, depth),
     .range = RNI_BETWEEN(1, 10000),
     .initial = "2",
     .help = "number L of blocks, attention and feed-forward net each"},
    {.key = "width",
     RNI_FIELD(transformer_settings, width),
     .range = RNI_BETWEEN(1, 100000),
     .initial = "32",
     .help = "numbers w of one position"},
    {.key = "heads",
     RNI_FIELD(transformer_settings, heads),
     .range = RNI_BETWEEN(1, 100000),
     .initial = "2",
     .help = "heads of attention; divides width"},
    {.key = "expansion",
     RNI_FIELD(transformer_settings, expansion),
     .range = RNI_BETWEEN(1, 1000),
     .initial = "4",
     .help = "units of the feed-forward net over width"},
    {.key = "activation",
     RNI_FIELD(transformer_settings, activation),
     .choices = rni_activations,
     .initial = "gelu",
     .help = "nonlinearity of the feed-forward net"},
    {.key = "gated",
     RNI_FIELD(transformer_settings, gated),
     .initial = "false",
     .help =
         "multiply its units by a second map of the input; with activation: silu this is swiglu"},
    {.key = "norm",
     RNI_FIELD(transformer_settings, norm),
     .choices = norm_words,
     .initial = "layer",
     .help = "normalisation of every position"},
    {.key = "order",
     RNI_FIELD(transformer_settings, order),
     .choices = order_words,
     .initial = "pre",
     .help = "norm in front of every branch (pre) or behind every sum (post)"},
    {.key = "causal",
     RNI_FIELD(transformer_settings, causal),
     .initial = "true",
     .help = "a position sees itself and earlier ones only"},
    {.key = "positions",
     RNI_FIELD(transformer_settings, positions),
     .choices = position_words,
     .initial = "learned",
     .help = "what tells positions apart: trainable, fixed sines and cosines, or nothing"},
    {.key = "tied",
     RNI_FIELD(transformer_settings, tied),
     .initial = "false",
     .help = "read out with the transposed embedding of the symbols"},
    {.key = "shared",
     RNI_FIELD(transformer_settings, shared),
     .initial = "false",
     .help = "all blocks use the same weights"},
    {.key = "readout",
     RNI_FIELD(transformer_settings, readout),
     .choices = readout_words,
     .initial = "last",
     .help = "answer from the last position, from the mean over positions, or one answer for every "
             "position"},
    {.key = "gain",
     RNI_FIELD(transformer_settings, gain),
     .range = RNI_AT_LEAST(0),
     .initial = "0",
     .help = "factor g of every branch; 0: 1/sqrt(2 L)"},
    {.key = "readout_gain",
     RNI_FIELD(transformer_settings, readout_gain),
     .range = RNI_ABOVE(0),
     .initial = "1",
     .help = "factor r of the readout"},
    {.key = "bias",
     RNI_FIELD(transformer_settings, bias),
     .initial = "false",
     .help = "add a trainable constant to every map, 0 at the start"},
    {.key = "parametrisation",
     RNI_FIELD(transformer_settings, parametrisation),
     .choices = rni_parametrisations,
     .initial = "ntk",
     .help = "factors 1/sqrt(fan-in) in the network (ntk) or in the initial weights (standard)"},
};

static rn_status check(const void *values)
{
    const transformer_settings *settings = values;
    if (settings->width % settings->heads != 0)
        return rni_fail(RN_ERR_CONFIG,
                        "found heads: %" PRId64 " and width: %" PRId64
                        ", expected heads that divide the width",
                        settings->heads, settings->width);
    if (settings->tied && settings->tokens != SYMBOLS)
        return rni_fail(RN_ERR_CONFIG, "found tied: true with tokens: patches, expected symbols: "
                                       "patches have no embedding to read out with");
    return RN_OK;
}

static const rni_option_table table = {
    .name = "transformer",
    .help = "attention and feed-forward blocks over symbols or patches of images",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .size = sizeof(transformer_settings),
    .check = check};

/* A network being built. */
typedef struct work {
    rn_model *model;
    const transformer_settings *settings;
    rn_index positions;  /* T */
    rn_index per_answer; /* outputs of one readout */
    rn_index vocabulary; /* V; 0 for patches */
    rn_node table;       /* E [V, w] or RN_NODE_NONE */
} work;

static rni_linear_map map_of(const work *k, const char *name, rn_index fan_in, rn_index fan_out,
                             double gain)
{
    return (rni_linear_map){.name = name,
                            .fan_in = fan_in,
                            .fan_out = fan_out,
                            .factor = gain / sqrt((double)fan_in),
                            .parametrisation = k->settings->parametrisation,
                            .has_bias = k->settings->bias};
}

/* ---- in front of the blocks ------------------------------------------------------------------ */

/* E[x], entries of E from N(0, 1) */
static rn_node embed_symbols(work *k, rn_node x)
{
    k->table = rni_model_weight(k->model, "embedding.weight",
                                RN_SHAPE(k->vocabulary, k->settings->width), 1.0);
    if (k->settings->tied) rni_model_share(k->model, 0);
    const rn_node embedded = rn_graph_gather(k->model->graph, k->table, x, 0);
    rn_graph_name(k->model->graph, embedded, "symbols below model.vocabulary");
    return embedded;
}

/* [N, rows, columns] or [N, channels, rows, columns] -> [N, patches, numbers of a patch]. */
static rn_node cut_patches(const work *k, rn_shape x, rn_index channels)
{
    rn_graph *graph = k->model->graph;
    const rn_index p = k->settings->patch;
    const rn_index rows = x.dims[x.rank - 2] / p;
    const rn_index columns = x.dims[x.rank - 1] / p;
    const rn_node apart = rn_graph_reshape(graph, k->model->input,
                                           RN_SHAPE(RN_SAMPLES, channels, rows, p, columns, p));
    const rn_node sorted = rn_graph_transpose(graph, apart, (const int[]){0, 2, 4, 1, 3, 5});
    return rn_graph_reshape(graph, sorted, RN_SHAPE(RN_SAMPLES, rows * columns, channels * p * p));
}

static rn_status embed_patches(work *k, rn_node *out)
{
    const rn_shape x = rn_graph_shape(k->model->graph, k->model->input);
    const rn_index p = k->settings->patch;
    if (x.rank < 3 || x.rank > 4 || x.dims[x.rank - 2] % p != 0 || x.dims[x.rank - 1] % p != 0)
        return rni_fail(RN_ERR_CONFIG,
                        "found patch: %" PRId64 " and samples of %d axes, expected images (height, "
                        "width; channels first where there are any) whose sides it divides",
                        p, x.rank - 1);
    const rn_index channels = x.rank == 4 ? x.dims[1] : 1;
    k->positions = x.dims[x.rank - 2] / p * (x.dims[x.rank - 1] / p);
    const rni_linear_map map = map_of(k, "patches", channels * p * p, k->settings->width, 1.0);
    *out = rni_layer_map(k->model, &map, cut_patches(k, x, channels));
    return RN_OK;
}

/* sin and cos of t / 10000^(2i/w), in turn: Vaswani et al. 2017 */
static rn_node sinusoids(const work *k)
{
    const rn_index width = k->settings->width;
    double *values = rni_alloc(k->positions * width, sizeof *values);
    if (!values) {
        k->model->is_short = true;
        return RN_NODE_NONE;
    }
    for (rn_index t = 0; t < k->positions; t++)
        for (rn_index i = 0; i < width; i++) {
            const double pair = (double)(i - i % 2);
            const double angle = (double)t * pow(10000.0, -pair / (double)width);
            values[t * width + i] = i % 2 == 0 ? sin(angle) : cos(angle);
        }
    const rn_node constant =
        rn_graph_constant(k->model->graph, RN_SHAPE(k->positions, width), values);
    rni_free(values);
    return constant;
}

/* s(2) (embedding + positions) */
static rn_node add_positions(const work *k, rn_node h)
{
    rn_graph *graph = k->model->graph;
    const int kind = k->settings->positions;
    if (kind != LEARNED && kind != SINUSOIDAL) return h;
    const rn_node p = kind == LEARNED
                          ? rni_model_weight(k->model, "positions.weight",
                                             RN_SHAPE(k->positions, k->settings->width), 1.0)
                          : sinusoids(k);
    return rn_graph_scale(graph, rn_graph_add(graph, h, p), sqrt(0.5));
}

/* ---- blocks ---------------------------------------------------------------------------------- */

/* The parameters of one block. */
typedef struct block {
    rni_norm norm1;
    rni_attention attention;
    rni_norm norm2;
    rni_linear up;
    rni_linear gate;
    rni_linear down;
} block;

static rni_norm make_norm(const work *k, const char *name)
{
    const rni_norm_map map = {.name = name,
                              .kind = norm_kinds[k->settings->norm],
                              .width = k->settings->width,
                              .epsilon = EPSILON};
    return rni_norm_make(k->model, &map);
}

static rni_linear make_linear(const work *k, const char *name, rn_index fan_in, rn_index fan_out,
                              double gain)
{
    const rni_linear_map map = map_of(k, name, fan_in, fan_out, gain);
    return rni_layer_linear(k->model, &map);
}

static block make_block(const work *k, const char *name)
{
    const transformer_settings *s = k->settings;
    const double gain = s->gain > 0.0 ? s->gain : 1.0 / sqrt(2.0 * (double)s->depth);
    const rn_index units = s->expansion * s->width;
    char part[RNI_NAME_SIZE];
    block b = {.norm1 = make_norm(k, rni_layer_name(name, "norm1", part))};
    const rni_attention_map map = {.name = name,
                                   .positions = k->positions,
                                   .width = s->width,
                                   .heads = s->heads,
                                   .is_causal = s->causal,
                                   .gain = gain,
                                   .has_bias = s->bias,
                                   .parametrisation = s->parametrisation};
    b.attention = rni_attention_make(k->model, &map);
    b.norm2 = make_norm(k, rni_layer_name(name, "norm2", part));
    b.up = make_linear(k, rni_layer_name(name, "up", part), s->width, units, 1.0);
    if (s->gated) b.gate = make_linear(k, rni_layer_name(name, "gate", part), s->width, units, 1.0);
    b.down = make_linear(k, rni_layer_name(name, "down", part), units, s->width, gain);
    return b;
}

static rn_node feed_forward(const work *k, const block *b, rn_node x)
{
    rn_graph *graph = k->model->graph;
    const rn_node up = rni_layer_apply(k->model, &b->up, x);
    if (!k->settings->gated)
        return rni_layer_apply(k->model, &b->down,
                               rni_layer_activate(graph, k->settings->activation, up));
    const rn_node gate = rni_layer_apply(k->model, &b->gate, x);
    const rn_node units =
        rn_graph_multiply(graph, rni_layer_activate(graph, k->settings->activation, gate), up);
    return rni_layer_apply(k->model, &b->down, units);
}

static rn_node apply_block(const work *k, const block *b, rn_node h)
{
    rn_model *model = k->model;
    rn_graph *graph = model->graph;
    if (k->settings->order == POST) {
        h = rn_graph_add(graph, h, rni_attention_apply(model, &b->attention, h));
        h = rni_norm_apply(model, &b->norm1, h);
        h = rn_graph_add(graph, h, feed_forward(k, b, h));
        return rni_norm_apply(model, &b->norm2, h);
    }
    const rn_node seen = rni_norm_apply(model, &b->norm1, h);
    h = rn_graph_add(graph, h, rni_attention_apply(model, &b->attention, seen));
    return rn_graph_add(graph, h, feed_forward(k, b, rni_norm_apply(model, &b->norm2, h)));
}

/* Declares h a boundary, as a row, and returns it from behind. */
static rn_node bound(const work *k, rn_node h)
{
    rn_graph *graph = k->model->graph;
    const rn_index width = k->settings->width;
    const rn_node row = rn_graph_reshape(graph, h, RN_SHAPE(RN_SAMPLES, k->positions * width));
    rni_model_boundary(k->model, row);
    return rn_graph_reshape(graph, row, RN_SHAPE(RN_SAMPLES, k->positions, width));
}

static rn_node apply_blocks(const work *k, rn_node h)
{
    const transformer_settings *s = k->settings;
    char name[32] = "block";
    block b = {0};
    h = bound(k, h);
    const rn_index first = k->model->n_std;
    for (rn_index l = 1; l <= s->depth; l++) {
        if (!s->shared) (void)snprintf(name, sizeof name, "block%" PRId64, l);
        if (!s->shared || l == 1) b = make_block(k, name);
        h = bound(k, apply_block(k, &b, h));
    }
    if (s->shared) rni_model_share(k->model, first);
    return h;
}

/* ---- behind the blocks ----------------------------------------------------------------------- */

static rn_node read_out(const work *k, rn_node h)
{
    const transformer_settings *s = k->settings;
    rn_graph *graph = k->model->graph;
    if (s->order == PRE) {
        const rni_norm norm = make_norm(k, "norm");
        h = rni_norm_apply(k->model, &norm, h);
    }
    if (s->readout == LAST)
        h = rn_graph_reshape(graph, rn_graph_slice(graph, h, 1, k->positions - 1, 1, 1),
                             RN_SHAPE(RN_SAMPLES, s->width));
    if (s->readout == MEAN)
        h = rn_graph_scale(graph, rn_graph_sum(graph, h, 1u << 1, 0), 1.0 / (double)k->positions);
    const rni_linear_map map = map_of(k, "readout", s->width, k->per_answer, s->readout_gain);
    const rn_node f =
        s->tied ? rn_graph_scale(graph, rn_graph_matmul_ops(graph, h, 0, k->table, 1), map.factor)
                : rni_layer_map(k->model, &map, h);
    return rn_graph_reshape(graph, f, RN_SHAPE(RN_SAMPLES, k->model->n_outputs));
}

/* Outputs of one answer, and the number of symbols. */
static rn_status count_outputs(work *k)
{
    const transformer_settings *s = k->settings;
    const rn_index n_outputs = k->model->n_outputs;
    const rn_index n_answers = s->readout == EVERY ? k->positions : 1;
    if (n_outputs % n_answers != 0)
        return rni_fail(RN_ERR_CONFIG,
                        "found readout: every with %" PRId64 " outputs and %" PRId64
                        " positions, expected as many outputs for every position",
                        n_outputs, k->positions);
    k->per_answer = n_outputs / n_answers;
    k->vocabulary = s->vocabulary > 0 ? s->vocabulary : k->per_answer;
    if (s->tied && k->vocabulary != k->per_answer)
        return rni_fail(RN_ERR_CONFIG,
                        "found tied: true with %" PRId64 " symbols and %" PRId64
                        " outputs of a position, expected as many",
                        k->vocabulary, k->per_answer);
    return RN_OK;
}

/* Scores [T, T] and states [T, w] must have addresses. */
static rn_status check_positions(const work *k)
{
    rn_index size = 0;
    if (rni_size_mul(k->positions, rni_max(k->positions, k->settings->width), &size)
        && rni_size_ok(size))
        return RN_OK;
    return rni_fail(RN_ERR_CONFIG,
                    "found %" PRId64 " positions, expected fewer: scores between all of them are "
                    "too many to address",
                    k->positions);
}

static rn_status build(rn_model *model, const void *values, rn_node x, rn_node *output)
{
    work k = {.model = model, .settings = values, .positions = model->n_features};
    k.table = RN_NODE_NONE;
    rn_node h = RN_NODE_NONE;
    if (k.settings->tokens == PATCHES) RNI_TRY(embed_patches(&k, &h));
    RNI_TRY(check_positions(&k));
    RNI_TRY(count_outputs(&k));
    if (k.settings->tokens == SYMBOLS) h = embed_symbols(&k, x);
    h = apply_blocks(&k, add_positions(&k, h));
    *output = read_out(&k, h);
    return RN_OK;
}

const rni_model_kind rni_model_transformer = {.options = &table, .build = build};
