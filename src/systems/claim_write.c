/*
 * A claim's folder.
 */
#include <math.h>

#include "core/memory.h"
#include "store/file.h"
#include "store/table.h"
#include "systems/claim.h"
#include "systems/claim_page.h"

static rn_status put(const char *folder, const char *name, const rni_text *text)
{
    char path[RNI_PATH_SIZE];
    if (text->is_broken) return rni_fail(RN_ERR_MEMORY, "rn_claim_execute: no memory");
    RNI_TRY(rni_path_join(folder, name, path));
    return rni_file_write(path, rni_text_get(text), text->length);
}

/* A text between quotes, quotes doubled, as CSV has it. */
static void add_quoted(rni_text *out, const char *text)
{
    rni_text_add(out, "\"");
    for (; *text; text++)
        rni_text_add(out, *text == '"' ? "\"\"" : "%c", *text);
    rni_text_add(out, "\"");
}

/* Cells of numbers, without an end of line of their own. */
static void add_numbers(rni_text *out, rn_index n, const double *values)
{
    for (rn_index i = 0; i < n; i++) {
        char text[RNI_REAL_SIZE];
        const double v = values[i];
        rni_text_add(out, ",");
        if (isnan(v)) continue;
        if (isinf(v)) {
            rni_text_add(out, v > 0.0 ? "inf" : "-inf");
            continue;
        }
        rni_real_format(v, text);
        rni_text_add(out, "%s", text);
    }
}

static void add_lines(const rn_claim *claim, rni_text *out)
{
    rni_text_add(out, "key,quantity,unit,theory,measured,low,high,at_least,at_most,verdict,values,"
                      "formula,method,tolerance\n");
    for (rn_index i = 0; i < claim->n_lines; i++) {
        const rn_claim_line *line = &claim->lines[i];
        const double numbers[] = {line->theory, line->measured, line->low,
                                  line->high,   line->at_least, line->at_most};
        rni_text_add(out, "%s,", line->key);
        add_quoted(out, line->quantity);
        rni_text_add(out, ",%s", line->unit);
        add_numbers(out, 6, numbers);
        rni_text_add(out, ",%s,%" PRId64 ",", line->decides ? rn_verdict_name(line->verdict) : "-",
                     line->n_values);
        add_quoted(out, line->formula);
        rni_text_add(out, ",");
        add_quoted(out, line->method);
        rni_text_add(out, ",");
        add_quoted(out, line->tolerance);
        rni_text_add(out, "\n");
    }
}

static void add_values(const rn_claim *claim, rni_text *out)
{
    rni_text_add(out, "key,number,value\n");
    for (rn_index i = 0; i < claim->n_lines; i++)
        for (rn_index k = 0; k < claim->lines[i].n_values; k++) {
            rni_text_add(out, "%s,%" PRId64, claim->lines[i].key, k + 1);
            add_numbers(out, 1, &claim->lines[i].values[k]);
            rni_text_add(out, "\n");
        }
}

static void add_curves(const rn_claim *claim, rni_text *out)
{
    rni_text_add(out, "figure,curve,x,y\n");
    for (rn_index i = 0; i < claim->n_curves; i++) {
        const rn_claim_curve *curve = &claim->curves[i].shown;
        for (rn_index k = 0; k < curve->n; k++) {
            const double point[] = {curve->x[k], curve->y[k]};
            rni_text_add(out, "%" PRId64 ",", curve->figure + 1);
            add_quoted(out, curve->name);
            add_numbers(out, 2, point);
            rni_text_add(out, "\n");
        }
    }
}

static void add_notes(const rn_claim *claim, rni_text *out)
{
    for (rn_index i = 0; i < claim->n_notes; i++)
        rni_text_add(out, "%s\n", claim->notes[i]);
}

rn_status rni_claim_write(const rn_claim *claim)
{
    static const char *const names[] = {"claim.csv", "values.csv", "curves.csv", "notes.txt",
                                        "claim.html"};
    rni_text texts[5] = {{0}};
    add_lines(claim, &texts[0]);
    add_values(claim, &texts[1]);
    add_curves(claim, &texts[2]);
    add_notes(claim, &texts[3]);
    rn_status status = rni_claim_page(claim, &texts[4]);
    if (status == RN_OK) status = put(claim->folder, "config.yaml", &claim->text);
    for (int i = 0; i < 5 && status == RN_OK; i++)
        status = put(claim->folder, names[i], &texts[i]);
    for (int i = 0; i < 5; i++)
        rni_text_clear(&texts[i]);
    return status;
}
