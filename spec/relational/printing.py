"""Formulas as a mathematician writes them: `∀s,e. cur(s, e) → started(e)`.

Knows the tree only. Names carry a serial number (`s₂`) where two variables of one name meet.
"""

from .terms import (
    And,
    Application,
    AtMost,
    Atom,
    Choice,
    Equal,
    Formula,
    Iff,
    Implies,
    Not,
    Number,
    Or,
    Quantified,
    Sum,
    Term,
    Truth,
    Variable,
)

_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
# Binding strength, weakest first; a child that binds weaker than its place needs parentheses.
_QUANTIFIER, _IFF, _IMPLIES, _OR, _AND, _NOT = range(6)


def text(formula: Formula) -> str:
    """One line."""
    return _text(formula, _QUANTIFIER)


def term_text(term: Term) -> str:
    """A term on one line."""
    match term:
        case Variable(name, _, serial):
            return name + (str(serial).translate(_SUBSCRIPTS) if serial else "")
        case Number(value):
            return str(value)
        case Application(function, arguments):
            return function + (f"({', '.join(map(term_text, arguments))})" if arguments else "")
        case Sum(left, right):
            return f"{term_text(left)} + {term_text(right)}"
        case Choice(condition, then, otherwise):
            return f"({text(condition)} ? {term_text(then)} : {term_text(otherwise)})"


def _text(formula: Formula, place: int) -> str:
    strength, written = _written(formula)
    return f"({written})" if strength < place else written


def _written(formula: Formula) -> tuple[int, str]:
    match formula:
        case Truth(value):
            return _NOT, "true" if value else "false"
        case Atom(relation, arguments):
            return _NOT, relation + (f"({', '.join(map(term_text, arguments))})" if arguments else "")
        case Equal(left, right):
            return _NOT, f"{term_text(left)} = {term_text(right)}"
        case AtMost(left, right):
            return _NOT, f"{term_text(left)} ≤ {term_text(right)}"
        case Not(Equal(left, right)):
            return _NOT, f"{term_text(left)} ≠ {term_text(right)}"
        case Not(AtMost(left, right)):
            return _NOT, f"{term_text(right)} < {term_text(left)}"
        case Not(body):
            return _NOT, "¬" + _text(body, _NOT)
        case And(parts):
            return _AND, " ∧ ".join(_text(part, _AND + 1) for part in parts)
        case Or(parts):
            return _OR, " ∨ ".join(_text(part, _OR + 1) for part in parts)
        case Implies(premise, conclusion):
            return _IMPLIES, f"{_text(premise, _IMPLIES + 1)} → {_text(conclusion, _IMPLIES)}"
        case Iff(left, right):
            return _IFF, f"{_text(left, _IFF + 1)} ↔ {_text(right, _IFF + 1)}"
        case Quantified(universal, variables, body):
            names = ",".join(map(term_text, variables))
            return _QUANTIFIER, f"{'∀' if universal else '∃'}{names}. {_text(body, _QUANTIFIER)}"
