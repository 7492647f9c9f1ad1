/*
 * One or more small graphs for every operation, walked by the derivative tests. An operation
 * without a case fails them.
 */
#ifndef RENORM_TESTS_OP_CASES_H
#define RENORM_TESTS_OP_CASES_H

#include <stdbool.h>

#include "graph/graph.h"

#define OP_CASE_LEAVES 4

/** The leaves of one case. Ordinary leaves are filled with numbers from the case's range. */
typedef struct op_leaves {
    int n;
    rn_node leaf[OP_CASE_LEAVES];
    rn_node index; /**< row numbers 0 .. index_bound-1, or RN_NODE_NONE */
    rn_index index_bound;
} op_leaves;

typedef struct op_case {
    const char *name;
    rn_node (*build)(rn_graph *graph, op_leaves *leaves); /**< returns the output */
    double low, high;                                     /**< range of leaf values */
    rni_op op;                                            /**< what the case is about */
    bool is_smooth;                                       /**< second-order checks apply */
    bool has_derivative; /**< false: the derivative is zero or a stand-in; Taylor does not apply */
} op_case;

extern const op_case op_cases[];
extern const int n_op_cases;

/** Networks of the kinds models are made of (net_cases.c). */
extern const op_case net_cases[];
extern const int n_net_cases;

#endif
