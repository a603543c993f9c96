"""The Lagrangian side: finite networks of several widths, trained by the same flow."""
