/*
 * Generalized resolution-shell dynamics (arXiv 2512.18209). The statements that can be put to a
 * test on small networks, all of them through ordinary runs:
 *
 * T1  the budget dA/dt = F - D + X closes, with F from the tangent M' alone, and ever better as the
 *     step of the central difference shrinks; with a frozen kernel F = 0 while D stays.
 * T2  log-shift defects of couplings at the start, residual networks (gain sqrt(2/depth)) against
 *     plain ones (gain 1.5), with the same samples and draws seed by seed; without and with one
 *     common tilt removed. A gap is claimed for deep networks, none for shallow ones.
 *
 * The lazy limit is in grsd_lazy.c, the exact solutions of shell transport (T3) are in
 * spectral_shells. The definition of couplings and their defect is ours (docs/theory/couplings.md).
 */
#include <math.h>
#include <renorm/run.h>
#include <renorm/sample.h>
#include <stdio.h>

#include "core/memory.h"
#include "systems/grsd.h"

static const rni_option options[] = {
    {.key = "depths",
     RNI_FIELD(rni_grsd_settings, depths),
     .range = RNI_BETWEEN(1, 64),
     .initial = "[4, 16]",
     .help = "two depths: where no gap is claimed, and where one is"},
    {.key = "width",
     RNI_FIELD(rni_grsd_settings, width),
     .range = RNI_BETWEEN(4, 1000),
     .initial = "48",
     .help = "width of the networks"},
    {.key = "samples",
     RNI_FIELD(rni_grsd_settings, samples),
     .range = RNI_BETWEEN(8, 1000),
     .initial = "96",
     .help = "points on the sphere"},
    {.key = "lazy_modes",
     RNI_FIELD(rni_grsd_settings, lazy_modes),
     .range = RNI_BETWEEN(50, 5000),
     .initial = "1000",
     .help = "modes of the frozen kernel"},
    {.key = "lazy_alpha",
     RNI_FIELD(rni_grsd_settings, lazy_alpha),
     .range = RNI_ABOVE(0),
     .initial = "1.5",
     .help = "alpha: mode i has the rate i^-alpha"},
    {.key = "lazy_beta",
     RNI_FIELD(rni_grsd_settings, lazy_beta),
     .range = RNI_ABOVE(1),
     .initial = "2.0",
     .help = "beta: mode i has the energy i^-beta"},
};

static rn_status check(const void *settings)
{
    const rni_grsd_settings *s = settings;
    if (s->depths.count == 2) return RN_OK;
    return rni_fail(RN_ERR_CONFIG, "found %" PRId64 " depths, expected two", s->depths.count);
}

static const rni_option_table table = {.name = "settings",
                                       .help = "small networks on a sphere, and a frozen kernel",
                                       .options = options,
                                       .n_options = (rn_index)(sizeof options / sizeof options[0]),
                                       .size = sizeof(rni_grsd_settings),
                                       .check = check};

/* ---- runs ------------------------------------------------------------------------------------ */

/* A network at its start. */
typedef struct network {
    rn_index depth;
    bool is_residual;
    bool is_frozen; /* linear in its inputs */
    uint64_t seed;
    double closure_dt; /* 0: not measured */
} network;

/* What one measurement shows of it. */
typedef struct sight {
    double delta, delta_tilt, floor;
    double closure;     /* closure error */
    double flux;        /* largest |F| over largest D */
    double dissipation; /* largest D, energy/time */
} sight;

static double largest(rn_index n, const double *values)
{
    double most = 0.0;
    for (rn_index i = 0; i < n; i++)
        if (isfinite(values[i])) most = fmax(most, fabs(values[i]));
    return most;
}

static void read_snapshot(const rn_snapshot *at, sight *out)
{
    *out = (sight){.delta = at->coupling_delta,
                   .delta_tilt = at->coupling_delta_tilt,
                   .floor = at->coupling_floor,
                   .closure = at->closure_error,
                   .dissipation = largest(at->n_boundaries, at->dissipation)};
    out->flux = largest(at->n_boundaries, at->flux) / out->dissipation;
}

static rn_status look(const rn_claim *claim, const network *net, sight *out)
{
    const rni_grsd_settings *s = rni_claim_settings(claim);
    char texts[6][64];
    (void)snprintf(texts[0], sizeof texts[0], "model.depth=%" PRId64, net->depth);
    (void)snprintf(texts[1], sizeof texts[1], "model.width=%" PRId64, s->width);
    (void)snprintf(texts[2], sizeof texts[2], "data.n_train=%" PRId64, s->samples);
    (void)snprintf(texts[3], sizeof texts[3], "seed=%" PRIu64, net->seed);
    (void)snprintf(texts[4], sizeof texts[4], "measure.closure_dt=%.17g", net->closure_dt);
    (void)snprintf(texts[5], sizeof texts[5], "measure.couplings=%s",
                   net->closure_dt > 0.0 ? "false" : "true");
    const char *const common[] = {"data.kind=sphere",
                                  "data.n_test=0",
                                  "data.dimension=8",
                                  "steps=0",
                                  "threads=1",
                                  "measure.step_budget=false",
                                  "measure.snapshots=2",
                                  "train.kind=gradient_descent",
                                  "train.relative=false",
                                  "train.learning_rate=0.01",
                                  texts[2],
                                  texts[3],
                                  texts[4],
                                  texts[5]};
    const char *const kinds[3][5] = {{"model.kind=mlp", "model.activation=quick_gelu",
                                      "model.residual=true", "model.gain=0", texts[1]},
                                     {"model.kind=mlp", "model.activation=quick_gelu",
                                      "model.residual=false", "model.gain=1.5", texts[1]},
                                     {"model.kind=linear", "model.std=1", NULL, NULL, NULL}};
    const char *all[20];
    rn_index n = 0;
    rn_config *config = NULL;
    rn_run *run = NULL;
    const int kind = net->is_frozen ? 2 : net->is_residual ? 0 : 1;
    for (int i = 0; i < 5 && kinds[kind][i]; i++)
        all[n++] = kinds[kind][i];
    if (!net->is_frozen) all[n++] = texts[0];
    for (size_t i = 0; i < sizeof common / sizeof common[0]; i++)
        all[n++] = common[i];
    rn_status status = rn_config_load(NULL, n, all, &config);
    if (status == RN_OK) status = rn_run_execute(config, NULL, rni_claim_observer(claim), &run);
    if (status == RN_OK) read_snapshot(rn_run_snapshot(run, 0), out);
    rn_run_destroy(run);
    rn_config_destroy(config);
    return status;
}

/* ---- T1: the budget -------------------------------------------------------------------------- */

enum { N_STEPS = 3, N_BUDGETS = 8 };
static const double steps[N_STEPS] = {1e-2, 1e-3, 1e-4};

typedef struct budgets {
    double closure[N_BUDGETS]; /* at the finest step */
    double order[N_BUDGETS];   /* of the two coarser */
    double flux[N_BUDGETS];    /* that the kernel moves at all */
    double frozen[N_BUDGETS];
} budgets;

static rn_status see_budget(rn_claim *claim, rn_index i, void *user)
{
    budgets *out = user;
    const rni_grsd_settings *s = rni_claim_settings(claim);
    network net = {.depth = (rn_index)s->depths.values[0],
                   .is_residual = i % 2 == 0,
                   .is_frozen = false,
                   .seed = rni_claim_seed(claim, i)};
    double closure[N_STEPS];
    sight at = {0};
    for (int k = 0; k < N_STEPS; k++) {
        net.closure_dt = steps[k];
        RNI_CLAIM_TRY(look(claim, &net, &at));
        closure[k] = at.closure;
    }
    out->closure[i] = closure[N_STEPS - 1];
    out->order[i] = log(closure[0] / closure[1]) / log(steps[0] / steps[1]);
    out->flux[i] = at.flux;
    net.is_frozen = true;
    net.closure_dt = steps[0];
    RNI_CLAIM_TRY(look(claim, &net, &at));
    out->frozen[i] = at.dissipation > 0.0 ? at.flux : (double)NAN;
    return RN_OK;
}

static rn_status examine_budget(rn_claim *claim)
{
    budgets b = {.closure = {0.0}};
    const rni_part part = {(double *)(void *)&b, sizeof b / sizeof(double)};
    RNI_CLAIM_TRY(rni_claim_repeat(claim, &(rni_repeated){.name = "budget",
                                                          .n = N_BUDGETS,
                                                          .n_parts = 1,
                                                          .parts = &part,
                                                          .work = see_budget,
                                                          .user = &b}));
    RNI_TRY(rni_claim_state_median(
        claim,
        &(rni_statement){
            .key = "closure",
            .quantity = "budget dA/dt = F - D + X: largest error over largest D",
            .theory = 0.0,
            .formula = "exact; F from the tangent M' alone",
            .at_least = 0.0,
            .at_most = 1e-5,
            .tolerance = "dt = 1e-4: 6e-8 seen for dt = 1e-5 on a like network, growing "
                         "as dt^2",
            .method = "central difference along an accurate flow; median of 8 networks"},
        N_BUDGETS, b.closure));
    RNI_TRY(rni_claim_state_median(
        claim,
        &(rni_statement){.key = "closure_order",
                         .quantity = "order at which this error falls with the difference's step",
                         .theory = 2.0,
                         .formula = "central difference",
                         .at_least = 1.9,
                         .at_most = 2.1,
                         .tolerance = "next term of the difference, at dt = 1e-2",
                         .method = "ln of the ratio at dt = 1e-2, 1e-3; median of 8 networks"},
        N_BUDGETS, b.order));
    RNI_TRY(rni_claim_state_median(
        claim,
        &(rni_statement){.key = "flux",
                         .quantity = "largest flux over largest D: the kernel moves",
                         .theory = (double)NAN,
                         .formula = "a bound of ours: else closing shows nothing",
                         .at_least = 1e-3,
                         .at_most = (double)INFINITY,
                         .tolerance = "far above the closure error",
                         .method = "median of 8 networks"},
        N_BUDGETS, b.flux));
    return rni_claim_state_median(
        claim,
        &(rni_statement){.key = "frozen_flux",
                         .quantity = "frozen kernel: largest flux over largest D",
                         .theory = 0.0,
                         .formula = "M' = 0",
                         .at_least = 0.0,
                         .at_most = 1e-13,
                         .tolerance = "rounding",
                         .method = "model linear; median of 8 seeds"},
        N_BUDGETS, b.frozen);
}

/* ---- T2: log-shift defects ------------------------------------------------------------------- */

/* [arm x tilt x seed]; arm 0 residual, 1 plain. */
typedef struct defects {
    double *values[2][2];
    double *floors[2];
    double *ratios[2];
    double *block;  /* [8 x n_seeds] of all these */
    rn_index which; /* depth that is looked at */
} defects;

/* Both arms of repetition i. */
static rn_status see_pair(rn_claim *claim, rn_index i, void *user)
{
    defects *d = user;
    const rni_grsd_settings *s = rni_claim_settings(claim);
    for (int arm = 0; arm < 2; arm++) {
        /* the mutation: both arms are residual, with draws of their own */
        const bool is_other = arm == 1 && rn_claim_is_mutated(claim);
        const network net = {.depth = (rn_index)s->depths.values[d->which],
                             .is_residual = arm == 0 || is_other,
                             .seed = rni_claim_seed(claim, i) + (is_other ? 1000000 : 0)};
        sight at = {0};
        RNI_CLAIM_TRY(look(claim, &net, &at));
        d->values[arm][0][i] = at.delta;
        d->values[arm][1][i] = at.delta_tilt;
        d->floors[arm][i] = at.floor;
    }
    for (int tilt = 0; tilt < 2; tilt++)
        d->ratios[tilt][i] = d->values[1][tilt][i] / d->values[0][tilt][i];
    return RN_OK;
}

static rn_status see_defects(rn_claim *claim, rn_index which, rn_index n, defects *d)
{
    char name[RNI_KEPT_NAME];
    (void)snprintf(name, sizeof name, "defects_%d", (int)which);
    d->which = which;
    return rni_claim_repeat(claim, &(rni_repeated){.name = name,
                                                   .n = n,
                                                   .n_parts = 1,
                                                   .parts = &(rni_part){d->block, 8 * n},
                                                   .before = which * n,
                                                   .total = 2 * n,
                                                   .work = see_pair,
                                                   .user = d});
}

static rn_status state_defect(rn_claim *claim, rn_index depth, int arm, double at_least,
                              double at_most, rn_index n, const defects *d)
{
    char key[48];
    char quantity[96];
    const char *const names[] = {"residual", "plain"};
    rn_sample_summary floor;
    (void)snprintf(key, sizeof key, "delta_%s_%" PRId64, names[arm], depth);
    (void)snprintf(quantity, sizeof quantity, "log-shift defect, %s, depth %" PRId64, names[arm],
                   depth);
    RNI_TRY(rn_sample_summarise(n, d->floors[arm], &floor));
    RNI_TRY(rni_claim_note(claim, "%s: noise in place of M' gives %.3f (median floor)", quantity,
                           floor.median));
    return rni_claim_state_median(
        claim,
        &(rni_statement){.key = key,
                         .quantity = quantity,
                         .unit = "nat",
                         .theory = (double)NAN,
                         .formula = "a bound; the definition is ours",
                         .at_least = at_least,
                         .at_most = at_most,
                         .tolerance = "seen by two independent programs on 16 seeds, with room; "
                                      "docs/calibration.md",
                         .method = "couplings at the start, no tilt removed; median over seeds"},
        n, d->values[arm][0]);
}

static rn_status state_ratio(rn_claim *claim, rn_index depth, int tilt, double at_least,
                             double at_most, rn_index n, const defects *d)
{
    char key[48];
    char quantity[96];
    (void)snprintf(key, sizeof key, "ratio%s_%" PRId64, tilt ? "_tilt" : "", depth);
    (void)snprintf(quantity, sizeof quantity, "plain over residual%s, depth %" PRId64,
                   tilt ? ", tilt removed" : "", depth);
    return rni_claim_state_median(
        claim,
        &(rni_statement){.key = key,
                         .quantity = quantity,
                         .theory = (double)NAN,
                         .formula = "the gap that depth opens; its size is not predicted",
                         .at_least = at_least,
                         .at_most = at_most,
                         .tolerance = "half way between no gap and what two programs saw",
                         .method = "ratio seed by seed; median over seeds"},
        n, d->ratios[tilt]);
}

static rn_status state_depths(rn_claim *claim, rn_index n, defects *d)
{
    const rni_grsd_settings *s = rni_claim_settings(claim);
    const rn_index shallow = (rn_index)s->depths.values[0];
    const rn_index deep = (rn_index)s->depths.values[1];
    const double none = (double)INFINITY;
    RNI_CLAIM_TRY(see_defects(claim, 0, n, d));
    RNI_TRY(state_ratio(claim, shallow, 0, 0.7, 1.4, n, d));
    RNI_CLAIM_TRY(see_defects(claim, 1, n, d));
    RNI_TRY(state_defect(claim, deep, 0, 0.0, 0.25, n, d));
    RNI_TRY(state_defect(claim, deep, 1, 0.40, none, n, d));
    RNI_TRY(state_ratio(claim, deep, 0, 2.5, none, n, d));
    return state_ratio(claim, deep, 1, 1.6, none, n, d);
}

static rn_status examine_defects(rn_claim *claim)
{
    const rn_index n = rn_claim_n_seeds(claim);
    defects d = {.block = rni_alloc_zero(8 * n, sizeof(double))};
    if (!d.block) return rni_fail(RN_ERR_MEMORY, "grsd: no memory");
    double *next = d.block;
    for (int i = 0; i < 2; i++) {
        d.values[i][0] = next;
        d.values[i][1] = next + n;
        d.floors[i] = next + 2 * n;
        d.ratios[i] = next + 3 * n;
        next += 4 * n;
    }
    const rn_status status = state_depths(claim, n, &d);
    rni_free(d.block);
    return status;
}

static rn_status examine(rn_claim *claim)
{
    RNI_CLAIM_TRY(examine_budget(claim));
    RNI_CLAIM_TRY(rni_grsd_lazy(claim));
    return examine_defects(claim);
}

RNI_SYSTEM_FILE(grsd);
extern const rni_system rni_system_of_grsd;
const rni_system rni_system_of_grsd = {
    .about = {.name = "grsd",
              .title = "When does learning renormalize? Generalized resolution-shell dynamics",
              .paper = "Y. Zhang, arXiv 2512.18209",
              .claim = "Error energy obeys an exact budget between spectral shells. Deep residual "
                       "networks have couplings between shells that look alike at every scale, "
                       "plain ones much less; shallow ones do not differ. With a frozen kernel the "
                       "budget is dissipation alone.",
              .mutation = "the plain networks are residual ones with other draws"},
    .options = &table,
    .file = rni_system_grsd,
    .file_size = &rni_system_grsd_size,
    .examine = examine};
