"""Roster and collecting: whose file is whose, which of several counts, and what is refused."""

import io
import json
import os
import struct
import zipfile

import pytest

from assignments import intake
from assignments.intake import KitError, Student, collect, label, owners, read_roster

SET, NAMES = "set_1", ["d_mish", "pinball"]

PEOPLE = [
    Student("s1", "Müller", "Anna", "anna@uni.example"),
    Student("s2", "Núñez Roy", "José", "jose@uni.example"),
    Student("eve", "Adams", "Eve", "eve@uni.example"),
    Student("eve-b", "Brown", "Eve", "eve.b@uni.example"),
    Student("t1", "Lee", "Kim", "kim@uni.example"),
    Student("t2", "Lee", "Kim", "kim2@uni.example"),
    Student("4711", "Ng", "Li", ""),
]


def notebook(answer="1", name="d_mish"):
    cell = {"cell_type": "code", "metadata": {"nbgrader": {"grade_id": name}}, "source": f"{name} = {answer}"}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def zip_of(files, times=None):
    """A zip of {name: bytes}; `times` gives the minute of some."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            member = zipfile.ZipInfo(name, (2026, 11, 20, 12, (times or {}).get(name, 0), 0))
            archive.writestr(member, content, zipfile.ZIP_DEFLATED)
    return data.getvalue()


@pytest.fixture
def taken(tmp_path):
    """function(files) -> what collecting a zip of these files did; .read(student) gives the bytes kept."""

    def run(files, minutes=None, **how):
        source = tmp_path / "all.zip"
        source.write_bytes(files if isinstance(files, bytes) else zip_of(files, minutes))
        return collect([source], PEOPLE, SET, NAMES, tmp_path / "class" / "submitted", **how)

    run.folder = lambda student: tmp_path / "class" / "submitted" / student / SET
    run.read = lambda student: (run.folder(student) / f"{SET}.ipynb").read_bytes()
    run.root = tmp_path
    return run


def contents(folder):
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}


def said_of(result, who):
    return " ".join(sentence for name, sentence in result.notes if name == who)


# ------------------------------------------------------------------------------------- roster


def roster(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "roster.csv"
    path.write_bytes(text.encode(encoding))
    return path


HEAD = "id,last_name,first_name,email\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";"])
def test_a_roster_as_spreadsheets_write_it(tmp_path, encoding, separator):
    text = (HEAD + "s1,Müller,Anna,a@b.c\r\n\r\n s2 ,Roy,José,\n").replace(",", separator)
    found = read_roster(roster(tmp_path, text, encoding))
    assert found == [Student("s1", "Müller", "Anna", "a@b.c"), Student("s2", "Roy", "José", "")]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("s1,A,B,\ns1,C,D,", "line 3: the id s1 is also in line 2"),
        ("s1,A,B,\nS1,C,D,", "line 3: the id S1 is also in line 2"),
        ("s1,A,B,x@y\ns2,C,D,X@y", "the email X@y is also in line 2"),
        (",A,B,", "line 2: the id is empty"),
        ("../x,A,B,", "cannot name a folder"),
        ("a b,A,B,", "cannot name a folder"),
        (".hidden,A,B,", "cannot name a folder"),
        ("a*,A,B,", "cannot name a folder"),
        ("CON,A,B,", "cannot name a folder"),
        ("é1,A,B,", "cannot name a folder"),
        ("x" * 65 + ",A,B,", "cannot name a folder"),
        ('s1,"A\tB",C,', "control character in last_name"),
        ("s1,A,B,nowhere", "no email address"),
        ("s1,A,B,x@y,more", "more entries"),
        ("", "no student"),
    ],
)
def test_a_roster_with_a_mistake_is_refused_as_a_whole(tmp_path, lines, said):
    with pytest.raises(KitError, match="was not taken over") as error:
        read_roster(roster(tmp_path, HEAD + lines))
    assert said in str(error.value)


def test_a_roster_without_the_columns_says_which(tmp_path):
    with pytest.raises(KitError, match="no column last_name, email"):
        read_roster(roster(tmp_path, "id,first_name\ns1,Anna\n"))
    with pytest.raises(KitError, match="cannot be read"):
        read_roster(tmp_path / "nothing.csv")


# ------------------------------------------------------------------------------------ whose it is


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        ("Anna Müller_4012_assignsubmission_file", "s1"),
        ("Anna Mu\u0308ller_4012_assignsubmission_file", "s1"),  # as macOS writes it
        ("MÜLLER Anna_4012_assignsubmission_file_set_1.ipynb", "s1"),
        ("José María Núñez Roy_1_assignsubmission_file", "s2"),  # a name that the roster has not
        ("nunezroyjose_55_66_set_1.ipynb", "s2"),
        ("nunezroyjose_LATE_55_66_set_1-1.ipynb", "s2"),
        ("leekim_4711_66_set_1.ipynb", "4711 t1 t2"),  # number and name disagree
        ("ngli_4711_66_set_1.ipynb", "4711"),
        ("somebody_4711_66_set_1.ipynb", "4711"),
        ("Kim Lee_9_assignsubmission_file", "t1 t2"),
        ("Eve Adams_9_assignsubmission_file_eve-b.ipynb", "eve"),  # the student chose the file's name
        ("adamseve_1_2_eve-b.ipynb", "eve"),
        ("eve-b.ipynb", "eve-b"),
        ("set_1_eve.ipynb", "eve"),
        ("EVE", "eve"),
        ("eve_and_s1.ipynb", "eve s1"),
        ("kim2@uni.example.zip", "t2"),
        ("Anna Müller homework.ipynb", "s1"),
        ("steve.ipynb", ""),
        ("4711_set_1.ipynb", "4711"),
        ("Participant 12_4711_assignsubmission_file", ""),  # Moodle's number is not the student's
    ],
)
def test_whose_a_file_is(first, expected):
    assert sorted(s.id for s in owners(label(first), PEOPLE)) == expected.split()


# ------------------------------------------------------------------------------------- collecting


def test_names_folders_and_zips_of_every_kind_find_their_student(taken):
    result = taken(
        {
            "Anna Müller_1_assignsubmission_file/my work/Homework (3).ipynb": notebook("1"),
            "nunezroyjose_LATE_5_6_set_1.ipynb": notebook("2"),
            "Eve Adams_2_assignsubmission_file/all.zip": zip_of({"deep/a.zip": zip_of({"x.ipynb": notebook("3")})}),
            "__MACOSX/Eve Adams_2_assignsubmission_file/._all.zip": b"junk",
            "4711/set_1.ipynb.txt": notebook("4"),
        }
    )
    assert [taken.read(s) for s in ("s1", "s2", "eve", "4711")] == [notebook(str(i)) for i in (1, 2, 3, 4)]
    assert result.missing == ["eve-b", "t1", "t2"] and result.notes == []
    assert intake.record(taken.folder("s2"))["late"] and not intake.record(taken.folder("s1"))["late"]


def test_a_wrapping_folder_or_zip_is_seen_through(taken):
    files = {"submissions/set_1/eve.ipynb": notebook("1"), "submissions/set_1/s1.ipynb": notebook("2")}
    assert taken(files).states == {"s1": "new", "eve": "new"}
    assert taken(zip_of({"download.zip": zip_of(files)})).states == {"s1": "as before", "eve": "as before"}


def test_a_folder_does_as_well_as_a_zip(taken, tmp_path):
    folder = tmp_path / "downloads"
    (folder / "eve").mkdir(parents=True)
    (folder / "eve" / "set_1.ipynb").write_bytes(notebook("1"))
    (folder / "s1.ipynb").write_bytes(notebook("2"))
    (folder / "more.zip").write_bytes(zip_of({"t1/x.ipynb": notebook("3")}))
    (folder / "t2.ipynb").symlink_to(folder / "s1.ipynb")
    result = collect([folder], PEOPLE, SET, NAMES, tmp_path / "class" / "submitted")
    assert result.states == {"s1": "new", "eve": "new", "t1": "new"}
    one = collect([folder / "s1.ipynb"], PEOPLE, SET, NAMES, tmp_path / "class" / "submitted")
    assert one.states == {"s1": "as before"}


def test_the_newest_that_belongs_to_the_set_and_is_whole_counts(taken):
    files = {
        "eve/a.ipynb": notebook("1"),
        "eve/b.ipynb": notebook("2"),
        "eve/other.ipynb": notebook("3", name="something_else"),
        "eve/torn.ipynb": notebook("4")[:30],
    }
    result = taken(files, {"eve/a.ipynb": 1, "eve/b.ipynb": 2, "eve/other.ipynb": 3, "eve/torn.ipynb": 4})
    assert taken.read("eve") == notebook("2")
    assert "eve/torn.ipynb is no notebook" in said_of(result, "eve")
    assert "eve/b.ipynb was taken" in said_of(result, "eve")


def test_a_second_upload_counts_whatever_the_times_say(taken):
    taken({"adamseve_1_900_set_1.ipynb": notebook("1"), "adamseve_1_901_set_1-1.ipynb": notebook("2")},
          {"adamseve_1_900_set_1.ipynb": 9})  # fmt: skip
    assert taken.read("eve") == notebook("2")
    taken({"s1/set_1-2.ipynb": notebook("2"), "s1/set_1.ipynb": notebook("0"), "s1/set_1-1.ipynb": notebook("1")})
    assert taken.read("s1") == notebook("2")


def test_collecting_twice_changes_nothing(taken):
    files = {"eve/a.ipynb": notebook("1"), "s1/report.pdf": b"x", "nunezroyjose_LATE_5_6_set_1.ipynb": notebook("2")}
    first = taken(files)
    kept = contents(taken.root / "class")
    second = taken(files)
    assert set(first.states.values()) == {"new"} and set(second.states.values()) == {"as before"}
    assert second.notes == first.notes
    assert contents(taken.root / "class") == kept


def test_a_newer_one_replaces_and_the_replaced_is_kept(taken):
    taken({"eve/a.ipynb": notebook("1")}, {"eve/a.ipynb": 1})
    assert taken({"eve/a.ipynb": notebook("2")}, {"eve/a.ipynb": 2}).states == {"eve": "replaced"}
    assert taken.read("eve") == notebook("2")
    kept = list((taken.root / "class" / "replaced" / "eve").rglob("*.ipynb"))
    assert [path.read_bytes() for path in kept] == [notebook("1")]
    # The old zip once more, and a newer one that cannot be read, take nothing away.
    older = taken({"eve/a.ipynb": notebook("1")}, {"eve/a.ipynb": 1})
    torn = taken({"eve/a.ipynb": b"{"}, {"eve/a.ipynb": 3})
    assert older.states == torn.states == {"eve": "as before"} and taken.read("eve") == notebook("2")
    assert "is no notebook" in said_of(torn, "eve") and "is kept" in said_of(torn, "eve")


def test_times_are_kept_only_when_asked_for(taken):
    taken({"eve/a.ipynb": notebook("1")}, {"eve/a.ipynb": 7})
    assert not (taken.folder("eve") / "timestamp.txt").exists()
    taken({"eve/a.ipynb": notebook("1")}, {"eve/a.ipynb": 7}, times=True)
    assert (taken.folder("eve") / "timestamp.txt").read_text().startswith("2026-11-20 12:07:00")


# ---------------------------------------------------------------------------- trouble, per student


def in_zips(data, levels):
    for level in range(levels):
        data = zip_of({f"{level}.zip" if level else "a.ipynb": data})
    return zip_of({"last.zip": data})


def deep(levels):
    return b"[" * levels + b"]" * levels


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"eve/a.ipynb": b"\xff\xfe\0"}, "not JSON"),
        ({"eve/a.ipynb": notebook()[:40]}, "not JSON, or only part of it"),
        ({"eve/a.ipynb": deep(100_000)}, "not JSON"),
        ({"eve/a.ipynb": b"[1, 2]"}, "no list of cells"),
        ({"eve/a.ipynb": b""}, "not JSON"),
        ({"eve/report.pdf": b"x", "eve/data.csv": b"y"}, "no notebook, only data.csv, report.pdf"),
        ({"eve/work.zip": b"PK no"}, "no zip that can be opened"),
        ({"eve/work.zip": zip_of({})}, "no notebook"),
        ({"eve/a.zip": in_zips(notebook(), 3)}, "3 zips"),
        ({"eve/w.zip": zip_of({"../../s1/set_1.ipynb": notebook()})}, "leads out of the archive"),
        ({"eve/w.zip": zip_of({"/etc/x.ipynb": notebook()})}, "leads out of the archive"),
        ({"eve/w.zip": zip_of({"C:\\x.ipynb": notebook()})}, "leads out of the archive"),
        ({"eve/w.zip": zip_of({"..\\..\\x.ipynb": notebook()})}, "leads out of the archive"),
    ],
)
def test_what_cannot_be_taken_is_told_and_costs_nobody_else_anything(taken, files, said):
    result = taken({"s1/a.ipynb": notebook("1"), **files, "t1/a.ipynb": notebook("2")})
    assert said in said_of(result, "eve") and said in intake.record(taken.folder("eve"))["problem"]
    assert not (taken.folder("eve") / "set_1.ipynb").exists()
    assert (taken.read("s1"), taken.read("t1")) == (notebook("1"), notebook("2"))
    assert sorted(path.name for path in taken.root.iterdir()) == ["all.zip", "class"]
    assert {path.name for path in (taken.root / "class").rglob("*")} == {
        "submitted", "s1", "t1", "eve", "set_1", "set_1.ipynb", "intake.json"}  # fmt: skip


def test_bombs_are_not_unpacked(taken, monkeypatch):
    monkeypatch.setattr(intake, "LARGEST", 100_000)
    monkeypatch.setattr(intake, "ROOM", 250_000)
    zeros = zip_of({"a.ipynb": b"0" * 10_000_000})
    lying = bytearray(zip_of({"a.ipynb": b"0" * 10_000_000}))  # it says: 10 bytes
    where = lying.index(b"PK\1\2")
    struct.pack_into("<I", lying, where + 24, 10)
    many = zip_of({f"{i}.ipynb": b"0" * 99_000 for i in range(50)})
    result = taken({"eve/z.zip": zeros, "s1/z.zip": bytes(lying), "s2/z.zip": many, "t1/a.ipynb": notebook("1")})
    assert "larger than 0 MB" in said_of(result, "eve")
    assert "s1/z.zip" in said_of(result, "s1") and "s2/z.zip" in said_of(result, "s2")
    assert taken.read("t1") == notebook("1")


def test_links_and_passwords_in_a_zip_are_refused(taken):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        link = zipfile.ZipInfo("set_1.ipynb")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    locked = bytearray(zip_of({"a.ipynb": notebook()}))
    for mark, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        locked[locked.index(mark) + offset] |= 1
    result = taken({"eve/w.zip": data.getvalue(), "s1/w.zip": bytes(locked)})
    assert "a link to another file" in said_of(result, "eve") and "a password" in said_of(result, "s1")


def test_nobodys_and_anybodys_files_are_named(taken):
    result = taken({"stranger_9_9_set_1.ipynb": notebook(), "Kim Lee_3_assignsubmission_file/a.ipynb": notebook()})
    assert result.states == {}
    assert "nobody in the roster" in said_of(result, "stranger_9_9_set_1.ipynb")
    assert "t1 or t2" in said_of(result, "Kim Lee_3_assignsubmission_file")


def test_a_set_of_no_cells_is_taken_and_told(taken):
    result = taken({"eve/a.ipynb": notebook(name="of_another_set")})
    assert result.states == {"eve": "new"} and "none of the set's cells" in said_of(result, "eve")


def test_what_is_no_zip_says_so(taken, tmp_path):
    with pytest.raises(KitError, match="no file or folder"):
        collect([tmp_path / "none.zip"], PEOPLE, SET, NAMES, tmp_path)
    with pytest.raises(KitError, match="is no zip that can be opened"):
        taken(b"not a zip")


def test_a_name_without_the_utf8_mark_is_read_right(taken):
    data = zip_of({"Anna Müller_1_assignsubmission_file/a.ipynb": notebook("1")})
    unmarked = bytearray(data)
    for mark, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        where = unmarked.index(mark) + offset
        flags = struct.unpack_from("<H", unmarked, where)[0]
        struct.pack_into("<H", unmarked, where, flags & ~0x800)
    assert taken(bytes(unmarked)).states == {"s1": "new"}


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "file"
    intake.replace(path, b"old")

    def crash(*_):
        raise OSError("the computer went off")

    monkeypatch.setattr(os, "replace", crash)
    with pytest.raises(OSError):
        intake.replace(path, b"new")
    assert path.read_bytes() == b"old"
