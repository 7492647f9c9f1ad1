/*
 * Steps of long walks: stochastic gradient descent of a 1-2-1 tanh net (7 weights) with batches of
 * 10 distinct samples of 200, by the trainer and by a plain loop on the same batches.
 */
#include <math.h>
#include <renorm/sampler.h>

#include "systems/walk.h"
#include "timing.h"

enum { N = 200, BATCH = 10, STEPS = 20000 };

typedef struct both {
    rni_walk walk;
    rn_batches *batches;
    rn_index step;
    const double *x, *y;
    double w[7];
} both;

static void by_trainer(void *user)
{
    both *b = user;
    for (int k = 0; k < STEPS; k++)
        must(rni_walk_on(&b->walk, 1), "rni_walk_on");
}

static void by_hand(void *user)
{
    both *b = user;
    rn_index index[BATCH];
    rn_index count = 0;
    for (int s = 0; s < STEPS; s++) {
        double d[7] = {0};
        must(rn_batches_draw(b->batches, b->step++, index, &count), "rn_batches_draw");
        for (int i = 0; i < BATCH; i++) {
            const double x = b->x[index[i]];
            double h[2];
            double error = b->w[6] - b->y[index[i]];
            for (int k = 0; k < 2; k++) {
                h[k] = tanh(x * b->w[k] + b->w[2 + k]);
                error += h[k] * b->w[4 + k];
            }
            for (int k = 0; k < 2; k++) {
                const double delta = error * b->w[4 + k] * (1.0 - h[k] * h[k]);
                d[k] += delta * x;
                d[2 + k] += delta;
                d[4 + k] += error * h[k];
            }
            d[6] += error;
        }
        for (int k = 0; k < 7; k++)
            b->w[k] -= 0.02 / BATCH * d[k];
    }
}

int main(void)
{
    static double x[N];
    static double y[N];
    const double start[7] = {1.0, -1.0, -0.6, -0.6, 0.9, 0.9, 0.0};
    for (int i = 0; i < N; i++) {
        x[i] = -3.0 + 6.0 * i / N;
        y[i] = exp(-x[i] * x[i]);
    }
    both b = {.x = x, .y = y};
    rni_walk_plan plan = rni_walk_two_units(1);
    plan.learning_rate = 0.02;
    plan.sampler = "distinct";
    plan.batch_size = BATCH;
    plan.n_samples = N;
    plan.inputs = x;
    plan.targets = y;
    rn_sampler *sampler = NULL;
    const rn_setting setting[] = {{"batch_size", "10"}};
    must(rni_walk_open(&plan, &b.walk), "rni_walk_open");
    must(rni_walk_place(&b.walk, 1, start, NULL), "rni_walk_place");
    must(rn_sampler_create("distinct", setting, 1, &sampler), "rn_sampler_create");
    must(rn_batches_create(sampler, N, 1, &b.batches), "rn_batches_create");
    for (int k = 0; k < 7; k++)
        b.w[k] = start[k];
    const comparison c = compare(by_hand, &b, by_trainer, &b);
    double off = 0.0;
    for (int k = 0; k < 7; k++)
        off = fmax(off, fabs(b.w[k] - rni_walk_theta(&b.walk)[k]));
    printf("walk\tns_by_hand\tns_by_trainer\tratio\tdifference\n");
    printf("1-2-1 net, batch 10\t%.0f\t%.0f\t%.2f\t%.1e\n", 1e9 * c.first_s / STEPS,
           1e9 * c.second_s / STEPS, c.ratio, off);
    rn_batches_destroy(b.batches);
    rn_sampler_destroy(sampler);
    rni_walk_close(&b.walk);
    return 0;
}
