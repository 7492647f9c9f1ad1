/*
 * The rate that the message of a diverging run advises: up to it one weight with L = theta^2/2
 * stays bounded, beyond it not, for every dynamics of fixed steps.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "training.h"

enum { STEPS = 3000 };

typedef struct dynamics {
    const char *name;
    rn_setting settings[3];
    double advised;   /* after a rate of 50 */
    double threshold; /* 0: not known */
} dynamics;

#define ABSOLUTE                                                                                   \
    {                                                                                              \
        "relative", "false"                                                                        \
    }

/* With symplectic Euler the advice is 2 (1 + c) with the c of the rate that diverged, here
   sqrt(50), which is less than of a rate that does not: it is on the safe side. */
static const dynamics all[] = {
    {"gradient_descent", {ABSOLUTE}, 2.0, 2.0},
    {"sgd", {ABSOLUTE}, 2.0, 2.0},
    {"sgd", {ABSOLUTE, {"momentum", "0.9"}}, 3.8, 3.8},
    {"sgd", {ABSOLUTE, {"momentum", "0.9"}, {"nesterov", "true"}}, 3.8 / 2.8, 3.8 / 2.8},
    {"svrg", {ABSOLUTE}, 2.0, 2.0},
    {"inertial", {ABSOLUTE, {"friction", "0.7"}}, 4.0, 4.0},
    {"inertial",
     {ABSOLUTE, {"friction", "0.7"}, {"scheme", "symplectic_euler"}},
     2.0141577,  /* 2 (1 + exp(-0.7 sqrt(50))) */
     2.6411646}, /* x = 2 (1 + exp(-0.7 sqrt(x))) */
};

/* STEPS steps from theta = 1. @return as rn_trainer_advance; *loss is that at the end */
static rn_status run(const dynamics *d, double learning_rate, double *loss)
{
    static double input = 1.0;
    static double target;
    const double start = 1.0;
    char rate[32];
    (void)snprintf(rate, sizeof rate, "%.17g", learning_rate);
    training_plan plan = {.model = "linear",
                          .dynamics = d->name,
                          .dynamics_settings = {{"learning_rate", rate}},
                          .n_features = 1,
                          .n_outputs = 1,
                          .n_threads = 1,
                          .seed = 3};
    memcpy(plan.dynamics_settings + 1, d->settings, sizeof d->settings);
    training t = {.batch = {.n_samples = 1, .inputs = &input, .targets = &target}};
    assert_status(training_make_trainer(&plan, &t), RN_OK);
    const rn_train_state state = {.seed = 3};
    assert_status(rn_trainer_set_state(t.trainer, &state, &start), RN_OK);
    const rn_status status = rn_trainer_advance(t.trainer, STEPS, NULL);
    if (status == RN_OK) assert_status(rn_trainer_gradient(t.trainer, loss, NULL, NULL), RN_OK);
    training_clear(&t);
    return status;
}

/* What the message advises after a run that diverged. */
static double read_bound(void)
{
    const char *text = strstr(rn_last_message(), "(below ");
    assert_non_null(text);
    char *end = NULL;
    const double bound = strtod(text + strlen("(below "), &end);
    assert_memory_equal(end, "/lambda_max)", strlen("/lambda_max)"));
    return bound;
}

static void the_advised_rate_divides_stable_from_unstable(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        double loss = 0.0;
        assert_status(run(&all[i], 50.0, &loss), RN_ERR_NONFINITE);
        assert_close(read_bound(), all[i].advised,
                     1e-3 * all[i].advised); /* four digits are told */
        assert_true(all[i].advised <= all[i].threshold);
        assert_status(run(&all[i], 1.02 * all[i].threshold, &loss), RN_ERR_NONFINITE);
        assert_status(run(&all[i], 0.98 * all[i].threshold, &loss), RN_OK);
        assert_true(loss < 0.5); /* of the start */
    }
}

/* Adam's own metric moves its bound: none is told. */
static void nothing_is_advised_that_is_not_known(void **state)
{
    (void)state;
    const dynamics adam = {"adam", {{NULL, NULL}}, 0.0, 0.0};
    double loss = 0.0;
    assert_status(run(&adam, 1e200, &loss), RN_ERR_NONFINITE);
    assert_message_has("choose a smaller one");
    assert_null(strstr(rn_last_message(), "lambda_max"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_advised_rate_divides_stable_from_unstable),
        cmocka_unit_test(nothing_is_advised_that_is_not_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
