#include "tensor/view.h"

#include "core/status.h"

rni_view rni_view_dense(int rank, const rn_index *dims)
{
    RNI_ASSERT(rank >= 0 && rank <= RNI_VIEW_RANK);
    rni_view view = {.rank = rank};
    rn_index stride = 1;
    for (int i = rank - 1; i >= 0; i--) {
        view.dims[i] = dims[i];
        view.strides[i] = stride;
        stride *= dims[i];
    }
    return view;
}

rn_index rni_view_size(const rni_view *view)
{
    rn_index size = 1;
    for (int i = 0; i < view->rank; i++)
        size *= view->dims[i];
    return size;
}

bool rni_view_is_dense(const rni_view *view)
{
    rn_index stride = 1;
    for (int i = view->rank - 1; i >= 0; i--) {
        if (view->dims[i] == 1) continue; /* its stride is never used */
        if (view->strides[i] != stride) return false;
        stride *= view->dims[i];
    }
    return true;
}

rni_view rni_view_transpose(const rni_view *view, const int *order)
{
    rni_view out = *view;
    for (int i = 0; i < view->rank; i++) {
        out.dims[i] = view->dims[order[i]];
        out.strides[i] = view->strides[order[i]];
    }
    return out;
}

rni_view rni_view_slice(const rni_view *view, int axis, rn_index start, rn_index count,
                        rn_index step)
{
    RNI_ASSERT(start + (count - 1) * step < view->dims[axis]);
    rni_view out = *view;
    out.offset += start * view->strides[axis];
    out.dims[axis] = count;
    out.strides[axis] *= step;
    return out;
}

rni_view rni_view_broadcast(const rni_view *view, int rank, const rn_index *dims)
{
    RNI_ASSERT(rank >= view->rank && rank <= RNI_VIEW_RANK);
    rni_view out = {.rank = rank, .offset = view->offset};
    const int n_new = rank - view->rank;
    for (int i = 0; i < rank; i++) {
        out.dims[i] = dims[i];
        if (i < n_new || view->dims[i - n_new] != dims[i]) continue; /* stride 0 repeats */
        out.strides[i] = view->strides[i - n_new];
    }
    return out;
}

rni_view rni_view_unfold(const rni_view *view, int axis, rn_index window, rn_index stride,
                         rn_index dilation)
{
    RNI_ASSERT(view->rank < RNI_VIEW_RANK);
    rni_view out = *view;
    out.rank++;
    for (int i = view->rank; i > axis + 1; i--) {
        out.dims[i] = view->dims[i - 1];
        out.strides[i] = view->strides[i - 1];
    }
    out.dims[axis] = (view->dims[axis] - (window - 1) * dilation - 1) / stride + 1;
    out.strides[axis] = view->strides[axis] * stride;
    out.dims[axis + 1] = window;
    out.strides[axis + 1] = view->strides[axis] * dilation;
    return out;
}

/* Joins axis i + 1 into axis i when every operand steps from one to the other without a jump. */
static bool can_join(const rn_index *dims, int n_operands, rn_index (*strides)[RNI_VIEW_RANK],
                     int outer, int inner)
{
    for (int k = 0; k < n_operands; k++)
        if (strides[k][outer] != strides[k][inner] * dims[inner]) return false;
    return true;
}

static void move_axis(rn_index *dims, int n_operands, rn_index (*strides)[RNI_VIEW_RANK], int to,
                      int from)
{
    dims[to] = dims[from];
    for (int k = 0; k < n_operands; k++)
        strides[k][to] = strides[k][from];
}

void rni_nest_collapse(int *rank, rn_index *dims, int n_operands,
                       rn_index (*strides)[RNI_VIEW_RANK])
{
    int n_kept = 0;
    for (int i = 0; i < *rank; i++) {
        if (dims[i] == 1) continue;
        if (n_kept > 0 && can_join(dims, n_operands, strides, n_kept - 1, i)) {
            const rn_index joined = dims[n_kept - 1] * dims[i];
            move_axis(dims, n_operands, strides, n_kept - 1, i);
            dims[n_kept - 1] = joined;
        } else {
            move_axis(dims, n_operands, strides, n_kept, i);
            n_kept++;
        }
    }
    if (n_kept == 0) {
        dims[0] = 1;
        for (int k = 0; k < n_operands; k++)
            strides[k][0] = 1;
        n_kept = 1;
    }
    *rank = n_kept;
}

static bool comes_later(int n_operands, rn_index (*strides)[RNI_VIEW_RANK], int i, int j)
{
    for (int k = 0; k < n_operands && k < 2; k++)
        if (strides[k][i] != strides[k][j]) return strides[k][i] < strides[k][j];
    return false;
}

void rni_nest_sort(int rank, rn_index *dims, int n_operands, rn_index (*strides)[RNI_VIEW_RANK])
{
    for (int i = 1; i < rank; i++) /* insertion sort, stable */
        for (int j = i; j > 0 && comes_later(n_operands, strides, j - 1, j); j--) {
            const rn_index dim = dims[j];
            dims[j] = dims[j - 1];
            dims[j - 1] = dim;
            for (int k = 0; k < n_operands; k++) {
                const rn_index stride = strides[k][j];
                strides[k][j] = strides[k][j - 1];
                strides[k][j - 1] = stride;
            }
        }
}

/*
 * Both shapes are cut into the shortest runs of axes with equal products. Inside a run, the old
 * axes must join into one (each steps into the next without a jump), and the new ones divide it.
 */
bool rni_view_reshape(const rni_view *view, int rank, const rn_index *dims, rni_view *out)
{
    rni_view from = *view;
    rni_nest_collapse(&from.rank, from.dims, 1, &from.strides);
    rni_view to = {.rank = rank, .offset = view->offset};

    int old = from.rank - 1;
    rn_index left = from.dims[old]; /* part of the old axis not yet divided up */
    rn_index stride = from.strides[old];
    for (int i = rank - 1; i >= 0; i--) {
        to.dims[i] = dims[i];
        to.strides[i] = stride;
        if (dims[i] == 1) continue;
        if (left == 1) {
            old--;
            RNI_ASSERT(old >= 0);
            left = from.dims[old];
            stride = from.strides[old];
            to.strides[i] = stride;
        }
        if (left % dims[i] != 0) return false;
        left /= dims[i];
        stride *= dims[i];
    }
    *out = to;
    return true;
}
