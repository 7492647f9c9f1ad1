/*
 * What happens between a file and a data set: which rows are taken, how inputs are scaled, how
 * classes become targets. The same settings for every source that reads files.
 */
#ifndef RNI_DATA_PREPARE_H
#define RNI_DATA_PREPARE_H

#include "data/source.h"

typedef enum rni_choice { RNI_CHOICE_RANDOM, RNI_CHOICE_FIRST } rni_choice;

typedef enum rni_scaling {
    RNI_SCALING_NONE,
    RNI_SCALING_STANDARD, /**< one mean and deviation over all training inputs */
    RNI_SCALING_FEATURE,  /**< one pair per entry; constant entries become 0 */
    RNI_SCALING_UNIT_NORM /**< every sample divided by its norm */
} rni_scaling;

typedef struct rni_prepare {
    rn_index n_train; /**< 0: all that n_test leaves */
    rn_index n_test;
    int choice; /**< rni_choice */
    double divisor;
    int scaling; /**< rni_scaling */
    bool is_centred;
    rn_index seed;
} rni_prepare;

/** Words of the two choices, in the order of the enums. */
extern const char *const rni_choice_words[];
extern const char *const rni_scaling_words[];

/** The lines of an option table for a settings struct with a field `prepare`. Defaults as
    texts. */
#define RNI_PREPARE_OPTIONS(struct_type, train, test, divided_by, scaled)                          \
    {.key = "n_train",                                                                             \
     RNI_FIELD(struct_type, prepare.n_train),                                                      \
     .range = RNI_BETWEEN(0, 1e9),                                                                 \
     .initial = (train),                                                                           \
     .help = "training samples; 0: all that n_test leaves"},                                       \
        {.key = "n_test",                                                                          \
         RNI_FIELD(struct_type, prepare.n_test),                                                   \
         .range = RNI_BETWEEN(0, 1e9),                                                             \
         .initial = (test),                                                                        \
         .help = "held-out samples"},                                                              \
        {.key = "choice",                                                                          \
         RNI_FIELD(struct_type, prepare.choice),                                                   \
         .choices = rni_choice_words,                                                              \
         .initial = "random",                                                                      \
         .help = "which samples: drawn with the seed, or the first of the file"},                  \
        {.key = "divisor",                                                                         \
         RNI_FIELD(struct_type, prepare.divisor),                                                  \
         .range = RNI_ABOVE(0),                                                                    \
         .initial = (divided_by),                                                                  \
         .help = "raw inputs are divided by this"},                                                \
        {.key = "scaling",                                                                         \
         RNI_FIELD(struct_type, prepare.scaling),                                                  \
         .choices = rni_scaling_words,                                                             \
         .initial = (scaled),                                                                      \
         .help = "inputs to mean 0 and variance 1 over the training samples (standard: one mean "  \
                 "and variance; feature: one pair per entry), or samples to norm 1"},              \
        {.key = "centred",                                                                         \
         RNI_FIELD(struct_type, prepare.is_centred),                                               \
         .initial = "false",                                                                       \
         .help = "subtract 1/C from one-hot targets of C classes"},                                \
    {                                                                                              \
        .key = "seed", RNI_FIELD(struct_type, prepare.seed), .range = RNI_AT_LEAST(-1),            \
        .initial = "-1", .help = "seed of the drawn samples; -1: the run's seed"                   \
    }

/**
 * How many samples a file gives.
 * @param n_rows       rows of the (training) file
 * @param n_test_rows  rows of a test file of its own; -1: held-out samples come from the same rows
 * @return RN_OK; RN_ERR_CONFIG: more asked for than there are, message with both numbers
 */
RN_NODISCARD rn_status rni_prepare_count(const rni_prepare *prepare, const char *name,
                                         rn_index n_rows, rn_index n_test_rows, rn_index *n_train,
                                         rn_index *n_test);

/**
 * Chooses rows: slots[row] := first_slot + k for the k-th row chosen, -1 for the others. Random
 * choices are the head of one permutation of all rows, so a larger choice contains the smaller.
 * @param part   stream (seed, RNI_RNG_CHOICE, part)
 * @param slots  [n_rows] out
 * @return RN_OK; RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_prepare_choose(const rni_prepare *prepare, uint64_t seed,
                                          rn_data_part part, rn_index n_rows, rn_index n_chosen,
                                          rn_index first_slot, rn_index *slots);

/** Most classes of a labelled data set. */
#define RNI_MAX_CLASSES 1000

/**
 * Checks that raw labels are classes, integers in 0 .. RNI_MAX_CLASSES - 1, and raises *n_classes
 * to the largest + 1.
 * @param raw  [n_rows]
 * @return RN_OK; RN_ERR_FORMAT with row, found and expected
 */
RN_NODISCARD rn_status rni_prepare_check_labels(const char *name, rn_index n_rows,
                                                const double *raw, rn_index *n_classes);

/** targets[i, c] := [labels[i] == c] - (1/C if centred), from data->labels. */
void rni_prepare_one_hot(const rni_prepare *prepare, rn_data *data);

/**
 * Divides and scales all inputs in place and records what standardisation used.
 * @return RN_OK; RN_ERR_DOMAIN (nothing varies, or a sample of norm 0); RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_prepare_scale(const rni_prepare *prepare, rn_data *data);

#endif
