/**
 * Networks: a graph from samples to outputs, its parameters, and how they start.
 *
 *     const rn_setting settings[] = {{"depth", "16"}, {"width", "48"}, {"residual", "true"}};
 *     rn_model *model = NULL;
 *     rn_status status = rn_model_create("mlp", settings, 3, RN_SHAPE(784), 10, &model);
 *     double *theta = malloc((size_t)rn_model_n_weights(model) * sizeof *theta);
 *     if (status == RN_OK) status = rn_model_initialise(model, seed, theta);
 *     rn_model_destroy(model);
 *
 * Kinds. x is one sample flattened to D numbers, C the number of outputs; matrices act on rows,
 * y = x W, W [fan-in, fan-out]. act is one of tanh, relu, gelu (z Phi(z), Phi the normal
 * distribution function: the exact form), erf, quick_gelu (z sigmoid(1.702 z)), linear, silu
 * (z sigmoid(z)). Bias terms b, where switched on, start at 0 and are added unscaled. s(k) =
 * 1/sqrt(k).
 *
 * mlp: width w, depth L = number of hidden w x w maps (L + 2 weight matrices in all)
 *     h_0 = s(D) x W_0 + b_0
 *     h_l = g s(w) act(h_{l-1}) W_l + b_l              residual=false, l = 1 .. L
 *     h_l = h_{l-1} + g s(w) act(h_{l-1}) W_l + b_l    residual=true
 *     f   = r s(w) act(h_L) W_{L+1} + b_{L+1}          readout=activated
 *     f   = r s(w) h_L W_{L+1} + b_{L+1}               readout=linear
 * g is `gain`; gain=0 (default) means sqrt(2)/sqrt(L) for residual and 1.5 for plain nets. r is
 * `readout_gain` (default 1).
 * With depth = h - 1, gain = readout_gain = sqrt(2), relu and |x|^2 = D this is the convention
 * "factor 2/width after each ReLU" of the infinite-width literature with h hidden layers.
 *
 * recurrent: T steps, D = T d, x_t the t-th piece of d numbers, width w, shared U, V
 *     h_1 = act(s(d) x_1 V + b),  h_t = act(g s(w) h_{t-1} U + s(d) x_t V + b),  f = s(w) h_T W
 * (Elman 1990). gain g defaults to 1.
 *
 * tied: one matrix used twice, C <= D
 *     f = the first C entries of g s(w) act(s(D) x W) W^T
 *
 * linear: f = x W (+ b), W starts with standard deviation `std` (default 0). Not scaled: the kernel
 *     of squared error is X X^T / N exactly.
 * quadratic: f_c = <x, w_c>^2, W starts with standard deviation std/sqrt(D).
 *
 * convnet: images [height, width] or with an axis of channels, L convolutions with k x k windows
 *     h_l = pool(act(norm(g_l s(k^2 c) conv_l(h_{l-1}) + b_l)))   l = 1 .. L, h_0 = x
 *     f   = r s(c) mean(h_L) W + b                                head=mean: over all places
 *     f   = r s(h w c) h_L W + b                                  head=flatten
 * c: channels a map reads, width growth^(l-1) channels come out of convolution l; g_1 = 1, else g
 * is `gain`. conv: windows `stride` apart, framed by (k - 1)/2 zeros (padding=same) or none; W has
 * rows in the order window row, window column, channel. pool: mean or largest of `pool` x `pool`
 * windows that far apart; what is left over at the edge is dropped.
 *
 * resnet: S stages of B blocks, pre-activation (He et al. 2016); a = act(norm(h_{l-1}))
 *     h_0 = s(k^2 c) stem(x) + b
 *     h_l = h_{l-1} + g s(k^2 c) conv(act(norm(sqrt(2) s(k^2 c) conv(a) + b))) + b
 *     f   = r s(c) mean(act(norm(h_L))) W + b
 * The first block of every stage but the first halves height and width (its first convolution has
 * stride 2) and multiplies channels by `growth`; where the shape changes h_{l-1} is replaced by a
 * 1 x 1 convolution s(c) of every second row and column of a. gain=0 (default): sqrt(2)/sqrt(S B).
 *
 * transformer: T positions of w numbers, L blocks (Vaswani et al. 2017)
 *     h_0 = s(2) (E[x_t] + P_t)       tokens=symbols; E [V, w], P [T, w] from N(0, 1)
 *     h_0 = s(2) (s(d) x_t W + P_t)   tokens=patches: squares of an image, d numbers each (channel,
 *                                     row, column); positions=sinusoidal: P fixed; none: E[x_t]
 *     a_l = h_{l-1} + attention(norm(h_{l-1})), h_l = a_l + feed(norm(a_l))     order=pre
 *     a_l = norm(h_{l-1} + attention(h_{l-1})), h_l = norm(a_l + feed(a_l))     order=post
 *     attention(u): Q, K, V = s(w) u W + b; per head of d = w/heads numbers
 *                   softmax(Q K^T / sqrt(d)) V, all heads side by side, then g s(w) (..) W + b
 *     feed(u) = g s(m) act(s(w) u W + b) W + b            m = expansion w units
 *     feed(u) = g s(m) (act(s(w) u W + b) (s(w) u W + b)) W + b          gated=true
 *     f = r s(w) z W + b, z = norm(h_L) (order=pre) or h_L at the last position, its mean over
 *         positions, or at every position (C = T times the answers of one, position after position)
 * gain=0 (default): 1/sqrt(2 L). tied=true: W is the transposed E, without b. shared=true: all
 * blocks have the same weights. norm=rms has neither mean nor offset.
 *
 * norm(z) = gain (z - mean) / sqrt(variance + 1e-5) + offset, gain [c] from 1 and offset [c] from
 * 0. convnet and resnet: mean and variance over all places and a group of neighbouring channels of
 * a sample (norm=group), or all channels (layer); transformer: over the numbers of a position.
 * norm=batch: of each channel, over all places of many samples. statistics=running (default): f
 * takes a running mean m and variance s, which are parameters that are not trained. A step is that
 * of the network normalised by the mean and variance of its own batch, and moves m and s by
 * `statistics_rate` of the way to them (Ioffe and Szegedy 2015; both without the factor n/(n-1)
 * that some programs give s, and from the values of the first batch on). f keeps samples apart.
 * statistics=samples: mean and variance of all samples given together. Samples then act on each
 * other: f is one function of the whole training set, its kernel goes by rows of J, held-out
 * samples are normalised by their own statistics, and minibatches are refused: each would be a
 * function of its own.
 *
 * Blocks. A network that is a chain of like parts declares its boundaries h_0, .., h_L: what comes
 * after h_l depends on what comes before it through h_l alone, so that for l < k < m
 * dh_m/dh_l = dh_m/dh_k dh_k/dh_l. Block l = 1 .. L leads from h_{l-1} to h_l; block 0 makes h_0
 * and block L + 1 reads h_L out. mlp: h_0 .. h_L above. recurrent: the states h_1 .. h_T, whose
 * parameters act in every step. convnet: h_1 .. h_L; resnet, transformer: h_0 .. h_L, each as one
 * row of numbers. linear, tied: none.
 *
 * parametrisation (all but linear). ntk: every weight starts from N(0, 1) and the factors
 * above are part of the network, applied to the result of the product. standard: the factor of a
 * matrix is the standard deviation of its entries instead, and the network has no factors; at the
 * start both are the same random function, but they train differently. (tied has one matrix with
 * two factors: standard puts s(D) into the entries and keeps g s(w)/s(D) in the network. E and P
 * start from N(0, 1) either way.)
 */
#ifndef RENORM_MODEL_H
#define RENORM_MODEL_H

#include <renorm/graph.h>
#include <renorm/setting.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rn_model rn_model;

/** Name of the i-th kind of model; NULL beyond the last. Never freed. */
RN_API const char *rn_model_kind(rn_index i);

/**
 * Builds a network.
 *
 * @param kind        one of rn_model_kind
 * @param settings    [n_settings] what differs from the defaults, as in a configuration file; later
 *                    ones override earlier ones; borrowed for the call
 * @param sample      shape of one sample, without the sample axis; rank 0 .. RN_RANK_MAX - 1.
 *                    Samples are flattened in row-major order
 * @param n_outputs   C >= 1
 * @param[out] out    release with rn_model_destroy
 * @return RN_OK; RN_ERR_ARGUMENT (unknown kind, C < 1); RN_ERR_CONFIG (settings, or settings that
 *         do not fit the shapes); RN_ERR_SHAPE; RN_ERR_MEMORY
 */
RN_API RN_NODISCARD rn_status rn_model_create(const char *kind, const rn_setting *settings,
                                              rn_index n_settings, rn_shape sample,
                                              rn_index n_outputs, rn_model **out);

/** Releases a model and its graph. NULL is allowed. */
RN_API void rn_model_destroy(rn_model *model);

/**
 * The graph, owned by the model and borrowed here. Others append to it (losses, derivatives,
 * kernels); what is there never changes. After a failed append the graph refuses to grow, and
 * with it everything made from this model later.
 */
RN_API rn_graph *rn_model_graph(const rn_model *model);

/** The input node x [N, sample..] and the output node f [N, C]. */
RN_API rn_node rn_model_input(const rn_model *model);
RN_API rn_node rn_model_output(const rn_model *model);

/**
 * The output node [N, C] that training differentiates: f itself, but with running statistics that
 * of the same parameters and the statistics of the samples given together.
 */
RN_API rn_node rn_model_trained_output(const rn_model *model);

/** Parameters that are running statistics, and the share of the way that they go in a step to the
    values of its batch, in (0, 1]; 0 without any. */
RN_API rn_index rn_model_n_statistics(const rn_model *model);
RN_API double rn_model_statistics_rate(const rn_model *model);

/** C. */
RN_API rn_index rn_model_n_outputs(const rn_model *model);

/** Numbers in one sample: D. */
RN_API rn_index rn_model_n_features(const rn_model *model);

/** P: length of theta, all parameters flattened in order of creation, each row-major. */
RN_API rn_index rn_model_n_weights(const rn_model *model);

/** The block of a parameter that acts in several. */
#define RN_BLOCK_SHARED ((rn_index)-1)

/** One trainable tensor. */
typedef struct rn_parameter {
    const char *name; /**< such as "hidden3.weight"; borrowed from the model */
    rn_node node;
    rn_index offset; /**< of its first number in theta */
    rn_index size;
    double mean;      /**< of its normal initial values: 1 for gains of a norm, else 0 */
    double std;       /**< their standard deviation; 0: all equal */
    rn_index block;   /**< the block it acts in, 0 .. n_boundaries, or RN_BLOCK_SHARED */
    rn_node followed; /**< of a running statistic: the node, of its shape, that it goes to;
                           RN_NODE_NONE of weights */
} rn_parameter;

/** Number of parameters. */
RN_API rn_index rn_model_n_parameters(const rn_model *model);

/** Parameter i in order of creation. @return RN_OK; RN_ERR_ARGUMENT (no such parameter) */
RN_API RN_NODISCARD rn_status rn_model_parameter(const rn_model *model, rn_index i,
                                                 rn_parameter *out);

/** Number of boundaries: L + 1, or 0 for a network that is no chain. */
RN_API rn_index rn_model_n_boundaries(const rn_model *model);

/** The node of boundary l = 0 .. n_boundaries - 1, [N, width]; RN_NODE_NONE beyond. */
RN_API rn_node rn_model_boundary(const rn_model *model, rn_index l);

/**
 * theta := initial values. Parameter number i takes mean plus std times draws 0, 1, .. of
 * the stream (seed, initial weights, i): two models of one study share the draws of parameters that
 * have the same number, entry by entry, whatever their std.
 *
 * @param[out] theta  [P]
 * @return RN_OK; RN_ERR_ARGUMENT
 */
RN_API RN_NODISCARD rn_status rn_model_initialise(const rn_model *model, uint64_t seed,
                                                  double *theta);

#ifdef __cplusplus
}
#endif

#endif
