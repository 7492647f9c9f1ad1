/*
 * Losses ahead from modes: closed sums, step by step iteration, exact characteristics and the
 * shell PDE are the witnesses.
 */
#include <math.h>
#include <renorm/mode_forecast.h>
#include <renorm/transport.h>
#include <renorm/transport_solve.h>
#include <string.h>

#include "check.h"
#include "core/memory.h"
#include "core/rng.h"

enum { N = 400, N_TIMES = 4 };

static const double times[N_TIMES] = {0.0, 1.0, 7.3, 60.0};

typedef struct sample {
    double lambda[N], energy[N];
    rn_mode_piece pieces[2];
    rn_mode_set set;
} sample;

/* Eigenvalues over four decades below 1, uneven energies. */
static void make(sample *x, double step_size)
{
    const rni_stream stream = {.seed = 5, .purpose = RNI_RNG_TEST};
    for (uint64_t u = 0; u < N; u++) {
        x->lambda[u] = pow(10.0, -4.0 * rni_rng_uniform(stream, 2 * u));
        x->energy[u] = rni_rng_uniform(stream, 2 * u + 1) / N;
    }
    x->lambda[3] = 0.0; /* not resolved */
    x->pieces[0] = (rn_mode_piece){.duration = 1.0, .step_size = step_size};
    x->set = (rn_mode_set){.n = N,
                           .lambda = x->lambda,
                           .energy = x->energy,
                           .null_energy = 0.01,
                           .n_pieces = 1,
                           .pieces = x->pieces};
}

static void frozen_modes_are_what_steps_give(void **state)
{
    (void)state;
    sample x;
    double loss[3];
    const double ahead[3] = {0.0, 0.5 * 10, 0.5 * 1000};
    const int steps[3] = {0, 10, 1000};
    make(&x, 0.5);
    assert_status(rn_modes_frozen(&x.set, 3, ahead, loss), RN_OK);
    for (int k = 0; k < 3; k++) {
        double sum = 0.01;
        for (int u = 0; u < N; u++) {
            double g = 1.0;
            for (int i = 0; i < steps[k]; i++)
                g -= 0.5 * x.lambda[u] * g;
            sum += x.energy[u] * g * g;
        }
        assert_close(loss[k] / sum, 1.0, 1e-12); /* 1000 roundings */
    }
}

static void a_flow_has_the_closed_sum_of_the_lazy_limit(void **state)
{
    (void)state;
    enum { MANY = 200000 };
    static double lambda[MANY];
    static double energy[MANY];
    const rn_mode_piece flow = {.step_size = 0.0};
    const rn_mode_set set = {
        .n = MANY, .lambda = lambda, .energy = energy, .n_pieces = 1, .pieces = &flow};
    const double ahead[2] = {1e3, 1e4};
    double loss[2];
    for (int k = 0; k < MANY; k++) {
        lambda[k] = pow(k + 1.0, -1.5);
        energy[k] = pow(k + 1.0, -2.0);
    }
    /* L -> (1/b) Gamma((q-1)/b) (2t)^(-(q-1)/b), q = 2, b = 1.5; the sum ends at k = 2e5, which
       takes 1/2e5 of energy that never decays away */
    assert_status(rn_modes_frozen(&set, 2, ahead, loss), RN_OK);
    assert_close(loss[0] + 1.0 / MANY, 0.005686939, 1e-7);
    assert_close(loss[1] + 1.0 / MANY, 0.001225214, 1e-7);
}

static void without_a_velocity_transport_is_frozen(void **state)
{
    (void)state;
    const double s[2] = {-9.0, 0.0};
    const double still[2] = {0.0, 0.0};
    sample x;
    double frozen[N_TIMES];
    double moved[N_TIMES];
    for (int flow = 0; flow < 2; flow++)
        for (rn_wind_rule rule = RN_WIND_STEADY; rule <= RN_WIND_DISSIPATION; rule++) {
            const rn_mode_wind wind = {
                .n = 2, .s = s, .velocity = still, .rule = rule, .power = 1.0, .time = 2.0};
            make(&x, flow ? 0.0 : 1.3);
            assert_status(rn_modes_frozen(&x.set, N_TIMES, times, frozen), RN_OK);
            assert_status(rn_modes_transport(&x.set, &wind, N_TIMES, times, moved), RN_OK);
            for (int k = 0; k < N_TIMES; k++) /* some hundred steps add their roundings */
                assert_close(moved[k] / frozen[k], 1.0, 1e-11);
        }
}

/* w = -c e^(as) as a fine table, its exact characteristics from renorm/transport.h. */
static void transport_follows_exact_characteristics(void **state)
{
    (void)state;
    enum { TABLE = 4000 };
    static double s[TABLE];
    static double w[TABLE];
    static const double exponents[] = {0.0, 0.5, 1.0, 2.0};
    sample x;
    double loss[N_TIMES];
    make(&x, 0.0);
    for (size_t e = 0; e < sizeof exponents / sizeof exponents[0]; e++) {
        const rn_transport_law law = {.a = exponents[e], .c = 0.3};
        for (int i = 0; i < TABLE; i++) {
            s[i] = -32.0 + 33.0 * i / (TABLE - 1);
            w[i] = rn_transport_velocity(&law, s[i], 0.0);
        }
        const rn_mode_wind wind = {.n = TABLE, .s = s, .velocity = w};
        assert_status(rn_modes_transport(&x.set, &wind, N_TIMES, times, loss), RN_OK);
        for (int k = 0; k < N_TIMES; k++) {
            double sum = 0.01 + x.energy[3];
            for (int u = 0; u < N; u++) {
                rn_transport_mode mode;
                if (!(x.lambda[u] > 0.0)) continue;
                assert_status(rn_transport_move(&law, 0.0, times[k], log(x.lambda[u]), &mode),
                              RN_OK);
                sum += x.energy[u] * mode.factor;
            }
            /* midpoint steps of at most 0.05 nat: third order locally, 1e-4 of what decays */
            assert_close(loss[k] / sum, 1.0, 2e-4);
        }
    }
}

static double flat(void *user, double s)
{
    (void)user;
    (void)s;
    return 0.1;
}

static rn_status bumpy(void *user, double t, rn_index n, const double *s, double *values)
{
    (void)user;
    (void)t;
    for (rn_index i = 0; i < n; i++)
        values[i] = 0.05 * exp(-0.5 * (s[i] + 3.0) * (s[i] + 3.0));
    return RN_OK;
}

/* Many modes in place of a density, and the shell PDE with the same velocity. */
static void the_shell_equation_agrees(void **state)
{
    (void)state;
    enum { MODES = 2000, CELLS = 400, TABLE = 400 };
    static double lambda[MODES];
    static double energy[MODES];
    static double cells[CELLS];
    static double s[TABLE];
    static double w[TABLE];
    const double ahead[3] = {1.0, 10.0, 40.0};
    const rn_mode_piece flow = {.step_size = 0.0};
    const rn_mode_set set = {
        .n = MODES, .lambda = lambda, .energy = energy, .n_pieces = 1, .pieces = &flow};
    const rn_transport_start start = {.density = flat, .lower = -8.0, .upper = 0.0};
    rn_transport_solution solution = {0};
    double loss[3];
    for (int u = 0; u < MODES; u++) {
        lambda[u] = exp(-8.0 + 8.0 * (u + 0.5) / MODES);
        energy[u] = 0.8 / MODES;
    }
    for (int i = 0; i < TABLE; i++)
        s[i] = -10.0 + 12.0 * i / (TABLE - 1);
    assert_status(bumpy(NULL, 0.0, TABLE, s, w), RN_OK);
    const rn_mode_wind wind = {.n = TABLE, .s = s, .velocity = w};
    assert_status(rn_modes_transport(&set, &wind, 3, ahead, loss), RN_OK);
    assert_status(rn_transport_cells(&start, -12.0, 4.0, CELLS, cells), RN_OK);
    const rn_transport_problem problem = {.lower = -12.0,
                                          .upper = 4.0,
                                          .n_cells = CELLS,
                                          .initial = cells,
                                          .n_times = 3,
                                          .times = ahead,
                                          .velocity = bumpy};
    assert_true(rn_transport_solve(&problem, NULL, NULL, &solution) >= 0);
    for (int k = 0; k < 3; k++)
        assert_close(loss[k] / solution.inside[k], 1.0, 2e-3); /* the PDE's 1e-3 at 400 cells */
    double still[3];
    assert_status(rn_modes_frozen(&set, 3, ahead, still), RN_OK);
    assert_true(fabs(loss[2] / still[2] - 1.0) > 0.02); /* and the velocity matters */
    rn_transport_solution_clear(&solution);
}

/* d ln L/dt at the start does not know the velocity; its second derivative does. */
static void dissipation_slows_the_wind(void **state)
{
    (void)state;
    const double s[2] = {-20.0, 5.0};
    const double up[2] = {0.02, 0.02};
    const double long_ahead[1] = {300.0};
    sample x;
    double steady[1];
    double fading[1];
    double frozen[1];
    make(&x, 0.0);
    x.set.null_energy = 0.0;
    rn_mode_wind wind = {.n = 2, .s = s, .velocity = up};
    assert_status(rn_modes_transport(&x.set, &wind, 1, long_ahead, steady), RN_OK);
    wind.rule = RN_WIND_DISSIPATION;
    wind.power = 1.0;
    assert_status(rn_modes_transport(&x.set, &wind, 1, long_ahead, fading), RN_OK);
    assert_status(rn_modes_frozen(&x.set, 1, long_ahead, frozen), RN_OK);
    assert_true(steady[0] < fading[0] && fading[0] < frozen[0]);
}

static void a_schedule_is_the_product_of_its_pieces(void **state)
{
    (void)state;
    sample x;
    double loss[1];
    const double ahead[1] = {3.0 + 5 * 0.25};
    make(&x, 0.5);
    x.pieces[0].duration = 3.0; /* six steps of 0.5, then five of 0.25 */
    x.pieces[1] = (rn_mode_piece){.step_size = 0.25};
    x.set.n_pieces = 2;
    double sum = 0.01;
    for (int u = 0; u < N; u++)
        sum +=
            x.energy[u] * pow(1.0 - 0.5 * x.lambda[u], 12.0) * pow(1.0 - 0.25 * x.lambda[u], 10.0);
    assert_status(rn_modes_frozen(&x.set, 1, ahead, loss), RN_OK);
    assert_close(loss[0] / sum, 1.0, 1e-13);
    const double s[1] = {0.0};
    const double still[1] = {0.0};
    const rn_mode_wind wind = {.n = 1, .s = s, .velocity = still};
    assert_status(rn_modes_transport(&x.set, &wind, 1, ahead, loss), RN_OK);
    assert_close(loss[0] / sum, 1.0, 1e-11);
}

static void unstable_modes_are_refused(void **state)
{
    (void)state;
    const double s[1] = {0.0};
    const double up[1] = {0.5};
    const rn_mode_wind wind = {.n = 1, .s = s, .velocity = up};
    sample x;
    double loss[N_TIMES] = {1.0, 1.0, 1.0, 1.0};
    make(&x, 2.2);
    x.lambda[0] = 0.95;
    double most = 0.0;
    for (int u = 0; u < N; u++)
        most = fmax(most, x.lambda[u]);
    assert_close(rn_modes_stability(&x.set), 2.2 * most, 1e-15);
    assert_status(rn_modes_frozen(&x.set, N_TIMES, times, loss), RN_ERR_DOMAIN);
    assert_message_has("eta lambda_max");
    assert_close(loss[1], 1.0, 0.0);
    make(&x, 1.5); /* stable now, and pushed over the edge on the way */
    assert_status(rn_modes_transport(&x.set, &wind, N_TIMES, times, loss), RN_NOT_CONVERGED);
    assert_message_has("eta lambda = 2");
    assert_true(isfinite(loss[0]) && isnan(loss[3]));
}

static void mistakes_are_named(void **state)
{
    (void)state;
    const double s[2] = {0.0, 0.0};
    const double back[2] = {2.0, 1.0};
    const rn_mode_wind wind = {.n = 2, .s = s, .velocity = s};
    sample x;
    double loss[N_TIMES];
    make(&x, 0.5);
    assert_status(rn_modes_frozen(NULL, 1, times, loss), RN_ERR_ARGUMENT);
    assert_status(rn_modes_transport(&x.set, &wind, 2, times, loss), RN_ERR_ARGUMENT);
    const rn_mode_wind one = {.n = 1, .s = s, .velocity = s};
    assert_status(rn_modes_transport(&x.set, &one, 2, back, loss), RN_ERR_ARGUMENT);
    x.energy[7] = -1.0;
    assert_status(rn_modes_frozen(&x.set, 1, times, loss), RN_ERR_ARGUMENT);
    assert_message_has("energy 7");
}

static void failing_memory_is_reported(void **state)
{
    (void)state;
    const double s[1] = {0.0};
    const rn_mode_wind wind = {.n = 1, .s = s, .velocity = s};
    sample x;
    double loss[N_TIMES] = {7.0};
    make(&x, 0.0);
    (void)rni_fail_allocation(1);
    assert_status(rn_modes_transport(&x.set, &wind, N_TIMES, times, loss), RN_ERR_MEMORY);
    (void)rni_fail_allocation(0);
    assert_close(loss[0], 7.0, 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frozen_modes_are_what_steps_give),
        cmocka_unit_test(a_flow_has_the_closed_sum_of_the_lazy_limit),
        cmocka_unit_test(without_a_velocity_transport_is_frozen),
        cmocka_unit_test(transport_follows_exact_characteristics),
        cmocka_unit_test(the_shell_equation_agrees),
        cmocka_unit_test(dissipation_slows_the_wind),
        cmocka_unit_test(a_schedule_is_the_product_of_its_pieces),
        cmocka_unit_test(unstable_modes_are_refused),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(failing_memory_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
