"""Segments: rules over everything we know about a contact, compiled to one SQL condition."""
