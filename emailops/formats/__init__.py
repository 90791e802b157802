"""Dates and numbers as our pages write them, where Django's own notation of a language lacks something."""
