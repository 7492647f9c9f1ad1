/*
 * Entries of the host's device table, one file each. Contracts stand in tensor/device.h.
 */
#ifndef RNI_TENSOR_HOST_H
#define RNI_TENSOR_HOST_H

#include "tensor/device.h"

/*
 * One body compiled for several instruction sets, the best chosen when the program starts. Only
 * for code whose bits cannot depend on the choice: adds, multiplies, divides and compares without
 * contraction. Sanitizers do not survive the choice, which runs before they have started.
 */
#if defined(__x86_64__) && defined(__linux__) && !defined(__SANITIZE_ADDRESS__)                    \
    && !defined(__SANITIZE_THREAD__) && !defined(__clang__)
#define RNI_WIDE __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define RNI_WIDE
#endif

/** Part of the body of an RNI_WIDE function. */
#define RNI_INLINE static inline __attribute__((always_inline))

/** Before a loop whose iterations touch different elements, or the same one at the same index.
    Clang's like would also demand that a loop of calls be vectorised. */
#if defined(__GNUC__) && !defined(__clang__)
#define RNI_INDEPENDENT _Pragma("GCC ivdep")
#else
#define RNI_INDEPENDENT
#endif

rn_status rni_host_gemm(const rni_gemm_batch *batch, const double *const *in, double *const *out);
void rni_host_elementwise(const rni_elementwise *program, const double *const *in,
                          double *const *out);
void rni_host_reduce(const rni_reduce *reduce, const double *const *in, double *const *out);
void rni_host_move(const rni_move *move, const double *const *in, double *const *out);
rn_status rni_host_gather(const rni_rows_by_index *rows, const double *const *in,
                          double *const *out);
rn_status rni_host_scatter_add(const rni_rows_by_index *rows, const double *const *in,
                               double *const *out);

/** Runs a program on n <= RNI_HOST_BLOCK elements: read[s] and write[s] are the arrays of slot s.
 */
#define RNI_HOST_BLOCK 256
void rni_host_block(const rni_instruction *code, int n_instructions, rn_index n,
                    const double *const *read, double *const *write);

#endif
