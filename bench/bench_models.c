/*
 * Assembly of M and M' of convolutional and attention models, at one and at all threads, and each
 * weight's order. The rate counts the flops of the chosen orders (symmetric halves once, the
 * forward and reverse pass not counted but timed) and stands beside a DGEMM of 2048 in the same run
 * at the same number of threads.
 *
 *     bench_models [NAME [SAMPLES [ORDER]]]     ORDER 0, 1, 2: S, A, G wherever it applies
 */
#include <inttypes.h>
#include <renorm/kernel.h>
#include <renorm/model.h>
#include <string.h>

#include "gemm.h"

typedef struct subject {
    const char *name;
    const char *kind;
    rn_setting settings[10];
    rn_index n_settings;
    rn_index sample[3];
    rn_index n_outputs;
    rn_index n_samples;
    double symbols; /* > 0: inputs are whole numbers below */
} subject;

static const subject subjects[] = {
    {"convnet", "convnet", {{"width", "32"}, {"growth", "2"}}, 2, {28, 28}, 10, 64, 0.0},
    {"resnet", "resnet", {{"width", "16"}, {"stem_stride", "2"}}, 2, {3, 32, 32}, 10, 64, 0.0},
    {"patches",
     "transformer",
     {{"tokens", "patches"},
      {"width", "64"},
      {"heads", "4"},
      {"readout", "mean"},
      {"causal", "false"}},
     5,
     {28, 28},
     10,
     128,
     0.0},
    {"characters",
     "transformer",
     {{"width", "64"}, {"heads", "4"}, {"depth", "2"}},
     3,
     {32},
     64,
     32,
     64.0},
};
#define N_SUBJECTS (sizeof subjects / sizeof subjects[0])

typedef struct setting {
    rn_model *model;
    rn_kernel *kernel;
    rn_kernel_point point;
    const double *arrays[1];
    double *x;
    double *theta;
    double *v;
    double *m;
    double *m_tangent;
} setting;

static double *inputs_of(const subject *s, rn_index size)
{
    double *x = normal(size, 1.0, 0);
    for (rn_index i = 0; i < size && s->symbols > 0.0; i++)
        x[i] = (double)(((int64_t)(x[i] * 1e6) & 0xffff) % (int64_t)s->symbols);
    return x;
}

static void make(const subject *s, rn_index n_samples, int n_threads, setting *out)
{
    int rank = 0;
    while (rank < 3 && s->sample[rank])
        rank++;
    *out = (setting){0};
    must(rn_model_create(s->kind, s->settings, s->n_settings, rn_shape_make(rank, s->sample),
                         s->n_outputs, &out->model),
         "rn_model_create");
    const rn_node input = rn_model_input(out->model);
    rn_kernel_desc desc = rn_kernel_desc_defaults();
    desc.graph = rn_model_graph(out->model);
    desc.n_inputs = 1;
    desc.inputs = &input;
    desc.output = rn_model_output(out->model);
    desc.n_threads = n_threads;
    must(rn_kernel_create(&desc, &out->kernel), "rn_kernel_create");
    const rn_index n = n_samples * s->n_outputs;
    const rn_index n_weights = rn_model_n_weights(out->model);
    out->x = inputs_of(s, n_samples * rn_model_n_features(out->model));
    out->theta = normal(n_weights, 1.0, 1);
    out->v = normal(n_weights, 1.0, 2);
    must(rn_model_initialise(out->model, 1, out->theta), "rn_model_initialise");
    out->m = rni_alloc_zero(n * n, sizeof *out->m);
    out->m_tangent = rni_alloc_zero(n * n, sizeof *out->m_tangent);
    if (!out->m || !out->m_tangent) exit(3);
    for (rn_index i = 0; i < n * n; i += 512) /* the first write to a page is the system's time */
        out->m[i] = out->m_tangent[i] = 1.0;
    out->arrays[0] = out->x;
    out->point =
        (rn_kernel_point){.n_samples = n_samples, .inputs = out->arrays, .theta = out->theta};
}

static void drop(setting *s)
{
    double *arrays[] = {s->x, s->theta, s->v, s->m, s->m_tangent};
    rn_kernel_destroy(s->kernel);
    rn_model_destroy(s->model);
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++)
        rni_free(arrays[i]);
}

static void assemble(void *user)
{
    setting *s = user;
    must(rn_kernel_assemble(s->kernel, &s->point, s->m), "rn_kernel_assemble");
}

static void tangent(void *user)
{
    setting *s = user;
    must(rn_kernel_tangent(s->kernel, &s->point, s->v, s->m, s->m_tangent), "rn_kernel_tangent");
}

static void gradient(void *user)
{
    setting *s = user;
    must(rn_jacobian_apply_transpose(s->kernel, &s->point, s->m, s->v),
         "rn_jacobian_apply_transpose");
}

/* How often each order was chosen: "S 1 A 8 G 3". */
static const char *orders_of(const setting *s, char *text, size_t size)
{
    int counts[5] = {0};
    for (rn_index p = 0; p < rn_model_n_parameters(s->model); p++) {
        rn_kernel_block block;
        must(rn_kernel_describe(s->kernel, s->point.n_samples, p, &block), "rn_kernel_describe");
        counts[block.order]++;
    }
    (void)snprintf(text, size, "S %d A %d G %d", counts[0], counts[1], counts[2]);
    return text;
}

static void force(const setting *s, int order)
{
    for (rn_index p = 0; order >= 0 && p < rn_model_n_parameters(s->model); p++) {
        const rn_status status = rn_kernel_force_order(s->kernel, p, order);
        if (status != RN_ERR_DOMAIN) must(status, "rn_kernel_force_order");
    }
}

static void measure(const subject *s, rn_index n_samples, int order, int n_threads)
{
    setting at;
    char orders[64];
    make(s, n_samples, n_threads, &at);
    force(&at, order);
    assemble(&at); /* plans and work space are made once */
    const double before = dgemm_rate(n_threads);
    const double assemble_s = least_s(2, 1, assemble, &at);
    const double after = dgemm_rate(n_threads);
    tangent(&at);
    const double tangent_s = least_s(1, 1, tangent, &at);
    gradient(&at);
    const double gradient_s = least_s(3, 1, gradient, &at);
    const double rate = rn_kernel_flops(at.kernel, n_samples) / assemble_s;
    const double peak = before > after ? before : after;
    printf("%s\t%" PRId64 "\t%" PRId64 "\t%d\t%s\t%.1f\t%.3f\t%.1f\t%.2f\t%.3f\t%.2f\t%.4f\n",
           s->name, n_samples * s->n_outputs, rn_model_n_weights(at.model), n_threads,
           orders_of(&at, orders, sizeof orders), peak * 1e-9, assemble_s, rate * 1e-9, rate / peak,
           tangent_s, tangent_s / assemble_s, gradient_s);
    (void)fflush(stdout);
    drop(&at);
}

int main(int argc, char **argv)
{
    const int most = rni_blas_processors();
    printf("model\trows\tweights\tthreads\torders\tdgemm_gflops\tM_s\tM_gflops\tM_of_dgemm\tM'_s"
           "\tM'_of_M\tgradient_s\n");
    const int order = argc > 3 ? (int)strtol(argv[3], NULL, 10) : RN_KERNEL_ORDER_CHEAPEST;
    for (size_t i = 0; i < N_SUBJECTS; i++) {
        const subject *s = &subjects[i];
        if (argc > 1 && strcmp(argv[1], s->name) != 0) continue;
        const rn_index n_samples = argc > 2 ? strtoll(argv[2], NULL, 10) : s->n_samples;
        for (int n_threads = 1; n_threads <= most; n_threads += most > 1 ? most - 1 : 1)
            measure(s, n_samples, order, n_threads);
    }
    return 0;
}
