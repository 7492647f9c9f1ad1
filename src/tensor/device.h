/*
 * The device table: the only way the executor and the kernels of learning touch arrays.
 *
 * A device offers memory and a handful of bulk operations. Each operation is described once, by a
 * struct that is free of addresses (sizes, strides, program), and executed many times on arrays
 * named by pointers: operand k of a description is in[k], result k is out[k]. Results never
 * overlap operands except where a description says so. Descriptions are immutable and may be used
 * by several threads at once. The host is the one device now; an accelerator is another table.
 *
 * Order of sums. Every operation fixes the order in which it adds as a function of its
 * description alone, never of threads, addresses or the instruction set:
 * - gemm: one sequential BLAS call per matrix, matrices in row-major order of the batch;
 * - reduce: see rni_reduce; move with accumulate and scatter_add: row-major order of the loop
 *   nest, of the index array respectively.
 * Vector code adds, multiplies and compares only, element by element, without contraction, so
 * that AVX2 and AVX-512 give the same bits as plain code. exp, log, erf and the like are libm's.
 */
#ifndef RNI_TENSOR_DEVICE_H
#define RNI_TENSOR_DEVICE_H

#include <renorm/status.h>
#include <stdbool.h>

#include "tensor/view.h"

/**
 * C := alpha op(A) op(B) + beta C for each matrix of a batch. op(A) [m x k], op(B) [k x n],
 * C [m x n], all row-major as stored, op transposes where asked; in = {A, B}, out = {C}. With
 * beta 0 the old C is not read. Batch index (b_0, ..) shifts array X by sum_i b_i strides[X][i].
 */
typedef struct rni_gemm_batch {
    rn_index m, n, k;
    bool trans_a, trans_b;
    rn_index lda, ldb, ldc;
    double alpha, beta;
    int rank; /**< of the batch; 0 for a single product */
    rn_index dims[RNI_VIEW_RANK];
    rn_index strides[3][RNI_VIEW_RANK]; /**< of A, B, C over the batch */
} rni_gemm_batch;

/* Instructions of a fused elementwise program: name, number of operands. number = immediate. */
#define RNI_INSTRUCTION_LIST(X)                                                                    \
    X(COPY, 1)                                                                                     \
    X(SCALE, 1) /* number * a */                                                                   \
    X(SHIFT, 1) /* a + number */                                                                   \
    X(POWER, 1) /* pow(a, number) */                                                               \
    X(SQUARE, 1)                                                                                   \
    X(ROOT, 1) /* sqrt(a) */                                                                       \
    X(RECIPROCAL, 1)                                                                               \
    X(EXP, 1)                                                                                      \
    X(LOG, 1)                                                                                      \
    X(SIN, 1)                                                                                      \
    X(COS, 1)                                                                                      \
    X(TANH, 1)                                                                                     \
    X(ERF, 1)                                                                                      \
    X(SIGMOID, 1)                                                                                  \
    X(SOFTPLUS, 1)                                                                                 \
    X(ABS, 1)                                                                                      \
    X(SIGN, 1)                                                                                     \
    X(RELU, 1)                                                                                     \
    X(STEP, 1)                                                                                     \
    X(ADD, 2)                                                                                      \
    X(SUBTRACT, 2)                                                                                 \
    X(MULTIPLY, 2)                                                                                 \
    X(DIVIDE, 2)                                                                                   \
    X(GREATER, 2)                                                                                  \
    X(EQUAL, 2)

typedef enum rni_instruction_code {
#define RNI_INSTRUCTION_ENUM(name, arity) RNI_DO_##name,
    RNI_INSTRUCTION_LIST(RNI_INSTRUCTION_ENUM)
#undef RNI_INSTRUCTION_ENUM
        RNI_DO_COUNT
} rni_instruction_code;

#define RNI_PROGRAM_INPUTS       12
#define RNI_PROGRAM_RESULTS      6
#define RNI_PROGRAM_TEMPS        10
#define RNI_PROGRAM_SLOTS        (RNI_PROGRAM_INPUTS + RNI_PROGRAM_RESULTS + RNI_PROGRAM_TEMPS)
#define RNI_PROGRAM_INSTRUCTIONS 40

/** slot dst := code(slot a, slot b). dst may equal a or b. */
typedef struct rni_instruction {
    uint8_t code; /**< an rni_instruction_code */
    uint8_t dst, a, b;
    double number;
} rni_instruction;

/**
 * A program run for every index of a loop nest. Slots 0 .. n_in-1 are the inputs (read only), then
 * n_out results, then n_temps temporaries; inputs have strides over the nest, results are dense in
 * its row-major order. A result may be the same array as an input that has the same layout and is
 * not read after the instruction that writes the result.
 *
 * Made by rni_elementwise_finish, which collapses the nest and fills in the fields under
 * "derived"; before it, rank and dims describe the nest as the caller sees it.
 */
typedef struct rni_elementwise {
    int rank;
    rn_index dims[RNI_VIEW_RANK];
    int n_in, n_out, n_temps, n_instructions;
    rn_index strides[RNI_PROGRAM_INPUTS][RNI_VIEW_RANK];
    rni_instruction code[RNI_PROGRAM_INSTRUCTIONS];
    /* derived: the nest is walked in tiles of rows x cols of its two innermost axes */
    rn_index rows, cols;
    bool is_flat;                       /**< one axis, every input contiguous */
    bool is_direct[RNI_PROGRAM_INPUTS]; /**< read in place; others are copied per tile */
} rni_elementwise;

typedef enum rni_reduction { RNI_REDUCE_SUM, RNI_REDUCE_MAX } rni_reduction;

/**
 * out[kept index] := sum or largest of in over the reduced index. NaN propagates.
 *
 * Order of a sum. If the innermost reduced axis is the one closest in memory, each run along it is
 * added in chunks of 512: eight lanes (element i goes to lane i mod 8), lanes added as
 * ((0+1)+(2+3))+((4+5)+(6+7)), chunks pairwise. Runs, or single terms where the closest axis is a
 * kept one, are added pairwise over the remaining reduced index: 16 in sequence, then by halves.
 * The error is thus O(log n) eps, not O(n) eps.
 */
typedef struct rni_reduce {
    rni_reduction kind;
    int n_kept, n_reduced; /**< >= 1 each after rni_reduce_finish */
    rn_index kept_dims[RNI_VIEW_RANK], reduced_dims[RNI_VIEW_RANK];
    rn_index kept_strides[2][RNI_VIEW_RANK]; /**< of in, of out */
    rn_index reduced_strides[1][RNI_VIEW_RANK];
    /* derived */
    rn_index n_rows; /**< reduced indices outside a run (or all, where columns are kept) */
    bool by_column;  /**< the closest axis in memory is kept: columns are added side by side */
} rni_reduce;

/** out[sum i_k strides[0][k]] := or += in[sum i_k strides[1][k]] over a loop nest. Targets of
    different indices may coincide only with accumulate. */
typedef struct rni_move {
    int rank;
    rn_index dims[RNI_VIEW_RANK];
    rn_index strides[2][RNI_VIEW_RANK]; /**< of out, of in */
    bool accumulate;
} rni_move;

/**
 * Rows picked by number, in n_batch independent tables of n_rows rows of `width` numbers, all
 * dense. gather: in = {table, index}, out = {[n_batch, n_index, width]}. scatter_add: in =
 * {updates [n_batch, n_index, width], index}, out = {[n_batch, n_rows, width]}, which is zeroed
 * first. index is [n_batch, n_index], whole numbers 0 .. n_rows-1 held as doubles; another value
 * gives RN_ERR_DOMAIN naming the entry, the result then holds anything.
 */
typedef struct rni_rows_by_index {
    rn_index n_batch, n_rows, n_index, width;
} rni_rows_by_index;

/** One device. Entries never fail except as noted. */
typedef struct rni_device {
    const char *name;
    /** n doubles, aligned to RNI_ALIGNMENT, uninitialised; NULL when memory is out. */
    double *(*alloc)(rn_index n);
    void (*free)(double *array); /**< NULL is allowed */
    void (*to_device)(rn_index n, const double *host, double *out);
    void (*to_host)(rn_index n, const double *array, double *out);
    void (*fill)(rn_index n, double value, double *out);
    /** RN_ERR_UNSUPPORTED where a dimension exceeds the library's integers. */
    rn_status (*gemm)(const rni_gemm_batch *, const double *const *in, double *const *out);
    void (*elementwise)(const rni_elementwise *, const double *const *in, double *const *out);
    void (*reduce)(const rni_reduce *, const double *const *in, double *const *out);
    void (*move)(const rni_move *, const double *const *in, double *const *out);
    rn_status (*gather)(const rni_rows_by_index *, const double *const *in, double *const *out);
    rn_status (*scatter_add)(const rni_rows_by_index *, const double *const *in,
                             double *const *out);
    void (*sync)(void); /**< waits until everything asked for before is done */
} rni_device;

/** The host: the calling thread's own processor and memory. Never NULL, not freed. */
const rni_device *rni_device_host(void);

/** Collapses the nest of a program and chooses its tiles. */
void rni_elementwise_finish(rni_elementwise *program);

/** Drops and joins axes and chooses the order of summation. */
void rni_reduce_finish(rni_reduce *reduce);

/** Drops, joins and sorts axes. */
void rni_move_finish(rni_move *move);

#endif
