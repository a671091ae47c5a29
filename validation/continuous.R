# Golden numbers of continuous outcomes, rates and given effects, by R metafor: Rscript validation/continuous.R
#
# Writes validation/golden/continuous/<set>.json. metafor computes everything but two things, which are written out here:
# RevMan's standardised mean difference (Deeks & Higgins 2010; metafor has the exact J and g^2 / (2 N)), beside which
# metafor's own stands as "SMD_metafor", and I2 and the prediction interval, which RevMan takes from Q and which
# Higgins, Thompson & Spiegelhalter (2009) take from t with k - 2 degrees of freedom.
suppressMessages(library(metafor))
out <- "validation/golden/continuous"

json <- function(x) {
  if (is.list(x)) {
    inner <- vapply(x, json, "")
    if (is.null(names(x))) return(paste0("[", paste(inner, collapse = ", "), "]"))
    return(paste0("{", paste0('"', names(x), '": ', inner, collapse = ", "), "}"))
  }
  one <- function(v) {
    if (is.na(v)) return("null")
    if (is.character(v)) return(paste0('"', gsub('(["\\\\])', "\\\\\\1", v), '"'))
    if (is.infinite(v)) return(if (v > 0) '"Inf"' else '"-Inf"')
    short <- format(v, digits = 15, scientific = NA)
    if (as.numeric(short) == v) trimws(short) else sprintf("%.17g", v)
  }
  parts <- vapply(x, one, "")
  if (is.null(attr(x, "scalar"))) paste0("[", paste(parts, collapse = ", "), "]") else parts
}
s <- function(v) structure(unname(as.vector(v))[1], scalar = TRUE)   # one number, not an array

block <- function(fit, Q) {
  df <- fit$k - 1
  list(k = s(fit$k), estimate = s(fit$beta), se = s(fit$se), ci_low = s(fit$ci.lb), ci_high = s(fit$ci.ub),
       statistic = s(fit$zval), p = s(fit$pval), Q = s(if (fit$k == 1) 0 else Q), df = s(df),
       p_Q = s(if (fit$k == 1) NA else pchisq(Q, df, lower.tail = FALSE)),
       I2 = s(if (fit$k > 1 && Q > 0) 100 * max(0, (Q - df) / Q) else 0), weights = as.vector(weights(fit)))
}

pooled <- function(yi, vi) {
  k <- sum(!is.na(yi))
  fixed <- rma(yi, vi, method = "EE")
  Q <- fixed$QE
  result <- list(fixed = block(fixed, Q))
  for (method in c("DL", "PM", "REML")) {
    for (test in c("z", "knha")) {
      if (test == "knha" && k == 1) next
      # metafor's thresholds are absolute and by default not good to 1e-8, and it looks for no tau2 above 100.
      scale <- max(var(yi), min(vi), na.rm = TRUE)
      control <- list(threshold = 1e-13 * scale, maxiter = 1e5)
      if (method == "PM") control <- list(tol = 1e-16 * scale, maxiter = 1e4, tau2.max = 1e4 * scale)
      fit <- rma(yi, vi, method = method, test = test, control = control)
      one <- c(block(fit, Q), list(tau2 = s(fit$tau2)))
      half <- if (k > 2) qt(.975, k - 2) * sqrt(fit$tau2 + fit$se^2) else NA
      one <- c(one, list(prediction_low = s(fit$beta - half), prediction_high = s(fit$beta + half)))
      result[[paste0(method, if (test == "knha") "_hksj" else "")]] <- one
    }
  }
  result
}

# What was pooled goes without the studies that have no effect.
measured <- function(yi, vi) {
  ok <- !is.na(yi)
  list(yi = as.vector(yi), vi = as.vector(vi), pooled = pooled(yi[ok], vi[ok]))
}

write <- function(set, source, studies, measures) {
  about <- list(set = s(set), source = s(source), made_with = s(paste0("R ", getRversion(), ", metafor ",
    packageVersion("metafor"), ", metadat ", packageVersion("metadat"))), studies = studies, measures = measures)
  writeLines(json(about), file.path(out, paste0(set, ".json")), useBytes = TRUE)
}

means <- function(set, source, d) {
  md <- escalc("MD", m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i, sd2i = sd2i, n2i = n2i, data = d)
  own <- escalc("SMD", m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i, sd2i = sd2i, n2i = n2i, data = d)
  with(d, {
    N <- n1i + n2i
    sd <- sqrt(((n1i - 1) * sd1i^2 + (n2i - 1) * sd2i^2) / (N - 2))
    g <- (m1i - m2i) / sd * (1 - 3 / (4 * N - 9))
    v <- N / (n1i * n2i) + g^2 / (2 * (N - 3.94))
    write(set, source,
      list(study = paste("study", seq_along(N)), mean_t = m1i, sd_t = sd1i, n_t = n1i, mean_c = m2i, sd_c = sd2i, n_c = n2i),
      list(MD = measured(md$yi, md$vi), SMD = measured(g, v),
           SMD_metafor = list(yi = as.vector(own$yi), vi = as.vector(own$vi))))
  })
}

rates <- function(set, source, d) {
  irr <- escalc("IRR", x1i = x1i, t1i = t1i, x2i = x2i, t2i = t2i, data = d, add = 1/2, to = "only0", drop00 = TRUE)
  ird <- escalc("IRD", x1i = x1i, t1i = t1i, x2i = x2i, t2i = t2i, data = d, add = 1/2, to = "only0", addyi = FALSE)
  write(set, source,
    with(d, list(study = paste("study", seq_along(x1i)), events_t = x1i, time_t = t1i, events_c = x2i, time_c = t2i)),
    list(IRR = measured(irr$yi, irr$vi), IRD = measured(ird$yi, ird$vi)))
}

made <- function(...) as.data.frame(matrix(c(...), ncol = 6, byrow = TRUE, dimnames = list(NULL, c("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i"))))
made_rates <- function(...) as.data.frame(matrix(c(...), ncol = 4, byrow = TRUE, dimnames = list(NULL, c("x1i", "t1i", "x2i", "t2i"))))

means("normand1999", "metadat dat.normand1999", dat.normand1999)
means("curtis1998", "metadat dat.curtis1998, first 20 rows", dat.curtis1998[1:20, ])
means("gibson2002", "metadat dat.gibson2002, rows with means", subset(dat.gibson2002, !is.na(m1i)))
cold <- subset(dat.dagostino1998, outcome == "rnic1" & !is.na(mt))
means("dagostino1998", "metadat dat.dagostino1998, outcome rnic1",
  with(cold, data.frame(m1i = mt, sd1i = sdt, n1i = nt, m2i = mc, sd2i = sdc, n2i = nc)))
means("rm5_fleiss1993", "R package meta (GPL), inst/extdata/Fleiss1993.rm5, CMP-001.02: numbers only",
  made(5, 4.7, 13, 6.5, 3.8, 13, 4.9, 1.71, 30, 6.1, 2.3, 50, 22.5, 3.44, 35, 24.9, 10.65, 35, 12.5, 1.47, 20, 12.3,
       1.66, 20, 6.5, 0.76, 8, 7.38, 1.41, 8))
gad <- "github ChrisGale-Research/red-team-empirical-audit (MIT), data/Benzodiazepines_versus_pregabalin_for_GAD.rm5"
means("rm5_gad_001_06", paste0(gad, ", CMP-001.06: numbers only"),
  made(-11.96, 20.8348, 62, -9.24, 34.9518, 68, -11.96, 20.8348, 62, -10.25, 27.2657, 68, -11.62, 6.848, 64, -13.171,
       6.8808, 61, -11.62, 6.848, 64, -10.893, 6.853, 69, -10.9, 7.3, 88, -11.8, 0.8, 85, -10.9, 7.3, 88, -11, 0.8, 87,
       -10.9, 7.3, 88, -12.2, 0.8, 89))
means("rm5_gad_001_07", paste0(gad, ", CMP-001.07: numbers only"),
  made(0.5, 0.94, 88, 0.3, 0.31, 85, 0.5, 0.94, 88, 0.5, 0.31, 89, 0.5, 0.94, 88, 0.2, 0.31, 87))
means("edge_single", "made: one study", made(3, 1.5, 12, 2, 1.2, 15))
means("edge_two", "made: two studies that disagree", made(3, 1, 20, 2, 1, 20, 1, 2, 30, 2, 2.5, 25))
means("edge_identical", "made: four identical studies", made(rep(c(5, 2, 25, 4, 2, 25), 4)))
means("edge_tau2_zero", "made: less variation than chance",
  made(5.1, 2, 25, 4, 2, 25, 5.0, 2.1, 30, 4, 1.9, 28, 4.9, 1.8, 40, 3.9, 2, 41, 5.2, 2.2, 22, 4.1, 2, 20))
means("edge_heterogeneous", "made: huge heterogeneity",
  made(100, 1, 500, 0, 1, 500, -80, 2, 400, 0, 2, 400, 5, 0.5, 300, 0, 0.5, 310, 900, 3, 250, 10, 3, 240))
means("edge_two_patients", "made: two patients an arm, unequal arms",
  made(1, 0.4, 2, 0.5, 0.9, 2, 2, 1, 2, 1, 1, 40, 0.3, 0.2, 60, 0.1, 0.3, 2))
means("edge_scales", "made: large and small units", made(1.2e6, 3e5, 40, 1.1e6, 2.5e5, 38, 1.3e6, 2e5, 60, 1e6, 2e5, 55,
  9e5, 4e5, 12, 1.05e6, 3e5, 14))
means("edge_no_difference", "made: equal means", made(2, 1, 10, 2, 1.5, 12, 7, 2, 33, 7, 2.5, 30, 1, 3, 20, 1, 3, 20))
rates("nielweise2008", "metadat dat.nielweise2008", dat.nielweise2008)
rates("hart1999", "metadat dat.hart1999", dat.hart1999)
rates("edge_rates_zero", "made: no events in one arm, in both arms, in neither",
  made_rates(0, 100.5, 4, 98, 3, 250, 0, 240, 0, 50, 0, 52, 7, 300, 9, 310, 2, 80, 5, 82))
rates("edge_rates_single", "made: one study", made_rates(12, 340.25, 20, 333))
rates("edge_rates_none", "made: one study with events of two", made_rates(0, 10, 0, 12, 3, 40, 5, 44))
rates("edge_rates_heterogeneous", "made: huge heterogeneity",
  made_rates(400, 1000, 20, 1000, 5, 900, 300, 950, 60, 600, 61, 610, 1000, 1e5, 10, 1e5))

# Estimates with 95% intervals, as printed; and effects with standard errors.
smoke <- dat.hackshaw1998
half <- (log(smoke$or.ub) - log(smoke$or.lb)) / (2 * qnorm(.975))
write("hackshaw1998", "metadat dat.hackshaw1998: odds ratios with 95% intervals",
  list(study = paste("study", seq_along(half)), estimate = smoke$or, ci_low = smoke$or.lb, ci_high = smoke$or.ub),
  list(OR = measured(log(smoke$or), half^2)))
practice <- dat.baskerville2012
write("baskerville2012", "metadat dat.baskerville2012: standardised mean differences with standard errors",
  list(study = paste("study", seq_along(practice$smd)), effect = practice$smd, se = practice$se),
  list(SMD = measured(practice$smd, practice$se^2)))
trials <- dat.pignon2000
write("pignon2000", "metadat dat.pignon2000: log hazard ratios (O - E) / V with standard errors 1 / sqrt(V)",
  list(study = paste("study", seq_along(trials$V)), effect = trials$OmE / trials$V, se = 1 / sqrt(trials$V)),
  list(HR = measured(trials$OmE / trials$V, 1 / trials$V)))
