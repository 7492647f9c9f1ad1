/*
 * A program of somebody who has only the installed renorm: prints what test_install.py checks.
 */
#include <renorm/renorm.h>
#include <stdio.h>

int main(void)
{
    const double lambda[3] = {0.25, 1.0, 4.0};
    const double g[3] = {1.0, -2.0, 0.5};
    const rn_shell_input input = {.n = 3, .n_samples = 3, .lambda = lambda, .g = g};
    rn_shell_grid grid;
    rn_shell_report report = {0};
    rn_info info;

    rn_info_get(&info);
    rn_status status = rn_shell_grid_choose(0.0, lambda[2], 0.01, &grid);
    if (status == RN_OK) status = rn_shell_measure(&grid, &input, NULL, &report);
    if (status != RN_OK) {
        fprintf(stderr, "%s\n", rn_last_message());
        return 1;
    }
    printf("version %s\nopenmp %d\nloss %.17g\n", info.version, info.blas_is_openmp, report.loss);
    for (rn_index i = 0; i + 1 < report.n_boundaries; i++)
        printf("shell %.17g %.17g %.17g\n", report.s[i], report.energy[i], report.dissipation[i]);
    rn_shell_report_clear(&report);

    /* a mistake comes back as words, not as the end of the program */
    status = rn_shell_grid_choose(0.0, -1.0, 0.01, &grid);
    printf("refused %d %s\n", status == RN_ERR_ARGUMENT, rn_last_message());
    return 0;
}
