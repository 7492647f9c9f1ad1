/*
 * Shells of a kernel that was computed elsewhere: here a power law, lambda_k = k^-1.5, with the
 * error spread evenly over 200 modes. No network, no training.
 */
#include <math.h>
#include <renorm/shells.h>
#include <stdio.h>

#define N 200

int main(void)
{
    double lambda[N];
    double g[N];
    for (int u = 0; u < N; u++) {
        lambda[u] = pow(N - u, -1.5); /* ascending */
        g[u] = 1.0;
    }
    const rn_shell_input input = {.n = N, .n_samples = N, .lambda = lambda, .g = g};
    rn_shell_grid grid;
    rn_shell_report report = {0};
    rn_status status = rn_shell_grid_choose(0.0, lambda[N - 1], 1e-13 * lambda[N - 1], &grid);
    if (status == RN_OK) status = rn_shell_measure(&grid, &input, NULL, &report);
    if (status != RN_OK) {
        fprintf(stderr, "%s\n", rn_last_message());
        return 1;
    }
    double total = report.null_energy;
    for (rn_index i = 0; i + 1 < report.n_boundaries; i++) {
        total += report.energy[i];
        if (report.energy[i] > 0.0)
            printf("s = %6.2f  energy %.6f  dissipation above %.6f\n", report.s[i],
                   report.energy[i], report.dissipation[i]);
    }
    printf("sum %.12f, loss %.12f\n", total, report.loss);
    const int is_whole = fabs(total - report.loss) <= 1e-12 * report.loss;
    rn_shell_report_clear(&report);
    return is_whole ? 0 : 1;
}
