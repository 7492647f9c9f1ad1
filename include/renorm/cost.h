/**
 * What a run will take, before it is started: sizes, the way each part of the kernel is computed,
 * the peak of the process's memory, and time.
 *
 *     rn_cost *cost = NULL;
 *     if (rn_cost_create(config, NULL, NULL, &cost) == RN_OK) {
 *         rn_cost_summary s;
 *         rn_cost_get(cost, &s);
 *         printf("%g s, %g MiB\n", s.total_s, (double)s.peak_bytes / 1048576.0);
 *     }
 *     rn_cost_destroy(cost);
 *
 * Data are loaded and the network is built, then memory is counted: what is held, what the
 * measurement keeps, and the largest work space of one operation. Nothing of size n x n is
 * allocated for that. Time is measured, in a second or two: some training steps, and a
 * measurement on few samples, carried over to all of them. It is an estimate: other programs on
 * the machine change it, training steps of a flow change along the run.
 */
#ifndef RENORM_COST_H
#define RENORM_COST_H

#include <renorm/config.h>
#include <renorm/kernel.h>
#include <renorm/observer.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rn_cost rn_cost;

/** How to look. Zero-initialise for the defaults. */
typedef struct rn_cost_options {
    int n_threads;      /**< 0: what the configuration says */
    rn_index max_bytes; /**< as rn_run_options.max_bytes; 0: no limit */
    int only_memory;    /**< 1: times are not measured and stay NaN */
} rn_cost_options;

/** The answer. Bytes and seconds of wall time. */
typedef struct rn_cost_summary {
    rn_index n_samples;  /**< N */
    rn_index n_outputs;  /**< C */
    rn_index n_rows;     /**< n, rows of the kernel */
    rn_index n_weights;  /**< P */
    rn_index n_held_out; /**< held-out samples; 0: none */
    int n_threads;
    int is_coupled;       /**< 1: the network mixes samples, so the kernel goes by rows */
    int is_matrix_free;   /**< 1: products with the kernel, which is never there as a matrix */
    rn_index n_steps;     /**< training steps */
    rn_index n_snapshots; /**< measurements; where is_adaptive, the most there can be */
    rn_index n_scheduled; /**< of those, at steps known beforehand; the rest where the loss leaves
                               its forecast */
    int is_adaptive;      /**< 1: as many as a share of the training's work pays for */
    double price;         /**< where is_adaptive: work of one measurement, in training steps, as the
                               run counts it; else NaN */

    rn_index base_bytes;    /**< program and libraries */
    rn_index set_up_bytes;  /**< data, network, trainer */
    rn_index kept_bytes;    /**< what the measurement holds all the time */
    rn_index matrix_bytes;  /**< of those, the n x n matrices */
    rn_index work_bytes;    /**< most of one operation: factors, eigensolver or integrator */
    rn_index history_bytes; /**< records and snapshots, at the end */
    rn_index peak_bytes;    /**< of the process (VmHWM), all of these together */
    rn_index factor_bytes;  /**< rn_kernel_desc.max_factor_bytes in use */

    double kernel_flops; /**< of one M, without the reverse pass */
    double set_up_s;     /**< data, network, the unit of relative step sizes */
    double step_s;       /**< one training step */
    double train_s;      /**< all of them */
    double snapshot_s;   /**< one measurement */
    double measure_s;    /**< all of them, held-out evaluations included */
    double total_s;
    double overhead; /**< measure_s / train_s */
} rn_cost_summary;

/**
 * Looks ahead.
 *
 * @param config    borrowed: must outlive the answer
 * @param options   NULL: the defaults
 * @param observer  should_stop is asked between the parts; NULL: never stops
 * @param[out] out  release with rn_cost_destroy
 * @return RN_OK
 *         RN_INTERRUPTED  out untouched
 *         RN_ERR_CONFIG   the run cannot stay below max_bytes: the message has the figure and what
 *                         to change
 *         what rn_run_execute returns for a configuration that cannot start or train
 */
RN_API RN_NODISCARD rn_status rn_cost_create(const rn_config *config,
                                             const rn_cost_options *options,
                                             const rn_observer *observer, rn_cost **out);

/** Releases an answer and what is borrowed from it. NULL is allowed. */
RN_API void rn_cost_destroy(rn_cost *cost);

/** Fills *summary. */
RN_API void rn_cost_get(const rn_cost *cost, rn_cost_summary *summary);

/** How the block of parameter i is computed; NULL beyond the last, or where the run measures
    no kernel. Borrowed. */
RN_API const rn_kernel_block *rn_cost_block(const rn_cost *cost, rn_index i);

/** Step of scheduled measurement i; -1 beyond the last. */
RN_API rn_index rn_cost_step(const rn_cost *cost, rn_index i);

#ifdef __cplusplus
}
#endif

#endif
