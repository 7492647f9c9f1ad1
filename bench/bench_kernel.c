/*
 * Assembly of M and M' of an MLP 784-512-512-10 (gelu by erf, biases), and one product M v against
 * one gradient. The rate counts the flops of the chosen orders (symmetric halves once, the reverse
 * pass not counted but timed) and stands beside a DGEMM of 2048 in the same run at the same number
 * of threads; its target is 0.70.
 *
 *     bench_kernel [SAMPLES [THREADS]]     without arguments: 256 and 1000, 1 thread and all
 */
#include <inttypes.h>
#include <math.h>
#include <renorm/kernel.h>
#include <string.h>

#include "backends/blas.h"
#include "core/memory.h"
#include "gemm.h"

#define N_LAYERS 3

static const rn_index widths[N_LAYERS + 1] = {784, 512, 512, 10};

typedef struct setting {
    rn_graph *graph;
    rn_node inputs[1];
    rn_node output;
    rn_kernel *kernel;
    rn_kernel_point point;
    const double *arrays[1];
    double *x;
    double *theta;
    double *v;
    double *u;
    double *gradient;
    double *m;
    double *m_tangent;
    rn_op *op;
    double *product;
} setting;

static rn_node gelu(rn_graph *g, rn_node x)
{
    const rn_node erf = rn_graph_erf(g, rn_graph_scale(g, x, sqrt(0.5)));
    return rn_graph_multiply(g, x, rn_graph_scale(g, rn_graph_shift(g, erf, 1.0), 0.5));
}

static void build(setting *s)
{
    must(rn_graph_create(&s->graph), "rn_graph_create");
    rn_graph *g = s->graph;
    rn_node h = s->inputs[0] = rn_graph_input(g, "x", RN_SHAPE(RN_SAMPLES, widths[0]));
    for (int l = 0; l < N_LAYERS; l++) {
        const rn_node w = rn_graph_parameter(g, "w", RN_SHAPE(widths[l], widths[l + 1]));
        const rn_node b = rn_graph_parameter(g, "b", RN_SHAPE(widths[l + 1]));
        h = rn_graph_scale(g, rn_graph_matmul(g, h, w), 1.0 / sqrt((double)widths[l]));
        h = rn_graph_add(g, h, b);
        if (l < N_LAYERS - 1) h = gelu(g, h);
    }
    s->output = h;
    must(rn_graph_status(g), "the graph");
}

static void make(setting *s, rn_index n_samples, int n_threads)
{
    *s = (setting){0};
    build(s);
    rn_kernel_desc desc = rn_kernel_desc_defaults();
    desc.graph = s->graph;
    desc.n_inputs = 1;
    desc.inputs = s->inputs;
    desc.output = s->output;
    desc.n_threads = n_threads;
    must(rn_kernel_create(&desc, &s->kernel), "rn_kernel_create");
    const rn_index n = n_samples * widths[N_LAYERS];
    const rn_index n_weights = rn_kernel_n_weights(s->kernel);
    s->x = normal(n_samples * widths[0], 1.0, 0);
    s->theta = normal(n_weights, 1.0, 1);
    s->v = normal(n_weights, 1.0, 2);
    s->u = normal(n, 1.0, 3);
    s->gradient = normal(n_weights, 1.0, 4);
    s->product = normal(n, 1.0, 5);
    s->m = rni_alloc_zero(n * n, sizeof *s->m);
    s->m_tangent = rni_alloc_zero(n * n, sizeof *s->m_tangent);
    if (!s->m || !s->m_tangent) exit(3);
    /* touched before timing: the first write to a page is the system's time, not ours */
    for (rn_index i = 0; i < n * n; i += 512)
        s->m[i] = s->m_tangent[i] = 1.0;
    s->arrays[0] = s->x;
    s->point = (rn_kernel_point){.n_samples = n_samples, .inputs = s->arrays, .theta = s->theta};
    must(rn_kernel_operator(s->kernel, &s->point, &s->op), "rn_kernel_operator");
}

static void drop(setting *s)
{
    rn_op_destroy(s->op);
    rn_kernel_destroy(s->kernel);
    rn_graph_destroy(s->graph);
    double *arrays[] = {s->x, s->theta, s->v, s->u, s->gradient, s->product, s->m, s->m_tangent};
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
    must(rn_jacobian_apply_transpose(s->kernel, &s->point, s->u, s->gradient),
         "rn_jacobian_apply_transpose");
}

static void multiply(void *user)
{
    setting *s = user;
    const rn_index n = rn_op_rows(s->op);
    must(rn_op_apply(s->op, 1, s->u, n, s->product, n), "rn_op_apply");
}

static void measure(rn_index n_samples, int n_threads)
{
    setting s;
    make(&s, n_samples, n_threads);
    assemble(&s); /* plans and work space are made once */
    const double before = dgemm_rate(n_threads);
    const double assemble_s = least_s(3, 1, assemble, &s);
    const double after = dgemm_rate(n_threads);
    tangent(&s);
    const double tangent_s = least_s(2, 1, tangent, &s);
    gradient(&s);
    const double gradient_s = least_s(5, 1, gradient, &s);
    multiply(&s);
    const double multiply_s = least_s(5, 1, multiply, &s);
    const double rate = rn_kernel_flops(s.kernel, n_samples) / assemble_s;
    const double peak = before > after ? before : after;
    printf("%" PRId64 "\t%d\t%.1f\t%.3f\t%.1f\t%.2f\t%.3f\t%.2f\t%.4f\t%.4f\t%.2f\n",
           n_samples * widths[N_LAYERS], n_threads, peak * 1e-9, assemble_s, rate * 1e-9,
           rate / peak, tangent_s, tangent_s / assemble_s, gradient_s, multiply_s,
           multiply_s / gradient_s);
    (void)fflush(stdout);
    drop(&s);
}

int main(int argc, char **argv)
{
    const int most = rni_blas_processors();
    const char *better = rni_blas_better_core();
    if (better)
        (void)fprintf(stderr,
                      "bench_kernel: OpenBLAS runs old kernels here; set"
                      " OPENBLAS_CORETYPE=%s\n",
                      better);
    printf("rows\tthreads\tdgemm_gflops\tM_s\tM_gflops\tM_of_dgemm\tM'_s\tM'_of_M\tgradient_s"
           "\tMv_s\tMv_of_gradient\n");
    if (argc > 1) {
        measure(strtoll(argv[1], NULL, 10), argc > 2 ? (int)strtol(argv[2], NULL, 10) : most);
        return 0;
    }
    for (rn_index n_samples = 256; n_samples <= 1000; n_samples += 744)
        for (int n_threads = 1; n_threads <= most; n_threads += most > 1 ? most - 1 : 1)
            measure(n_samples, n_threads);
    return 0;
}
