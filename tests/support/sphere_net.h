/*
 * A network on 96 points of the `sphere` data at its start, through the public calls: the setting
 * of docs/theory/couplings.md.
 */
#ifndef RENORM_TESTS_SPHERE_NET_H
#define RENORM_TESTS_SPHERE_NET_H

#include <renorm/couplings.h>
#include <renorm/data.h>
#include <renorm/kernel.h>
#include <renorm/model.h>
#include <renorm/train.h>
#include <stdbool.h>

#define SPHERE_N 96 /* samples, one output each */

typedef struct sphere_net {
    rn_data *data;
    rn_model *model;
    rn_loss *loss;
    rn_dynamics *dynamics;
    rn_trainer *trainer;
    rn_kernel *kernel;
    const double *inputs, *targets; /* borrowed from data */
    double *theta;                  /* owned, at the start */
    double *v;                      /* owned, -grad L there */
} sphere_net;

/** An mlp of width 48 with quick_gelu. gain "0" is sqrt(2/depth) residual, 1.5 plain. */
void sphere_net_create(int depth, bool is_residual, const char *gain, uint64_t seed,
                       sphere_net *net);
void sphere_net_destroy(sphere_net *net);

/** At theta + dt v: eigenvalues, eigenvectors in rows, the error f - y; and, where mt is not NULL,
    phi M'[v] phi^T. Each matrix [SPHERE_N x SPHERE_N]. */
void sphere_net_measure(const sphere_net *net, double dt, double *lambda, double *phi, double *e,
                        double *mt);

#endif
