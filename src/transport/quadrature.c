/*
 * Gauss-Kronrod 7/15 on a stack of halved intervals. Nodes, weights and the error estimate
 * (200 |K - G| / R)^1.5 R are those of QUADPACK (Piessens et al. 1983).
 */
#include "transport/quadrature.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

#include "core/status.h"

/* Halvings of one interval, and intervals looked at before we give up on the tolerance. */
enum { MAX_DEPTH = 60, MAX_INTERVALS = 20000 };

static const double nodes[8] = {
    0.991455371120812639206854697526329, 0.949107912342758524526189684047851,
    0.864864423359769072789712788640926, 0.741531185599394439863864773280788,
    0.586087235467691130294144691838259, 0.405845151377397166906606412076961,
    0.207784955007898467600689403773245, 0.0};
static const double kronrod[8] = {
    0.022935322010529224963732008058970, 0.063092092629978553290700663189204,
    0.104790010322250183839876322541518, 0.140653259715525918745189590510238,
    0.169004726639267902826583426598550, 0.190350578064785409913256402421014,
    0.204432940075298892414161999234649, 0.209482141084727828012999174891714};
static const double gauss[4] = {
    0.129484966168869693270611432679082, 0.279705391489276667901467771423780,
    0.381830050505118944950369775488975, 0.417959183673469387755102040816327};

/* One interval, without halving. */
static rn_status apply_rule(rni_integrand_fn f, void *user, double from, double to,
                            rni_integral *out)
{
    const double middle = 0.5 * (from + to);
    const double half = 0.5 * (to - from);
    double value[15]; /* nodes from left to right */
    for (int i = 0; i < 15; i++) {
        const double node = i < 7 ? -nodes[i] : nodes[14 - i];
        RNI_TRY(f(user, middle + half * node, &value[i]));
    }
    double k = 0.0;
    double g = 0.0;
    double size = 0.0;
    for (int i = 0; i < 15; i++) {
        const int j = i < 7 ? i : 14 - i;
        k += kronrod[j] * value[i];
        size += kronrod[j] * fabs(value[i]);
        if (j % 2 == 1) g += gauss[j / 2] * value[i];
    }
    double rough = 0.0; /* integral of |f - mean| */
    for (int i = 0; i < 15; i++)
        rough += kronrod[i < 7 ? i : 14 - i] * fabs(value[i] - 0.5 * k);
    double error = fabs(k - g);
    if (rough > 0.0 && error > 0.0) error = rough * fmin(1.0, pow(200.0 * error / rough, 1.5));
    out->value = half * k;
    out->size = half * size;
    out->error = half * fmax(error, 8.0 * DBL_EPSILON * size); /* 15 products and sums round */
    return RN_OK;
}

rn_status rni_integrate(rni_integrand_fn f, void *user, double from, double to, double scale,
                        double tolerance, rni_integral *sum)
{
    struct {
        double from, to;
        int depth;
    } stack[MAX_DEPTH + 2];
    int n_stack = 0;
    int n_looked_at = 0;
    if (!(from < to)) return RN_OK;
    stack[n_stack].from = from;
    stack[n_stack].to = to;
    stack[n_stack++].depth = 0;
    while (n_stack > 0) {
        const double left = stack[--n_stack].from;
        const double right = stack[n_stack].to;
        const int depth = stack[n_stack].depth;
        const double middle = 0.5 * (left + right);
        rni_integral part;
        RNI_TRY(apply_rule(f, user, left, right, &part));
        const bool is_good =
            part.error <= tolerance * fmax(scale, sum->size + part.size)
            || part.error <= 16.0 * DBL_EPSILON * part.size; /* the estimate's own floor */
        if (is_good || depth == MAX_DEPTH || n_looked_at++ >= MAX_INTERVALS
            || !(left < middle && middle < right)) {
            sum->value += part.value;
            sum->size += part.size;
            sum->error += part.error;
            continue;
        }
        stack[n_stack].from = middle; /* the left half is done first */
        stack[n_stack].to = right;
        stack[n_stack++].depth = depth + 1;
        stack[n_stack].from = left;
        stack[n_stack].to = middle;
        stack[n_stack++].depth = depth + 1;
    }
    return RN_OK;
}
