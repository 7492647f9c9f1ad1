/*
 * The table of data sources, and the life of a data set.
 */
#include "data/source.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"

const rni_data_source *const rni_data_sources[] = {
    &rni_source_fashion_mnist,
    &rni_source_cifar,
    &rni_source_text,
    &rni_source_modular,
    &rni_source_idx,
    &rni_source_npy,
    &rni_source_npz,
    &rni_source_csv,
    &rni_source_sphere,
    &rni_source_power_law,
    &rni_source_curve,
    &rni_source_one_hot,
    NULL,
};

/* --- the table ------------------------------------------------------------------------------- */

rn_index rn_data_source_count(void)
{
    return (rn_index)(sizeof rni_data_sources / sizeof rni_data_sources[0]) - 1;
}

const rni_option_table *rni_data_options(rn_index i)
{
    return i >= 0 && i < rn_data_source_count() ? rni_data_sources[i]->options : NULL;
}

const char *rn_data_source_name(rn_index i)
{
    const rni_option_table *options = rni_data_options(i);
    return options ? options->name : NULL;
}

/* --- making ---------------------------------------------------------------------------------- */

uint64_t rni_data_seed(rn_index own, uint64_t seed)
{
    return own < 0 ? seed : (uint64_t)own;
}

rn_status rni_data_reserve(rn_data *data, rn_index n_train, rn_index n_held_out, int rank,
                           const rn_index *shape, rn_index target_size, bool has_labels)
{
    rn_index input_size = 1;
    rn_index n_samples = 0;
    rn_index n_inputs = 0;
    rn_index n_targets = 0;
    bool is_sound = rank >= 1 && rank <= RN_DATA_MAX_RANK && rni_size_ok(target_size)
                    && n_train >= 1 && rni_size_add(n_train, n_held_out, &n_samples);
    for (int axis = 0; is_sound && axis < rank; axis++)
        is_sound = rni_size_ok(shape[axis]) && rni_size_mul(input_size, shape[axis], &input_size);
    if (!is_sound || !rni_size_mul(n_samples, input_size, &n_inputs)
        || !rni_size_mul(n_samples, target_size, &n_targets))
        return rni_fail(RN_ERR_SHAPE,
                        "data: found %d axes, %" PRId64 " + %" PRId64 " samples and %" PRId64
                        " targets, expected 1 to %d axes, at least one sample and target, and "
                        "sizes that fit 64 bits",
                        rank, n_train, n_held_out, target_size, RN_DATA_MAX_RANK);
    data->rank = rank;
    memcpy(data->shape, shape, (size_t)rank * sizeof *shape);
    data->input_size = input_size;
    data->target_size = target_size;
    data->n_train = n_train;
    data->n_held_out = n_held_out;
    data->inputs = rni_alloc(n_inputs, sizeof *data->inputs);
    data->targets = rni_alloc(n_targets, sizeof *data->targets);
    if (has_labels) data->labels = rni_alloc(n_samples, sizeof *data->labels);
    if (data->inputs && data->targets && (data->labels || !has_labels)) return RN_OK;
    return rni_fail(RN_ERR_MEMORY,
                    "data: no memory for %" PRId64 " samples of %" PRId64 " inputs and %" PRId64
                    " targets; ask for fewer samples",
                    n_samples, input_size, target_size);
}

rn_status rni_data_load(const rni_option_table *options, const void *settings, uint64_t seed,
                        rn_data **out)
{
    const rni_data_source *source = NULL;
    for (rn_index i = 0; rni_data_sources[i]; i++)
        if (rni_data_sources[i]->options == options) source = rni_data_sources[i];
    if (!source) return rni_fail(RN_ERR_ARGUMENT, "rni_data_load: not the options of a source");
    rn_data *data = rni_alloc_zero(1, sizeof *data);
    if (!data) return rni_fail(RN_ERR_MEMORY, "data: no memory");
    data->name = options->name;
    const rn_status status = source->load(settings, seed, data);
    if (status < 0) {
        rn_data_destroy(data);
        return status;
    }
    *out = data;
    return RN_OK;
}

/* The option table of a source by name; NULL, with a message, if there is none. */
static const rni_option_table *find_source(const char *name)
{
    rni_nearest nearest = {.word = name};
    for (rn_index i = 0; rni_data_sources[i]; i++) {
        const rni_option_table *options = rni_data_sources[i]->options;
        rni_nearest_offer(&nearest, options->name);
        if (strcmp(options->name, name) == 0) return options;
    }
    (void)rni_fail(RN_ERR_ARGUMENT, "rn_data_create: found no source %s%s%s%s",
                   rni_quote(name, (rn_index)strlen(name)).chars,
                   nearest.best ? "; did you mean '" : "", nearest.best ? nearest.best : "",
                   nearest.best ? "'?" : "");
    return NULL;
}

rn_status rn_data_create(const char *source, const rn_setting *settings, rn_index n_settings,
                         uint64_t seed, rn_data **out)
{
    if (!source || !out || n_settings < 0 || (n_settings > 0 && !settings))
        return rni_fail(RN_ERR_ARGUMENT, "rn_data_create: an argument is NULL or negative");
    const rni_option_table *options = find_source(source);
    if (!options) return RN_ERR_ARGUMENT;
    void *values = rni_alloc((rn_index)options->size, 1);
    if (!values) return rni_fail(RN_ERR_MEMORY, "rn_data_create: no memory");
    rn_status status = rni_options_init(options, values);
    if (status == RN_OK) {
        status = rni_options_apply(options, values, settings, n_settings);
        if (status == RN_OK) status = rni_data_load(options, values, seed, out);
        rni_options_clear(options, values);
    }
    rni_free(values);
    return status;
}

/* --- arrays of the caller -------------------------------------------------------------------- */

static bool is_finite(const double *values, rn_index count)
{
    for (rn_index i = 0; i < count; i++)
        if (!isfinite(values[i])) return false;
    return true;
}

/* Copies one part to sample `first`. */
static rn_status copy_split(const rn_data_split *split, rn_index first, rn_data *data)
{
    const rn_index n_inputs = split->n_samples * data->input_size;
    const rn_index n_targets = split->n_samples * data->target_size;
    if (split->n_samples == 0) return RN_OK;
    if (!is_finite(split->inputs, n_inputs) || !is_finite(split->targets, n_targets))
        return rni_fail(RN_ERR_NONFINITE, "rn_data_wrap: found NaN or infinity in the arrays");
    memcpy(data->inputs + first * data->input_size, split->inputs,
           (size_t)n_inputs * sizeof(double));
    memcpy(data->targets + first * data->target_size, split->targets,
           (size_t)n_targets * sizeof(double));
    for (rn_index i = 0; data->labels && split->labels && i < split->n_samples; i++) {
        if (split->labels[i] < 0 || split->labels[i] >= data->target_size)
            return rni_fail(RN_ERR_ARGUMENT,
                            "rn_data_wrap: found label %" PRId64 " of sample %" PRId64
                            ", expected 0 to %" PRId64,
                            split->labels[i], i, data->target_size - 1);
        data->labels[first + i] = split->labels[i];
    }
    return RN_OK;
}

rn_status rn_data_wrap(const rn_data_desc *desc, rn_data **out)
{
    if (!desc || !out || !desc->shape || !desc->train.inputs || !desc->train.targets)
        return rni_fail(RN_ERR_ARGUMENT, "rn_data_wrap: an argument is NULL");
    const rn_data_split *held_out = &desc->held_out;
    const bool has_labels = desc->train.labels != NULL;
    if (held_out->n_samples < 0
        || (held_out->n_samples > 0
            && (!held_out->inputs || !held_out->targets || (has_labels && !held_out->labels))))
        return rni_fail(RN_ERR_ARGUMENT, "rn_data_wrap: held-out samples without their arrays");
    rn_data *data = rni_alloc_zero(1, sizeof *data);
    if (!data) return rni_fail(RN_ERR_MEMORY, "rn_data_wrap: no memory");
    data->name = "arrays";
    rn_status status = rni_data_reserve(data, desc->train.n_samples, held_out->n_samples,
                                        desc->rank, desc->shape, desc->target_size, has_labels);
    if (status == RN_OK) status = copy_split(&desc->train, 0, data);
    if (status == RN_OK) status = copy_split(held_out, data->n_train, data);
    if (status < 0) {
        rn_data_destroy(data);
        return status;
    }
    *out = data;
    return RN_OK;
}

/* --- reading --------------------------------------------------------------------------------- */

void rn_data_destroy(rn_data *data)
{
    if (!data) return;
    rni_free(data->inputs);
    rni_free(data->targets);
    rni_free(data->labels);
    rni_free(data->scaling);
    rni_free(data);
}

rn_data_split rn_data_get(const rn_data *data, rn_data_part part)
{
    const rn_index first = part == RN_DATA_TRAIN ? 0 : data->n_train;
    return (rn_data_split){
        .n_samples = part == RN_DATA_TRAIN ? data->n_train : data->n_held_out,
        .inputs = data->inputs + first * data->input_size,
        .targets = data->targets + first * data->target_size,
        .labels = data->labels ? data->labels + first : NULL,
    };
}

int rn_data_rank(const rn_data *data)
{
    return data->rank;
}

const rn_index *rn_data_shape(const rn_data *data)
{
    return data->shape;
}

rn_index rn_data_input_size(const rn_data *data)
{
    return data->input_size;
}

rn_index rn_data_target_size(const rn_data *data)
{
    return data->target_size;
}

const char *rn_data_name(const rn_data *data)
{
    return data->name;
}

const char *rn_data_class_name(const rn_data *data, rn_index label)
{
    if (!data->class_names || label < 0 || label >= data->target_size) return NULL;
    return data->class_names[label];
}

rn_data_scaling rn_data_get_scaling(const rn_data *data)
{
    return (rn_data_scaling){
        .count = data->n_scales,
        .mean = data->scaling,
        .scale = data->scaling ? data->scaling + data->n_scales : NULL,
    };
}
