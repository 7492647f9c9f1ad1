/*
 * What a run holds, laid open.
 */
#include <renorm/run.h>

#include "core/memory.h"
#include "run/field.h"
#include "run/record.h"

void rn_run_destroy(rn_run *run)
{
    if (!run) return;
    for (rn_index i = 0; i < run->n_snapshots; i++)
        rni_snapshot_clear(&run->snapshots[i]);
    rni_free(run->snapshots);
    rni_free(run->records);
    rni_text_clear(&run->lines);
    rni_store_destroy(run->store);
    rni_free(run);
}

void rn_run_summary(const rn_run *run, rn_summary *summary)
{
    *summary = run->summary;
}

rn_index rn_run_n_records(const rn_run *run)
{
    return run->n_records;
}

const rn_record *rn_run_record(const rn_run *run, rn_index i)
{
    return i >= 0 && i < run->n_records ? &run->records[i] : NULL;
}

rn_index rn_run_n_snapshots(const rn_run *run)
{
    return run->n_snapshots;
}

const rn_snapshot *rn_run_snapshot(const rn_run *run, rn_index i)
{
    return i >= 0 && i < run->n_snapshots ? &run->snapshots[i] : NULL;
}

const char *rn_run_file(const rn_run *run, rn_index i)
{
    return run->store ? rni_store_file(run->store, i) : NULL;
}
