/*
 * The list of nodes: creation, appending with sharing of equal nodes, names and queries.
 *
 * Equal nodes are found through an open hash table (linear probing, at most half full), so that
 * derivative rules may ask for the same slope twice without computing it twice.
 */
#include "graph/graph.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "core/size.h"
#include "graph/build.h"

static const struct op_facts {
    const char *name;
    rni_family family;
} facts[RNI_OP_COUNT] = {
#define RNI_OP_FACTS(id, text, kind, arity) [RNI_OP_##id] = {text, RNI_FAMILY_##kind},
    RNI_OP_LIST(RNI_OP_FACTS)
#undef RNI_OP_FACTS
};

const char *rni_op_name(rni_op op)
{
    return facts[op].name;
}

rni_family rni_op_family(rni_op op)
{
    return facts[op].family;
}

rn_status rn_graph_create(rn_graph **out)
{
    if (!out) return rni_fail(RN_ERR_ARGUMENT, "rn_graph_create: out is NULL");
    rn_graph *graph = rni_alloc_zero(1, sizeof *graph);
    if (!graph) return rni_fail(RN_ERR_MEMORY, "rn_graph_create: no memory for a graph");
    *out = graph;
    return RN_OK;
}

void rn_graph_destroy(rn_graph *graph)
{
    if (!graph) return;
    for (rn_index i = 0; i < graph->size; i++) {
        rni_free(graph->nodes[i].inputs);
        rni_free(graph->nodes[i].values);
        rni_free(graph->nodes[i].name);
    }
    rni_free(graph->nodes);
    rni_free(graph->buckets);
    rni_free(graph->message);
    rni_free(graph);
}

rn_status rn_graph_status(const rn_graph *graph)
{
    if (!graph) return rni_fail(RN_ERR_ARGUMENT, "rn_graph_status: graph is NULL");
    if (graph->status == RN_OK) return RN_OK;
    return rni_fail(graph->status, "%s", graph->message ? graph->message : "no memory");
}

rn_node rni_graph_refuse(rn_graph *graph, rn_status status, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (graph->status == RN_OK) {
        graph->status = status;
        graph->message = rni_copy_text(text);
    }
    (void)rni_fail(status, "%s", text);
    return RN_NODE_NONE;
}

bool rni_graph_ready(rn_graph *graph, const char *call, rn_index n_inputs, const rn_node *inputs)
{
    if (!graph) {
        (void)rni_fail(RN_ERR_ARGUMENT, "rn_graph_%s: graph is NULL", call);
        return false;
    }
    if (graph->status != RN_OK) return false;
    for (rn_index i = 0; i < n_inputs; i++) {
        if (inputs[i] >= 0 && inputs[i] < graph->size) continue;
        /* NONE without a recorded mistake: the caller's own, such as a call on a NULL graph. */
        (void)rni_graph_refuse(graph, RN_ERR_ARGUMENT,
                               "rn_graph_%s: operand %" PRId64
                               " is no node of this graph (number %" PRId32
                               ", the graph has %" PRId64 ")",
                               call, i, inputs[i], graph->size);
        return false;
    }
    return true;
}

void rn_graph_pin(rn_graph *graph, rn_node node)
{
    if (rn_graph_shape(graph, node).rank >= 0) graph->nodes[node].is_pinned = true;
}

const rni_node *rni_graph_node(const rn_graph *graph, rn_node node)
{
    RNI_ASSERT(node >= 0 && node < graph->size);
    return &graph->nodes[node];
}

/* ---- sharing ------------------------------------------------------------------------------ */

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash ^= word;
    hash *= 0x9E3779B97F4A7C15u; /* odd, spreads bits: 2^64 / golden ratio */
    return hash ^ (hash >> 29);
}

uint64_t rni_number_bits(double number)
{
    uint64_t bits = 0;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

static uint64_t hash_node(const rni_node *node, rn_index n_inputs, const rn_node *inputs)
{
    uint64_t hash = mix(1, (uint64_t)node->op);
    for (rn_index i = 0; i < n_inputs; i++)
        hash = mix(hash, (uint64_t)inputs[i]);
    hash = mix(hash, rni_number_bits(node->number));
    hash = mix(hash, node->flags);
    hash = mix(hash, node->axes);
    hash = mix(hash, (uint64_t)node->axis);
    for (int i = 0; i < RN_RANK_MAX; i++)
        hash = mix(hash, (uint64_t)node->sizes[i]);
    for (int i = 0; i < node->shape.rank; i++)
        hash = mix(hash, (uint64_t)node->shape.dims[i]);
    return hash;
}

/* Constants are shared when they are single numbers; larger ones are the caller's to reuse. */
static bool same_values(const rni_node *a, const rni_node *b)
{
    if (a->op != RNI_OP_CONSTANT) return true;
    return a->shape.rank == 0 && rni_number_bits(a->values[0]) == rni_number_bits(b->values[0]);
}

static bool same_node(const rni_node *a, const rni_node *b, rn_index n_inputs,
                      const rn_node *inputs)
{
    return a->op == b->op && a->n_inputs == n_inputs && rni_shape_equal(a->shape, b->shape)
           && rni_number_bits(a->number) == rni_number_bits(b->number) && a->flags == b->flags
           && a->axes == b->axes && a->axis == b->axis
           && memcmp(a->sizes, b->sizes, sizeof a->sizes) == 0
           && (n_inputs == 0 || memcmp(a->inputs, inputs, (size_t)n_inputs * sizeof *inputs) == 0)
           && same_values(a, b);
}

/* The bucket where an equal node stands, or the empty one where it would. */
static rn_index find_bucket(const rn_graph *graph, const rni_node *draft, rn_index n_inputs,
                            const rn_node *inputs)
{
    rn_index at = (rn_index)(hash_node(draft, n_inputs, inputs) % (uint64_t)graph->n_buckets);
    while (graph->buckets[at] != RN_NODE_NONE
           && !same_node(&graph->nodes[graph->buckets[at]], draft, n_inputs, inputs))
        at = (at + 1) % graph->n_buckets;
    return at;
}

static bool is_leaf_of_its_own(rni_op op)
{
    return op == RNI_OP_INPUT || op == RNI_OP_PARAMETER;
}

/* Makes room for one more node; the table stays at most half full. */
static bool reserve(rn_graph *graph)
{
    if (graph->size < graph->capacity) return true;
    const rn_index capacity = graph->capacity ? 2 * graph->capacity : 64;
    if (capacity > INT32_MAX) return false;
    rn_node *buckets = rni_alloc(2 * capacity, sizeof *buckets);
    if (!buckets) return false;
    rni_node *nodes = rni_resize(graph->nodes, graph->size, capacity, sizeof *nodes);
    if (!nodes) {
        rni_free(buckets);
        return false;
    }
    rni_free(graph->buckets);
    graph->nodes = nodes;
    graph->capacity = capacity;
    graph->buckets = buckets;
    graph->n_buckets = 2 * capacity;
    for (rn_index i = 0; i < graph->n_buckets; i++)
        buckets[i] = RN_NODE_NONE;
    for (rn_index i = 0; i < graph->size; i++) {
        const rni_node *node = &nodes[i];
        if (is_leaf_of_its_own(node->op)) continue;
        buckets[find_bucket(graph, node, node->n_inputs, node->inputs)] = (rn_node)i;
    }
    return true;
}

/* ---- appending ---------------------------------------------------------------------------- */

/* Rows of the result: the most dependent of the inputs, mixed where the sample axis is lost. */
static rn_rows rows_of(const rn_graph *graph, const rni_node *draft, rn_index n_inputs,
                       const rn_node *inputs, bool mixes)
{
    if (draft->op == RNI_OP_INPUT)
        return rni_shape_has_samples(draft->shape) ? RN_ROWS_SEPARATE : RN_ROWS_NONE;
    rn_rows rows = RN_ROWS_NONE;
    for (rn_index i = 0; i < n_inputs; i++)
        if (graph->nodes[inputs[i]].rows > rows) rows = graph->nodes[inputs[i]].rows;
    if (rows != RN_ROWS_SEPARATE) return rows;

    rn_index coefficient = 0;
    int n_sample_axes = 0;
    (void)rni_shape_entries(draft->shape, &coefficient, &n_sample_axes);
    const bool keeps = rni_shape_has_samples(draft->shape) && n_sample_axes == 1 && !mixes;
    return keeps ? RN_ROWS_SEPARATE : RN_ROWS_MIXED;
}

static rn_node append_new(rn_graph *graph, const rni_node *draft, rn_index n_inputs,
                          const rn_node *inputs, rn_rows rows)
{
    rn_node *own_inputs = NULL;
    if (n_inputs > 0) {
        own_inputs = rni_alloc(n_inputs, sizeof *own_inputs);
        if (!own_inputs) return RN_NODE_NONE;
        memcpy(own_inputs, inputs, (size_t)n_inputs * sizeof *inputs);
    }
    const rn_node number = (rn_node)graph->size;
    graph->nodes[number] = *draft;
    graph->nodes[number].inputs = own_inputs;
    graph->nodes[number].n_inputs = (int)n_inputs;
    graph->nodes[number].rows = rows;
    graph->nodes[number].name = NULL;
    graph->size++;
    return number;
}

rn_node rni_graph_append(rn_graph *graph, const rni_node *draft, rn_index n_inputs,
                         const rn_node *inputs, bool mixes)
{
    if (!rni_shape_ok(draft->shape)) {
        char text[RNI_DESCRIPTION_SIZE];
        return rni_graph_refuse(graph, RN_ERR_SHAPE,
                                "rn_graph_%s: the result would have shape %s; dimensions must be"
                                " non-zero, at most %d of them and at most 2^48 entries per sample",
                                rni_op_name(draft->op), rni_shape_describe(draft->shape, text),
                                RN_RANK_MAX);
    }
    if (!reserve(graph))
        return rni_graph_refuse(graph, RN_ERR_MEMORY, "rn_graph_%s: no memory for node %" PRId64,
                                rni_op_name(draft->op), graph->size);
    const bool is_shared = !is_leaf_of_its_own(draft->op);
    const rn_index bucket = is_shared ? find_bucket(graph, draft, n_inputs, inputs) : 0;
    if (is_shared && graph->buckets[bucket] != RN_NODE_NONE) {
        rni_free(draft->values);
        return graph->buckets[bucket];
    }
    const rn_rows rows = rows_of(graph, draft, n_inputs, inputs, mixes);
    const rn_node number = append_new(graph, draft, n_inputs, inputs, rows);
    if (number == RN_NODE_NONE)
        return rni_graph_refuse(graph, RN_ERR_MEMORY, "rn_graph_%s: no memory for node %" PRId64,
                                rni_op_name(draft->op), graph->size);
    if (is_shared) graph->buckets[bucket] = number;
    return number;
}

/* ---- names and queries -------------------------------------------------------------------- */

const char *rni_graph_describe(const rn_graph *graph, rn_node node,
                               char buffer[RNI_DESCRIPTION_SIZE])
{
    char shape[RNI_DESCRIPTION_SIZE];
    const rni_node *n = rni_graph_node(graph, node);
    rni_shape_describe(n->shape, shape);
    if (n->name)
        (void)snprintf(buffer, RNI_DESCRIPTION_SIZE, "'%.48s' %.128s", n->name, shape);
    else
        (void)snprintf(buffer, RNI_DESCRIPTION_SIZE, "%s#%" PRId32 " %.128s", rni_op_name(n->op),
                       node, shape);
    return buffer;
}

void rn_graph_name(rn_graph *graph, rn_node node, const char *name)
{
    if (!rni_graph_ready(graph, "name", 1, &node)) return;
    char *copy = name ? rni_copy_text(name) : NULL;
    if (name && !copy) {
        (void)rni_graph_refuse(graph, RN_ERR_MEMORY, "rn_graph_name: no memory for a name");
        return;
    }
    rni_free(graph->nodes[node].name);
    graph->nodes[node].name = copy;
}

rn_index rn_graph_size(const rn_graph *graph)
{
    return graph ? graph->size : 0;
}

static bool is_node(const rn_graph *graph, rn_node node)
{
    return graph && node >= 0 && node < graph->size;
}

rn_shape rn_graph_shape(const rn_graph *graph, rn_node node)
{
    return is_node(graph, node) ? graph->nodes[node].shape : (rn_shape){.rank = -1};
}

rn_rows rn_graph_rows(const rn_graph *graph, rn_node node)
{
    return is_node(graph, node) ? graph->nodes[node].rows : RN_ROWS_NONE;
}

const char *rn_graph_node_name(const rn_graph *graph, rn_node node)
{
    if (!is_node(graph, node)) return "";
    return graph->nodes[node].name ? graph->nodes[node].name : "";
}

rn_index rn_graph_n_parameters(const rn_graph *graph)
{
    rn_index count = 0;
    for (rn_index i = 0; i < rn_graph_size(graph); i++)
        count += graph->nodes[i].op == RNI_OP_PARAMETER;
    return count;
}

rn_node rn_graph_parameter_at(const rn_graph *graph, rn_index i)
{
    for (rn_index k = 0; k < rn_graph_size(graph); k++)
        if (graph->nodes[k].op == RNI_OP_PARAMETER && i-- == 0) return (rn_node)k;
    return RN_NODE_NONE;
}

rn_index rn_graph_n_weights(const rn_graph *graph)
{
    rn_index total = 0;
    for (rn_index i = 0; i < rn_graph_size(graph); i++) {
        rn_index entries = 0;
        int power = 0;
        if (graph->nodes[i].op != RNI_OP_PARAMETER) continue;
        if (rni_shape_entries(graph->nodes[i].shape, &entries, &power)) total += entries;
    }
    return total;
}
