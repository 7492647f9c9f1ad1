/*
 * Training where samples act on each other (batch norm): never cut into tiles, and refused with
 * minibatches.
 */
#include <math.h>
#include <renorm/sampler.h>
#include <renorm/train.h>
#include <string.h>

#include "check.h"
#include "core/memory.h"
#include "model_values.h"

/* Separate samples of so small a network would be cut into three tiles. */
enum { N = 1200, SIDE = 4, SIZE = SIDE * SIDE, C = 2 };

typedef struct setting {
    rn_model *model;
    rn_loss *loss;
    rn_dynamics *dynamics;
    double x[N * SIZE];
    double y[N * C];
} setting;

static void set_up(setting *s, const char *kind)
{
    const rn_setting settings[] = {{"stages", "1"},
                                   {"width", "3"},
                                   {"norm", "batch"},
                                   {"statistics", "samples"},
                                   {"bias", "true"}};
    const rn_setting rate = {"learning_rate", "0.1"};
    s->model = values_model("resnet", settings, 5, RN_SHAPE(SIDE, SIDE), C);
    assert_status(rn_loss_create("squared_error", NULL, 0, &s->loss), RN_OK);
    assert_status(rn_dynamics_create(kind, &rate, 1, &s->dynamics), RN_OK);
    values_normal(0, (rn_index)N * SIZE, s->x);
    values_normal(2, (rn_index)N * C, s->y);
}

static rn_trainer_desc describe(setting *s)
{
    return (rn_trainer_desc){.model = s->model,
                             .loss = s->loss,
                             .dynamics = s->dynamics,
                             .train = {.n_samples = N, .inputs = s->x, .targets = s->y},
                             .n_threads = 2};
}

static void tear_down(setting *s)
{
    rn_dynamics_destroy(s->dynamics);
    rn_loss_destroy(s->loss);
    rn_model_destroy(s->model);
}

/* L at theta from the outputs of all samples at once. */
static double loss_by_hand(const setting *s, const double *theta)
{
    double f[N * C];
    double sum = 0.0;
    values_outputs(s->model, theta, N, s->x, f);
    for (int i = 0; i < N * C; i++)
        sum += 0.5 * (f[i] - s->y[i]) * (f[i] - s->y[i]);
    return sum / N;
}

static void loss_and_gradient_are_those_of_all_samples_together(void **state)
{
    (void)state;
    setting s;
    set_up(&s, "gradient_descent");
    const rn_trainer_desc desc = describe(&s);
    rn_trainer *trainer = NULL;
    assert_status(rn_trainer_create(&desc, &trainer), RN_OK);
    assert_status(rn_trainer_start(trainer, 3), RN_OK);
    const rn_index n_weights = rn_model_n_weights(s.model);
    double *memory = rni_alloc(3 * n_weights, sizeof *memory);
    assert_non_null(memory);
    double *gradient = memory;
    double *v = memory + n_weights;
    double *theta = memory + 2 * n_weights;
    double loss = 0.0;
    assert_status(rn_trainer_gradient(trainer, &loss, gradient, NULL), RN_OK);
    const double *at = rn_trainer_theta(trainer);
    assert_close(loss, loss_by_hand(&s, at), 1e-13 * loss);
    values_normal(5, n_weights, v);
    double exact = 0.0;
    double sides[2];
    const double h = 1e-5; /* error h^2 L''' / 6 + eps L / h, about 1e-9 */
    for (int side = 0; side < 2; side++) {
        for (rn_index k = 0; k < n_weights; k++)
            theta[k] = at[k] + (side ? -h : h) * v[k];
        sides[side] = loss_by_hand(&s, theta);
    }
    for (rn_index k = 0; k < n_weights; k++)
        exact += gradient[k] * v[k];
    assert_close((sides[0] - sides[1]) / (2.0 * h), exact, 1e-6 * fabs(exact));

    const rn_batch batch = {.n_samples = N, .inputs = s.x, .targets = s.y};
    rn_evaluation found;
    assert_status(rn_trainer_evaluate(trainer, &batch, &found), RN_OK);
    assert_close(found.loss, loss, 1e-13 * loss);
    rni_free(memory);
    rn_trainer_destroy(trainer);
    tear_down(&s);
}

static void minibatches_are_refused_with_the_reason(void **state)
{
    (void)state;
    setting s;
    rn_sampler *sampler = NULL;
    rn_trainer *trainer = NULL;
    const rn_setting size = {"batch_size", "10"};
    set_up(&s, "sgd");
    assert_status(rn_sampler_create("reshuffled", &size, 1, &sampler), RN_OK);
    rn_trainer_desc desc = describe(&s);
    desc.sampler = sampler;
    assert_status(rn_trainer_create(&desc, &trainer), RN_ERR_CONFIG);
    assert_message_has("no kernel describes it");
    assert_null(trainer);
    rn_sampler_destroy(sampler);
    tear_down(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loss_and_gradient_are_those_of_all_samples_together),
        cmocka_unit_test(minibatches_are_refused_with_the_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
