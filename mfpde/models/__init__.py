"""Models: an energy of measures, its potential and its moments; the same object serves grid and particles."""
