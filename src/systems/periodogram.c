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

/* y = c0 + c1 u + c2 (u^2 - <u^2>) on places symmetric about the largest power. */
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
    const double n = (double)(2 * reach + 1);
    double square = 0.0;
    double fourth = 0.0;
    double first = 0.0;
    double second = 0.0;
    for (rn_index k = -reach; k <= reach; k++)
        square += (double)(k * k) / n;
    for (rn_index k = -reach; k <= reach; k++) {
        const double u = (double)k;
        const double y = log(p->power[top + k]);
        first += u * y / (n * square);
        second += (u * u - square) * y;
        fourth += (u * u - square) * (u * u - square);
    }
    second /= fourth;
    if (!(second < 0.0)) return rni_fail(RN_ERR_DOMAIN, "periodogram: no peak");
    *out = RNI_FREQUENCY_STEP * ((double)(top + 1) - first / (2.0 * second));
    return RN_OK;
}
