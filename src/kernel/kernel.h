/*
 * Inside of a kernel: parameter blocks, their factors, and the planned programs that compute them.
 *
 *     kernel.c    create, destroy, describe: the public face of one kernel
 *     analysis.c  from the uses of every parameter to blocks, factors and derivative nodes
 *     build.c     the derivative nodes of every program
 *     program.c   derivative nodes planned for a tile of samples and run on a pool
 *     layout.c    the order of every block for N samples, and where its factors live
 *     factors.c   runs the programs over one block of samples and keeps their factors
 *     gram.c      one tile of M and M' from factors: the three orders (arrays only)
 *     rows.c      row gradients of one chunk of a weight (order G; arrays only)
 *     assemble.c  blocks of samples, tiles, mirror
 *     jacobian.c  J v and J^T u
 *     keep.c      activations of one point, kept for many products
 *     operator.c  M and its tangent as operators
 *
 * A unit is what one factor belongs to: a sample with K rows of J; in a coupled network, where no
 * row belongs to one sample, a single row.
 */
#ifndef RNI_KERNEL_KERNEL_H
#define RNI_KERNEL_KERNEL_H

#include <renorm/kernel.h>
#include <renorm/plan.h>
#include <stdbool.h>

#include "core/pool.h"
#include "core/ranks.h"

/** A part of a factor: the values [units, rows, positions, width] of one node. */
typedef struct rni_slot {
    rn_node node;
    rn_node tangent; /**< its forward derivative; RN_NODE_NONE where none is needed */
    rn_index positions;
    double sign;
} rni_slot;

/** Slots joined along positions: one array [units, rows, positions, width]. */
typedef struct rni_factor {
    rn_index rows; /**< K for cotangents and row gradients, 1 for inputs */
    rn_index positions;
    rn_index width;
    bool has_tangent;
    rn_index n_slots;
    rni_slot *slots; /**< owned */
} rni_factor;

typedef enum rni_block_kind {
    RNI_BLOCK_PRODUCT, /**< matmul and gather uses: groups of factor pairs */
    RNI_BLOCK_VECTOR,  /**< biases and scales: row gradients are nodes of the graph */
    RNI_BLOCK_ROWS     /**< anything else: rows of J */
} rni_block_kind;

/** Uses of one kind: gradient sum over positions of left (x) right, [left width, right width]. */
typedef struct rni_group {
    int left;     /**< factor of the inputs (gather: of the indices, width 1) */
    int right;    /**< factor of the cotangents */
    bool gathers; /**< left holds row numbers */
    bool swapped; /**< the gradient is right (x) left: y = x W^T beside other kinds */
} rni_group;

#define RNI_MAX_GROUPS 3

/** The block of one parameter. */
typedef struct rni_block {
    rni_block_kind kind;
    rn_index size;
    rn_index offset; /**< of the parameter in theta */
    rn_index n_uses;
    rn_index in_width; /**< p and q of the gradient [p, q]; 1 and size where it is no product */
    rn_index out_width;
    bool is_turned; /**< the gradient is the transpose of the parameter */
    int n_groups;
    rni_group groups[RNI_MAX_GROUPS];
    int rows;        /**< factor of row gradients [units, rows, 1, size]; vectors and rows */
    int host;        /**< product block whose right factor is this bias' gradient; -1 without */
    double identity; /**< c^2 when the right factor is c times the identity of the seed, else 0 */
    double share;    /**< its block is that of the host with `share` in place of x . x' */
    int forced;      /**< an rn_kernel_order, or RN_KERNEL_ORDER_CHEAPEST */
} rni_block;

/** What a program computes. Directions are inputs of the graph with the shapes of parameters. */
typedef enum rni_program_kind {
    RNI_PROGRAM_FACTORS,           /**< slots of all factors */
    RNI_PROGRAM_FACTORS_TANGENT,   /**< and their tangents along direction 0 */
    RNI_PROGRAM_ROWS,              /**< rows of J of one sample, for blocks of kind ROWS */
    RNI_PROGRAM_ROWS_TANGENT,      /**< and their tangents along direction 0 */
    RNI_PROGRAM_APPLY,             /**< J d0 */
    RNI_PROGRAM_APPLY_TANGENT,     /**< J' d0 + J d2, J' along d1 */
    RNI_PROGRAM_TRANSPOSE,         /**< J^T u */
    RNI_PROGRAM_TRANSPOSE_TANGENT, /**< and (J')^T u, J' along d0 */
    RNI_PROGRAM_KEEP,              /**< activations that both of the next start from */
    RNI_PROGRAM_APPLY_KEPT,        /**< APPLY from activations */
    RNI_PROGRAM_TRANSPOSE_KEPT,    /**< TRANSPOSE from activations */
    RNI_N_PROGRAMS
} rni_program_kind;

#define RNI_N_DIRECTIONS 3

/** A program planned for one number of samples, with a workspace for every thread. */
typedef struct rni_planned {
    rn_index n_samples;
    rn_plan *plan;
    rn_workspace **work; /**< [n_threads] */
} rni_planned;

typedef struct rni_program {
    bool is_built;
    rn_index n_wanted;
    rn_node *wanted;      /**< owned */
    rn_index n_given;     /**< activations it starts from */
    const rn_node *given; /**< borrowed from the kernel */
    rn_index tile;        /**< samples at a time; 0 until chosen */
    rni_planned full;     /**< for `tile` samples */
    rni_planned rest;     /**< for the samples left over */
} rni_program;

struct rn_kernel {
    rn_graph *graph; /**< borrowed */
    rni_pool *pool;
    int n_threads;
    rn_index max_factor_bytes;
    const rn_communicator *ranks; /**< borrowed; NULL: alone */

    rn_index n_inputs;
    rn_node *inputs;
    rn_index *input_size; /**< [n_inputs] numbers per sample, or in all where not sample data */
    bool *input_is_data;  /**< [n_inputs] */
    rn_node output;       /**< [N, C] */
    rn_node seed;         /**< [N, K, C] */
    bool has_seed;
    rn_index n_rows; /**< K */
    bool is_coupled;

    rn_index n_parameters;
    rn_index n_weights;
    bool *is_resting;  /**< [n_parameters] not trained: no columns of M */
    rni_block *blocks; /**< [n_parameters] */
    rn_index n_factors;
    rni_factor *factors;

    rn_node *directions; /**< [RNI_N_DIRECTIONS x n_parameters] inputs */
    rn_node cotangent;   /**< u [N, K]: input of TRANSPOSE; RN_NODE_NONE until built */
    rni_program programs[RNI_N_PROGRAMS];
    rn_index n_kept;
    rn_node *kept; /**< [n_kept] nodes of activations; NULL until RNI_PROGRAM_KEEP is built */
};

/* ---- analysis.c ---- */

/** Fills blocks and factors. */
RN_NODISCARD rn_status rni_kernel_analyse(rn_kernel *kernel);

/** Releases blocks and factors. */
void rni_kernel_forget(rn_kernel *kernel);

/* ---- build.c ---- */

/** Appends the nodes of a program unless they are there. */
RN_NODISCARD rn_status rni_kernel_build(rn_kernel *kernel, rni_program_kind kind);

/* ---- program.c ---- */

/** What a run binds besides the inputs; NULL where the program does not need it. */
typedef struct rni_leaves {
    const rn_kernel_point *point;
    const double *directions[RNI_N_DIRECTIONS];
    const double *cotangent;     /**< [samples of the tile x K] */
    const struct rni_kept *kept; /**< activations, for programs that start from them */
} rni_leaves;

/** Builds the program, chooses its tile by shapes, and plans it for n_samples: tiles of
    program->tile (when n_samples >= tile) and the rest. tile > 0 prescribes the tile; multiple > 0
    asks for a tile that divides it or that it divides. */
RN_NODISCARD rn_status rni_program_prepare(rn_kernel *kernel, rni_program_kind kind,
                                           rn_index n_samples, rn_index tile, rn_index multiple);

/** Builds the program and chooses its tile, as rni_program_prepare would, without planning it. */
RN_NODISCARD rn_status rni_program_cut(rn_kernel *kernel, rni_program_kind kind, rn_index tile);

/** Bytes of the workspaces that rni_program_prepare would make, and the tile it would choose. */
RN_NODISCARD rn_status rni_program_bytes(rn_kernel *kernel, rni_program_kind kind,
                                         rn_index n_samples, rn_index tile, rn_index multiple,
                                         rn_index *chosen, rn_index *bytes);

/** Number of tiles of a prepared program for n_samples, and the samples of one. */
rn_index rni_program_n_tiles(const rni_program *program, rn_index n_samples);

/** Runs samples first .. first + count - 1 on one thread; count must be a planned size. */
RN_NODISCARD rn_status rni_program_run(rn_kernel *kernel, rni_program_kind kind, int thread,
                                       const rni_leaves *leaves, rn_index first, rn_index count,
                                       rn_workspace **work);

void rni_program_clear(rn_kernel *kernel, rni_program *program);

/** Gives the plans and workspaces back; the program stays built. */
void rni_program_rest(rn_kernel *kernel, rni_program *program);

/* ---- keep.c ---- */

/** Activations of the first n_samples at one point: node by node, sample by sample. */
typedef struct rni_kept {
    rn_index n_samples;
    double **values; /**< [kernel->n_kept] arrays [n_samples, ..], of one owned block */
} rni_kept;

/** Finds the nodes that RNI_PROGRAM_KEEP computes; appends those of APPLY and TRANSPOSE. */
RN_NODISCARD rn_status rni_keep_find(rn_kernel *kernel);

/** Numbers per sample of a kept node. */
rn_index rni_keep_size(const rn_kernel *kernel, rn_index i);

/** Bytes of the activations of one sample; 0: nothing is worth keeping. */
RN_NODISCARD rn_status rni_keep_bytes(rn_kernel *kernel, rn_index *per_sample);

/** Computes and keeps the activations of as many samples as fit max_bytes, whole tiles only.
 *out is NULL where none fit. */
RN_NODISCARD rn_status rni_keep_create(rn_kernel *kernel, const rn_kernel_point *point,
                                       rn_index max_bytes, rni_kept **out);

void rni_keep_destroy(rni_kept *kept);

/* ---- assemble.c ---- */

/** rn_kernel_bytes in two parts, of what is written to: work spaces of programs, which stay until
    the kernel goes, and factors with the tiles of all threads, which go with each call. A small
    matrix leaves most of its tiles untouched, and the system then never provides them. */
RN_NODISCARD rn_status rni_kernel_touched(rn_kernel *kernel, rn_index n_samples, bool tangent,
                                          bool is_scaled, rn_index *kept, rn_index *passing);

/* ---- kernel.c ---- */

/** Checks what every call is given. `function` names the caller in messages. */
RN_NODISCARD rn_status rni_kernel_check(const rn_kernel *kernel, const rn_kernel_point *point,
                                        const char *function);

#endif
