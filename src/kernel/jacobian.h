/*
 * J and its tangent applied to vectors, over tiles of samples.
 */
#ifndef RNI_KERNEL_JACOBIAN_H
#define RNI_KERNEL_JACOBIAN_H

#include "kernel/kernel.h"

/** Tiles whose gradients are kept at a time, [P] each. */
enum { RNI_JACOBIAN_WAVE = 8 };

/** out [n] := the value of APPLY or APPLY_TANGENT along the given directions. */
RN_NODISCARD rn_status rni_jacobian_forward(rn_kernel *kernel, rni_program_kind kind,
                                            const rni_leaves *leaves, double *out);

/** out [P], or [2 P] with the tangent, := the sum over samples of TRANSPOSE(_TANGENT) at
    cotangent leaves->cotangent [n]. Tiles are added in order. */
RN_NODISCARD rn_status rni_jacobian_reverse(rn_kernel *kernel, rni_program_kind kind,
                                            const rni_leaves *leaves, double *out);

#endif
