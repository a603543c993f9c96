"""The Eulerian side: the continuity equation with reaction, by finite volumes."""
