"""Types of datasets and attributes in outputs: what no output has is refused before HDF5 reads it."""

import h5py

from mfpde.errors import InputError

NUMBERS = (h5py.h5t.INTEGER, h5py.h5t.FLOAT, h5py.h5t.ENUM)


def are_numbers(dataset: h5py.Dataset) -> bool:
    """Whether a dataset holds numbers or truth values, in which HDF5 has nothing to unpack."""
    return dataset.id.get_type().get_class() in NUMBERS


def check_plain(item: h5py.Group | h5py.Dataset | h5py.Datatype, name: str, source: object) -> None:
    """Refuse what no output has, before HDF5 reads it."""
    if not isinstance(item, h5py.Group | h5py.Dataset):
        raise InputError(
            f"{source}: '{name}' is neither a group nor a dataset, which outputs of mfpde have not"
        )
    if isinstance(item, h5py.Dataset) and not (are_numbers(item) or _holds_its_values(item.id.get_type())):
        raise InputError(
            f"{source}: '{name}' holds neither numbers nor text, which is not opened in outputs; keep it in a"
            " file of its own"
        )
    check_attributes(item, name, source)


def check_attributes(item: h5py.Group | h5py.Dataset, name: str, source: object) -> None:
    """Refuse attributes that are not read safely."""
    for k in range(h5py.h5a.get_num_attrs(item.id)):
        if not _is_plain(h5py.h5a.open(item.id, index=k).get_type()):
            raise InputError(
                f"{source}: an attribute of '{name}' holds neither numbers nor text, which is not read in"
                " outputs; remove it"
            )


def _holds_its_values(kind: h5py.h5t.TypeID) -> bool:
    """Text, and records of numbers or of text of fixed length: what users add to outputs."""
    if kind.get_class() != h5py.h5t.COMPOUND:
        return kind.get_class() == h5py.h5t.STRING
    members = [kind.get_member_type(k) for k in range(kind.get_nmembers())]
    return all(
        m.get_class() in NUMBERS or (isinstance(m, h5py.h5t.TypeStringID) and not m.is_variable_str())
        for m in members
    )


def _is_plain(kind: h5py.h5t.TypeID) -> bool:
    """Whether a type is numbers, text, references to scales, or lists or records of these.

    HDF5 2.0 crashes on lists of a kind that is none.
    """
    match kind.get_class():
        case h5py.h5t.VLEN:  # the kind of list is in the first byte after the class
            return kind.encode()[3] & 15 == 0 and kind.get_super().get_class() == h5py.h5t.REFERENCE
        case h5py.h5t.COMPOUND:
            kinds = (h5py.h5t.REFERENCE, *NUMBERS)  # complex numbers are two
            return all(kind.get_member_class(k) in kinds for k in range(kind.get_nmembers()))
    return kind.get_class() in (*NUMBERS, h5py.h5t.STRING, h5py.h5t.REFERENCE)
