"""The verbs of `mfpde`: a module holds a function of its own name, which `mfpde.cli.app` finds here."""
