/*
 * Counter-based random streams (Philox4x32-10: Salmon, Moraes, Dror and Shaw, "Parallel random
 * numbers: as easy as 1, 2, 3", SC'11). Draw `index` of a stream depends only on (seed, purpose,
 * part, index), never on history, so threads, ranks and resumed runs see the same numbers.
 *
 * Use a stream for one kind of draw: bits, uniform, normal and below read the same 128-bit blocks
 * and would be dependent. Indices wrap around at 2^64. Every function costs O(1) per number.
 */
#ifndef RNI_CORE_RNG_H
#define RNI_CORE_RNG_H

#include <renorm/types.h>

/** What a stream is for. Values are part of the reproducibility contract: never renumber. */
typedef enum rni_purpose {
    RNI_RNG_TEST = 0,
    RNI_RNG_INIT = 1,        /**< initial parameters; part = parameter number */
    RNI_RNG_DATA = 2,        /**< generated inputs; part = split (0 train, 1 test) */
    RNI_RNG_LABEL_NOISE = 3, /**< perturbed labels */
    RNI_RNG_CHOICE = 4,      /**< subsets and permutations of a data set */
    RNI_RNG_BATCH = 5,       /**< minibatch order; part = epoch */
    RNI_RNG_PROBE_VECTOR = 6,
    RNI_RNG_NOISE = 7, /**< Langevin noise */
    RNI_RNG_BOOTSTRAP = 8,
    RNI_RNG_COUPLING_FLOOR = 9, /**< noise in place of M'; part = draw */
    RNI_RNG_COUPLING_SPLIT = 10 /**< shells cut into halves; part = split */
} rni_purpose;

/** The address of a stream: the seed is the cipher's key, the rest the counter's upper half. */
typedef struct rni_stream {
    uint64_t seed;
    uint32_t purpose; /**< an rni_purpose */
    uint32_t part;    /**< sub-stream, 0 where there is only one */
} rni_stream;

/** 64 uniform random bits at `index`: words 0 (low half) and 1 of the block. */
uint64_t rni_rng_bits(rni_stream stream, uint64_t index);

/** Uniform in the open interval (0, 1): (k + 1/2) 2^-52 with k the top 52 bits of rni_rng_bits. */
double rni_rng_uniform(rni_stream stream, uint64_t index);

/**
 * Standard normal. Block index/2 gives two uniforms u, v; even indices are sqrt(-2 ln u) cos 2 pi v
 * and odd ones the same with sin. |value| < 8.6.
 */
double rni_rng_normal(rni_stream stream, uint64_t index);

/**
 * out[i] := draw first + i, i = 0 .. count-1, bit for bit what the single draws give; nothing is
 * written for count <= 0.
 */
void rni_rng_fill_uniform(rni_stream stream, uint64_t first, rn_index count, double *out);
void rni_rng_fill_normal(rni_stream stream, uint64_t first, rn_index count, double *out);

/** Uniform integer in 0 .. bound-1 (bound >= 1), without bias; index addresses the draw. */
uint64_t rni_rng_below(rni_stream stream, uint64_t index, uint64_t bound);

/** out[0 .. count-1] := a uniformly random permutation of 0 .. count-1 (Fisher-Yates; swap i uses
    draw i). Time O(count). */
void rni_rng_permutation(rni_stream stream, rn_index count, rn_index *out);

#endif
