#include "systems/periodogram.h"

#include <math.h>

#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"

rn_status rni_periodogram_open(rni_periodogram *out)
{
    const rn_index table = (rn_index)RNI_SEGMENT * RNI_FREQUENCIES;
    double *const block = rni_alloc_zero(2 * table + 3 * (rn_index)RNI_FREQUENCIES, sizeof *block);
    if (!block) return rni_fail(RN_ERR_MEMORY, "periodogram: no memory");
    *out = (rni_periodogram){.cosine = block,
                             .sine = block + table,
                             .real = block + 2 * table,
                             .imaginary = block + 2 * table + RNI_FREQUENCIES,
                             .power = block + 2 * table + 2 * (rn_index)RNI_FREQUENCIES};
    const double pi = 3.14159265358979323846;
    for (rn_index k = 0; k < RNI_SEGMENT; k++) {
        const double weight = 0.5 - 0.5 * cos(2.0 * pi * ((double)k + 0.5) / RNI_SEGMENT);
        for (int i = 0; i < RNI_FREQUENCIES; i++) {
            const double angle = RNI_FREQUENCY_STEP * (i + 1) * (double)k;
            out->cosine[k * RNI_FREQUENCIES + i] = weight * cos(angle);
            out->sine[k * RNI_FREQUENCIES + i] = weight * sin(angle);
        }
    }
    return RN_OK;
}

void rni_periodogram_close(rni_periodogram *p)
{
    rni_free(p->cosine);
    *p = (rni_periodogram){0};
}

void rni_periodogram_add(rni_periodogram *p, double value)
{
    const double *const cosine = p->cosine + p->place * RNI_FREQUENCIES;
    const double *const sine = p->sine + p->place * RNI_FREQUENCIES;
    for (int i = 0; i < RNI_FREQUENCIES; i++) {
        p->real[i] += value * cosine[i];
        p->imaginary[i] += value * sine[i];
    }
    if (++p->place < RNI_SEGMENT) return;
    for (int i = 0; i < RNI_FREQUENCIES; i++) {
        p->power[i] += p->real[i] * p->real[i] + p->imaginary[i] * p->imaginary[i];
        p->real[i] = 0.0;
        p->imaginary[i] = 0.0;
    }
    p->place = 0;
    p->n_segments++;
}

/* Moments of y over places u = -reach .. reach, and of the places themselves. */
typedef struct fit {
    double n;
    double u2, u4, u6; /* means of u^2, u^4, u^6 */
    double y1, y3;     /* of u y, u^3 y */
    double second;     /* of (u^2 - u2) y */
} fit;

static fit gather(const double *power, rn_index reach)
{
    fit f = {.n = (double)(2 * reach + 1)};
    for (rn_index k = -reach; k <= reach; k++) {
        const double u = (double)k;
        const double y = log(power[k]);
        f.u2 += u * u / f.n;
        f.u4 += u * u * u * u / f.n;
        f.u6 += u * u * u * u * u * u / f.n;
        f.y1 += u * y / f.n;
        f.y3 += u * u * u * y / f.n;
    }
    for (rn_index k = -reach; k <= reach; k++)
        f.second += ((double)(k * k) - f.u2) * log(power[k]) / f.n;
    return f;
}

/* The top of y = c0 + c1 u + c2 u^2 + c3 u^3, least squares, on places symmetric about the largest
   power: a resonance is steeper on one side, and a parabola would follow that side. */
rn_status rni_periodogram_peak(const rni_periodogram *p, double half, double *out)
{
    rn_index top = 0;
    for (rn_index i = 0; i < RNI_FREQUENCIES; i++)
        if (p->power[i] > p->power[top]) top = i;
    const rn_index reach = rni_max((rn_index)(half / RNI_FREQUENCY_STEP), 2);
    if (p->n_segments == 0 || top < reach || top + reach >= RNI_FREQUENCIES)
        return rni_fail(RN_ERR_DOMAIN,
                        "periodogram: %" PRId64 " segments have their largest power at %g, no peak",
                        p->n_segments, RNI_FREQUENCY_STEP * (double)(top + 1));
    const fit f = gather(p->power + top, reach);
    const double c2 = f.second / (f.u4 - f.u2 * f.u2);
    const double shape = f.u2 * f.u6 - f.u4 * f.u4;
    const double c1 = (f.u6 * f.y1 - f.u4 * f.y3) / shape;
    const double c3 = (f.u2 * f.y3 - f.u4 * f.y1) / shape;
    const double under = c2 * c2 - 3.0 * c1 * c3; /* c1 + 2 c2 u + 3 c3 u^2 = 0 */
    const double place = c1 / (sqrt(fmax(under, 0.0)) - c2);
    if (!(c2 < 0.0) || under < 0.0 || fabs(place) > (double)reach)
        return rni_fail(RN_ERR_DOMAIN, "periodogram: no peak");
    *out = RNI_FREQUENCY_STEP * ((double)(top + 1) + place);
    return RN_OK;
}
