/*
 * The table of model kinds.
 */
#include "model/model.h"

/* Order is the order in help and manual. */
const rni_model_kind *const rni_models[] = {
    &rni_model_mlp,     &rni_model_linear,      &rni_model_quadratic,
    &rni_model_convnet, &rni_model_resnet,      &rni_model_recurrent,
    &rni_model_tied,    &rni_model_transformer, NULL,
};

const rni_option_table *rni_model_options(rn_index i)
{
    const rn_index n = (rn_index)(sizeof rni_models / sizeof rni_models[0]) - 1;
    return i >= 0 && i < n ? rni_models[i]->options : NULL;
}
