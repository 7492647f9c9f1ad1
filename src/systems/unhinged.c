/*
 * Unhinged loss (arXiv 2312.07841): the claim.
 */
#include "systems/unhinged.h"

#include <math.h>

#include "core/memory.h"
#include "systems/system.h"

static const rni_option options[] = {
    {.key = "classes",
     RNI_FIELD(rni_unhinged_settings, classes),
     .range = RNI_BETWEEN(2, 64),
     .initial = "5",
     .help = "C"},
    {.key = "per_class",
     RNI_FIELD(rni_unhinged_settings, per_class),
     .range = RNI_BETWEEN(2, 1000),
     .initial = "20",
     .help = "samples of every class"},
    {.key = "width",
     RNI_FIELD(rni_unhinged_settings, width),
     .range = RNI_BETWEEN(2, 256),
     .initial = "8",
     .help = "numbers per feature, d"},
    {.key = "g1",
     RNI_FIELD(rni_unhinged_settings, g1),
     .range = RNI_ABOVE(0),
     .initial = "1.0",
     .help = "weight of the right logit"},
    {.key = "g2",
     RNI_FIELD(rni_unhinged_settings, g2),
     .range = RNI_ABOVE(0),
     .initial = "0.5",
     .help = "weight of every wrong logit"},
};
static const rni_option_table table =
    RNI_TABLE("settings", "free features under a linear loss", options, rni_unhinged_settings);

/* ---- the claim ------------------------------------------------------------------------------- */

static const rni_statement statements[RNI_UNHINGED_QUANTITIES] = {
    [RNI_UNHINGED_SPECTRUM] = {.key = "spectrum",
                               .quantity = "squared singular values of A, off by, over sigma^2",
                               .formula = "sigma (C-1 times) and |g1-(C-1)g2| sqrt(n)/N",
                               .at_most = 1e-12,
                               .tolerance = "rounding of sums over N samples",
                               .method = "eigenvalues of A A'; median over seeds"},
    [RNI_UNHINGED_SCHEDULE_EXACT] =
        {.key = "schedule_exact",
         .quantity = "descent with changing steps against the product over them, "
                     "relative",
         .formula = "x + h grows by prod (1 + eta_j sigma), x - h by "
                    "prod (1 - eta_j sigma)",
         .at_most = 1e-12,
         .tolerance = "rounding of 200 steps",
         .method = "largest over constant, cosine, linear and falling steps; median "
                   "over seeds"},
    [RNI_UNHINGED_SCHEDULE_RATIO] =
        {.key = "schedule_ratio",
         .quantity = "changing steps: largest distance from the flow at the same "
                     "integral of eta, over that of halved steps",
         .theory = 2.0,
         .formula = "courses are functions of the integral of eta, to first order",
         .at_least = 1.9,
         .at_most = 2.1,
         .tolerance = "next order of eta sigma, at most 0.03",
         .method = "four schedules of 100 and 200 steps to sigma t = 1; median over "
                   "seeds"},
    [RNI_UNHINGED_KERNEL_TRAJECTORY] =
        {.key = "kernel_trajectory",
         .quantity = "features with a kernel at rest: flow against the closed "
                     "form at sigma sqrt(k) t = 3, relative",
         .formula = "x0 cosh + h0/sqrt(k) sinh of sigma sqrt(k) t",
         .at_most = 1e-8,
         .tolerance = "local errors of 1e-12",
         .method = "H = B Phi, gradients of B from the graph; median over seeds"},
    [RNI_UNHINGED_KERNEL_WITHIN] =
        {.key = "kernel_within",
         .quantity = "the same: scatter within classes, relative change to "
                     "sigma sqrt(k) t = 5",
         .formula = "constant, whatever the kernel is within classes",
         .at_most = 1e-6,
         .tolerance = "local errors of 1e-12 times the growth e^5 of the rest, "
                      "squared",
         .method = "trace of the covariance within classes; median over seeds"},
    [RNI_UNHINGED_KERNEL_NC1_RATE] =
        {.key = "kernel_nc1_rate",
         .quantity = "the same: rate at which NC1 falls, over 2 sigma sqrt(k)",
         .theory = 1.0,
         .formula = "k: the kernel's eigenvalue of class means, 4",
         .at_least = 0.99,
         .at_most = 1.01,
         .tolerance = "1 %: what is left of e^(-sigma sqrt(k) t) at 5",
         .method = "slope of ln NC1, sigma sqrt(k) t = 5 .. 10; median over seeds"},
    [RNI_UNHINGED_TRAJECTORY] =
        {.key = "trajectory",
         .quantity = "flow against the closed form at sigma t = 3, relative",
         .formula = "x0 cosh(sigma t) + h0 sinh(sigma t)",
         .at_most = 1e-8,
         .tolerance = "local errors of 1e-12",
         .method = "gradients from the graph; distance of states; median over seeds"},
    [RNI_UNHINGED_STEP_RATIO] =
        {.key = "step_ratio",
         .quantity = "descent: error over that of half the step, sigma t = 1",
         .theory = 2.0,
         .formula = "first order in eta",
         .at_least = 1.9,
         .at_most = 2.1,
         .tolerance = "next order of eta sigma = 0.01",
         .method = "100 and 200 steps against the closed form; median over seeds"},
    [RNI_UNHINGED_WITHIN] = {.key = "within",
                             .quantity = "scatter within classes: relative change to sigma t = 5",
                             .formula = "constant",
                             .at_most = 1e-6,
                             .tolerance =
                                 "local errors of 1e-12 times the growth e^5 of the rest, squared",
                             .method = "trace of the covariance within classes; median over seeds"},
    [RNI_UNHINGED_NC1_RATE] = {.key = "nc1_rate",
                               .quantity = "rate at which NC1 falls, over 2 sigma",
                               .theory = 1.0,
                               .formula = "NC1 ~ e^(-2 sigma t)",
                               .at_least = 0.99,
                               .at_most = 1.01,
                               .tolerance = "1 %: what is left of e^(-sigma t) at sigma t = 5",
                               .method = "slope of ln NC1, sigma t = 5 .. 10; median over seeds"},
    [RNI_UNHINGED_GROWTH] = {.key = "decay_growth",
                             .quantity = "decay sigma/2: rate of class means over sigma",
                             .theory = 0.5,
                             .formula = "sigma - decay",
                             .at_least = 0.495,
                             .at_most = 0.505,
                             .tolerance = "1 %, as above",
                             .method =
                                 "half the slope of ln of the scatter of means; median over seeds"},
    [RNI_UNHINGED_DEATH] = {.key = "decay_death",
                            .quantity = "decay 2 sigma: rate of class means over sigma",
                            .theory = -1.0,
                            .formula = "sigma - decay",
                            .at_least = -1.01,
                            .at_most = -0.99,
                            .tolerance = "1 %, as above",
                            .method =
                                "half the slope of ln of the scatter of means; median over seeds"},
    [RNI_UNHINGED_FIXED_SLOPE] =
        {.key = "fixed_slope",
         .quantity = "W fixed: exponent of NC1 in t",
         .theory = -2.0,
         .formula = "H grows linearly",
         .at_least = -2.02,
         .at_most = -1.98,
         .tolerance = "1 %: the start over what has grown at sigma t = 1e4",
         .method = "slope of ln NC1 against ln t, sigma t = 1e4 .. 2e4; median over "
                   "seeds"},
    [RNI_UNHINGED_SPHERE_RATE] =
        {.key = "sphere_rate",
         .quantity = "features on the unit sphere, W fixed: rate of NC1 over 2 |W'A_n|",
         .theory = 1.0,
         .formula = "angle' = -|W'A_n| sin(angle)",
         .at_least = 0.99,
         .at_most = 1.01,
         .tolerance = "1 %: angles that begin near pi",
         .method = "slope of ln NC1, |W'A_n| t = 5 .. 10; median over seeds"},
};

/* NC1 of one seed and the exponential through its last point. */
static rn_status draw_course(rn_claim *claim, const char *name, const char *theory, double rate,
                             const rni_unhinged_course *c)
{
    double line[RNI_UNHINGED_TIMES];
    for (int i = 0; i < RNI_UNHINGED_TIMES; i++)
        line[i] = c->nc1[RNI_UNHINGED_TIMES - 1]
                  * exp(2.0 * rate * (c->time[RNI_UNHINGED_TIMES - 1] - c->time[i]));
    RNI_TRY(rni_claim_curve(claim, name, RN_CLAIM_POINTS, RNI_UNHINGED_TIMES, c->time, c->nc1));
    return rni_claim_curve(claim, theory, RN_CLAIM_THEORY, RNI_UNHINGED_TIMES, c->time, line);
}

static rn_status draw(rn_claim *claim, const rni_unhinged_course courses[2])
{
    const double sigma = rni_unhinged_sigma(rni_claim_settings(claim));
    RNI_TRY(rni_claim_figure(claim, "Collapse of features", "time", "NC1", false, true));
    RNI_TRY(draw_course(claim, "free, one seed", "e^(-2 sigma t)", sigma, &courses[0]));
    return draw_course(claim, "kernel at rest", "e^(-2 sigma sqrt(k) t)",
                       sigma * sqrt(rni_unhinged_kernel.class_means), &courses[1]);
}

/* All seeds; the last one's courses are drawn. */
typedef struct seeds {
    double *values; /* [RNI_UNHINGED_QUANTITIES x n_seeds] */
    rni_unhinged_course courses[2];
} seeds;

static rn_status see_seed(rn_claim *claim, rn_index i, void *user)
{
    seeds *all = user;
    double found[RNI_UNHINGED_QUANTITIES] = {0.0};
    RNI_TRY(rni_unhinged_see(rni_claim_settings(claim), rni_claim_seed(claim, i),
                             rn_claim_is_mutated(claim), all->courses, found));
    for (int k = 0; k < RNI_UNHINGED_QUANTITIES; k++)
        all->values[k * rn_claim_n_seeds(claim) + i] = found[k];
    return RN_OK;
}

static rn_status examine_seeds(rn_claim *claim, rn_index n, double *values)
{
    enum { COURSES = 2 * 4 * RNI_UNHINGED_TIMES };
    seeds all = {.values = values};
    _Static_assert(sizeof all.courses == COURSES * sizeof(double), "a course is four arrays");
    const rni_part parts[] = {{values, RNI_UNHINGED_QUANTITIES * n},
                              {(double *)(void *)all.courses, COURSES}};
    RNI_CLAIM_TRY(rni_claim_repeat(claim, &(rni_repeated){.name = "seeds",
                                                          .n = n,
                                                          .n_parts = 2,
                                                          .parts = parts,
                                                          .work = see_seed,
                                                          .user = &all}));
    for (int k = 0; k < RNI_UNHINGED_QUANTITIES; k++)
        RNI_TRY(rni_claim_state_median(claim, &statements[k], n, values + k * n));
    return draw(claim, all.courses);
}

static rn_status examine(rn_claim *claim)
{
    const rni_unhinged_settings *s = rni_claim_settings(claim);
    const rn_index n = rn_claim_n_seeds(claim);
    if (s->width < s->classes)
        return rni_fail(RN_ERR_CONFIG,
                        "settings.width: found %" PRId64 ", expected at least the "
                        "%" PRId64 " classes",
                        s->width, s->classes);
    double *values = rni_alloc_zero(RNI_UNHINGED_QUANTITIES * n, sizeof *values);
    const rn_status status =
        values ? examine_seeds(claim, n, values) : rni_fail(RN_ERR_MEMORY, "unhinged: no memory");
    rni_free(values);
    return status;
}

RNI_SYSTEM_FILE(unhinged);
extern const rni_system rni_system_of_unhinged;
const rni_system rni_system_of_unhinged = {
    .about = {.name = "unhinged",
              .title = "Unhinged loss: last-layer dynamics in closed form",
              .paper = "X. Zhou, X. Liu, W. Wang, D. Zhai, J. Jiang, X. Ji, arXiv 2312.07841",
              .claim =
                  "With a loss linear in the logits the dynamics of classifier and features is "
                  "linear: class means grow exponentially, scatter within classes stays, and "
                  "features collapse exponentially, with a fixed classifier as t^-2 and on "
                  "spheres exponentially again.",
              .mutation = "cross-entropy in place of the unhinged loss"},
    .options = &table,
    .file = rni_system_unhinged,
    .file_size = &rni_system_unhinged_size,
    .examine = examine};
