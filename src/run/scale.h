/*
 * lambda_max of the kernel at the start: the unit of relative step sizes.
 */
#ifndef RNI_RUN_SCALE_H
#define RNI_RUN_SCALE_H

#include "run/stage.h"

/** The largest eigenvalue of M at the trainer's present weights: to rounding up to 4096 rows,
   beyond by Lanczos from a random vector, to about 1e-6. The same bits for any number of threads.
    @return RN_OK; RN_ERR_MEMORY; what kernel and eigensolver return */
RN_NODISCARD rn_status rni_scale_find(const rni_stage *stage, uint64_t seed, double *lambda_max);

/** Bytes that takes and gives back. */
rn_index rni_scale_bytes(const rni_stage *stage);

#endif
