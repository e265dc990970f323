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

mod repairs {
    use super::*;

    use std::collections::BTreeMap;

    use crate::fix::commit::{FileChange, RunRecord};
    use crate::fix::journal::{About, Purpose, Written, recover};
    use crate::source;
    use crate::text::{Edit, Span};

    const COMPOSE: &str = "services:\r\n  redis: {image: redis, command: x} # ours\r\n";

    /// The first repair makes `.env` and hides it; both change the Compose file, and the second uses the variable too.
    fn two_repairs() -> (Project, Snapshot) {
        let project = Project::new();
        let before = project.snapshot();
        let made = |text: &str, purpose: Purpose, base: &str| {
            let mut written = Written::default();
            written.add(1, &[(Edit::insert(base.len(), text), purpose)], base);
            written
        };
        let original = ROWS[0].1.expect("it is there");
        let mut compose = Written::default();
        let at = original.find('}').expect("it is there");
        compose.add(1, &[(Edit::insert(at, ", command: x"), Purpose::Plain)], original);
        compose.add(2, &[(Edit::replace(Span::new(0, 8), "services"), Purpose::Plain)], COMPOSE);
        let secret = "REDIS_PASSWORD=0011223344556677\n";
        let written = BTreeMap::from([
            (".env", made(secret, Purpose::Secret("REDIS_PASSWORD".into()), "")),
            (".gitignore", made(".env\n", Purpose::Hiding, "target\n")),
            ("compose.yml", compose),
        ]);
        let changes = ROWS
            .iter()
            .filter(|(name, ..)| written.contains_key(name))
            .map(|row| FileChange { written: written[row.0].clone(), ..project.change(*row) });
        let repair = |number, secrets: &[&str]| RepairRecord {
            number,
            title: format!("repair {number}"),
            secrets: secrets.iter().map(|name| (*name).to_owned()).collect(),
            uses: vec!["REDIS_PASSWORD".into()],
            ..RepairRecord::default()
        };
        let repairs = vec![repair(1, &["REDIS_PASSWORD"]), repair(2, &[])];
        let about = About { repairs, ..project.meta().about };
        let meta = RunRecord { about, ..project.meta() };
        commit(&changes.collect::<Vec<_>>(), &meta, &project.state, &Disk).expect("written");
        (project, before)
    }

    fn take(project: &Project, ids: &[&str], layer: &dyn FileLayer) -> Result<UndoReport, UndoError> {
        let ids: Vec<_> = ids.iter().map(|id| (*id).to_owned()).collect();
        undo_repairs(&project.root(), &ids, &source::Disk, &[], &project.state, layer)
    }

    fn read(project: &Project, name: &str) -> Option<String> {
        fs::read_to_string(project.path(name)).ok()
    }

    #[test]
    fn a_password_and_what_hides_it_stay_while_another_repair_uses_it() {
        let (project, before) = two_repairs();
        let report = take(&project, &["r1"], &Disk).expect("taken back");
        assert!(report.is_undone);
        assert_eq!(read(&project, "compose.yml").as_deref(), ROWS[0].1);
        assert!(read(&project, ".env").is_some_and(|text| text.contains(SECRET)));
        assert_eq!(read(&project, ".gitignore").as_deref(), Some("target\n.env\n"));
        assert!(report.lines(&project.root()).iter().any(|line| line.contains(".env keeps REDIS_PASSWORD")));
        // They belong to the other one now.
        take(&project, &["r2"], &Disk).expect("taken back");
        assert_eq!(project.snapshot(), before);

        let (project, _) = two_repairs();
        take(&project, &["r1"], &Disk).expect("taken back");
        assert!(undo(&project.root(), &project.state, &Disk).expect("undone").is_undone);
        assert_eq!(project.snapshot(), before);
    }

    #[test]
    fn what_hides_an_env_file_stays_if_somebody_has_edited_that() {
        let (project, _) = two_repairs();
        let text = format!("{}MORE=1\n", read(&project, ".env").expect("it is there"));
        fs::write(project.path(".env"), text).expect("written");
        assert!(take(&project, &["r1", "r2"], &Disk).expect("taken back").is_undone);
        assert_eq!(read(&project, ".env").as_deref(), Some("MORE=1\n"));
        assert_eq!(read(&project, ".gitignore").as_deref(), Some("target\n.env\n"));
    }

    #[test]
    fn the_journal_holds_no_secret_once_a_repair_is_taken_back() {
        let (project, _) = two_repairs();
        take(&project, &["r1"], &Disk).expect("taken back");
        let names = project.journals();
        let [name] = names.as_slice() else { panic!("one run: {names:?}") };
        let text = fs::read_to_string(project.state.path().join(name)).expect("read");
        assert!(!text.contains(SECRET) && !text.contains(&hex::encode(SECRET)));
    }

    #[test]
    fn a_kill_while_a_repair_is_taken_back_is_repaired() {
        let (with, without) = {
            let (project, _) = two_repairs();
            let with = project.snapshot();
            take(&project, &["r1", "r2"], &no_wait()).expect("taken back");
            (with, project.snapshot())
        };
        let (mut steps, mut half_way) = (0, 0);
        for within in [false, true] {
            for at in 0.. {
                let (project, before) = two_repairs();
                let layer = dies_at(at, within);
                let result = take(&project, &["r1", "r2"], &layer);
                if layer.calls() <= at {
                    assert!(result.is_ok());
                    break;
                }
                steps += 1;
                for (name, (bytes, _)) in &project.snapshot() {
                    let known = [&with, &without].map(|files| files.get(name).map(|(bytes, _)| bytes));
                    assert!(name.contains(".caulk-") || known.contains(&Some(bytes)), "killed at {at}: {name}");
                }
                half_way += usize::from(![&with, &without].contains(&&project.snapshot()));
                recover(&project.root(), &project.state, &no_wait()).expect("recovered");
                let now = project.snapshot();
                assert!(now == with || now == without, "killed at {at}: {:?}", now.keys());
                if now == with {
                    assert!(undo(&project.root(), &project.state, &no_wait()).expect("undone").is_undone);
                }
                assert_eq!(project.snapshot(), before, "killed at {at}");
                let left = undo(&project.root(), &project.state, &no_wait()).expect_err("nothing is left");
                assert!(matches!(left, UndoError::Nothing { .. }), "killed at {at}: {left}");
            }
        }
        assert!(steps > 30 && half_way > 5, "{steps} steps, {half_way} of them half way");
    }

    #[test]
    fn one_failing_call_leaves_the_repair_as_it_was() {
        for error in [ENOSPC, EACCES] {
            for at in 0.. {
                let (project, _) = two_repairs();
                let now = project.snapshot();
                let layer = Scripted::new(|call, _, _: &Path| if call == at { Fate::Fail(error) } else { Fate::Go });
                let result = take(&project, &["r1"], &layer);
                if layer.calls() <= at {
                    break;
                }
                if result.is_err() {
                    assert_eq!(project.snapshot(), now, "call {at}");
                }
                recover(&project.root(), &project.state, &no_wait()).expect("recovered");
                assert!(undo(&project.root(), &project.state, &no_wait()).expect("undone").is_undone, "call {at}");
            }
        }
    }
}
