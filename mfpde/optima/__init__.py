"""The global minimum of a network's energy over all probability measures, found without any flow."""

TOLERANCE = 1e-8  #: of E, up to which an optimum is refined, and within which it is called certified
