/*
 * A claim from inside.
 */
#ifndef RNI_SYSTEMS_CLAIM_H
#define RNI_SYSTEMS_CLAIM_H

#include <renorm/check.h>
#include <renorm/config.h>

#include "core/settings.h"
#include "store/file.h"
#include "systems/system.h"

/** A curve and its arrays' owner. */
typedef struct rni_drawn {
    rn_claim_curve shown; /**< name owned */
    double *block;        /**< [2 n] x, then y; owned */
} rni_drawn;

/** What is kept under a name. */
typedef struct rni_kept {
    char name[RNI_KEPT_NAME];
    rn_index n_done;
    rn_index n;
    double *values; /**< [n] owned */
} rni_kept;

struct rn_claim {
    const rni_system *system;
    rn_claim_scale scale;
    bool is_mutated;
    rn_index n_seeds;
    rn_index first_seed;

    rni_section sections[2]; /**< of the schema: the top, settings */
    rni_schema schema;
    rni_settings *settings;
    rn_config *lens; /**< the run to look at through shells; NULL: none */
    rni_text text;   /**< config.yaml */

    const rn_observer *observer; /**< of the caller; NULL: silent */
    rn_observer inner;           /**< for calls into the engine */

    rn_claim_line *lines; /**< [n_lines], values owned */
    rn_index n_lines;
    rn_claim_figure *figures; /**< [n_figures], texts owned */
    rn_index n_figures;
    rni_drawn *curves; /**< [n_curves] */
    rn_index n_curves;
    char **notes; /**< [n_notes] */
    rn_index n_notes;

    char *folder;   /**< NULL: nothing is written */
    rni_lock *lock; /**< of the folder, while the claim is worked out */
    rni_kept *kept; /**< [n_kept] what the folder's checkpoint holds */
    rn_index n_kept;
    bool is_resumed;      /**< goes on with what a folder holds */
    rn_folder *lens_seen; /**< NULL: not looked */
    rn_check *lens_check;
};

/** rn_claim_execute for a system that is in no table. */
RN_NODISCARD rn_status rni_claim_execute(const rni_system *system, const rn_claim_options *options,
                                         const rn_observer *observer, rn_claim **out);

/** Fills scale, seeds, settings and lens from the options; the claim is zeroed before.
    @return RN_OK; RN_ERR_CONFIG; RN_ERR_IO; RN_ERR_MEMORY */
RN_NODISCARD rn_status rni_claim_load(rn_claim *claim, const rn_claim_options *options);

/** Where an unfinished claim goes on from. */
#define RNI_CLAIM_CHECKPOINT "checkpoint.bin"

/**
 * Makes the claim's folder, new or empty, or opens one that holds an unfinished claim of the same
 * configuration and reads its checkpoint; locks it.
 * @return RN_OK; RN_ERR_IO; RN_ERR_FORMAT (damaged), RN_ERR_CONFIG (another configuration),
 *         RN_ERR_UNSUPPORTED (another version); RN_ERR_MEMORY; RN_ERR_ARGUMENT
 */
RN_NODISCARD rn_status rni_claim_open(rn_claim *claim, const rn_claim_options *options);

/** Removes the checkpoint of a claim that is written. @return RN_OK; RN_ERR_IO */
RN_NODISCARD rn_status rni_claim_finish(const rn_claim *claim);

/** Releases what is kept in memory, and the lock. */
void rni_claim_close(rn_claim *claim);

/** Runs the lens in FOLDER/lens, measures and checks it. Nothing happens without lens or folder.
    @return as rn_run_execute, rn_report_write, rn_check_create */
RN_NODISCARD rn_status rni_claim_look(rn_claim *claim);

/** Writes the folder's files. @return RN_OK; RN_ERR_IO; RN_ERR_MEMORY */
RN_NODISCARD rn_status rni_claim_write(const rn_claim *claim);

#endif
