/*
 * The page of a forecast.
 */
#include "outlook.h"

#include <inttypes.h>
#include <math.h>

/* What the methods are, in a line each. */
static const char *const meanings[RN_FORECAST_METHODS] = {
    "the modes of this run, nothing moves but the error",
    "the same modes, moving with the measured velocity",
    "curve fit, power law with a floor",
    "curve fit, power law of the last half decade",
};

static bool is_shown(const rn_forecast_line *line)
{
    for (rn_index i = 0; i < RN_BACKTEST_FACTORS; i++)
        if (fabs(line->factor - rn_backtest_factor(i)) < 1e-9) return true;
    return false;
}

static void print_line(const terminal *t, const rn_forecast_answer *a, const rn_forecast_line *line)
{
    fprintf(t->stream, "\n  %s%g times the time%s (%.4g)", style_text(t, STYLE_STRONG),
            line->factor, style_text(t, STYLE_PLAIN), line->time);
    if (isfinite(line->measured)) fprintf(t->stream, "   the run measured %.3g", line->measured);
    fprintf(t->stream, "\n");
    for (int m = 0; m < RN_FORECAST_METHODS; m++) {
        const rn_forecast_value *v = &line->by[m];
        if (!isfinite(v->loss)) continue;
        fprintf(t->stream, "    %s%-9s%9.3g",
                style_text(t, m == a->chosen ? STYLE_STRONG : STYLE_FAINT),
                rn_forecast_method_name((rn_forecast_method)m), v->loss);
        if (isfinite(v->low90))
            fprintf(t->stream, "  50 %%: %8.3g .. %-8.3g  90 %%: %8.3g .. %-8.3g", v->low50,
                    v->high50, v->low90, v->high90);
        fprintf(t->stream, "%s\n", style_text(t, STYLE_PLAIN));
    }
}

bool limits_text(const rn_forecast_answer *answer, char *text, size_t size)
{
    size_t length = 0;
    for (int m = 0; m < RN_FORECAST_METHODS; m++) {
        if (!isfinite(answer->limit[m])) continue;
        const int added =
            snprintf(text + length, size - length, "%s %s %.3g",
                     length ? "," : "left as time grows without end:",
                     rn_forecast_method_name((rn_forecast_method)m), answer->limit[m]);
        if (added < 0 || (size_t)added >= size - length) break;
        length += (size_t)added;
    }
    return length > 0;
}

bool bounds_text(const rn_forecast_answer *answer, char *text, size_t size)
{
    const rn_forecast_line *last = &answer->lines[answer->n_lines - 1];
    if (!isfinite(last->frozen_most)) return false;
    (void)snprintf(text, size,
                   "frozen modes from products alone: the loss at %.3g times the time is certainly "
                   "between %.3g and %.3g if nothing moves",
                   last->factor, last->frozen_least, last->frozen_most);
    return true;
}

bool held_out_text(const rn_forecast_answer *answer, char *text, size_t size)
{
    const rn_forecast_held_out *h = answer->held_out;
    int n = snprintf(text, size, "held-out loss, now %.3g; with the modes frozen",
                     answer->held_out_loss);
    if (!answer->has_held_out) return false;
    for (int k = 0; k < RN_BACKTEST_FACTORS && n > 0 && (size_t)n < size; k++)
        n += snprintf(text + n, size - (size_t)n,
                      "%s %.3g at %g times the time (90 %%: %.3g to %.3g)", k ? "," : "",
                      h[k].value.loss, h[k].factor, h[k].value.low90, h[k].value.high90);
    return true;
}

bool exponents_text(const rn_forecast_answer *answer, char *text, size_t size)
{
    const rn_spectrum_exponents *e = &answer->exponents;
    if (!answer->has_exponents) return false;
    (void)snprintf(text, size,
                   "spectrum at the start, ranks %" PRId64 " to %" PRId64
                   ": lambda ~ k^-b, b = %.2f [%.2f, %.2f], energy ~ k^-q, q = %.2f [%.2f, %.2f]; "
                   "frozen modes then lose t^-%.2f [%.2f, %.2f]; the last half decade of the run: "
                   "t^-%.2f",
                   e->first, e->last, e->capacity.value, e->capacity.low, e->capacity.high,
                   e->source.value, e->source.low, e->source.high, e->implied.value, e->implied.low,
                   e->implied.high, answer->slope);
    return true;
}

void print_outlook(const terminal *t, const rn_forecast_answer *a)
{
    char words_below[OUTLOOK_TEXT];
    fprintf(t->stream, "\n%s%s%s: from step %" PRId64 ", time %.4g, training loss %.4g\n",
            style_text(t, STYLE_STRONG), a->name, style_text(t, STYLE_PLAIN), a->step, a->from,
            a->loss);
    terminal_words(t, 2, a->sentence);
    for (rn_index k = 0; k < a->n_lines; k++)
        if (is_shown(&a->lines[k])) print_line(t, a, &a->lines[k]);
    fprintf(t->stream, "\n");
    for (int m = 0; m < RN_FORECAST_METHODS; m++) {
        char words[2 * RN_FORECAST_TEXT];
        (void)snprintf(words, sizeof words, "%s: %s%s%s",
                       rn_forecast_method_name((rn_forecast_method)m), meanings[m],
                       a->reason[m][0] ? "; cannot tell: " : "", a->reason[m]);
        terminal_words(t, 2, words);
    }
    if (limits_text(a, words_below, sizeof words_below)) {
        fprintf(t->stream, "\n");
        terminal_words(t, 2, words_below);
    }
    if (bounds_text(a, words_below, sizeof words_below)) {
        fprintf(t->stream, "\n");
        terminal_words(t, 2, words_below);
    }
    if (held_out_text(a, words_below, sizeof words_below)) {
        fprintf(t->stream, "\n");
        terminal_words(t, 2, words_below);
    }
    if (exponents_text(a, words_below, sizeof words_below)) {
        fprintf(t->stream, "\n");
        terminal_words(t, 2, words_below);
    }
    fprintf(t->stream, "\n");
}
