/*
 * Forecasts as JSON: from the last measurement on, and one made at a tenth of the run, held against
 * what came.
 */
#include "report/data.h"

#include <math.h>
#include <renorm/forecast.h>

/* A forecast of the past starts at this share of the run's time. */
#define PAST 0.1

static void add_value(rni_json *json, const char *key, const rn_forecast_value *v)
{
    const double numbers[] = {v->loss, v->low50, v->high50, v->low90, v->high90};
    rni_json_reals(json, key, 5, numbers);
}

/* null where the measurement did not foretell it */
static void add_held_out(rni_json *json, const rn_forecast_answer *a)
{
    if (!a->has_held_out) return;
    rni_json_object(json, "held_out");
    rni_json_real(json, "loss", a->held_out_loss);
    rni_json_list(json, "lines");
    for (int k = 0; k < RN_BACKTEST_FACTORS; k++) {
        rni_json_object(json, NULL);
        rni_json_real(json, "time", a->held_out[k].time);
        rni_json_real(json, "factor", a->held_out[k].factor);
        rni_json_real(json, "measured", a->held_out[k].measured);
        add_value(json, "frozen", &a->held_out[k].value);
        rni_json_close(json);
    }
    rni_json_close(json);
    rni_json_close(json);
}

static void add_answer(rni_json *json, const char *key, const rn_forecast_answer *a)
{
    rni_json_object(json, key);
    rni_json_text(json, "sentence", a->sentence);
    rni_json_text(json, "chosen", rn_forecast_method_name((rn_forecast_method)a->chosen));
    rni_json_integer(json, "step", a->step);
    rni_json_real(json, "from", a->from);
    rni_json_real(json, "loss", a->loss);
    rni_json_real(json, "stability", a->stability);
    add_held_out(json, a);
    rni_json_object(json, "cannot_tell");
    for (int m = 0; m < RN_FORECAST_METHODS; m++)
        if (a->reason[m][0])
            rni_json_text(json, rn_forecast_method_name((rn_forecast_method)m), a->reason[m]);
    rni_json_close(json);
    rni_json_list(json, "lines");
    for (rn_index k = 0; k < a->n_lines; k++) {
        rni_json_object(json, NULL);
        rni_json_real(json, "time", a->lines[k].time);
        rni_json_real(json, "factor", a->lines[k].factor);
        rni_json_real(json, "measured", a->lines[k].measured);
        for (int m = 0; m < RN_FORECAST_METHODS; m++)
            add_value(json, rn_forecast_method_name((rn_forecast_method)m), &a->lines[k].by[m]);
        rni_json_close(json);
    }
    rni_json_close(json);
    rni_json_close(json);
}

/* A forecast that cannot be made is left out: the page says so. */
static rn_status add(rni_json *json, const char *key, const rn_folder *folder,
                     const rn_forecast_options *options)
{
    rn_forecast *forecast = NULL;
    const rn_status status = rn_forecast_create(folder, options, &forecast);
    if (status == RN_ERR_MEMORY) return status;
    if (forecast) add_answer(json, key, rn_forecast_answer_of(forecast));
    rn_forecast_destroy(forecast);
    return RN_OK;
}

rn_status rni_report_forecast(rni_json *json, const rn_folder *folder)
{
    const rn_record *last = rn_folder_record(folder, rn_folder_n_records(folder) - 1);
    if (!last || !(last->time > 0.0)) return RN_OK;
    RNI_TRY(add(json, "forecast", folder, NULL));
    const rn_forecast_options past = {.from = PAST * last->time, .to = last->time};
    return add(json, "past_forecast", folder, &past);
}
