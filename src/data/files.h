/*
 * Data sets from array files: the one way from a set of files (inputs; targets or labels; the
 * same for test samples) to a data set, whatever the format.
 */
#ifndef RNI_DATA_FILES_H
#define RNI_DATA_FILES_H

#include "data/array.h"
#include "data/prepare.h"

typedef enum rni_role { RNI_ROLE_INPUTS, RNI_ROLE_TARGETS, RNI_ROLE_LABELS } rni_role;

/** A set of array files. Axis 0 counts samples in all of them. */
typedef struct rni_files {
    const char *name; /**< for messages that concern several files; borrowed */
    bool has_targets; /**< real targets [N x C] */
    bool has_labels;  /**< classes [N]; without targets they become one-hot */
    bool has_test;    /**< files of their own for held-out samples; else the same rows */
    /** Opens one file and reads its head. *reader is the caller's to close. */
    rn_status (*open)(const void *user, rni_role role, rn_data_part part, rni_reader **reader,
                      rni_array_head *head);
    const void *user;   /**< borrowed */
    rn_index n_classes; /**< known beforehand: labels beyond are refused; 0: from the labels */
    const char *const *class_names; /**< [n_names] constants, or NULL */
    rn_index n_names;
} rni_files;

/**
 * Reads the chosen samples; memory for those, 16 bytes per row of the files, and no more.
 * @return RN_OK; RN_ERR_CONFIG (too many samples asked for; neither targets nor labels);
 *         RN_ERR_FORMAT (malformed, or files that do not fit each other); RN_ERR_IO;
 *         RN_ERR_DOMAIN; RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_files_load(const rni_files *files, const rni_prepare *prepare,
                                      uint64_t seed, rn_data *data);

/** Opens an IDX file, packed or not, and reads its head. *reader is the caller's to close.
    @return RN_OK; RN_ERR_IO; RN_ERR_FORMAT; RN_ERR_MEMORY */
RN_NODISCARD rn_status rni_idx_open(const char *path, rni_reader **reader, rni_array_head *head);

#endif
