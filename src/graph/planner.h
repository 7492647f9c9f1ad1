/*
 * State shared by the phases of planning, in the order they run:
 *   plan.c         sizes, reachability; drives the rest
 *   plan_fuse.c    which elementwise nodes run as one step
 *   plan_steps.c   views, steps and storages, in node order
 *   plan_program.c the program of one fused step
 *   plan_memory.c  lifetimes, results in place of dying operands, arena offsets
 */
#ifndef RNI_GRAPH_PLANNER_H
#define RNI_GRAPH_PLANNER_H

#include <string.h>

#include "graph/graph.h"
#include "graph/plan.h"

/** Where the numbers of a node stand: a view into a storage; storage -1 before it is computed. */
typedef struct rni_value {
    int storage;
    rni_view view;
} rni_value;

/** A result that could take the place of an operand if that dies at this step. */
typedef struct rni_in_place {
    int step, result, operand; /**< result and operand are storages */
} rni_in_place;

typedef struct rni_planner {
    const rn_graph *graph;
    rn_plan *plan;
    rn_index n; /**< nodes of the graph */

    bool *is_needed;   /**< [n] */
    bool *is_wanted;   /**< [n] */
    bool *is_given;    /**< [n]: bound by the caller like a leaf */
    rn_node *same_as;  /**< [n]: an earlier node with the same numbers and dimensions, or itself */
    rni_view *dense;   /**< [n]: dimensions with the number of samples filled in, dense strides */
    rni_value *values; /**< [n] */

    /* consumers of node i are users[user_start[i] .. user_start[i + 1]), ascending */
    rn_index *user_start;
    rn_node *users;

    /* fused groups: lists of nodes in ascending order, named by any number */
    int *group;          /**< [n]: -1 when not elementwise */
    rn_node *group_head; /**< [n], by group */
    rn_node *group_tail; /**< [n], by group: its last node, where it runs */
    rn_node *group_next; /**< [n], by node: the next member or RN_NODE_NONE */

    rni_in_place *in_place;
    int n_in_place;

    int step_capacity, in_capacity, out_capacity, storage_capacity, in_place_capacity;
} rni_planner;

/** Groups all needed elementwise nodes. */
void rni_plan_fuse(rni_planner *p);

/** True for the last node of its group. */
static inline bool rni_group_ends(const rni_planner *p, rn_node node)
{
    return p->group[node] >= 0 && p->group_tail[p->group[node]] == node;
}

static inline bool rni_same_dims(const rni_view *a, const rni_view *b)
{
    return a->rank == b->rank && memcmp(a->dims, b->dims, (size_t)a->rank * sizeof a->dims[0]) == 0;
}

/** Appends the step of a group. */
RN_NODISCARD rn_status rni_plan_program(rni_planner *p, int group);

/** Appends the steps of all needed nodes. */
RN_NODISCARD rn_status rni_plan_steps(rni_planner *p);

/** Places all arena storages. */
RN_NODISCARD rn_status rni_plan_memory(rni_planner *p);

/** Makes room for one more element of *array. */
bool rni_plan_reserve(void **array, int *capacity, int size, size_t element);

/** A new arena storage of the size of `node`; it becomes the node's wanted storage if the node is
    wanted and has none. -1 when memory is out. */
int rni_plan_storage(rni_planner *p, rn_node node);

/** Appends a step. `what` (a copy of `size` bytes is taken) may be NULL. in: values' storages
    with the offsets of their views; out: whole storages. NULL when memory is out; valid until
    the next step. */
rni_step *rni_plan_step(rni_planner *p, rni_step_kind kind, rn_node node, const void *what,
                        size_t size, int n_in, const rni_value *in, int n_out, const rni_ref *out);

/** True when a needed node does not only show numbers of its input in another order. */
bool rni_plan_computes(const rni_planner *p, rn_node node);

rn_status rni_plan_out_of_memory(void);

#endif
