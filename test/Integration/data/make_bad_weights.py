"""Makes tiny.keras and HDF5 files that must not be trusted.

    KERAS_BACKEND=tensorflow python test/Integration/data/make_bad_weights.py

tiny.keras is one Conv1DTranspose; each NAME.weights.h5 stands for its weights
and is wrong in the way that its name says.
"""

import os
import zipfile
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"

import h5py  # noqa: E402
import keras  # noqa: E402
import numpy as np  # noqa: E402

FOLDER = Path(__file__).parent
VARIABLES = "layers/conv1d_transpose/vars"
KERNEL = (4, 3, 2)


def make_tiny() -> None:
    model = keras.Sequential(
        [keras.Input((None, 2), name="x"), keras.layers.Conv1DTranspose(3, 4, strides=2, name="up")],
        name="tiny")
    model.set_weights([np.arange(24, dtype=np.float32).reshape(KERNEL) - 12, np.ones(3, np.float32)])
    model.save(FOLDER / "tiny.keras")


def good_file(name: str) -> h5py.File:
    """The weights of tiny.keras, to be spoilt."""
    path = FOLDER / f"{name}.weights.h5"
    with zipfile.ZipFile(FOLDER / "tiny.keras") as archive:
        path.write_bytes(archive.read("model.weights.h5"))
    return h5py.File(path, "r+")


def replace_kernel(name: str, make) -> None:
    with good_file(name) as file:
        group = file[VARIABLES]
        del group["0"]
        make(group)


def virtual(group: h5py.Group) -> None:
    layout = h5py.VirtualLayout(KERNEL, np.float32)
    layout[...] = h5py.VirtualSource("/etc/hostname", "data", KERNEL)
    group.create_virtual_dataset("0", layout)


def external_storage(group: h5py.Group) -> None:
    group.create_dataset("0", KERNEL, np.float32, external=[("/etc/hostname", 0, 96)])


def huge(group: h5py.Group) -> None:
    group.create_dataset("0", (1 << 20, 1 << 20, 64), np.float32, chunks=(16, 16, 4))


def main() -> None:
    make_tiny()
    replace_kernel("missing_kernel", lambda group: None)
    replace_kernel("external_link",
                   lambda group: group.__setitem__("0", h5py.ExternalLink("other.h5", "/kernel")))
    replace_kernel("soft_link", lambda group: group.__setitem__("0", h5py.SoftLink("/" + VARIABLES + "/1")))
    replace_kernel("dangling_link", lambda group: group.__setitem__("0", h5py.SoftLink("/nowhere")))
    replace_kernel("link_loop", lambda group: group.__setitem__("0", h5py.SoftLink("/" + VARIABLES + "/0")))
    replace_kernel("virtual", virtual)
    replace_kernel("external_storage", external_storage)
    replace_kernel("huge", huge)
    replace_kernel("wrong_rank", lambda group: group.create_dataset("0", (24,), np.float32))
    replace_kernel("wrong_shape", lambda group: group.create_dataset("0", (4, 2, 3), np.float32))
    replace_kernel("text", lambda group: group.create_dataset("0", KERNEL, "S4"))
    replace_kernel("group", lambda group: group.create_group("0"))
    with good_file("no_layers") as file:
        del file["layers"]


if __name__ == "__main__":
    main()
