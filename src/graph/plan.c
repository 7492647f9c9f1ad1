#include "graph/plan.h"

#include <string.h>

#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"
#include "graph/planner.h"

rn_status rni_plan_out_of_memory(void)
{
    return rni_fail(RN_ERR_MEMORY, "rn_plan_create: memory is out");
}

bool rni_plan_reserve(void **array, int *capacity, int size, size_t element)
{
    if (size < *capacity) return true;
    const int more = *capacity < 16 ? 16 : *capacity * 2;
    void *grown = rni_resize(*array, *capacity, more, element);
    if (!grown) return false;
    *array = grown;
    *capacity = more;
    return true;
}

/* ---- preparation ------------------------------------------------------------------------- */

/* Dimensions of a node for this number of samples. */
static rn_status resolve(rni_planner *p, rn_node node)
{
    const rn_shape shape = rni_graph_node(p->graph, node)->shape;
    rn_index dims[RN_RANK_MAX] = {0};
    rn_index size = 1;
    bool fits = true;
    for (int i = 0; i < shape.rank && fits; i++) {
        dims[i] = shape.dims[i];
        if (dims[i] < 0) fits = rni_size_mul(-dims[i], p->plan->n_samples, &dims[i]);
        fits = fits && rni_size_ok(dims[i]) && rni_size_mul(size, dims[i], &size)
               && size <= RN_SIZE_MAX / (rn_index)sizeof(double);
    }
    if (!fits)
        return rni_fail(RN_ERR_SHAPE,
                        "rn_plan_create: node %d (%s) has more than 2^48 bytes with %" PRId64
                        " samples; plan fewer samples at a time",
                        (int)node, rni_op_name(rni_graph_node(p->graph, node)->op),
                        p->plan->n_samples);
    p->dense[node] = rni_view_dense(shape.rank, dims);
    return RN_OK;
}

/* A view that changes neither dimensions nor order is its input. */
static rn_node same_as(const rni_planner *p, rn_node node)
{
    const rni_node *self = rni_graph_node(p->graph, node);
    const bool keeps_order = self->op == RNI_OP_STOP_GRADIENT || self->op == RNI_OP_BROADCAST
                             || self->op == RNI_OP_RESHAPE;
    if (!keeps_order || !rni_same_dims(&p->dense[node], &p->dense[self->inputs[0]])) return node;
    return p->same_as[self->inputs[0]];
}

bool rni_plan_computes(const rni_planner *p, rn_node node)
{
    const rni_node *self = rni_graph_node(p->graph, node);
    const rni_family family = rni_op_family(self->op);
    if (p->is_given[node] || family == RNI_FAMILY_LEAF || family == RNI_FAMILY_VIEW) return false;
    if (family != RNI_FAMILY_REDUCE) return true;
    const rni_view *input = &p->dense[self->inputs[0]];
    for (int i = 0; i < input->rank; i++)
        if ((self->axes >> i & 1u) && input->dims[i] > 1) return true;
    return false; /* over axes of length 1: a reshape */
}

static rn_status prepare(rni_planner *p, rn_index n_wanted, const rn_node *wanted)
{
    for (rn_index i = 0; i < n_wanted; i++) {
        p->is_wanted[wanted[i]] = true;
        p->is_needed[wanted[i]] = true;
    }
    for (rn_node i = (rn_node)p->n - 1; i >= 0; i--) {
        if (!p->is_needed[i] || p->is_given[i]) continue;
        const rni_node *self = rni_graph_node(p->graph, i);
        for (int k = 0; k < self->n_inputs; k++)
            p->is_needed[self->inputs[k]] = true;
    }
    for (rn_node i = 0; i < p->n; i++) {
        p->values[i].storage = -1;
        p->same_as[i] = i;
        if (!p->is_needed[i]) continue;
        RNI_TRY(resolve(p, i));
        if (!p->is_given[i]) p->same_as[i] = same_as(p, i);
        if (rni_plan_computes(p, i)) p->plan->n_nodes++;
    }
    return RN_OK;
}

/* Notes every reader of every node, views that change nothing looked through: counts them in
   position[input + 1], or with `users` writes them at users[position[input]++]. */
static void visit_users(const rni_planner *p, rn_index *position, rn_node *users)
{
    for (rn_node i = 0; i < p->n; i++) {
        if (!p->is_needed[i] || p->is_given[i] || (p->same_as[i] != i && !p->is_wanted[i]))
            continue;
        const rni_node *self = rni_graph_node(p->graph, i);
        for (int k = 0; k < self->n_inputs; k++) {
            const rn_node input = p->same_as[self->inputs[k]];
            if (users)
                users[position[input]++] = i;
            else
                position[input + 1]++;
        }
    }
}

static bool list_users(rni_planner *p)
{
    rn_index *start = p->user_start;
    visit_users(p, start, NULL);
    for (rn_index i = 0; i < p->n; i++)
        start[i + 1] += start[i];
    p->users = rni_alloc(start[p->n], sizeof *p->users);
    if (!p->users) return false;
    visit_users(p, start, p->users);
    memmove(start + 1, start, (size_t)p->n * sizeof *start); /* writing moved each one up */
    start[0] = 0;
    return true;
}

static bool planner_create(rni_planner *p, const rn_graph *graph, rn_plan *plan)
{
    const rn_index n = rn_graph_size(graph);
    *p = (rni_planner){.graph = graph, .plan = plan, .n = n};
    p->is_needed = rni_alloc_zero(n, sizeof *p->is_needed);
    p->is_wanted = rni_alloc_zero(n, sizeof *p->is_wanted);
    p->is_given = rni_alloc_zero(n, sizeof *p->is_given);
    p->same_as = rni_alloc_zero(n, sizeof *p->same_as);
    p->dense = rni_alloc_zero(n, sizeof *p->dense);
    p->values = rni_alloc_zero(n, sizeof *p->values);
    p->user_start = rni_alloc_zero(n + 1, sizeof *p->user_start);
    p->group = rni_alloc_zero(n, sizeof *p->group);
    p->group_head = rni_alloc_zero(n, sizeof *p->group_head);
    p->group_tail = rni_alloc_zero(n, sizeof *p->group_tail);
    p->group_next = rni_alloc_zero(n, sizeof *p->group_next);
    plan->leaf_of = rni_alloc(n, sizeof *plan->leaf_of);
    plan->wanted_of = rni_alloc(n, sizeof *plan->wanted_of);
    plan->names = rni_alloc_zero(n, sizeof *plan->names);
    plan->n_graph_nodes = plan->names ? n : 0;
    return p->is_needed && p->is_wanted && p->is_given && p->same_as && p->dense && p->values
           && p->user_start && p->group && p->group_head && p->group_tail && p->group_next
           && plan->leaf_of && plan->wanted_of && plan->names;
}

static void planner_destroy(rni_planner *p)
{
    rni_free(p->is_needed);
    rni_free(p->is_wanted);
    rni_free(p->is_given);
    rni_free(p->same_as);
    rni_free(p->dense);
    rni_free(p->values);
    rni_free(p->user_start);
    rni_free(p->users);
    rni_free(p->group);
    rni_free(p->group_head);
    rni_free(p->group_tail);
    rni_free(p->group_next);
    rni_free(p->in_place);
}

/* ---- the public calls ---------------------------------------------------------------------- */

static rn_status check_arguments(const rn_graph *graph, rn_index n_samples, rn_index n_wanted,
                                 const rn_node *wanted, rn_plan *const *out)
{
    if (!graph || !wanted || !out)
        return rni_fail(RN_ERR_ARGUMENT, "rn_plan_create: graph, wanted and out must be given");
    if (!rni_size_ok(n_samples))
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_plan_create: found %" PRId64 " samples, expected 1 .. 2^48", n_samples);
    if (n_wanted < 1)
        return rni_fail(RN_ERR_ARGUMENT, "rn_plan_create: at least one node must be wanted");
    for (rn_index i = 0; i < n_wanted; i++)
        if (wanted[i] < 0 || wanted[i] >= rn_graph_size(graph))
            return rni_fail(RN_ERR_ARGUMENT,
                            "rn_plan_create: wanted[%" PRId64 "] = %d is no node of the graph", i,
                            (int)wanted[i]);
    return rn_graph_status(graph);
}

/* What messages of a run need to know of the graph. */
static bool copy_names(rni_planner *p)
{
    rn_plan *plan = p->plan;
    for (rn_node i = 0; i < p->n; i++) {
        const rni_node *self = rni_graph_node(p->graph, i);
        const bool is_bound =
            p->is_given[i] || self->op == RNI_OP_INPUT || self->op == RNI_OP_PARAMETER;
        plan->leaf_of[i] = is_bound ? RNI_UNUSED_LEAF : RNI_NO_LEAF;
        plan->wanted_of[i] = -1;
        const bool is_named = is_bound || rni_op_family(self->op) == RNI_FAMILY_INDEX;
        if (!p->is_needed[i] || !is_named || !self->name) continue;
        plan->names[i] = rni_copy_text(self->name);
        if (!plan->names[i]) return false;
    }
    return true;
}

/* Chains the operands of each leaf, so that binding touches nothing else. */
static bool chain_uses(rn_plan *plan)
{
    plan->first_use = rni_alloc(plan->n_storages, sizeof *plan->first_use);
    if (!plan->first_use) return false;
    for (int s = 0; s < plan->n_storages; s++)
        plan->first_use[s] = -1;
    for (int k = plan->n_in - 1; k >= 0; k--) {
        rni_ref *ref = &plan->in[k];
        ref->next = plan->first_use[ref->storage];
        plan->first_use[ref->storage] = k;
    }
    return true;
}

static rn_status make(rni_planner *p, rn_index n_given, const rn_node *given, rn_index n_wanted,
                      const rn_node *wanted)
{
    for (rn_index i = 0; i < n_given; i++)
        p->is_given[given[i]] = true;
    RNI_TRY(prepare(p, n_wanted, wanted));
    if (!copy_names(p) || !list_users(p)) return rni_plan_out_of_memory();
    rni_plan_fuse(p);
    RNI_TRY(rni_plan_steps(p));
    if (!chain_uses(p->plan)) return rni_plan_out_of_memory();
    return rni_plan_memory(p);
}

rn_status rn_plan_create(const rn_graph *graph, rn_index n_samples, rn_index n_wanted,
                         const rn_node *wanted, rn_plan **out)
{
    return rn_plan_create_given(graph, n_samples, 0, NULL, n_wanted, wanted, out);
}

rn_status rn_plan_create_given(const rn_graph *graph, rn_index n_samples, rn_index n_given,
                               const rn_node *given, rn_index n_wanted, const rn_node *wanted,
                               rn_plan **out)
{
    RNI_TRY(check_arguments(graph, n_samples, n_wanted, wanted, out));
    for (rn_index i = 0; i < n_given; i++)
        if (!given || given[i] < 0 || given[i] >= rn_graph_size(graph))
            return rni_fail(RN_ERR_ARGUMENT,
                            "rn_plan_create_given: given[%" PRId64 "] is no node of the graph", i);
    rn_plan *plan = rni_alloc_zero(1, sizeof *plan);
    if (!plan) return rni_plan_out_of_memory();
    plan->device = rni_device_host();
    plan->n_samples = n_samples;

    rni_planner p;
    rn_status status = planner_create(&p, graph, plan) ? make(&p, n_given, given, n_wanted, wanted)
                                                       : rni_plan_out_of_memory();
    planner_destroy(&p);
    if (status < 0)
        rn_plan_destroy(plan);
    else
        *out = plan;
    return status;
}

void rn_plan_destroy(rn_plan *plan)
{
    if (!plan) return;
    for (int i = 0; i < plan->n_steps; i++)
        rni_free(plan->steps[i].what.any);
    for (rn_index i = 0; i < plan->n_graph_nodes; i++)
        rni_free(plan->names[i]);
    rni_free(plan->steps);
    rni_free(plan->in);
    rni_free(plan->out);
    rni_free(plan->storages);
    rni_free(plan->constants);
    rni_free(plan->first_use);
    rni_free(plan->leaf_of);
    rni_free(plan->wanted_of);
    rni_free(plan->names);
    rni_free(plan);
}

double rn_plan_flops(const rn_plan *plan)
{
    return plan->flops;
}

rn_index rn_plan_n_steps(const rn_plan *plan)
{
    return plan->n_steps;
}

rn_index rn_plan_n_nodes(const rn_plan *plan)
{
    return plan->n_nodes;
}
