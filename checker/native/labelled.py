"""A specification whose states remember the step that led to them: what the identity "label" means, as a tree.

One more variable holds the label, a union of one record per action; every action ends by setting it. So every
engine part downstream (layout, symmetry, decoding) treats it as any other variable.
"""

from dataclasses import replace

from ...spec.lang import domains, ir

LABEL = "(label)"


def labelled(specification: ir.Specification) -> ir.Specification:
    """The same specification with the label of the last step in its state, as the last variable."""
    span = specification.span
    actions = (*specification.initial, *specification.actions)
    records = tuple(_record(action) for action in actions) + ((_INIT,) if not specification.initial else ())
    kind = domains.Union(records)
    begin = ir.Literal((len(records) - 1, ()), type=kind, span=span)
    if specification.initial:
        begin = replace(begin, value=(0, tuple(_first(item) for _, item in records[0].fields)))
    return replace(
        specification,
        variables=(*specification.variables, ir.Variable(LABEL, kind, begin, span=span)),
        initial=tuple(_ending(action, kind) for action in specification.initial),
        actions=tuple(_ending(action, kind) for action in specification.actions),
    )


_INIT = domains.Record("(init)", ())


def _record(action: ir.Action) -> domains.Record:
    return domains.Record(f"({action.name})", tuple((param.name, param.type) for param in action.params))


def _first(kind: domains.Type) -> domains.Plain:
    return () if isinstance(kind, domains.Seq | domains.Bag) else next(domains.values(kind))


def _ending(action: ir.Action, kind: domains.Union) -> ir.Action:
    """The action, ending on every path with its label. Parameters keep their names and are never assigned."""
    record = _record(action)
    given = tuple(ir.Local(param.name, type=param.type, span=action.span) for param in action.params)
    made = ir.Make(given, type=record, span=action.span)
    target = ir.Target(LABEL, (), kind, span=action.span)
    mark = ir.Assign(target, ir.Convert(made, type=kind, span=action.span), span=action.span)
    return replace(action, body=(*_before_returns(action.body, mark), mark))


def _before_returns(body: tuple[ir.Stmt, ...], mark: ir.Assign) -> tuple[ir.Stmt, ...]:
    found: list[ir.Stmt] = []
    for statement in body:
        match statement:
            case ir.Return():
                found += [mark, statement]
            case ir.If(_, then, otherwise):
                branches = _before_returns(then, mark), _before_returns(otherwise, mark)
                found.append(replace(statement, then=branches[0], otherwise=branches[1]))
            case _:
                found.append(statement)
    return tuple(found)
