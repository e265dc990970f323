//! Undoing gives back every byte, or touches nothing.

use super::*;

use std::fs;

use crate::fix::commit::testing::*;
use crate::fix::commit::{Disk, Role, commit};

fn written() -> (Project, Snapshot) {
    let project = Project::new();
    let before = project.snapshot();
    commit(&project.changes(), &project.meta(), &project.state, &Disk).expect("written");
    (project, before)
}

fn kinds(report: &UndoReport) -> Vec<OutcomeKind> {
    report.files.iter().map(|file| file.kind).collect()
}

use OutcomeKind::{AlreadyAsBefore, EditedSince, Missing, Removed, Restored, Untouched};

#[test]
fn every_byte_and_mode_comes_back_and_made_files_go() {
    let (project, before) = written();
    let report = undo(&project.root(), &project.state, &Disk).expect("undone");
    assert!(report.is_undone);
    assert_eq!(kinds(&report), [Restored, Removed, Restored, Restored]);
    assert_eq!(report.files[1].path, project.path(".env"));
    assert_eq!(report.repairs, project.meta().about.repairs);
    assert_eq!(project.snapshot(), before);
}

#[test]
fn a_mode_that_was_changed_since_is_kept() {
    let (project, _) = written();
    set_mode(&project.path("compose.yml"), 0o600);
    undo(&project.root(), &project.state, &Disk).expect("undone");
    #[cfg(unix)]
    assert_eq!(project.snapshot()["compose.yml"].1, 0o600);
}

#[test]
fn if_a_file_was_edited_or_removed_since_nothing_is_touched_and_all_such_files_are_named() {
    type Spoil = fn(&Project);
    let table: [(Spoil, [OutcomeKind; 4]); 4] = [
        (
            |p| fs::write(p.path("backend/.env"), "A=2").expect("written"),
            [Untouched, Untouched, EditedSince, Untouched],
        ),
        (
            |p| {
                fs::remove_file(p.path("compose.yml")).expect("removed");
                fs::write(p.path(".env"), "REDIS_PASSWORD=0011223344556677\nB=1\n").expect("written");
            },
            [Untouched, EditedSince, Untouched, Missing],
        ),
        (
            |p| {
                fs::remove_file(p.path("compose.yml")).expect("removed");
                fs::create_dir(p.path("compose.yml")).expect("created");
            },
            [Untouched, Untouched, Untouched, EditedSince],
        ),
        (
            |p| {
                fs::write(p.path(".gitignore"), "target\n").expect("written");
                fs::write(p.path("compose.yml"), "edited").expect("written");
            },
            [AlreadyAsBefore, Untouched, Untouched, EditedSince],
        ),
    ];
    for (spoil, expected) in table {
        let (project, _) = written();
        spoil(&project);
        let now = project.snapshot();
        // Refusing is no end of it: the run can be taken back once the edits are gone.
        for _ in 0..2 {
            let report = undo(&project.root(), &project.state, &Disk).expect("looked at");
            assert!(!report.is_undone);
            assert_eq!(kinds(&report), expected);
            assert_eq!(project.snapshot(), now);
            let lines = report.lines(&project.root());
            assert_eq!(lines.len(), 5, "{lines:?}");
            assert!(lines[4].contains("Nothing was taken back"), "{lines:?}");
            assert!(!lines.join("\n").contains(SECRET));
        }
    }
}

#[test]
fn files_that_are_as_before_already_do_not_stand_in_the_way() {
    let (project, before) = written();
    fs::remove_file(project.path(".env")).expect("removed");
    fs::write(project.path(".gitignore"), "target\n").expect("written");
    let report = undo(&project.root(), &project.state, &Disk).expect("undone");
    assert!(report.is_undone);
    assert_eq!(kinds(&report), [AlreadyAsBefore, AlreadyAsBefore, Restored, Restored]);
    assert_eq!(project.snapshot(), before);
}

#[test]
fn each_undo_takes_back_one_run_more_until_there_is_none() {
    let (project, first) = written();
    let second = project.snapshot();
    let row: Row = (".gitignore", Some("target\n.env\n"), "target\n.env\nmore\n", Role::Other);
    commit(&[project.change(row)], &project.meta(), &project.state, &Disk).expect("written");
    for expected in [second, first] {
        assert!(undo(&project.root(), &project.state, &Disk).expect("undone").is_undone);
        assert_eq!(project.snapshot(), expected);
    }
    let error = undo(&project.root(), &project.state, &Disk).expect_err("nothing left");
    assert!(matches!(error, UndoError::Nothing { .. }), "{error}");
}

#[test]
fn a_run_is_found_from_above_and_below_but_not_from_elsewhere() {
    for (from, found) in [("backend", true), ("..", true), ("../other", false)] {
        let (project, _) = written();
        fs::create_dir(project.path("../other")).expect("created");
        assert_eq!(undo(&project.path(from), &project.state, &Disk).is_ok(), found, "{from}");
    }
}

#[test]
fn a_file_that_may_not_be_written_stops_all_of_it() {
    let (project, _) = written();
    let layer = Scripted::new(|_, _, _: &Path| Fate::Go).with_read_only(project.path("backend/.env"));
    let now = project.snapshot();
    let error = undo(&project.root(), &project.state, &layer).expect_err("read-only");
    assert!(error.to_string().contains("backend/.env"), "{error}");
    assert_eq!(project.snapshot(), now);
}

#[test]
fn a_failure_half_way_is_said_and_goes_on_with_the_next_run() {
    let (project, before) = written();
    let folder = project.path("backend");
    let layer =
        Scripted::new(|_, _, path: &Path| if path.starts_with(&folder) { Fate::Fail(ENOSPC) } else { Fate::Go });
    let error = undo(&project.root(), &project.state, &layer).expect_err("no room");
    assert!(matches!(error, UndoError::HalfWay(_)), "{error}");
    let again = undo(&project.root(), &project.state, &Disk).expect_err("half done");
    assert!(matches!(again, UndoError::HalfDone { .. }), "{again}");
    crate::fix::journal::recover(&project.root(), &project.state, &Disk).expect("recovered");
    assert_eq!(project.snapshot(), before);
}

#[test]
fn undoing_waits_for_its_turn() {
    let (project, _) = written();
    let _lock = project.state.lock().expect("free");
    let error = undo(&project.root(), &project.state, &Disk).expect_err("locked");
    assert!(matches!(error, UndoError::Journal(JournalError::Busy { .. })), "{error}");
    assert_eq!(project.progress(), [true; 4]);
}
