/*
 * Feature maps inside a network: images and what convolutions make of them,
 * [N, height, width, channels], channels last whatever the data.
 */
#ifndef RNI_MODEL_FEATURE_MAP_H
#define RNI_MODEL_FEATURE_MAP_H

#include "model/layer.h"

typedef struct rni_feature_map {
    rn_node node; /**< [N, height, width, channels] */
    rn_index height;
    rn_index width;
    rn_index channels;
} rni_feature_map;

/** Words of the option `channels`: "first", "last". */
extern const char *const rni_channel_orders[];

enum { RNI_CHANNELS_FIRST = 0 };

/**
 * The samples of a model as images: [height, width] has one channel, of three axes the first or
 * the last counts channels.
 * @return RN_OK; RN_ERR_CONFIG (samples with other axes)
 */
RN_NODISCARD rn_status rni_feature_map_read(const rn_model *model, int channel_order,
                                            rni_feature_map *out);

/** A square window that slides over an image framed by zeros. */
typedef struct rni_window {
    rn_index size;
    rn_index stride;
    rn_index padding; /**< rows and columns of zeros on each side */
} rni_window;

/** Places of a window along a length: (length + 2 padding - size) / stride + 1; 0: none fits. */
rn_index rni_window_count(rni_window window, rn_index length);

/**
 * Whether a window can slide over an image and give one of that many channels.
 * @return RN_OK; RN_ERR_CONFIG (no place for the window, or sizes too large to address), message
 *         with `where`
 */
RN_NODISCARD rn_status rni_window_check(const char *where, rni_window window, rni_feature_map image,
                                        rn_index channels);

/**
 * Convolution: y[i, j] = factor (window at i, j as one vector) W + b, W [size^2 channels x
 * fan_out], rows in the order window row, window column, channel. One product over all places, so
 * that W is used as by y = x W.
 * @param map  its fan_in is set here
 */
rni_feature_map rni_feature_map_convolve(rn_model *model, const rni_linear_map *map,
                                         rni_window window, rni_feature_map x);

/** Words of the option `pooling`: "none", "average", "max". */
extern const char *const rni_poolings[];

enum { RNI_POOLING_NONE, RNI_POOLING_AVERAGE, RNI_POOLING_MAX };

/** Mean or largest value of each channel in every window; no padding. */
rni_feature_map rni_feature_map_pool(rn_model *model, int pooling, rni_window window,
                                     rni_feature_map x);

/** Every step-th row and column. */
rni_feature_map rni_feature_map_thin(rn_model *model, rn_index step, rni_feature_map x);

/** Mean over all places, [N, channels]. */
rn_node rni_feature_map_mean(rn_model *model, rni_feature_map x);

/** All numbers of an image as one row, [N, height width channels]. */
rn_node rni_feature_map_flatten(rn_model *model, rni_feature_map x);

/** Declares the image a boundary of blocks, and returns it from behind the boundary. */
rni_feature_map rni_feature_map_boundary(rn_model *model, rni_feature_map x);

#endif
