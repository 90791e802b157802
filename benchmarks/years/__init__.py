"""The sample company after years of work: the rows that its pages then have to find their way through.

Each module adds the mass of one noun in bulk, around and onto the rows that the sample company has already, because
those are what the pages show. The figures stand in `Mass`.
"""

from benchmarks.years.mass import Mass
from benchmarks.years.telling import grow

__all__ = ["Mass", "grow"]
