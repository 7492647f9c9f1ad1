/**
 * All of renorm. Each header can be read and included alone; start with run.h.
 */
#ifndef RENORM_RENORM_H
#define RENORM_RENORM_H

#include <renorm/blocks.h>
#include <renorm/check.h>
#include <renorm/claims.h>
#include <renorm/coherence.h>
#include <renorm/config.h>
#include <renorm/cost.h>
#include <renorm/couplings.h>
#include <renorm/data.h>
#include <renorm/evolution.h>
#include <renorm/export.h>
#include <renorm/family.h>
#include <renorm/fit.h>
#include <renorm/fit_report.h>
#include <renorm/folder.h>
#include <renorm/forecast.h>
#include <renorm/graph.h>
#include <renorm/heavy_ball.h>
#include <renorm/info.h>
#include <renorm/kernel.h>
#include <renorm/lanczos.h>
#include <renorm/linear_gaussian.h>
#include <renorm/loss.h>
#include <renorm/measure.h>
#include <renorm/mode_forecast.h>
#include <renorm/model.h>
#include <renorm/observer.h>
#include <renorm/op.h>
#include <renorm/plan.h>
#include <renorm/propagation.h>
#include <renorm/ranks.h>
#include <renorm/report.h>
#include <renorm/run.h>
#include <renorm/sample.h>
#include <renorm/sampler.h>
#include <renorm/scenario.h>
#include <renorm/selftest.h>
#include <renorm/setting.h>
#include <renorm/shell_bounds.h>
#include <renorm/shell_counts.h>
#include <renorm/shells.h>
#include <renorm/spectra.h>
#include <renorm/spectral_tail.h>
#include <renorm/spectrum_exponents.h>
#include <renorm/status.h>
#include <renorm/streaming.h>
#include <renorm/study.h>
#include <renorm/train.h>
#include <renorm/transport.h>
#include <renorm/transport_solve.h>
#include <renorm/types.h>
#include <renorm/velocity_law.h>
#include <renorm/verdict.h>

#endif
