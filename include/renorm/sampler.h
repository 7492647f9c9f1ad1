/**
 * Samplers: on which training samples one step looks.
 *
 *     rn_sampler *sampler = NULL;
 *     rn_batches *batches = NULL;
 *     const rn_setting settings[] = {{"batch_size", "32"}};
 *     rn_status status = rn_sampler_create("reshuffled", settings, 1, &sampler);
 *     if (status == RN_OK) status = rn_batches_create(sampler, N, seed, &batches);
 *     if (status == RN_OK) status = rn_batches_draw(batches, step, indices, &count);
 *
 * Kinds, for N samples and batches of B (`batch_size`):
 * full:             every step looks at all samples.
 * with_replacement: B independent draws, uniform in 0 .. N-1; a sample may come twice.
 * distinct:         a uniformly random set of B different samples, independent of other steps'.
 * reshuffled:       an epoch of ceil(N/B) steps visits every sample once, in an order drawn anew
 *                   for every epoch; the last batch of an epoch is shorter where B does not
 *                   divide N.
 * fixed_order:      the same, always in the order of the data.
 *
 * The batch of a step depends on (kind, B, N, seed, step) only, never on history: steps may be
 * asked for in any order, on any thread, before or after a resumption.
 *
 * Gradients of a batch are means over its samples. With per-sample gradients g_i of mean g and
 * covariance S = (1/N) sum (g_i - g)(g_i - g)^T, their covariance is S/B with replacement and
 * S/B (N - B)/(N - 1) for distinct samples.
 */
#ifndef RENORM_SAMPLER_H
#define RENORM_SAMPLER_H

#include <renorm/setting.h>
#include <renorm/status.h>
#include <renorm/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rn_sampler rn_sampler;
typedef struct rn_batches rn_batches;

/** Name of the i-th kind of sampler; NULL beyond the last. Never freed. */
RN_API const char *rn_sampler_kind(rn_index i);

/**
 * Chooses a sampler.
 *
 * @param kind      one of rn_sampler_kind
 * @param settings  [n_settings] what differs from the defaults; borrowed for the call
 * @param[out] out  release with rn_sampler_destroy
 * @return RN_OK; RN_ERR_ARGUMENT (unknown kind); RN_ERR_CONFIG (settings); RN_ERR_MEMORY
 */
RN_API RN_NODISCARD rn_status rn_sampler_create(const char *kind, const rn_setting *settings,
                                                rn_index n_settings, rn_sampler **out);

/** Releases a sampler. NULL is allowed. */
RN_API void rn_sampler_destroy(rn_sampler *sampler);

/**
 * The batches of a sampler over N samples. Memory: up to N + B indices.
 *
 * @param sampler    borrowed for the call; NULL: full
 * @param n_samples  N >= 1
 * @param seed       of the random streams
 * @param[out] out   release with rn_batches_destroy
 * @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_CONFIG (B > N where samples in a batch differ);
 *         RN_ERR_MEMORY
 */
RN_API RN_NODISCARD rn_status rn_batches_create(const rn_sampler *sampler, rn_index n_samples,
                                                uint64_t seed, rn_batches **out);

/** Releases batches. NULL is allowed. */
RN_API void rn_batches_destroy(rn_batches *batches);

/** 1 for the sampler `full`: every batch is 0 .. N-1. */
RN_API int rn_batches_are_full(const rn_batches *batches);

/** Samples in the largest batch: B, or N for `full`. */
RN_API rn_index rn_batches_largest(const rn_batches *batches);

/** Steps in which as many samples are seen as there are: ceil(N/B). */
RN_API rn_index rn_batches_per_epoch(const rn_batches *batches);

/**
 * The samples of one step. O(B), and O(N) once per epoch for `reshuffled`.
 *
 * @param step          >= 0
 * @param[out] indices  [rn_batches_largest]
 * @param[out] count    how many were written
 * @return RN_OK; RN_ERR_ARGUMENT
 */
RN_API RN_NODISCARD rn_status rn_batches_draw(rn_batches *batches, rn_index step, rn_index *indices,
                                              rn_index *count);

#ifdef __cplusplus
}
#endif

#endif
