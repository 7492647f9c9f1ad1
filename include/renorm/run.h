/**
 * A run: train a network and measure, at chosen steps, where its error energy sits in the
 * spectrum of its kernel and how it moves.
 *
 *     rn_run *run = NULL;
 *     rn_status status = rn_run_execute(config, NULL, NULL, &run);    // nothing written to disk
 *     if (status >= 0) {
 *         const rn_snapshot *last = rn_run_snapshot(run, rn_run_n_snapshots(run) - 1);
 *         for (rn_index i = 0; i + 1 < last->n_boundaries; i++)
 *             printf("%g %g\n", last->s[i], last->energy[i]);
 *     }
 *     rn_run_destroy(run);
 *
 * Symbols as in renorm/shells.h: M the kernel, e the error, s = ln lambda. "energy" is the unit of
 * the loss, "time" the learning time t = sum of step sizes.
 */
#ifndef RENORM_RUN_H
#define RENORM_RUN_H

#include <renorm/config.h>
#include <renorm/observer.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rn_run rn_run;

/** One recorded training step. What was not measured is NaN. */
typedef struct rn_record {
    rn_index step;
    double time;          /**< learning time before this step's update */
    double learning_rate; /**< of the step that follows */
    double loss;          /**< on the training samples */
    double accuracy;      /**< on the training samples, 0 .. 1 */
    double held_out_loss;
    double held_out_accuracy;
    double gradient_norm; /**< |grad L|_2 */
} rn_record;

/**
 * One measurement. Arrays are owned by the run. Those over boundaries have n_boundaries
 * numbers, those over shells n_boundaries - 1 (shell i lies between boundaries i and i + 1), those
 * over modes n_modes. What was not measured is NaN.
 */
typedef struct rn_snapshot {
    rn_record record; /**< the training step it belongs to */

    /* the spectrum */
    rn_index n_modes;     /**< n, rows of M */
    const double *lambda; /**< [n_modes] eigenvalues of M, ascending, 1/time */
    const double *g;      /**< [n_modes] error in the eigenbasis */
    double lambda_max;    /**< 1/time */
    double lambda_floor;  /**< eigenvalues below are rounding, 1/time */

    /* the held-out loss ahead, with the modes frozen (docs/theory/forecast.md); NaN at time 0,
       without held-out samples, for other losses than squared error, where anything but the full
       gradient drives the weights, where eta lambda_max reaches 2, and matrix-free */
    double held_out_2x;  /**< foretold for 2 times this time, energy */
    double held_out_4x;  /**< for 4 times */
    double held_out_10x; /**< for 10 times */

    /* the shells */
    double width; /**< distance h of boundaries, nats */
    rn_index n_boundaries;
    const double *s;            /**< [boundary] ln lambda */
    const double *energy;       /**< [shell] */
    const double *energy_sharp; /**< [shell] with sharp cuts */
    double null_energy;         /**< below the first resolved boundary */
    double energy_error;        /**< |sum of shells + null - loss| / loss */

    /* the budget, dA/dt = flux - dissipation + drive */
    const double *above;       /**< [boundary] A, energy above s */
    const double *dissipation; /**< [boundary] D, energy/time */
    const double *flux;        /**< [boundary] F, upward, energy/time */
    const double *flux_error;  /**< [boundary] rounding in F */
    const double *migration;   /**< [boundary] part of F: eigenvalues move */
    const double *transfer;    /**< [boundary] part of F: eigenvectors rotate */
    const double *drive;       /**< [boundary] X, energy/time */
    const double *density;     /**< [boundary] energy per nat */
    const double *n_eff;       /**< [boundary] modes sharing the boundary */
    const double *velocity;    /**< [boundary] w = F / density, nats/time */
    const double *loss_rate;   /**< [boundary] Lambda, 1/time */
    const double *inertial;    /**< [boundary] 1 where enough modes and flux are there, else 0 */

    const double *count; /**< [shell] eigenvalues of the kernel in it, smooth cuts: matrix-free
                              from random vectors (renorm/shell_counts.h), if asked for */
    const double *count_error; /**< [shell] its standard error; 0 in exact measurements */

    /* how sure a matrix-free measurement is (renorm/shell_bounds.h). There `lambda` and `g` are the
       nodes of a Lanczos rule and the roots of their weights, the energies its estimates,
       flux_error the change of the flux from half as many steps, and null_energy what is not
       resolved. NaN in exact ones, which are right to rounding */
    const double *energy_low;        /**< [shell] guaranteed interval of the energy */
    const double *energy_high;       /**< [shell] */
    const double *energy_sharp_low;  /**< [shell] the same with sharp cuts */
    const double *energy_sharp_high; /**< [shell] */
    const double *energy_spread;     /**< [shell] calibrated error of `energy`, no guarantee */
    const double *spent_low;         /**< [shell] interval of what is dissipated in the shell */
    const double *spent_high;        /**< [shell] */
    const double *above_low;         /**< [boundary] interval of A */
    const double *above_high;        /**< [boundary] */
    const double *dissipation_low;   /**< [boundary] interval of D */
    const double *dissipation_high;  /**< [boundary] */
    double lanczos_steps;            /**< products with the kernel */
    double lanczos_noise;            /**< rounding seen in them, 1/time */

    /* how well it closes, from states at +- dt along an accurate flow */
    double closure_dt;     /**< time */
    double closure_error;  /**< largest |dA/dt - (F - D + X)| / max D */
    double closure_floor;  /**< about what rounding leaves of it */
    const double *closure; /**< [boundary] the error at each */

    /* the step that follows, exactly: A1 - A0 = -tau D + X + Q + F1. NaN at the last step */
    const double *step_change;      /**< [boundary] A1 - A0, energy */
    const double *step_dissipation; /**< [boundary] -tau D */
    const double *step_drive;       /**< [boundary] X: the sum of the next lines, each from a
                                         direction of its own (renorm/train.h); NaN where the
                                         dynamics or the loss has none */
    const double *step_minibatch;   /**< [boundary] the batch's gradient is not that of all */
    const double *step_momentum;    /**< [boundary] gradients remembered */
    const double *step_decay;       /**< [boundary] weight decay */
    const double *step_clipping;    /**< [boundary] clipped gradients */
    const double *step_noise;       /**< [boundary] Langevin noise */
    const double *step_statistics;  /**< [boundary] statistics of batches (renorm/model.h) */
    const double *step_frame;  /**< [boundary] R: the loss's frame turns; does no work in all */
    const double *step_finite; /**< [boundary] Q, what a finite step adds */
    const double *step_flux;   /**< [boundary] F1 */
    const double *step_preconditioner; /**< [boundary] part of tau F: the preconditioner changes */
    const double *step_remainder;      /**< [boundary] F1 - tau F: kernel remainder, or kink line */
    double step_mismatch;              /**< largest |left - right| / largest line */
    double kink_share; /**< largest |F1 - tau F| / largest |F1|; for activations with
                            kinks, above 0.1 flux and velocity cannot be trusted */
    double has_kinks; /**< 1: the network is not twice differentiable: M' misses the jumps of M, and
                           couplings are not measured; else 0 */

    /* couplings between shells at this instant (renorm/couplings.h). Their shells hang from the
       largest eigenvalue of the present kernel, not from the boundaries above. NaN, and n_scales =
       0, where there are too few shells, with kinks, or with couplings: false */
    rn_index n_scales;            /**< shells, from the lowest */
    const double *coupling_s;     /**< [n_scales + 1] their boundaries, ln lambda */
    const double *coupling_modes; /**< [n_scales] modes in each */
    const double *coupling;       /**< [n_scales x n_scales] K_ab, 1/time; NaN where no pair */
    const double *coupling_pairs; /**< [n_scales x n_scales] pairs of modes behind each K_ab */
    double coupling_delta;        /**< log-shift defect Delta, nats */
    double coupling_delta_tilt;   /**< the same, one common tilt removed */
    double coupling_kappa;        /**< that tilt */
    double coupling_floor;        /**< Delta of noise: median of 5 draws */
    double coupling_floor_tilt;   /**< the same, tilt removed */
    double coupling_cross;        /**< squared split-half defect Delta_x^2, nats^2; may be < 0 */
    double coupling_cross_error;  /**< its standard error */
    double coupling_cross_tilt;   /**< Delta_x^2 with the tilt removed: what decides */
    double coupling_cross_tilt_error;
    double coupling_entries;            /**< pairs of shells in Delta */
    double coupling_split_entries;      /**< pairs of shells in Delta_x */
    double coupling_shifted_tilt;       /**< Delta, tilt removed, shells shifted by half a width */
    double coupling_shifted_cross_tilt; /**< Delta_x^2, tilt removed, of those */

    /* how the kernel moves (C3, renorm/evolution.h); with kinks the jumps of M are missed */
    double kernel_size; /**< |M|_F, 1/time */
    double kernel_turn; /**< |M'|_F, 1/time^2 */
    double loss_decay;  /**< -(d ln L/dt) of the least-squares energy, 1/time */

    /* the blocks of the network, at step 0 with conditions: true; else n_blocks = 0 and NaN.
       C1: renorm/propagation.h, C2: renorm/coherence.h; on block_samples samples */
    rn_index n_blocks;  /**< L, from input to output */
    const double *gain; /**< [(L + 1) x (L + 1)] largest gain sigma_lm from boundary l to m > l;
                             NaN elsewhere */
    const double *influence;      /**< [L x L] I_lm, 1/time; NaN where blocks share parameters */
    const double *influence_row;  /**< [L] sum_m I_lm / loss_decay */
    const double *overlap;        /**< [L x L] of doubly centred block kernels; NaN likewise */
    const double *overlap_row;    /**< [L] */
    const double *overlap_at;     /**< [L] mean overlap at distance 0, 1, .. */
    double gain_largest;          /**< over all pairs */
    double influence_largest_row; /**< over blocks */
    double influence_mean_row;
    double influence_band;    /**< share of neighbours and the diagonal in sum I */
    double influence_uniform; /**< what it is when all entries are equal */
    double overlap_largest_row;
    double overlap_mean_row;
    double overlap_decay; /**< blocks; infinite without decay */
    double block_samples; /**< samples looked at */
} rn_snapshot;

/** The run as a whole. Texts are borrowed from the run. */
typedef struct rn_summary {
    const char *folder; /**< where the files are; NULL: nothing was written */
    rn_index n_steps;   /**< steps done */
    rn_index n_steps_planned;
    rn_index n_samples;  /**< N */
    rn_index n_outputs;  /**< C */
    rn_index n_weights;  /**< P */
    rn_index n_held_out; /**< held-out samples; 0: none */
    int has_kinks;       /**< 1: flux and velocity rest on a tangent that misses the kinks */
    int is_interrupted;  /**< 1: stopped because the observer asked */
    int n_threads;
    double train_s;              /**< wall time of training, seconds */
    double measure_s;            /**< wall time of measuring */
    rn_index peak_bytes;         /**< most memory held by the library */
    rn_index process_peak_bytes; /**< most memory of the whole process (VmHWM), libraries and
                                      program included; 0: the system does not say */
    int is_resumed;              /**< 1: made by rn_run_resume; everything counts the whole run */
    int was_done;                /**< 1: and it found nothing left to do */
    rn_index n_steps_before;     /**< steps from which it went on */
} rn_summary;

/** Where to write. Zero-initialise: nothing is written. */
typedef struct rn_run_options {
    const char *folder; /**< must be new or empty; NULL: see `parent` */
    const char *parent; /**< with folder NULL: a free name under this folder, from the
                             configuration's name; NULL too: nothing is written */
    int n_threads;      /**< 0: what the configuration says */
    rn_index max_bytes; /**< most memory of the process, as renorm/cost.h counts it; blocks of the
                             kernel are made smaller to stay below, with the same results to the
                             bit; 0: no limit */
} rn_run_options;

/**
 * Trains and measures. Progress, warnings and requests to stop go through the observer.
 *
 * Two runs of one configuration on the same machine and build give the same bytes; another
 * number of threads gives the same training to the bit.
 *
 * @param options   NULL: write nothing
 * @param observer  NULL: silent
 * @param[out] out  release with rn_run_destroy
 * @return RN_OK
 *         RN_INTERRUPTED    stopped early because the observer asked; everything so far is there
 *         RN_ERR_NONFINITE  the loss or a weight became infinite: the step and the likely cause
 *                           are in the message; files hold everything before it
 *         RN_ERR_IO, RN_ERR_FORMAT (data), RN_ERR_CONFIG (settings that do not go together, or
         do not fit max_bytes: nothing was written),
 *         RN_ERR_DOMAIN, RN_ERR_MEMORY, RN_ERR_ARGUMENT
 */
RN_API RN_NODISCARD rn_status rn_run_execute(const rn_config *config, const rn_run_options *options,
                                             const rn_observer *observer, rn_run **out);

/** How to go on. Zero-initialise. */
typedef struct rn_resume_options {
    rn_index
        max_bytes; /**< as in rn_run_options; the limit of the first part does not carry over */
} rn_resume_options;

/**
 * Goes on with a run that was stopped, killed or failed, from its last checkpoint: rows beyond it
 * are cut off and made again. The files config.yaml, metrics.csv, shells.csv, budget.csv, those
 * in snapshots/ and checkpoint.h5 end up with the same bytes as if the run had never stopped, given
 * the same build and machine; the number of threads is that of the start. Everything is checked
 * before anything is changed.
 *
 * @param folder    of a run; a finished one is read back and nothing else is done (was_done)
 * @param options   NULL: no limit
 * @param observer  NULL: silent
 * @param[out] out  the whole run, earlier records and snapshots included; rn_run_destroy
 * @return as rn_run_execute
 *         RN_ERR_IO           also: in use by another process
 *         RN_ERR_FORMAT       damaged or changed files; the message says which and what to do
 *         RN_ERR_UNSUPPORTED  written by a newer version, which the message names
 */
RN_API RN_NODISCARD rn_status rn_run_resume(const char *folder, const rn_resume_options *options,
                                            const rn_observer *observer, rn_run **out);

/** Releases a run and everything borrowed from it. NULL is allowed. */
RN_API void rn_run_destroy(rn_run *run);

/** Fills *summary. */
RN_API void rn_run_summary(const rn_run *run, rn_summary *summary);

/** Recorded steps, in order; record i, NULL beyond the last. */
RN_API rn_index rn_run_n_records(const rn_run *run);
RN_API const rn_record *rn_run_record(const rn_run *run, rn_index i);

/** Measurements, in order; measurement i, NULL beyond the last. */
RN_API rn_index rn_run_n_snapshots(const rn_run *run);
RN_API const rn_snapshot *rn_run_snapshot(const rn_run *run, rn_index i);

/** Paths of the files written, for showing; NULL beyond the last. */
RN_API const char *rn_run_file(const rn_run *run, rn_index i);

/* ---- the numbers of a snapshot, by name ------------------------------------------------------ */

/** One quantity of rn_snapshot: what files and programs call it. Texts are constant. */
typedef struct rn_field {
    const char *name; /**< as the member of rn_snapshot, and as the array in snapshots/NNNNNN.h5 */
    const char *unit; /**< "1" for dimensionless */
    const char *axis; /**< "", "mode", "boundary" or "shell" */
    const char *help; /**< one line */
} rn_field;

/** Quantity i, NULL beyond the last. */
RN_API const rn_field *rn_snapshot_field(rn_index i);

/** Its numbers and how many there are; NULL with count 0 where it was not measured. */
RN_API const double *rn_snapshot_values(const rn_snapshot *snapshot, rn_index i, rn_index *count);

#ifdef __cplusplus
}
#endif

#endif
