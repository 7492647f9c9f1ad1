/*
 * How a frozen mode decays.
 */
#ifndef RNI_FORECAST_MODE_DECAY_H
#define RNI_FORECAST_MODE_DECAY_H

#include <renorm/mode_forecast.h>

/** What becomes of a part of a step. */
typedef enum rni_parts {
    RNI_PARTS_KEPT = 0, /**< counts as that part */
    RNI_PARTS_WHOLE,    /**< counts as a whole step, in pieces of fewer than `few` steps */
    RNI_PARTS_NONE      /**< counts as none there */
} rni_parts;

/** ln of what is left of a mode's energy after that time. */
double rni_mode_decay(const rn_mode_set *modes, double lambda, double ahead, rni_parts parts,
                      rn_index few);

#endif
