#!/usr/bin/python3
"""Writes the seeds of the fuzz corpora: small valid files and the mistakes worth starting from.

    cd tests/fuzz && /usr/bin/python3 make_corpus.py

Files that a fuzzer found are added by hand under telling names and stay.
"""

import gzip
import pathlib
import struct

HERE = pathlib.Path(__file__).parent / "corpus"
ARRAYS = HERE.parent.parent / "fixtures" / "arrays"


def save(target, name, content):
    folder = HERE / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


# option: the first byte is the number of the type
save("fuzz_option", "integer", b"\0-9223372036854775808")
save("fuzz_option", "integer_leading_zero", b"\x00010")
save("fuzz_option", "real", b"\x01-1.7976931348623157e+308")
save("fuzz_option", "real_smallest", b"\x014.9406564584124654e-324")
save("fuzz_option", "boolean", b"\x02true")
save("fuzz_option", "text", "\x03\u00fc \"quoted\" \\ text\n".encode())
save("fuzz_option", "choice_misspelt", b"\x04rleu")
save("fuzz_option", "reals", b"\x05[ 1, 2.5 ,-3e-7]")
save("fuzz_option", "reals_empty", b"\x05[]")

# configurations
save("fuzz_config", "minimal.yaml", "data: {kind: file, path: x.idx}\n")
save("fuzz_config", "full.yaml", """# every section
seed: 12
note: "quote \\" back \\\\ line \\n bell \\x07 \\u2028 \\uFEFF # : "
grid:
  step: 0.1
  floor: -1e-300
  marks: [1, 0.30000000000000004]
model:
  kind: residual_mlp
  depth: 16
  activation: relu
  tied: true
data:
  kind: file
  path: |
    block
  n_train: 7
""")
save("fuzz_config", "mistakes.yaml", "model: {dpeth: 4, depth: 010, gain: 1.5abc}\nsede: 1\n")
save("fuzz_config", "alias.yaml", "a: &a [x, x]\nb: [*a, *a]\n")
save("fuzz_config", "duplicate.yaml", "seed: 1\nseed: 2\n")
save("fuzz_config", "deep.yaml", "[" * 40)
save("fuzz_config", "tag.yaml", "seed: !!int 3\n---\nx: 1\n")
save("fuzz_config", "bytes.yaml", b"\xef\xbb\xbfnote: '\xc3\xbc'\ndata: {kind: file, path: \xff}\n")


# arrays
def idx(code, shape, numbers):
    return bytes([0, 0, code, len(shape)]) + struct.pack(f">{len(shape)}I", *shape) + numbers


IMAGES = idx(8, (2, 2, 3), bytes(range(12)))
save("fuzz_idx", "images", IMAGES)
save("fuzz_idx", "images.gz", gzip.compress(IMAGES, mtime=0))
save("fuzz_idx", "two_members.gz",
     gzip.compress(IMAGES[:9], mtime=0) + gzip.compress(IMAGES[9:], mtime=0))
save("fuzz_idx", "doubles", idx(14, (3,), struct.pack(">3d", 0.5, -1e300, -0.0)))
save("fuzz_idx", "floats_nan", idx(13, (2,), struct.pack(">2f", 1, float("nan"))))
save("fuzz_idx", "shorts", idx(11, (1, 2), struct.pack(">2h", -32768, 7)))
save("fuzz_idx", "overflow", idx(14, (2**32 - 1,) * 3, b""))
for name in ("f8_little", "f4_fortran_big", "i2_big", "u1", "f8_version2", "f8_version3", "object", "nan"):
    save("fuzz_npy", name, (ARRAYS / f"{name}.npy").read_bytes())
save("fuzz_npz", "stored", (ARRAYS / "stored.npz").read_bytes())
save("fuzz_npz", "packed", (ARRAYS / "packed.npz").read_bytes())

# records: bytes of a record - 1, first byte, count - 1, files - 1; then the files' bytes
save("fuzz_records", "two_files", bytes([3, 1, 1, 1]) + bytes(range(16)))
save("fuzz_records", "cut_short", bytes([3, 1, 1, 1]) + bytes(range(15)))
save("fuzz_records", "too_few", bytes([3, 0, 3, 2]) + bytes(range(8)))
save("fuzz_records", "whole", bytes([255, 0, 255, 0]) + bytes(512))

# tables: the lowest bit of the first byte says whether there are names
save("fuzz_csv", "names", '\x01a,"b, c","d""e"\n1,-2.5,3e2\n4,5,6\n')
save("fuzz_csv", "crlf", b"\x00\xef\xbb\xbf1,2\r\n3,4")
save("fuzz_csv", "ragged", "\x001,2\n3\n")
save("fuzz_csv", "words", "\x001,nan\n1e999,0x3\n")
save("fuzz_csv", "open_quote", '\x01"a')
