# metafor: Mantel-Haenszel without correction, the Q-profile interval, trim and fill, cumulative pooling.

# Cells as they are in the Mantel-Haenszel sums; Q from effects with 0.5 added to studies with a zero cell.
fit_mantel_haenszel <- function(d, measure) {
  rma.mh(
    measure = measure, ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = d,
    add = c(1 / 2, 0), to = c("only0", "none"), drop00 = c(measure != "RD", FALSE)
  )
}

mantel_haenszel <- function(d, measure) {
  fit <- fit_mantel_haenszel(d, measure)
  c(pooled(fit), list(Q = fit$QE, Q_df = fit$k.yi - 1, Q_p = fit$QEp, I2 = fit$I2))
}

# The interval does not depend on the estimator of the model.
q_profile <- function(es) {
  fit <- rma(yi, vi, data = es, method = "DL")
  if (fit$k < 2) stop("one study has no heterogeneity")
  found <- confint(fit, type = "QP", control = list(tol = 1e-16, maxiter = 10000, tau2.max = 1e5))
  limits <- found$random[, c("ci.lb", "ci.ub")]
  list(
    tau2_lb = limits["tau^2", 1], tau2_ub = limits["tau^2", 2],
    I2_lb = limits["I^2(%)", 1], I2_ub = limits["I^2(%)", 2], null_set = found$ci.null
  )
}

# `method` is the model, `estimator` the way of counting what is missing.
trim_and_fill <- function(es, method, estimator) {
  filled <- trimfill(rma(yi, vi, data = es, method = method), estimator = estimator)
  c(
    list(side = filled$side, k0 = filled$k0), pooled(filled),
    list(
      tau2 = filled$tau2, Q = filled$QE,
      # The mirrored studies stand behind the real ones.
      filled_yi = rows(tail(as.numeric(filled$yi), filled$k0)), filled_vi = rows(tail(filled$vi, filled$k0))
    )
  )
}

# The first 1, 2, ... studies, in the order of the rows and, where every year is known, by year (ties as in the table).
cumulative <- function(d, es, measure) {
  orders <- list(data_order = seq_len(nrow(d)))
  if (!is.null(d$year) && !anyNA(d$year)) orders$by_year <- order(d$year)
  lapply(orders, function(order) {
    list(
      mh = attempt(series(cumul(fit_mantel_haenszel(d[order, ], measure)))),
      dl = attempt(series(cumul(rma(yi, vi, data = es[order, ], method = "DL")))),
      order = rows(order - 1)
    )
  })
}

series <- function(found) {
  fields <- c(estimate = "estimate", se = "se", ci_lb = "ci.lb", ci_ub = "ci.ub", p = "pval", Q = "Q", I2 = "I2",
              tau2 = "tau2")
  lapply(fields[fields %in% names(found)], function(field) rows(c(found[[field]])))
}
