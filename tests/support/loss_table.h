/*
 * A table of losses over sizes and tokens with a known law, in the design of the public study of
 * arXiv 2203.15556: 245 points, sizes over 2.6 decades, and its printed constants as the truth.
 */
#ifndef RENORM_TESTS_LOSS_TABLE_H
#define RENORM_TESTS_LOSS_TABLE_H

#include <renorm/fit.h>

enum { LOSS_TABLE_SIZES = 35, LOSS_TABLE_COMPUTES = 7, LOSS_TABLE_N = 245 };

/** E, A, B, alpha, beta. */
extern const double loss_table_truth[5];

typedef struct loss_table {
    double size[LOSS_TABLE_N], tokens[LOSS_TABLE_N], loss[LOSS_TABLE_N];
    rn_fit_input input; /**< of these arrays */
} loss_table;

/** Without noise. */
void loss_table_make(loss_table *t);

/** Adds normal numbers to ln of the losses. */
void loss_table_add_noise(loss_table *t, uint32_t draw, double size);

/** Five points of little compute come out 15 to 35 % too high, as runs that were cut short do. */
void loss_table_add_outliers(loss_table *t);

#endif
