#include "clopper_pearson.h"

#include <math.h>

/* P(X <= k), X binomial (n, p), 0 < p < 1 */
static double below(int k, int n, double p)
{
    double sum = 0.0;
    for (int i = 0; i <= k; i++)
        sum += exp(lgamma(n + 1.0) - lgamma(i + 1.0) - lgamma(n - i + 1.0) + i * log(p)
                   + (n - i) * log1p(-p));
    return sum;
}

/* The p at which P(X <= k) = target; it falls with p. */
static double solve(int k, int n, double target)
{
    double low = 0.0;
    double high = 1.0;
    for (int i = 0; i < 60; i++) {
        const double p = 0.5 * (low + high);
        if (below(k, n, p) > target)
            low = p;
        else
            high = p;
    }
    return 0.5 * (low + high);
}

void clopper_pearson(int k, int n, double *low, double *high)
{
    *low = k == 0 ? 0.0 : solve(k - 1, n, 0.975);
    *high = k == n ? 1.0 : solve(k, n, 0.025);
}
