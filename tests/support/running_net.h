/*
 * Test support: a small residual network with batch norm and a trainer of it.
 */
#ifndef RENORM_TESTS_RUNNING_NET_H
#define RENORM_TESTS_RUNNING_NET_H

#include <renorm/sampler.h>
#include <renorm/train.h>
#include <stdbool.h>

enum {
    N = 12,
    B = 5,
    SIDE = 4,
    SIZE = SIDE * SIDE,
    C = 2,
    ROWS = N * C,
    SQUARE = ROWS * ROWS,
    SEED = 7,
    MOST = 400
};

typedef struct running_net {
    rn_model *model;
    rn_loss *loss;
    rn_dynamics *dynamics;
    rn_sampler *sampler;
    rn_trainer *trainer;
    double x[N * SIZE];
    double y[N * C];
} running_net;

/** Settings of plain descent. */
extern const rn_setting running_plain[];
enum { RUNNING_N_PLAIN = 2 };

/** The network on images of SIDE x SIDE; statistics: "running" or "samples". */
rn_model *running_model(const char *statistics);

/** Everything but the trainer, with batches of B where the sampler has batches. Takes the model. */
void running_set_up(running_net *s, rn_model *model, const char *kind, const rn_setting *settings,
                    rn_index n_settings, const char *sampler);

rn_trainer_desc running_describe(const running_net *s);

/** The trainer, at the start of seed SEED. */
void running_start(running_net *s);

void running_tear_down(running_net *s);

/** Parameter i; fails the test where there is none. */
rn_parameter running_parameter(const rn_model *model, rn_index i);

/** is[p] := whether entry p of theta is one of a running statistic; returns how many are. */
int running_entries(const rn_model *model, bool *is);

#endif
