/*
 * A scenario's folder.
 */
#include <stdio.h>

#include "core/memory.h"
#include "core/status.h"
#include "scenario/scenario.h"
#include "scenario/scenario_page.h"
#include "store/file.h"
#include "store/table.h"

static rn_status put(const char *folder, const char *name, const rni_text *text)
{
    char path[RNI_PATH_SIZE];
    if (text->is_broken) return rni_fail(RN_ERR_MEMORY, "rn_scenario_write: no memory");
    RNI_TRY(rni_path_join(folder, name, path));
    return rni_file_write(path, rni_text_get(text), text->length);
}

static void add_energies(const rn_scenario *x, rni_text *out)
{
    static const char *const names[] = {"time", "loss",       "inside", "below", "above",
                                        "null", "dissipated", "driven", "error", "exact"};
    enum { N = sizeof names / sizeof names[0] };
    rni_table_header(out, N, names);
    for (rn_index k = 0; k < rn_scenario_n_states(x); k++) {
        const rn_scenario_state *at = &x->states[k];
        const double values[N] = {at->time,      at->loss,       at->inside, at->below, at->above,
                                  at->null_line, at->dissipated, at->driven, at->error, at->exact};
        rni_cell cells[N];
        for (int i = 0; i < N; i++)
            cells[i] = RNI_CELL_REAL(values[i]);
        rni_table_row(out, N, cells);
    }
}

static void add_densities(const rn_scenario *x, rni_text *out)
{
    static const char *const names[] = {"time", "s", "density", "exact"};
    const rn_index n = x->solution.n_cells;
    rni_table_header(out, x->exact_density ? 4 : 3, names);
    for (rn_index k = 0; k < rn_scenario_n_states(x); k++)
        for (rn_index i = 0; i < n; i++) {
            const rni_cell cells[] = {
                RNI_CELL_REAL(x->solution.times[k]), RNI_CELL_REAL(x->solution.s[i]),
                RNI_CELL_REAL(x->solution.density[k * n + i]),
                RNI_CELL_REAL(x->exact_density ? x->exact_density[k * n + i] : 0.0)};
            rni_table_row(out, x->exact_density ? 4 : 3, cells);
        }
}

static rn_status open_folder(const rn_scenario *x, const char *folder, char path[RNI_PATH_SIZE])
{
    if (!folder) {
        return rni_folder_create_free("transport", x->name, path);
    }
    const int length = snprintf(path, RNI_PATH_SIZE, "%s", folder);
    if (length < 1 || length >= RNI_PATH_SIZE)
        return rni_fail(RN_ERR_ARGUMENT, "rn_scenario_write: a path of 1 .. %d bytes is needed",
                        RNI_PATH_SIZE - 1);
    return rni_folder_create(path);
}

rn_status rn_scenario_write(rn_scenario *x, const char *folder)
{
    char path[RNI_PATH_SIZE];
    if (!x || !x->is_solved)
        return rni_fail(RN_ERR_ARGUMENT, "rn_scenario_write: the scenario is NULL or not solved");
    RNI_TRY(open_folder(x, folder, path));
    rni_text energies = {0};
    rni_text densities = {0};
    rni_text page = {0};
    add_energies(x, &energies);
    add_densities(x, &densities);
    rn_status status = rni_scenario_page(x, &page);
    if (status == RN_OK) status = put(path, "config.yaml", &x->text);
    if (status == RN_OK) status = put(path, "energies.csv", &energies);
    if (status == RN_OK) status = put(path, "density.csv", &densities);
    if (status == RN_OK) status = put(path, "transport.html", &page);
    rni_text_clear(&energies);
    rni_text_clear(&densities);
    rni_text_clear(&page);
    if (status < 0) return status;
    rni_free(x->folder);
    x->folder = rni_copy_text(path);
    return x->folder ? RN_OK : rni_fail(RN_ERR_MEMORY, "rn_scenario_write: no memory");
}
