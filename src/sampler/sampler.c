/*
 * Choosing a sampler, and the batches it draws.
 */
#include "sampler/sampler.h"

#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"

static const rni_section section = {
    .name = "sampler", .help = "which samples a step looks at", .kinds = rni_sampler_options};
static const rni_schema schema = {&section, 1};

const char *rn_sampler_kind(rn_index i)
{
    const rni_option_table *options = rni_sampler_options(i);
    return options ? options->name : NULL;
}

/* Takes the choice over on success. */
static rn_status make(rni_choice choice, rn_sampler **out)
{
    const rni_sampler_kind *kind = NULL;
    for (rn_index i = 0; rni_samplers[i]; i++)
        if (rni_samplers[i]->options == choice.table) kind = rni_samplers[i];
    if (!kind || !choice.settings || !out)
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_sampler_create: not the options of a sampler, or NULL");
    rn_sampler *sampler = rni_alloc(1, sizeof *sampler);
    if (!sampler) return rni_fail(RN_ERR_MEMORY, "rn_sampler_create: no memory");
    *sampler = (rn_sampler){.kind = kind, .choice = choice};
    *out = sampler;
    return RN_OK;
}

rn_status rni_sampler_wrap(const rni_option_table *options, const void *settings, rn_sampler **out)
{
    return make((rni_choice){.table = options, .settings = settings}, out);
}

rn_status rn_sampler_create(const char *kind, const rn_setting *settings, rn_index n_settings,
                            rn_sampler **out)
{
    rni_choice choice = {0};
    RNI_TRY(rni_choice_make(&schema, "rn_sampler_create", kind, settings, n_settings, &choice));
    const rn_status status = make(choice, out);
    if (status < 0) rni_choice_clear(&choice);
    return status;
}

void rn_sampler_destroy(rn_sampler *sampler)
{
    if (!sampler) return;
    rni_choice_clear(&sampler->choice);
    rni_free(sampler);
}

static rn_status reserve(rn_batches *b)
{
    if (!b->kind->has_order) return RN_OK;
    b->order = rni_alloc(b->n_samples, sizeof *b->order);
    b->picks = rni_alloc(b->size, sizeof *b->picks);
    if (!b->order || !b->picks)
        return rni_fail(RN_ERR_MEMORY,
                        "rn_batches_create: no memory for the order of %" PRId64 " samples",
                        b->n_samples);
    for (rn_index i = 0; i < b->n_samples; i++)
        b->order[i] = i;
    return RN_OK;
}

rn_status rn_batches_create(const rn_sampler *sampler, rn_index n_samples, uint64_t seed,
                            rn_batches **out)
{
    if (!out || !rni_size_ok(n_samples))
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_batches_create: found %" PRId64 " samples, expected 1 to 2^48, or out "
                        "is NULL",
                        n_samples);
    const rni_sampler_kind *kind = sampler ? sampler->kind : rni_samplers[0];
    const rni_sampler_settings *settings =
        sampler && !kind->is_full ? sampler->choice.settings : NULL;
    const rn_index size = settings ? settings->batch_size : n_samples;
    if (size > n_samples && !kind->may_repeat)
        return rni_fail(RN_ERR_CONFIG,
                        "sampler.batch_size: found %" PRId64 ", expected at most the %" PRId64
                        " samples there are",
                        size, n_samples);
    if (!rni_size_ok(size))
        return rni_fail(RN_ERR_CONFIG, "sampler.batch_size: found %" PRId64 ", expected 1 to 2^48",
                        size);
    rn_batches *b = rni_alloc(1, sizeof *b);
    if (!b) return rni_fail(RN_ERR_MEMORY, "rn_batches_create: no memory");
    *b =
        (rn_batches){.kind = kind, .n_samples = n_samples, .size = size, .seed = seed, .epoch = -1};
    const rn_status status = reserve(b);
    if (status < 0) {
        rn_batches_destroy(b);
        return status;
    }
    *out = b;
    return RN_OK;
}

void rn_batches_destroy(rn_batches *batches)
{
    if (!batches) return;
    rni_free(batches->order);
    rni_free(batches->picks);
    rni_free(batches);
}

int rn_batches_are_full(const rn_batches *batches)
{
    return batches->kind->is_full;
}

rn_index rn_batches_largest(const rn_batches *batches)
{
    return batches->size;
}

rn_index rn_batches_per_epoch(const rn_batches *batches)
{
    return rni_ceil_div(batches->n_samples, batches->size);
}

rn_index rni_batches_rest(const rn_batches *batches)
{
    return batches->kind->has_epochs ? batches->n_samples % batches->size : 0;
}

void rni_batches_reseed(rn_batches *batches, uint64_t seed)
{
    if (batches->kind->has_epochs && seed != batches->seed) batches->epoch = -1;
    batches->seed = seed;
}

rn_status rn_batches_draw(rn_batches *batches, rn_index step, rn_index *indices, rn_index *count)
{
    if (!batches || step < 0 || !indices || !count)
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_batches_draw: a NULL argument, or step %" PRId64 ", expected >= 0",
                        step);
    *count = batches->kind->draw(batches, step, indices);
    return RN_OK;
}
