"""What commands write: a file where it was named, in a folder that is there; several files in a folder that is made for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from govern.cli.files import write_into, write_private


def test_a_file_in_a_folder_that_is_missing_is_refused_by_its_own_name_and_nothing_is_made(tmp_path: Path) -> None:
    file = tmp_path / "mistyped" / "list.html"
    with pytest.raises(FileNotFoundError) as refused:
        write_private(file, "x")
    assert refused.value.filename == str(file)
    assert list(tmp_path.iterdir()) == []


def test_the_control_it_is_written_for_some_eyes_only_where_the_folder_is_there(tmp_path: Path) -> None:
    file = write_private(tmp_path / "list.html", "x")
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("x", 0o600)
    assert list(tmp_path.iterdir()) == [file]


def test_a_folder_that_is_named_for_files_is_made(tmp_path: Path) -> None:
    file = write_into(tmp_path / "reports" / "of today", "list.html", "x")
    assert (file.parent.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)
