/**
 * One self-contained HTML page about a fitted table of losses (renorm/fit.h): points, curves with
 * their bootstrap band, residuals, parameters with every interval, what leaving out a few points
 * changes, and for two variables the allocation of least loss. It opens in a browser without a
 * network.
 *
 *     const rn_fit_report report = {.name = "curve.csv", .table = &table, .fit = &fit};
 *     rn_status status = rn_fit_report_write(&report, "curve.html");
 */
#ifndef RENORM_FIT_REPORT_H
#define RENORM_FIT_REPORT_H

#include <renorm/fit.h>
#include <renorm/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What the page shows; borrowed for the call. Zero-initialise. Exactly one of fit, broken. */
typedef struct rn_fit_report {
    const char *name; /**< of the table, such as its file */
    const rn_fit_table *table;
    const rn_fit_options *options; /**< of rn_fit_log_law; NULL: squares of the loss */
    const rn_fit_result *fit;
    const rn_fit_broken *broken;
    rn_index n_groups;
    const rn_fit_influence *groups;    /**< [n_groups] of rn_fit_leave_out */
    double level;                      /**< of intervals and bands, such as 0.95 */
    rn_index n_draws;                  /**< 0: no bootstrap */
    const rn_fit_result *draws;        /**< [n_draws] of rn_fit_draw, */
    const rn_fit_broken *broken_draws; /**< or of rn_fit_draw_broken */
    const rn_fit_range *profile;       /**< [2] of the exponents; NULL: none */
    const char *warning;               /**< why the fit should not be trusted; NULL: it may */
} rn_fit_report;

/**
 * Writes the page. The same input gives the same bytes; numbers carry 9 significant digits. Of more
 * than 2,000 points every k-th is drawn, and all of those left out in groups; the page says so.
 *
 * @param path  a file of that name is replaced only if it is such a page
 * @return RN_OK; RN_ERR_IO (the page cannot be written, or something else has that name);
 *         RN_ERR_ARGUMENT; RN_ERR_MEMORY
 * Cost: below a second for 1,000 draws.
 */
RN_API RN_NODISCARD rn_status rn_fit_report_write(const rn_fit_report *report, const char *path);

#ifdef __cplusplus
}
#endif

#endif
