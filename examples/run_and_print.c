/*
 * Trains a network and prints where its error sits in the spectrum of its kernel.
 */
#include <renorm/renorm.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    rn_config *config = NULL;
    rn_run *run = NULL;
    rn_status status = rn_config_load(argc > 1 ? argv[1] : "configs/demo.yaml", 0, NULL, &config);
    if (status >= 0) status = rn_run_execute(config, NULL, NULL, &run);
    if (status < 0) {
        fprintf(stderr, "%s\n", rn_last_message());
        rn_config_destroy(config);
        return 1;
    }
    for (rn_index k = 0; k < rn_run_n_snapshots(run); k++) {
        const rn_snapshot *at = rn_run_snapshot(run, k);
        printf("step %d, loss %.6f\n", (int)at->record.step, at->record.loss);
        for (rn_index i = 0; i + 1 < at->n_boundaries; i++)
            if (at->energy[i] > 0.01 * at->record.loss)
                printf("  s = %6.2f .. %6.2f  energy %.6f\n", at->s[i], at->s[i + 1],
                       at->energy[i]);
    }
    rn_run_destroy(run);
    rn_config_destroy(config);
    return 0;
}
