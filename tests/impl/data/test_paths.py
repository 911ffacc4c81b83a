"""Path syntax, against the rules measured on the real server."""

import pytest
from quorate.impl.data import paths
from quorate.impl.data.codes import Refused


@pytest.mark.parametrize("path", ["/", "/a", "/a/b", "/a.b", "/...", "/a..", "/ ", "/é", "/\ud7ff", "/a/ b/c"])
def test_legal(path: str) -> None:
    assert paths.is_valid(path)


@pytest.mark.parametrize(
    "path",
    [
        *("", "a", "a/b", "/a/", "//", "//a", "/a//b", "/.", "/..", "/./a", "/a/..", "/a/../b"),
        *("/\0", "/a\x01", "/\x1f", "/\x7f", "/\x9f"),
        *("/\ud800", "/\ue000", "/\uf8ff", "/\ufff0", "/\uffff", "/\U0001f600"),
    ],
)
def test_illegal(path: str) -> None:
    assert not paths.is_valid(path)


def test_a_missing_parent_is_looked_for_before_the_syntax() -> None:
    assert paths.parent_for_create("/a//b") == "/a/"
    assert paths.parent_for_create("/a") == "/"
    for path in ("a", "", "/\0"):
        with pytest.raises(Refused, match="-8"):
            paths.parent_for_create(path)


@pytest.mark.parametrize("path", ["/", "/zookeeper", "/zookeeper/quota", "/zookeeper/config"])
def test_special_paths_are_not_deleted(path: str) -> None:
    with pytest.raises(Refused, match="-8"):
        paths.parent_for_delete(path)


def test_ancestors() -> None:
    assert paths.ancestors("/a/b") == ["/a/b", "/a", "/"]
    assert paths.ancestors("/") == ["/"]
