"""What a proof's bytes are, whatever it calls itself (S57)."""

import pytest

from miinti.payments import proofs
from tests.transfers import jpeg, png

PICTURES = {proofs.PNG: png(), proofs.JPEG: jpeg()}


@pytest.mark.parametrize("content_type", PICTURES)
def test_S57_a_picture_is_one_and_cut_short_anywhere_it_is_none(content_type: str) -> None:
    whole = PICTURES[content_type]
    assert proofs.picture(whole, content_type) is None
    for length in range(len(whole)):
        assert proofs.picture(whole[:length], content_type) in ("not_that_type", "unreadable")


@pytest.mark.parametrize("content_type", PICTURES)
@pytest.mark.parametrize("body", [b"", b"<html>", b"%PDF-1.7\n%%EOF", b"PK\x03\x04", b"GIF89a", b"MZ"])
def test_S57_what_is_something_else_is_not_that_type(content_type: str, body: bytes) -> None:
    assert proofs.picture(body, content_type) == "not_that_type"


def test_S57_one_picture_is_not_the_other() -> None:
    assert proofs.picture(png(), proofs.JPEG) == "not_that_type"
    assert proofs.picture(jpeg(), proofs.PNG) == "not_that_type"


@pytest.mark.parametrize(
    "after", [b"PK\x05\x06" + b"\0" * 18, b"<script>", b"%PDF-1.7", b"\xff\xd9" + b"PK\x05\x06\xff\xd9"]
)
def test_S57_nothing_stands_behind_a_picture(after: bytes) -> None:
    assert proofs.picture(png(after=after), proofs.PNG) == "unreadable"
    assert proofs.picture(jpeg(after=after), proofs.JPEG) == "unreadable"


def test_phones_put_a_second_picture_behind_the_first_and_blanks_at_the_end() -> None:
    assert proofs.picture(jpeg(after=jpeg() + b"\0" * 7), proofs.JPEG) is None


def test_a_chunk_of_another_programs_is_kept_and_a_wrong_sum_is_not() -> None:
    assert proofs.picture(png((b"tEXt", b"Title\0x")), proofs.PNG) is None
    wrong = bytearray(png())
    wrong[20] ^= 1
    assert proofs.picture(bytes(wrong), proofs.PNG) == "unreadable"


@pytest.mark.parametrize("offset", [16, 20])
def test_a_picture_without_a_size_is_none(offset: int) -> None:
    import zlib

    body = bytearray(png())
    body[offset : offset + 4] = b"\0\0\0\0"
    body[29:33] = zlib.crc32(body[12:29]).to_bytes(4)
    assert proofs.picture(bytes(body), proofs.PNG) == "unreadable"


def test_a_jpeg_without_a_frame_or_with_a_segment_that_runs_over_is_none() -> None:
    whole = jpeg()
    frame = whole.index(b"\xff\xc0")
    assert proofs.picture(whole[:frame] + whole[frame + 13 :], proofs.JPEG) == "unreadable"
    assert proofs.picture(whole[:4] + b"\xff\xff" + whole[6:], proofs.JPEG) == "unreadable"
    assert proofs.picture(whole[:4] + b"\0\1" + whole[6:], proofs.JPEG) == "unreadable"
    assert proofs.picture(whole[:2] + b"\xff" + whole[2:], proofs.JPEG) is None
    assert proofs.picture(whole.replace(b"\xff\xc0", b"\x00\xc0"), proofs.JPEG) == "unreadable"


@pytest.mark.parametrize(
    "key",
    [
        "proofs/c-1/x",
        "proofs/c-01/" + "0" * 32,
        "inbox/c-1/" + "0" * 32,
        "proofs/c-1/" + "0" * 33,
        "proofs/s-1/" + "0" * 32,
    ],
)
def test_S49_a_key_that_is_none_of_ours_is_of_nothing(key: str) -> None:
    assert proofs.of(key) is None
    assert proofs.of(proofs.key("c-1", "0" * 32)) == ("c-1", "0" * 32)
