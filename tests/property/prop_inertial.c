/*
 * Inertial dynamics by what its equation and its splittings promise: order of convergence to closed
 * forms, energies that stay, areas that shrink by the friction alone, time that can be turned
 * round, stationary covariances, and heavy ball without noise.
 */
#include <math.h>
#include <renorm/linear_gaussian.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "training.h"

enum { LEAPFROG, EULER, N_SCHEMES };
static const char *const schemes[N_SCHEMES] = {"leapfrog", "symplectic_euler"};

/* ---- one weight with L = rho theta^2/2 ---------------------------------------------------------
 */

typedef struct particle {
    training t;
    int scheme;
    double rho, h, gamma, temperature;
} particle;

static double input_root; /* of one sample */
static double no_target;

static particle make(int scheme, double rho, double h, double gamma, double temperature)
{
    char texts[3][32];
    const double numbers[] = {h * h, gamma, temperature};
    particle p = {.scheme = scheme, .rho = rho, .h = h, .gamma = gamma, .temperature = temperature};
    for (int i = 0; i < 3; i++)
        (void)snprintf(texts[i], sizeof texts[i], "%.17g", numbers[i]);
    const training_plan plan = {.model = "linear",
                                .dynamics = "inertial",
                                .dynamics_settings = {{"scheme", schemes[scheme]},
                                                      {"learning_rate", texts[0]},
                                                      {"friction", texts[1]},
                                                      {"temperature", texts[2]},
                                                      {"relative", "false"}},
                                .n_features = 1,
                                .n_outputs = 1,
                                .n_threads = 1,
                                .seed = 3};
    input_root = sqrt(rho);
    p.t.batch = (rn_batch){.n_samples = 1, .inputs = &input_root, .targets = &no_target};
    assert_status(training_make_trainer(&plan, &p.t), RN_OK);
    assert_int_equal(rn_trainer_n_weights(p.t.trainer), 1);
    return p;
}

static void place(const particle *p, rn_index step, double theta, double v)
{
    const rn_train_state state = {.seed = 3, .step = step};
    assert_status(rn_trainer_set_state(p->t.trainer, &state, &theta), RN_OK);
    assert_status(rn_trainer_set_slot(p->t.trainer, 0, &v), RN_OK);
}

static void step(const particle *p)
{
    const rn_index now = rn_trainer_state(p->t.trainer).step;
    assert_status(rn_trainer_advance(p->t.trainer, now + 1, NULL), RN_OK);
}

static double position(const particle *p)
{
    return rn_trainer_theta(p->t.trainer)[0];
}

/* The velocity at the same time as theta. */
static double velocity(const particle *p)
{
    const double v = rn_trainer_slot(p->t.trainer, 0)[0];
    const bool lacks_half_kick = p->scheme == LEAPFROG && rn_trainer_state(p->t.trainer).step > 0;
    return lacks_half_kick ? v - 0.5 * p->h * p->rho * position(p) : v;
}

/* theta'' + gamma theta' + rho theta = 0 in closed form. */
static void solve(const particle *p, double t, double *theta, double *v)
{
    const double a = 0.5 * p->gamma;
    const double square = p->rho - a * a;
    const double w = sqrt(fabs(square));
    const double c = square > 0.0 ? cos(w * t) : cosh(w * t);
    const double s = (square > 0.0 ? sin(w * t) : sinh(w * t)) / w;
    const double theta0 = *theta;
    const double v0 = *v;
    *theta = exp(-a * t) * (theta0 * (c + a * s) + v0 * s);
    *v = exp(-a * t) * (v0 * (c - a * s) - p->rho * theta0 * s);
}

/* Largest distance from the exact path up to t = 4. */
static double find_error(int scheme, double gamma, double h)
{
    particle p = make(scheme, 1.7, h, gamma, 0.0);
    double worst = 0.0;
    place(&p, 0, 1.0, 0.5);
    for (int k = 1; k <= (int)lround(4.0 / h); k++) {
        double theta = 1.0;
        double v = 0.5;
        step(&p);
        solve(&p, k * h, &theta, &v);
        worst = fmax(worst, hypot(position(&p) - theta, velocity(&p) - v));
    }
    training_clear(&p.t);
    return worst;
}

static void steps_converge_in_their_order(void **state)
{
    (void)state;
    static const double frictions[] = {0.0, 0.3, 5.0};
    for (int scheme = 0; scheme < N_SCHEMES; scheme++)
        for (int i = 0; i < 3; i++) {
            const double coarse = find_error(scheme, frictions[i], 0.02);
            const double fine = find_error(scheme, frictions[i], 0.01);
            print_message("%s, gamma = %g: error %.2g, of half the step %.4f of it\n",
                          schemes[scheme], frictions[i], coarse, fine / coarse);
            /* the next order is a few times h = 0.02 of that */
            assert_close(fine / coarse, scheme == LEAPFROG ? 0.25 : 0.5, 0.02);
        }
}

/* ---- energy ------------------------------------------------------------------------------------
 */

/* Largest relative error of the energy along either half of n steps. */
typedef struct drift {
    double early, late;
} drift;

static double energy(double rho, double theta, double v)
{
    return 0.5 * (v * v + rho * theta * theta);
}

static void see(drift *d, int k, int n, double now, double first)
{
    double *const worst = k < n / 2 ? &d->early : &d->late;
    *worst = fmax(*worst, fabs(now / first - 1.0));
}

/* What each scheme keeps exactly instead of the energy. */
static double invariant(const particle *p)
{
    const double theta = position(p);
    const double v = velocity(p);
    const double twice = 2.0 * energy(p->rho, theta, v);
    if (p->scheme == LEAPFROG) return twice - 0.25 * pow(p->h * p->rho * theta, 2.0);
    return twice - p->h * p->rho * v * theta;
}

static drift wander(int scheme, double h, int n)
{
    particle p = make(scheme, 1.0, h, 0.0, 0.0);
    drift d = {0};
    place(&p, 0, 1.0, 0.5);
    const double first = energy(1.0, 1.0, 0.5);
    const double kept = invariant(&p);
    for (int k = 0; k < n; k++) {
        step(&p);
        see(&d, k, n, energy(1.0, position(&p), velocity(&p)), first);
        /* a random walk of roundings: sqrt(n) eps, ten times */
        assert_close(invariant(&p), kept, 10.0 * sqrt(n) * 2.3e-16);
    }
    training_clear(&p.t);
    return d;
}

/* The same with the order of the two updates swapped: explicit Euler. */
static drift wander_explicitly(double h, int n)
{
    drift d = {0};
    double theta = 1.0;
    double v = 0.5;
    for (int k = 0; k < n; k++) {
        const double before = theta;
        theta += h * v;
        v -= h * before;
        see(&d, k, n, energy(1.0, theta, v), energy(1.0, 1.0, 0.5));
    }
    return d;
}

static bool stays(drift d)
{
    return d.late < 1.01 * d.early; /* both halves see hundreds of periods */
}

static void energies_stay_over_a_thousand_periods(void **state)
{
    (void)state;
    for (int scheme = 0; scheme < N_SCHEMES; scheme++) {
        const drift coarse = wander(scheme, 0.1, 62832);
        const drift fine = wander(scheme, 0.05, 125664);
        print_message("%s: energy off by %.3g, %.3g\n", schemes[scheme], coarse.late, fine.late);
        assert_true(stays(coarse) && stays(fine));
        /* symplectic Euler: half of h/4, the next order of the coarse one */
        assert_close(fine.late / coarse.late, scheme == LEAPFROG ? 0.25 : 0.5, 0.0125);
    }
    assert_false(stays(wander_explicitly(0.1, 6283)));
}

/* ---- the linear map ----------------------------------------------------------------------------
 */

/* m [2 x 2]: what a step of that number makes of (theta, v), without noise. */
static void probe(const particle *p, rn_index number, double *m)
{
    for (int j = 0; j < 2; j++) {
        place(p, number, j == 0, j == 1);
        step(p);
        m[j] = position(p);
        m[2 + j] = rn_trainer_slot(p->t.trainer, 0)[0];
    }
}

/* The whole step contracts areas by exp(-gamma h), exactly; an update too many or one from the old
   weights would not. */
static void areas_shrink_by_the_friction_alone(void **state)
{
    (void)state;
    static const double frictions[] = {0.0, 0.6, 9.0};
    for (int k = 0; k < N_SCHEMES * 3 * 2; k++) {
        const int scheme = k / 6;
        const double gamma = frictions[k / 2 % 3];
        const double h = 0.8;
        const double c = exp(-gamma * h);
        particle p = make(scheme, 1.3, h, gamma, 0.0);
        double m[4];
        probe(&p, k % 2 ? 7 : 0, m);
        assert_close(m[0] * m[3] - m[1] * m[2], c, 1e-15);
        /* drift, friction, drift after a kick of h, or h/2 at first */
        const double kick = (k % 2 ? 1.0 : 0.5) * h * 1.3;
        const double reach = 0.5 * h * (1.0 + c);
        const double leapfrog[] = {1.0 - reach * kick, reach, -c * kick, c};
        const double euler[] = {1.0 - h * h * 1.3, h * c, -h * 1.3, c};
        for (int i = 0; i < 4; i++)
            assert_close(m[i], scheme == LEAPFROG ? leapfrog[i] : euler[i], 1e-15);
        training_clear(&p.t);
    }
}

/* ---- stationary states ------------------------------------------------------------------------
 */

/* Exact second moments s [2 x 2] of (theta, v) as remembered: the map is probed, noise enters both
   at once. */
static rn_status try_covariance(int scheme, double h, double *s)
{
    particle p = make(scheme, 1.3, h, 0.6, 0.0);
    const double c = exp(-0.6 * h);
    const double kick = sqrt(0.7 * (1.0 - c * c));
    const double jolt = (scheme == LEAPFROG ? 0.5 * h : h) * kick;
    const double q[] = {jolt * jolt, jolt * kick, jolt * kick, kick * kick};
    double m[4];
    probe(&p, 1, m);
    const double b[] = {1.0 - m[0], -m[1], -m[2], 1.0 - m[3]};
    training_clear(&p.t);
    return rn_gaussian_step_covariance(2, b, q, s, NULL);
}

static void find_covariance(int scheme, double h, double *s)
{
    assert_status(try_covariance(scheme, h, s), RN_OK);
}

/* h^2 rho below 4, and below 2 (1 + exp(-gamma h)). */
static void steps_are_stable_up_to_their_bound(void **state)
{
    (void)state;
    double euler = 1.0;
    for (int i = 0; i < 100; i++)
        euler = sqrt(2.0 * (1.0 + exp(-0.6 * euler)) / 1.3);
    const double bounds[] = {sqrt(4.0 / 1.3), euler};
    for (int scheme = 0; scheme < N_SCHEMES; scheme++) {
        double s[4];
        assert_status(try_covariance(scheme, 0.999 * bounds[scheme], s), RN_OK);
        assert_status(try_covariance(scheme, 1.001 * bounds[scheme], s), RN_ERR_DOMAIN);
    }
}

/* <v^2> at the time of theta. */
static double synchronise(int scheme, double h, const double *s)
{
    const double half = scheme == LEAPFROG ? 0.5 * h * 1.3 : 0.0;
    return s[3] - 2.0 * half * s[1] + half * half * s[0];
}

static void covariances_are_those_of_the_splitting(void **state)
{
    (void)state;
    double off[N_SCHEMES][2];
    for (int i = 0; i < 2; i++) {
        const double h = i ? 0.01 : 0.02;
        const double c = exp(-0.6 * h);
        double s[4];
        find_covariance(LEAPFROG, h, s);
        assert_close(s[0], 0.7 / 1.3, 1e-12);
        assert_close(synchronise(LEAPFROG, h, s), 0.7 * (1.0 - 1.3 * h * h / 4.0), 1e-12);
        off[LEAPFROG][i] = synchronise(LEAPFROG, h, s) - 0.7;
        find_covariance(EULER, h, s);
        assert_close(s[0], 0.7 * (1.0 + c) * (1.0 + c) / (1.3 * (2.0 * (1.0 + c) - h * h * 1.3)),
                     1e-12);
        off[EULER][i] = s[0] - 0.7 / 1.3;
    }
    assert_close(off[LEAPFROG][1] / off[LEAPFROG][0], 0.25, 1e-7); /* 1e-12 of 1e-5 */
    assert_close(off[EULER][1] / off[EULER][0], 0.5, 0.02);
}

/* Second moments of a long walk at h omega = 0.9 within five standard errors of its blocks. */
static void walks_have_these_covariances(void **state)
{
    (void)state;
    enum { BLOCKS = 40, PER_BLOCK = 2000 };
    for (int scheme = 0; scheme < N_SCHEMES; scheme++) {
        double s[4];
        double block[3][BLOCKS] = {{0}};
        find_covariance(scheme, 0.8, s);
        const double exact[] = {s[0], s[1], s[3]};
        particle p = make(scheme, 1.3, 0.8, 0.6, 0.7);
        place(&p, 0, sqrt(s[0]), 0.0);
        for (int k = 0; k < 100; k++)
            step(&p);
        for (int k = 0; k < BLOCKS * PER_BLOCK; k++) {
            step(&p);
            const double theta = position(&p);
            const double v = rn_trainer_slot(p.t.trainer, 0)[0];
            block[0][k / PER_BLOCK] += theta * theta / PER_BLOCK;
            block[1][k / PER_BLOCK] += theta * v / PER_BLOCK;
            block[2][k / PER_BLOCK] += v * v / PER_BLOCK;
        }
        for (int i = 0; i < 3; i++) {
            double mean = 0.0;
            double square = 0.0;
            for (int b = 0; b < BLOCKS; b++)
                mean += block[i][b] / BLOCKS;
            for (int b = 0; b < BLOCKS; b++)
                square += pow(block[i][b] - mean, 2.0);
            const double error = sqrt(square / (BLOCKS * (BLOCKS - 1.0)));
            print_message("%s: %.5f against %.5f, standard error %.2g\n", schemes[scheme], mean,
                          exact[i], error);
            assert_true(error < 0.01 * s[3]);
            assert_close(mean, exact[i], 5.0 * error);
        }
        training_clear(&p.t);
    }
}

/* ---- schedules --------------------------------------------------------------------------------
 */

/* Steps of changing length: every half kick has the length of its own step. */
static void half_kicks_follow_the_schedule(void **state)
{
    (void)state;
    const training_plan plan = {.model = "linear",
                                .dynamics = "inertial",
                                .dynamics_settings = {{"learning_rate", "0.04"},
                                                      {"friction", "0.5"},
                                                      {"relative", "false"},
                                                      {"schedule", "steps"},
                                                      {"milestones", "[3, 5]"},
                                                      {"drop", "0.25"}},
                                .n_features = 1,
                                .n_outputs = 1,
                                .n_threads = 1};
    input_root = 1.1;
    particle p = {.t = {.batch = {.n_samples = 1, .inputs = &input_root, .targets = &no_target}}};
    assert_status(training_make_trainer(&plan, &p.t), RN_OK);
    place(&p, 0, 1.0, 0.3);
    double theta = 1.0;
    double v = 0.3;
    double last = 0.0;
    double time = 0.0;
    for (int k = 0; k < 8; k++) {
        const double h = k < 3 ? 0.2 : k < 5 ? 0.1 : 0.05;
        const double c = exp(-0.5 * h);
        v -= 0.5 * last * 1.21 * theta;
        v -= 0.5 * h * 1.21 * theta;
        theta += 0.5 * h * (1.0 + c) * v;
        v *= c;
        last = h;
        time += 0.5 * h * h * (1.0 + c) / (1.0 - c);
        step(&p);
        assert_close(position(&p), theta, 1e-15);
        assert_close(rn_trainer_state(p.t.trainer).time, time, 1e-13);
    }
    training_clear(&p.t);
}

/* ---- a network --------------------------------------------------------------------------------
 */

enum { ROOM = 200 };

static training network(const char *dynamics, const rn_setting *settings, const char *sampler)
{
    training_plan plan = {.model = "mlp",
                          .model_settings = {{"depth", "1"}, {"width", "9"}},
                          .dynamics = dynamics,
                          .sampler = sampler,
                          .n_samples = 23,
                          .n_features = 4,
                          .n_outputs = 2,
                          .n_threads = 2,
                          .seed = 11};
    if (sampler) plan.sampler_settings[0] = (rn_setting){"batch_size", "5"};
    for (int i = 0; i < 5 && settings[i].key; i++)
        plan.dynamics_settings[i] = settings[i];
    training t = {0};
    assert_status(training_make(&plan, &t), RN_OK);
    assert_true(rn_trainer_n_weights(t.trainer) <= ROOM);
    return t;
}

static double largest_difference(rn_index n, const double *left, const double *right)
{
    double most = 0.0;
    for (rn_index i = 0; i < n; i++)
        most = fmax(most, fabs(left[i] - right[i]));
    return most;
}

/* There and back: the distance from the start after 60 steps each way, with velocities turned
   round after `kick` of the kick that is due: all of it is what both half kicks around theta do. */
static double turn_round(double kick)
{
    const rn_setting settings[5] = {
        {"learning_rate", "0.01"}, {"friction", "0"}, {"relative", "false"}};
    training t = network("inertial", settings, NULL);
    const rn_index n = rn_trainer_n_weights(t.trainer);
    const double h = 0.1;
    double start[ROOM];
    double v[ROOM];
    double g[ROOM];
    memcpy(start, rn_trainer_theta(t.trainer), (size_t)n * sizeof *start);
    assert_status(rn_trainer_advance(t.trainer, 60, NULL), RN_OK);
    assert_true(largest_difference(n, start, rn_trainer_theta(t.trainer)) > 0.1);
    assert_status(rn_trainer_gradient(t.trainer, NULL, g, NULL), RN_OK);
    for (rn_index i = 0; i < n; i++)
        v[i] = -(rn_trainer_slot(t.trainer, 0)[i] - kick * h * g[i]);
    const rn_train_state state = rn_trainer_state(t.trainer);
    assert_status(rn_trainer_set_state(t.trainer, &state, rn_trainer_theta(t.trainer)), RN_OK);
    assert_status(rn_trainer_set_slot(t.trainer, 0, v), RN_OK);
    assert_status(rn_trainer_advance(t.trainer, 120, NULL), RN_OK);
    const double off = largest_difference(n, start, rn_trainer_theta(t.trainer));
    training_clear(&t);
    return off;
}

static void leapfrog_goes_back_where_it_came_from(void **state)
{
    (void)state;
    const double off = turn_round(1.0);
    print_message("back after 120 steps: %.1e\n", off);
    assert_true(off < 1e-12); /* roundings of 120 steps, weights of order 1 */
    assert_true(turn_round(0.0) > 1e-3);
}

/* Without noise: beta = exp(-gamma h), eta = h^2, v = -h times the heavy ball's. */
static void symplectic_euler_is_heavy_ball(void **state)
{
    (void)state;
    const double h = 0.2;
    const double beta = exp(-1.5 * h);
    char text[32];
    (void)snprintf(text, sizeof text, "%.17g", beta);
    const rn_setting ball[5] = {
        {"learning_rate", "0.04"}, {"relative", "false"}, {"momentum", text}};
    const rn_setting inertial[5] = {{"scheme", "symplectic_euler"},
                                    {"learning_rate", "0.04"},
                                    {"friction", "1.5"},
                                    {"relative", "false"}};
    training a = network("inertial", inertial, "reshuffled");
    training b = network("sgd", ball, "reshuffled");
    assert_close(rn_trainer_step_size(a.trainer), rn_trainer_step_size(b.trainer), 1e-15);
    for (rn_index k = 1; k <= 40; k++) {
        assert_status(rn_trainer_advance(a.trainer, k, NULL), RN_OK);
        assert_status(rn_trainer_advance(b.trainer, k, NULL), RN_OK);
        for (rn_index i = 0; i < rn_trainer_n_weights(a.trainer); i++) {
            assert_close(rn_trainer_theta(a.trainer)[i], rn_trainer_theta(b.trainer)[i], 1e-13);
            assert_close(rn_trainer_slot(a.trainer, 0)[i], -h * rn_trainer_slot(b.trainer, 0)[i],
                         1e-13);
        }
    }
    training_clear(&a);
    training_clear(&b);
}

/* Leapfrog: the same beta and eta (1 + beta)/2, from half a gradient on. */
static void leapfrog_is_heavy_ball_from_half_a_kick(void **state)
{
    (void)state;
    const double beta = exp(-1.5 * 0.2);
    char texts[2][32];
    double memory[ROOM];
    (void)snprintf(texts[0], sizeof texts[0], "%.17g", 0.04 * (1.0 + beta) / 2.0);
    (void)snprintf(texts[1], sizeof texts[1], "%.17g", beta);
    const rn_setting ball[5] = {
        {"learning_rate", texts[0]}, {"relative", "false"}, {"momentum", texts[1]}};
    const rn_setting inertial[5] = {
        {"learning_rate", "0.04"}, {"friction", "1.5"}, {"relative", "false"}};
    training a = network("inertial", inertial, NULL);
    training b = network("sgd", ball, NULL);
    const rn_index n = rn_trainer_n_weights(a.trainer);
    assert_close(rn_trainer_step_size(a.trainer), rn_trainer_step_size(b.trainer), 1e-15);
    assert_status(rn_trainer_gradient(b.trainer, NULL, memory, NULL), RN_OK);
    for (rn_index i = 0; i < n; i++)
        memory[i] *= -0.5 / beta;
    assert_status(rn_trainer_set_slot(b.trainer, 0, memory), RN_OK);
    for (rn_index k = 1; k <= 40; k++) {
        assert_status(rn_trainer_advance(a.trainer, k, NULL), RN_OK);
        assert_status(rn_trainer_advance(b.trainer, k, NULL), RN_OK);
        assert_true(largest_difference(n, rn_trainer_theta(a.trainer), rn_trainer_theta(b.trainer))
                    < 1e-13);
    }
    training_clear(&a);
    training_clear(&b);
}

static void relative_settings_count_in_roots_of_the_scale(void **state)
{
    (void)state;
    const rn_setting relative[5] = {{"learning_rate", "0.36"}, {"friction", "0.5"}};
    const rn_setting absolute[5] = {
        {"learning_rate", "0.04"}, {"friction", "1.5"}, {"relative", "false"}};
    training a = network("inertial", relative, "distinct");
    training b = network("inertial", absolute, "distinct");
    double v[ROOM];
    assert_true(isnan(rn_trainer_step_size(a.trainer)));
    assert_status(rn_trainer_advance(a.trainer, 1, NULL), RN_ERR_ARGUMENT);
    assert_status(rn_trainer_velocity(a.trainer, v), RN_ERR_ARGUMENT);
    assert_message_has("rn_trainer_set_scale");
    assert_status(rn_trainer_set_scale(a.trainer, 9.0), RN_OK);
    assert_close(rn_trainer_step_size(a.trainer), rn_trainer_step_size(b.trainer), 1e-15);
    assert_status(rn_trainer_advance(a.trainer, 20, NULL), RN_OK);
    assert_status(rn_trainer_advance(b.trainer, 20, NULL), RN_OK);
    assert_true(largest_difference(rn_trainer_n_weights(a.trainer), rn_trainer_theta(a.trainer),
                                   rn_trainer_theta(b.trainer))
                < 1e-13);
    training_clear(&a);
    training_clear(&b);
}

/* Without friction time is the equation's own, and a step is not told as a flow's and the rest. */
static void without_friction_there_is_no_time_of_the_flow(void **state)
{
    (void)state;
    const rn_setting settings[5] = {
        {"learning_rate", "0.01"}, {"friction", "0"}, {"relative", "false"}};
    training t = network("inertial", settings, "reshuffled");
    const rn_index n = rn_trainer_n_weights(t.trainer);
    double before[ROOM];
    double v[ROOM];
    assert_status(rn_trainer_advance(t.trainer, 4, NULL), RN_OK);
    assert_int_equal(rn_trainer_has_flow_time(t.trainer), 0);
    assert_close(rn_trainer_step_size(t.trainer), 0.1, 1e-16);
    assert_close(rn_trainer_state(t.trainer).time, 0.4, 1e-15);
    for (int line = 0; line < RN_N_STEP_LINES; line++) {
        assert_int_equal(rn_trainer_has_line(t.trainer, (rn_step_line)line), 0);
        assert_status(rn_trainer_step_line(t.trainer, (rn_step_line)line, v), RN_ERR_UNSUPPORTED);
        assert_message_has("train.friction 0");
    }
    memcpy(before, rn_trainer_theta(t.trainer), (size_t)n * sizeof *before);
    assert_status(rn_trainer_velocity(t.trainer, v), RN_OK);
    assert_status(rn_trainer_advance(t.trainer, 5, NULL), RN_OK);
    for (rn_index i = 0; i < n; i++)
        assert_close(rn_trainer_theta(t.trainer)[i], before[i] + 0.1 * v[i], 1e-15);
    assert_string_equal(rn_trainer_slot_name(t.trainer, 0), "velocity");
    training_clear(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_converge_in_their_order),
        cmocka_unit_test(energies_stay_over_a_thousand_periods),
        cmocka_unit_test(areas_shrink_by_the_friction_alone),
        cmocka_unit_test(covariances_are_those_of_the_splitting),
        cmocka_unit_test(steps_are_stable_up_to_their_bound),
        cmocka_unit_test(walks_have_these_covariances),
        cmocka_unit_test(half_kicks_follow_the_schedule),
        cmocka_unit_test(leapfrog_goes_back_where_it_came_from),
        cmocka_unit_test(symplectic_euler_is_heavy_ball),
        cmocka_unit_test(leapfrog_is_heavy_ball_from_half_a_kick),
        cmocka_unit_test(relative_settings_count_in_roots_of_the_scale),
        cmocka_unit_test(without_friction_there_is_no_time_of_the_flow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
