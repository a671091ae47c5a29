# Writes lists as JSON with 17 significant digits, which give back the same double (jsonlite stops at 15).

to_json <- function(x) {
  if (is.null(x)) return("null")
  if (is.list(x)) {
    parts <- vapply(x, to_json, "")
    if (is.null(names(x)) && length(x) > 0) return(paste0("[", paste(parts, collapse = ","), "]"))
    return(paste0("{", paste0(vapply(names(x), quoted, ""), ":", parts, recycle0 = TRUE, collapse = ","), "}"))
  }
  parts <- vapply(unclass(x), scalar, "", USE.NAMES = FALSE)
  if (length(parts) == 1 && !inherits(x, "AsIs")) parts else paste0("[", paste(parts, collapse = ","), "]")
}

# NA and NaN become null, an infinite number the string "Inf" or "-Inf".
scalar <- function(x) {
  if (is.na(x)) return("null")
  if (is.character(x)) return(quoted(x))
  if (is.logical(x)) return(if (x) "true" else "false")
  if (is.infinite(x)) quoted(as.character(x)) else sprintf("%.17g", x)
}

quoted <- function(x) {
  escaped <- gsub('"', '\\"', gsub("\\", "\\\\", x, fixed = TRUE), fixed = TRUE)
  paste0('"', gsub("[[:cntrl:]]", " ", escaped), '"')
}
