"""The checks that a project wants: listed in its pyproject.toml, run one by one, compared with the last run."""
