"""What can be wrong with a specification: refusals when it is read, and errors when it is evaluated.

Every refusal has a stable code from `CODES`; docs and tests are printed from that table. This module knows spans,
not Python's `ast` and not the tree.
"""

from dataclasses import dataclass

from .ir import Span

# code -> (title, cure). A title says what is wrong in general; the message of a refusal says what was found.
CODES: dict[str, tuple[str, str]] = {
    "E001": ("the text is not Python", "mend the syntax"),
    "E002": ("there is no such specification", "name a class that derives from Spec: `file.py:Class`"),
    "E003": ("the file cannot be read as a specification", "give a Python file with a class that derives from Spec"),
    "E004": ("importing the file failed", "run `python FILE` to see what it does on its own"),
    "E005": ("a constant or variant is wrong", "see `quorate list` for names and bounds"),
    "E100": ("this is not in the language", "see docs/language.md for what is"),
    "E101": ("'while' is not in the language", "write a bounded `for … in range(n)`"),
    "E102": ("leaving a loop early is not in the language", "put the condition into `if`, or use any, all, min or max"),
    "E103": ("exceptions are not in the language", "a step that cannot happen is abandoned by `require(…)`"),
    "E104": ("'with' is not in the language", "write its statements one after the other"),
    "E105": ("definitions stand at the top level of a module", "move it out of the method"),
    "E106": ("a lambda stands outside `key=` and `state(…)`", "write a helper function"),
    "E107": ("'del' is not in the language", "state variables stay; use `discard` or `remove` on collections"),
    "E108": ("'global' is not in the language", "everything that changes is a state variable"),
    "E109": ("'assert' is not in the language", "write an @invariant, or `require(…)` for a guard"),
    "E110": ("'async' and 'yield' are not in the language", "an action is one atomic step"),
    "E111": ("'return' inside a loop is not in the language", "use any, all, min, max or a comprehension"),
    "E112": ("several names are bound at once", "bind one name at a time"),
    "E113": ("a local annotation needs a value", "write `name: Type = value`"),
    "E114": ("a line does nothing", "assign its value, or delete it"),
    "E115": ("strings are not values of the language", "use an Enum"),
    "E116": ("':=' is not in the language", "assign on a line of its own"),
    "E117": ("starred arguments are not in the language", "write the arguments out"),
    "E118": ("a tuple cannot be kept", "use a Record"),
    "E119": ("'else' of a loop is not in the language", "put it after the loop"),
    "E120": ("this pattern is not in the language", "use class, enum, None and wildcard patterns"),
    "E121": ("lists are not values of the language", "build a Seq: `History(x for x in …)`, or a Set"),
    "E122": ("dictionaries are not values of the language", "build a Map: `Map({k: … for k in Server})`"),
    "E123": ("a generator stands on its own", "give it to any, all, sum, min, max, Set or a Seq class"),
    "E124": ("only whole numbers are values of the language", "use int"),
    "E125": ("this operator is not in the language", "use + - * // % on numbers, | & - on sets"),
    "E126": ("a slice has no step", "write `[low:high]`"),
    "E127": ("any, all and sum need a generator", "write `any(… for x in …)`"),
    "E128": ("a key is a lambda of one name", "write `key=lambda x: …`"),
    "E129": ("a statement is used as a value", "give it a line of its own"),
    "E130": ("a record class is asked for", "name a class that derives from Record"),
    "E131": ("a map is built from all its keys", "write `Map({k: … for k in Server})`"),
    "E132": ("this helper gives no value", "call it on a line of its own, inside an action"),
    "E133": ("actions and properties are not called", "move the shared part into a helper method"),
    "E134": ("only actions, and the effects they call, act on the state", "move it into an action"),
    "E135": ("a return does not fit its function", "return what the signature says"),
    "E136": ("a path ends without a value", "end every path with `return`"),
    "E137": ("a helper does not say what it gives", "write `-> bool`, `-> None`, …"),
    "E138": ("parameters are plain", "write `name: Type` for each"),
    "E139": ("a method has no `self`", "write `def name(self, …)`"),
    "E201": ("this is not a type of the language", "use bool, an Enum, Range, Sort, Record, Map, Set, Seq or Bag"),
    "E202": ("only records can be joined with `|`", "wrap the values in records, or use `T | None`"),
    "E203": ("a type contains itself", "types are finite: give records no way back to themselves"),
    "E204": ("a Seq or Bag has no class of its own", "write `class Name(Seq[Item], capacity=n)`"),
    "E205": ("a type has no values", "give it at least one"),
    "E206": ("a type has too many values here", "use a smaller type, or a Bag with a capacity"),
    "E207": ("a stored number has no bounds", "use a Range: `class Epoch(Range, low=0, high=n)`"),
    "E301": ("a state variable has no initial value", "write `state(value)`"),
    "E302": ("a type is missing", "annotate it"),
    "E304": ("a property gives a truth value", "write `-> bool`"),
    "E305": ("a property has the wrong parameters", "write `def name(self) -> bool`"),
    "E307": ("an action has too many instances", "draw the parameter from the state: `require(p in self.…)`"),
    "E308": ("a property has no sentence", "say in its docstring what holds, in words for people"),
    "E309": ("a helper calls itself", "write the steps out, or loop over a bounded range"),
    "E310": ("a specification has no actions", "mark at least one method with @action"),
    "E311": (
        "a ghost decides something",
        "ghosts are for properties: read a variable that is no ghost, or drop `ghost=True`",
    ),
    "E312": ("a step stands outside an action", "put `step(…)` into the action itself"),
    "E313": ("fairness is not there yet", "check safety properties"),
    "E314": ("liveness properties are not there yet", "write an @invariant or a @witness"),
    "E315": ("this has no place in a specification's class", "the body holds `name: Type = state(…)` and methods"),
    "E316": ("an action or property stands outside a specification's class", "indent it into the class"),
    "E317": ("a split action needs a thread", "mark it `@runs_on(Thread.NAME)`; its first parameter is the owner"),
    "E318": ("a step stands inside a loop", "put the step before or behind the loop"),
    "E319": ("a number without bounds lives across a step", "give it a Range type: `x: Epoch = Epoch(…)`"),
    "E320": ("two actions would have one name", 'name the part of the step differently: `step("POINT.part")`'),
    "E401": ("a name is unknown", "define or import it"),
    "E402": ("an attribute is unknown", "use one that exists"),
    "E403": ("a method is unknown", "see docs/language.md for the methods of each type"),
    "E404": ("a name may have no value", "assign it on every path"),
    "E405": ("a global is not a value of the language", "use a Constant, an Enum member or a number"),
    "E406": ("this cannot be called", "call helpers, records, collections and the language's own functions"),
    "E407": ("a name is used twice", "choose another name"),
    "E408": ("`self` stands on its own", "name the part of the state that is meant"),
    "E409": ("a value is expected here", "take a value of the type, or call the function"),
    "E410": ("a field has several types", "use `match` to tell the records apart"),
    "E501": ("a value has the wrong type", "give a value of the type that is needed"),
    "E502": ("two things are compared that are never equal", "compare values of one type"),
    "E503": ("these values have no order", "compare with ==, or rank by a number"),
    "E504": ("a truth value is needed", "write a comparison"),
    "E505": ("a number is needed", "use len(…) for the size of a collection"),
    "E506": ("this is not a collection", "use a Set, Seq, Bag, type or range"),
    "E507": ("a set of plain numbers has no bounds", "give the items a Range type"),
    "E508": ("this cannot be indexed", "index a Map by its key type, a Seq by a position"),
    "E509": ("the type of this value is unknown", "annotate the name"),
    "E510": ("only state changes", "assign a new value to the name: `x = x | {…}`"),
    "E511": ("the arguments are wrong", "see docs/language.md"),
    "E512": ("a record never changes", "assign a changed copy: `self.m[k] = self.m[k].replace(field=value)`"),
    "E514": ("a number lies outside its type", "change the bounds or the number"),
    "E515": ("a number is too large", "stay within ±2**62"),
    "E516": ("too many values to go through", "give the loop a smaller type"),
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason why a text is not a specification. `cure` is a sentence that says what to write instead."""

    code: str
    span: Span
    message: str
    cure: str
    source_line: str = ""

    def __str__(self) -> str:
        head = f"{self.span}: {self.code}: {self.message}; {self.cure}"
        if not self.source_line:
            return head
        width = self.span.end_column - self.span.column if self.span.end_line == self.span.line else 0
        width = max(1, width or len(self.source_line.rstrip()) - self.span.column + 1)
        return f"{head}\n    {self.source_line}\n    {' ' * (self.span.column - 1)}{'^' * width}"


class Refused(Exception):
    """A specification was refused; carries every refusal found, in order of their places."""

    def __init__(self, refusals: list[Refusal]) -> None:
        super().__init__("\n".join(str(refusal) for refusal in refusals))
        self.refusals = refusals


class EvaluationError(Exception):
    """A run-time check of the specification failed: out of range, over capacity, None read, index outside."""

    def __init__(self, span: Span | None, message: str) -> None:
        super().__init__(f"{span}: {message}" if span else message)
        self.span = span
        self.message = message
