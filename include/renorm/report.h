/**
 * One self-contained HTML page about one or several runs: it opens in a browser without a
 * network, and holds its own program, numbers and pictures.
 */
#ifndef RENORM_REPORT_H
#define RENORM_REPORT_H

#include <renorm/observer.h>
#include <renorm/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most runs on one page. */
#define RN_REPORT_MAX_RUNS 16

/**
 * Reads the folders of runs (renorm/folder.h) and writes the page. The same folders give the same
 * bytes. Curves of many points are thinned to about 1,500 (every extreme stays), spectra to about
 * 400 modes, and numbers carry 9 significant digits; the page says so.
 *
 * A folder that cannot be read is left out: its message goes to the observer as a warning and
 * stands on the page.
 *
 * @param folders     [n_folders] paths, 1 .. RN_REPORT_MAX_RUNS
 * @param path        the page; a file of that name is replaced only if it is such a page
 * @param observer    NULL: silent
 * @param n_left_out  folders that could not be read; NULL: not wanted
 * @return RN_OK, also when some but not all folders were left out
 *         RN_ERR_FORMAT, RN_ERR_IO   no folder could be read (the last one's message), or the page
 *                                    cannot be written
 *         RN_ERR_ARGUMENT, RN_ERR_MEMORY
 */
RN_API RN_NODISCARD rn_status rn_report_write(rn_index n_folders, const char *const *folders,
                                              const char *path, const rn_observer *observer,
                                              rn_index *n_left_out);

#ifdef __cplusplus
}
#endif

#endif
