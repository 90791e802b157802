"""What Django leaves open for Russian."""

MONTH_DAY_FORMAT = "j E"  # in the genitive, as in a full date
