/*
 * What a run keeps and writes: rows of metrics, snapshots, the tables of shells and budgets, the
 * manifest.
 */
#ifndef RNI_RUN_RECORD_H
#define RNI_RUN_RECORD_H

#include <renorm/data.h>
#include <renorm/run.h>

#include "core/text.h"
#include "store/folder.h"

/** Grows with the run; everything owned. */
struct rn_run {
    rn_summary summary; /* folder points into store */
    rn_record *records; /* [n_records] */
    rn_index n_records;
    rn_index record_capacity;
    rn_snapshot *snapshots; /* [n_snapshots], of snapshot_capacity */
    rn_index n_snapshots;
    rn_index snapshot_capacity;
    rni_store *store; /* NULL: nothing is written */
    rni_text lines;   /* rows of metrics not yet written */
};

/** Writes the headers of all tables. @return RN_OK; RN_ERR_IO; RN_ERR_MEMORY */
RN_NODISCARD rn_status rni_record_headers(rn_run *run);

/** Keeps a record, without a row. @return RN_OK; RN_ERR_MEMORY */
RN_NODISCARD rn_status rni_record_keep(rn_run *run, const rn_record *record);

/** Keeps a snapshot, without a file (*snapshot is zeroed). @return RN_OK; RN_ERR_MEMORY */
RN_NODISCARD rn_status rni_record_keep_snapshot(rn_run *run, rn_snapshot *snapshot);

/** The columns of metrics.csv, and a record's cells in their order. */
#define RNI_RECORD_COLUMNS 8
extern const char *const rni_record_columns[RNI_RECORD_COLUMNS];

/** Keeps a record and its row. @return RN_OK; RN_ERR_IO; RN_ERR_MEMORY */
RN_NODISCARD rn_status rni_record_add(rn_run *run, const rn_record *record);

/** Writes the rows of metrics kept back so far. */
RN_NODISCARD rn_status rni_record_flush(rn_run *run);

/** Takes a snapshot over (*snapshot is zeroed) and writes its file and its rows.
    @return RN_OK; RN_ERR_IO; RN_ERR_MEMORY */
RN_NODISCARD rn_status rni_record_snapshot(rn_run *run, rn_snapshot *snapshot);

/** Facts of the manifest that the summary does not hold. */
typedef struct rni_manifest {
    rn_index seed;
    int64_t start;  /* seconds since 1970 */
    int64_t finish; /* 0: not finished */
    const char *outcome;
    rn_index n_resumed;     /* how often the run was resumed */
    double earlier_train_s; /* wall times before it was resumed last */
    double earlier_measure_s;
    rn_data_scaling scaling; /* borrowed from the data; zero without */
} rni_manifest;

/** Writes manifest.yaml. */
RN_NODISCARD rn_status rni_record_manifest(rn_run *run, const rni_manifest *manifest);

#endif
