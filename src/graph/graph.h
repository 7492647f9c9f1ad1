/*
 * Inside of a graph: nodes, operations, and what each operation must provide.
 *
 * To add an operation: one line in RNI_OP_LIST, one rni_op_def in the file of its family, one
 * test case in tests/support/op_cases.c (a test walks RNI_OP_LIST and fails without it), and, if
 * it is not elementwise, one entry in the executor's table.
 */
#ifndef RNI_GRAPH_GRAPH_H
#define RNI_GRAPH_GRAPH_H

#include <renorm/graph.h>
#include <stdbool.h>

/* name in messages, family (what the planner and executor do with it), number of inputs (-1: any)
   Semantics stand at the building functions in renorm/graph.h. */
#define RNI_OP_LIST(X)                                                                             \
    X(INPUT, "input", LEAF, 0)                                                                     \
    X(PARAMETER, "parameter", LEAF, 0)                                                             \
    X(CONSTANT, "constant", LEAF, 0)                                                               \
    X(SCALE, "scale", UNARY, 1) /* number = factor */                                              \
    X(SHIFT, "shift", UNARY, 1) /* number = term */                                                \
    X(POWER, "power", UNARY, 1) /* number = exponent */                                            \
    X(EXP, "exp", UNARY, 1)                                                                        \
    X(LOG, "log", UNARY, 1)                                                                        \
    X(SIN, "sin", UNARY, 1)                                                                        \
    X(COS, "cos", UNARY, 1)                                                                        \
    X(TANH, "tanh", UNARY, 1)                                                                      \
    X(ERF, "erf", UNARY, 1)                                                                        \
    X(SIGMOID, "sigmoid", UNARY, 1)                                                                \
    X(SOFTPLUS, "softplus", UNARY, 1)                                                              \
    X(ABS, "abs", UNARY, 1)                                                                        \
    X(SIGN, "sign", UNARY, 1)                                                                      \
    X(RELU, "relu", UNARY, 1)                                                                      \
    X(STEP, "step", UNARY, 1)                                                                      \
    X(SURROGATE_STEP, "surrogate_step", UNARY, 1) /* number = width, sizes[0] = rn_surrogate */    \
    X(STOP_GRADIENT, "stop_gradient", VIEW, 1)                                                     \
    X(ADD, "add", BINARY, 2)                                                                       \
    X(SUBTRACT, "subtract", BINARY, 2)                                                             \
    X(MULTIPLY, "multiply", BINARY, 2)                                                             \
    X(DIVIDE, "divide", BINARY, 2)                                                                 \
    X(GREATER, "greater", BINARY, 2)                                                               \
    X(EQUAL, "equal", BINARY, 2)                                                                   \
    X(MATMUL, "matmul", MATMUL, 2) /* flags: 1 transpose a, 2 transpose b */                       \
    X(SUM, "sum", REDUCE, 1)       /* axes bits; flags: 1 keep */                                  \
    X(MAX, "max", REDUCE, 1)       /* axes bits; flags: 1 keep */                                  \
    X(BROADCAST, "broadcast", VIEW, 1)                                                             \
    X(RESHAPE, "reshape", VIEW, 1)                                                                 \
    X(TRANSPOSE, "transpose", VIEW, 1)      /* sizes[i] = input axis of output axis i */           \
    X(SLICE, "slice", VIEW, 1)              /* axis; sizes = start, count, step */                 \
    X(EMBED, "embed", PLACE, 1)             /* axis; sizes = start, step, length */                \
    X(CONCAT, "concat", PLACE, -1)          /* axis */                                             \
    X(UNFOLD, "unfold", VIEW, 1)            /* axis; sizes = window, stride, dilation */           \
    X(FOLD, "fold", PLACE, 1)               /* axis; sizes = stride, dilation, length */           \
    X(GATHER, "gather", INDEX, 2)           /* inputs table, index; axis = batch */                \
    X(SCATTER_ADD, "scatter_add", INDEX, 2) /* inputs updates, index; axis = batch;                \
                                               sizes[0] = rows */

typedef enum rni_op {
#define RNI_OP_ENUM(id, name, family, arity) RNI_OP_##id,
    RNI_OP_LIST(RNI_OP_ENUM)
#undef RNI_OP_ENUM
        RNI_OP_COUNT
} rni_op;

/* UNARY and BINARY are elementwise (fusable). VIEW nodes move no numbers of their own: they are
   another way to index their input, materialised only where a consumer needs plain storage. PLACE
   nodes write their inputs into parts of a zeroed result (fold adds). */
typedef enum rni_family {
    RNI_FAMILY_LEAF,
    RNI_FAMILY_UNARY,
    RNI_FAMILY_BINARY,
    RNI_FAMILY_VIEW,
    RNI_FAMILY_MATMUL,
    RNI_FAMILY_REDUCE,
    RNI_FAMILY_PLACE,
    RNI_FAMILY_INDEX
} rni_family;

#define RNI_MATMUL_TRANSPOSE_A 1u
#define RNI_MATMUL_TRANSPOSE_B 2u
#define RNI_REDUCE_KEEP        1u

/** One node. Which attributes an operation uses stands in RNI_OP_LIST. */
typedef struct rni_node {
    rni_op op;
    rn_rows rows;
    rn_shape shape;
    int n_inputs;
    rn_node *inputs; /**< owned, [n_inputs] */
    double number;
    unsigned flags;
    unsigned axes;
    int axis;
    rn_index sizes[RN_RANK_MAX];
    double *values; /**< owned, constants only */
    char *name;     /**< owned, NULL when not given */
    bool is_pinned; /**< no later node may be built from its input instead */
} rni_node;

struct rn_graph {
    rni_node *nodes; /**< owned, [size], capacity entries */
    rn_index size;
    rn_index capacity;
    rn_status status; /**< first mistake */
    char *message;    /**< owned: its text, NULL when memory was out */
    rn_node *buckets; /**< owned: hash table over nodes, [n_buckets], -1 = empty */
    rn_index n_buckets;
};

/** Name and family of an operation. */
const char *rni_op_name(rni_op op);
rni_family rni_op_family(rni_op op);

/** Borrowed until the graph grows. `node` must be valid. */
const rni_node *rni_graph_node(const rn_graph *graph, rn_node node);

#endif
