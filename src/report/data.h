/*
 * The numbers of a page as JSON.
 */
#ifndef RNI_REPORT_DATA_H
#define RNI_REPORT_DATA_H

#include <renorm/check.h>
#include <renorm/folder.h>

#include "backends/json_tree.h"
#include "core/status.h"

/** Adds one run to the list that is open: names, notes, settings, facts, metrics, snapshots,
    forecasts.
    @return RN_OK; RN_ERR_MEMORY (what Jansson lacks shows when the document is written) */
RN_NODISCARD rn_status rni_report_run(rni_json *json, const rn_folder *folder);

/** Adds to a run's object "forecast", from its last measurement, and "past_forecast", from a tenth
   of its time; neither where none can be made. @return RN_OK; RN_ERR_MEMORY */
RN_NODISCARD rn_status rni_report_forecast(rni_json *json, const rn_folder *folder);

/** Adds the list "check": subjects (runs in their order, then families) with their verdicts and
    lines. */
void rni_report_check(rni_json *json, const rn_check *check);

/** Adds the object "fields": unit, axis and meaning of every quantity of a snapshot. */
void rni_report_fields(rni_json *json);

/**
 * Which of n curve points to keep: all up to 1,500; else the first, lowest and highest of each of
 * 500 intervals of ln(step + 1), the last, every one with a held-out loss and every one whose loss
 * is not finite.
 * @param keep  [n] out: 1 to keep
 * @return number kept
 */
rn_index rni_report_thin(rn_index n, const rn_record *records, unsigned char *keep);

#endif
