/*
 * Transformers against forward passes written by hand, position by position, and the settings that
 * do not fit.
 */
#include <math.h>
#include <renorm/plan.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "core/memory.h"
#include "model_values.h"

enum { N = 3, T = 5, W = 6, HEADS = 2, D = W / HEADS, MOST_UNITS = 4 * W, SYMBOLS = 7 };

/* One network: what differs between the tests. */
typedef struct net {
    const rn_model *model;
    const double *theta;
    int depth, units;
    int is_causal, is_gated, is_post, is_rms, is_shared, has_bias, is_standard;
    const char *activation;
} net;

static const double *part_of(const net *n, const char *block, const char *part)
{
    char name[64];
    (void)snprintf(name, sizeof name, "%s%s", block, part);
    return values_parameter(n->model, n->theta, name);
}

/* y := gain x W / sqrt(n_in) + b for one position. */
static void map(const net *n, const char *block, const char *part, double gain, int n_in, int n_out,
                const double *x, double *y)
{
    char name[64];
    (void)snprintf(name, sizeof name, "%s.weight", part);
    const double *w = part_of(n, block, name);
    (void)snprintf(name, sizeof name, "%s.bias", part);
    const double *b = n->has_bias ? part_of(n, block, name) : NULL;
    const double factor = n->is_standard ? 1.0 : gain / sqrt((double)n_in);
    for (int j = 0; j < n_out; j++) {
        double sum = 0.0;
        for (int i = 0; i < n_in; i++)
            sum += x[i] * w[i * n_out + j];
        y[j] = factor * sum + (b ? b[j] : 0.0);
    }
}

static void normalise(const net *n, const char *block, const char *norm, const double *x, double *y)
{
    char name[64];
    (void)snprintf(name, sizeof name, "%s.gain", norm);
    const double *gain = part_of(n, block, name);
    (void)snprintf(name, sizeof name, "%s.offset", norm);
    double mean = 0.0;
    double square = 0.0;
    for (int i = 0; i < W && !n->is_rms; i++)
        mean += x[i] / W;
    for (int i = 0; i < W; i++)
        square += (x[i] - mean) * (x[i] - mean) / W;
    for (int i = 0; i < W; i++)
        y[i] = (x[i] - mean) / sqrt(square + 1e-5) * gain[i]
               + (n->is_rms ? 0.0 : part_of(n, block, name)[i]);
}

static double gain_of(const net *n)
{
    return 1.0 / sqrt(2.0 * n->depth);
}

/* What position t receives in one head: sum over s of p_s v_s. */
static void mix(const net *n, int t, int head, double q[T][W], double k[T][W], double v[T][W],
                double *out)
{
    double e[T];
    double total = 0.0;
    const int last = n->is_causal ? t : T - 1;
    for (int s = 0; s <= last; s++) {
        double score = 0.0;
        for (int i = head * D; i < (head + 1) * D; i++)
            score += q[t][i] * k[s][i];
        e[s] = exp(score / sqrt((double)D));
        total += e[s];
    }
    for (int i = head * D; i < (head + 1) * D; i++) {
        out[i] = 0.0;
        for (int s = 0; s <= last; s++)
            out[i] += e[s] / total * v[s][i];
    }
}

static void attend(const net *n, const char *block, double x[T][W], double y[T][W])
{
    double q[T][W];
    double k[T][W];
    double v[T][W];
    double mixed[W];
    for (int t = 0; t < T; t++) {
        map(n, block, ".query", 1.0, W, W, x[t], q[t]);
        map(n, block, ".key", 1.0, W, W, x[t], k[t]);
        map(n, block, ".value", 1.0, W, W, x[t], v[t]);
    }
    for (int t = 0; t < T; t++) {
        for (int head = 0; head < HEADS; head++)
            mix(n, t, head, q, k, v, mixed);
        map(n, block, ".out", gain_of(n), W, W, mixed, y[t]);
    }
}

static void feed_forward(const net *n, const char *block, const double *x, double *y)
{
    double up[MOST_UNITS];
    double gate[MOST_UNITS];
    map(n, block, ".up", 1.0, W, n->units, x, up);
    if (n->is_gated) map(n, block, ".gate", 1.0, W, n->units, x, gate);
    for (int i = 0; i < n->units; i++)
        up[i] = n->is_gated ? values_activate(n->activation, gate[i]) * up[i]
                            : values_activate(n->activation, up[i]);
    map(n, block, ".down", gain_of(n), n->units, W, up, y);
}

static void add(const double *x, double *h)
{
    for (int i = 0; i < W; i++)
        h[i] += x[i];
}

static void block_by_hand(const net *n, int number, double h[T][W])
{
    char block[32] = "block";
    double seen[T][W];
    double branch[T][W];
    if (!n->is_shared) (void)snprintf(block, sizeof block, "block%d", number);
    for (int t = 0; t < T; t++)
        if (n->is_post)
            memcpy(seen[t], h[t], sizeof seen[t]);
        else
            normalise(n, block, ".norm1", h[t], seen[t]);
    attend(n, block, seen, branch);
    for (int t = 0; t < T; t++) {
        add(branch[t], h[t]);
        if (n->is_post) {
            normalise(n, block, ".norm1", h[t], seen[t]);
            memcpy(h[t], seen[t], sizeof seen[t]);
        } else {
            normalise(n, block, ".norm2", h[t], seen[t]);
        }
        feed_forward(n, block, seen[t], branch[t]);
        add(branch[t], h[t]);
        if (!n->is_post) continue;
        normalise(n, block, ".norm2", h[t], seen[t]);
        memcpy(h[t], seen[t], sizeof seen[t]);
    }
}

/* States behind all blocks and the last norm, from embeddings already in h. */
static void states_by_hand(const net *n, double h[T][W])
{
    double last[W];
    for (int l = 1; l <= n->depth; l++)
        block_by_hand(n, l, h);
    for (int t = 0; t < T && !n->is_post; t++) {
        normalise(n, "", "norm", h[t], last);
        memcpy(h[t], last, sizeof last);
    }
}

static void draw_symbols(double *x)
{
    values_normal(0, (rn_index)N * T, x);
    for (int i = 0; i < N * T; i++)
        x[i] = (double)((int)(fabs(x[i]) * 1000.0) % SYMBOLS);
}

/* (E[x_t] + P_t) / sqrt 2 */
static void embed(const net *n, const double *x, double h[T][W])
{
    const double *table = part_of(n, "", "embedding.weight");
    const double *positions = part_of(n, "", "positions.weight");
    for (int t = 0; t < T; t++)
        for (int i = 0; i < W; i++)
            h[t][i] = sqrt(0.5) * (table[(int)x[t] * W + i] + positions[t * W + i]);
}

static void causal_transformer_equals_its_formula(void **state)
{
    (void)state;
    for (int variant = 0; variant < 4; variant++) {
        const int is_shared = variant & 1;
        const int is_standard = variant >> 1;
        const rn_setting settings[] = {{"depth", "2"},
                                       {"width", "6"},
                                       {"vocabulary", "7"},
                                       {"expansion", "4"},
                                       {"bias", "true"},
                                       {"shared", is_shared ? "true" : "false"},
                                       {"parametrisation", is_standard ? "standard" : "ntk"}};
        rn_model *model = values_model("transformer", settings, 7, RN_SHAPE(T), 3);
        double *theta = values_theta(model);
        const net n = {.model = model,
                       .theta = theta,
                       .depth = 2,
                       .units = 4 * W,
                       .is_causal = 1,
                       .is_shared = is_shared,
                       .has_bias = 1,
                       .is_standard = is_standard,
                       .activation = "gelu"};
        double x[N * T];
        double f[N * 3];
        draw_symbols(x);
        values_outputs(model, theta, N, x, f);
        for (int i = 0; i < N; i++) {
            double h[T][W];
            double g[3];
            embed(&n, x + (ptrdiff_t)i * T, h);
            states_by_hand(&n, h);
            map(&n, "", "readout", 1.0, W, 3, h[T - 1], g);
            for (int c = 0; c < 3; c++) /* dozens of terms, divided by norms twice per block */
                assert_close(f[i * 3 + c], g[c], 1e-11 * (1.0 + fabs(g[c])));
        }
        rni_free(theta);
        rn_model_destroy(model);
    }
}

static void tied_readout_at_every_position_is_the_embedding(void **state)
{
    (void)state;
    const rn_setting settings[] = {{"depth", "2"},         {"width", "6"},   {"expansion", "2"},
                                   {"order", "post"},      {"norm", "rms"},  {"gated", "true"},
                                   {"activation", "silu"}, {"tied", "true"}, {"readout", "every"},
                                   {"readout_gain", "1.3"}};
    rn_model *model = values_model("transformer", settings, 10, RN_SHAPE(T), (rn_index)T * SYMBOLS);
    double *theta = values_theta(model);
    const net n = {.model = model,
                   .theta = theta,
                   .depth = 2,
                   .units = 2 * W,
                   .is_causal = 1,
                   .is_gated = 1,
                   .is_post = 1,
                   .is_rms = 1,
                   .activation = "silu"};
    const double *table = part_of(&n, "", "embedding.weight");
    double x[N * T];
    double f[N * T * SYMBOLS];
    draw_symbols(x);
    values_outputs(model, theta, N, x, f);
    for (int i = 0; i < N; i++) {
        double h[T][W];
        embed(&n, x + (ptrdiff_t)i * T, h);
        states_by_hand(&n, h);
        for (int t = 0; t < T; t++)
            for (int c = 0; c < SYMBOLS; c++) {
                double sum = 0.0;
                for (int k = 0; k < W; k++)
                    sum += 1.3 * h[t][k] * table[c * W + k] / sqrt((double)W);
                assert_close(f[(i * T + t) * SYMBOLS + c], sum, 1e-11 * (1.0 + fabs(sum)));
            }
    }
    rn_parameter first;
    assert_status(rn_model_parameter(model, 0, &first), RN_OK);
    assert_int_equal(first.block, RN_BLOCK_SHARED);
    rni_free(theta);
    rn_model_destroy(model);
}

/* A later symbol must not reach earlier answers. */
static void causal_answers_do_not_see_later_symbols(void **state)
{
    (void)state;
    for (int causal = 0; causal < 2; causal++) {
        const rn_setting settings[] = {
            {"width", "6"}, {"readout", "every"}, {"causal", causal ? "true" : "false"}};
        rn_model *model =
            values_model("transformer", settings, 3, RN_SHAPE(T), (rn_index)T * SYMBOLS);
        double *theta = values_theta(model);
        double x[N * T];
        double before[N * T * SYMBOLS];
        double after[N * T * SYMBOLS];
        draw_symbols(x);
        values_outputs(model, theta, N, x, before);
        for (int i = 0; i < N; i++)
            x[i * T + 3] = fmod(x[i * T + 3] + 1.0, SYMBOLS);
        values_outputs(model, theta, N, x, after);
        for (int i = 0; i < N; i++)
            for (int t = 0; t < T; t++) {
                const int at = (i * T + t) * SYMBOLS;
                int n_moved = 0;
                for (int c = 0; c < SYMBOLS; c++)
                    n_moved += fabs(after[at + c] - before[at + c]) > 0.0;
                assert_int_equal(n_moved == 0, causal && t < 3);
            }
        rni_free(theta);
        rn_model_destroy(model);
    }
}

/* Patches of a two-channel image against an embedding of the same numbers gathered by hand. */
static void patches_are_squares_of_an_image(void **state)
{
    (void)state;
    enum { SIDE = 4, P = 2, CHANNELS = 2, SIZE = CHANNELS * SIDE * SIDE, PATCH = CHANNELS * P * P };
    const rn_setting settings[] = {{"tokens", "patches"},
                                   {"patch", "2"},
                                   {"depth", "1"},
                                   {"width", "6"},
                                   {"norm", "none"},
                                   {"readout", "mean"},
                                   {"positions", "sinusoidal"},
                                   {"gain", "1e-9"}};
    rn_model *model = values_model("transformer", settings, 8, RN_SHAPE(CHANNELS, SIDE, SIDE), 3);
    double *theta = values_theta(model);
    const double *w = values_parameter(model, theta, "patches.weight");
    const double *readout = values_parameter(model, theta, "readout.weight");
    double x[N * SIZE];
    double f[N * 3];
    values_normal(0, (rn_index)N * SIZE, x);
    values_outputs(model, theta, N, x, f);
    for (int n = 0; n < N; n++) {
        double mean[W] = {0};
        for (int t = 0; t < 4; t++)
            for (int k = 0; k < W; k++) {
                double sum = 0.0;
                for (int e = 0; e < PATCH; e++) { /* channel, row, column */
                    const int row = t / 2 * P + e / P % P;
                    const int column = t % 2 * P + e % P;
                    sum += x[n * SIZE + (e / (P * P) * SIDE + row) * SIDE + column] * w[e * W + k];
                }
                const double angle = t / pow(10000.0, (double)(k - k % 2) / W);
                const double position = k % 2 ? cos(angle) : sin(angle);
                mean[k] += sqrt(0.5) * (sum / sqrt((double)PATCH) + position) / 4.0;
            }
        for (int c = 0; c < 3; c++) {
            double g = 0.0;
            for (int k = 0; k < W; k++)
                g += mean[k] * readout[k * 3 + c] / sqrt((double)W);
            assert_close(f[n * 3 + c], g, 1e-6); /* branches are 1e-9 of it, times weights */
        }
    }
    rni_free(theta);
    rn_model_destroy(model);
}

static void expect_refusal(const rn_setting *settings, rn_index n_settings, rn_shape sample,
                           rn_index n_outputs, const char *part)
{
    rn_model *model = NULL;
    assert_status(rn_model_create("transformer", settings, n_settings, sample, n_outputs, &model),
                  RN_ERR_CONFIG);
    assert_message_has(part);
    assert_null(model);
}

static void settings_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    const rn_setting heads[] = {{"heads", "3"}};
    const rn_setting patches[] = {{"tokens", "patches"}, {"patch", "3"}};
    const rn_setting tied_patches[] = {{"tokens", "patches"}, {"tied", "true"}};
    const rn_setting tied[] = {{"tied", "true"}, {"vocabulary", "9"}};
    const rn_setting every[] = {{"readout", "every"}};
    expect_refusal(heads, 1, RN_SHAPE(T), 3, "heads that divide the width");
    expect_refusal(patches, 2, RN_SHAPE(8, 8), 3, "whose sides it divides");
    expect_refusal(patches, 2, RN_SHAPE(81), 3, "samples of 1 axes");
    expect_refusal(tied_patches, 2, RN_SHAPE(8, 8), 3, "no embedding");
    expect_refusal(tied, 2, RN_SHAPE(T), 3, "9 symbols and 3 outputs");
    expect_refusal(every, 1, RN_SHAPE(T), 7, "as many outputs for every position");
    expect_refusal(NULL, 0, RN_SHAPE((rn_index)1 << 40), 3, "too many to address");
}

/* The message of a symbol outside the vocabulary says which setting to look at. */
static void symbols_outside_the_vocabulary_are_named(void **state)
{
    (void)state;
    const rn_setting settings[] = {{"vocabulary", "7"}, {"width", "6"}};
    rn_model *model = values_model("transformer", settings, 2, RN_SHAPE(T), 3);
    double *theta = values_theta(model);
    const rn_node output = rn_model_output(model);
    const double x[T] = {0.0, 6.0, 7.0, 1.0, 2.0};
    rn_plan *plan = NULL;
    rn_workspace *work = NULL;
    assert_status(rn_plan_create(rn_model_graph(model), 1, 1, &output, &plan), RN_OK);
    assert_status(rn_workspace_create(plan, &work), RN_OK);
    assert_status(rn_workspace_bind(work, rn_model_input(model), x), RN_OK);
    for (rn_index k = 0; k < rn_model_n_parameters(model); k++) {
        rn_parameter p;
        assert_status(rn_model_parameter(model, k, &p), RN_OK);
        assert_status(rn_workspace_bind(work, p.node, theta + p.offset), RN_OK);
    }
    assert_status(rn_workspace_run(work), RN_ERR_DOMAIN);
    assert_message_has("model.vocabulary");
    assert_message_has("entry 2 of the index is 7");
    rn_workspace_destroy(work);
    rn_plan_destroy(plan);
    rni_free(theta);
    rn_model_destroy(model);
}

/* Every allocation of a model that has all kinds of them: masks, sinusoids, shared blocks. */
static void every_failing_allocation_is_a_status(void **state)
{
    (void)state;
    const rn_setting settings[] = {{"width", "6"}, {"positions", "sinusoidal"}, {"shared", "true"}};
    rn_status status = RN_ERR_MEMORY;
    long fault = 0;
    while (status == RN_ERR_MEMORY) {
        const rn_index before = rni_memory_bytes();
        rn_model *model = NULL;
        (void)rni_fail_allocation(++fault);
        status = rn_model_create("transformer", settings, 3, RN_SHAPE(T), 3, &model);
        (void)rni_fail_allocation(0);
        rn_model_destroy(model);
        assert_int_equal(rni_memory_bytes(), before);
    }
    assert_status(status, RN_OK);
    assert_true(fault > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(causal_transformer_equals_its_formula),
        cmocka_unit_test(tied_readout_at_every_position_is_the_embedding),
        cmocka_unit_test(causal_answers_do_not_see_later_symbols),
        cmocka_unit_test(patches_are_squares_of_an_image),
        cmocka_unit_test(settings_that_do_not_fit_are_refused),
        cmocka_unit_test(symbols_outside_the_vocabulary_are_named),
        cmocka_unit_test(every_failing_allocation_is_a_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
