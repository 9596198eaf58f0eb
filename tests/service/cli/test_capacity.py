from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from service.cli import main
from service.store.engine import Store

Command = Callable[..., "CompletedProcess[str]"]

NAME, SETTINGS = "eu H100", ("--set", "region=eu", "--set", "cancel_until=2027-01-01", "--by", "anna")


@pytest.fixture
def computecast(
    store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Runs a command in an empty folder and gives what it said, without the seconds that a process takes to begin."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COMPUTECAST_DATABASE_URL", store_url)

    def run(*arguments: object) -> "CompletedProcess[str]":
        monkeypatch.setattr("sys.argv", ["computecast", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return CompletedProcess(arguments, int(ended.value.code or 0), said.out, said.err)

    return run


def test_a_block_is_entered_shown_listed_and_moved_on_and_its_changes_are_told(
    computecast: Command, store: Store
) -> None:
    added = computecast("capacity", "add", NAME, 512, "2027-07-01", *SETTINGS)
    assert "entered as proposed" in added.stdout, added.stderr
    assert "512" in computecast("capacity", "list", "--region", "eu").stdout
    assert NAME not in computecast("capacity", "list", "--state", "active").stdout
    shown = computecast("capacity", "show", NAME).stdout
    assert "cancel_until: 2027-01-01T00:00:00Z" in shown
    assert "conversion: 1\n" in shown
    assert "by anna" in shown
    moved = computecast("capacity", "set-state", NAME, "pending", "--by", "ben", "--note", "signed")
    assert "is pending in version 2" in moved.stdout, moved.stderr
    told = computecast("capacity", "changes", NAME).stdout.splitlines()
    assert told[0].endswith("by anna: created")
    assert told[1].endswith("by ben: state 'proposed' became 'pending' (signed)")
    refused = computecast("capacity", "set-state", NAME, "proposed")
    assert refused.returncode == 1
    assert "cannot become proposed" in refused.stderr
    with store.read() as unit:
        assert unit.capacity.get(NAME).block.quantity == 512


def test_an_export_is_edited_tried_and_imported(computecast: Command, tmp_path: Path) -> None:
    computecast("capacity", "add", NAME, 512, "2027-07-01", *SETTINGS)
    written = computecast("capacity", "export", "-o", "ledger.csv")
    assert written.returncode == 0, written.stderr
    text = (tmp_path / "ledger.csv").read_text()
    assert computecast("capacity", "export").stdout == text
    (tmp_path / "ledger.csv").write_text(text.replace(",512,", ",600,"))
    tried = computecast("capacity", "import", "ledger.csv", "--dry-run").stdout
    assert "line 2: eu H100 changed quantity" in tried
    assert "0 created, 1 changed, 0 unchanged; nothing was stored" in tried
    assert computecast("capacity", "export").stdout == text
    assert "0 created, 1 changed, 0 unchanged" in computecast("capacity", "import", "ledger.csv").stdout
    assert "quantity: 600" in computecast("capacity", "show", NAME).stdout


def test_every_line_of_a_file_that_is_at_fault_is_told(computecast: Command, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("name,quantity,online\na,many,2027-07-01\nb,5,soon\n")
    refused = computecast("capacity", "import", "bad.csv")
    assert refused.returncode == 1
    assert "line 2, quantity: 'many' is not a number" in refused.stdout
    assert "line 3, online: 'soon'" in refused.stdout
    assert "nothing was stored" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", NAME, 5, "2027-07-01", "--set", "colour=red"), "--set 'colour=red' sets nothing"),
        (("add", NAME, "many", "2027-07-01"), "not a number"),
        (("show", "nobody"), "not in the ledger"),
        (("list", "--as-of", "yesterday"), "ISO 8601"),
        (("export", "-o", "nowhere/ledger.csv"), "choose another path"),
        (("import", "none.csv"), "there is no file"),
    ],
)
def test_what_makes_no_sense_is_refused(computecast: Command, arguments: tuple[object, ...], said: str) -> None:
    refused = computecast("capacity", *arguments)
    assert refused.returncode == 1
    assert said in refused.stderr
