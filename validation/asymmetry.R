# Tests of asymmetry: Egger's by metafor, Peters' and Harbord's as regressions written out with R's own lm().

asymmetry <- function(d, es, measure) {
  # Fewer than three studies: no block.
  if (sum(!is.na(es$yi)) < 3) return(structure(list(), names = character()))
  tests <- list(egger_lm = attempt(egger(es)), peters_2006 = attempt(peters(d, es)))
  if (measure == "OR") tests$harbord <- attempt(harbord(d))
  tests
}

# metafor: effects on their standard errors, weights 1/vi. The slope is the bias, the intercept the limit.
egger <- function(es) {
  found <- regtest(rma(yi, vi, data = es, method = "DL"), model = "lm", predictor = "sei")
  line <- coef(summary(found$fit))
  list(
    slope = line[2, 1], slope_se = line[2, 2], t = found$zval, df = found$dfs, p = found$pval,
    limit = c(found$est), limit_lb = found$ci.lb, limit_ub = found$ci.ub
  )
}

# Peters et al. (2006): effects on 1/N, weights 1/(1/events + 1/non-events).
peters <- function(d, es) {
  events <- d$ai + d$ci
  people <- d$n1i + d$n2i
  used <- !is.na(es$yi)
  line <- regression(
    as.numeric(es$yi)[used], (1 / people)[used], (1 / (1 / events + 1 / (people - events)))[used]
  )
  list(
    slope = line["slope", 1], slope_se = line["slope", 2], t = line["slope", 3], df = line["slope", 5],
    p = line["slope", 4], intercept = line["intercept", 1], intercept_se = line["intercept", 2]
  )
}

# Harbord et al. (2006): Z/sqrt(V) on sqrt(V), with Peto's efficient score Z and its variance V.
harbord <- function(d) {
  score <- peto_score(d)
  used <- score$V > 0
  line <- regression((score$Z / sqrt(score$V))[used], sqrt(score$V)[used])
  list(
    intercept = line["intercept", 1], intercept_se = line["intercept", 2], t = line["intercept", 3],
    df = line["intercept", 5], p = line["intercept", 4], slope = line["slope", 1], slope_se = line["slope", 2]
  )
}

# Estimate, standard error, t, P and degrees of freedom of both coefficients of a line.
regression <- function(y, x, weights = rep(1, length(y))) {
  fit <- lm(y ~ x, weights = weights)
  table <- coef(summary(fit))
  if (nrow(table) < 2 || anyNA(table)) stop("not estimable")
  rownames(table) <- c("intercept", "slope")
  cbind(table, fit$df.residual)
}
