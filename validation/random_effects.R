# metafor: study effects and random-effects models.

# 0.5 is added to all four cells of the studies with a zero cell; for ratios, studies without any event or without any
# non-event are dropped.
study_effects <- function(d, measure) {
  escalc(
    measure = measure, ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = d,
    add = 1 / 2, to = "only0", drop00 = measure != "RD"
  )
}

# metafor's default thresholds (1e-5, uniroot 1.2e-4, both absolute) are not good to 1e-8. Fisher scoring converges
# linearly and may cycle in the last bit, so the strictest threshold that it reaches is taken.
fit_random <- function(es, method, ...) {
  if (method != "REML") {
    return(rma(yi, vi, data = es, method = method, control = list(tol = 1e-16, maxiter = 10000), ...))
  }
  for (threshold in 10^-(16:10)) {
    fit <- try(
      rma(yi, vi, data = es, method = method, control = list(threshold = threshold, maxiter = 10000), ...),
      silent = TRUE
    )
    if (!inherits(fit, "try-error")) return(fit)
  }
  stop(attr(fit, "condition"))
}

# Estimate, interval and test of a fitted model.
pooled <- function(fit) {
  list(
    k = fit$k, estimate = c(fit$beta), se = fit$se, ci_lb = fit$ci.lb, ci_ub = fit$ci.ub,
    z = fit$zval, p = fit$pval
  )
}

random_effects <- function(es, method) {
  fit <- fit_random(es, method)
  hartung_knapp <- fit_random(es, method, test = "knha")
  block <- c(
    list(tau2 = fit$tau2), pooled(fit),
    list(Q = fit$QE, Q_df = fit$k - 1, Q_p = fit$QEp, I2 = fit$I2, weights_pct = rows(weights(fit))),
    prediction(fit, 2), prediction(fit, 1), prediction(fit, NULL)
  )
  if (method == "REML" && fit$k > 1) block$tau2_global <- global_maximum(es, fit)
  c(block, list(knha = knha(hartung_knapp), knha_adhoc_ci = never_narrower(hartung_knapp, fit)))
}

# Prediction interval, written out: with t on k - less degrees of freedom (Higgins, Thompson & Spiegelhalter take k - 2),
# or with z. predict() of metafor 3.8-1 takes z, or k - 1 after Hartung-Knapp.
prediction <- function(fit, less) {
  df <- if (is.null(less)) Inf else fit$k - less
  half <- if (df > 0) qt(0.975, df) * sqrt(fit$tau2 + fit$se^2) else NA
  limits <- list(c(fit$beta) - half, c(fit$beta) + half)
  names(limits) <- paste0(if (is.null(less)) "pi_z" else paste0("pi_t_km", less), c("_lb", "_ub"))
  limits
}

knha <- function(fit) {
  interval <- predict(fit)
  c(
    list(
      t = fit$zval, df = if (fit$k > 1) fit$k - 1 else NA, s2w = fit$s2w, estimate = c(fit$beta), se = fit$se,
      ci_lb = fit$ci.lb, ci_ub = fit$ci.ub, p = fit$pval,
      pi_metafor_lb = interval$pi.lb, pi_metafor_ub = interval$pi.ub
    ),
    prediction(fit, 2), prediction(fit, 1)
  )
}

# "Never narrower": of metafor's Hartung-Knapp and Wald intervals the wider, with its P.
never_narrower <- function(hartung_knapp, wald) {
  narrower <- hartung_knapp$ci.ub - hartung_knapp$ci.lb < wald$ci.ub - wald$ci.lb
  wider <- if (narrower) wald else hartung_knapp
  list(used_wald = narrower, ci_lb = wider$ci.lb, ci_ub = wider$ci.ub, p = wider$pval)
}

# The restricted likelihood may have two maxima, and Fisher scoring stops on the one near its start: metafor's own
# algorithm from several starts, and the highest.
global_maximum <- function(es, fit) {
  best <- fit
  for (start in c(0, 10^(-3:2) * var(es$yi, na.rm = TRUE))) {
    other <- try(
      rma(yi, vi, data = es, method = "REML",
          control = list(tau2.init = start, threshold = 1e-12, maxiter = 10000)),
      silent = TRUE
    )
    # Higher by more than rounding.
    if (!inherits(other, "try-error") && logLik(other) > logLik(best) + 1e-9) best <- other
  }
  best$tau2
}
