"""Pictures as files hold them, as arrays of pixels and back. Nothing but pixels is ever kept of a file."""

import importlib.util
import io
import struct
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from reverie.core.errors import DependencyError

MOST_PIXELS = 50_000_000
"""Pixels of a picture beyond which it is not opened: a small file can unpack to more than memory holds."""
MOST_BYTES = 200 << 20
"""Bytes of a file beyond which it is not opened."""
TOO_LARGE = f"of more than {MOST_PIXELS:,} pixels"
STARTS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"BM")
"""The first bytes of a PNG, JPEG, GIF or BMP; a WebP begins as any RIFF file: bytes 8 to 12 tell."""
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp")


_DAMAGED = (
    OSError, SyntaxError, ValueError, LookupError, EOFError, TypeError, ArithmeticError, AttributeError,
    struct.error, zlib.error,
)  # fmt: skip
"""What Pillow's readers raise at bytes that are not as they should be."""


class UnreadableError(Exception):
    """A picture or sound that cannot be used; the text says why, in few words."""


def is_picture(content: bytes) -> bool:
    """Whether these bytes begin as a picture does."""
    return content.startswith(STARTS) or (content[:4] == b"RIFF" and content[8:12] == b"WEBP")


def is_shown(value: Any) -> bool:
    """Whether this is a Pillow image or an array of pixels."""
    return (hasattr(value, "save") and hasattr(value, "convert")) or (
        isinstance(value, np.ndarray) and value.ndim > 1
    )


def require() -> Any:
    """Pillow. Raises DependencyError, in one line, if it is missing."""
    if importlib.util.find_spec("PIL") is None:
        raise DependencyError(
            "pictures need Pillow", where="pictures", fix="Run: pip install 'reverie[media]'"
        )
    import PIL.Image

    return PIL.Image


def read(content: bytes) -> np.ndarray:
    """Pixels (high, wide, channels) uint8 of 1 (grey), 3 (RGB) or 4 (with alpha) channels, upright.

    Of an animated picture the first frame; 16 bits are cut to 8. Raises UnreadableError.
    """
    image = require()
    if not content:
        raise UnreadableError("empty")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _pixels(image.open(io.BytesIO(content), formats=FORMATS))
    except image.UnidentifiedImageError:
        reason = "damaged or cut short" if is_picture(content) else "of another kind"
        raise UnreadableError(reason) from None
    except image.DecompressionBombError:
        raise UnreadableError(TOO_LARGE) from None
    except _DAMAGED:
        raise UnreadableError("damaged or cut short") from None


def content(given: Any) -> bytes:
    """The file of a picture that is given by its path, as bytes, as a Pillow image or as pixels (high, wide,
    channels) uint8. Raises UnreadableError.
    """
    if isinstance(given, bytes):
        return given
    if isinstance(given, str | Path):
        return file_of(given)
    if is_shown(given) and not isinstance(given, np.ndarray):
        return write(_pixels(given.copy()))
    pixels = np.asarray(given)
    pixels = pixels[:, :, None] if pixels.ndim == 2 else pixels
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] not in (1, 3, 4) or not pixels.size:
        raise UnreadableError("neither a path nor pixels (high, wide, 1, 3 or 4 channels) of 8 bits")
    return write(pixels)


def file_of(path: str | Path) -> bytes:
    """What a file of media holds. Raises UnreadableError."""
    try:
        place = Path(path).expanduser()
        if not place.is_file():
            raise UnreadableError("not there")
        if place.stat().st_size > MOST_BYTES:
            raise UnreadableError(f"larger than {MOST_BYTES >> 20} MB")
        return place.read_bytes()
    except (OSError, ValueError, RuntimeError):
        raise UnreadableError("not to be read") from None


def write(pixels: np.ndarray) -> bytes:
    """A PNG of pixels (high, wide, channels) uint8, which holds nothing else."""
    out = io.BytesIO()
    require().fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).save(out, format="PNG")
    return out.getvalue()


def resized(pixels: np.ndarray, high: int, wide: int) -> np.ndarray:
    """The middle of the picture, as large as its new shape allows, resampled to (high, wide)."""
    if pixels.shape[:2] == (high, wide):
        return pixels
    image, (old_high, old_wide) = require(), pixels.shape[:2]
    scale = min(old_high / high, old_wide / wide)
    top, left = (old_high - scale * high) / 2, (old_wide - scale * wide) / 2
    box = (left, top, left + scale * wide, top + scale * high)
    whole = image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    found = np.asarray(whole.resize((wide, high), image.Resampling.LANCZOS, box=box))
    return found.reshape(high, wide, pixels.shape[2])


def fitted(pixels: np.ndarray, side: int) -> np.ndarray:
    """The whole picture, at most `side` pixels on the longer side."""
    scale = side / max(pixels.shape[:2])
    if scale >= 1:
        return pixels
    high, wide = (max(round(length * scale), 1) for length in pixels.shape[:2])
    return resized(pixels, high, wide)


def as_channels(pixels: np.ndarray, channels: int) -> np.ndarray:
    """The picture in 1, 3 or 4 channels; what is transparent is laid on white where there is no alpha."""
    if pixels.shape[2] == channels:
        return pixels
    if pixels.shape[2] == 4:
        share = pixels[:, :, 3:].astype(np.float32) / 255
        laid = pixels[:, :, :3] * share + 255 * (1 - share)
        return as_channels(np.rint(laid).astype(np.uint8), channels)
    if pixels.shape[2] == 1:
        pixels = np.repeat(pixels, 3, axis=2)
    if channels == 1:
        # ITU-R BT.601, as Pillow turns colours to grey.
        return np.rint(pixels @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)[:, :, None]
    if channels == 4:
        return np.concatenate([pixels, np.full((*pixels.shape[:2], 1), 255, np.uint8)], axis=2)
    return pixels


def _pixels(opened: Any) -> np.ndarray:
    """The pixels of an opened picture as a camera held upright would have seen them."""
    from PIL import ImageOps

    if opened.width * opened.height > MOST_PIXELS:
        raise UnreadableError(TOO_LARGE)
    opened.load()
    upright = ImageOps.exif_transpose(opened)
    if upright.mode.startswith("I"):  # 16 bits, which Pillow cuts off at 255 instead of scaling them
        return (np.asarray(upright).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8)[:, :, None]
    seen_through = upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info
    mode = "RGBA" if seen_through else "L" if upright.mode in ("1", "L") else "RGB"
    found = np.asarray(upright.convert(mode))
    return found[:, :, None] if found.ndim == 2 else found
