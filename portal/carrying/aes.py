"""
AES (FIPS 197) in counter mode as encrypted ZIPs use it, many blocks at once.

Python has no AES of its own.  What the standard does to a byte is done here to that byte of every
block together, by tables and long integers, which is fast enough to read a CD.  Times are not
hidden: nobody who could measure them is beside the person who types the password.
"""

from collections.abc import Iterator
from typing import Final

BLOCK: Final = 16
AT_ONCE: Final = 4096
"""Blocks."""
REDUCING: Final = 0x11B
"""x^8 + x^4 + x^3 + x + 1 (FIPS 197, 4.2)."""


def _doubled(value: int) -> int:
    return (value << 1) ^ (REDUCING if value & 0x80 else 0)


def _substituted() -> bytes:
    """The S-box: the inverse in the field, then the affine map (FIPS 197, 5.1.1)."""
    powers = [1]
    for _ in range(254):
        powers.append(powers[-1] ^ _doubled(powers[-1]))  # 3 generates every value but 0
    inverse = [0] * 256
    for exponent, value in enumerate(powers):
        inverse[value] = powers[-exponent % 255]
    turned = [[(each << by | each >> (8 - by)) & 0xFF for each in inverse] for by in range(5)]
    return bytes(a ^ b ^ c ^ d ^ e ^ 0x63 for a, b, c, d, e in zip(*turned, strict=True))


SBOX: Final = _substituted()
DOUBLE: Final = bytes(_doubled(each) & 0xFF for each in range(256))


def keystream(key: bytes, first: int = 1) -> Iterator[bytes]:
    """What counters from *first* on are encrypted to; `AT_ONCE` blocks at a time."""
    rounds = expanded(key)
    while True:
        numbers = (each.to_bytes(BLOCK, "little") for each in range(first, first + AT_ONCE))
        yield encrypted(rounds, b"".join(numbers))
        first += AT_ONCE


def encrypted(rounds: list[bytes], blocks: bytes) -> bytes:
    """Every block of *blocks* under the round keys (FIPS 197, 5.1)."""
    count = len(blocks) // BLOCK
    ones = int.from_bytes(b"\x01" * count, "little")
    state = [
        int.from_bytes(blocks[at::BLOCK], "little") ^ ones * rounds[0][at] for at in range(BLOCK)
    ]
    for number, key in enumerate(rounds[1:], start=2):
        moved = [_bytes(state[at * 5 % BLOCK], count).translate(SBOX) for at in range(BLOCK)]
        plain = [int.from_bytes(each, "little") for each in moved]
        if number < len(rounds):
            twice = [int.from_bytes(each.translate(DOUBLE), "little") for each in moved]
            plain = [_mixed(plain, twice, at) for at in range(BLOCK)]
        state = [each ^ ones * key[at] for at, each in enumerate(plain)]
    out = bytearray(len(blocks))
    for at, each in enumerate(state):
        out[at::BLOCK] = _bytes(each, count)
    return bytes(out)


def _mixed(plain: list[int], twice: list[int], at: int) -> int:
    """One byte of a column (FIPS 197, 5.1.3): 2a + 3b + c + d."""
    column = at & ~3
    a, b, c, d = (column + (at + step) % 4 for step in range(4))
    return twice[a] ^ twice[b] ^ plain[b] ^ plain[c] ^ plain[d]


def _bytes(value: int, count: int) -> bytes:
    return value.to_bytes(count, "little")


def expanded(key: bytes) -> list[bytes]:
    """The round keys of a key of 16, 24 or 32 bytes (FIPS 197, 5.2)."""
    words = [key[at : at + 4] for at in range(0, len(key), 4)]
    length, constant = len(words), 1
    while len(words) < 4 * (length + 7):
        word = words[-1]
        if len(words) % length == 0:
            word = (word[1:] + word[:1]).translate(SBOX)
            word = bytes([word[0] ^ constant]) + word[1:]
            constant = _doubled(constant)
        elif length > 6 and len(words) % length == 4:  # noqa: PLR2004 -- as the standard has it
            word = word.translate(SBOX)
        words.append(bytes(a ^ b for a, b in zip(word, words[-length], strict=True)))
    return [b"".join(words[at : at + 4]) for at in range(0, len(words), 4)]
