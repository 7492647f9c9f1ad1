/*
 * Outputs of models at random weights, for tests that compute the same by hand.
 */
#ifndef RENORM_TESTS_MODEL_VALUES_H
#define RENORM_TESTS_MODEL_VALUES_H

#include <renorm/model.h>

/** Makes a model; fails the test where that fails. */
rn_model *values_model(const char *kind, const rn_setting *settings, rn_index n_settings,
                       rn_shape sample, rn_index n_outputs);

/** Standard normal numbers; `part` tells streams apart. */
void values_normal(uint32_t part, rn_index n, double *out);

/** Random parameters, all of them: gains and biases too. Release with rni_free. */
double *values_theta(const rn_model *model);

/** Where a parameter starts in theta; fails the test when there is none of that name. */
const double *values_parameter(const rn_model *model, const double *theta, const char *name);

/** Nodes of the running statistics, at most `room`; returns how many. */
rn_index values_statistics(const rn_model *model, rn_index room, rn_node *nodes);

/** f [n_samples x C]. */
void values_outputs(const rn_model *model, const double *theta, rn_index n_samples, const double *x,
                    double *f);

/** act(z) from its formula in renorm/model.h. */
double values_activate(const char *name, double z);

#endif
