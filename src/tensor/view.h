/*
 * Strided views: another way to index numbers that stand elsewhere.
 *
 * A view of rank r maps an index (i_0, .., i_{r-1}), 0 <= i_k < dims[k], to the element at
 * offset + sum_k i_k strides[k] of its storage, in doubles. A stride of 0 repeats; strides are
 * never negative. Views of views are views, with one exception: a reshape of a view that is not
 * laid out in its own row-major order may have no strides.
 */
#ifndef RNI_TENSOR_VIEW_H
#define RNI_TENSOR_VIEW_H

#include <renorm/types.h>
#include <stdbool.h>

/** Largest rank of a view; at least RN_RANK_MAX. */
#define RNI_VIEW_RANK 8

typedef struct rni_view {
    int rank;
    rn_index dims[RNI_VIEW_RANK]; /**< all >= 1 */
    rn_index strides[RNI_VIEW_RANK];
    rn_index offset;
} rni_view;

/** Row-major without gaps, from offset 0. The product of the dimensions must fit rn_index. */
rni_view rni_view_dense(int rank, const rn_index *dims);

/** Number of indices: the product of the dimensions, 1 for rank 0. */
rn_index rni_view_size(const rni_view *view);

/** True when the indices in row-major order stand at offset, offset + 1, ... (any offset). */
bool rni_view_is_dense(const rni_view *view);

/** Axis i of the result is axis order[i]; order is a permutation. */
rni_view rni_view_transpose(const rni_view *view, const int *order);

/** count entries of one axis from start in steps; start + (count - 1) step < dims[axis]. */
rni_view rni_view_slice(const rni_view *view, int axis, rn_index start, rn_index count,
                        rn_index step);

/** Repeated to dims by the broadcast rule (aligned at the last axis; 1 or missing repeats). */
rni_view rni_view_broadcast(const rni_view *view, int rank, const rn_index *dims);

/**
 * Axis of length L becomes two, [count, window], entry (o, k) at o * stride + k * dilation;
 * count = (L - (window - 1) dilation - 1) / stride + 1. rank < RNI_VIEW_RANK.
 */
rni_view rni_view_unfold(const rni_view *view, int axis, rn_index window, rn_index stride,
                         rn_index dilation);

/** The same elements in the same row-major order under other dims of the same product; false
    (out untouched) when no strides do that. */
bool rni_view_reshape(const rni_view *view, int rank, const rn_index *dims, rni_view *out);

/**
 * Loop nests over several operands at once. strides[k] are the strides of operand k over `dims`.
 * Drops axes of length 1 and joins neighbouring axes wherever every operand allows it; the
 * row-major order of indices stays. At least one axis remains.
 */
void rni_nest_collapse(int *rank, rn_index *dims, int n_operands,
                       rn_index (*strides)[RNI_VIEW_RANK]);

/** Sorts axes by the strides of operand 0, largest first (ties by operand 1, then by axis), so that
    the innermost loop is the one that walks memory most closely. Changes the order of indices. */
void rni_nest_sort(int rank, rn_index *dims, int n_operands, rn_index (*strides)[RNI_VIEW_RANK]);

/** Moves index to the next one in row-major order and offsets along with it; false, with both back
   at the start, after the last. */
static inline bool rni_nest_next(int rank, const rn_index *dims, rn_index *index, int n_operands,
                                 const rn_index (*strides)[RNI_VIEW_RANK], rn_index *offsets)
{
    for (int i = rank - 1; i >= 0; i--) {
        for (int k = 0; k < n_operands; k++)
            offsets[k] += strides[k][i];
        if (++index[i] < dims[i]) return true;
        for (int k = 0; k < n_operands; k++)
            offsets[k] -= index[i] * strides[k][i];
        index[i] = 0;
    }
    return false;
}

#endif
