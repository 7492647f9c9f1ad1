/*
 * A run's results for programs: a tab-separated table of shells, and everything as JSON.
 */
#include <inttypes.h>
#include <math.h>

#include "json.h"
#include "summary.h"

static void print_cell(FILE *stream, const double *values, rn_index i)
{
    if (values && isfinite(values[i]))
        fprintf(stream, "\t%.10g", values[i]);
    else
        fprintf(stream, "\t");
}

void print_shell_table(FILE *stream, const rn_run *run)
{
    fprintf(stream, "step\ttime\tloss\tshell\ts_low\ts_high\tenergy\tdissipation\tflux\tmigration\t"
                    "transfer\tvelocity\n");
    for (rn_index k = 0; k < rn_run_n_snapshots(run); k++) {
        const rn_snapshot *at = rn_run_snapshot(run, k);
        for (rn_index i = 0; i + 1 < at->n_boundaries; i++) {
            fprintf(stream, "%" PRId64 "\t%.10g\t%.10g\t%" PRId64, at->record.step, at->record.time,
                    at->record.loss, i);
            print_cell(stream, at->s, i);
            print_cell(stream, at->s, i + 1);
            print_cell(stream, at->energy, i);
            print_cell(stream, at->dissipation, i);
            print_cell(stream, at->flux, i);
            print_cell(stream, at->migration, i);
            print_cell(stream, at->transfer, i);
            print_cell(stream, at->velocity, i);
            fprintf(stream, "\n");
        }
    }
}

static void print_record(json *j, const rn_record *record)
{
    json_integer(j, "step", record->step);
    json_real(j, "time", record->time);
    json_real(j, "learning_rate", record->learning_rate);
    json_real(j, "loss", record->loss);
    json_real(j, "accuracy", record->accuracy);
    json_real(j, "held_out_loss", record->held_out_loss);
    json_real(j, "held_out_accuracy", record->held_out_accuracy);
    json_real(j, "gradient_norm", record->gradient_norm);
}

static void print_snapshot(json *j, const rn_snapshot *at)
{
    json_open(j, NULL, '{');
    json_integer(j, "step", at->record.step); /* the rest of the record is among the fields */
    for (rn_index i = 0; rn_snapshot_field(i); i++) {
        const rn_field *field = rn_snapshot_field(i);
        rn_index count = 0;
        const double *values = rn_snapshot_values(at, i, &count);
        if (!values)
            json_text(j, field->name, NULL);
        else if (!field->axis[0])
            json_real(j, field->name, values[0]);
        else
            json_reals(j, field->name, count, values);
    }
    json_close(j, '}');
}

void print_run_json(FILE *stream, const rn_run *run)
{
    json j = {.stream = stream};
    rn_summary s;
    rn_run_summary(run, &s);
    json_open(&j, NULL, '{');
    json_integer(&j, "format", 1);
    json_text(&j, "folder", s.folder);
    json_integer(&j, "n_steps", s.n_steps);
    json_integer(&j, "n_steps_planned", s.n_steps_planned);
    json_integer(&j, "n_samples", s.n_samples);
    json_integer(&j, "n_outputs", s.n_outputs);
    json_integer(&j, "n_weights", s.n_weights);
    json_integer(&j, "n_held_out", s.n_held_out);
    json_boolean(&j, "has_kinks", s.has_kinks);
    json_boolean(&j, "is_interrupted", s.is_interrupted);
    json_open(&j, "records", '[');
    for (rn_index i = 0; i < rn_run_n_records(run); i++) {
        json_open(&j, NULL, '{');
        print_record(&j, rn_run_record(run, i));
        json_close(&j, '}');
    }
    json_close(&j, ']');
    json_open(&j, "snapshots", '[');
    for (rn_index i = 0; i < rn_run_n_snapshots(run); i++)
        print_snapshot(&j, rn_run_snapshot(run, i));
    json_close(&j, ']');
    json_close(&j, '}');
    fprintf(stream, "\n");
}
