/**
 * Claims: published learning dynamics with exact or stated results, each reproduced by the same
 * engine and judged line by line against its theory.
 *
 *     rn_claim *claim = NULL;
 *     const rn_claim_options options = {.folder = "out"};
 *     rn_status status = rn_claim_execute("spectral_shells", &options, NULL, &claim);
 *     for (rn_index i = 0; status == RN_OK && i < rn_claim_n_lines(claim); i++) {
 *         const rn_claim_line *line = rn_claim_line_at(claim, i);
 *         printf("%s: %g against %g\n", line->quantity, line->measured, line->theory);
 *     }
 *     rn_claim_destroy(claim);
 *
 * A line holds where all of its interval lies in what is accepted, fails where all of it lies
 * outside, and cannot be told else. Each claim has a mutation, one change that must break it: a
 * claim that holds with its mutation would be worth nothing.
 */
#ifndef RENORM_CLAIMS_H
#define RENORM_CLAIMS_H

#include <renorm/observer.h>
#include <renorm/verdict.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a system is. Texts are constant. */
typedef struct rn_claim_system {
    const char *name;     /**< "spectral_shells" */
    const char *title;    /**< one line */
    const char *paper;    /**< authors, title, where */
    const char *claim;    /**< what is claimed, in plain words */
    const char *mutation; /**< what is changed to break it */
} rn_claim_system;

/** System i, NULL beyond the last; and by name, NULL: unknown. */
RN_API const rn_claim_system *rn_claim_system_at(rn_index i);
RN_API const rn_claim_system *rn_claim_system_find(const char *name);

/** How much work. */
typedef enum rn_claim_scale {
    RN_CLAIM_QUICK = 0, /**< seconds to a minute */
    RN_CLAIM_FULL = 1   /**< larger, with narrower intervals */
} rn_claim_scale;

/** "quick", "full". Never NULL. */
RN_API const char *rn_claim_scale_name(rn_claim_scale scale);

/** Bytes of the texts below, with their end. */
#define RN_CLAIM_TEXT 256

/** One quantity: theory, measurement, verdict. Numbers that do not exist are NaN. */
typedef struct rn_claim_line {
    char key[64]; /**< a word for programs */
    char quantity[RN_CLAIM_TEXT];
    char unit[32];               /**< "1" for dimensionless */
    double theory;               /**< NaN where the claim is a bound */
    char formula[RN_CLAIM_TEXT]; /**< where the theory's number comes from */
    double measured;
    double low, high;              /**< its interval */
    char method[RN_CLAIM_TEXT];    /**< how value and interval were obtained */
    double at_least, at_most;      /**< what is accepted; -inf, inf: no bound */
    char tolerance[RN_CLAIM_TEXT]; /**< origin of these bounds */
    int decides;                   /**< 0: shown beside the others, not judged */
    rn_verdict verdict;            /**< where it decides */
    rn_index n_values;             /**< values behind it: seeds, or 1 */
    const double *values;          /**< [n_values] borrowed from the claim */
} rn_claim_line;

/** How a curve is drawn. */
typedef enum rn_claim_stroke {
    RN_CLAIM_MEASURED = 0, /**< a line */
    RN_CLAIM_THEORY = 1,   /**< dashes */
    RN_CLAIM_POINTS = 2
} rn_claim_stroke;

/** One curve of a figure. Borrowed from the claim. */
typedef struct rn_claim_curve {
    rn_index figure; /**< number of its figure */
    const char *name;
    rn_claim_stroke stroke;
    rn_index n;
    const double *x; /**< [n] */
    const double *y; /**< [n] */
} rn_claim_curve;

/** One figure. Borrowed from the claim. */
typedef struct rn_claim_figure {
    const char *title;
    const char *x_name, *y_name;
    int is_log_x, is_log_y;
} rn_claim_figure;

/** How to work. Zero-initialise for the defaults. */
typedef struct rn_claim_options {
    rn_claim_scale scale;
    rn_index n_seeds;     /**< 0: what the system's file says for the scale */
    int is_mutated;       /**< 1: with the mutation */
    const char *config;   /**< a file in place of the system's own; NULL: its own */
    rn_index n_overrides; /**< changes "settings.key=value", applied last */
    const char *const *overrides;
    const char *folder; /**< new or empty, or that of an unfinished claim of the same system,
                             options and version, which goes on; NULL: see `parent` */
    const char *parent; /**< with folder NULL: a free name under this folder, from the
                             system's; NULL too: nothing is written and no run is looked at
                             through shells */
} rn_claim_options;

typedef struct rn_claim rn_claim;

/**
 * Works out a claim: measures, judges, writes.
 *
 * The folder receives config.yaml (resolved), claim.csv (a line per quantity), values.csv (every
 * value of every line), curves.csv, notes.txt, claim.html, one self-contained page, and, where the
 * system's file describes a run, lens/: that run measured in shells, with its own page.
 *
 * @param system    a name of rn_claim_system_at
 * @param options   NULL: the defaults, nothing written
 * @param observer  NULL: silent
 * @param[out] out  release with rn_claim_destroy
 * A system with long walks keeps what it has worked out in the folder as it goes, in
 * checkpoint.bin, written whole. Stopped, killed or failed, the claim goes on from there where its
 * folder is given again, and its files end with the same bytes, given the same build and machine.
 *
 * @return RN_OK, whatever the verdict
 *         RN_INTERRUPTED   stopped because the observer asked; *out untouched, and nothing written
 *                          but the checkpoint, of which the message tells
 *         RN_ERR_ARGUMENT (unknown system), RN_ERR_CONFIG (mistakes in its file, or the folder of
 *         another configuration), RN_ERR_FORMAT (damaged checkpoint), RN_ERR_UNSUPPORTED (one of
 *         another version), RN_ERR_IO (also: the folder is in use), RN_ERR_MEMORY, and what its
 *         computations return
 */
RN_API RN_NODISCARD rn_status rn_claim_execute(const char *system, const rn_claim_options *options,
                                               const rn_observer *observer, rn_claim **out);

/** Releases a claim and everything borrowed from it. NULL is allowed. */
RN_API void rn_claim_destroy(rn_claim *claim);

/** The system; and what was done: scale, seeds, mutation. */
RN_API const rn_claim_system *rn_claim_system_of(const rn_claim *claim);
RN_API rn_claim_scale rn_claim_scale_of(const rn_claim *claim);
RN_API rn_index rn_claim_n_seeds(const rn_claim *claim);
RN_API int rn_claim_is_mutated(const rn_claim *claim);

/** Holds where every deciding line holds, fails where one fails, cannot tell else. */
RN_API rn_verdict rn_claim_verdict(const rn_claim *claim);

/** Lines in order; line i, figure i, curve i, note i (fit windows, residuals, what was seen on the
    way): NULL beyond the last. Borrowed. */
RN_API rn_index rn_claim_n_lines(const rn_claim *claim);
RN_API const rn_claim_line *rn_claim_line_at(const rn_claim *claim, rn_index i);
RN_API const rn_claim_figure *rn_claim_figure_at(const rn_claim *claim, rn_index i);
RN_API const rn_claim_curve *rn_claim_curve_at(const rn_claim *claim, rn_index i);
RN_API const char *rn_claim_note_at(const rn_claim *claim, rn_index i);

/** The folder written; NULL: none. Borrowed. */
RN_API const char *rn_claim_folder(const rn_claim *claim);

/* ---- many at a time -------------------------------------------------------------------------- */

/** One of several claims. */
typedef struct rn_claim_outcome {
    const char *name;          /**< of the system; constant */
    rn_status status;          /**< RN_OK: worked out */
    rn_verdict verdict;        /**< where status is RN_OK */
    rn_index n_holding;        /**< deciding lines that hold */
    rn_index n_deciding;       /**< of how many */
    double seconds;            /**< wall time */
    char words[RN_CLAIM_TEXT]; /**< message of a failure */
} rn_claim_outcome;

/**
 * Works out several claims, each in a process of its own, n_jobs at a time, started by fork: call
 * it before any thread exists. Claim NAME goes to FOLDER/NAME.
 *
 * @param n_names   0: all systems
 * @param names     [n_names] each once; NULL with 0
 * @param options   scale, n_seeds and is_mutated apply; folder, new or empty, is needed
 * @param n_jobs    >= 1
 * @param outcomes  [n_names, or the number of systems]
 * @return RN_OK, also when claims failed; RN_INTERRUPTED (those not finished say so);
 *         RN_ERR_ARGUMENT; RN_ERR_DOMAIN (this process has threads); RN_ERR_IO; RN_ERR_MEMORY
 */
RN_API RN_NODISCARD rn_status rn_claims_execute(rn_index n_names, const char *const *names,
                                                const rn_claim_options *options, int n_jobs,
                                                const rn_observer *observer,
                                                rn_claim_outcome *outcomes);

#ifdef __cplusplus
}
#endif

#endif
