# The algorithms of Review Manager 5, written out from Deeks & Higgins (2010), "Statistical algorithms in Review
# Manager 5". metafor takes no part in this file. Where the document leaves the zero cells open, the numbers that RevMan
# stored decide: golden/revman_stored, and the README says what they confirm.

revman <- function(d, measure) {
  studies <- cells(d, measure)
  methods <- c("mh_fixed", "iv_fixed", "mh_random", "iv_random", if (measure == "OR") "peto")
  blocks <- sapply(methods, function(method) attempt(revman_pool(studies, method)), simplify = FALSE)
  block <- c(list(effects = lapply(studies[c("estimable", "corrected", "yi", "sei", "ci_lb", "ci_ub")], rows)), blocks)
  if (nrow(d) > 1) {
    block$leave1out <- sapply(
      c("mh_fixed", "mh_random"), function(method) leave_one_out(studies, method), simplify = FALSE
    )
  }
  if (!is.null(d$subgroup)) {
    block$subgroups <- sapply(methods, function(method) subgroups(studies, d$subgroup, method), simplify = FALSE)
  }
  block
}

# The cells as they are (a, b, c, d), with 0.5 added to all four where one is zero (A, B, C, D), and each study's effect.
cells <- function(d, measure) {
  x <- data.frame(a = d$ai, b = d$n1i - d$ai, c = d$ci, d = d$n2i - d$ci)
  no_event <- x$a == 0 & x$c == 0
  only_events <- x$b == 0 & x$d == 0
  x$estimable <- switch(measure, OR = !no_event & !only_events, RR = !no_event, RD = TRUE)
  x$corrected <- x$estimable & (x$a == 0 | x$b == 0 | x$c == 0 | x$d == 0)
  x[c("A", "B", "C", "D")] <- x[c("a", "b", "c", "d")] + x$corrected / 2
  x <- within(x, {
    N1 <- A + B
    N2 <- C + D
    N <- N1 + N2
  })
  x$measure <- measure
  x$yi <- switch(measure,
    OR = log(x$A * x$D / (x$B * x$C)),
    # Everybody had the event: the ratio is exactly 1, also with unequal arms.
    RR = ifelse(only_events, 0, log((x$A / x$N1) / (x$C / x$N2))),
    # The difference is not corrected, its standard error is.
    RD = x$a / (x$a + x$b) - x$c / (x$c + x$d)
  )
  x$sei <- sqrt(switch(measure,
    OR = 1 / x$A + 1 / x$B + 1 / x$C + 1 / x$D,
    RR = 1 / x$A - 1 / x$N1 + 1 / x$C - 1 / x$N2,
    RD = x$A * x$B / x$N1^3 + x$C * x$D / x$N2^3
  ))
  x[!x$estimable, c("yi", "sei")] <- NA
  x$ci_lb <- x$yi - qnorm(0.975) * x$sei
  x$ci_ub <- x$yi + qnorm(0.975) * x$sei
  x
}

# Weight in the Mantel-Haenszel mean of the ratios (of the differences, for RD with the cells as they are).
mh_weight <- function(x) {
  switch(x$measure[1],
    OR = x$B * x$C / x$N,
    RR = x$C * x$N1 / x$N,
    RD = (x$a + x$b) * (x$c + x$d) / (x$a + x$b + x$c + x$d)
  )
}

# Mantel-Haenszel estimate with its standard error (Robins, Breslow & Greenland; Greenland & Robins).
mh_estimate <- function(x) {
  w <- mh_weight(x)
  if (x$measure[1] == "RD") {
    return(c(sum(w * x$yi) / sum(w), sqrt(sum(w^2 * x$sei^2)) / sum(w)))
  }
  variance <- if (x$measure[1] == "OR") {
    R <- x$A * x$D / x$N
    S <- x$B * x$C / x$N
    P <- (x$A + x$D) / x$N
    Q <- (x$B + x$C) / x$N
    (sum(P * R) / sum(R)^2 + sum(P * S + Q * R) / (sum(R) * sum(S)) + sum(Q * S) / sum(S)^2) / 2
  } else {
    R <- x$A * x$N2 / x$N
    S <- x$C * x$N1 / x$N
    sum((x$N1 * x$N2 * (x$A + x$C) - x$A * x$C * x$N) / x$N^2) / (sum(R) * sum(S))
  }
  c(log(sum(w * exp(x$yi)) / sum(w)), sqrt(variance))
}

# Two other readings of the standard error of RD: no cell corrected, and every cell corrected.
other_readings <- function(x) {
  se <- function(a, b, c, d) {
    w <- (a + b) * (c + d) / (a + b + c + d)
    sqrt(sum(w^2 * (a * b / (a + b)^3 + c * d / (c + d)^3))) / sum(w)
  }
  list(se_alt_plain_cells = se(x$a, x$b, x$c, x$d), se_alt_all_corrected = se(x$A, x$B, x$C, x$D))
}

# Observed minus expected events and their hypergeometric variance.
peto_score <- function(d) {
  events <- d$ai + d$ci
  people <- d$n1i + d$n2i
  list(
    Z = d$ai - events * d$n1i / people,
    V = d$n1i * d$n2i * events * (people - events) / (people^2 * (people - 1))
  )
}

# The pooled result of one method, `weights_pct` with one entry a study.
revman_pool <- function(studies, method) {
  if (method == "peto") return(peto_pool(studies))
  used <- which(studies$estimable)
  if (length(used) == 0) stop("no estimable study")
  x <- studies[used, ]
  k <- length(used)
  inverse <- 1 / x$sei^2
  fixed <- if (startsWith(method, "mh")) {
    mh_estimate(x)
  } else {
    c(sum(inverse * x$yi) / sum(inverse), 1 / sqrt(sum(inverse)))
  }
  Q <- if (k > 1) sum(inverse * (x$yi - fixed[1])^2) else 0
  if (endsWith(method, "fixed")) {
    weights <- if (method == "mh_fixed") mh_weight(x) else inverse
    block <- c(tested(fixed[1], fixed[2], k), heterogeneity(Q, k))
  } else {
    # DerSimonian-Laird, for M-H with the Q around the Mantel-Haenszel estimate.
    tau2 <- if (k > 1) max(0, (Q - (k - 1)) / (sum(inverse) - sum(inverse^2) / sum(inverse))) else 0
    weights <- 1 / (x$sei^2 + tau2)
    estimate <- sum(weights * x$yi) / sum(weights)
    se <- 1 / sqrt(sum(weights))
    half <- if (k > 2) qt(0.975, k - 2) * sqrt(tau2 + se^2) else NA
    block <- c(
      list(tau2 = tau2), tested(estimate, se, k), heterogeneity(Q, k),
      list(pi_t_km2_lb = estimate - half, pi_t_km2_ub = estimate + half)
    )
  }
  block$weights_pct <- in_rows(100 * weights / sum(weights), used, nrow(studies))
  if (method == "mh_fixed" && x$measure[1] == "RD") block <- c(block, other_readings(x))
  block
}

peto_pool <- function(studies) {
  score <- peto_score(with(studies, data.frame(ai = a, n1i = a + b, ci = c, n2i = c + d)))
  used <- which(score$V > 0)
  if (length(used) == 0) stop("no estimable study")
  V <- score$V[used]
  yi <- score$Z[used] / V
  estimate <- sum(score$Z[used]) / sum(V)
  Q <- if (length(used) > 1) sum(V * (yi - estimate)^2) else 0
  in_table <- function(x) in_rows(x, used, nrow(studies))
  c(
    tested(estimate, 1 / sqrt(sum(V)), length(used)), heterogeneity(Q, length(used)),
    list(weights_pct = in_table(100 * V / sum(V)), yi = in_table(yi), sei = in_table(1 / sqrt(V)))
  )
}

in_rows <- function(values, where, length) rows(replace(rep(NA_real_, length), where, values))

tested <- function(estimate, se, k) {
  half <- qnorm(0.975) * se
  z <- estimate / se
  list(
    k = k, estimate = estimate, se = se, ci_lb = estimate - half, ci_ub = estimate + half, z = z,
    p = 2 * pnorm(-abs(z))
  )
}

# One study has no heterogeneity to test.
heterogeneity <- function(Q, k) {
  list(
    Q = Q, Q_df = k - 1, Q_p = if (k > 1) pchisq(Q, k - 1, lower.tail = FALSE) else NA,
    I2 = if (Q > 0) max(0, 100 * (Q - (k - 1)) / Q) else 0
  )
}

# The result without each study in turn; NA where nothing is left.
leave_one_out <- function(studies, method) {
  left <- lapply(seq_len(nrow(studies)), function(i) attempt(revman_pool(studies[-i, ], method)))
  fields <- c("k", "estimate", "se", "ci_lb", "ci_ub", "p", "Q", "I2", "tau2")
  sapply(fields, function(field) {
    rows(vapply(left, function(block) if (is.null(block[[field]])) NA_real_ else block[[field]], 0))
  }, simplify = FALSE)
}

# Each subgroup in the order of first appearance, and the test between them: totals pooled by inverse variance.
subgroups <- function(studies, names, method) {
  groups <- lapply(unique(names), function(name) {
    block <- attempt(revman_pool(studies[names == name, ], method))
    c(list(subgroup = name), block[setdiff(names(block), c("weights_pct", "yi", "sei"))])
  })
  estimable <- Filter(function(group) is.null(group$error) && isTRUE(group$se > 0), groups)
  estimate <- vapply(estimable, `[[`, 0, "estimate")
  weight <- 1 / vapply(estimable, `[[`, 0, "se")^2
  df <- length(estimable) - 1
  Q <- sum(weight * (estimate - sum(weight * estimate) / sum(weight))^2)
  between <- if (df > 0) {
    list(Q = Q, df = df, p = pchisq(Q, df, lower.tail = FALSE), I2 = max(0, 100 * (Q - df) / Q))
  } else {
    list(Q = NA, df = df, p = NA, I2 = NA)
  }
  list(groups = unname(groups), between = between)
}
