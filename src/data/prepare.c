/*
 * Choice of rows, labels to targets, scaling of inputs.
 */
#include "data/prepare.h"

#include <float.h>
#include <math.h>

#include "core/memory.h"
#include "core/rng.h"
#include "core/size.h"
#include "core/status.h"

const char *const rni_choice_words[] = {"random", "first", NULL};
const char *const rni_scaling_words[] = {"none", "standard", "feature", "unit_norm", NULL};

/* --- rows ------------------------------------------------------------------------------------ */

rn_status rni_prepare_count(const rni_prepare *prepare, const char *name, rn_index n_rows,
                            rn_index n_test_rows, rn_index *n_train, rn_index *n_test)
{
    const bool has_own_test = n_test_rows >= 0;
    const rn_index n_shared = has_own_test ? 0 : prepare->n_test;
    if (has_own_test && prepare->n_test > n_test_rows)
        return rni_fail(RN_ERR_CONFIG,
                        "%s: found %" PRId64 " test samples, expected at least n_test = %" PRId64,
                        name, n_test_rows, prepare->n_test);
    const rn_index n_asked = rni_max(prepare->n_train, 1) + n_shared;
    if (n_asked > n_rows)
        return rni_fail(RN_ERR_CONFIG,
                        "%s: found %" PRId64 " samples, expected at least %" PRId64
                        " (n_train%s); ask for fewer",
                        name, n_rows, n_asked, has_own_test ? "" : " + n_test");
    *n_train = prepare->n_train > 0 ? prepare->n_train : n_rows - n_shared;
    *n_test = prepare->n_test;
    return RN_OK;
}

rn_status rni_prepare_choose(const rni_prepare *prepare, uint64_t seed, rn_data_part part,
                             rn_index n_rows, rn_index n_chosen, rn_index first_slot,
                             rn_index *slots)
{
    for (rn_index row = 0; row < n_rows; row++)
        slots[row] = row < n_chosen ? first_slot + row : -1;
    if (prepare->choice == RNI_CHOICE_FIRST) return RN_OK;

    rn_index *order = rni_alloc(n_rows, sizeof *order);
    if (!order)
        return rni_fail(RN_ERR_MEMORY, "data: no memory to choose from %" PRId64 " rows", n_rows);
    const rni_stream stream = {.seed = rni_data_seed(prepare->seed, seed),
                               .purpose = RNI_RNG_CHOICE,
                               .part = (uint32_t)part};
    rni_rng_permutation(stream, n_rows, order);
    for (rn_index k = 0; k < n_rows; k++)
        slots[order[k]] = k < n_chosen ? first_slot + k : -1;
    rni_free(order);
    return RN_OK;
}

/* --- labels ---------------------------------------------------------------------------------- */

rn_status rni_prepare_check_labels(const char *name, rn_index n_rows, const double *raw,
                                   rn_index *n_classes)
{
    double most = -1.0;
    for (rn_index row = 0; row < n_rows; row++) {
        const bool is_class = raw[row] >= 0.0 && raw[row] < (double)RNI_MAX_CLASSES
                              && (double)(rn_index)raw[row] >= raw[row];
        if (!is_class)
            return rni_fail(RN_ERR_FORMAT,
                            "%s: found label %g in row %" PRId64
                            " (from 0), expected an integer from 0 to %d",
                            name, raw[row], row, RNI_MAX_CLASSES - 1);
        most = fmax(most, raw[row]);
    }
    *n_classes = rni_max(*n_classes, (rn_index)most + 1);
    return RN_OK;
}

void rni_prepare_one_hot(const rni_prepare *prepare, rn_data *data)
{
    const rn_index n_classes = data->target_size;
    const double off = prepare->is_centred ? -1.0 / (double)n_classes : 0.0;
    for (rn_index i = 0; i < data->n_train + data->n_held_out; i++)
        for (rn_index c = 0; c < n_classes; c++)
            data->targets[i * n_classes + c] = off + (data->labels[i] == c ? 1.0 : 0.0);
}

/* --- inputs ---------------------------------------------------------------------------------- */

/* Mean and population deviation of `count` numbers, `stride` apart; two passes. */
static void moments(rn_index count, rn_index stride, const double *values, double *mean,
                    double *deviation)
{
    double sum = 0.0;
    for (rn_index i = 0; i < count; i++)
        sum += values[i * stride];
    *mean = sum / (double)count;
    double square = 0.0;
    for (rn_index i = 0; i < count; i++) {
        const double off = values[i * stride] - *mean;
        square += off * off;
    }
    *deviation = sqrt(square / (double)count);
}

/* A deviation at the rounding level of the mean: the numbers are all equal. */
static bool is_constant(double mean, double deviation, rn_index count)
{
    return deviation <= (double)count * DBL_EPSILON * fabs(mean);
}

/* scaling->n_scales pairs over the training samples, then applied to everything. */
static rn_status standardise(rn_index n_scales, rn_data *data)
{
    const rn_index d = data->input_size;
    const rn_index n_all = (data->n_train + data->n_held_out) * d;
    data->scaling = rni_alloc(2 * n_scales, sizeof *data->scaling);
    if (!data->scaling) return rni_fail(RN_ERR_MEMORY, "data: no memory for the scaling");
    data->n_scales = n_scales;
    double *mean = data->scaling;
    double *scale = data->scaling + n_scales;
    rn_index n_varying = 0;
    for (rn_index j = 0; j < n_scales; j++) {
        const rn_index count = n_scales == 1 ? data->n_train * d : data->n_train;
        moments(count, n_scales, data->inputs + j, &mean[j], &scale[j]);
        if (is_constant(mean[j], scale[j], count))
            scale[j] = 1.0;
        else
            n_varying++;
    }
    if (n_varying == 0)
        return rni_fail(RN_ERR_DOMAIN,
                        "data: found training inputs that do not vary, so no variance to scale "
                        "by; set scaling to none");
    for (rn_index i = 0; i < n_all; i++) {
        const rn_index j = i % n_scales;
        data->inputs[i] = (data->inputs[i] - mean[j]) / scale[j];
    }
    return RN_OK;
}

static rn_status normalise_rows(rn_data *data)
{
    const rn_index d = data->input_size;
    for (rn_index i = 0; i < data->n_train + data->n_held_out; i++) {
        double *row = data->inputs + i * d;
        double most = 0.0; /* divided out first, so that squares neither overflow nor vanish */
        for (rn_index j = 0; j < d; j++)
            most = fmax(most, fabs(row[j]));
        if (most <= 0.0)
            return rni_fail(RN_ERR_DOMAIN,
                            "data: found sample %" PRId64
                            " with only zeros, expected one with a norm; set scaling to none",
                            i);
        double square = 0.0;
        for (rn_index j = 0; j < d; j++)
            square += (row[j] / most) * (row[j] / most);
        for (rn_index j = 0; j < d; j++)
            row[j] = row[j] / most / sqrt(square);
    }
    return RN_OK;
}

static rn_status check_finite(const rn_data *data)
{
    for (rn_index i = 0; i < (data->n_train + data->n_held_out) * data->input_size; i++)
        if (!isfinite(data->inputs[i]))
            return rni_fail(
                RN_ERR_DOMAIN,
                "data: input %" PRId64 " overflows when scaled; set another divisor or scaling", i);
    return RN_OK;
}

rn_status rni_prepare_scale(const rni_prepare *prepare, rn_data *data)
{
    const rn_index n_all = (data->n_train + data->n_held_out) * data->input_size;
    for (rn_index i = 0; i < n_all; i++)
        data->inputs[i] /= prepare->divisor;
    RNI_TRY(check_finite(data));
    switch ((rni_scaling)prepare->scaling) {
    case RNI_SCALING_NONE: break;
    case RNI_SCALING_STANDARD: RNI_TRY(standardise(1, data)); break;
    case RNI_SCALING_FEATURE: RNI_TRY(standardise(data->input_size, data)); break;
    case RNI_SCALING_UNIT_NORM: RNI_TRY(normalise_rows(data)); break;
    }
    return check_finite(data);
}
