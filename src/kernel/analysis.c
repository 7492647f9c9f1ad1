/*
 * From the uses of every parameter to blocks and factors.
 *
 * One reverse pass with the seed as cotangent [N, K, C] gives df/dy at every node y that uses a
 * parameter. A matmul or gather use becomes a pair of slots (x, df/dy); a bias or scale becomes a
 * node of row gradients, sum over positions of x * df/dy; every other parameter gets rows of J
 * from a reverse pass down to the parameter itself, planned for one sample.
 */
#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"
#include "graph/graph.h"
#include "kernel/kernel.h"

/* x . x' + 1 / c^2 loses digits of x . x' below this c; such a bias goes its own way. */
#define SMALLEST_MULTIPLE 1e-3

/* Uses of all parameters, one after the other. */
typedef struct use_list {
    rn_index n;
    rn_index *first;     /* [n_parameters + 1] */
    rn_use *uses;        /* [n] */
    rn_node *cotangents; /* [n] df/dy of the use, [N, K, shape of y] */
} use_list;

static rn_status no_memory(void)
{
    return rni_fail(RN_ERR_MEMORY, "rn_kernel_create: no memory for the factors of a network");
}

static void clear_uses(use_list *list)
{
    rni_free(list->first);
    rni_free(list->uses);
    rni_free(list->cotangents);
}

static rn_status collect_uses(const rn_kernel *kernel, use_list *list)
{
    const rn_index n_parameters = kernel->n_parameters;
    list->first = rni_alloc_zero(n_parameters + 1, sizeof *list->first);
    if (!list->first) return no_memory();
    for (rn_index i = 0; i < n_parameters; i++) {
        rn_index n_uses = 0; /* those of a parameter that rests do not matter */
        if (!kernel->is_resting[i])
            RNI_TRY(rn_graph_uses(kernel->graph, kernel->output,
                                  rn_graph_parameter_at(kernel->graph, i), 0, NULL, &n_uses));
        list->first[i + 1] = list->first[i] + n_uses;
    }
    list->n = list->first[n_parameters];
    list->uses = rni_alloc(list->n, sizeof *list->uses);
    list->cotangents = rni_alloc(list->n, sizeof *list->cotangents);
    if (!list->uses || !list->cotangents) return no_memory();
    for (rn_index i = 0; i < n_parameters; i++) {
        rn_index n_uses = list->first[i + 1] - list->first[i];
        if (n_uses > 0)
            RNI_TRY(rn_graph_uses(kernel->graph, kernel->output,
                                  rn_graph_parameter_at(kernel->graph, i), n_uses,
                                  list->uses + list->first[i], &n_uses));
    }
    return RN_OK;
}

/* Product of the dimensions first .. last - 1 of a shape without sample dimensions there. */
static rn_index entries_between(rn_shape shape, int first, int last)
{
    rn_index product = 1;
    for (int i = first; i < last; i++)
        product *= shape.dims[i];
    return product;
}

static bool is_product(rn_use_kind kind)
{
    return kind == RN_USE_MATMUL || kind == RN_USE_MATMUL_T || kind == RN_USE_GATHER;
}

static bool is_vector(rn_use_kind kind)
{
    return kind == RN_USE_BIAS || kind == RN_USE_SCALE;
}

/* All uses of one family, or rows of J. A lifted cotangent has one axis more than y. */
static rni_block_kind kind_of(const rn_kernel *kernel, const use_list *list, rn_index parameter)
{
    bool all_products = true;
    bool all_vectors = true;
    for (rn_index u = list->first[parameter]; u < list->first[parameter + 1]; u++) {
        const bool fits = rn_graph_shape(kernel->graph, list->uses[u].y).rank < RN_RANK_MAX;
        all_products = all_products && fits && is_product(list->uses[u].kind);
        all_vectors = all_vectors && fits && is_vector(list->uses[u].kind);
    }
    if (kernel->is_coupled) return RNI_BLOCK_ROWS;
    if (all_vectors) return RNI_BLOCK_VECTOR; /* a parameter without uses, too */
    return all_products ? RNI_BLOCK_PRODUCT : RNI_BLOCK_ROWS;
}

/* The cotangents of all uses that become factors: one reverse pass for all. */
static rn_status differentiate_uses(const rn_kernel *kernel, use_list *list)
{
    rn_node *wrt = rni_alloc(list->n, sizeof *wrt);
    rn_node *found = rni_alloc(list->n, sizeof *found);
    rn_status status = RN_ERR_MEMORY;
    if (!wrt || !found) {
        status = no_memory();
        goto done;
    }
    rn_index n_wrt = 0;
    for (rn_index p = 0; p < kernel->n_parameters; p++)
        for (rn_index u = list->first[p]; u < list->first[p + 1]; u++)
            if (kernel->blocks[p].kind != RNI_BLOCK_ROWS) wrt[n_wrt++] = list->uses[u].y;
    status = RN_OK;
    if (n_wrt > 0)
        status = rn_graph_vjp(kernel->graph, 1, &kernel->output, &kernel->seed, n_wrt, wrt, found);
    if (status < 0) goto done;
    n_wrt = 0;
    for (rn_index p = 0; p < kernel->n_parameters; p++)
        for (rn_index u = list->first[p]; u < list->first[p + 1]; u++)
            list->cotangents[u] =
                kernel->blocks[p].kind != RNI_BLOCK_ROWS ? found[n_wrt++] : RN_NODE_NONE;
done:
    rni_free(wrt);
    rni_free(found);
    return status;
}

/* ---- factors --------------------------------------------------------------------------------- */

static bool same_slots(const rni_factor *a, const rni_factor *b)
{
    if (a->rows != b->rows || a->width != b->width || a->n_slots != b->n_slots
        || a->has_tangent != b->has_tangent)
        return false;
    for (rn_index i = 0; i < a->n_slots; i++)
        if (a->slots[i].node != b->slots[i].node || a->slots[i].positions != b->slots[i].positions
            || signbit(a->slots[i].sign) != signbit(b->slots[i].sign))
            return false;
    return true;
}

/* Adds a factor or finds the one with the same slots; takes over factor.slots. -1: no memory. */
static int add_factor(rn_kernel *kernel, rni_factor factor)
{
    factor.positions = 0;
    for (rn_index i = 0; i < factor.n_slots; i++)
        factor.positions += factor.slots[i].positions;
    for (rn_index i = 0; i < kernel->n_factors; i++)
        if (same_slots(&kernel->factors[i], &factor)) {
            rni_free(factor.slots);
            return (int)i;
        }
    rni_factor *grown = rni_resize(kernel->factors, kernel->n_factors, kernel->n_factors + 1,
                                   sizeof *kernel->factors);
    if (!grown) {
        rni_free(factor.slots);
        return -1;
    }
    kernel->factors = grown;
    kernel->factors[kernel->n_factors] = factor;
    return (int)kernel->n_factors++;
}

static int add_single(rn_kernel *kernel, rn_node node, rn_index rows, rn_index width)
{
    rni_slot *slot = rni_alloc(1, sizeof *slot);
    if (!slot) return -1;
    *slot = (rni_slot){.node = node, .tangent = RN_NODE_NONE, .positions = 1, .sign = 1.0};
    return add_factor(
        kernel,
        (rni_factor){
            .rows = rows, .width = width, .has_tangent = true, .n_slots = 1, .slots = slot});
}

/* ---- products -------------------------------------------------------------------------------- */

/* One group from the uses of one kind; none when there are none. */
static bool add_group(rn_kernel *kernel, rni_block *block, rn_use_kind kind, rn_index n_uses,
                      const rn_use *uses, const rn_node *cotangents)
{
    rn_index n = 0;
    for (rn_index u = 0; u < n_uses; u++)
        n += uses[u].kind == kind;
    if (n == 0) return true;
    rni_slot *left = rni_alloc(n, sizeof *left);
    rni_slot *right = rni_alloc(n, sizeof *right);
    if (!left || !right) {
        rni_free(left);
        rni_free(right);
        return false;
    }
    const bool gathers = kind == RN_USE_GATHER;
    rn_index in_width = 1;
    rn_index out_width = 1;
    n = 0;
    for (rn_index u = 0; u < n_uses; u++) {
        if (uses[u].kind != kind) continue;
        const rn_shape x = rn_graph_shape(kernel->graph, uses[u].x);
        const rn_shape y = rn_graph_shape(kernel->graph, uses[u].y);
        const int last = gathers ? x.rank : x.rank - 1; /* axes 1 .. last - 1 are positions */
        in_width = gathers ? 1 : x.dims[x.rank - 1];
        out_width = entries_between(y, last, y.rank);
        const rni_slot slot = {
            .tangent = RN_NODE_NONE, .positions = entries_between(x, 1, last), .sign = 1.0};
        left[n] = slot;
        left[n].node = uses[u].x;
        right[n] = slot;
        right[n].node = cotangents[u];
        right[n].sign = uses[u].sign;
        n++;
    }
    rni_group *group = &block->groups[block->n_groups];
    *group = (rni_group){.gathers = gathers, .swapped = kind == RN_USE_MATMUL_T};
    block->n_groups++;
    group->left = add_factor(
        kernel,
        (rni_factor){
            .rows = 1, .width = in_width, .has_tangent = !gathers, .n_slots = n, .slots = left});
    group->right = add_factor(kernel, (rni_factor){.rows = kernel->n_rows,
                                                   .width = out_width,
                                                   .has_tangent = true,
                                                   .n_slots = n,
                                                   .slots = right});
    return group->left >= 0 && group->right >= 0;
}

/* c when node is c times base, c > 0; 0 when it is not. */
static double multiple_of(const rn_graph *graph, rn_node node, rn_node base)
{
    if (node == base) return 1.0;
    const rni_node *inside = rni_graph_node(graph, node);
    if (inside->op != RNI_OP_SCALE || inside->inputs[0] != base) return 0.0;
    return inside->number > 0.0 ? inside->number : 0.0;
}

static bool add_product(rn_kernel *kernel, rni_block *block, rn_shape shape, rn_index n_uses,
                        const rn_use *uses, const rn_node *cotangents)
{
    static const rn_use_kind kinds[] = {RN_USE_MATMUL, RN_USE_MATMUL_T, RN_USE_GATHER};
    for (int k = 0; k < RNI_MAX_GROUPS; k++)
        if (!add_group(kernel, block, kinds[k], n_uses, uses, cotangents)) return false;
    block->in_width = shape.dims[0];
    block->out_width = block->size / shape.dims[0];
    if (block->n_groups == 1 && block->groups[0].swapped) { /* the transposed gradient serves */
        block->groups[0].swapped = false;
        block->is_turned = true;
        const rn_index width = block->in_width;
        block->in_width = block->out_width;
        block->out_width = width;
    }
    const rni_factor *right = &kernel->factors[block->groups[0].right];
    if (!kernel->has_seed && right->n_slots == 1 && right->positions == 1) {
        const double c = multiple_of(kernel->graph, right->slots[0].node, kernel->seed);
        block->identity = c * c;
    }
    return true;
}

/* ---- biases and scales ----------------------------------------------------------------------- */

/* [N, K, y..] summed over the axes along which p was repeated: [N, K, size of p]. */
static rn_node reduce_to_parameter(const rn_kernel *kernel, rn_node lifted, rn_shape y, rn_shape p,
                                   rn_index size)
{
    unsigned axes = 0;
    for (int axis = 1; axis < y.rank; axis++) {
        const int own = axis - (y.rank - p.rank); /* axis of p aligned with it */
        if (own < 0 || (p.dims[own] == 1 && y.dims[axis] != 1)) axes |= 1u << (axis + 1);
    }
    if (axes) lifted = rn_graph_sum(kernel->graph, lifted, axes, 0);
    return rn_graph_reshape(kernel->graph, lifted, RN_SHAPE(RN_SAMPLES, kernel->n_rows, size));
}

static rn_node row_gradient(const rn_kernel *kernel, const rn_use *use, rn_node cotangent,
                            rn_shape p, rn_index size)
{
    rn_graph *graph = kernel->graph;
    const rn_shape y = rn_graph_shape(graph, use->y);
    rn_node product = cotangent;
    if (use->kind == RN_USE_SCALE) {
        rn_shape lifted = {.rank = y.rank + 1};
        lifted.dims[0] = y.dims[0];
        lifted.dims[1] = 1;
        for (int axis = 1; axis < y.rank; axis++)
            lifted.dims[axis + 1] = y.dims[axis];
        product = rn_graph_multiply(graph, cotangent, rn_graph_reshape(graph, use->x, lifted));
    }
    const rn_node rows = reduce_to_parameter(kernel, product, y, p, size);
    return use->sign < 0.0 ? rn_graph_scale(graph, rows, -1.0) : rows;
}

static bool add_vector(rn_kernel *kernel, rni_block *block, rn_shape shape, rn_index n_uses,
                       const rn_use *uses, const rn_node *cotangents)
{
    if (n_uses == 0) return true;
    rn_node rows = RN_NODE_NONE;
    for (rn_index u = 0; u < n_uses; u++) {
        const rn_node one = row_gradient(kernel, &uses[u], cotangents[u], shape, block->size);
        rows = u == 0 ? one : rn_graph_add(kernel->graph, rows, one);
    }
    if (rows == RN_NODE_NONE) return true; /* the graph keeps the mistake: checked later */
    block->rows = add_single(kernel, rows, kernel->n_rows, block->size);
    return block->rows >= 0;
}

/*
 * A bias used once, whose gradient is, up to a constant c, the right factor b of a weight used once
 * at one position: y = c x W + bias. Its block is (b . b') / c^2.
 */
static void find_host(rn_kernel *kernel, rni_block *bias, const rn_use *use, rn_node cotangent)
{
    for (rn_index p = 0; p < kernel->n_parameters && bias->host < 0; p++) {
        const rni_block *block = &kernel->blocks[p];
        if (block->kind != RNI_BLOCK_PRODUCT || block->n_groups != 1) continue;
        const rni_factor *right = &kernel->factors[block->groups[0].right];
        const double c = multiple_of(kernel->graph, right->slots[0].node, cotangent);
        if (right->positions != 1 || right->width != bias->size || use->sign < 0.0
            || c < SMALLEST_MULTIPLE)
            continue;
        bias->host = (int)p;
        bias->share = 1.0 / (c * c);
    }
}

/* ---- everything ------------------------------------------------------------------------------ */

static rn_status add_factors(rn_kernel *kernel, const use_list *list)
{
    for (rn_index p = 0; p < kernel->n_parameters; p++) {
        rni_block *block = &kernel->blocks[p];
        const rn_shape shape =
            rn_graph_shape(kernel->graph, rn_graph_parameter_at(kernel->graph, p));
        const rn_use *uses = list->uses + list->first[p];
        const rn_node *cotangents = list->cotangents + list->first[p];
        bool ok = true;
        if (block->kind == RNI_BLOCK_PRODUCT)
            ok = add_product(kernel, block, shape, block->n_uses, uses, cotangents);
        if (block->kind == RNI_BLOCK_VECTOR)
            ok = add_vector(kernel, block, shape, block->n_uses, uses, cotangents);
        if (!ok) return no_memory();
    }
    for (rn_index p = 0; p < kernel->n_parameters; p++) {
        const rn_index u = list->first[p];
        rni_block *block = &kernel->blocks[p];
        if (block->kind == RNI_BLOCK_VECTOR && block->n_uses == 1
            && list->uses[u].kind == RN_USE_BIAS)
            find_host(kernel, block, &list->uses[u], list->cotangents[u]);
    }
    return rn_graph_status(kernel->graph);
}

/* Rows of J for blocks of kind ROWS: in a coupled network their nodes come from TRANSPOSE. */
static rn_status add_rows(rn_kernel *kernel)
{
    for (rn_index p = 0; p < kernel->n_parameters; p++) {
        rni_block *block = &kernel->blocks[p];
        if (block->kind != RNI_BLOCK_ROWS) continue;
        const rn_node parameter = rn_graph_parameter_at(kernel->graph, p);
        rn_node rows = parameter;
        if (!kernel->is_coupled)
            RNI_TRY(rn_graph_vjp(kernel->graph, 1, &kernel->output, &kernel->seed, 1, &parameter,
                                 &rows));
        block->rows =
            add_single(kernel, rows, kernel->is_coupled ? 1 : kernel->n_rows, block->size);
        if (block->rows < 0) return no_memory();
    }
    return RN_OK;
}

rn_status rni_kernel_analyse(rn_kernel *kernel)
{
    use_list list = {0};
    rn_status status = RN_ERR_MEMORY;
    kernel->blocks = rni_alloc_zero(kernel->n_parameters, sizeof *kernel->blocks);
    if (!kernel->blocks) return no_memory();
    status = collect_uses(kernel, &list);
    if (status < 0) goto done;
    rn_index offset = 0;
    for (rn_index p = 0; p < kernel->n_parameters; p++) {
        const rn_shape shape =
            rn_graph_shape(kernel->graph, rn_graph_parameter_at(kernel->graph, p));
        const rn_index size = entries_between(shape, 0, shape.rank);
        kernel->blocks[p] = (rni_block){.kind = kind_of(kernel, &list, p),
                                        .size = size,
                                        .offset = offset,
                                        .n_uses = list.first[p + 1] - list.first[p],
                                        .in_width = 1,
                                        .out_width = size,
                                        .rows = -1,
                                        .host = -1,
                                        .forced = RN_KERNEL_ORDER_CHEAPEST};
        offset += size;
    }
    status = differentiate_uses(kernel, &list);
    if (status == RN_OK) status = add_factors(kernel, &list);
    if (status == RN_OK) status = add_rows(kernel);
done:
    clear_uses(&list);
    return status;
}

void rni_kernel_forget(rn_kernel *kernel)
{
    for (rn_index i = 0; i < kernel->n_factors; i++)
        rni_free(kernel->factors[i].slots);
    rni_free(kernel->factors);
    rni_free(kernel->blocks);
}
