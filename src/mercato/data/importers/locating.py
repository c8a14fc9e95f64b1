"""Where the files of an import lie: a file, what a pattern matches, what a folder holds."""

import errno
import glob
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from mercato.core.errors import BadInput, NotFound

_MOST_FILES = 100_000

_ENDINGS_OF_OTHERS = (".crc", ".tmp", ".part", ".partial", ".crdownload", ".swp", "~")
"""Checksums that Spark leaves, and files that are still being written."""

_NAMES_OF_OTHERS = ("thumbs.db", "desktop.ini")

_KINDS = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def files_at(path: Path) -> tuple[Path, ...]:
    """The data files at ``path``, in sorted order: itself; those in a folder and its folders; or
    those that match it as a pattern, where nothing bears that very name.

    Hidden files, and those that other programs leave beside data, are left out; so are empty ones
    where others are not. Raises NotFound where there are none, BadInput for what is no file or
    cannot be read.
    """
    _check_name(path)
    if _stat(path) is not None:
        return _with_rows(_files(path))
    matching = sorted(glob.glob(str(path), recursive=True)) if glob.has_magic(str(path)) else []
    if not matching:
        raise _not_there(path)
    files = [file for match in matching for file in _files(Path(match))]
    return _with_rows(tuple(dict.fromkeys(files)))


def _files(path: Path) -> tuple[Path, ...]:
    """The file at ``path``, or those in the folder there."""
    _check_name(path)
    found = _stat(path)
    if found is None:
        raise _not_there(path)
    if stat.S_ISDIR(found.st_mode):
        return _in_folder(path)
    _check_regular(path, found)
    return (path,)


def _check_name(path: Path) -> None:
    """A name with line ends or control signs would forge what is printed and kept of it."""
    name = str(path)
    try:
        name.encode()
        odd = not name.isprintable()
    except UnicodeEncodeError:
        odd = True
    if odd:
        shown = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        raise BadInput("a path of printable signs in UTF-8", repr(shown), "Rename the file.")


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno in (errno.ENOTDIR, errno.ENAMETOOLONG):
            return None
        raise _unreadable(path, error) from None


def _not_there(path: Path) -> NotFound:
    found = "nothing"
    if os.path.islink(path):
        found = f"a link to {os.readlink(path)!r}, which is not there"
    return NotFound(f"a file at {path}", found, "Check the path.")


def _check_regular(path: Path, found: os.stat_result) -> None:
    for is_kind, name in _KINDS:
        if is_kind(found.st_mode):
            raise BadInput(f"a file or a folder at {path}", name, "Save the data as a file first.")
    try:
        with path.open("rb") as stream:
            stream.read(1)
    except OSError as error:
        raise _unreadable(path, error) from None


def _in_folder(folder: Path) -> tuple[Path, ...]:
    files: list[Path] = []
    for file in _walked(folder):
        files += _files(file)
        if len(files) > _MOST_FILES:
            found_many = f"more than {_MOST_FILES:,} files"
            raise BadInput(f"a folder of data at {folder}", found_many, "Name a smaller folder.")
    if not files:
        raise NotFound(f"data files in {folder}", "none", "Check the path.")
    return tuple(sorted(files))


def _walked(folder: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        raise _unreadable(folder, error) from None

    for place, folders, names in os.walk(folder, onerror=refuse):
        if "_delta_log" in folders:
            raise BadInput(
                f"a folder of data files at {folder}",
                f"a Delta table at {place}, whose older files count no more",
                "Export the version you mean, and import that.",
            )
        folders[:] = sorted(name for name in folders if not _is_hidden(name))
        yield from (Path(place, name) for name in sorted(names) if not _is_left_out(name))


def _is_hidden(name: str) -> bool:
    return name.startswith((".", "_"))


def _is_left_out(name: str) -> bool:
    low = name.lower()
    return _is_hidden(name) or low.endswith(_ENDINGS_OF_OTHERS) or low in _NAMES_OF_OTHERS


def _with_rows(files: tuple[Path, ...]) -> tuple[Path, ...]:
    """Without the empty parts that parallel writers leave."""
    return tuple(file for file in files if file.stat().st_size) or files


def _unreadable(path: Path, error: OSError) -> BadInput:
    remedy = "Check who may read it." if error.errno in (errno.EACCES, errno.EPERM) else "Mend it."
    return BadInput(f"a file or a folder that can be read at {path}", str(error.strerror), remedy)
