/*
 * From nodes to steps, in node order. Views compose without work; a node's numbers are copied
 * into plain storage only where a consumer cannot read its strides: a matmul whose operand is
 * neither row- nor column-contiguous, a gather, a reshape that has no strides, a wanted view.
 */
#include <string.h>

#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"
#include "graph/planner.h"

/* ---- appending ------------------------------------------------------------------------------- */

static int new_storage(rni_planner *p, rni_storage_kind kind, rn_node node)
{
    rn_plan *plan = p->plan;
    void *array = plan->storages;
    if (!rni_plan_reserve(&array, &p->storage_capacity, plan->n_storages, sizeof *plan->storages))
        return -1;
    plan->storages = array;
    plan->storages[plan->n_storages] =
        (rni_storage){.kind = kind, .node = node, .heir = -1, .parent = -1};
    plan->storages[plan->n_storages].size = rni_view_size(&p->dense[node]);
    return plan->n_storages++;
}

static void set_wanted(rni_planner *p, rn_node node, int storage)
{
    p->plan->wanted_of[node] = storage;
    p->plan->storages[storage].is_wanted = true;
}

int rni_plan_storage(rni_planner *p, rn_node node)
{
    const int storage = new_storage(p, RNI_STORAGE_ARENA, node);
    if (storage < 0) return -1;
    p->values[node] = (rni_value){.storage = storage, .view = p->dense[node]};
    if (p->is_wanted[node] && p->plan->wanted_of[node] < 0) set_wanted(p, node, storage);
    return storage;
}

static bool reserve_refs(rni_ref **refs, int *capacity, int size, int n_more)
{
    for (int k = 0; k < n_more; k++) { /* doubles at most once or twice */
        void *array = *refs;
        if (!rni_plan_reserve(&array, capacity, size + k, sizeof **refs)) return false;
        *refs = array;
    }
    return true;
}

rni_step *rni_plan_step(rni_planner *p, rni_step_kind kind, rn_node node, const void *what,
                        size_t size, int n_in, const rni_value *in, int n_out, const rni_ref *out)
{
    rn_plan *plan = p->plan;
    void *steps = plan->steps;
    if (!rni_plan_reserve(&steps, &p->step_capacity, plan->n_steps, sizeof *plan->steps))
        return NULL;
    plan->steps = steps;
    if (!reserve_refs(&plan->in, &p->in_capacity, plan->n_in, n_in)
        || !reserve_refs(&plan->out, &p->out_capacity, plan->n_out, n_out))
        return NULL;
    void *copy = NULL;
    if (what) {
        copy = rni_alloc(1, size);
        if (!copy) return NULL;
        memcpy(copy, what, size);
    }
    rni_step *step = &plan->steps[plan->n_steps++];
    *step = (rni_step){.kind = kind,
                       .node = node,
                       .first_in = plan->n_in,
                       .first_out = plan->n_out,
                       .what = {.any = copy}};
    for (int k = 0; k < n_in; k++)
        plan->in[plan->n_in++] = (rni_ref){.storage = in[k].storage, .offset = in[k].view.offset};
    for (int k = 0; k < n_out; k++)
        plan->out[plan->n_out++] = out[k];
    return step;
}

/* A copy of `from` into the view `to` of a storage; dimensions agree. */
static bool append_move(rni_planner *p, rn_node node, const rni_value *from, int storage,
                        const rni_view *to, bool accumulate)
{
    rni_move move = {.rank = to->rank, .accumulate = accumulate};
    memcpy(move.dims, to->dims, sizeof move.dims);
    memcpy(move.strides[0], to->strides, sizeof move.strides[0]);
    memcpy(move.strides[1], from->view.strides, sizeof move.strides[1]);
    rni_move_finish(&move);
    if (accumulate) p->plan->flops += (double)rni_view_size(to);
    const rni_ref out = {.storage = storage, .offset = to->offset};
    return rni_plan_step(p, RNI_STEP_MOVE, node, &move, sizeof move, 1, from, 1, &out) != NULL;
}

/* Copies a node's numbers into dense storage, where all later readers find them. */
static bool make_dense(rni_planner *p, rn_node node)
{
    const rni_value from = p->values[node];
    if (rni_view_is_dense(&from.view)) return true;
    const int storage = rni_plan_storage(p, node);
    return storage >= 0 && append_move(p, node, &from, storage, &p->dense[node], false);
}

/* A wanted node that shows another's numbers gets a copy of its own. */
static bool copy_wanted(rni_planner *p, rn_node node)
{
    if (!p->is_wanted[node] || p->plan->wanted_of[node] >= 0) return true;
    const rni_value from = p->values[node];
    const int storage = new_storage(p, RNI_STORAGE_ARENA, node);
    if (storage < 0) return false;
    set_wanted(p, node, storage);
    return append_move(p, node, &from, storage, &p->dense[node], false);
}

/* ---- leaves and views ------------------------------------------------------------------------ */

static bool add_leaf(rni_planner *p, rn_node node)
{
    const rni_node *self = rni_graph_node(p->graph, node);
    rn_plan *plan = p->plan;
    const bool is_constant = self->op == RNI_OP_CONSTANT && !p->is_given[node];
    const int storage = new_storage(p, is_constant ? RNI_STORAGE_CONSTANT : RNI_STORAGE_LEAF, node);
    if (storage < 0) return false;
    p->values[node] = (rni_value){.storage = storage, .view = p->dense[node]};
    if (!is_constant) {
        plan->leaf_of[node] = storage;
        return true;
    }
    const rn_index size = plan->storages[storage].size;
    double *grown = rni_resize(plan->constants, plan->n_constants, plan->n_constants + size,
                               sizeof *plan->constants);
    if (!grown) return false;
    memcpy(grown + plan->n_constants, self->values, (size_t)size * sizeof *grown);
    plan->constants = grown;
    plan->storages[storage].offset = plan->n_constants;
    plan->n_constants += size;
    return true;
}

static bool reshape(rni_planner *p, rn_node node, rn_node input)
{
    const rni_view *dense = &p->dense[node];
    rni_value *value = &p->values[node];
    if (!rni_view_reshape(&p->values[input].view, dense->rank, dense->dims, &value->view)) {
        if (!make_dense(p, input)) return false;
        if (!rni_view_reshape(&p->values[input].view, dense->rank, dense->dims, &value->view))
            return false;
    }
    value->storage = p->values[input].storage;
    return true;
}

static bool add_view(rni_planner *p, rn_node node)
{
    const rni_node *self = rni_graph_node(p->graph, node);
    const rn_node input = p->same_as[self->inputs[0]];
    const rni_value from = p->values[input];
    const rni_view *dense = &p->dense[node];
    rni_value value = from;
    int order[RN_RANK_MAX] = {0};
    switch (self->op) {
    case RNI_OP_TRANSPOSE:
        for (int i = 0; i < dense->rank; i++)
            order[i] = (int)self->sizes[i];
        value.view = rni_view_transpose(&from.view, order);
        break;
    case RNI_OP_SLICE:
        value.view =
            rni_view_slice(&from.view, self->axis, self->sizes[0], self->sizes[1], self->sizes[2]);
        break;
    case RNI_OP_BROADCAST:
        value.view = rni_view_broadcast(&from.view, dense->rank, dense->dims);
        break;
    case RNI_OP_UNFOLD:
        value.view =
            rni_view_unfold(&from.view, self->axis, self->sizes[0], self->sizes[1], self->sizes[2]);
        break;
    default: /* reshape, stop_gradient, and reductions over axes of length 1 */
        return reshape(p, node, input);
    }
    p->values[node] = value;
    return true;
}

/* ---- products ----------------------------------------------------------------------------------
 */

/* One operand of a product in terms of op(X): strides of its rows, columns and batch axes. */
typedef struct factor {
    rn_node node;
    bool is_transposed; /* by the operation */
    rn_index rows, cols;
    rn_index row_step, col_step;
    rn_index batch[RNI_VIEW_RANK];
} factor;

static factor read_factor(const rni_planner *p, rn_node node, bool is_transposed,
                          const rni_view *dense)
{
    const rni_view *view = &p->values[node].view;
    const int row = view->rank - (is_transposed ? 1 : 2);
    const int col = view->rank - (is_transposed ? 2 : 1);
    factor f = {.node = node,
                .is_transposed = is_transposed,
                .rows = view->dims[row],
                .cols = view->dims[col],
                .row_step = view->strides[row],
                .col_step = view->strides[col]};
    rni_view batch = *view;
    batch.rank -= 2;
    batch = rni_view_broadcast(&batch, dense->rank - 2, dense->dims);
    memcpy(f.batch, batch.strides, sizeof f.batch);
    return f;
}

/* The leading dimension if BLAS can read the factor; *trans says how. 0 if it cannot. */
static rn_index leading(const factor *f, bool *trans)
{
    const bool rows_free = f->rows == 1;
    const bool cols_free = f->cols == 1;
    *trans = false;
    if (f->col_step == 1 || cols_free) {
        if (rows_free) return f->cols;
        if (f->row_step >= f->cols) return f->row_step;
    }
    *trans = true;
    if (f->row_step == 1 || rows_free) {
        if (cols_free) return f->rows;
        if (f->col_step >= f->rows) return f->col_step;
    }
    return 0;
}

static bool readable_factor(rni_planner *p, factor *f, const rni_view *dense)
{
    bool trans = false;
    if (leading(f, &trans) > 0) return true;
    if (!make_dense(p, f->node)) return false;
    *f = read_factor(p, f->node, f->is_transposed, dense);
    return true;
}

/*
 * The innermost batch axis joins the rows of A when B does not depend on it and A steps from one
 * matrix to the next as from row to row: one tall product instead of many.
 */
static void join_batch(rni_gemm_batch *g, factor *a, const factor *b)
{
    while (g->rank > 0) {
        const int inner = g->rank - 1;
        const bool is_single = a->rows == 1 && a->col_step == 1 && a->batch[inner] >= a->cols;
        const bool is_tall =
            a->col_step == 1 && a->row_step >= a->cols && a->batch[inner] == a->rows * a->row_step;
        if (g->dims[inner] > 1) {
            if (b->batch[inner] != 0 || !(is_single || is_tall)) return;
            if (is_single) a->row_step = a->batch[inner];
            a->rows *= g->dims[inner];
        }
        g->rank--;
    }
}

static bool add_gemm(rni_planner *p, rn_node node, factor *a, factor *b)
{
    const rni_view *dense = &p->dense[node];
    rni_gemm_batch g = {.n = b->cols, .k = a->cols, .alpha = 1.0, .rank = dense->rank - 2};
    memcpy(g.dims, dense->dims, sizeof g.dims);
    g.ldc = g.n;
    const double n_products = (double)rni_view_size(dense) * (double)g.k;
    if (!readable_factor(p, a, dense) || !readable_factor(p, b, dense)) return false;
    join_batch(&g, a, b);
    g.m = a->rows;
    g.lda = leading(a, &g.trans_a);
    g.ldb = leading(b, &g.trans_b);
    memcpy(g.strides[0], a->batch, sizeof g.strides[0]);
    memcpy(g.strides[1], b->batch, sizeof g.strides[1]);
    memcpy(g.strides[2], dense->strides, sizeof g.strides[2]);
    rni_nest_collapse(&g.rank, g.dims, 3, g.strides);
    if (g.rank == 1 && g.dims[0] == 1) g.rank = 0;

    p->plan->flops += 2.0 * n_products;
    const rni_value in[2] = {p->values[a->node], p->values[b->node]};
    const rni_ref out = {.storage = rni_plan_storage(p, node)};
    return out.storage >= 0 && rni_plan_step(p, RNI_STEP_GEMM, node, &g, sizeof g, 2, in, 1, &out);
}

/* A column times a row is an elementwise product of two repeated vectors. */
static bool add_outer(rni_planner *p, rn_node node, const factor *a, const factor *b)
{
    const rni_view *dense = &p->dense[node];
    const int last = dense->rank - 1;
    rni_elementwise program = {.rank = dense->rank, .n_in = 2, .n_out = 1, .n_instructions = 1};
    memcpy(program.dims, dense->dims, sizeof program.dims);
    memcpy(program.strides[0], a->batch, sizeof a->batch);
    memcpy(program.strides[1], b->batch, sizeof b->batch);
    program.strides[0][last - 1] = a->rows > 1 ? a->row_step : 0;
    program.strides[0][last] = 0;
    program.strides[1][last - 1] = 0;
    program.strides[1][last] = b->cols > 1 ? b->col_step : 0;
    program.code[0] = (rni_instruction){.code = RNI_DO_MULTIPLY, .dst = 2, .a = 0, .b = 1};
    rni_elementwise_finish(&program);
    p->plan->flops += (double)rni_view_size(dense);

    const rni_value in[2] = {p->values[a->node], p->values[b->node]};
    const rni_ref out = {.storage = rni_plan_storage(p, node)};
    return out.storage >= 0
           && rni_plan_step(p, RNI_STEP_ELEMENTWISE, node, &program, sizeof program, 2, in, 1,
                            &out);
}

static bool add_matmul(rni_planner *p, rn_node node)
{
    const rni_node *self = rni_graph_node(p->graph, node);
    const rni_view *dense = &p->dense[node];
    factor a =
        read_factor(p, p->same_as[self->inputs[0]], self->flags & RNI_MATMUL_TRANSPOSE_A, dense);
    factor b =
        read_factor(p, p->same_as[self->inputs[1]], self->flags & RNI_MATMUL_TRANSPOSE_B, dense);
    return a.cols == 1 ? add_outer(p, node, &a, &b) : add_gemm(p, node, &a, &b);
}

/* ---- reductions, places, rows by number
 * ------------------------------------------------------------ */

static bool add_reduce(rni_planner *p, rn_node node)
{
    const rni_node *self = rni_graph_node(p->graph, node);
    const rni_value in = p->values[p->same_as[self->inputs[0]]];
    const rni_view dense = p->dense[node];
    rni_reduce r = {.kind = self->op == RNI_OP_SUM ? RNI_REDUCE_SUM : RNI_REDUCE_MAX};
    int axis = 0; /* of the result */
    for (int i = 0; i < in.view.rank; i++) {
        const bool is_reduced = self->axes >> i & 1u;
        if (is_reduced) {
            r.reduced_dims[r.n_reduced] = in.view.dims[i];
            r.reduced_strides[0][r.n_reduced++] = in.view.strides[i];
            if (self->flags & RNI_REDUCE_KEEP) axis++;
        } else {
            r.kept_dims[r.n_kept] = in.view.dims[i];
            r.kept_strides[0][r.n_kept] = in.view.strides[i];
            r.kept_strides[1][r.n_kept++] = dense.strides[axis++];
        }
    }
    rni_reduce_finish(&r);
    p->plan->flops += (double)rni_view_size(&in.view);
    const rni_ref out = {.storage = rni_plan_storage(p, node)};
    return out.storage >= 0
           && rni_plan_step(p, RNI_STEP_REDUCE, node, &r, sizeof r, 1, &in, 1, &out);
}

/* Where part k of a place node goes in the result; `start` is the running position of concat. */
static rni_view target_of(const rni_planner *p, const rni_node *self, rn_node node, rn_node part,
                          rn_index start)
{
    const rni_view *dense = &p->dense[node];
    const rn_index count = p->dense[part].dims[self->axis];
    if (self->op == RNI_OP_FOLD)
        return rni_view_unfold(dense, self->axis, p->dense[part].dims[self->axis + 1],
                               self->sizes[0], self->sizes[1]);
    if (self->op == RNI_OP_EMBED)
        return rni_view_slice(dense, self->axis, self->sizes[0], count, self->sizes[1]);
    return rni_view_slice(dense, self->axis, start, count, 1);
}

static bool add_place(rni_planner *p, rn_node node)
{
    const rni_node *self = rni_graph_node(p->graph, node);
    const rni_ref out = {.storage = rni_plan_storage(p, node)};
    if (out.storage < 0) return false;
    if (self->op != RNI_OP_CONCAT) {
        rni_step *step = rni_plan_step(p, RNI_STEP_FILL, node, NULL, 0, 0, NULL, 1, &out);
        if (!step) return false;
        step->size = rni_view_size(&p->dense[node]);
    }
    rn_index start = 0;
    for (int k = 0; k < self->n_inputs; k++) {
        const rn_node part = p->same_as[self->inputs[k]];
        const rni_view to = target_of(p, self, node, part, start);
        if (!append_move(p, node, &p->values[part], out.storage, &to, self->op == RNI_OP_FOLD))
            return false;
        start += p->dense[part].dims[self->axis];
    }
    return true;
}

static bool add_index(rni_planner *p, rn_node node)
{
    const rni_node *self = rni_graph_node(p->graph, node);
    const rn_node first = p->same_as[self->inputs[0]];
    const rn_node index = p->same_as[self->inputs[1]];
    if (!make_dense(p, first) || !make_dense(p, index)) return false;
    const bool is_gather = self->op == RNI_OP_GATHER;
    const rni_view *table = &p->dense[is_gather ? first : node];
    rni_rows_by_index rows = {.n_batch = 1, .n_rows = table->dims[self->axis], .width = 1};
    for (int i = 0; i < self->axis; i++)
        rows.n_batch *= table->dims[i];
    for (int i = self->axis + 1; i < table->rank; i++)
        rows.width *= table->dims[i];
    rows.n_index = rni_view_size(&p->dense[index]) / rows.n_batch;
    if (!is_gather) p->plan->flops += (double)rni_view_size(&p->dense[first]);

    const rni_value in[2] = {p->values[first], p->values[index]};
    const rni_ref out = {.storage = rni_plan_storage(p, node)};
    return out.storage >= 0
           && rni_plan_step(p, is_gather ? RNI_STEP_GATHER : RNI_STEP_SCATTER_ADD, node, &rows,
                            sizeof rows, 2, in, 1, &out);
}

/* ---- all nodes
 * --------------------------------------------------------------------------------------- */

static bool add_computed(rni_planner *p, rn_node node)
{
    switch (rni_op_family(rni_graph_node(p->graph, node)->op)) {
    case RNI_FAMILY_MATMUL: return add_matmul(p, node);
    case RNI_FAMILY_REDUCE: return add_reduce(p, node);
    case RNI_FAMILY_PLACE: return add_place(p, node);
    case RNI_FAMILY_INDEX: return add_index(p, node);
    default: return false;
    }
}

/* A node outside the groups. */
static bool add_node(rni_planner *p, rn_node node)
{
    const rn_node same = p->same_as[node];
    bool is_added = true;
    if (same != node)
        p->values[node] = p->values[same];
    else if (rni_plan_computes(p, node))
        is_added = add_computed(p, node);
    else if (p->is_given[node] || rni_graph_node(p->graph, node)->n_inputs == 0)
        is_added = add_leaf(p, node);
    else
        is_added = add_view(p, node);
    return is_added && copy_wanted(p, node);
}

rn_status rni_plan_steps(rni_planner *p)
{
    for (rn_node i = 0; i < p->n; i++) {
        rn_status status = RN_OK;
        if (rni_group_ends(p, i))
            status = rni_plan_program(p, p->group[i]);
        else if (p->is_needed[i] && p->group[i] < 0 && !add_node(p, i))
            status = rni_plan_out_of_memory();
        if (status < 0) return status;
    }
    return RN_OK;
}
