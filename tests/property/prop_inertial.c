/*
 * Inertial dynamics of one weight by what its equation and its splittings promise: order of
 * convergence to closed forms, energies that stay, areas that shrink by the friction alone,
 * stationary states.
 */
#include <math.h>
#include <renorm/linear_gaussian.h>
#include <stdio.h>

#include "check.h"
#include "core/rng.h"
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

/* Groenbech-Jensen and Farago (2013) as published, with noise: the same path for the friction that
   makes c = (1 - gamma h/2)/(1 + gamma h/2). */
static void leapfrog_is_a_published_verlet_of_another_friction(void **state)
{
    (void)state;
    const rni_stream stream = {.seed = 3, .purpose = RNI_RNG_NOISE};
    const double h = 0.8;
    const double gamma = 0.7;
    const double b = 1.0 / (1.0 + 0.5 * gamma * h);
    const double a = (1.0 - 0.5 * gamma * h) * b;
    particle p = make(LEAPFROG, 1.3, h, -log(a) / h, 0.6);
    double theta = 1.0;
    double v = 0.5;
    place(&p, 0, theta, v);
    for (int k = 0; k < 60; k++) {
        const double n = sqrt(2.0 * gamma * 0.6 * h) * rni_rng_normal(stream, (uint64_t)k);
        const double before = -1.3 * theta;
        theta += b * h * v + 0.5 * b * h * h * before + 0.5 * b * h * n;
        v = a * v + 0.5 * h * (a * before - 1.3 * theta) + b * n;
        step(&p);
        assert_close(position(&p), theta, 1e-14);
        assert_close(velocity(&p), v, 1e-14);
    }
    training_clear(&p.t);
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

enum { BLOCKS = 40, PER_BLOCK = 2000 };

/* The mean of what was summed over blocks of a walk against `exact`, within five standard errors.
 */
static void expect(const char *name, const double *block, double exact)
{
    double mean = 0.0;
    double square = 0.0;
    for (int b = 0; b < BLOCKS; b++)
        mean += block[b] / (BLOCKS * PER_BLOCK);
    for (int b = 0; b < BLOCKS; b++)
        square += pow(block[b] / PER_BLOCK - mean, 2.0);
    const double error = sqrt(square / (BLOCKS * (BLOCKS - 1.0)));
    print_message("%s: %.5f against %.5f, standard error %.2g\n", name, mean, exact, error);
    assert_true(error < 0.02 * fabs(exact)); /* the test can see 10 % */
    assert_close(mean, exact, 5.0 * error);
}

/* Second moments of a long walk at h omega = 0.9. */
static void walks_have_these_covariances(void **state)
{
    (void)state;
    for (int scheme = 0; scheme < N_SCHEMES; scheme++) {
        double s[4];
        double block[3][BLOCKS] = {{0}};
        find_covariance(scheme, 0.8, s);
        particle p = make(scheme, 1.3, 0.8, 0.6, 0.7);
        place(&p, 0, sqrt(s[0]), 0.0);
        for (int k = 0; k < 100; k++)
            step(&p);
        for (int k = 0; k < BLOCKS * PER_BLOCK; k++) {
            step(&p);
            const double theta = position(&p);
            const double v = rn_trainer_slot(p.t.trainer, 0)[0];
            block[0][k / PER_BLOCK] += theta * theta;
            block[1][k / PER_BLOCK] += theta * v;
            block[2][k / PER_BLOCK] += v * v;
        }
        expect(schemes[scheme], block[0], s[0]);
        expect(schemes[scheme], block[1], s[1]);
        expect(schemes[scheme], block[2], s[3]);
        training_clear(&p.t);
    }
}

/* exp(-U/T) between two wells, U = (theta^2 - 1)^2/2 + decay theta^2/2 with T = 0.5, decay = 0.4:
   moments by the trapezoidal rule, whose error is far below those of the walk. */
static void walks_know_wells_that_are_no_parabolas(void **state)
{
    (void)state;
    double exact[2] = {0};
    double sum = 0.0;
    for (int i = -4000; i <= 4000; i++) {
        const double square = pow(1e-3 * i, 2.0);
        const double density = exp(-2.0 * (pow(square - 1.0, 2.0) / 2.0 + 0.2 * square));
        sum += density;
        exact[0] += square * density;
        exact[1] += square * square * density;
    }
    const training_plan plan = {.model = "quadratic",
                                .dynamics = "inertial",
                                .dynamics_settings = {{"learning_rate", "0.0225"},
                                                      {"friction", "1.2"},
                                                      {"temperature", "0.5"},
                                                      {"weight_decay", "0.4"},
                                                      {"relative", "false"}},
                                .n_features = 1,
                                .n_outputs = 1,
                                .n_threads = 1};
    const double one = 1.0;
    double block[2][BLOCKS] = {{0}};
    particle p = {.t = {.batch = {.n_samples = 1, .inputs = &one, .targets = &one}}};
    assert_status(training_make_trainer(&plan, &p.t), RN_OK);
    place(&p, 0, 1.0, 0.0);
    for (int k = 0; k < BLOCKS * PER_BLOCK; k++) {
        step(&p);
        const double square = position(&p) * position(&p);
        block[0][k / PER_BLOCK] += square;
        block[1][k / PER_BLOCK] += square * square;
    }
    expect("<theta^2>", block[0], exact[0] / sum);
    expect("<theta^4>", block[1], exact[1] / sum);
    training_clear(&p.t);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_converge_in_their_order),
        cmocka_unit_test(energies_stay_over_a_thousand_periods),
        cmocka_unit_test(areas_shrink_by_the_friction_alone),
        cmocka_unit_test(leapfrog_is_a_published_verlet_of_another_friction),
        cmocka_unit_test(covariances_are_those_of_the_splitting),
        cmocka_unit_test(steps_are_stable_up_to_their_bound),
        cmocka_unit_test(walks_have_these_covariances),
        cmocka_unit_test(walks_know_wells_that_are_no_parabolas),
        cmocka_unit_test(half_kicks_follow_the_schedule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
