/*
 * The one file that knows SUNDIALS.
 *
 * The integrator is advanced one of its own steps at a time. A right-hand side that reports
 * RN_ERR_NONFINITE is an unrecoverable failure to ERKStep; we then start it anew from the last
 * accepted state with a tenth of the step.
 */
#include "backends/sundials.h"

#include <arkode/arkode_erkstep.h>
#include <math.h>
#include <nvector/nvector_serial.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"

/* Restarts in a row after a right-hand side that is not finite: down to 1e-20 of the step. */
enum { MAX_RESTARTS = 20 };

/* What ARKODE allocates: vectors of unknowns, and small things. */
#define VECTORS 24
#define ROOM    ((rn_index)1 << 20)

/* One integration. */
typedef struct session {
    const rni_ode *ode;
    SUNContext context;
    N_Vector y; /* last accepted state */
    void *arkode;
    rn_status status; /* what rhs returned last */
    rn_index n_evaluations;
    rn_index n_steps;
    double whole_step; /* last step not shortened by the end */
    double next_step;
    char message[512];
} session;

static int evaluate(realtype t, N_Vector y, N_Vector dydt, void *user)
{
    session *s = user;
    s->n_evaluations++;
    s->status = s->ode->rhs(s->ode->user, t, N_VGetArrayPointer(y), N_VGetArrayPointer(dydt));
    return s->status == RN_OK ? 0 : -1;
}

/* Keeps SUNDIALS from printing. */
static void keep_message(int code, const char *module, const char *function, char *text, void *user)
{
    (void)code;
    (void)module;
    session *s = user;
    (void)snprintf(s->message, sizeof s->message, "%s: %s", function, text);
}

static ARKODE_ERKTableID method_of(int order)
{
    switch (order) {
    case 3: return ARKODE_BOGACKI_SHAMPINE_4_2_3;
    case 4: return ARKODE_ZONNEVELD_5_3_4;
    case 5: return ARKODE_DORMAND_PRINCE_7_4_5;
    case 6: return ARKODE_VERNER_8_5_6;
    case 8: return ARKODE_FEHLBERG_13_7_8;
    default: return ARKODE_ERK_NONE;
    }
}

static rn_status open_session(session *s, double duration, double first_step, const double *y)
{
    const rni_ode *ode = s->ode;
    /* ARKODE 5 crashes where one of its small allocations fails */
    if (!rni_memory_has_room(ROOM + VECTORS * ode->n * (rn_index)sizeof(double)))
        return RN_ERR_MEMORY;
    if (SUNContext_Create(NULL, &s->context) != 0) return RN_ERR_MEMORY;
    s->y = N_VNew_Serial(ode->n, s->context);
    if (!s->y) return RN_ERR_MEMORY;
    memcpy(N_VGetArrayPointer(s->y), y, (size_t)ode->n * sizeof *y);
    s->arkode = ERKStepCreate(evaluate, 0.0, s->y, s->context);
    if (!s->arkode) return RN_ERR_MEMORY;
    int flag = ERKStepSetErrHandlerFn(s->arkode, keep_message, s);
    if (flag == 0) flag = ERKStepSetUserData(s->arkode, s);
    if (flag == 0) flag = ERKStepSetTableNum(s->arkode, method_of(ode->order));
    if (flag == 0) flag = ERKStepSStolerances(s->arkode, ode->rtol, ode->atol);
    if (flag == 0) flag = ERKStepSetStopTime(s->arkode, duration);
    if (flag == 0 && first_step > 0.0)
        flag = ERKStepSetInitStep(s->arkode, fmin(first_step, duration));
    if (flag == 0) return RN_OK;
    return rni_fail(RN_ERR_INTERNAL, "rni_ode_integrate: SUNDIALS refuses its settings: %s",
                    s->message);
}

static void close_session(session *s)
{
    if (s->arkode) ERKStepFree(&s->arkode);
    if (s->y) N_VDestroy(s->y);
    if (s->context) (void)SUNContext_Free(&s->context);
}

static rn_status failure(const session *s, int flag, double t)
{
    if (s->status != RN_OK) return s->status; /* the message is the right-hand side's */
    if (flag == ARK_MEM_FAIL || flag == ARK_MEM_NULL || flag == ARK_VECTOROP_ERR)
        return rni_fail(RN_ERR_MEMORY, "rni_ode_integrate: no memory for %" PRId64 " unknowns",
                        s->ode->n);
    return rni_fail(RN_ERR_DOMAIN,
                    "rni_ode_integrate: the tolerance rtol = %g, atol = %g cannot be met at time "
                    "%g after %" PRId64 " steps; loosen it (SUNDIALS: %s)",
                    s->ode->rtol, s->ode->atol, t, s->n_steps, s->message);
}

/* Starts again at the last accepted state with a tenth of the step that failed. After a failure
   ARKODE hands back that state, but the time of the stage that failed: t is kept by the caller. */
static int restart(session *s, double duration, double t, double *step)
{
    *step *= 0.1;
    int flag = ERKStepReInit(s->arkode, evaluate, t, s->y);
    if (flag == 0) flag = ERKStepSetInitStep(s->arkode, *step);
    if (flag == 0) flag = ERKStepSetStopTime(s->arkode, duration);
    return flag;
}

static rn_status advance(session *s, double duration, double first_step)
{
    double t = 0.0;
    double step = first_step > 0.0 ? fmin(first_step, duration) : duration;
    int n_restarts = 0;
    while (t < duration) {
        double reached = t;
        s->status = RN_OK;
        int flag = ERKStepEvolve(s->arkode, duration, s->y, &reached, ARK_ONE_STEP);
        if (flag < 0 && s->status == RN_ERR_NONFINITE && n_restarts++ < MAX_RESTARTS)
            flag = restart(s, duration, t, &step);
        else if (flag >= 0) {
            if (!(reached > t)) return failure(s, ARK_TOO_MUCH_ACC, t); /* t + step == t */
            s->n_steps++;
            n_restarts = 0;
            t = reached;
            if (t < duration) flag = ERKStepGetLastStep(s->arkode, &s->whole_step);
            if (flag >= 0) flag = ERKStepGetCurrentStep(s->arkode, &step);
        }
        if (flag < 0) return failure(s, flag, t);
    }
    /* The last step ends where asked and says little about the step the tolerance allows. */
    s->next_step = fmax(step, s->whole_step);
    return RN_OK;
}

static rn_status check(const rni_ode *ode, double duration, double first_step)
{
    if (!ode->rhs || !rni_size_ok(ode->n))
        return rni_fail(RN_ERR_ARGUMENT, "rni_ode_integrate: an argument is NULL or empty");
    if (!isfinite(duration) || !(duration > 0.0) || !(first_step >= 0.0) || !isfinite(first_step))
        return rni_fail(RN_ERR_ARGUMENT,
                        "rni_ode_integrate: found duration %g and first step %g, expected finite "
                        "numbers > 0 and >= 0",
                        duration, first_step);
    if (!(ode->rtol >= 0.0) || !(ode->atol > 0.0) || method_of(ode->order) == ARKODE_ERK_NONE)
        return rni_fail(RN_ERR_ARGUMENT,
                        "rni_ode_integrate: found rtol %g, atol %g, order %d, expected >= 0, > 0 "
                        "and 3, 4, 5, 6 or 8",
                        ode->rtol, ode->atol, ode->order);
    return RN_OK;
}

rn_status rni_ode_integrate(const rni_ode *ode, double duration, double first_step, double *y,
                            rni_ode_report *report)
{
    if (!ode || !y) return rni_fail(RN_ERR_ARGUMENT, "rni_ode_integrate: an argument is NULL");
    RNI_TRY(check(ode, duration, first_step));
    session s = {.ode = ode, .whole_step = first_step};
    rn_status status = open_session(&s, duration, first_step, y);
    if (status == RN_ERR_MEMORY)
        status = rni_fail(status, "rni_ode_integrate: no memory for %" PRId64 " unknowns", ode->n);
    if (status == RN_OK) status = advance(&s, duration, first_step);
    if (status == RN_OK) {
        memcpy(y, N_VGetArrayPointer(s.y), (size_t)ode->n * sizeof *y);
        if (report)
            *report = (rni_ode_report){
                .next_step = s.next_step, .n_steps = s.n_steps, .n_evaluations = s.n_evaluations};
    }
    close_session(&s);
    return status;
}
