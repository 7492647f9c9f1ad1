/*
 * A small configuration schema for tests of the validator: keys at the top, a plain section, an
 * axis with a default kind and an axis without.
 */
#ifndef RENORM_TESTS_SAMPLE_SCHEMA_H
#define RENORM_TESTS_SAMPLE_SCHEMA_H

#include "core/settings.h"

typedef struct sample_top {
    rn_index seed;
    char *note;
} sample_top;

typedef struct sample_grid {
    double step;
    double floor;
    rni_reals marks;
} sample_grid;

typedef struct sample_mlp {
    rn_index depth;
    double gain;
    int activation; /* 0 tanh, 1 relu */
    bool is_tied;
} sample_mlp;

typedef struct sample_linear {
    double scale;
} sample_linear;

typedef struct sample_file {
    char *path;
    rn_index n_train;
} sample_file;

/** Sections: "" (sample_top), grid, model (residual_mlp by default, or linear), data (file). */
extern const rni_schema sample_schema;

#endif
