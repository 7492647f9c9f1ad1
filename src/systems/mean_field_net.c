/*
 * A two-layer net of N particles: how far it is from that of very many. The objective is convex in
 * the outputs f, so its gap contains
 *
 *     <|f - f*|^2>/(2n),     f* the outputs of infinitely many particles,
 *
 * the part of the loss that is not linear in f (its Bregman divergence); of order 1/N. f* is taken
 * from the widest net. The gap of the loss alone also contains <grad L . (f - f*)>, which is of the
 * same order but as noisy as the loss.
 *
 * Independent particles have this order too; what their interaction does is in the prefactor. The
 * stationary density is exp(-(N L(f) + (l/2) sum |theta_i|^2)/lambda), f = (1/N) sum h(theta_i), L
 * = |f - y|^2/(2n). With Sigma the covariance of h [n x n] at infinite N, f is normal about f* with
 * the covariance Sigma/N before the quadratic part of L weighs in, hence (our derivation)
 *
 *     N cov f = (Sigma^-1 + 1/(n lambda))^-1,    gap = (lambda/(2N)) sum s/(s + lambda),
 *
 * s the eigenvalues of Sigma/n: a number of dimensions times lambda/(2N), and no fit. Without
 * interaction it would be sum s/(2N).
 */
#include <math.h>
#include <stdio.h>

#include "backends/blas.h"
#include "backends/lapack.h"
#include "core/memory.h"
#include "core/size.h"
#include "stats/slope.h"
#include "systems/mean_field.h"
#include "systems/walk.h"

enum { N_CURVE = 24 };

typedef struct net_data {
    rn_index n;
    double *inputs; /* [n x 2]: x and 1; owner of all */
    double *targets;
    double *nothing; /* [n x 2] zeroes */
} net_data;

static rn_status make_data(rn_index n, net_data *out)
{
    double *const block = rni_alloc_zero(5 * n, sizeof *block);
    if (!block) return rni_fail(RN_ERR_MEMORY, "mean_field: no memory");
    *out = (net_data){.n = n, .inputs = block, .targets = block + 2 * n, .nothing = block + 3 * n};
    for (rn_index i = 0; i < n; i++) {
        const double x = -2.0 + 4.0 * ((double)i + 0.5) / (double)n;
        block[2 * i] = x;
        block[2 * i + 1] = 1.0;
        out->targets[i] = sin(1.5 * x) + 0.3 * x * x - 0.5;
    }
    return RN_OK;
}

/* The mutation: particles do not interact, each sees inputs of 0; outputs are those of all inputs.
 */
static rn_status make_walk(const rni_field_settings *s, const net_data *data, rn_index width,
                           bool is_apart, rni_walk *walk)
{
    char gain[32];
    char text[32];
    const double n = (double)width;
    (void)snprintf(gain, sizeof gain, "%.17g", 1.0 / sqrt(n));
    (void)snprintf(text, sizeof text, "%d", (int)width);
    const rni_walk_plan plan = {.model = "mlp",
                                .model_settings = {{"width", text},
                                                   {"depth", "0"},
                                                   {"activation", "tanh"},
                                                   {"parametrisation", "ntk"},
                                                   {"readout_gain", gain}},
                                .n_features = 2,
                                .dynamics = "sgd",
                                .learning_rate = s->net_rate * n,
                                .weight_decay = s->net_decay / n,
                                .temperature = s->net_temperature / n,
                                .n_samples = data->n,
                                .inputs = is_apart ? data->nothing : data->inputs,
                                .targets = data->targets};
    return rni_walk_open(&plan, walk);
}

/* ---- what single particles do ---------------------------------------------------------------- */

/* The covariance of the outputs of single particles about their mean, in one net. */
typedef struct crowd {
    rni_walk one; /* a net of one particle, to ask */
    rn_index n_looks;
    double *outputs;    /* [N x n] h_i - f; owner of the next */
    double *covariance; /* [n x n], lower triangle; the sum over looks and particles */
} crowd;

static rn_status open_crowd(const rni_field_settings *s, const net_data *data, rn_index width,
                            crowd *out)
{
    const rn_index n = data->n;
    *out = (crowd){.outputs = rni_alloc_zero(width * n + n * n, sizeof(double))};
    if (!out->outputs) return rni_fail(RN_ERR_MEMORY, "mean_field: no memory");
    out->covariance = out->outputs + width * n;
    return make_walk(s, data, 1, false, &out->one);
}

static void close_crowd(crowd *c)
{
    rni_walk_close(&c->one);
    rni_free(c->outputs);
}

/* One look at all particles of a net with outputs f [n]. */
static rn_status ask_crowd(const net_data *data, const rni_walk *walk, rn_index width,
                           const double *f, crowd *c)
{
    const rn_batch all = {.n_samples = data->n, .inputs = data->inputs, .targets = data->targets};
    const double *const theta = rni_walk_theta(walk);
    for (rn_index i = 0; i < width; i++) {
        /* W [2 x width], a [width] */
        const double mine[3] = {theta[i], theta[width + i], theta[2 * width + i]};
        double *const h = c->outputs + i * data->n;
        RNI_TRY(rn_trainer_predict(c->one.trainer, mine, &all, h, NULL));
        for (rn_index k = 0; k < data->n; k++)
            h[k] -= f[k];
    }
    c->n_looks++;
    return rni_syrk(true, data->n, width, 1.0, c->outputs, data->n, 1.0, c->covariance, data->n);
}

/* N times the gap in linear order, (lambda/2) sum s/(s + lambda), s the eigenvalues of the
   covariance over n; destroys it. work [n] */
static rn_status read_crowd(const rni_field_settings *s, const net_data *data, rn_index width,
                            crowd *c, double *work, double *scale)
{
    if (c->n_looks == 0) return RN_OK; /* nobody was asked */
    const double share = 1.0 / ((double)c->n_looks * ((double)width - 1.0) * (double)data->n);
    RNI_TRY(rni_lapack_syevd(data->n, c->covariance, data->n, work));
    *scale = 0.0;
    for (rn_index k = 0; k < data->n; k++) {
        const double value = fmax(share * work[k], 0.0);
        *scale += 0.5 * s->net_temperature * value / (value + s->net_temperature);
    }
    return RN_OK;
}

/* ---- walks ----------------------------------------------------------------------------------- */

/* One look; f [n] work space. @return the loss there */
static rn_status look(const net_data *data, const rni_walk *walk, double *f, double *loss,
                      double *square)
{
    const rn_batch all = {.n_samples = data->n, .inputs = data->inputs, .targets = data->targets};
    RNI_TRY(rn_trainer_predict(walk->trainer, NULL, &all, f, NULL));
    *loss = 0.0;
    *square = 0.0;
    for (rn_index i = 0; i < data->n; i++) {
        *loss += 0.5 * pow(f[i] - data->targets[i], 2.0) / (double)data->n;
        *square += f[i] * f[i];
    }
    return RN_OK;
}

enum { CROWD_EVERY = 10 }; /* looks */

/* n_looks looks at the way down; curve [N_CURVE] losses, or NULL. work: [n] */
static rn_status settle(const rni_field_settings *s, const net_data *data, rni_walk *walk,
                        rn_index n_looks, double *work, double *curve)
{
    const rn_index every = rni_max(n_looks / N_CURVE, 1);
    for (rn_index k = 0; k < n_looks; k++) {
        double loss = 0.0;
        double square = 0.0;
        const bool is_shown = curve && k % every == 0 && k / every < N_CURVE;
        if (is_shown) RNI_TRY(look(data, walk, work, &loss, &square));
        if (is_shown) curve[k / every] = loss;
        RNI_TRY(rni_walk_on(walk, s->net_every));
    }
    return RN_OK;
}

/* n_looks more; to [n + 2]: means of f, |f|^2 and the loss; c: its particles, or NULL. work: [n] */
static rn_status gather(const rni_field_settings *s, const net_data *data, rni_walk *walk,
                        rn_index n_looks, double *work, double *to, crowd *c)
{
    const double share = 1.0 / (double)n_looks;
    for (rn_index k = 0; k < n_looks; k++) {
        double loss = 0.0;
        double square = 0.0;
        RNI_TRY(look(data, walk, work, &loss, &square));
        for (rn_index i = 0; i < data->n; i++)
            to[i] += share * work[i];
        to[data->n] += share * square;
        to[data->n + 1] += share * loss;
        if (c && k % CROWD_EVERY == 0) RNI_TRY(ask_crowd(data, walk, walk->n / 3, work, c));
        RNI_TRY(rni_walk_on(walk, s->net_every));
    }
    return RN_OK;
}

/* All widths and seeds. */
typedef struct nets {
    net_data data;
    rn_index width; /* number of the present one */
    double *seen;   /* [n_widths x n_seeds x (n + 2)]: f, |f|^2, loss */
    double *scales; /* [n_seeds] N times the gap, from the particles of the widest */
    double *curve;  /* [N_CURVE] of the widest, first seed */
} nets;

/* One walk of one width; its particles too where it is the widest. work: [n] */
static rn_status walk_net(const rn_claim *claim, const nets *all, rn_index i, rni_walk *walk,
                          crowd *c, double *work)
{
    const rni_field_settings *s = rni_claim_settings(claim);
    const rn_index n = all->data.n;
    const double width = s->widths.values[all->width];
    const double last = s->widths.values[s->widths.count - 1];
    const bool is_last = all->width + 1 == s->widths.count;
    const rn_index n_steps = (rn_index)((double)s->net_steps * fmin(last / width, 16.0));
    const rn_index n_looks = rni_max(n_steps / s->net_every, 2);
    double *const here = all->seen + (all->width * rn_claim_n_seeds(claim) + i) * (n + 2);
    RNI_TRY(make_walk(s, &all->data, (rn_index)width, rn_claim_is_mutated(claim), walk));
    RNI_TRY(rn_trainer_start(walk->trainer, rni_claim_seed(claim, i)));
    if (is_last) RNI_TRY(open_crowd(s, &all->data, (rn_index)width, c));
    RNI_TRY(settle(s, &all->data, walk, n_looks / 2, work, i == 0 && is_last ? all->curve : NULL));
    RNI_TRY(gather(s, &all->data, walk, n_looks - n_looks / 2, work, here, is_last ? c : NULL));
    return read_crowd(s, &all->data, (rn_index)width, c, work, &all->scales[i]);
}

static rn_status work_net(rn_claim *claim, rn_index i, void *user)
{
    const nets *all = user;
    double *work = rni_alloc(all->data.n, sizeof *work);
    rni_walk walk = {0};
    crowd c = {0};
    if (!work) return rni_fail(RN_ERR_MEMORY, "mean_field: no memory");
    const rn_status status = walk_net(claim, all, i, &walk, &c, work);
    close_crowd(&c);
    rni_walk_close(&walk);
    rni_free(work);
    return status;
}

/* ---- orders ---------------------------------------------------------------------------------- */

/* Gaps at all widths but the last, over that of the last, of all seeds but `left`; of f, else of
   the loss. f: [n] work space. */
static void find_gaps(const rn_claim *claim, const nets *all, rn_index left, bool of_loss,
                      double *f, double *gap)
{
    const rni_field_settings *s = rni_claim_settings(claim);
    const rn_index n = all->data.n;
    const rn_index n_seeds = rn_claim_n_seeds(claim);
    const rn_index n_widths = s->widths.count;
    const double share = 1.0 / (double)(left < 0 ? n_seeds : n_seeds - 1);
    double value[16] = {0};
    for (rn_index i = 0; i < n; i++)
        f[i] = 0.0;
    for (rn_index k = 0; k < n_seeds; k++)
        for (rn_index i = 0; i < n && k != left; i++)
            f[i] += share * all->seen[((n_widths - 1) * n_seeds + k) * (n + 2) + i];
    for (rn_index w = 0; w < n_widths; w++)
        for (rn_index k = 0; k < n_seeds; k++) {
            const double *const here = all->seen + (w * n_seeds + k) * (n + 2);
            double apart = here[n];
            for (rn_index i = 0; i < n; i++)
                apart += f[i] * (f[i] - 2.0 * here[i]);
            if (k != left) value[w] += share * (of_loss ? here[n + 1] : apart / (2.0 * (double)n));
        }
    for (rn_index w = 0; w + 1 < n_widths; w++)
        gap[w] = value[w] - value[n_widths - 1];
}

enum { ORDER, SCALE, LOSS_ORDER, N_ANSWERS };

/* Slope of ln gap against ln(1/N - 1/N_max); NaN: gaps that are not positive have no order. */
static rn_status fit_order(const rni_field_settings *s, const double *inverse, const double *gap,
                           double *order)
{
    rni_slope line;
    const rn_status status =
        rni_slope_fit_log(s->widths.count - 1, inverse, gap, 0.0, (double)INFINITY, &line);
    *order = status == RN_OK ? line.slope : (double)NAN;
    return status == RN_ERR_DOMAIN ? RN_OK : status;
}

/* Both orders, and gap (1/N - 1/N_max)^-1 over what the particles say (the geometric mean over
   widths), from all seeds but `left`. f: [n] work space */
static rn_status find_answers(const rn_claim *claim, const nets *all, rn_index left, double *f,
                              double answers[N_ANSWERS])
{
    const rni_field_settings *s = rni_claim_settings(claim);
    const rn_index n_seeds = rn_claim_n_seeds(claim);
    const rn_index n = s->widths.count - 1;
    const double share = 1.0 / (double)(left < 0 ? n_seeds : n_seeds - 1);
    double inverse[16];
    double gap[16];
    double scale = 0.0;
    double sum = 0.0;
    for (rn_index i = 0; i < n; i++)
        inverse[i] = 1.0 / s->widths.values[i] - 1.0 / s->widths.values[n];
    for (rn_index k = 0; k < n_seeds; k++)
        scale += k != left ? share * all->scales[k] : 0.0;
    find_gaps(claim, all, left, true, f, gap);
    RNI_TRY(fit_order(s, inverse, gap, &answers[LOSS_ORDER]));
    find_gaps(claim, all, left, false, f, gap);
    RNI_TRY(fit_order(s, inverse, gap, &answers[ORDER]));
    for (rn_index i = 0; i < n; i++)
        sum += log(gap[i] / (inverse[i] * scale));
    answers[SCALE] = exp(sum / (double)n);
    return RN_OK;
}

/* Answers from all seeds and two jackknife errors. f: [n] work space */
static rn_status find_errors(const rn_claim *claim, const nets *all, double *f,
                             double answers[N_ANSWERS], double errors[N_ANSWERS])
{
    const rn_index n_seeds = rn_claim_n_seeds(claim);
    double mean[N_ANSWERS] = {0};
    double square[N_ANSWERS] = {0};
    RNI_TRY(find_answers(claim, all, -1, f, answers));
    for (rn_index left = 0; left < n_seeds; left++) {
        double here[N_ANSWERS];
        RNI_TRY(find_answers(claim, all, left, f, here));
        for (int k = 0; k < N_ANSWERS; k++) {
            mean[k] += here[k] / (double)n_seeds;
            square[k] += here[k] * here[k] / (double)n_seeds;
        }
    }
    for (int k = 0; k < N_ANSWERS; k++)
        errors[k] = 2.0 * sqrt(fmax(square[k] - mean[k] * mean[k], 0.0) * ((double)n_seeds - 1.0));
    return RN_OK;
}

static const rni_statement statements[N_ANSWERS] = {
    [ORDER] = {.key = "net_order",
               .quantity = "order of the net's gap in 1/N - 1/N_max",
               .theory = 1.0,
               .formula = "<|f - f*|^2>/(2n) = c/N, that of the largest N taken away",
               .at_least = 0.85,
               .at_most = 1.15,
               .tolerance = "0.15: the next order in 1/N",
               .method = "slope of ln gap, f* the mean output of the widest net; interval: two "
                         "jackknife errors over seeds"},
    [LOSS_ORDER] = {.key = "net_loss_order",
                    .quantity = "order of the gap of the loss alone",
                    .theory = 1.0,
                    .formula = "gap c/N, that of the largest N taken away",
                    .at_least = 0.85,
                    .at_most = 1.15,
                    .tolerance = "not judged: walks of this length do not know it that well",
                    .is_beside = true,
                    .method =
                        "slope of ln(mean loss - that of the widest net); interval: as above"},
    [SCALE] = {.key = "net_gap",
               .quantity = "the net's gap over (1/N - 1/N_max) c",
               .theory = 1.0,
               .formula = "c = (lambda/2) sum s/(s + lambda), s the eigenvalues of the covariance "
                          "of single particles' outputs over n; without interaction sum s/2",
               .at_least = 0.9,
               .at_most = 1.1,
               .tolerance = "a tenth: the step (4 % at 0.2) and the next order in 1/N",
               .method = "geometric mean over widths, s from the particles of the widest net; "
                         "interval: two jackknife errors over seeds"}};

static rn_status state_net(rn_claim *claim, const nets *all)
{
    const rni_field_settings *s = rni_claim_settings(claim);
    double answers[N_ANSWERS];
    double errors[N_ANSWERS];
    double gap[16];
    double *f = rni_alloc(all->data.n, sizeof *f);
    if (!f) return rni_fail(RN_ERR_MEMORY, "mean_field: no memory");
    const rn_status status = find_errors(claim, all, f, answers, errors);
    find_gaps(claim, all, -1, false, f, gap);
    rni_free(f);
    if (status != RN_OK) return status;
    for (int k = 0; k < N_ANSWERS; k++)
        RNI_TRY(rni_claim_state(claim, &statements[k], answers[k], errors[k]));
    RNI_TRY(rni_claim_figure(claim, "The net's gap", "N", "<|f - f*|^2>/(2n)", true, true));
    RNI_TRY(rni_claim_curve(claim, "over that of the widest", RN_CLAIM_POINTS, s->widths.count - 1,
                            s->widths.values, gap));
    const double last = s->widths.values[s->widths.count - 1];
    double scale = 0.0;
    for (rn_index k = 0; k < rn_claim_n_seeds(claim); k++)
        scale += all->scales[k] / (double)rn_claim_n_seeds(claim);
    for (rn_index i = 0; i + 1 < s->widths.count; i++)
        gap[i] = scale * (1.0 / s->widths.values[i] - 1.0 / last);
    return rni_claim_curve(claim, "c (1/N - 1/N_max)", RN_CLAIM_THEORY, s->widths.count - 1,
                           s->widths.values, gap);
}

static rn_status draw_loss(rn_claim *claim, const double *curve)
{
    const rni_field_settings *s = rni_claim_settings(claim);
    const rn_index n_looks = rni_max(s->net_steps / s->net_every, 2);
    const rn_index every = rni_max(n_looks / 2 / N_CURVE, 1) * s->net_every;
    double time[N_CURVE];
    for (int i = 0; i < N_CURVE; i++)
        time[i] = s->net_rate * (double)(every * i);
    RNI_TRY(rni_claim_figure(claim, "The widest net's loss", "time", "loss", false, true));
    return rni_claim_curve(claim, "one walk", RN_CLAIM_MEASURED, N_CURVE, time, curve);
}

static rn_status walk_nets(rn_claim *claim, nets *all)
{
    const rni_field_settings *s = rni_claim_settings(claim);
    const rn_index n_seeds = rn_claim_n_seeds(claim);
    const rn_index size = n_seeds * (all->data.n + 2);
    for (all->width = 0; all->width < s->widths.count; all->width++) {
        const rni_part parts[] = {
            {all->seen + all->width * size, size}, {all->scales, n_seeds}, {all->curve, N_CURVE}};
        char name[RNI_KEPT_NAME];
        (void)snprintf(name, sizeof name, "net_%d", (int)all->width);
        RNI_CLAIM_TRY(rni_claim_repeat(claim, &(rni_repeated){.name = name,
                                                              .n = n_seeds,
                                                              .n_parts = 3,
                                                              .parts = parts,
                                                              .before = (9 + all->width) * n_seeds,
                                                              .total = 16 * n_seeds,
                                                              .work = work_net,
                                                              .user = all}));
    }
    RNI_TRY(state_net(claim, all));
    return draw_loss(claim, all->curve);
}

rn_status rni_field_net(rn_claim *claim)
{
    const rni_field_settings *s = rni_claim_settings(claim);
    double curve[N_CURVE] = {0};
    nets all = {.curve = curve};
    RNI_TRY(make_data(s->net_samples, &all.data));
    const rn_index n_seeds = rn_claim_n_seeds(claim);
    const rn_index n_seen = s->widths.count * n_seeds * (all.data.n + 2);
    all.seen = rni_alloc_zero(n_seen + n_seeds, sizeof *all.seen);
    if (all.seen) all.scales = all.seen + n_seen;
    const rn_status status =
        all.seen ? walk_nets(claim, &all) : rni_fail(RN_ERR_MEMORY, "mean_field: no memory");
    rni_free(all.seen);
    rni_free(all.data.inputs);
    return status;
}
