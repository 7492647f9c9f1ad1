/*
 * Convolutions as unfolded products, and pooling.
 */
#include "model/feature_map.h"

#include "core/size.h"

const char *const rni_channel_orders[] = {"first", "last", NULL};
const char *const rni_poolings[] = {"none", "average", "max", NULL};

rn_status rni_feature_map_read(const rn_model *model, int channel_order, rni_feature_map *out)
{
    const rn_shape x = rn_graph_shape(model->graph, model->input);
    if (x.rank != 3 && x.rank != 4)
        return rni_fail(RN_ERR_CONFIG,
                        "found samples of %d axes, expected images of 2 (height, width) or 3 with "
                        "channels",
                        x.rank - 1);
    rni_feature_map image = {.node = model->input, .channels = 1};
    image.height = x.dims[1];
    image.width = x.dims[2];
    if (x.rank == 4 && channel_order == RNI_CHANNELS_FIRST) {
        image.channels = x.dims[1];
        image.height = x.dims[2];
        image.width = x.dims[3];
        image.node = rn_graph_transpose(model->graph, model->input, (const int[]){0, 2, 3, 1});
    } else if (x.rank == 4) {
        image.channels = x.dims[3];
    } else {
        image.node = rn_graph_reshape(model->graph, model->input,
                                      RN_SHAPE(RN_SAMPLES, image.height, image.width, 1));
    }
    *out = image;
    return RN_OK;
}

rn_index rni_window_count(rni_window window, rn_index length)
{
    const rn_index room = length + 2 * window.padding - window.size;
    return room < 0 ? 0 : room / window.stride + 1;
}

rn_status rni_window_check(const char *where, rni_window window, rni_feature_map image,
                           rn_index channels)
{
    const rn_index height = rni_window_count(window, image.height);
    const rn_index width = rni_window_count(window, image.width);
    if (height == 0 || width == 0)
        return rni_fail(RN_ERR_CONFIG,
                        "%s: found an image of %" PRId64 " x %" PRId64
                        ", expected room for a window of %" PRId64
                        "; use fewer layers, less pooling or more padding",
                        where, image.height, image.width, window.size);
    rn_index numbers = 0;
    rn_index weights = window.size * window.size;
    if (rni_size_mul(height, width, &numbers) && rni_size_mul(numbers, channels, &numbers)
        && rni_size_ok(numbers) && rni_size_mul(weights, image.channels, &weights)
        && rni_size_mul(weights, channels, &weights) && rni_size_ok(weights))
        return RN_OK;
    return rni_fail(RN_ERR_CONFIG,
                    "%s: found %" PRId64 " channels after %" PRId64
                    ", expected sizes up to 2^48; use less width or growth",
                    where, channels, image.channels);
}

static rn_node pad(rn_graph *graph, rn_node x, rn_index padding)
{
    if (padding == 0) return x;
    return rn_graph_pad(graph, rn_graph_pad(graph, x, 1, padding, padding), 2, padding, padding);
}

/* [N, rows, size, columns, size, channels] */
static rn_node windows_of(rn_graph *graph, rni_window window, rn_node x)
{
    const rn_node rows =
        rn_graph_unfold(graph, pad(graph, x, window.padding), 1, window.size, window.stride, 1);
    return rn_graph_unfold(graph, rows, 3, window.size, window.stride, 1);
}

/* The image behind a window, without its node. */
static rni_feature_map slide(rni_window window, rni_feature_map x, rn_index channels)
{
    return (rni_feature_map){.node = RN_NODE_NONE,
                             .height = rni_window_count(window, x.height),
                             .width = rni_window_count(window, x.width),
                             .channels = channels};
}

/* Rows for the product, [N, places, size^2 channels]. */
static rn_node unfolded(rn_graph *graph, rni_window window, rni_feature_map x, rni_feature_map y)
{
    const rn_shape rows =
        RN_SHAPE(RN_SAMPLES, y.height * y.width, window.size * window.size * x.channels);
    if (window.size == 1 && window.stride == 1 && window.padding == 0)
        return rn_graph_reshape(graph, x.node, rows);
    const rn_node windows = rn_graph_transpose(graph, windows_of(graph, window, x.node),
                                               (const int[]){0, 1, 3, 2, 4, 5});
    return rn_graph_reshape(graph, windows, rows);
}

rni_feature_map rni_feature_map_convolve(rn_model *model, const rni_linear_map *map,
                                         rni_window window, rni_feature_map x)
{
    rni_feature_map y = slide(window, x, map->fan_out);
    rni_linear_map own = *map;
    own.fan_in = window.size * window.size * x.channels;
    const rn_node product = rni_layer_map(model, &own, unfolded(model->graph, window, x, y));
    y.node = rn_graph_reshape(model->graph, product,
                              RN_SHAPE(RN_SAMPLES, y.height, y.width, y.channels));
    return y;
}

rni_feature_map rni_feature_map_pool(rn_model *model, int pooling, rni_window window,
                                     rni_feature_map x)
{
    if (pooling == RNI_POOLING_NONE) return x;
    rn_graph *graph = model->graph;
    rni_feature_map y = slide(window, x, x.channels);
    const rn_node windows = windows_of(graph, window, x.node);
    const unsigned axes = 1u << 2 | 1u << 4;
    const double over = 1.0 / (double)(window.size * window.size);
    y.node = pooling == RNI_POOLING_MAX
                 ? rn_graph_max(graph, windows, axes, 0)
                 : rn_graph_scale(graph, rn_graph_sum(graph, windows, axes, 0), over);
    return y;
}

rni_feature_map rni_feature_map_thin(rn_model *model, rn_index step, rni_feature_map x)
{
    if (step == 1) return x;
    rni_feature_map y = slide((rni_window){.size = 1, .stride = step}, x, x.channels);
    const rn_node rows = rn_graph_slice(model->graph, x.node, 1, 0, y.height, step);
    y.node = rn_graph_slice(model->graph, rows, 2, 0, y.width, step);
    return y;
}

rn_node rni_feature_map_mean(rn_model *model, rni_feature_map x)
{
    const rn_node sum = rn_graph_sum(model->graph, x.node, 1u << 1 | 1u << 2, 0);
    return rn_graph_scale(model->graph, sum, 1.0 / (double)(x.height * x.width));
}

rn_node rni_feature_map_flatten(rn_model *model, rni_feature_map x)
{
    return rn_graph_reshape(model->graph, x.node,
                            RN_SHAPE(RN_SAMPLES, x.height * x.width * x.channels));
}

rni_feature_map rni_feature_map_boundary(rn_model *model, rni_feature_map x)
{
    const rn_node row = rni_feature_map_flatten(model, x);
    rni_model_boundary(model, row);
    x.node =
        rn_graph_reshape(model->graph, row, RN_SHAPE(RN_SAMPLES, x.height, x.width, x.channels));
    return x;
}
