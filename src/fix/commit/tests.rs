//! A commit is all or nothing, whatever happens to it.

use super::testing::*;
use super::*;

use std::fs;

use crate::fix::journal::recover;
use crate::fix::undo::undo;

fn refused(result: Result<Committed, CommitError>) -> Vec<(String, Reason)> {
    match result {
        Err(CommitError::Refused(refusals)) => refusals
            .into_iter()
            .map(|refusal| (refusal.path.file_name().expect("a file").to_string_lossy().into_owned(), refusal.reason))
            .collect(),
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn files_are_replaced_with_env_files_first_and_the_server_last() {
    let project = Project::new();
    let committed = commit(&project.changes(), &project.meta(), &project.state, &Disk).expect("written");
    let order = [".gitignore", ".env", "backend/.env", "compose.yml"].map(|name| project.path(name));
    assert_eq!(committed, Committed { files: order.to_vec(), notes: vec![] });
    assert_eq!(project.progress(), [true; 4]);
    assert_eq!(project.snapshot().len(), 5, "no temporary file is left: {:?}", project.snapshot().keys());
}

#[cfg(unix)]
#[test]
fn modes_are_kept_and_new_files_with_secrets_are_private() {
    let project = Project::new();
    let mut changes = project.changes();
    changes.push(project.change(("plain.txt", None, "x", Role::Other)));
    commit(&changes, &project.meta(), &project.state, &Disk).expect("written");
    fs::write(project.path("usual"), "").expect("written");
    let files = project.snapshot();
    for (name, mode) in [("backend/.env", 0o640), ("compose.yml", 0o755), (".env", 0o600)] {
        assert_eq!(files[name].1, mode, "{name}");
    }
    assert_eq!(files["plain.txt"].1, files["usual"].1, "the mode that new files have");
}

#[cfg(unix)]
#[test]
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn what_root_writes_in_the_folder_of_a_user_belongs_to_the_user() {
    use std::os::unix::fs::{MetadataExt, chown};
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: only root can give files away");
        return;
    }
    let project = Project::new();
    let owner = |name: &str| {
        let metadata = fs::metadata(project.path(name)).expect("it is there");
        (metadata.uid(), metadata.gid())
    };
    for name in ["", "backend", "backend/.env", ".gitignore"] {
        chown(project.path(name), Some(12_345), Some(12_346)).expect("root may");
    }
    // Not that of the folder, nor root's.
    chown(project.path("compose.yml"), Some(12_347), Some(12_348)).expect("root may");
    let mut changes = project.changes();
    changes.push(project.change(("backend/plain.txt", None, "x", Role::Other)));
    commit(&changes, &project.meta(), &project.state, &Disk).expect("written");
    for name in [".env", ".gitignore", "backend/.env", "backend/plain.txt"] {
        assert_eq!(owner(name), (12_345, 12_346), "{name}");
    }
    assert_eq!(owner("compose.yml"), (12_347, 12_348));
    let files = project.snapshot();
    assert_eq!((files[".env"].1, files["compose.yml"].1, files["backend/.env"].1), (0o600, 0o755, 0o640));
    write_own(&project.path("backend/caulk.toml"), b"x", &Disk).expect("written");
    assert_eq!(owner("backend/caulk.toml"), (12_345, 12_346));

    undo(&project.root(), &project.state, &Disk).expect("undone");
    assert_eq!((owner("backend/.env"), owner("compose.yml")), ((12_345, 12_346), (12_347, 12_348)));
}

#[test]
fn changes_without_a_difference_leave_no_trace() {
    let project = Project::new();
    let row = (".gitignore", Some("target\n"), "target\n", Role::Other);
    let committed = commit(&[project.change(row)], &project.meta(), &project.state, &Disk).expect("nothing to do");
    assert_eq!(committed, Committed::default());
    assert_eq!(project.journals(), [""; 0]);
}

#[test]
fn a_file_that_may_not_be_written_stops_the_whole_run() {
    let project = Project::new();
    let before = project.snapshot();
    let layer = Scripted::new(|_, _, _: &Path| Fate::Go).with_read_only(project.path("compose.yml"));
    let refusals = refused(commit(&project.changes(), &project.meta(), &project.state, &layer));
    assert!(format!("{refusals:?}").contains("NotWritable"), "{refusals:?}");
    assert_eq!((project.snapshot(), project.journals()), (before, Vec::new()));
}

#[test]
fn one_file_in_the_way_stops_the_whole_run() {
    type Spoil = fn(&Project);
    let table: [(&str, Spoil, &str); 6] = [
        ("backend/.env", |p| fs::write(p.path("backend/.env"), "edited").expect("written"), "Changed"),
        // Same text, other line ends.
        (
            "compose.yml",
            |p| {
                let text = fs::read_to_string(p.path("compose.yml")).expect("read").replace("\r\n", "\n");
                fs::write(p.path("compose.yml"), text).expect("written");
            },
            "Changed",
        ),
        (".gitignore", |p| fs::remove_file(p.path(".gitignore")).expect("removed"), "Removed"),
        (".env", |p| fs::write(p.path(".env"), "REDIS_PASSWORD=mine\n").expect("written"), "Appeared"),
        (
            "compose.yml",
            |p| {
                fs::remove_file(p.path("compose.yml")).expect("removed");
                fs::create_dir(p.path("compose.yml")).expect("created");
            },
            "NotAFile",
        ),
        ("backend/.env", |p| fs::rename(p.path("backend"), p.path("elsewhere")).expect("renamed"), "NotWritable"),
    ];
    for (name, spoil, reason) in table {
        let project = Project::new();
        spoil(&project);
        let before = project.snapshot();
        let refusals = refused(commit(&project.changes(), &project.meta(), &project.state, &Disk));
        let [(file, found)] = refusals.as_slice() else { panic!("one refusal: {refusals:?}") };
        assert!(name.ends_with(file.as_str()), "{name}: {refusals:?}");
        assert!(format!("{found:?}").starts_with(reason), "{name}: {found:?}");
        assert_eq!(project.snapshot(), before);
        assert_eq!(project.journals(), [""; 0]);
    }
}

#[test]
fn all_files_in_the_way_are_named() {
    let project = Project::new();
    fs::write(project.path("compose.yml"), "edited").expect("written");
    fs::write(project.path(".env"), "edited").expect("written");
    let refusals = refused(commit(&project.changes(), &project.meta(), &project.state, &Disk));
    assert_eq!(refusals, [("compose.yml".into(), Reason::Changed), (".env".into(), Reason::Appeared)]);
}

#[test]
fn a_file_outside_the_root_is_refused() {
    let project = Project::new();
    let row: Row = ("../outside.env", None, "x", Role::EnvFile);
    let refusals = refused(commit(&[project.change(row)], &project.meta(), &project.state, &Disk));
    assert!(matches!(refusals.as_slice(), [(_, Reason::Outside { .. })]), "{refusals:?}");
}

#[cfg(unix)]
mod links {
    use super::*;

    use std::os::unix::fs::symlink;

    #[test]
    fn a_link_inside_the_root_stays_and_its_target_is_written() {
        let project = Project::new();
        fs::rename(project.path("backend/.env"), project.path("shared")).expect("renamed");
        symlink("../shared", project.path("backend/.env")).expect("linked");
        let before = project.snapshot();
        commit(&project.changes(), &project.meta(), &project.state, &Disk).expect("written");
        assert_eq!(fs::read_link(project.path("backend/.env")).expect("a link"), Path::new("../shared"));
        assert_eq!(project.progress(), [true; 4]);
        assert_eq!(project.snapshot()["shared"].1, 0o640);
        assert!(undo(&project.root(), &project.state, &Disk).expect("undone").is_undone);
        assert_eq!(project.snapshot(), before);
        assert!(project.path("backend/.env").is_symlink());
    }

    #[test]
    fn a_link_out_of_the_root_is_refused() {
        let project = Project::new();
        let outside = project.path("../outside");
        fs::rename(project.path("backend"), &outside).expect("renamed");
        // The file's folder, and the file itself.
        symlink(&outside, project.path("backend")).expect("linked");
        fs::rename(project.path("compose.yml"), outside.join("compose.yml")).expect("renamed");
        symlink(outside.join("compose.yml"), project.path("compose.yml")).expect("linked");
        let refusals = refused(commit(&project.changes(), &project.meta(), &project.state, &Disk));
        assert!(
            matches!(refusals.as_slice(), [(_, Reason::Outside { .. }), (_, Reason::Outside { .. })]),
            "{refusals:?}"
        );
        assert_eq!(project.progress(), [false; 4]);
    }

    #[test]
    fn a_dangling_link_and_a_loop_are_refused() {
        for (to, reason) in [("nowhere", "Dangling"), (".env", "NotReadable")] {
            let project = Project::new();
            symlink(to, project.path(".env")).expect("linked");
            let refusals = refused(commit(&project.changes(), &project.meta(), &project.state, &Disk));
            assert!(format!("{:?}", refusals[0].1).starts_with(reason), "{refusals:?}");
            assert!(!project.path("nowhere").exists());
        }
    }

    #[test]
    fn two_changes_of_one_file_are_refused() {
        let project = Project::new();
        symlink(".gitignore", project.path("alias")).expect("linked");
        let rows: [Row; 2] =
            [(".gitignore", Some("target\n"), "a", Role::Other), ("alias", Some("target\n"), "b", Role::Other)];
        let refusals = refused(commit(&rows.map(|row| project.change(row)), &project.meta(), &project.state, &Disk));
        assert_eq!(refusals, [("alias".into(), Reason::SameAs(project.path(".gitignore")))]);
    }
}

#[test]
fn a_file_that_changes_while_others_are_replaced_keeps_the_change_and_the_others_go_back() {
    type Spoil = fn(&Path);
    let table: [(Spoil, Reason); 3] = [
        (|path| fs::write(path, "edited").expect("written"), Reason::Changed),
        (|path| fs::remove_file(path).expect("removed"), Reason::Removed),
        (
            |path| {
                fs::remove_file(path).expect("removed");
                fs::create_dir(path).expect("created");
            },
            Reason::NotAFile,
        ),
    ];
    for (spoil, reason) in table {
        let project = Project::new();
        let server = project.path("compose.yml");
        let first = project.path(".gitignore");
        let layer = Scripted::new(|_, call, path: &Path| {
            if call == "rename" && path == first && path.with_file_name("compose.yml").is_file() {
                spoil(&server);
            }
            Fate::Go
        });
        let mut expected = project.snapshot();
        let refusals = refused(commit(&project.changes(), &project.meta(), &project.state, &layer));
        assert_eq!(refusals, [("compose.yml".into(), reason.clone())]);
        let mut now = project.snapshot();
        for files in [&mut expected, &mut now] {
            files.remove("compose.yml");
        }
        assert_eq!(now, expected, "{reason:?}");
        assert_eq!(project.journals(), [""; 0]);
    }
}

#[test]
fn a_new_file_that_is_edited_before_the_run_fails_is_named() {
    let project = Project::new();
    let (ignore, server) = (project.path(".gitignore"), project.path("compose.yml"));
    let layer = Scripted::new(|_, call, path: &Path| {
        if call == "rename" && path == server {
            fs::write(&ignore, "edited").expect("written");
            return Fate::Fail(EIO);
        }
        Fate::Go
    });
    let error = commit(&project.changes(), &project.meta(), &project.state, &layer).expect_err("it fails");
    let CommitError::Failed { left, .. } = &error else { panic!("{error:?}") };
    assert_eq!(*left, Left::EditedMeanwhile(vec![ignore.clone()]));
    assert_eq!(fs::read_to_string(&ignore).expect("read"), "edited");
    fs::write(ignore, "target\n").expect("written");
    assert_eq!(project.progress(), [false; 4]);
    // What stood there before can still be found.
    assert!(matches!(project.journals().as_slice(), [name] if name.ends_with(".undone.json")));
}

#[test]
fn one_failing_call_leaves_everything_as_it_was() {
    for error in [ENOSPC, EACCES, EIO] {
        let mut failures = 0;
        for at in 0.. {
            let project = Project::new();
            let before = project.snapshot();
            let layer = Scripted::new(|call, _, _: &Path| if call == at { Fate::Fail(error) } else { Fate::Go });
            let result = commit(&project.changes(), &project.meta(), &project.state, &layer);
            if layer.calls() <= at {
                assert!(result.is_ok());
                break;
            }
            match result {
                // All files were written, and only the journal could not be brought to its end.
                Ok(committed) => {
                    assert_eq!(committed.notes.len(), 1);
                    assert_eq!(project.progress(), [true; 4]);
                    recover(&project.root(), &project.state, &Disk).expect("recovered");
                    assert!(undo(&project.root(), &project.state, &Disk).expect("undone").is_undone);
                }
                Err(told) => {
                    failures += 1;
                    assert!(told.to_string().contains("nothing was changed"), "call {at}: {told}");
                    assert!(!told.to_string().contains(SECRET));
                    assert_eq!(project.journals(), [""; 0], "call {at}");
                    assert!(
                        matches!(told, CommitError::Failed { left: Left::AsBefore, .. } | CommitError::Journal(_)),
                        "call {at}: {told:?}"
                    );
                }
            }
            assert_eq!(project.snapshot(), before, "call {at}");
            assert!(pending(&project.root(), &project.state).expect("listed").is_empty(), "call {at}");
        }
        assert!(failures > 20, "only {failures} calls were tried");
    }
}

#[test]
fn a_full_disk_leaves_everything_as_it_was() {
    // No new file anywhere after the n-th; what is there can be renamed and removed.
    for room_for in 0..5 {
        let project = Project::new();
        let before = project.snapshot();
        let created = std::cell::Cell::new(0);
        let layer = Scripted::new(|_, call, _: &Path| {
            if call != "create" {
                return Fate::Go;
            }
            if created.replace(created.get() + 1) < room_for { Fate::Go } else { Fate::Fail(ENOSPC) }
        });
        let error = commit(&project.changes(), &project.meta(), &project.state, &layer).expect_err("no room");
        assert!(error.to_string().contains("nothing was changed"), "{error}");
        assert_eq!(project.snapshot(), before);
        assert_eq!(project.journals(), [""; 0]);
    }
}

#[test]
fn a_folder_that_cannot_be_written_leaves_everything_as_it_was() {
    let project = Project::new();
    let (before, folder) = (project.snapshot(), project.path("backend"));
    let layer =
        Scripted::new(|_, _, path: &Path| if path.starts_with(&folder) { Fate::Fail(EACCES) } else { Fate::Go });
    let error = commit(&project.changes(), &project.meta(), &project.state, &layer).expect_err("not allowed");
    assert!(error.to_string().contains("backend"), "{error}");
    assert!(error.to_string().contains("nothing was changed"), "{error}");
    assert_eq!(project.snapshot(), before);
}

#[test]
fn what_cannot_be_taken_back_at_once_is_taken_back_by_the_next_run() {
    let project = Project::new();
    let (before, server) = (project.snapshot(), project.path("compose.yml"));
    let broken = std::cell::Cell::new(false);
    let layer = Scripted::new(|_, call, path: &Path| {
        if call == "rename" && path == server {
            broken.set(true);
        }
        if broken.get() && path.starts_with(server.parent().expect("a folder")) { Fate::Fail(EIO) } else { Fate::Go }
    });
    let error = commit(&project.changes(), &project.meta(), &project.state, &layer).expect_err("it fails");
    assert!(matches!(error, CommitError::Failed { left: Left::HalfDone, .. }), "{error:?}");
    assert_eq!(project.progress(), [true, true, true, false]);

    let again = commit(&project.changes(), &project.meta(), &project.state, &Disk).expect_err("half done");
    assert!(matches!(again, CommitError::HalfDone { .. }), "{again:?}");
    let lines = recover(&project.root(), &project.state, &Disk).expect("recovered").lines;
    assert_eq!(lines.len(), 5, "{lines:?}");
    assert_eq!(project.snapshot(), before);
    commit(&project.changes(), &project.meta(), &project.state, &Disk).expect("written");
}

#[test]
fn a_second_writer_is_told_so() {
    let project = Project::new();
    let lock = project.state.lock().expect("free");
    let error = commit(&project.changes(), &project.meta(), &project.state, &Disk).expect_err("locked");
    assert!(error.to_string().contains("another caulk is writing"), "{error}");
    assert_eq!(project.progress(), [false; 4]);
    drop(lock);
    commit(&project.changes(), &project.meta(), &project.state, &Disk).expect("written");
}

#[test]
fn of_many_writers_at_once_one_wins_and_nothing_is_mixed() {
    let project = Project::new();
    let state = project.state.clone().with_patience(std::time::Duration::from_secs(30));
    let results: Vec<_> = std::thread::scope(|scope| {
        let writers: Vec<_> =
            (0..4).map(|_| scope.spawn(|| commit(&project.changes(), &project.meta(), &state, &Disk))).collect();
        writers.into_iter().map(|writer| writer.join().expect("no panic")).collect()
    });
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert!(results.iter().all(|result| matches!(result, Ok(_) | Err(CommitError::Refused(_)))), "{results:?}");
    assert_eq!(project.progress(), [true; 4]);
}

#[test]
fn changes_do_not_show_what_they_hold() {
    let project = Project::new();
    let text = format!("{:?}", project.changes());
    assert!(!text.contains(SECRET) && text.contains("backend/.env"), "{text}");
}
