/**
 * What this copy of renorm is, what it stands on, and what it can do.
 */
#ifndef RENORM_INFO_H
#define RENORM_INFO_H

#include <renorm/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most libraries listed. */
#define RN_INFO_MAX_LIBRARIES 12

/** A library renorm stands on. */
typedef struct rn_library {
    const char *name;    /**< constant */
    const char *purpose; /**< constant */
    char version[64];
    char detail[160]; /**< what else matters, such as the processor kernels; may be "" */
} rn_library;

/** Everything `renorm info` prints. */
typedef struct rn_info {
    const char *version;   /**< of renorm, constant */
    const char *compiler;  /**< that built it, constant */
    int processors;        /**< that this process may use */
    rn_index memory_bytes; /**< of the machine; 0: unknown */
    rn_index n_libraries;
    rn_library libraries[RN_INFO_MAX_LIBRARIES];
    const char *blas_core;        /**< processor kernels OpenBLAS chose; borrowed */
    const char *blas_better_core; /**< kernels this processor could run and OpenBLAS did not choose:
                                       set OPENBLAS_CORETYPE to it before the program starts.
                                       NULL: the choice is right */
    int blas_is_openmp;           /**< 0: the slower pthread build was loaded */
} rn_info;

/** Fills *info. Never fails. */
RN_API void rn_info_get(rn_info *info);

#ifdef __cplusplus
}
#endif

#endif
