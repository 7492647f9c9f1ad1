/*
 * The table of losses.
 */
#include "loss/loss.h"

/* Order is the order in help and manual. */
const rni_loss_kind *const rni_losses[] = {
    &rni_loss_squared_error, &rni_loss_cross_entropy, &rni_loss_logistic, &rni_loss_huber, NULL,
};

const rni_option_table *rni_loss_options(rn_index i)
{
    const rn_index n = (rn_index)(sizeof rni_losses / sizeof rni_losses[0]) - 1;
    return i >= 0 && i < n ? rni_losses[i]->options : NULL;
}
