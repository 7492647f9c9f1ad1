/*
 * Which elementwise nodes run as one step.
 *
 * A group holds elementwise nodes of equal dimensions and runs where its last node stands in node
 * order. That keeps the order of steps a topological one as long as every reader outside the
 * group comes after that place; a group grows only while this holds. Growing is greedy: each
 * node, in order, joins the groups of its elementwise inputs. A node read outside its group is
 * one more result of the step, so nothing is computed twice.
 */
#include "graph/planner.h"

static bool is_elementwise(const rni_planner *p, rn_node node)
{
    const rni_family family = rni_op_family(rni_graph_node(p->graph, node)->op);
    if (p->is_given[node]) return false;
    return family == RNI_FAMILY_UNARY || family == RNI_FAMILY_BINARY;
}

/* What a union of two groups would need. */
typedef struct demand {
    int n_instructions;
    int n_in, n_out;
    int n_internal; /* bounds the temporaries alive at once */
} demand;

/* Counts `node` of the union of groups a and b; false when a reader stands before `end`. */
static bool count_member(const rni_planner *p, rn_node node, int a, int b, rn_node end,
                         demand *needs)
{
    bool is_result = p->is_wanted[node];
    for (rn_index u = p->user_start[node]; u < p->user_start[node + 1]; u++) {
        const int group = p->group[p->users[u]];
        if (group >= 0 && (group == a || group == b)) continue;
        if (p->users[u] < end) return false;
        is_result = true;
    }
    const rni_node *self = rni_graph_node(p->graph, node);
    for (int k = 0; k < self->n_inputs; k++) {
        const int group = p->group[p->same_as[self->inputs[k]]];
        if (group < 0 || (group != a && group != b)) needs->n_in++; /* repeats counted again */
    }
    needs->n_instructions += self->op == RNI_OP_POWER ? 2 : 1;
    if (is_result)
        needs->n_out++;
    else
        needs->n_internal++;
    return true;
}

static bool may_join(const rni_planner *p, int a, int b, rn_node end)
{
    demand needs = {0};
    const int groups[2] = {a, b};
    for (int g = 0; g < 2; g++)
        for (rn_node i = p->group_head[groups[g]]; i != RN_NODE_NONE; i = p->group_next[i])
            if (!count_member(p, i, a, b, end, &needs)) return false;
    return needs.n_instructions <= RNI_PROGRAM_INSTRUCTIONS && needs.n_in <= RNI_PROGRAM_INPUTS
           && needs.n_out <= RNI_PROGRAM_RESULTS && needs.n_internal <= RNI_PROGRAM_TEMPS;
}

/* Merges the ascending lists of two groups into group a. */
static void join(rni_planner *p, int a, int b)
{
    rn_node left = p->group_head[a];
    rn_node right = p->group_head[b];
    rn_node *link = &p->group_head[a];
    for (rn_node i = right; i != RN_NODE_NONE; i = p->group_next[i])
        p->group[i] = a;
    if (p->group_tail[b] > p->group_tail[a]) p->group_tail[a] = p->group_tail[b];
    while (left != RN_NODE_NONE || right != RN_NODE_NONE) {
        rn_node *from =
            right == RN_NODE_NONE || (left != RN_NODE_NONE && left < right) ? &left : &right;
        *link = *from;
        link = &p->group_next[*from];
        *from = *link;
    }
    *link = RN_NODE_NONE;
}

void rni_plan_fuse(rni_planner *p)
{
    for (rn_node i = 0; i < p->n; i++) {
        p->group[i] = -1;
        if (!p->is_needed[i] || !is_elementwise(p, i)) continue;
        p->group[i] = i;
        p->group_head[i] = i;
        p->group_tail[i] = i;
        p->group_next[i] = RN_NODE_NONE;
        const rni_node *self = rni_graph_node(p->graph, i);
        for (int k = 0; k < self->n_inputs; k++) {
            const rn_node input = p->same_as[self->inputs[k]];
            const int other = p->group[input];
            if (other < 0 || other == p->group[i] || !rni_same_dims(&p->dense[input], &p->dense[i]))
                continue;
            if (may_join(p, p->group[i], other, i)) join(p, other, p->group[i]);
        }
    }
}
