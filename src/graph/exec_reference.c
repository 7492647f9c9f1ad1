#include "graph/exec_reference.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "core/status.h"

/* A node being computed: dimensions with the number of samples filled in. */
typedef struct array {
    int rank;
    rn_index dims[RN_RANK_MAX];
    double *x; /* row-major */
} array;

typedef struct context {
    const rni_node *node;
    array out;
    array in[2]; /* the first two inputs */
} context;

/* NOLINTBEGIN(clang-analyzer-core.NullDereference, clang-analyzer-core.DivideZero,
   readability-non-const-parameter): every operation has the inputs it reads, no dimension is 0,
   and x is written through the struct; the analyser knows none of this. */
static array array_of(const rn_graph *graph, rn_index n_samples, rn_node node, double *x)
{
    const rn_shape shape = rni_graph_node(graph, node)->shape;
    array a = {.rank = shape.rank, .x = x};
    for (int i = 0; i < shape.rank; i++)
        a.dims[i] = shape.dims[i] < 0 ? -shape.dims[i] * n_samples : shape.dims[i];
    return a;
}

static rn_index size_of(const array *a)
{
    rn_index size = 1;
    for (int i = 0; i < a->rank; i++)
        size *= a->dims[i];
    return size;
}

/* Entry number -> index, and back. */
static void split(const array *a, rn_index entry, rn_index *index)
{
    for (int i = a->rank - 1; i >= 0; i--) {
        index[i] = entry % a->dims[i];
        entry /= a->dims[i];
    }
}

static rn_index join(const array *a, const rn_index *index)
{
    rn_index entry = 0;
    for (int i = 0; i < a->rank; i++)
        entry = entry * a->dims[i] + index[i];
    return entry;
}

/* The entry of `a` that an index of a larger shape shows by the broadcast rule. */
static double shown(const array *a, int rank, const rn_index *index)
{
    rn_index own[RN_RANK_MAX] = {0};
    for (int i = 0; i < a->rank; i++)
        own[i] = a->dims[i] == 1 ? 0 : index[rank - a->rank + i];
    return a->x[join(a, own)];
}

static double sigmoid(double x)
{
    return 1.0 / (1.0 + exp(-x));
}

static double unary(const rni_node *node, double x)
{
    switch (node->op) {
    case RNI_OP_SCALE: return node->number * x;
    case RNI_OP_SHIFT: return x + node->number;
    case RNI_OP_POWER: return pow(x, node->number);
    case RNI_OP_EXP: return exp(x);
    case RNI_OP_LOG: return log(x);
    case RNI_OP_SIN: return sin(x);
    case RNI_OP_COS: return cos(x);
    case RNI_OP_TANH: return tanh(x);
    case RNI_OP_ERF: return erf(x);
    case RNI_OP_SIGMOID: return sigmoid(x);
    case RNI_OP_SOFTPLUS: return x > 0.0 ? x + log1p(exp(-x)) : log1p(exp(x));
    case RNI_OP_ABS: return fabs(x);
    case RNI_OP_SIGN: return x > 0.0 ? 1.0 : x < 0.0 ? -1.0 : 0.0;
    case RNI_OP_RELU: return x > 0.0 ? x : 0.0;
    default: return x > 0.0 ? 1.0 : 0.0; /* step and surrogate step */
    }
}

static double binary(rni_op op, double a, double b)
{
    switch (op) {
    case RNI_OP_ADD: return a + b;
    case RNI_OP_SUBTRACT: return a - b;
    case RNI_OP_MULTIPLY: return a * b;
    case RNI_OP_DIVIDE: return a / b;
    case RNI_OP_GREATER: return a > b ? 1.0 : 0.0;
    default: return a <= b && a >= b ? 1.0 : 0.0;
    }
}

static double matmul_entry(const context *c, const rn_index *index)
{
    const int rank = c->out.rank;
    const bool trans_a = c->node->flags & RNI_MATMUL_TRANSPOSE_A;
    const bool trans_b = c->node->flags & RNI_MATMUL_TRANSPOSE_B;
    const array *a = &c->in[0];
    const rn_index n_terms = a->dims[a->rank - (trans_a ? 2 : 1)];
    rn_index left[RN_RANK_MAX];
    rn_index right[RN_RANK_MAX];
    memcpy(left, index, sizeof left);
    memcpy(right, index, sizeof right);
    double sum = 0.0;
    for (rn_index k = 0; k < n_terms; k++) {
        left[rank - 2] = trans_a ? k : index[rank - 2];
        left[rank - 1] = trans_a ? index[rank - 2] : k;
        right[rank - 2] = trans_b ? index[rank - 1] : k;
        right[rank - 1] = trans_b ? k : index[rank - 1];
        sum += shown(a, rank, left) * shown(&c->in[1], rank, right);
    }
    return sum;
}

/* Entry of the result from the index of an entry of the input with the reduced axes left out. */
static void reduce(const context *c)
{
    const bool keep = c->node->flags & RNI_REDUCE_KEEP;
    const bool is_sum = c->node->op == RNI_OP_SUM;
    for (rn_index i = 0; i < size_of(&c->out); i++)
        c->out.x[i] = is_sum ? 0.0 : -(double)INFINITY;
    for (rn_index i = 0; i < size_of(&c->in[0]); i++) {
        rn_index from[RN_RANK_MAX] = {0};
        rn_index to[RN_RANK_MAX] = {0};
        int n = 0;
        split(&c->in[0], i, from);
        for (int axis = 0; axis < c->in[0].rank; axis++) {
            const bool is_reduced = c->node->axes >> axis & 1u;
            if (!is_reduced) to[n++] = from[axis];
            if (is_reduced && keep) to[n++] = 0;
        }
        double *entry = &c->out.x[join(&c->out, to)];
        const double x = c->in[0].x[i];
        *entry = is_sum ? *entry + x : x > *entry ? x : *entry;
    }
}

/* The entry of the input that a view shows at an index. */
static double view_entry(const context *c, rn_index entry, const rn_index *index)
{
    const rni_node *node = c->node;
    rn_index from[RN_RANK_MAX] = {0};
    switch (node->op) {
    case RNI_OP_BROADCAST: return shown(&c->in[0], c->out.rank, index);
    case RNI_OP_TRANSPOSE:
        for (int i = 0; i < c->out.rank; i++)
            from[node->sizes[i]] = index[i];
        break;
    case RNI_OP_SLICE:
        memcpy(from, index, sizeof from);
        from[node->axis] = node->sizes[0] + index[node->axis] * node->sizes[2];
        break;
    case RNI_OP_UNFOLD:
        for (int i = 0; i < c->in[0].rank; i++)
            from[i] = index[i <= node->axis ? i : i + 1];
        from[node->axis] =
            index[node->axis] * node->sizes[1] + index[node->axis + 1] * node->sizes[2];
        break;
    default: return c->in[0].x[entry]; /* reshape, stop_gradient */
    }
    return c->in[0].x[join(&c->in[0], from)];
}

/* embed and fold: where each entry of the input goes; it is added there. */
static void place(const context *c)
{
    const rni_node *node = c->node;
    const int axis = node->axis;
    memset(c->out.x, 0, (size_t)size_of(&c->out) * sizeof *c->out.x);
    for (rn_index i = 0; i < size_of(&c->in[0]); i++) {
        rn_index from[RN_RANK_MAX] = {0};
        rn_index to[RN_RANK_MAX] = {0};
        split(&c->in[0], i, from);
        memcpy(to, from, sizeof to);
        if (node->op == RNI_OP_EMBED) {
            to[axis] = node->sizes[0] + from[axis] * node->sizes[1];
        } else {
            to[axis] = from[axis] * node->sizes[0] + from[axis + 1] * node->sizes[1];
            for (int k = axis + 1; k < c->out.rank; k++)
                to[k] = from[k + 1];
        }
        c->out.x[join(&c->out, to)] += c->in[0].x[i];
    }
}

static void concat(const rn_graph *graph, rn_index n_samples, const context *c, double **values)
{
    rn_index start = 0;
    for (int part = 0; part < c->node->n_inputs; part++) {
        const rn_node input = c->node->inputs[part];
        const array a = array_of(graph, n_samples, input, values[input]);
        for (rn_index i = 0; i < size_of(&a); i++) {
            rn_index index[RN_RANK_MAX] = {0};
            split(&a, i, index);
            index[c->node->axis] += start;
            c->out.x[join(&c->out, index)] = a.x[i];
        }
        start += a.dims[c->node->axis];
    }
}

/* gather: in = table, index, out [B.., T.., d..]; scatter_add: in = [B.., T.., d..], index, out
   is the table. Both walk the entries of the long array. */
static rn_status by_rows(const context *c)
{
    const bool is_gather = c->node->op == RNI_OP_GATHER;
    const array *table = is_gather ? &c->in[0] : &c->out;
    const array *list = is_gather ? &c->out : &c->in[0];
    const array *rows = &c->in[1];
    const int batch = c->node->axis;
    if (!is_gather) memset(c->out.x, 0, (size_t)size_of(&c->out) * sizeof *c->out.x);
    for (rn_index i = 0; i < size_of(list); i++) {
        rn_index index[RN_RANK_MAX] = {0};
        rn_index at[RN_RANK_MAX] = {0};
        split(list, i, index);
        const double row = rows->x[join(rows, index)];
        bool is_row = false;
        for (rn_index k = 0; k < table->dims[batch]; k++)
            if ((double)k <= row && (double)k >= row) {
                is_row = true;
                at[batch] = k;
            }
        if (!is_row) return rni_fail(RN_ERR_DOMAIN, "reference: %g is no row number", row);
        for (int k = 0; k < batch; k++)
            at[k] = index[k];
        for (int k = rows->rank; k < list->rank; k++)
            at[batch + 1 + k - rows->rank] = index[k];
        if (is_gather)
            list->x[i] = table->x[join(table, at)];
        else
            table->x[join(table, at)] += list->x[i];
    }
    return RN_OK;
}

/* Operations whose entries can be computed one by one. */
static void each_entry(const context *c)
{
    for (rn_index i = 0; i < size_of(&c->out); i++) {
        rn_index index[RN_RANK_MAX] = {0};
        split(&c->out, i, index);
        switch (rni_op_family(c->node->op)) {
        case RNI_FAMILY_UNARY: c->out.x[i] = unary(c->node, c->in[0].x[i]); break;
        case RNI_FAMILY_BINARY:
            c->out.x[i] = binary(c->node->op, shown(&c->in[0], c->out.rank, index),
                                 shown(&c->in[1], c->out.rank, index));
            break;
        case RNI_FAMILY_MATMUL: c->out.x[i] = matmul_entry(c, index); break;
        default: c->out.x[i] = view_entry(c, i, index); break;
        }
    }
}

static rn_status compute(const rn_graph *graph, rn_index n_samples, rn_node node,
                         const double *leaf, double **values)
{
    const rni_node *self = rni_graph_node(graph, node);
    context c = {.node = self, .out = array_of(graph, n_samples, node, values[node])};
    for (int k = 0; k < self->n_inputs && k < 2; k++)
        c.in[k] = array_of(graph, n_samples, self->inputs[k], values[self->inputs[k]]);
    const double *given = self->op == RNI_OP_CONSTANT ? self->values : leaf;
    switch (rni_op_family(self->op)) {
    case RNI_FAMILY_LEAF:
        if (!given) return rni_fail(RN_ERR_ARGUMENT, "reference: leaf %d has no array", (int)node);
        memcpy(c.out.x, given, (size_t)size_of(&c.out) * sizeof *given);
        return RN_OK;
    case RNI_FAMILY_REDUCE: reduce(&c); return RN_OK;
    case RNI_FAMILY_PLACE:
        if (self->op == RNI_OP_CONCAT)
            concat(graph, n_samples, &c, values);
        else
            place(&c);
        return RN_OK;
    case RNI_FAMILY_INDEX: return by_rows(&c);
    default: each_entry(&c); return RN_OK;
    }
}

/* NOLINTEND(clang-analyzer-core.NullDereference, clang-analyzer-core.DivideZero,
   readability-non-const-parameter) */

rn_status rni_graph_reference(const rn_graph *graph, rn_index n_samples,
                              const double *const *leaves, double **values)
{
    const rn_index n = rn_graph_size(graph);
    memset(values, 0, (size_t)n * sizeof *values);
    rn_status status = RN_OK;
    for (rn_node i = 0; i < n && status == RN_OK; i++) {
        const array a = array_of(graph, n_samples, i, NULL);
        values[i] = rni_alloc(size_of(&a), sizeof **values);
        status = values[i] ? compute(graph, n_samples, i, leaves[i], values)
                           : rni_fail(RN_ERR_MEMORY, "reference: memory is out");
    }
    for (rn_node i = 0; i < n && status < 0; i++) {
        rni_free(values[i]);
        values[i] = NULL;
    }
    return status;
}
