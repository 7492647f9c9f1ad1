#include "graph_values.h"

#include <math.h>
#include <string.h>

#include "check.h"
#include "core/memory.h"
#include "core/rng.h"

rn_index values_size(const graph_values *values, rn_node node)
{
    const rn_shape shape = rn_graph_shape(values->graph, node);
    rn_index size = 1;
    for (int i = 0; i < shape.rank; i++)
        size *= shape.dims[i] < 0 ? -shape.dims[i] * values->n_samples : shape.dims[i];
    return size;
}

static double *add(graph_values *values, rn_node leaf)
{
    assert_true(values->n < GRAPH_VALUES_MAX);
    double *numbers = rni_alloc(values_size(values, leaf), sizeof *numbers);
    assert_non_null(numbers);
    values->leaf[values->n] = leaf;
    values->numbers[values->n++] = numbers;
    return numbers;
}

double *values_uniform(graph_values *values, rn_node leaf, uint64_t seed, double low, double high)
{
    double *numbers = add(values, leaf);
    const rn_index n = values_size(values, leaf);
    const rni_stream stream = {.seed = seed, .purpose = RNI_RNG_TEST, .part = (uint32_t)leaf};
    rni_rng_fill_uniform(stream, 0, n, numbers);
    for (rn_index i = 0; i < n; i++)
        numbers[i] = low + (high - low) * numbers[i];
    return numbers;
}

double *values_index(graph_values *values, rn_node leaf, uint64_t seed, rn_index bound)
{
    double *numbers = add(values, leaf);
    const rni_stream stream = {.seed = seed, .purpose = RNI_RNG_TEST, .part = (uint32_t)leaf};
    for (rn_index i = 0; i < values_size(values, leaf); i++)
        numbers[i] = (double)rni_rng_below(stream, (uint64_t)i, (uint64_t)bound);
    return numbers;
}

double *values_of(const graph_values *values, rn_node leaf)
{
    for (int i = 0; i < values->n; i++)
        if (values->leaf[i] == leaf) return values->numbers[i];
    fail_msg("node %d has no numbers", (int)leaf);
    return NULL;
}

double *values_evaluate(const graph_values *values, rn_node wanted)
{
    rn_plan *plan = NULL;
    rn_workspace *work = NULL;
    assert_status(rn_plan_create(values->graph, values->n_samples, 1, &wanted, &plan), RN_OK);
    assert_status(rn_workspace_create(plan, &work), RN_OK);
    for (int i = 0; i < values->n; i++)
        assert_status(rn_workspace_bind(work, values->leaf[i], values->numbers[i]), RN_OK);
    assert_status(rn_workspace_run(work), RN_OK);
    const rn_index n = values_size(values, wanted);
    double *copy = rni_alloc(n, sizeof *copy);
    assert_non_null(copy);
    memcpy(copy, rn_workspace_value(work, wanted), (size_t)n * sizeof *copy);
    rn_workspace_destroy(work);
    rn_plan_destroy(plan);
    return copy;
}

void values_clear(graph_values *values)
{
    for (int i = 0; i < values->n; i++)
        rni_free(values->numbers[i]);
    values->n = 0;
}

double values_dot(rn_index n, const double *a, const double *b)
{
    double sum = 0.0;
    for (rn_index i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

double values_largest(rn_index n, const double *a)
{
    double largest = 0.0;
    for (rn_index i = 0; i < n; i++)
        largest = fmax(largest, fabs(a[i]));
    return largest;
}

double values_distance(rn_index n, const double *a, const double *b)
{
    double largest = 0.0;
    for (rn_index i = 0; i < n; i++)
        largest = isnan(a[i] - b[i]) ? (double)INFINITY : fmax(largest, fabs(a[i] - b[i]));
    return largest;
}
