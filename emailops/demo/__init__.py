"""The sample company "Maren & Moss": told only through services, so that everything on every page works on it."""

from emailops.demo.company import PASSWORD, PEOPLE, seed_if_empty

__all__ = ["PASSWORD", "PEOPLE", "seed_if_empty"]
