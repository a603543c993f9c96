"""The global minimum of a network's energy over all probability measures, found without any flow."""
