# Golden numbers of meta-regressions, by R metafor: Rscript validation/meta_regression.R
#
# Writes validation/golden/meta_regression/<set>.json: effects and variances (log scale), moderators, and rma(mods = )
# under each estimator of tau2, with the normal quantile and with test="knha".
suppressMessages(library(metafor))
source("validation/json.R")
out <- "validation/golden/meta_regression"

fitted <- function(yi, vi, mods, method, test) {
  # metafor's thresholds are absolute and by default not good to 1e-8.
  scale <- max(var(yi), min(vi))
  control <- list(threshold = 1e-12 * scale, maxiter = 1e5)
  if (method == "PM") control <- list(tol = 1e-16 * scale, maxiter = 1e4, tau2.max = 1e4 * scale)
  if (method == "DL") control <- list()
  fit <- rma(yi, vi, mods = mods, method = method, test = test, control = control)
  list(coefficients = I(as.vector(fit$beta)), se = I(as.vector(fit$se)), statistic = I(as.vector(fit$zval)),
       p = I(as.vector(fit$pval)), ci_low = I(as.vector(fit$ci.lb)), ci_high = I(as.vector(fit$ci.ub)),
       tau2 = fit$tau2, R2 = if (is.null(fit$R2)) NA else fit$R2, I2 = fit$I2, QE = fit$QE, QE_p = fit$QEp,
       QM = fit$QM, QM_p = fit$QMp, k = fit$k)
}

write_set <- function(set, source, yi, vi, moderators) {
  mods <- model.matrix(~ ., data = moderators)[, -1, drop = FALSE]
  blocks <- list()
  for (method in c("DL", "PM", "REML", "ML")) for (test in c("z", "knha")) {
    name <- paste0(method, if (test == "knha") "_hksj" else "")
    blocks[[name]] <- fitted(as.vector(yi), as.vector(vi), mods, method, test)
  }
  about <- list(set = set, source = source,
    made_with = paste0("R ", getRversion(), ", metafor ", packageVersion("metafor"), ", metadat ", packageVersion("metadat")),
    yi = I(as.vector(yi)), vi = I(as.vector(vi)), moderators = lapply(moderators, I), fits = blocks)
  writeLines(to_json(about), file.path(out, paste0(set, ".json")), useBytes = TRUE)
}

bcg <- escalc("RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
write_set("bcg_latitude", "metadat dat.bcg: log risk ratio on absolute latitude", bcg$yi, bcg$vi, data.frame(ablat = bcg$ablat))
write_set("bcg_both", "metadat dat.bcg: log risk ratio on absolute latitude and allocation", bcg$yi, bcg$vi,
          data.frame(ablat = bcg$ablat, alloc = bcg$alloc))
write_set("bcg_year", "metadat dat.bcg: log odds ratio on year", escalc("OR", ai = tpos, bi = tneg, ci = cpos, di = cneg,
          data = dat.bcg)$yi, escalc("OR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)$vi, data.frame(year = bcg$year))
teachers <- dat.raudenbush1985
write_set("raudenbush1985", "metadat dat.raudenbush1985: standardised mean difference on weeks of contact",
          teachers$yi, teachers$vi, data.frame(weeks = teachers$weeks))
writing <- subset(dat.bangertdrowns2004, !is.na(length) & !is.na(wic))
write_set("bangertdrowns2004", "metadat dat.bangertdrowns2004: standardised mean difference on length and writing in class",
          writing$yi, writing$vi, data.frame(length = writing$length, wic = writing$wic))
write_set("edge_explained", "made: all heterogeneity is explained", c(0.1, 0.32, 0.48, 0.71, 0.9, 1.12), rep(0.02, 6),
          data.frame(dose = 1:6))
write_set("edge_homogeneous", "made: less variation than chance", c(0.5, 0.52, 0.49, 0.51), c(0.1, 0.2, 0.15, 0.12),
          data.frame(dose = c(1, 5, 2, 9)))
write_set("edge_scales", "made: large values of a moderator", c(0.2, -0.4, 0.9, 0.1, 1.3), c(0.01, 0.02, 0.05, 0.01, 0.2),
          data.frame(income = c(1.2e6, 3.1e6, 2.2e6, 9.4e6, 5.5e6)))
