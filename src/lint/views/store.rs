//! Data stores.

use super::service::{describe, not_set};
use super::{Context, Seen, variable};
use crate::lens::password_variable::{blank_password_variable, unset_password_variable};
use crate::lens::server::Auth;
use crate::lint::finding::Subject;
use crate::rule::{FieldValue, ViewKind};
use crate::topology::{Reach, StoreService, UsersFile};

pub(super) fn add(context: &Context<'_, '_>, project: usize, seen: &mut Vec<Seen>) {
    for service in context.workspace.projects[project].services() {
        let Some(store) = context.topology.store_of(project, &service.key) else { continue };
        let id = context.rules.stores[store.store].id.clone();
        let subject = Subject {
            service: Some(service.key.clone()),
            key: Some(format!("services.{}.command", service.key)),
            variable: None,
            store: Some(id),
            item: None,
        };
        let mut view = Seen::new(ViewKind::Store, project, subject);
        describe(context, project, service, &mut view);
        fields(context, store, &mut view);
        view.place("store", &service.key_place);
        if let Some(command) = ["command", "image", "build"].into_iter().find_map(|key| service.value.get(key)) {
            view.place("store.auth", &command.place);
        }
        seen.push(view);
    }
}

/// Sets the fields `store.…`.
pub(super) fn fields(context: &Context<'_, '_>, store: &StoreService, view: &mut Seen) {
    let definition = &context.rules.stores[store.store];
    view.set("store.id", FieldValue::text(&definition.id));
    let title = definition.images[store.pattern].title.as_ref().unwrap_or(&definition.title);
    view.set("store.title", FieldValue::text(title));
    view.set("store.auth_reason", FieldValue::optional(reason(store)));
    view.set("store.placeholder_password", FieldValue::optional(store.placeholder.clone()));
    let unseen = match &store.auth {
        Auth::Unknown(why) => Some(why.clone()),
        _ => None,
    };
    view.set("store.unexpanded_password", FieldValue::optional(store.auth.unexpanded().map(str::to_owned)));
    view.set("store.unexpanded_variable", FieldValue::optional(store.unexpanded_variable.clone()));
    view.set("store.unseen", FieldValue::optional(unseen));
    let project = store.project(context.workspace);
    let mechanism = store.mechanism(&context.rules.stores);
    let env = &project.containers[&store.service];
    let name = blank_password_variable(mechanism, store.node(context.workspace), env);
    let is_unset = |name: &str| project.variables.is_undefined(name);
    let unset = || unset_password_variable(mechanism, store.node(context.workspace), env, &is_unset);
    let name = name.or_else(unset).filter(|_| matches!(store.auth, Auth::Open | Auth::Refuses(_)));
    let auth = match &store.auth {
        Auth::Unknown(_) | Auth::NoServer(_) => FieldValue::Unknown,
        auth => FieldValue::Text {
            text: if store.asks_for_certificates { "certificates" } else { auth_word(auth) }.to_owned(),
            assumed: name
                .as_ref()
                .filter(|name| is_unset(name))
                .and_then(|name| not_set(std::slice::from_ref(name)))
                .or_else(|| starts_unseen(context, store)),
        },
    };
    view.set("store.auth", auth);
    let source = name.as_ref().map(|name| variable::source_of(context, store.project, name));
    view.set("store.password_source", FieldValue::optional(source));
    if let Some(spot) = name.as_ref().and_then(|name| variable::definition(context, store.project, name)) {
        view.place("store.password_variable", spot);
    }
    view.set("store.password_variable", FieldValue::optional(name));
    view.set("store.open_users", FieldValue::optional(store.users.as_ref().and_then(UsersFile::open_users)));
    let reach = match store.reach {
        Reach::Published => "published",
        Reach::Host => "host",
        Reach::Shared => "shared",
        Reach::Project => "project",
        Reach::Itself => "itself",
    };
    view.set("store.reach", FieldValue::text(reach));
    view.set("store.data_volume", FieldValue::Bool(store.has_data_volume));
    view.set("store.persists", FieldValue::Bool(store.persists));
}

/// What must be so for a server to be open of which only the image knows how it starts.
fn starts_unseen(context: &Context<'_, '_>, store: &StoreService) -> Option<String> {
    let is_guess = store.auth == Auth::Open && store.has_unknown_command(&context.rules.stores);
    is_guess.then(|| format!("the image {} sets no password by itself", store.image))
}

/// How a rule names what a server demands.
pub(super) fn auth_word(auth: &Auth) -> &'static str {
    match auth {
        Auth::Open => "open",
        Auth::Password(_) => "password",
        Auth::Refuses(_) => "refuses",
        Auth::Acl => "acl",
        Auth::Unknown(_) | Auth::NoServer(_) => "unknown",
    }
}

fn reason(store: &StoreService) -> Option<String> {
    match &store.auth {
        Auth::Refuses(why) | Auth::Unknown(why) => Some(why.clone()),
        Auth::Open if store.closed_by.is_some() => store.closed_by.clone(),
        Auth::Open => store.users.as_ref()?.openness(),
        _ => None,
    }
}
