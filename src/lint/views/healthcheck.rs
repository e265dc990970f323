//! Healthchecks of data stores.

use super::service::describe;
use super::store::fields as store_fields;
use super::{Context, Seen};
use crate::lens::client_check::{CheckReading, Credential, NoCredential, Verdict};
use crate::lens::healthcheck::Healthcheck;
use crate::lint::finding::Subject;
use crate::rule::{FieldValue, ViewKind};
use crate::topology::{Spot, StoreService, lookup};

pub(super) fn add(context: &Context<'_, '_>, project: usize, seen: &mut Vec<Seen>) {
    for service in context.workspace.projects[project].services() {
        let Some(store) = context.topology.store_of(project, &service.key) else { continue };
        let Some(healthcheck) = Healthcheck::read(&service.value) else { continue };
        let definition = &context.rules.stores[store.store];
        let env = &context.workspace.projects[project].containers[&service.key];
        let reading = healthcheck.ask(&definition.clients, &|name| lookup(env, name));
        let subject = Subject {
            service: Some(service.key.clone()),
            key: Some(format!("services.{}.healthcheck.test", service.key)),
            variable: None,
            store: Some(definition.id.clone()),
            item: None,
        };
        let mut view = Seen::new(ViewKind::Healthcheck, project, subject);
        describe(context, project, service, &mut view);
        store_fields(context, store, &mut view);
        fields(&reading, &mut view);
        let refusal = refusal(store, &reading, &definition.default_user);
        view.set("healthcheck.refusal", FieldValue::optional(refusal));
        view.place("healthcheck", spot(context, &healthcheck));
        seen.push(view);
    }
}

/// Why the server refuses what the check presents, where the file with its users shows it.
fn refusal(store: &StoreService, reading: &CheckReading, default_user: &str) -> Option<String> {
    let users = store.users.as_ref()?;
    let CheckReading::Client(check) = reading else { return None };
    let Credential::Presented { value: Some(password), user, .. } = &check.credential else { return None };
    users.refusal(user.as_deref().unwrap_or(default_user), password.reveal())
}

/// The test; of a list that takes several lines, the items that matter: `CMD` alone would say nothing.
fn spot(context: &Context<'_, '_>, healthcheck: &Healthcheck<'_>) -> Spot {
    let whole = Spot::from(&healthcheck.node.place);
    let is_long = whole.span.slice(&context.workspace.sources.get(whole.source).text).contains('\n');
    match healthcheck.command() {
        command @ [first, ..] if is_long && first.place.source == whole.source => {
            let last = command.last().unwrap_or(first);
            Spot { span: first.place.span.join(last.place.span), ..whole }
        }
        _ => whole,
    }
}

fn fields(reading: &CheckReading, view: &mut Seen) {
    let (client, credential, verdict, command) = match reading {
        CheckReading::Disabled | CheckReading::NotAClient => {
            (FieldValue::Absent, "unknown", "unknown", FieldValue::Absent)
        }
        CheckReading::Unparsed(_) => (FieldValue::Unknown, "unknown", "unknown", FieldValue::Unknown),
        CheckReading::Client(check) => {
            let credential = match check.credential {
                Credential::None(NoCredential::Absent) => "none",
                // A blank password, or one that does not work, is sent all the same.
                Credential::None(_) | Credential::Presented { .. } => "presented",
            };
            let verdict = match check.verdict {
                Verdict::IgnoresRefusal => "ignores-refusal",
                Verdict::DetectsRefusal => "detects-refusal",
            };
            (FieldValue::text(&check.program), credential, verdict, FieldValue::text(check.command.join(" ")))
        }
    };
    view.set("healthcheck.client", client);
    view.set("healthcheck.credential", FieldValue::text(credential));
    view.set("healthcheck.verdict", FieldValue::text(verdict));
    view.set("healthcheck.readable", FieldValue::Bool(matches!(reading, CheckReading::Client(_))));
    view.set("healthcheck.command", command);
}
