/**
 * A run's folder as one file that other programs read.
 *
 *     rn_status status = rn_export_write("runs/demo", "npz", "demo.npz");
 */
#ifndef RENORM_EXPORT_H
#define RENORM_EXPORT_H

#include <renorm/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Name of the i-th format ("csv", "npz"); NULL beyond the last. Never freed. */
RN_API const char *rn_export_format(rn_index i);

/**
 * Reads a folder (renorm/folder.h) and writes one file. The same folder gives the same bytes.
 *
 * csv: one row per number of every measurement: step, time, quantity, axis, index, value, unit. An
 *     empty value was not measured. (Recorded steps stand in the folder's own metrics.csv.)
 * npz: arrays of doubles for numpy.load. "records/NAME" [records] for every column of metrics.csv,
 *     "snapshots/step" [measurements] and "snapshots/NAME" for every quantity without an axis,
 *     "snapshots/NNNNNN/NAME" for the others, NNNNNN the step. Not packed.
 *
 * @param folder  path of a run's folder
 * @param format  one of rn_export_format
 * @param path    must not exist
 * @return RN_OK; RN_ERR_ARGUMENT (format); RN_ERR_IO (path exists or cannot be written); what
 *         rn_folder_open returns; RN_ERR_MEMORY. Nothing is written on failure
 */
RN_API RN_NODISCARD rn_status rn_export_write(const char *folder, const char *format,
                                              const char *path);

#ifdef __cplusplus
}
#endif

#endif
