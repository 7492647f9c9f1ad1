/*
 * Inertial dynamics of a network: time that can be turned round, heavy ball without noise, units,
 * what cannot be told without friction, and equipartition.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "training.h"

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

/* A network that can learn its 23 x 2 targets: at a small T the loss is a sum of 46 squares, each
   of which holds T/2 on average, whatever its curvature and the step. */
static void every_row_of_a_network_holds_half_a_temperature(void **state)
{
    (void)state;
    enum { ROWS = 46, BLOCKS = 20, LOOKS = 50, STRIDE = 40, LEARNING = 20000 };
    const double share = 0.5 * 1e-8;
    const rn_setting settings[5] = {{"learning_rate", "0.25"},
                                    {"friction", "0.1"},
                                    {"temperature", "1e-8"},
                                    {"relative", "false"}};
    training t = network("inertial", settings, NULL);
    assert_true(rn_trainer_n_weights(t.trainer) > ROWS);
    double sum = 0.0;
    double squares = 0.0;
    rn_index step = LEARNING;
    for (int b = 0; b < BLOCKS; b++) {
        double mean = 0.0;
        for (int k = 0; k < LOOKS; k++, step += STRIDE) {
            double loss = 0.0;
            assert_status(rn_trainer_advance(t.trainer, step, NULL), RN_OK);
            assert_status(rn_trainer_gradient(t.trainer, &loss, NULL, NULL), RN_OK);
            mean += loss / LOOKS;
        }
        sum += mean / BLOCKS;
        squares += mean * mean / BLOCKS;
    }
    const double error = sqrt((squares - sum * sum) / (BLOCKS - 1));
    print_message("mean loss %.3f +- %.3f of T/2, rows %d\n", sum / share, error / share, ROWS);
    assert_close(sum, ROWS * share, 4.0 * error);
    assert_true(error < 0.02 * sum);
    training_clear(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leapfrog_goes_back_where_it_came_from),
        cmocka_unit_test(symplectic_euler_is_heavy_ball),
        cmocka_unit_test(leapfrog_is_heavy_ball_from_half_a_kick),
        cmocka_unit_test(relative_settings_count_in_roots_of_the_scale),
        cmocka_unit_test(without_friction_there_is_no_time_of_the_flow),
        cmocka_unit_test(every_row_of_a_network_holds_half_a_temperature),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
