/*
 * What this build stands on. Versions are those of the libraries loaded where they can be asked,
 * otherwise those it was built with (given by the build).
 */
/* _SC_NPROCESSORS_ONLN, _SC_PHYS_PAGES */
#define _DEFAULT_SOURCE    /* NOLINT(bugprone-reserved-identifier,cert-dcl*,readability-identifier-naming): \
                              the system's own switch */
#include <renorm/info.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "backends/blas.h"
#include "backends/hdf5.h"

static rn_library *add(rn_info *info, const char *name, const char *purpose, const char *version)
{
    rn_library *library = &info->libraries[info->n_libraries++];
    library->name = name;
    library->purpose = purpose;
    (void)snprintf(library->version, sizeof library->version, "%s", version);
    return library;
}

static void add_blas(rn_info *info)
{
    /* "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ...": the second word is the version */
    char version[64] = "";
    const char *name = rni_blas_name();
    const char *space = strchr(name, ' ');
    if (space)
        (void)snprintf(version, sizeof version, "%.*s", (int)strcspn(space + 1, " "), space + 1);
    rn_library *library = add(info, "OpenBLAS", "matrix products and eigensolves", version);
    (void)snprintf(library->detail, sizeof library->detail, "%s build, %s kernels, %d processors",
                   rni_blas_is_openmp() ? "OpenMP" : "pthread", rni_blas_core(),
                   rni_blas_processors());
}

void rn_info_get(rn_info *info)
{
    char version[64];
    *info = (rn_info){.version = RENORM_VERSION, .compiler = "C compiler " __VERSION__};
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    const long pages = sysconf(_SC_PHYS_PAGES);
    const long page_bytes = sysconf(_SC_PAGESIZE);
    info->processors = processors > 0 ? (int)processors : 1;
    if (pages > 0 && page_bytes > 0) info->memory_bytes = (rn_index)pages * page_bytes;

    add_blas(info);
    rni_hdf5_version(sizeof version, version);
    (void)add(info, "HDF5", "arrays on disk", version);
    (void)add(info, "SUNDIALS", "gradient flow and transport with error control",
              RENORM_SUNDIALS_VERSION);
    (void)add(info, "CMinpack", "fits of power laws", RENORM_CMINPACK_VERSION);
    (void)add(info, "libyaml", "configuration files", RENORM_YAML_VERSION);
    (void)add(info, "Jansson", "numbers of the report's page", RENORM_JANSSON_VERSION);
    (void)add(info, "zlib", "compressed data files", RENORM_ZLIB_VERSION);
    (void)add(info, "libzip", ".npz archives", RENORM_ZIP_VERSION);
    (void)add(info, "Random123", "random streams that threads cannot change", "Philox4x32-10");

    info->blas_core = rni_blas_core();
    info->blas_better_core = rni_blas_better_core();
    info->blas_is_openmp = rni_blas_is_openmp();
}
