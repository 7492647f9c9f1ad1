/*
 * What a system of src/systems states, and what it states it with. A new system is one file with an
 * option table and a function `examine`, one line in systems.c and one file in configs/systems:
 *
 *     static rn_status work(rn_claim *claim, rn_index i, void *user)      // seed i
 *     {
 *         return measure(rni_claim_settings(claim), rni_claim_seed(claim, i),
 *                        rn_claim_is_mutated(claim), (double *)user + i);
 *     }
 *
 *     static rn_status examine(rn_claim *claim)
 *     {
 *         double slopes[..];                                   // one per seed
 *         RNI_CLAIM_TRY(rni_claim_repeat(claim, &(rni_repeated){
 *             .name = "slopes", .n = n, .n_parts = 1, .parts = &(rni_part){slopes, n},
 *             .work = work, .user = slopes}));
 *         return rni_claim_state_median(claim, &(rni_statement){
 *             .key = "slope", .quantity = "slope of the loss", .theory = -0.5,
 *             .formula = "-(a-1)/a", .at_least = -0.54, .at_most = -0.46,
 *             .tolerance = "finite d: ...", .method = "median over seeds"}, n, slopes);
 *     }
 *
 * The function reads from top to bottom as the claim does: measure, state. Formulas of the theory
 * stand in it; what is measured comes from the engine.
 */
#ifndef RNI_SYSTEMS_SYSTEM_H
#define RNI_SYSTEMS_SYSTEM_H

#include <renorm/claims.h>

#include "core/option.h"
#include "core/status.h"

/** One system. Constant. */
typedef struct rni_system {
    rn_claim_system about;
    const rni_option_table *options; /**< of section `settings` */
    const unsigned char *file;       /**< configs/systems/NAME.yaml, embedded */
    const size_t *file_size;
    rn_status (*examine)(rn_claim *claim); /**< @return RN_OK, or what stopped it */
} rni_system;

/** All systems; the last entry is NULL. */
extern const rni_system *const rni_systems[];

/** The system of that name, NULL: unknown. */
const rni_system *rni_system_find(const char *name);

/** The embedded file of a system: rni_system_NAME and rni_system_NAME_size. */
#define RNI_SYSTEM_FILE(name)                                                                      \
    extern const unsigned char rni_system_##name[];                                                \
    extern const size_t rni_system_##name##_size

/** Passes anything but RN_OK straight up, a stop included. */
#define RNI_CLAIM_TRY(call)                                                                        \
    do {                                                                                           \
        const rn_status rni_try_status_ = (call);                                                  \
        if (rni_try_status_ != RN_OK) return rni_try_status_;                                      \
    } while (0)

/* ---- asking ---------------------------------------------------------------------------------- */

/** The settings struct of the system's option table. Borrowed. */
const void *rni_claim_settings(const rn_claim *claim);

/** Seed of repetition i. */
uint64_t rni_claim_seed(const rn_claim *claim, rn_index i);

/** Tells that `done` of `total` pieces of work are done. @return RN_OK; RN_INTERRUPTED */
RN_NODISCARD rn_status rni_claim_advance(rn_claim *claim, rn_index done, rn_index total);

/** An observer for calls into the engine: it stops when the claim shall. Borrowed. */
const rn_observer *rni_claim_observer(const rn_claim *claim);

/* ---- going on -------------------------------------------------------------------------------- */

/** Some of the numbers that a piece of work has come to. */
typedef struct rni_part {
    double *values;
    rn_index n;
} rni_part;

/**
 * Keeps how far a piece of work has come, on the disk when this returns, in place of what was kept
 * under that name before; nothing without a folder. The claim's folder can then be gone on with.
 * @param name     fewer than RNI_KEPT_NAME characters
 * @param n_done   > 0, in units of the caller
 * @return RN_OK; RN_ERR_MEMORY, RN_ERR_IO: what the folder held is untouched
 */
#define RNI_KEPT_NAME 32
RN_NODISCARD rn_status rni_claim_keep(rn_claim *claim, const char *name, rn_index n_done,
                                      rn_index n_parts, const rni_part *parts);

/** n_done of what is kept under a name; 0: nothing is. */
rn_index rni_claim_kept(const rn_claim *claim, const char *name);

/**
 * Puts back what is kept, parts of the lengths that they were kept with; leaves them alone where
 * nothing is.
 * @param n_most  n_done may be this much
 * @param n_done  out; 0: nothing was kept
 * @return RN_OK; RN_ERR_FORMAT: another length or n_done > n_most
 */
RN_NODISCARD rn_status rni_claim_recall(const rn_claim *claim, const char *name, rn_index n_most,
                                        rn_index n_parts, const rni_part *parts, rn_index *n_done);

/** Pieces of work that are alike, each of which may be the last before an interrupt. */
typedef struct rni_repeated {
    const char *name;      /**< as rni_claim_keep; different for each set of pieces */
    rn_index n;            /**< pieces */
    rn_index n_parts;      /**< what they come to, kept after each */
    const rni_part *parts; /**< the same */
    rn_index before;       /**< for the display: shares of the claim's work done before */
    rn_index total;        /**< of so many; 0: n */
    rn_status (*work)(rn_claim *claim, rn_index i, void *user); /**< piece i */
    void *user;
} rni_repeated;

/** Works out the pieces that are not kept yet, in order. @return RN_OK, or what stopped it */
RN_NODISCARD rn_status rni_claim_repeat(rn_claim *claim, const rni_repeated *all);

/* ---- stating --------------------------------------------------------------------------------- */

/** What one line says. Texts are copied (cut at RN_CLAIM_TEXT). Zero-initialise: theory, at_least
    and at_most must all be given (NaN, -INFINITY, INFINITY where there is none). */
typedef struct rni_statement {
    const char *key;
    const char *quantity;
    const char *unit; /**< NULL: "1" */
    double theory;
    const char *formula;
    double at_least, at_most;
    const char *tolerance;
    const char *method;
    bool is_beside; /**< shown, not judged */
} rni_statement;

/** A number and the half-width of its interval. @return RN_OK; RN_ERR_MEMORY */
RN_NODISCARD rn_status rni_claim_state(rn_claim *claim, const rni_statement *said, double value,
                                       double error);

/** The median of n values and its 95 % bootstrap interval (renorm/sample.h); fewer than
    RN_SAMPLE_MIN_PAIRS values give the interval from least to greatest, NaN are left out. */
RN_NODISCARD rn_status rni_claim_state_median(rn_claim *claim, const rni_statement *said,
                                              rn_index n, const double *values);

/** The mean of n >= 2 values and its 95 % interval by Student's t. */
RN_NODISCARD rn_status rni_claim_state_mean(rn_claim *claim, const rni_statement *said, rn_index n,
                                            const double *values);

/** Opens a figure; curves that follow belong to it. Texts are copied. */
RN_NODISCARD rn_status rni_claim_figure(rn_claim *claim, const char *title, const char *x_name,
                                        const char *y_name, bool is_log_x, bool is_log_y);

/** Adds a curve of n points, copied. */
RN_NODISCARD rn_status rni_claim_curve(rn_claim *claim, const char *name, rn_claim_stroke stroke,
                                       rn_index n, const double *x, const double *y);

/** Adds a sentence for readers: a window, a residual, what was seen on the way. */
RN_NODISCARD rn_status rni_claim_note(rn_claim *claim, const char *format, ...) RNI_PRINTF(2, 3);

#endif
