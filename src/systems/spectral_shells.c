/*
 * Renormalizable spectral-shell dynamics (arXiv 2512.10427): the modes of a moving kernel
 * (systems/kato_modes.h), and the resolution frontier of a drift that is a power of lambda.
 *
 * Frontier.  d lambda/dt = -c lambda^b, b > 1: nothing is above lambda*(t) = (c (b-1)
 * t)^(-1/(b-1)). Without dissipation the front of the solved density is where it falls to half its
 * largest value; times are those at which c (b-1) t = 100 .. 100 e^(3 (b-1)), for a start that ends
 * at lambda = 1: the start is then forgotten to 1 % and the front moves through three nats,
 * whatever b is.
 *
 * Energy.  With dissipation a mode keeps (1 + c lambda0 t)^(-2/c) of its energy where b = 2, else
 * e^(-2 I), I = (lambda0^(2-b) - lambda^(2-b))/(c (2-b)).
 */
#include <math.h>
#include <renorm/transport_solve.h>
#include <stdio.h>

#include "core/memory.h"
#include "stats/slope.h"
#include "systems/kato_modes.h"
#include "systems/system.h"

typedef struct shells_settings {
    rn_index modes;
    double folds;
    rn_index cells;
    double drift;
    rni_reals exponents;
} shells_settings;

static const rni_option options[] = {
    {.key = "modes",
     RNI_FIELD(shells_settings, modes),
     .range = RNI_BETWEEN(4, 512),
     .initial = "64",
     .help = "size of the moving kernel, even"},
    {.key = "folds",
     RNI_FIELD(shells_settings, folds),
     .range = RNI_ABOVE_TO(0, 100),
     .initial = "10.0",
     .help = "e-folds of the fastest mode that are followed"},
    {.key = "cells",
     RNI_FIELD(shells_settings, cells),
     .range = RNI_BETWEEN(50, 20000),
     .initial = "400",
     .help = "cells of the transport solver, a multiple of four"},
    {.key = "drift",
     RNI_FIELD(shells_settings, drift),
     .range = RNI_ABOVE(0),
     .initial = "0.7",
     .unit = "1/(time lambda^(b-1))",
     .help = "c of the drift -c lambda^b"},
    {.key = "exponents",
     RNI_FIELD(shells_settings, exponents),
     .range = RNI_ABOVE(1),
     .initial = "[1.5, 2.0, 3.0]",
     .help = "b of the drift"},
};
static rn_status check(const void *settings)
{
    const shells_settings *s = settings;
    if (s->modes % 2 == 0 && s->cells % 4 == 0) return RN_OK;
    return rni_fail(RN_ERR_CONFIG,
                    "found modes %" PRId64 " and cells %" PRId64 ", expected an even number and a "
                    "multiple of four",
                    s->modes, s->cells);
}

static const rni_option_table table = {.name = "settings",
                                       .help = "modes of a moving kernel, and a frontier",
                                       .options = options,
                                       .n_options = (rn_index)(sizeof options / sizeof options[0]),
                                       .size = sizeof(shells_settings),
                                       .check = check};

enum { N_FRONTS = 25, N_SHELLS = 200, N_SIMPSON = 2000 };

static rn_status state_modes(rn_claim *claim, rn_index n, const double *values)
{
    RNI_TRY(rni_claim_state_median(
        claim,
        &(rni_statement){.key = "kato_mismatch",
                         .quantity = "modes against the error they describe, largest difference",
                         .theory = 0.0,
                         .formula = "g_u(t) = <phi_u(t), e(t)> exactly",
                         .at_least = 0.0,
                         .at_most = 1e-8,
                         .tolerance = "local errors 1e-12, added over ten e-folds, with room",
                         .method = "max over 20 times of |g - Phi^T e|/|e(0)|; median over seeds"},
        n, values));
    RNI_TRY(rni_claim_state_median(
        claim,
        &(rni_statement){.key = "orthogonality",
                         .quantity = "eigenvectors stay orthogonal: largest |Phi Phi^T - 1|",
                         .theory = 0.0,
                         .formula = "W is antisymmetric",
                         .at_least = 0.0,
                         .at_most = 1e-10,
                         .tolerance = "local errors 1e-12, added over ten e-folds",
                         .method = "max over 20 times; median over seeds"},
        n, values + n));
    RNI_TRY(rni_claim_state_median(
        claim,
        &(rni_statement){.key = "inside_shells",
                         .quantity = "exchange inside a shell, over that of all pairs of modes",
                         .theory = 0.0,
                         .formula = "W_uv g_u g_v = -W_vu g_v g_u",
                         .at_least = 0.0,
                         .at_most = 1e-12,
                         .tolerance = "rounding of M' between modes closer than 10 %",
                         .method = "max over shells and 20 times; median over seeds"},
        n, values + 2 * n));
    return rni_claim_state_median(
        claim,
        &(rni_statement){.key = "turned_share",
                         .quantity = "energy of modes that decay alone does not explain",
                         .theory = (double)NAN,
                         .formula = "a bound of ours: else the comparison above shows nothing",
                         .at_least = 0.05,
                         .at_most = (double)INFINITY,
                         .tolerance = "our choice of rates",
                         .method = "sum |g^2 - g0^2 e^(-2 int lambda)| / sum g^2 at the end; "
                                   "median over seeds"},
        n, values + 3 * n);
}

static rn_status see_modes(rn_claim *claim, rn_index i, void *user)
{
    double *const values = user; /* [4 x n] */
    const shells_settings *s = rni_claim_settings(claim);
    const rn_index n = rn_claim_n_seeds(claim);
    rni_kato_modes at;
    RNI_CLAIM_TRY(rni_kato_modes_see(s->modes, s->folds, rni_claim_seed(claim, i),
                                     rn_claim_is_mutated(claim), &at));
    values[i] = at.mismatch;
    values[n + i] = at.skewness;
    values[2 * n + i] = at.inside;
    values[3 * n + i] = at.turned;
    return RN_OK;
}

static rn_status examine_modes(rn_claim *claim)
{
    const shells_settings *s = rni_claim_settings(claim);
    const rn_index n = rn_claim_n_seeds(claim);
    double *values = rni_alloc_zero(4 * n, sizeof *values);
    if (!values) return rni_fail(RN_ERR_MEMORY, "spectral_shells: no memory");
    rn_status status = rni_claim_repeat(claim, &(rni_repeated){.name = "modes",
                                                               .n = n,
                                                               .n_parts = 1,
                                                               .parts = &(rni_part){values, 4 * n},
                                                               .total = n + s->exponents.count,
                                                               .work = see_modes,
                                                               .user = values});
    if (status == RN_OK) status = state_modes(claim, n, values);
    rni_free(values);
    return status;
}

/* ---- the frontier ---------------------------------------------------------------------------- */

typedef struct drift {
    double a, c; /* w = -c e^(a s), a = b - 1 */
} drift;

static rn_status velocity(void *user, double t, rn_index n, const double *s, double *values)
{
    const drift *d = user;
    (void)t;
    for (rn_index i = 0; i < n; i++)
        values[i] = -d->c * exp(d->a * s[i]);
    return RN_OK;
}

static double flat(void *user, double s)
{
    (void)user;
    (void)s;
    return 1.0;
}

/* Where the density, from above, first reaches half its largest value; linear between cells. */
static double front_of(rn_index n, const double *s, const double *density)
{
    double most = 0.0;
    rn_index i = n - 1;
    for (rn_index k = 0; k < n; k++)
        most = fmax(most, density[k]);
    while (i > 0 && density[i] < 0.5 * most)
        i--;
    if (i == n - 1) return s[i];
    const double share = (density[i] - 0.5 * most) / (density[i] - density[i + 1]);
    return s[i] + share * (s[i + 1] - s[i]);
}

typedef struct fronts {
    double time[N_FRONTS];
    double lambda[N_FRONTS];
    double exact[N_FRONTS];
    rni_slope fit;
} fronts;

/* The front of a start that is flat from the grid's lower end to lambda = 1. Times and window are
   those of the exponent a, whatever the drift is. */
static rn_status find_fronts(double a, drift *d, const rn_observer *observer, rn_index n_cells,
                             fronts *out)
{
    const double last = -(log(100.0) + 3.0 * a) / a; /* ln lambda of the front at the end */
    const double lower = last - 2.0;
    const double top = 0.0;
    const double ends[] = {lower, top};
    const rn_transport_start start = {
        .density = flat, .lower = lower, .upper = top, .breaks = ends, .n_breaks = 2};
    double *cells = rni_alloc(n_cells, sizeof *cells);
    if (!cells) return rni_fail(RN_ERR_MEMORY, "spectral_shells: no memory");
    for (int i = 0; i < N_FRONTS; i++) {
        const double x = 100.0 * exp(3.0 * a * i / (N_FRONTS - 1));
        out->time[i] = x / (a * d->c);
        out->exact[i] = pow(x, -1.0 / a);
    }
    const rn_transport_problem problem = {.lower = lower,
                                          .upper = 0.5,
                                          .n_cells = n_cells,
                                          .initial = cells,
                                          .n_times = N_FRONTS,
                                          .times = out->time,
                                          .velocity = velocity,
                                          .user = d,
                                          .no_dissipation = 1};
    rn_transport_accuracy accuracy = rn_transport_solve_defaults();
    rn_transport_solution found = {0};
    accuracy.tolerance = 1.0; /* what is inside is not what is looked at */
    rn_status status = rn_transport_cells(&start, lower, 0.5, n_cells, cells);
    if (status == RN_OK) status = rn_transport_solve(&problem, &accuracy, observer, &found);
    if (status == RN_OK) {
        for (int i = 0; i < N_FRONTS; i++)
            out->lambda[i] =
                exp(front_of(found.n_cells, found.s, found.density + (rn_index)i * found.n_cells));
        status =
            rni_slope_fit_log(N_FRONTS, out->time, out->lambda, 0.0, (double)INFINITY, &out->fit);
    }
    rn_transport_solution_clear(&found);
    rni_free(cells);
    return status;
}

/* ---- what is left ---------------------------------------------------------------------------- */

/* A smooth hill of unit energy between s = -3 and s = 1. */
static double hill(void *user, double s)
{
    const double u = 0.5 * (s + 1.0);
    (void)user;
    return fabs(u) < 1.0 ? 35.0 / 64.0 * pow(1.0 - u * u, 3.0) : 0.0;
}

/* Share of its energy that a mode has kept. */
static double kept(const drift *d, double lambda0, double t)
{
    if (fabs(d->a - 1.0) < 1e-12) return pow(1.0 + d->c * lambda0 * t, -2.0 / d->c);
    const double p = 1.0 - d->a;
    const double lambda = pow(pow(lambda0, -d->a) + d->a * d->c * t, -1.0 / d->a);
    return exp(-2.0 * (pow(lambda0, p) - pow(lambda, p)) / (d->c * p));
}

/* The hill's energy at t, by Simpson's rule. */
static double hill_left(const drift *d, double t)
{
    double sum = 0.0;
    const double h = 4.0 / N_SIMPSON;
    for (int i = 0; i <= N_SIMPSON; i++) {
        const double s = -3.0 + h * i;
        const double weight = i == 0 || i == N_SIMPSON ? 1.0 : i % 2 ? 4.0 : 2.0;
        sum += weight * hill(NULL, s) * kept(d, exp(s), t);
    }
    return sum * h / 3.0;
}

/* The same, solved on n_cells. */
static rn_status solve_hill(drift *d, double t, rn_index n_cells, const rn_observer *observer,
                            double *left, double *error)
{
    const double lower = -12.0;
    const double upper = 2.0;
    const rn_transport_start start = {.density = hill, .lower = -3.0, .upper = 1.0};
    double *cells = rni_alloc(n_cells, sizeof *cells);
    if (!cells) return rni_fail(RN_ERR_MEMORY, "spectral_shells: no memory");
    const rn_transport_problem problem = {.lower = lower,
                                          .upper = upper,
                                          .n_cells = n_cells,
                                          .initial = cells,
                                          .n_times = 1,
                                          .times = &t,
                                          .velocity = velocity,
                                          .user = d};
    rn_transport_accuracy accuracy = rn_transport_solve_defaults();
    rn_transport_solution found = {0};
    accuracy.tolerance = 1.0; /* judged here */
    rn_status status = rn_transport_cells(&start, lower, upper, n_cells, cells);
    if (status == RN_OK) status = rn_transport_solve(&problem, &accuracy, observer, &found);
    if (status == RN_OK) {
        *left = found.inside[0] + found.below[0];
        *error = found.error[0];
    }
    rn_transport_solution_clear(&found);
    rni_free(cells);
    return status;
}

/* ---- the claim ------------------------------------------------------------------------------- */

static rn_status state_front(rn_claim *claim, double b, const fronts *fine, const fronts *half)
{
    char key[32];
    char quantity[96];
    const double theory = -1.0 / (b - 1.0);
    (void)snprintf(key, sizeof key, "front_b%g", b);
    (void)snprintf(quantity, sizeof quantity, "exponent of the frontier, b = %g", b);
    RNI_TRY(rni_claim_note(claim,
                           "%s: window t = %.3g .. %.3g, where c(b-1)t = 100 .. 100 e^(3(b-1)); %d "
                           "points, rms residual of ln lambda* %.1e; with half the cells %.4f",
                           quantity, fine->fit.low, fine->fit.high, (int)fine->fit.n,
                           fine->fit.residual, half->fit.slope));
    RNI_TRY(rni_claim_state(
        claim,
        &(rni_statement){
            .key = key,
            .quantity = quantity,
            .theory = theory,
            .formula = "-1/(b-1)",
            .at_least = 1.02 * theory,
            .at_most = 0.98 * theory,
            .tolerance = "2 %: the start is forgotten to 1 %, the front is a cell wide",
            .method = "slope of ln lambda* against ln t; interval: half as many cells"},
        fine->fit.slope, fabs(fine->fit.slope - half->fit.slope)));
    (void)snprintf(quantity, sizeof quantity, "b = %g", b);
    RNI_TRY(rni_claim_curve(claim, quantity, RN_CLAIM_POINTS, N_FRONTS, fine->time, fine->lambda));
    return rni_claim_curve(claim, "(c(b-1)t)^(-1/(b-1))", RN_CLAIM_THEORY, N_FRONTS, fine->time,
                           fine->exact);
}

/* How fast what is missing on N_SHELLS falls; nothing where the integrator's own tolerance is all
   there is of it. */
static rn_status state_order(rn_claim *claim, double b, drift *d, double t, double off,
                             double exact)
{
    enum { FINER = 4 };
    const rn_index n_cells = (rn_index)N_SHELLS * FINER;
    char key[32];
    char quantity[96];
    double left = 0.0;
    double error = 0.0;
    if (fabs(off) < 1e-4 * exact)
        return rni_claim_note(claim, "b = %g: on %d shells the energy is off by %.1e already", b,
                              (int)N_SHELLS, off / exact);
    RNI_CLAIM_TRY(solve_hill(d, t, n_cells, rni_claim_observer(claim), &left, &error));
    RNI_TRY(rni_claim_note(claim, "b = %g: on %d shells the energy is off by %.1e, on %d by %.1e",
                           b, (int)N_SHELLS, off / exact, (int)n_cells, (left - exact) / exact));
    (void)snprintf(key, sizeof key, "energy_order_b%g", b);
    (void)snprintf(quantity, sizeof quantity, "order of that energy's error in the shell, b = %g",
                   b);
    return rni_claim_state(
        claim,
        &(rni_statement){.key = key,
                         .quantity = quantity,
                         .theory = 2.0,
                         .formula = "of the scheme; errors that cancel in the total fall faster",
                         .at_least = 1.9,
                         .at_most = (double)INFINITY,
                         .tolerance = "the next order",
                         .method = "ln of the errors' ratio on 200 and 800 shells over ln 4"},
        log(fabs(off / (left - exact))) / log((double)FINER), 0.0);
}

static rn_status state_energy(rn_claim *claim, double b, drift *d)
{
    char key[32];
    char quantity[96];
    const double t = 20.0;
    double left = 0.0;
    double error = 0.0;
    const drift theory = {.a = b - 1.0, .c = d->c};
    RNI_CLAIM_TRY(solve_hill(d, t, N_SHELLS, rni_claim_observer(claim), &left, &error));
    const double exact = hill_left(&theory, t);
    (void)snprintf(key, sizeof key, "energy_b%g", b);
    (void)snprintf(quantity, sizeof quantity, "energy left at t = %g of a hill, b = %g", t, b);
    RNI_TRY(rni_claim_state(
        claim,
        &(rni_statement){.key = key,
                         .quantity = quantity,
                         .theory = exact,
                         .formula = fabs(b - 2.0) < 1e-12 ? "hill times (1 + c lambda0 t)^(-2/c)"
                                                          : "hill times exp(-2 I)",
                         .at_least = 0.99 * exact,
                         .at_most = 1.01 * exact,
                         .tolerance = "1 % on 200 shells, where the scheme is of second order",
                         .method = "finite volumes on 200 shells; interval: 100 shells, a quarter "
                                   "of the difference"},
        left, 0.25 * error));
    return state_order(claim, b, d, t, left - exact, exact);
}

/* Front and energy for exponent number i. */
static rn_status examine_exponent(rn_claim *claim, rn_index i)
{
    const shells_settings *s = rni_claim_settings(claim);
    const rn_observer *observer = rni_claim_observer(claim);
    const double b = s->exponents.values[i];
    const double more = rn_claim_is_mutated(claim) ? 0.2 : 0.0;
    drift d = {.a = b - 1.0 + more, .c = s->drift};
    fronts fine = {.fit = {0}};
    fronts half = {.fit = {0}};
    RNI_CLAIM_TRY(find_fronts(b - 1.0, &d, observer, s->cells, &fine));
    RNI_CLAIM_TRY(find_fronts(b - 1.0, &d, observer, s->cells / 2, &half));
    RNI_TRY(state_front(claim, b, &fine, &half));
    return state_energy(claim, b, &d);
}

static rn_status examine(rn_claim *claim)
{
    const shells_settings *s = rni_claim_settings(claim);
    const rn_index n_seeds = rn_claim_n_seeds(claim);
    RNI_CLAIM_TRY(examine_modes(claim));
    RNI_TRY(
        rni_claim_figure(claim, "The frontier: nothing is above it", "time", "lambda", true, true));
    for (rn_index i = 0; i < s->exponents.count; i++) {
        RNI_CLAIM_TRY(rni_claim_advance(claim, n_seeds + i, n_seeds + s->exponents.count));
        RNI_CLAIM_TRY(examine_exponent(claim, i));
    }
    return RN_OK;
}

RNI_SYSTEM_FILE(spectral_shells);
extern const rni_system rni_system_of_spectral_shells;
const rni_system rni_system_of_spectral_shells = {
    .about = {.name = "spectral_shells",
              .title = "Renormalizable spectral-shell dynamics",
              .paper = "Y. Zhang, arXiv 2512.10427",
              .claim = "Error energy moves between modes only as eigenvectors turn, and exchange "
                       "inside a shell cancels identically. A drift that is a power of lambda "
                       "leaves a moving frontier above which nothing is left to learn.",
              .mutation = "modes forget that eigenvectors turn, and 0.2 is added to the drift's "
                          "exponent"},
    .options = &table,
    .file = rni_system_spectral_shells,
    .file_size = &rni_system_spectral_shells_size,
    .examine = examine};
