"""What the viewer gets: the right pixels, facts and previews, whatever the original looked like."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom.encaps import encapsulate
from pydicom.pixels.processing import apply_color_lut
from pydicom.uid import ExplicitVRBigEndian, JPEGBaseline8Bit

from tests.viewer.dicom.conftest import Reader
from tests.viewer.dicom.making import dataset, image, parsed, pixels, preview, sample, written
from viewer.dicom import Frame, Undecodable
from viewer.dicom.codecs import resolution_ends

RANDOM = np.random.default_rng(7)


@pytest.mark.parametrize("kind", ["u1", "u2", "i2"])
def test_grey_pixels_come_back_as_they_were(reader: Reader, kind: str) -> None:
    values = RANDOM.integers(-30000 if kind == "i2" else 0, 250, (3, 20, 31)).astype(kind)

    found = reader.picture(image(values))

    assert np.array_equal(pixels(found), values)
    assert (found.meta["signed"], found.meta["bitsAllocated"]) == (
        kind == "i2",
        8 * values.itemsize,
    )


def test_overlay_bits_above_the_stored_ones_are_taken_away(reader: Reader) -> None:
    values = RANDOM.integers(0, 4096, (8, 8), np.uint16)

    found = reader.picture(image(values | 0xF000, BitsStored=12, HighBit=11))

    assert np.array_equal(pixels(found)[0], values)
    assert found.skeleton is None


def test_values_that_do_not_start_at_bit_zero_are_moved_down(reader: Reader) -> None:
    values = RANDOM.integers(0, 4096, (8, 8), np.uint16)

    found = reader.picture(image(values << 4, BitsStored=12, HighBit=15))

    assert np.array_equal(pixels(found)[0], values)
    assert found.skeleton is not None


def test_twelve_signed_bits_get_their_sign(reader: Reader) -> None:
    values = RANDOM.integers(-2048, 2047, (8, 8)).astype(np.int16)
    stored = (values & 0x0FFF).astype(np.int16)

    found = reader.picture(image(stored, BitsStored=12, HighBit=11))

    assert np.array_equal(pixels(found)[0], values)
    assert found.skeleton is not None


def test_colour_in_planes_and_in_ycbcr_becomes_interleaved_rgb(reader: Reader) -> None:
    rgb = RANDOM.integers(0, 256, (6, 8, 3), np.uint8)
    planar = dataset(rgb, PlanarConfiguration=1)
    planar.PixelData = rgb.transpose(2, 0, 1).tobytes()
    grey = image(np.full((4, 4, 3), 128, np.uint8), PhotometricInterpretation="YBR_FULL")

    assert np.array_equal(pixels(reader.picture(written(planar)))[0], rgb)
    assert (pixels(reader.picture(grey)) == 128).all()


def test_a_palette_becomes_rgb(reader: Reader) -> None:
    ramp = (np.arange(256, dtype=np.uint16) * 257).tobytes()
    flat = np.zeros(256, np.uint16).tobytes()
    values = np.arange(64, dtype=np.uint8).reshape(8, 8)

    found = reader.picture(
        image(
            values,
            PhotometricInterpretation="PALETTE COLOR",
            RedPaletteColorLookupTableDescriptor=[256, 0, 16],
            GreenPaletteColorLookupTableDescriptor=[256, 0, 16],
            BluePaletteColorLookupTableDescriptor=[256, 0, 16],
            RedPaletteColorLookupTableData=ramp,
            GreenPaletteColorLookupTableData=flat,
            BluePaletteColorLookupTableData=ramp,
        )
    )

    zero = np.zeros_like(values)
    assert np.array_equal(pixels(found)[0], np.stack([values, zero, values], axis=-1))
    assert found.meta["photometric"] == "RGB"


def test_palettes_of_real_devices_are_those_of_pydicom(reader: Reader, data: Path) -> None:
    for name in ("us/colour/US-PAL-8-10x-echo", "us/colour/OBXXXX1A_rle_2frame.dcm"):
        whole = (data / name).read_bytes()
        ds = parsed(whole)

        found = reader.picture(whole)

        expected = apply_color_lut(ds.pixel_array[0], ds) >> 8
        assert np.array_equal(pixels(found)[0], expected)


def test_every_transfer_syntax_shows_the_same_slice(reader: Reader, data: Path) -> None:
    folder = data / "compressed" / "ct-same-image-14-syntaxes"
    found = {p.name.split("_")[1]: reader.picture(p.read_bytes()) for p in folder.iterdir()}
    reference = pixels(found["1.2.840.10008.1.2"])[0]

    assert len(found) == 14
    for uid, one in found.items():
        lossless = uid.endswith((".2", ".1.99", ".57", ".70", ".80", ".90", ".5"))
        if one.meta["codec"] == "jpeg":
            continue
        values = pixels(one)[0].astype(float)
        values = values * one.meta["rescale"]["slope"] + one.meta["rescale"]["intercept"]
        error = np.abs(values - (reference.astype(float) - 1024)).max()
        assert error == 0 if lossless else error < 120, uid


def test_a_stream_that_contradicts_the_header_about_the_sign(reader: Reader, data: Path) -> None:
    name = "broken/pydicom/J2K_pixelrep_mismatch.dcm"
    whole = (data / name).read_bytes()

    found = reader.picture(whole)

    assert np.array_equal(pixels(found)[0], parsed(whole).pixel_array)


def test_lossy_jpeg_is_passed_through_byte_for_byte(reader: Reader) -> None:
    whole = sample("examples_ybr_color.dcm")

    found = reader.picture(whole)

    assert found.meta["codec"] == "jpeg"
    assert len(found.frames) == found.meta["frames"] == 30
    assert found.frames[0].data[:3] == b"\xff\xd8\xff"
    assert found.frames[7].data in whole
    assert sum(len(frame.data) for frame in found.frames) < len(whole)


def test_jpeg_a_browser_would_show_in_wrong_colours_is_decoded_here(reader: Reader) -> None:
    rgb = np.zeros((16, 16, 3), np.uint8)
    rgb[..., 0] = 200
    out = io.BytesIO()
    Image.fromarray(rgb, "YCbCr").save(out, "JPEG", quality=95)
    stream = out.getvalue()
    app0 = stream.index(b"\xff\xe0")
    length = int.from_bytes(stream[app0 + 2 : app0 + 4], "big")
    bare = stream[:app0] + stream[app0 + 2 + length :]
    ds = dataset(rgb)
    ds.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    ds.PixelData = encapsulate([bare])
    ds["PixelData"].is_undefined_length = True

    found = reader.picture(written(ds))

    assert found.meta["codec"] == "htj2k"
    assert np.abs(pixels(found)[0].astype(int) - rgb).max() < 4


@pytest.mark.parametrize("table", ["basic", "empty", "none_for_one_frame"])
def test_fragments_find_their_frames(reader: Reader, table: str) -> None:
    frames = []
    for n in range(3):
        out = io.BytesIO()
        Image.fromarray(np.full((16, 16), 60 * n, np.uint8)).save(out, "JPEG")
        frames.append(out.getvalue() + b"\0" * (len(out.getvalue()) % 2))
    if table == "none_for_one_frame":
        frames = frames[2:]
    ds = dataset(np.zeros((len(frames), 16, 16), np.uint8))
    ds.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    ds.PixelData = encapsulate(frames, fragments_per_frame=3, has_bot=table == "basic")
    ds["PixelData"].is_undefined_length = True

    found = reader.picture(written(ds))

    assert [frame.data[: len(f)] for frame, f in zip(found.frames, frames, strict=True)] == frames


def test_single_bits_become_bytes_also_across_byte_borders(reader: Reader) -> None:
    bits = RANDOM.integers(0, 2, (4, 5, 7), np.uint8)
    ds = dataset(bits, BitsAllocated=1, BitsStored=1, HighBit=0)
    packed = np.packbits(bits.reshape(-1), bitorder="little").tobytes()
    ds.PixelData = packed + bytes(len(packed) % 2)

    found = reader.picture(written(ds))

    assert np.array_equal(pixels(found), bits)
    assert found.skeleton is None


def test_values_of_32_bits_are_mapped_to_16(reader: Reader) -> None:
    narrow = RANDOM.integers(70_000, 100_000, (2, 8, 8), np.uint32)
    wide = RANDOM.integers(0, 2**32 - 1, (2, 8, 8), np.uint32)

    exact = reader.picture(image(narrow))
    scaled = reader.picture(image(wide, DoseGridScaling="0.001"))

    rescale = exact.meta["rescale"]
    assert not exact.meta["scaled"]
    assert np.array_equal(pixels(exact) * rescale["slope"] + rescale["intercept"], narrow)
    rescale = scaled.meta["rescale"]
    assert scaled.meta["scaled"]
    values = pixels(scaled) * rescale["slope"] + rescale["intercept"]
    assert np.abs(values - wide * 0.001).max() <= rescale["slope"] / 2 * 1.001


def test_floating_point_pixels_are_mapped_and_their_gaps_stay_dark(reader: Reader) -> None:
    values = np.linspace(-1, 1, 64, dtype=np.float32).reshape(8, 8)
    ds = dataset(np.zeros((8, 8), np.uint32), PixelData=None)
    ds.FloatPixelData = values.tobytes()

    found = reader.picture(written(ds))

    rescale = found.meta["rescale"]
    shown = pixels(found)[0] * rescale["slope"] + rescale["intercept"]
    assert np.abs(shown - values).max() < 1e-4


def test_prefixes_of_a_frame_are_smaller_pictures(reader: Reader) -> None:
    values = np.add.outer(np.arange(512), np.arange(512)).astype(np.uint16)

    (frame,) = reader.picture(image(values)).frames

    assert isinstance(frame, Frame)
    assert len(frame.ends) == 6
    assert list(frame.ends) == resolution_ends(frame.data) == sorted(frame.ends)
    assert len(frame.data) - 2 <= frame.ends[-1] <= len(frame.data)


def test_every_sound_file_has_pictures_and_facts_that_are_json(reader: Reader, data: Path) -> None:
    folders = ("us", "xray", "multiframe", "mr", "ct/liver-3slice-with-seg", "compressed")
    files = [path for folder in folders for path in (data / folder).rglob("*") if path.is_file()]
    keys = set(reader.picture(image()).meta)

    for path in files:
        found = reader.canonical(path.read_bytes())
        if isinstance(found, Undecodable):
            assert path.name == "mpeg4-avc-h264.dcm", (path, found)
            continue
        assert set(found.meta) == keys
        json.dumps(found.meta, allow_nan=False)
        assert len(found.frames) == found.meta["frames"]
        assert max(preview(found.preview_512).shape[:2]) <= 512
        assert max(preview(found.preview_128).shape[:2]) <= 128


def test_big_endian_and_little_endian_twins_are_equal(reader: Reader) -> None:
    values = RANDOM.integers(0, 60000, (5, 6), np.uint16)
    big = dataset(values)
    big.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    big.PixelData = values.byteswap().tobytes()

    found = reader.picture(written(big))

    assert np.array_equal(pixels(found)[0], values)
    assert found.skeleton is not None
