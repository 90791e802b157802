"""Templates compiled to Python functions: python-liquid parses, its syntax tree is the specification.

A compiled template gives exactly what `campaigns.liquid.Template.fill` gives, or raises one of `STUMBLES`, upon which
the caller takes the slow way. What cannot be compiled is said once, when it is tried.
"""

from campaigns.compiled.program import Program, compile_program, compile_text
from campaigns.compiled.values import STUMBLES, Memo, NeedsReference

__all__ = ["STUMBLES", "Memo", "NeedsReference", "Program", "compile_program", "compile_text"]
