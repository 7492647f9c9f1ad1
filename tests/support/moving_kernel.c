#include "moving_kernel.h"

#include <math.h>
#include <string.h>

#include "jacobi.h"

enum { N = MOVING_N };

void moving_kernel_make(uint64_t seed, double drive_size, moving_kernel *out)
{
    random_orthogonal(seed, 40, N, out->fixed);
    random_fill(seed, 41, N, out->growth);
    random_fill(seed, 42, N / 2, out->rates);
    random_fill(seed, 43, N, out->drive);
    for (int u = 0; u < N; u++) {
        out->base[u] = 2.0 * pow(10.0, -4.0 * u / (N - 1.0));
        out->growth[u] *= 0.5;
        out->drive[u] *= drive_size;
    }
}

/* R(t) and its derivative: rows 2k and 2k+1 turned by rates[k] t. */
static void turning(const moving_kernel *kernel, double t, double speed, double *r, double *rate)
{
    memset(r, 0, sizeof(double) * N * N);
    memset(rate, 0, sizeof(double) * N * N);
    for (int k = 0; k < N / 2; k++) {
        const double omega = speed * kernel->rates[k];
        const double c = cos(omega * t);
        const double s = sin(omega * t);
        const int p = 2 * k;
        const int q = 2 * k + 1;
        r[p * N + p] = c;
        r[p * N + q] = -s;
        r[q * N + p] = s;
        r[q * N + q] = c;
        rate[p * N + p] = -omega * s;
        rate[p * N + q] = -omega * c;
        rate[q * N + p] = omega * c;
        rate[q * N + q] = -omega * s;
    }
}

void moving_kernel_at(const moving_kernel *kernel, double t, double *m, double *rate)
{
    double left[N * N];
    double left_rate[N * N];
    double right[N * N];
    double right_rate[N * N];
    double half[N * N];
    double q[N * N];
    double q_rate[N * N];
    double second[N * N];
    turning(kernel, t, 1.0, left, left_rate);
    turning(kernel, t, 2.0, right, right_rate);
    dense_multiply(N, kernel->fixed, right, half);
    dense_multiply(N, left, half, q);
    dense_multiply(N, left_rate, half, q_rate);
    dense_multiply(N, kernel->fixed, right_rate, half);
    dense_multiply(N, left, half, second);
    for (int j = 0; j < N * N; j++)
        q_rate[j] += second[j];
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            long double sum = 0.0L;
            long double sum_rate = 0.0L;
            for (int u = 0; u < N; u++) {
                const double l = kernel->base[u] * exp(kernel->growth[u] * sin(t));
                const double l_rate = l * kernel->growth[u] * cos(t);
                const double qi = q[i * N + u];
                const double qj = q[j * N + u];
                sum += (long double)l * (long double)qi * (long double)qj;
                sum_rate += (long double)l_rate * (long double)qi * (long double)qj
                            + (long double)l
                                  * ((long double)q_rate[i * N + u] * (long double)qj
                                     + (long double)qi * (long double)q_rate[j * N + u]);
            }
            if (m) m[i * N + j] = (double)sum;
            if (rate) rate[i * N + j] = (double)sum_rate;
        }
}

static void slope_at(const moving_kernel *kernel, double t, const double *e, double *out)
{
    double m[N * N];
    moving_kernel_at(kernel, t, m, NULL);
    dense_apply(N, m, e, out);
    for (int i = 0; i < N; i++)
        out[i] = kernel->drive[i] * cos(t) - out[i];
}

void moving_kernel_follow(const moving_kernel *kernel, double t0, double t1, int n_steps, double *e)
{
    const double dt = (t1 - t0) / n_steps;
    double k[4][N];
    double probe[N];
    for (int step = 0; step < n_steps; step++) {
        const double t = t0 + step * dt;
        slope_at(kernel, t, e, k[0]);
        for (int stage = 1; stage < 4; stage++) {
            const double part = stage == 3 ? dt : 0.5 * dt;
            for (int i = 0; i < N; i++)
                probe[i] = e[i] + part * k[stage - 1][i];
            slope_at(kernel, t + part, probe, k[stage]);
        }
        for (int i = 0; i < N; i++)
            e[i] += dt / 6.0 * (k[0][i] + 2.0 * k[1][i] + 2.0 * k[2][i] + k[3][i]);
    }
}
