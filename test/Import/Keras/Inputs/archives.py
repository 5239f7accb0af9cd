"""Writes the archives of archive.test into the folder given."""
import os
import struct
import sys
import zipfile

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
layer = '{"class_name": "Dense", "config": {"batch_input_shape": [1, 2],\n   "name": "fc", %s "units": %d}}'


def archive(name, members, method=zipfile.ZIP_STORED):
    path = os.path.join(folder, name)
    with zipfile.ZipFile(path, "w", method) as out:
        for member, text in members.items():
            out.writestr(member, text)
    return path


def patch(path, signature, offset, value):
    data = bytearray(open(path, "rb").read())
    at = data.index(signature) + offset
    data[at:at + len(value)] = value
    open(path, "wb").write(data)


good = layer % ("", 3)
archive("place.keras", {"config.json": layer % ("", 0)})
archive("missing.keras", {"metadata.json": "{}"})
short = archive("short.keras", {"config.json": good})
open(short, "r+b").truncate(60)
patch(archive("checksum.keras", {"config.json": good}), b'"units": 3', 9, b"4")
bomb = archive("bomb.keras", {"config.json": good}, zipfile.ZIP_DEFLATED)
patch(bomb, b"PK\1\2", 24, struct.pack("<I", 4000000000))
archive("method.keras", {"config.json": good}, zipfile.ZIP_LZMA)
archive("h5.keras", {"config.json": good, "model.weights.h5": "no"})
archive("npz.keras", {"config.json": good, "model.weights.npz": "no"})
