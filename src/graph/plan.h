/*
 * Inside of a plan: steps over storages.
 *
 * A storage is a dense array: one bound by the caller (a leaf), one kept by the plan (a constant),
 * or a stretch of the workspace's arena. A step is one operation of the device table, described
 * once; its operands are references, (storage, offset), which a workspace turns into addresses
 * when it is created. Strides live in the descriptions. The design is explained in
 * docs/decisions/0006-views-fusion-and-one-arena.md.
 */
#ifndef RNI_GRAPH_PLAN_H
#define RNI_GRAPH_PLAN_H

#include <renorm/plan.h>

#include "tensor/device.h"

typedef enum rni_storage_kind {
    RNI_STORAGE_LEAF,     /**< address given by rn_workspace_bind */
    RNI_STORAGE_CONSTANT, /**< at plan->constants + offset */
    RNI_STORAGE_ARENA     /**< at the workspace's arena + offset */
} rni_storage_kind;

typedef struct rni_storage {
    rni_storage_kind kind;
    rn_node node;    /**< the leaf, or the node that first needed the storage */
    rn_index size;   /**< doubles */
    rn_index offset; /**< doubles, see kind */
    bool is_wanted;  /**< holds a wanted node: never shared with another storage */
    int first, last; /**< steps that touch it first and last; first > last when none does */
    int heir;        /**< storage that takes its place (in-place result), or -1 */
    int parent;      /**< storage whose place it takes, or -1 */
} rni_storage;

typedef enum rni_step_kind {
    RNI_STEP_GEMM,
    RNI_STEP_ELEMENTWISE,
    RNI_STEP_REDUCE,
    RNI_STEP_MOVE,
    RNI_STEP_FILL, /**< zeros */
    RNI_STEP_GATHER,
    RNI_STEP_SCATTER_ADD
} rni_step_kind;

/** A place in a storage. */
typedef struct rni_ref {
    int storage;
    int next; /**< operands only: another one in the same leaf, or -1 */
    rn_index offset;
} rni_ref;

typedef struct rni_step {
    rni_step_kind kind;
    rn_node node;  /**< for messages: the (last) node computed */
    int first_in;  /**< its operands are plan->in[first_in ..] */
    int first_out; /**< and its results plan->out[first_out ..] */
    rn_index size; /**< of a fill */
    union {
        void *any; /**< owned by the plan */
        const rni_gemm_batch *gemm;
        const rni_elementwise *elementwise;
        const rni_reduce *reduce;
        const rni_move *move;
        const rni_rows_by_index *rows;
    } what;
} rni_step;

struct rn_plan {
    const rni_device *device;
    rni_step *steps;
    int n_steps;
    rni_ref *in, *out;
    int n_in, n_out;
    rni_storage *storages;
    int n_storages;
    double *constants;
    rn_index n_constants;
    rn_index arena_size; /**< doubles */
    rn_index n_samples;
    rn_index n_graph_nodes; /**< nodes of the graph when it was planned */
    rn_index n_nodes;       /**< computed ones, views and leaves not counted */
    double flops;
    int *first_use; /**< [n_storages]: first operand in a leaf, or -1 */
    int *leaf_of;   /**< [n_graph_nodes]: storage of a leaf; UNUSED_LEAF; NO_LEAF */
    int *wanted_of; /**< [n_graph_nodes]: storage of a wanted node or -1 */
    char **names;   /**< [n_graph_nodes]: names of leaves and indexed nodes, others NULL */
};

#define RNI_UNUSED_LEAF (-1) /**< an input or parameter the plan does not need */
#define RNI_NO_LEAF     (-2)

#endif
