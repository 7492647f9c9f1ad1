/*
 * Shapes with a symbolic number of samples: -k stands for k * N.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/size.h"
#include "graph/build.h"

rn_shape rn_shape_make(int rank, const rn_index *dims)
{
    rn_shape shape = {.rank = -1};
    if (rank < 0 || rank > RN_RANK_MAX || (rank > 0 && !dims)) return shape;
    shape.rank = rank;
    if (rank > 0) memcpy(shape.dims, dims, (size_t)rank * sizeof *dims);
    return shape;
}

bool rni_shape_equal(rn_shape a, rn_shape b)
{
    if (a.rank != b.rank) return false;
    for (int i = 0; i < a.rank; i++)
        if (a.dims[i] != b.dims[i]) return false;
    return true;
}

bool rni_shape_entries(rn_shape shape, rn_index *coefficient, int *power)
{
    *coefficient = 1;
    *power = 0;
    for (int i = 0; i < shape.rank; i++) {
        const rn_index dim = shape.dims[i];
        if (dim < 0) (*power)++;
        if (!rni_size_mul(*coefficient, dim < 0 ? -dim : dim, coefficient)) return false;
    }
    return *coefficient <= RN_SIZE_MAX;
}

bool rni_shape_ok(rn_shape shape)
{
    if (shape.rank < 0 || shape.rank > RN_RANK_MAX) return false;
    for (int i = 0; i < shape.rank; i++) {
        const rn_index dim = shape.dims[i];
        if (dim == 0 || dim > RN_SIZE_MAX || dim < -RN_SIZE_MAX) return false;
    }
    rn_index coefficient = 0;
    int power = 0;
    return rni_shape_entries(shape, &coefficient, &power);
}

bool rni_shape_has_samples(rn_shape shape)
{
    return shape.rank > 0 && shape.dims[0] == RN_SAMPLES;
}

bool rni_shape_broadcast(rn_shape a, rn_shape b, rn_shape *out)
{
    const int rank = a.rank > b.rank ? a.rank : b.rank;
    rn_shape result = {.rank = rank};
    for (int i = 1; i <= rank; i++) { /* from the last axis */
        const rn_index dim_a = i <= a.rank ? a.dims[a.rank - i] : 1;
        const rn_index dim_b = i <= b.rank ? b.dims[b.rank - i] : 1;
        if (dim_a != dim_b && dim_a != 1 && dim_b != 1) return false;
        result.dims[rank - i] = dim_a == 1 ? dim_b : dim_a;
    }
    *out = result;
    return true;
}

rn_shape rni_shape_without(rn_shape shape, unsigned axes, bool keep)
{
    rn_shape result = {.rank = 0};
    for (int i = 0; i < shape.rank; i++) {
        const bool is_summed = (axes >> i) & 1u;
        if (!is_summed) result.dims[result.rank++] = shape.dims[i];
        if (is_summed && keep) result.dims[result.rank++] = 1;
    }
    return result;
}

/* Appends one dimension: "N", "3N" or "512". */
static size_t print_dim(rn_index dim, char *text, size_t room)
{
    int n = 0;
    if (dim == RN_SAMPLES)
        n = snprintf(text, room, "N");
    else if (dim < 0)
        n = snprintf(text, room, "%" PRId64 "N", -dim);
    else
        n = snprintf(text, room, "%" PRId64, dim);
    return n < 0 ? 0 : (size_t)n;
}

const char *rni_shape_describe(rn_shape shape, char buffer[RNI_DESCRIPTION_SIZE])
{
    size_t used = 0;
    if (shape.rank < 0 || shape.rank > RN_RANK_MAX) {
        (void)snprintf(buffer, RNI_DESCRIPTION_SIZE, "[%d axes]", shape.rank);
        return buffer;
    }
    buffer[used++] = '[';
    for (int i = 0; i < shape.rank && used + 32 < RNI_DESCRIPTION_SIZE; i++) {
        if (i > 0) {
            buffer[used++] = ',';
            buffer[used++] = ' ';
        }
        used += print_dim(shape.dims[i], buffer + used, RNI_DESCRIPTION_SIZE - used);
    }
    buffer[used++] = ']';
    buffer[used] = '\0';
    return buffer;
}
