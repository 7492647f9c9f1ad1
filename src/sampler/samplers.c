/*
 * The kinds of samplers and how each draws a batch.
 */
#include "core/size.h"
#include "sampler/sampler.h"

/* No settings; C has no empty structs. */
typedef struct full_settings {
    int unused;
} full_settings;

static const rni_option options[] = {
    {.key = "batch_size",
     RNI_FIELD(rni_sampler_settings, batch_size),
     .range = RNI_AT_LEAST(1),
     .unit = "samples",
     .initial = "32",
     .help = "samples a step looks at"},
};

static const rni_option_table full_table = {
    .name = "full", .help = "every step looks at all samples", .size = sizeof(full_settings)};
static const rni_option_table replacement_table =
    RNI_TABLE("with_replacement", "independent draws; a sample may come twice in a batch", options,
              rni_sampler_settings);
static const rni_option_table distinct_table =
    RNI_TABLE("distinct", "different samples within a batch, batches independent of each other",
              options, rni_sampler_settings);
static const rni_option_table reshuffled_table =
    RNI_TABLE("reshuffled", "every epoch visits all samples once, in an order of its own", options,
              rni_sampler_settings);
static const rni_option_table fixed_table =
    RNI_TABLE("fixed_order", "every epoch visits all samples once, in the order of the data",
              options, rni_sampler_settings);

static rn_index draw_full(rn_batches *b, rn_index step, rn_index *indices)
{
    (void)step;
    for (rn_index i = 0; i < b->n_samples; i++)
        indices[i] = i;
    return b->n_samples;
}

/* Draw j of a step stands at index step * B + j of the stream. */
static uint64_t address(const rn_batches *b, rn_index step, rn_index j)
{
    return (uint64_t)step * (uint64_t)b->size + (uint64_t)j;
}

static rn_index draw_with_replacement(rn_batches *b, rn_index step, rn_index *indices)
{
    const rni_stream stream = {.seed = b->seed, .purpose = RNI_RNG_BATCH};
    const uint64_t n = (uint64_t)b->n_samples;
    for (rn_index j = 0; j < b->size; j++)
        indices[j] = (rn_index)rni_rng_below(stream, address(b, step, j), n);
    return b->size;
}

static void swap(rn_index *values, rn_index i, rn_index j)
{
    const rn_index moved = values[i];
    values[i] = values[j];
    values[j] = moved;
}

/* The first B swaps of a Fisher-Yates shuffle of 0 .. N-1, which are then undone: O(B), not O(N).
 */
static rn_index draw_distinct(rn_batches *b, rn_index step, rn_index *indices)
{
    const rni_stream stream = {.seed = b->seed, .purpose = RNI_RNG_BATCH};
    for (rn_index j = 0; j < b->size; j++) {
        const uint64_t n_left = (uint64_t)(b->n_samples - j);
        b->picks[j] = j + (rn_index)rni_rng_below(stream, address(b, step, j), n_left);
        swap(b->order, j, b->picks[j]);
    }
    for (rn_index j = 0; j < b->size; j++)
        indices[j] = b->order[j];
    for (rn_index j = b->size - 1; j >= 0; j--)
        swap(b->order, j, b->picks[j]);
    return b->size;
}

/* The part of an epoch's order, or of 0 .. N-1, that belongs to a step. */
static rn_index copy_part(const rn_batches *b, rn_index step, const rn_index *order,
                          rn_index *indices)
{
    const rn_index first = step % rn_batches_per_epoch(b) * b->size;
    const rn_index count = rni_min(b->size, b->n_samples - first);
    for (rn_index j = 0; j < count; j++)
        indices[j] = order ? order[first + j] : first + j;
    return count;
}

static rn_index draw_reshuffled(rn_batches *b, rn_index step, rn_index *indices)
{
    const rn_index epoch = step / rn_batches_per_epoch(b);
    if (epoch != b->epoch) {
        /* parts have 32 bits; later epochs, should anyone come so far, draw under another key */
        const rni_stream stream = {.seed = b->seed + ((uint64_t)epoch >> 32),
                                   .purpose = RNI_RNG_BATCH,
                                   .part = (uint32_t)((uint64_t)epoch & UINT32_MAX)};
        rni_rng_permutation(stream, b->n_samples, b->order);
        b->epoch = epoch;
    }
    return copy_part(b, step, b->order, indices);
}

static rn_index draw_in_order(rn_batches *b, rn_index step, rn_index *indices)
{
    return copy_part(b, step, NULL, indices);
}

static const rni_sampler_kind full = {.options = &full_table, .is_full = true, .draw = draw_full};
static const rni_sampler_kind with_replacement = {
    .options = &replacement_table, .may_repeat = true, .draw = draw_with_replacement};
static const rni_sampler_kind distinct = {
    .options = &distinct_table, .has_order = true, .draw = draw_distinct};
static const rni_sampler_kind reshuffled = {
    .options = &reshuffled_table, .has_order = true, .has_epochs = true, .draw = draw_reshuffled};
static const rni_sampler_kind fixed_order = {
    .options = &fixed_table, .has_epochs = true, .draw = draw_in_order};

/* Order is the order in help and manual. */
const rni_sampler_kind *const rni_samplers[] = {
    &full, &reshuffled, &distinct, &with_replacement, &fixed_order, NULL,
};

const rni_option_table *rni_sampler_options(rn_index i)
{
    const rn_index n = (rn_index)(sizeof rni_samplers / sizeof rni_samplers[0]) - 1;
    return i >= 0 && i < n ? rni_samplers[i]->options : NULL;
}
