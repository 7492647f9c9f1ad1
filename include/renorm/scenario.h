/**
 * Scenarios: shell transport as a configuration says, what `renorm transport` does.
 *
 *     rn_scenario *scenario = NULL;
 *     rn_status status = rn_scenario_load("configs/transport.yaml", 0, NULL, &scenario);
 *     if (status == RN_OK) status = rn_scenario_solve(scenario, NULL);
 *     if (status >= 0) {
 *         const rn_scenario_state *last =
 *             rn_scenario_state_at(scenario, rn_scenario_n_states(scenario) - 1);
 *         printf("%g at time %g\n", last->loss, last->time);
 *     }
 *     rn_scenario_destroy(scenario);
 *
 * Sections and options: rn_topic_get (renorm/config.h); `renorm help start` shows them.
 */
#ifndef RENORM_SCENARIO_H
#define RENORM_SCENARIO_H

#include <renorm/transport_solve.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rn_scenario rn_scenario;

/**
 * Reads and validates a configuration, and the files and runs it names.
 *
 * @param path       NULL: defaults and overrides only
 * @param overrides  [n_overrides] texts "section.key=value"
 * @param[out] out   release with rn_scenario_destroy
 * @return RN_OK; RN_ERR_CONFIG (mistakes; the message lists them as rn_config_load does);
 *         RN_ERR_IO, RN_ERR_FORMAT (a file or run it names), RN_ERR_ARGUMENT, RN_ERR_MEMORY
 */
RN_API RN_NODISCARD rn_status rn_scenario_load(const char *path, rn_index n_overrides,
                                               const char *const *overrides, rn_scenario **out);

/** Releases a scenario and everything borrowed from it. NULL is allowed. */
RN_API void rn_scenario_destroy(rn_scenario *scenario);

/** The whole configuration as YAML, every default written out; and its name, as rn_config_name.
    Borrowed. */
RN_API const char *rn_scenario_text(const rn_scenario *scenario);
RN_API const char *rn_scenario_name(const rn_scenario *scenario);

/**
 * Solves it, once. Where start, velocity and decay have an exact solution that is computed too.
 * @return as rn_transport_solve
 */
RN_API RN_NODISCARD rn_status rn_scenario_solve(rn_scenario *scenario, const rn_observer *observer);

/** One state; energies. */
typedef struct rn_scenario_state {
    double time;
    double loss;       /**< inside + below + null_line: what has not decayed */
    double inside;     /**< on the axis */
    double below;      /**< left through the lower edge */
    double above;      /**< left through the upper edge; not in the loss */
    double null_line;  /**< at lambda = 0 from the start */
    double dissipated; /**< since the start */
    double driven;     /**< since the start */
    double error;      /**< of inside: difference to half as many cells */
    double exact;      /**< loss of the exact solution; NaN where there is none */
} rn_scenario_state;

/** States reached, 0 before rn_scenario_solve; state i, NULL beyond the last. Borrowed. */
RN_API rn_index rn_scenario_n_states(const rn_scenario *scenario);
RN_API const rn_scenario_state *rn_scenario_state_at(const rn_scenario *scenario, rn_index i);

/** The solution with its densities; NULL before rn_scenario_solve. Borrowed. */
RN_API const rn_transport_solution *rn_scenario_solution(const rn_scenario *scenario);

/** [n_times x n_cells] densities of the exact solution in the middles of cells; NULL where there is
    none. Borrowed. */
RN_API const double *rn_scenario_exact_density(const rn_scenario *scenario);

/**
 * Writes config.yaml, energies.csv (a line per state), density.csv (a line per state and cell) and
 * transport.html, one self-contained page.
 * @param folder  new or empty; NULL: transport/NAME, or the first of NAME-2, ... that is free
 * @return RN_OK; RN_ERR_IO; RN_ERR_MEMORY; RN_ERR_ARGUMENT (not solved)
 */
RN_API RN_NODISCARD rn_status rn_scenario_write(rn_scenario *scenario, const char *folder);

/** The folder written; NULL before. Borrowed. */
RN_API const char *rn_scenario_folder(const rn_scenario *scenario);

#ifdef __cplusplus
}
#endif

#endif
