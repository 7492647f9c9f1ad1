/*
 * One suite for every dense eigensolver of the table, over every adversarial spectrum: scaled
 * residuals in the manner of LAPACK's own tests, eigenvalues against the known ones (none missing,
 * none twice), energies of groups of eigenvalues against the known projections.
 */
#include <float.h>
#include <math.h>
#include <renorm/spectra.h>
#include <string.h>

#include "check.h"
#include "core/memory.h"
#include "spectra_cases.h"

static const double threshold = 30.0;

/* Everything one solve gives. */
typedef struct solution {
    double *block;
    double *values;
    double *g;   /* [2 x n] */
    double *phi; /* [n x n] */
    rn_spectra_report report;
} solution;

typedef rn_status (*solver)(rn_index, double *, rn_index, rn_index, const double *, rn_index,
                            const rn_spectra_options *, double *, double *, rn_spectra_report *);

static void solution_create(solution *s, rn_index n)
{
    s->block = rni_alloc(3 * n + n * n, sizeof *s->block);
    assert_non_null(s->block);
    s->values = s->block;
    s->g = s->values + n;
    s->phi = s->g + 2 * n;
}

static rn_status solve(const spectra_case *c, const char *method, solver call, int check,
                       solution *s)
{
    const rn_index n = c->n;
    double *vectors = rni_alloc(2 * n, sizeof *vectors);
    assert_non_null(vectors);
    memcpy(vectors, c->vector, (size_t)n * sizeof *vectors);
    memcpy(vectors + n, c->second, (size_t)n * sizeof *vectors);
    memcpy(s->phi, c->matrix, (size_t)(n * n) * sizeof *s->phi);
    const rn_spectra_options options = {.method = method, .check_vectors = check};
    const rn_status status =
        call(n, s->phi, n, 2, vectors, n, &options, s->values, s->g, &s->report);
    rni_free(vectors);
    return status;
}

static void describe(const spectra_case *c, const char *method)
{
    print_message("-- %s, n = %lld, spectrum: %s, vector: %s, seed %llu\n", method, (long long)c->n,
                  c->spectrum, c->vector_kind, (unsigned long long)check_seed());
}

static double unit_of(const spectra_case *c)
{
    return (double)c->n * DBL_EPSILON * c->norm;
}

/* Each value within the claimed floor of its own exact one: none is missing, none is doubled. */
static bool values_agree(const spectra_case *c, const solution *s)
{
    const double floor = rn_spectra_noise_floor(c->n, c->norm);
    for (rn_index u = 0; u < c->n; u++)
        if (!(fabs(s->values[u] - c->values[u]) <= floor)
            || (u > 0 && s->values[u] < s->values[u - 1]))
            return false;
    return true;
}

static double norm_of(rn_index n, const double *x)
{
    double sum = 0.0;
    for (rn_index i = 0; i < n; i++)
        sum += x[i] * x[i];
    return sqrt(sum);
}

/*
 * Sums of g^2, and of g times the second vector's g, over groups of eigenvalues. A projector onto
 * a group moves by at most 2 |E| / gap (Davis and Kahan), |E| <= 2 n eps |M| here (solver and
 * rounding of the matrix), hence products of unit vectors by twice that; the products themselves
 * are rounded by 4 n eps.
 */
static bool groups_agree(const spectra_case *c, const solution *s)
{
    const rn_index n = c->n;
    const double sizes[2] = {norm_of(n, c->vector), norm_of(n, c->second)};
    const double split = 1e3 * unit_of(c) + DBL_MIN;
    double gap_below = (double)INFINITY;
    double sums[2] = {0.0, 0.0};
    for (rn_index u = 0; u < n; u++) {
        sums[0] += s->g[u] * s->g[u] - c->projections[u] * c->projections[u];
        sums[1] += s->g[u] * s->g[n + u] - c->projections[u] * c->second_projections[u];
        const double gap = u + 1 < n ? c->values[u + 1] - c->values[u] : (double)INFINITY;
        if (gap < split) continue;
        const double move = 8.0 * unit_of(c) / fmin(gap, gap_below);
        const double tolerance = move + 4.0 * (double)n * DBL_EPSILON;
        if (!(fabs(sums[0]) <= tolerance * sizes[0] * sizes[0])) return false;
        if (!(fabs(sums[1]) <= tolerance * sizes[0] * sizes[1])) return false;
        gap_below = gap;
        sums[0] = sums[1] = 0.0;
    }
    return true;
}

static double energy_defect(const spectra_case *c, const solution *s)
{
    const double size = norm_of(c->n, c->vector);
    const double found = norm_of(c->n, s->g);
    return fabs(found * found - size * size) / (size > 0.0 ? size * size : 1.0);
}

/* |M phi_u - lambda_u phi_u| and |phi_u . phi_v - (u == v)|, in units of n eps. */
static double vector_defect(const spectra_case *c, const solution *s)
{
    const rn_index n = c->n;
    double worst = 0.0;
    for (rn_index u = 0; u < n; u++) {
        const double *phi = s->phi + u * n;
        for (rn_index i = 0; i < n; i++) {
            double sum = -s->values[u] * phi[i];
            double dot = u == i ? -1.0 : 0.0;
            for (rn_index j = 0; j < n; j++) {
                sum += c->matrix[i * n + j] * phi[j];
                dot += phi[j] * s->phi[i * n + j];
            }
            if (c->norm > 0.0) worst = fmax(worst, fabs(sum) / unit_of(c));
            worst = fmax(worst, fabs(dot) / ((double)n * DBL_EPSILON));
        }
    }
    return worst;
}

static bool signs_follow_the_rule(const spectra_case *c, const solution *s)
{
    for (rn_index u = 0; u < c->n; u++) {
        const double *phi = s->phi + u * c->n;
        double most = 0.0;
        double least = 0.0;
        for (rn_index i = 0; i < c->n; i++) {
            most = fmax(most, phi[i]);
            least = fmin(least, phi[i]);
        }
        if (most < -least * (1.0 - 2e-6)) return false;
    }
    return true;
}

/* Fails with a description unless `holds`. */
static void demand(bool holds, const char *what, const spectra_case *c, const char *method)
{
    if (holds) return;
    describe(c, method);
    fail_msg("%s", what);
}

static void check_projections(const spectra_case *c, const char *method, const solution *s)
{
    demand(values_agree(c, s), "values differ from the known ones", c, method);
    demand(groups_agree(c, s), "energies of groups differ from the known ones", c, method);
    demand(energy_defect(c, s) <= threshold * (double)c->n * DBL_EPSILON, "energy is lost", c,
           method);
    demand(s->report.residual < 3.0, "reported residual is high", c, method);
    demand(strcmp(s->report.method, method) == 0, "another method was used", c, method);
}

static void check_method(const char *method, rn_index n, int index)
{
    spectra_case c;
    spectra_case_make(index, n, check_seed(), &c);
    solution s = {0};
    solution_create(&s, n);

    rn_status status = solve(&c, method, rn_spectra_project, 0, &s);
    if (status != RN_ERR_UNSUPPORTED) {
        demand(status == RN_OK, rn_last_message(), &c, method);
        check_projections(&c, method, &s);
        for (rn_index u = 0; u < n; u++)
            demand(s.g[u] >= 0.0, "a projection of the first vector is negative", &c, method);
    }
    status = solve(&c, method, rn_spectra_vectors, 1, &s);
    if (status != RN_ERR_UNSUPPORTED) {
        demand(status == RN_OK, rn_last_message(), &c, method);
        check_projections(&c, method, &s);
        demand(vector_defect(&c, &s) < threshold, "eigenvectors are wrong", &c, method);
        demand(signs_follow_the_rule(&c, &s), "a sign breaks the rule", &c, method);
    }
    memcpy(s.phi, c.matrix, (size_t)(n * n) * sizeof *s.phi);
    const rn_spectra_options options = {.method = method};
    demand(rn_spectra_values(n, s.phi, n, &options, s.values, NULL) == RN_OK, rn_last_message(), &c,
           method);
    demand(values_agree(&c, &s), "values differ from the known ones", &c, method);
    rni_free(s.block);
    spectra_case_clear(&c);
}

static void every_method_masters_every_spectrum(void **state)
{
    (void)state;
    static const rn_index sizes[] = {1, 2, 3, 8, 33, 90};
    for (rn_index m = 0; rn_spectra_method_name(m); m++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
            for (int index = 0; index < spectra_case_count(); index++)
                check_method(rn_spectra_method_name(m), sizes[i], index);
}

static void the_table_offers_all_three_requests(void **state)
{
    (void)state;
    int n_project = 0;
    int n_vectors = 0;
    for (rn_index m = 0; rn_spectra_method_name(m); m++) {
        double matrix = 2.0;
        double value = 0.0;
        const rn_spectra_options options = {.method = rn_spectra_method_name(m)};
        assert_status(rn_spectra_values(1, &matrix, 1, &options, &value, NULL), RN_OK);
        n_project +=
            rn_spectra_project(1, &matrix, 1, 0, NULL, 1, &options, &value, NULL, NULL) == RN_OK;
        n_vectors +=
            rn_spectra_vectors(1, &matrix, 1, 0, NULL, 1, &options, &value, NULL, NULL) == RN_OK;
    }
    assert_int_equal(n_project, 3);
    assert_int_equal(n_vectors, 2);
    assert_null(rn_spectra_method_name(-1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_method_masters_every_spectrum),
        cmocka_unit_test(the_table_offers_all_three_requests),
    };
    return cmocka_run_group_tests_name("spectra (every method)", tests, NULL, NULL);
}
