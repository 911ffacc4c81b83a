"""Jute's primitives: known bytes, round trips, and lies about lengths."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from quorate.impl.wire.jute import Malformed, Reader, Writer, bytes_of, text_of


def test_known_bytes() -> None:
    out = Writer()
    out.int32(-2)
    out.int64(1 << 40)
    out.boolean(True)
    out.buffer(None)
    out.buffer(b"")
    out.string("é")
    out.vector(None, Writer.int32)
    out.vector([7], Writer.int32)
    assert out.done() == bytes.fromhex(
        "fffffffe 0000010000000000 01 ffffffff 00000000 00000002c3a9 ffffffff 0000000100000007"
    )


def test_what_was_written_is_read() -> None:
    out = Writer()
    out.string(None)
    out.vector(["a", "", None], Writer.string)
    out.boolean(False)
    source = Reader(out.done())
    assert source.string() is None
    assert source.vector(Reader.string) == ("a", "", None)
    assert source.boolean() is False
    source.finish()


def test_any_byte_but_zero_is_true() -> None:
    assert [Reader(bytes([b])).boolean() for b in (0, 1, 2, 255)] == [False, True, True, True]


@pytest.mark.parametrize(
    ("length", "message"),
    [
        (-2, "offset 0: buffer of length -2, but 3 bytes are left; a length is -1 (null) or at most what is left"),
        (4, "offset 0: buffer of length 4, but 3 bytes are left; a length is -1 (null) or at most what is left"),
        (2**31 - 1, "of length 2147483647"),
        (-(2**31), "of length -2147483648"),
    ],
)
def test_a_lie_about_a_length_is_refused(length: int, message: str) -> None:
    data = struct.pack("!i", length) + b"abc"
    with pytest.raises(Malformed) as refused:
        Reader(data).buffer()
    assert message in str(refused.value)
    with pytest.raises(Malformed):
        Reader(data).vector(Reader.boolean)


def test_a_reader_stops_at_its_own_end() -> None:
    with pytest.raises(Malformed, match="offset 2: int32 needs 4 bytes, 3 are left"):
        Reader(bytes(10), 2, 5).int32()
    with pytest.raises(Malformed, match="offset 4: 1 bytes are left after the last field"):
        source = Reader(bytes(5))
        source.int32()
        source.finish()


def test_null_is_no_text() -> None:
    with pytest.raises(Malformed, match="offset 0: a null string where a text is required"):
        Reader(b"\xff\xff\xff\xff").text()


@pytest.mark.parametrize(
    ("raw", "parts"),
    [
        ("ff41", "\ufffdA"),
        ("eda080edb080", "\ufffd\ufffd"),
        ("eda0", "\ufffd"),
        ("f09f98", "\ufffd"),
        ("c0af", "\ufffd\ufffd"),
    ],
)
def test_what_is_not_utf8_is_replaced_as_java_does(raw: str, parts: str) -> None:
    """Expected texts are what `new String(bytes, UTF_8)` printed on Java 17."""
    assert text_of(bytes.fromhex(raw)) == parts


def test_beyond_the_first_plane_java_writes_two_surrogates() -> None:
    assert bytes_of("\N{GRINNING FACE}") == bytes.fromhex("eda0bdedb880")
    assert text_of(bytes_of("\N{GRINNING FACE}")) == "\ufffd\ufffd"
    assert bytes_of("\ud800") == bytes.fromhex("eda080")


@given(st.text(alphabet=st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"])))
def test_text_of_the_first_plane_round_trips(text: str) -> None:
    assert bytes_of(text) == text.encode()
    assert text_of(bytes_of(text)) == text


@given(st.binary(max_size=40))
def test_reading_never_fails_in_any_other_way(data: bytes) -> None:
    for read in (Reader.int32, Reader.int64, Reader.boolean, Reader.buffer, Reader.string, Reader.text):
        try:
            Reader(data).vector(read)
            read(Reader(data))
        except Malformed:
            pass
