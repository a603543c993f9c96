"""`python -m mfpde`."""

from mfpde.cli import main

if __name__ == "__main__":
    main()
