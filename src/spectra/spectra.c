/*
 * The part common to all dense eigensolvers: checks before, scaling, threads, identities after,
 * outputs last.
 *
 * Scaling: squares of entries appear inside every method, so a matrix or vector whose largest
 * entry lies outside 2^-RANGE .. 2^RANGE is multiplied by a power of two first and the results
 * are multiplied back; nothing is rounded, and other inputs are left alone.
 *
 * Noise floor: Householder reduction and QL are backward stable with |error| <= p(n) eps |M|_2,
 * p a low polynomial in the worst case. Largest error seen over the adversarial spectra of the
 * tests, in units of eps |M|_2, at n = 3, 8, 33, 90, 300: sterf 4, 8, 10, 27, 57; ql 4, 8, 14, 11,
 * 36; syevd 4, 8, 10, 10, 10; jacobi 5, 10, 32, 53 (n <= 90). n + 32 bounds all of them.
 */
#include <renorm/spectra.h>

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "backends/blas.h"
#include "backends/lapack.h"
#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"
#include "spectra/method.h"

/* Order is preference: the first that does what is asked in the cheapest way. */
static const rni_spectra_method *const methods[] = {&rni_spectra_sterf, &rni_spectra_ql,
                                                    &rni_spectra_syevd, &rni_spectra_jacobi, NULL};

/* Exponents within which products of three (e.Me), and sums of 2^30, keep clear of the ends. */
enum { RANGE = 300 };

/* A residual beyond this is a defect; LAPACK's own tests use the same threshold. */
static const double residual_limit = 30.0;

/* Components within this of the largest one decide a vector's sign by position. */
static const double sign_margin = 1e-6;

typedef enum wish { VALUES, PROJECTIONS, VECTORS } wish;

/* One call: the arguments, what was found out about them, and the work arrays. */
typedef struct task {
    const char *function; /* the public one, for messages */
    wish wanted;
    rn_index n;
    double *matrix;
    rn_index ld;
    rn_index n_vectors;
    const double *vectors;
    rn_index ld_vectors;
    rn_spectra_options options;
    const rni_spectra_method *method;

    int matrix_power; /* the matrix was multiplied by 2^-power */
    double trace;     /* of the scaled matrix, as is all that follows */
    double norm_sq;   /* |M|_F^2 */

    double *block;       /* owns the arrays below */
    double *values;      /* [n] */
    double *original;    /* [n_vectors x n] e, scaled */
    double *projections; /* [n_vectors x n] */
    double *image;       /* [n] M e */
    double *forms;       /* [n_vectors] e.Me */
    int *vector_powers;  /* [n_vectors] */
    double *copy;        /* [n x n] of the matrix, or NULL */
} task;

static const rni_spectra_method *find_method(const char *name, wish wanted)
{
    for (rn_index i = 0; methods[i]; i++) {
        const rni_spectra_method *m = methods[i];
        const bool is_direct = wanted == VALUES        ? m->values != NULL
                               : wanted == PROJECTIONS ? m->project != NULL
                                                       : m->vectors != NULL;
        if (name ? strcmp(name, m->name) == 0 : is_direct) return m;
    }
    return NULL;
}

static bool can(const rni_spectra_method *method, wish wanted)
{
    if (method->vectors) return true;
    return (wanted == VALUES && method->values) || (wanted == PROJECTIONS && method->project);
}

static rn_status check_sizes(const task *t)
{
    if (t->n < 0 || t->ld < t->n || t->n_vectors < 0 || t->options.n_threads < 0)
        return rni_fail(RN_ERR_ARGUMENT,
                        "%s: found n = %" PRId64 ", ld = %" PRId64 ", %" PRId64
                        " vectors, %d threads, expected n >= 0, ld >= n, counts >= 0",
                        t->function, t->n, t->ld, t->n_vectors, t->options.n_threads);
    if (t->n_vectors > 0 && t->ld_vectors < t->n)
        return rni_fail(RN_ERR_ARGUMENT,
                        "%s: found ld_vectors = %" PRId64 ", expected at least n = %" PRId64,
                        t->function, t->ld_vectors, t->n);
    if (t->n > RN_SPECTRA_MAX_N || t->ld > INT32_MAX)
        return rni_fail(RN_ERR_UNSUPPORTED,
                        "%s: found a matrix of %" PRId64 " rows, expected at most %d (the LAPACK "
                        "library counts its work space in 32 bits); measure fewer samples or "
                        "outputs",
                        t->function, t->n, RN_SPECTRA_MAX_N);
    return RN_OK;
}

static bool create_work(task *t)
{
    const rn_index n = t->n;
    rn_index n_doubles = 0;
    rn_index n_copied = 0;
    const bool wants_copy = t->wanted == VECTORS && t->options.check_vectors;
    if (wants_copy && !rni_size_mul(n, n, &n_copied)) n_copied = -1;
    const bool fits = t->n_vectors < RN_SIZE_MAX
                      && rni_size_mul(2 * t->n_vectors + 2, n + 1, &n_doubles)
                      && rni_size_add(n_doubles, n_copied, &n_doubles);
    t->block = fits ? rni_alloc(n_doubles, sizeof *t->block) : NULL;
    t->vector_powers = fits ? rni_alloc(t->n_vectors, sizeof *t->vector_powers) : NULL;
    if (!t->block || !t->vector_powers) return false;
    t->values = t->block;
    t->image = t->values + n;
    t->original = t->image + n;
    t->projections = t->original + t->n_vectors * n;
    t->forms = t->projections + t->n_vectors * n;
    t->copy = wants_copy ? t->forms + t->n_vectors : NULL;
    return true;
}

static void destroy_work(task *t)
{
    rni_free(t->vector_powers);
    rni_free(t->block);
}

/* Largest magnitude of x[0 .. count-1] and *largest; false at a NaN or infinity. */
static bool grow_largest(rn_index count, const double *x, double *largest)
{
    double most = *largest;
    bool is_finite = true;
    for (rn_index i = 0; i < count; i++) {
        const double size = fabs(x[i]);
        is_finite &= size <= DBL_MAX;
        most = size > most ? size : most;
    }
    *largest = most;
    return is_finite;
}

/* The power of two to divide by: 0 inside the safe range. */
static int safe_power(double largest)
{
    int power = 0;
    (void)frexp(largest, &power);
    return power > RANGE || power < -RANGE ? power : 0;
}

/* Checks and scales the matrix; takes its trace and norm. */
static rn_status prepare_matrix(task *t)
{
    double largest = 0.0;
    for (rn_index i = 0; i < t->n; i++)
        if (!grow_largest(i + 1, t->matrix + i * t->ld, &largest))
            return rni_fail(RN_ERR_NONFINITE,
                            "%s: found a NaN or infinity in row %" PRId64
                            " of the matrix, expected finite numbers",
                            t->function, i);
    t->matrix_power = safe_power(largest);
    for (rn_index i = 0; i < t->n; i++) {
        double *row = t->matrix + i * t->ld;
        if (t->matrix_power != 0)
            for (rn_index j = 0; j <= i; j++)
                row[j] = ldexp(row[j], -t->matrix_power);
        t->trace += row[i];
        t->norm_sq += 2.0 * rni_dot(i, row, row) + row[i] * row[i];
        if (t->copy) memcpy(t->copy + i * t->n, row, (size_t)(i + 1) * sizeof *row);
    }
    return RN_OK;
}

/* Checks, copies and scales the vectors; takes their quadratic forms. */
static rn_status prepare_vectors(task *t)
{
    for (rn_index r = 0; r < t->n_vectors; r++) {
        const double *from = t->vectors + r * t->ld_vectors;
        double *to = t->original + r * t->n;
        double largest = 0.0;
        if (!grow_largest(t->n, from, &largest))
            return rni_fail(RN_ERR_NONFINITE,
                            "%s: found a NaN or infinity in vector %" PRId64
                            ", expected finite numbers",
                            t->function, r);
        t->vector_powers[r] = safe_power(largest);
        for (rn_index i = 0; i < t->n; i++)
            to[i] = ldexp(from[i], -t->vector_powers[r]);
        RNI_TRY(rni_symv(t->n, 1.0, t->matrix, t->ld, to, 0.0, t->image));
        t->forms[r] = rni_dot(t->n, to, t->image);
    }
    memcpy(t->projections, t->original, (size_t)(t->n_vectors * t->n) * sizeof *t->original);
    return RN_OK;
}

/* Fixes the sign of every row by its largest component; false at a NaN or infinity. */
static bool orient_vectors(rn_index n, double *phi, rn_index ld)
{
    for (rn_index u = 0; u < n; u++) {
        double *row = phi + u * ld;
        double largest = 0.0;
        if (!grow_largest(n, row, &largest)) return false;
        rn_index i = 0;
        while (i < n - 1 && fabs(row[i]) < (1.0 - sign_margin) * largest)
            i++;
        if (row[i] < 0.0)
            for (rn_index k = 0; k < n; k++)
                row[k] = -row[k];
    }
    return true;
}

/* Makes the first nonzero projection on each eigenvector positive. */
static void orient_projections(rn_index n, rn_index n_vectors, double *g)
{
    for (rn_index u = 0; u < n; u++) {
        rn_index first = 0;
        while (first < n_vectors && !(fabs(g[first * n + u]) > 0.0))
            first++;
        if (first == n_vectors || g[first * n + u] > 0.0) continue;
        for (rn_index r = first; r < n_vectors; r++)
            g[r * n + u] = -g[r * n + u];
    }
}

static rn_status refuse_nan(const task *t)
{
    return rni_fail(RN_ERR_INTERNAL, "%s: method '%s' gave a NaN or infinity", t->function,
                    t->method->name);
}

static rn_status solve(task *t)
{
    const rn_index n = t->n;
    const rni_spectra_method *m = t->method;
    if (t->wanted == VALUES && m->values) return m->values(n, t->matrix, t->ld, t->values);
    if (t->wanted == PROJECTIONS && m->project) {
        RNI_TRY(m->project(n, t->matrix, t->ld, t->n_vectors, t->projections, t->values));
        orient_projections(n, t->n_vectors, t->projections);
        return RN_OK;
    }
    RNI_TRY(m->vectors(n, t->matrix, t->ld, t->values));
    if (!orient_vectors(n, t->matrix, t->ld)) return refuse_nan(t);
    RNI_TRY(rni_gemm(false, true, t->n_vectors, n, n, 1.0, t->original, n, t->matrix, t->ld, 0.0,
                     t->projections, n));
    if (t->wanted == PROJECTIONS) orient_projections(n, t->n_vectors, t->projections);
    return RN_OK;
}

/* |defect| over the noise floor at that scale; 0 / 0 is 0. */
static double scaled(double defect, rn_index n, double scale)
{
    const double unit = rn_spectra_noise_floor(n, scale);
    return fabs(defect) > 0.0 ? fabs(defect) / unit : 0.0;
}

/* The identities of rn_spectra_report.residual that cost n^2. */
static double check_sums(const task *t, double scale)
{
    const rn_index n = t->n;
    double trace = 0.0;
    for (rn_index u = 0; u < n; u++)
        trace += t->values[u];
    const double norm_sq = rni_dot(n, t->values, t->values);
    double worst = fmax(scaled(trace - t->trace, n, (double)n * scale),
                        scaled(norm_sq - t->norm_sq, n, (double)n * scale * scale));
    for (rn_index r = 0; r < t->n_vectors; r++) {
        const double *e = t->original + r * n;
        const double *g = t->projections + r * n;
        const double energy = rni_dot(n, e, e);
        double form = 0.0;
        for (rn_index u = 0; u < n; u++)
            form += t->values[u] * g[u] * g[u];
        worst = fmax(worst, scaled(rni_dot(n, g, g) - energy, n, energy));
        worst = fmax(worst, scaled(form - t->forms[r], n, scale * energy));
    }
    return worst;
}

/*
 * Largest entries of M Phi^T - Phi^T Lambda and Phi Phi^T - I, scaled; the copy's upper triangle
 * and then the copy itself serve as work space.
 */
static rn_status check_vectors(const task *t, double scale, double *worst)
{
    const rn_index n = t->n;
    double *products = rni_alloc(n * n, sizeof *products);
    if (!products)
        return rni_fail(RN_ERR_MEMORY, "%s: no memory to check a matrix of %" PRId64 " rows",
                        t->function, n);
    for (rn_index i = 0; i < n; i++)
        for (rn_index j = 0; j < i; j++)
            t->copy[j * n + i] = t->copy[i * n + j];
    /* Rows of Phi M are (M phi_u)^T. */
    rn_status status =
        rni_gemm(false, false, n, n, n, 1.0, t->matrix, t->ld, t->copy, n, 0.0, products, n);
    for (rn_index u = 0; u < n && status == RN_OK; u++)
        for (rn_index i = 0; i < n; i++)
            *worst =
                fmax(*worst, scaled(products[u * n + i] - t->values[u] * t->matrix[u * t->ld + i],
                                    n, scale));
    if (status == RN_OK)
        status = rni_gemm(false, true, n, n, n, 1.0, t->matrix, t->ld, t->matrix, t->ld, 0.0,
                          products, n);
    for (rn_index u = 0; u < n && status == RN_OK; u++)
        for (rn_index v = 0; v < n; v++)
            *worst = fmax(*worst, scaled(products[u * n + v] - (u == v ? 1.0 : 0.0), n, 1.0));
    rni_free(products);
    return status;
}

/* Undoes the scaling; false when something left the range of doubles. */
static bool scale_back(task *t)
{
    double largest = 0.0;
    for (rn_index u = 0; u < t->n; u++)
        t->values[u] = ldexp(t->values[u], t->matrix_power);
    for (rn_index r = 0; r < t->n_vectors; r++)
        for (rn_index u = 0; u < t->n; u++)
            t->projections[r * t->n + u] = ldexp(t->projections[r * t->n + u], t->vector_powers[r]);
    return grow_largest(t->n, t->values, &largest)
           && grow_largest(t->n_vectors * t->n, t->projections, &largest);
}

/* Everything between the argument check and the writing of outputs. */
static rn_status compute(task *t, rn_spectra_report *report)
{
    RNI_TRY(prepare_matrix(t));
    RNI_TRY(prepare_vectors(t));
    RNI_TRY(solve(t));
    double scale = 0.0;
    double projection = 0.0;
    if (!grow_largest(t->n, t->values, &scale)
        || !grow_largest(t->n_vectors * t->n, t->projections, &projection))
        return refuse_nan(t);
    double residual = check_sums(t, scale);
    if (t->copy) RNI_TRY(check_vectors(t, scale, &residual));
    if (!(residual <= residual_limit))
        return rni_fail(
            RN_ERR_INTERNAL,
            "%s: method '%s' broke an identity: residual %.3g in units of the noise floor, "
            "expected below %g; is the BLAS library sound?",
            t->function, t->method->name, residual, residual_limit);
    if (!scale_back(t))
        return rni_fail(RN_ERR_NONFINITE,
                        "%s: a result exceeds the range of doubles; scale the matrix or the "
                        "vectors down",
                        t->function);
    *report = (rn_spectra_report){.method = t->method->name,
                                  .noise_floor =
                                      rn_spectra_noise_floor(t->n, ldexp(scale, t->matrix_power)),
                                  .residual = residual,
                                  .n_threads = rni_blas_threads()};
    return RN_OK;
}

/* Computes with the threads asked for, then writes the outputs. */
static rn_status compute_and_commit(task *t, double *values, double *projections,
                                    rn_spectra_report *report)
{
    const rn_index n = t->n;
    rn_spectra_report found = {.method = t->method->name};
    if (n > 0) {
        rni_blas_raise_threads(t->options.n_threads > 0 ? t->options.n_threads
                                                        : rni_blas_processors());
        const rn_status status = compute(t, &found);
        rni_blas_restore_threads();
        if (status < 0) return status;
        memcpy(values, t->values, (size_t)n * sizeof *values);
    }
    const rn_index n_projections = t->n_vectors * n;
    if (n_projections > 0)
        memcpy(projections, t->projections, (size_t)n_projections * sizeof *projections);
    if (report) *report = found;
    return RN_OK;
}

static rn_status run(task *t, double *values, double *projections, rn_spectra_report *report)
{
    RNI_TRY(check_sizes(t));
    const bool has_matrix = t->n == 0 || (t->matrix && values);
    const bool has_vectors = t->n == 0 || t->n_vectors == 0 || (t->vectors && projections);
    if (!has_matrix || !has_vectors)
        return rni_fail(RN_ERR_ARGUMENT, "%s: found NULL for an array that is needed", t->function);
    if (!t->method) t->method = find_method(t->options.method, t->wanted);
    if (!t->method)
        return rni_fail(RN_ERR_ARGUMENT,
                        "%s: found method '%s', expected one of rn_spectra_method_name (sterf, ql, "
                        "syevd, ..)",
                        t->function, t->options.method);
    if (!can(t->method, t->wanted))
        return rni_fail(RN_ERR_UNSUPPORTED,
                        "%s: found method '%s', which cannot do this; expected syevd, "
                        "jacobi, or NULL for the fastest that can",
                        t->function, t->method->name);
    const rn_status status =
        create_work(t)
            ? compute_and_commit(t, values, projections, report)
            : rni_fail(RN_ERR_MEMORY,
                       "%s: no memory for %" PRId64 " vectors beside a matrix of %" PRId64 " rows",
                       t->function, t->n_vectors, t->n);
    destroy_work(t);
    return status;
}

/* The arguments that all three share. */
static task make_task(const char *function, wish wanted, rn_index n, double *matrix, rn_index ld,
                      const rn_spectra_options *options)
{
    task t = {.function = function, .wanted = wanted, .n = n, .ld = ld};
    t.matrix = matrix;
    if (options) t.options = *options;
    return t;
}

rn_status rn_spectra_values(rn_index n, double *matrix, rn_index ld,
                            const rn_spectra_options *options, double *values,
                            rn_spectra_report *report)
{
    task t = make_task("rn_spectra_values", VALUES, n, matrix, ld, options);
    return run(&t, values, NULL, report);
}

rn_status rn_spectra_project(rn_index n, double *matrix, rn_index ld, rn_index n_vectors,
                             const double *vectors, rn_index ld_vectors,
                             const rn_spectra_options *options, double *values, double *projections,
                             rn_spectra_report *report)
{
    task t = make_task("rn_spectra_project", PROJECTIONS, n, matrix, ld, options);
    t.n_vectors = n_vectors;
    t.vectors = vectors;
    t.ld_vectors = ld_vectors;
    return run(&t, values, projections, report);
}

rn_status rn_spectra_vectors(rn_index n, double *matrix, rn_index ld, rn_index n_vectors,
                             const double *vectors, rn_index ld_vectors,
                             const rn_spectra_options *options, double *values, double *projections,
                             rn_spectra_report *report)
{
    task t = make_task("rn_spectra_vectors", VECTORS, n, matrix, ld, options);
    t.n_vectors = n_vectors;
    t.vectors = vectors;
    t.ld_vectors = ld_vectors;
    return run(&t, values, projections, report);
}

rn_status rni_spectra_vectors_by(const rni_spectra_method *method, int check_vectors, rn_index n,
                                 double *matrix, rn_index n_vectors, const double *vectors,
                                 double *values, double *projections)
{
    const rn_spectra_options options = {.check_vectors = check_vectors};
    task t = make_task("rn_spectra_vectors", VECTORS, n, matrix, n, &options);
    t.method = method;
    t.n_vectors = n_vectors;
    t.vectors = vectors;
    t.ld_vectors = n;
    return run(&t, values, projections, NULL);
}

double rn_spectra_noise_floor(rn_index n, double scale)
{
    return (double)(n + RN_SPECTRA_FLOOR) * DBL_EPSILON * scale;
}

const char *rn_spectra_method_name(rn_index index)
{
    for (rn_index i = 0; index >= 0 && methods[i]; i++)
        if (i == index) return methods[i]->name;
    return NULL;
}
