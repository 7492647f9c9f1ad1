/**
 * Kernels and residuals measured elsewhere: the same energies, budget, couplings and velocities
 * that a run of renorm measures, from arrays that another program wrote.
 *
 * An npz archive (numpy.savez) with
 *
 *   time           [T] ascending, learning time of each state
 *   residual       [T, n] e = f - y, rows (sample, output)
 *   kernel         [T, n, n] M = J J^T / N, symmetric                               or
 *   jacobian       [T, n, P] J
 *   samples        [1] N, samples behind the n rows; where it is missing, N = n
 *   kernel_rate    [T, n, n] dM/dt along the training; where it is missing, differences of the
 *                  kernels before and after stand in for it: unreliable for networks with kinks
 *   residual_rate  [T, n] de/dt; where it is missing, the drive stays unknown
 *
 * floats or integers of any width. Every number must be finite. One state is held at a time.
 */
#ifndef RENORM_MEASURE_H
#define RENORM_MEASURE_H

#include <renorm/run.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Measures every state of an archive. What a run records, and what report, check and export read,
 * without weights: no checkpoint, and nothing to resume.
 *
 * @param path      of an npz archive or an HDF5 file (docs/formats/measured_archive.md), told apart
 * by its first bytes
 * @param options   where to write, and threads; NULL: write nothing, one thread per processor
 * @param observer  NULL: silent; a warning where dM/dt is a difference
 * @param[out] out  release with rn_run_destroy
 * @return RN_OK
 *         RN_INTERRUPTED  stopped between states because the observer asked
 *         RN_ERR_FORMAT   shapes that do not fit together, a kernel that is not symmetric to 1e-6
 * of its largest entry, times that do not ascend, broken files RN_ERR_IO, RN_ERR_DOMAIN (a kernel
 * without positive eigenvalues), RN_ERR_UNSUPPORTED (more than RN_SPECTRA_MAX_N rows),
 * RN_ERR_MEMORY, RN_ERR_ARGUMENT Memory 4 n^2 doubles and what the eigensolver takes; with jacobian
 * also n P. Time of each state as an exact measurement's, and reading the archive up to three times
 * per state.
 */
RN_API RN_NODISCARD rn_status rn_measure_file(const char *path, const rn_run_options *options,
                                              const rn_observer *observer, rn_run **out);

#ifdef __cplusplus
}
#endif

#endif
