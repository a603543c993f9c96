"""What builds the problem of a case, by its kind; see `mfpde.case.problems` for how to add one."""
