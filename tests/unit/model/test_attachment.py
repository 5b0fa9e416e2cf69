import pytest

from ci_toolkit.model.attachment import Attachment, ending_of, media_type_of


@pytest.mark.parametrize(
    ("data", "media_type", "ending"),
    [
        (b"\x89PNG\r\n\x1a\n...", "image/png", "png"),
        (b"\xff\xd8\xff...", "image/jpeg", "jpg"),
        (b"GIF89a...", "image/gif", "gif"),
        (b"RIFF....WEBPVP8 ", "image/webp", "webp"),
        (b"RIFF....WAVEfmt ", "text/plain", "txt"),
        (b"PK\x03\x04\x00", "application/zip", "zip"),
        (b"<html><script>alert(1)</script>", "text/plain", "txt"),
        (b"<?xml version='1.0'?><svg onload='alert(1)'/>", "text/plain", "txt"),
        ("Größe 名".encode(), "text/plain", "txt"),
        (b"", "text/plain", "txt"),
        (b"%PDF-1.7 \xe2\xe3", "application/octet-stream", "bin"),
        (b"\x7fELF\x00", "application/octet-stream", "bin"),
        (b"a\x00b", "application/octet-stream", "bin"),
    ],
)
def test_what_a_file_is_its_content_says_and_no_browser_takes_it_for_more(
    data: bytes, media_type: str, ending: str
) -> None:
    assert (media_type_of(data), ending_of(media_type)) == (media_type, ending)
    assert Attachment(name="a.svg", media_type=media_type).is_picture == media_type.startswith("image/")
