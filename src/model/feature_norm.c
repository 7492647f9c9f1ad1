#include "model/feature_norm.h"

#include "core/size.h"
#include "model/norm.h"

#define EPSILON 1e-5 /* of the variance: what most programs take */

const char *const rni_feature_norms[] = {"none", "group", "layer", "batch", NULL};

enum { NONE, GROUP, LAYER, BATCH };

const char *const rni_feature_statistics[] = {"running", "samples", NULL};

enum { RUNNING };

static rni_norm_kind kind_of(const rni_feature_norm_settings *settings)
{
    if (settings->norm != BATCH) return RNI_NORM_GROUP;
    return settings->statistics == RUNNING ? RNI_NORM_RUNNING : RNI_NORM_BATCH;
}

rn_status rni_feature_norm(rn_model *model, const char *name,
                           const rni_feature_norm_settings *settings, rni_feature_map *image)
{
    const int norm = settings->norm;
    const rn_index groups = settings->groups;
    if (norm == NONE) return RN_OK;
    if (norm == GROUP && image->channels % groups != 0)
        return rni_fail(RN_ERR_CONFIG,
                        "%s: found groups: %" PRId64 " and %" PRId64
                        " channels, expected groups that divide them",
                        name, groups, image->channels);
    const rni_norm_map map = {.name = name,
                              .kind = kind_of(settings),
                              .width = image->channels,
                              .groups = norm == GROUP ? groups : 1,
                              .epsilon = EPSILON,
                              .rate = settings->statistics_rate};
    const rni_norm made = rni_norm_make(model, &map);
    image->node = rni_norm_apply(model, &made, image->node);
    return RN_OK;
}

rn_index rni_feature_map_grow(rn_index channels, rn_index growth)
{
    return channels > RN_SIZE_MAX / growth ? RN_SIZE_MAX : channels * growth;
}
