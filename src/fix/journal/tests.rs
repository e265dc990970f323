//! A run that is killed anywhere can be repaired, and journals keep what they hold to themselves.

use super::*;

use std::fs;
use std::time::Duration;

use crate::fix::commit::testing::*;
use crate::fix::commit::{FileChange, RunRecord, commit};
use crate::fix::undo::undo;

const OLD: [bool; 4] = [false; 4];
const NEW: [bool; 4] = [true; 4];

/// Kills the commit before, or within, its `at`-th call. False if it has fewer calls.
fn killed_commit(project: &Project, at: usize, within: bool) -> bool {
    let layer = dies_at(at, within);
    let result = commit(&project.changes(), &project.meta(), &project.state, &layer);
    if layer.calls() <= at {
        assert!(result.is_ok());
        return false;
    }
    true
}

fn recovered(project: &Project) -> Vec<String> {
    recover(&project.root(), &project.state, &no_wait()).expect("recovered").lines
}

/// Whole, old or new, without a trace of the crash, and fit for a new run and for undoing it.
fn assert_whole(project: &Project, before: &Snapshot, about: &str) {
    let now = project.progress();
    assert!(now == OLD || now == NEW, "{about}: {now:?}");
    assert!(pending(&project.root(), &project.state).expect("listed").is_empty(), "{about}");
    assert_eq!(recovered(project), [""; 0], "{about}");
    if now == OLD {
        assert_eq!(&project.snapshot(), before, "{about}");
        commit(&project.changes(), &project.meta(), &project.state, &no_wait()).expect("written");
        assert_eq!(project.progress(), NEW, "{about}");
    }
    assert_eq!(project.snapshot().len(), before.len() + 1, "{about}: {:?}", project.snapshot().keys());
    assert!(!project.journals().iter().any(|name| name.ends_with(UNFINISHED)), "{about}");
    assert!(undo(&project.root(), &project.state, &no_wait()).expect("undone").is_undone, "{about}");
    assert_eq!(&project.snapshot(), before, "{about}");
}

#[test]
fn after_a_kill_at_any_step_each_file_is_old_or_new_and_the_next_run_repairs_the_rest() {
    let (mut steps, mut half_way) = (0, 0);
    for within in [false, true] {
        for at in 0.. {
            let (project, about) = (Project::new(), format!("killed at {at}, within: {within}"));
            let before = project.snapshot();
            if !killed_commit(&project, at, within) {
                break;
            }
            steps += 1;
            let progress = project.progress();
            assert!(progress.is_sorted_by(|earlier, later| earlier >= later), "{about}: out of order: {progress:?}");
            let to_repair = !pending(&project.root(), &project.state).expect("listed").is_empty();
            if progress != OLD && progress != NEW {
                half_way += 1;
                assert!(to_repair, "{about}");
            }
            assert_eq!(recovered(&project).is_empty(), !to_repair, "{about}");
            assert_whole(&project, &before, &about);
        }
    }
    assert!(steps > 40 && half_way >= 6, "{steps} steps, {half_way} of them half way");
}

#[test]
fn a_run_whose_new_files_are_all_ready_is_finished_and_else_taken_back() {
    type Spoil = fn(&FileRecord);
    let table: [(Spoil, [bool; 4], &str); 4] = [
        (|_| (), NEW, "finished"),
        (|last| assert!(fs::copy(&last.temporary, &last.target).expect("copied") > 0), NEW, "finished"),
        (|last| fs::remove_file(&last.temporary).expect("removed"), OLD, "taken back"),
        (|last| fs::write(&last.temporary, "cut").expect("written"), OLD, "taken back"),
    ];
    for (spoil, expected, word) in table {
        let (project, before) = half_done_project();
        spoil(&pending(&project.root(), &project.state).expect("listed")[0].journal.files[3]);
        let as_it_stands = project.snapshot();
        let [said] = half_done(&project.root(), &project.state, &no_wait()).expect("listed").try_into().expect("one");
        let sentence = said.sentence(&project.root());
        assert_eq!(said.way_out, if word == "finished" { WayOut::FinishOrTakeBack } else { WayOut::TakeBack });
        assert!(sentence.contains("backend/.env") && sentence.contains("`caulk undo` takes it back"), "{sentence}");
        assert_eq!(project.snapshot(), as_it_stands, "nothing is changed by saying so");
        let lines = recovered(&project).join("\n");
        assert_eq!(project.progress(), expected);
        assert!(lines.contains(word), "{lines}");
        assert!(lines.contains("backend/.env") && !lines.contains(SECRET), "{lines}");
        assert_whole(&project, &before, "repaired");
    }
}

/// Killed between the second and the third rename.
fn half_done_project() -> (Project, Snapshot) {
    for at in 0.. {
        let project = Project::new();
        let before = project.snapshot();
        assert!(killed_commit(&project, at, false));
        if project.progress() == [true, true, false, false] {
            return (project, before);
        }
    }
    unreachable!("the commit ends")
}

#[test]
fn a_kill_while_repairing_is_repaired_too() {
    for lose_one in [false, true] {
        let mut steps = 0;
        for at in 0.. {
            let ((project, before), about) = (half_done_project(), format!("killed at {at}, lost: {lose_one}"));
            if lose_one {
                let run = pending(&project.root(), &project.state).expect("listed").remove(0);
                fs::remove_file(&run.journal.files[3].temporary).expect("it was there");
            }
            let layer = dies_at(at, true);
            let result = recover(&project.root(), &project.state, &layer);
            if layer.calls() <= at {
                assert!(result.is_ok());
                break;
            }
            steps += 1;
            project.progress();
            recovered(&project);
            assert_whole(&project, &before, &about);
        }
        assert!(steps > 5, "{steps}");
    }
}

#[test]
fn a_kill_while_undoing_is_repaired_too() {
    let mut steps = 0;
    for within in [false, true] {
        for at in 0.. {
            let (project, about) = (Project::new(), format!("killed at {at}, within: {within}"));
            let before = project.snapshot();
            commit(&project.changes(), &project.meta(), &project.state, &no_wait()).expect("written");
            let layer = dies_at(at, within);
            let result = undo(&project.root(), &project.state, &layer);
            if layer.calls() <= at {
                assert!(result.is_ok());
                break;
            }
            steps += 1;
            project.progress();
            recovered(&project);
            assert_whole(&project, &before, &about);
        }
    }
    assert!(steps > 20, "{steps}");
}

#[test]
fn what_was_edited_after_a_crash_stays() {
    // Renamed already, then edited: the rest of the run is finished.
    let (project, _) = half_done_project();
    fs::write(project.path(".gitignore"), "target\n.env\nmore\n").expect("written");
    let lines = recovered(&project).join("\n");
    assert!(lines.contains("finished") && lines.contains(".gitignore was edited since"), "{lines}");
    assert_eq!(fs::read_to_string(project.path(".gitignore")).expect("read"), "target\n.env\nmore\n");
    fs::write(project.path(".gitignore"), "target\n.env\n").expect("written");
    assert_eq!(project.progress(), NEW);

    // Not yet renamed, then edited: the run can't be finished without losing the edit.
    let (project, before) = half_done_project();
    fs::write(project.path("compose.yml"), "edited").expect("written");
    let lines = recovered(&project).join("\n");
    assert!(lines.contains("taken back") && lines.contains("compose.yml was edited since"), "{lines}");
    assert_eq!(fs::read_to_string(project.path("compose.yml")).expect("read"), "edited");
    fs::write(project.path("compose.yml"), before["compose.yml"].0.as_ref().expect("a file")).expect("written");
    assert_eq!(project.snapshot(), before);
}

#[test]
fn a_run_under_way_is_not_repaired() {
    let (project, _) = half_done_project();
    let _lock = project.state.lock().expect("free");
    assert_eq!(half_done(&project.root(), &project.state, &no_wait()).expect("listed"), [], "it is under way");
    let refused = recover(&project.root(), &project.state, &no_wait()).expect_err("locked");
    assert!(matches!(refused, JournalError::Busy { .. }), "{refused}");
    assert_eq!(project.progress(), [true, true, false, false]);
}

#[test]
fn half_done_runs_are_found_from_above_and_below_but_not_from_elsewhere() {
    let (project, _) = half_done_project();
    fs::create_dir(project.path("../other")).expect("created");
    for (from, expected) in [("", 1), ("backend", 1), ("..", 1), ("../other", 0)] {
        assert_eq!(pending(&project.path(from), &project.state).expect("listed").len(), expected, "{from}");
    }
}

#[test]
fn the_journal_is_private_and_holds_no_new_secret() {
    let project = Project::new();
    commit(&project.changes(), &project.meta(), &project.state, &no_wait()).expect("written");
    let names = project.journals();
    let [name] = names.as_slice() else { panic!("one run: {names:?}") };
    let path = project.state.path().join(name);
    #[cfg(unix)]
    assert_eq!(mode(&fs::metadata(&path).expect("there")), 0o600);
    let text = fs::read_to_string(&path).expect("read");
    assert!(!text.contains(SECRET) && !text.contains(&hex::encode(SECRET)));
    let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(json["schema"], "caulk.journal/1");
    assert_eq!(json["files"][1]["before"], serde_json::Value::Null);
    assert_eq!(json["files"][0]["before"], hex::encode("target\n"));

    let run = last_runs(&project.root(), &project.state).expect("listed").remove(0);
    assert_eq!(run.journal.about.repairs, project.meta().about.repairs);
    assert!(!format!("{run:?}").contains("redis://"), "{run:?}");
}

#[test]
fn a_journal_that_cannot_be_understood_is_named_in_its_own_project_only() {
    let project = Project::new();
    commit(&project.changes(), &project.meta(), &project.state, &no_wait()).expect("written");
    let path = project.state.path().join(&project.journals()[0]);
    let good = fs::read_to_string(&path).expect("read");
    for (text, why) in [
        ("{\"schema\": \"s3cret".to_owned(), "not a journal (line 1"),
        (good.replace("caulk.journal/1", "caulk.journal/2"), "another version of caulk"),
        (String::new(), "not a journal"),
    ] {
        fs::write(&path, text).expect("written");
        let told = last_runs(&project.root(), &project.state).expect_err("unreadable").to_string();
        assert!(told.contains(why) && told.contains(&path.display().to_string()), "{told}");
        assert!(!told.contains("s3cret"), "{told}");
        fs::create_dir_all(project.path("../other")).expect("created");
        assert_eq!(last_runs(&project.path("../other"), &project.state).expect("none"), []);
    }
}

#[test]
fn runs_are_ordered_even_if_the_clock_is_set_back() {
    let project = Project::new();
    let mut text = String::from("target\n");
    for (number, seconds) in [100, 50, 0].into_iter().enumerate() {
        let after = format!("{text}{number}\n");
        let started = UNIX_EPOCH + Duration::from_secs(seconds);
        let meta = RunRecord { started, ..project.meta() };
        let change = FileChange {
            before: Some(text.clone().into_bytes()),
            after: Some(after.clone().into_bytes()),
            ..project.change(ROWS[3])
        };
        commit(&[change], &meta, &project.state, &no_wait()).expect("written");
        text = after;
        let run = last_runs(&project.root(), &project.state).expect("listed").remove(0);
        assert_eq!(run.journal.started_ms, seconds * 1000);
    }
}

#[test]
fn only_the_latest_runs_are_kept_and_unfinished_journals_go() {
    let project = Project::new();
    fs::write(project.state.path().join(format!("000-x.writing.json{UNFINISHED}")), "half").expect("written");
    let other = project.state.path().join("000000000000001-0011223344556677.done.json");
    fs::write(&other, "another project's").expect("written");
    for count in 1..RUNS_KEPT + 3 {
        commit(&project.changes(), &project.meta(), &project.state, &no_wait()).expect("written");
        let newest = project.journals().pop();
        assert!(newest.is_some_and(|name| name.ends_with(".done.json")));
        undo(&project.root(), &project.state, &no_wait()).expect("undone");
        assert_eq!(project.journals().len(), count.min(RUNS_KEPT) + 1);
    }
    assert!(other.exists());
}

/// The first part of a call is written; the second writes one of its files again, and another file.
fn second_part(project: &Project) -> (Vec<FileChange>, RunRecord) {
    let meta = project.meta();
    commit(&[project.change(ROWS[3])], &meta, &project.state, &no_wait()).expect("written");
    let again = ("project/.gitignore", Some(ROWS[3].2), "target\n.env\nb/.env\n", ROWS[3].3);
    let again = FileChange { path: project.path(".gitignore"), ..project.change(again) };
    (vec![again, project.change(ROWS[0])], meta)
}

#[test]
fn a_run_that_is_killed_in_its_second_part_is_repaired_and_taken_back_whole() {
    let (mut steps, mut with_second_part) = (0, 0);
    for within in [false, true] {
        for at in 0.. {
            let project = Project::new();
            let before = project.snapshot();
            let (changes, meta) = second_part(&project);
            let first_part = project.snapshot();
            let layer = dies_at(at, within);
            let result = commit(&changes, &meta, &project.state, &layer);
            let is_killed = layer.calls() > at;
            assert!(is_killed || result.is_ok());
            recovered(&project);
            let is_whole = project.snapshot() != first_part;
            steps += usize::from(is_killed);
            with_second_part += usize::from(is_killed && is_whole);
            let runs = last_runs(&project.root(), &project.state).expect("listed");
            let [run] = runs.as_slice() else { panic!("killed at {at}: {} runs", runs.len()) };
            assert_eq!(run.journal.files.len(), if is_whole { 2 } else { 1 }, "killed at {at}");
            assert!(undo(&project.root(), &project.state, &no_wait()).expect("undone").is_undone, "killed at {at}");
            assert_eq!(project.snapshot(), before, "killed at {at}");
            if !is_killed {
                break;
            }
        }
    }
    assert!(steps > 30 && with_second_part > 5, "{steps} steps, {with_second_part} with the second part");
}

#[test]
fn a_finished_run_of_another_version_keeps_nobody_from_writing() {
    let project = Project::new();
    commit(&project.changes(), &project.meta(), &project.state, &no_wait()).expect("written");
    let path = project.state.path().join(&project.journals()[0]);
    fs::write(&path, "{\"schema\": \"caulk.journal/2\"}").expect("written");
    let back = FileChange { before: Some(ROWS[3].2.into()), after: Some("target\n".into()), ..project.change(ROWS[3]) };
    commit(&[back], &project.meta(), &project.state, &no_wait()).expect("written");
}
