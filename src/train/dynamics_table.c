/*
 * The table of dynamics.
 */
#include "train/dynamics.h"

/* Order is the order in help and manual. */
const rni_dynamics_kind *const rni_dynamics[] = {
    &rni_gradient_descent,
    &rni_gradient_flow,
    &rni_sgd,
    &rni_adam,
    &rni_svrg,
    &rni_inertial_langevin,
    NULL,
};

const rni_option_table *rni_dynamics_options(rn_index i)
{
    const rn_index n = (rn_index)(sizeof rni_dynamics / sizeof rni_dynamics[0]) - 1;
    return i >= 0 && i < n ? rni_dynamics[i]->options : NULL;
}
