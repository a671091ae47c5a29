"""Printed numbers and checked data: what a paper says, held against what follows."""
