/**
 * A study: one configuration, varied over arms, settings and seeds; every combination is a cell,
 * every cell an ordinary run in a folder of its own.
 *
 *     base: sphere.yaml              # a configuration, or the path of one from this file's folder
 *     arms:                          # named variants, each with settings of its own
 *       residual: {model.residual: true}
 *       plain: {model.residual: false, model.gain: 1.5}
 *     vary:                          # every combination of these
 *       model.depth: [4, 8, 16, 24]
 *     seeds: 16                      # run seeds first_seed, first_seed + 1, ...
 *     reference: plain               # the arm that others are compared with; default: the first
 *     summarise: [loss, held_out_loss]   # default: every number of a measurement
 *
 * Arms share data, initial draws and every other random number of a seed, because all of these
 * are addressed by (seed, purpose, part, index) and by nothing an arm changes: values are paired
 * over seeds, and differences between arms are taken within a pair.
 *
 *     rn_study *study = NULL;
 *     const rn_study_options options = {.folder = "runs/architecture", .n_jobs = 2};
 *     rn_study_result result;
 *     rn_status status = rn_study_load("study.yaml", &study);
 *     if (status == RN_OK) status = rn_study_execute(study, &options, NULL, &result);
 *     rn_study_destroy(study);
 */
#ifndef RENORM_STUDY_H
#define RENORM_STUDY_H

#include <renorm/config.h>
#include <renorm/observer.h>
#include <renorm/sample.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most cells of one study. */
#define RN_STUDY_MAX_CELLS 100000

typedef struct rn_study rn_study;

/**
 * Reads and validates a study, every combination of its settings included.
 * @param path      a study file; or the folder of a study, whose study.yaml is read
 * @param[out] out  release with rn_study_destroy
 * @return RN_OK
 *         RN_ERR_CONFIG  mistakes; rn_last_message counts them and lists, "FILE:LINE:COLUMN: ..."
 *                        one per line, as many as fit
 *         RN_ERR_IO, RN_ERR_ARGUMENT, RN_ERR_MEMORY
 */
RN_API RN_NODISCARD rn_status rn_study_load(const char *path, rn_study **out);

/** Releases a study and everything borrowed from it. NULL is allowed. */
RN_API void rn_study_destroy(rn_study *study);

/** What a study is made of. Texts are borrowed from the study. */
typedef struct rn_study_shape {
    const char *name;      /**< the file's name without ending; of a folder, its name */
    rn_index n_arms;       /**< >= 1; "base" where none is named */
    rn_index reference;    /**< number of the arm that others are compared with */
    rn_index n_keys;       /**< settings that vary */
    rn_index n_points;     /**< combinations of their values, >= 1 */
    rn_index n_seeds;      /**< >= 1 */
    rn_index n_cells;      /**< n_seeds n_points n_arms */
    rn_index n_quantities; /**< numbers that are summarised */
} rn_study_shape;

RN_API void rn_study_shape_get(const rn_study *study, rn_study_shape *shape);

/** Name of arm i, of varied setting i ("model.depth") and of quantity i; NULL beyond the last. */
RN_API const char *rn_study_arm(const rn_study *study, rn_index i);
RN_API const char *rn_study_key(const rn_study *study, rn_index i);
RN_API const char *rn_study_quantity(const rn_study *study, rn_index i);

/** Value of varied setting `key` at a point, as written in the file. NULL out of range. */
RN_API const char *rn_study_value(const rn_study *study, rn_index point, rn_index key);

/** One cell. Seeds come outermost, then points, then arms: a study that was stopped has all arms
    and points of its first seeds. */
typedef struct rn_study_cell {
    rn_index arm;
    rn_index point;
    rn_index seed; /**< of the run */
    char name[96]; /**< of its folder, "0001-residual-depth4-s1" */
} rn_study_cell;

/** Cell i. @return RN_OK; RN_ERR_ARGUMENT */
RN_API RN_NODISCARD rn_status rn_study_cell_get(const rn_study *study, rn_index i,
                                                rn_study_cell *cell);

/** The configuration of cell i. @param[out] out release with rn_config_destroy
    @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_MEMORY */
RN_API RN_NODISCARD rn_status rn_study_config(const rn_study *study, rn_index i, rn_config **out);

/** The whole study as YAML, the base written out with every default; loading this text gives the
    same study. Borrowed. */
RN_API const char *rn_study_text(const rn_study *study);

/* ---- work ------------------------------------------------------------------------------------ */

/** How to work. Zero-initialise for the defaults. */
typedef struct rn_study_options {
    const char *folder; /**< new, empty, or of the same study, which is then gone on with */
    int n_jobs;         /**< cells at a time; 0: one per processor */
    rn_index max_bytes; /**< most memory of all processes together; 0: no limit */
} rn_study_options;

/** What came of it. */
typedef struct rn_study_result {
    rn_index n_cells;
    rn_index n_before;   /**< finished when the work began */
    rn_index n_finished; /**< finished now, those included */
    rn_index n_failed;   /**< ended with an error: see cells.csv */
    int n_jobs;          /**< used */
    int n_threads;       /**< of each cell */
} rn_study_result;

/**
 * Does what is missing of a study and writes its tables. FOLDER holds
 *
 *   study.yaml            the study, resolved
 *   cells/NNNN-NAME/      a run each (renorm/run.h)
 *   cells.csv             every cell: folder, arm, settings, seed, outcome, message
 *   table.csv             every measurement of every cell
 *   summary.csv           medians and quartiles over seeds, and each arm against the reference, at
 *                         the first and the last measurement
 *   verdicts.csv          what renorm/check.h says of every arm at every value of the settings that
 *                         vary but depth and width, its cells taken as a family
 *   report.html           all of this on one self-contained page
 *
 * A cell is a process of its own, started by fork from this one, so call it before any thread
 * exists; each uses processors / n_jobs threads. Numbers do not depend on n_jobs as long as
 * kernels are small enough that eigensolves run on one thread, and else to rounding. A cell that
 * fails is reported to the observer and left; one that was stopped, by whatever, goes on from its
 * checkpoint when the study is executed again. When the caller goes away, so do the cells, after
 * the step at hand.
 *
 * @param observer  NULL: silent
 * @return RN_OK, also when cells failed (result->n_failed)
 *         RN_INTERRUPTED   stopped because the observer asked; the tables hold what there is
 *         RN_ERR_CONFIG    the folder holds another study
 *         RN_ERR_DOMAIN    this process has threads already
 *         RN_ERR_IO, RN_ERR_FORMAT, RN_ERR_MEMORY, RN_ERR_ARGUMENT
 */
RN_API RN_NODISCARD rn_status rn_study_execute(const rn_study *study,
                                               const rn_study_options *options,
                                               const rn_observer *observer,
                                               rn_study_result *result);

#ifdef __cplusplus
}
#endif

#endif
