//! The organization.

use countersign_domain::organization::{DEFAULT_MAXIMUM_TOKEN_MONTHS, ExportFormat, OPERATORS_SLUG};
use countersign_domain::values::{OrganizationName, Slug};
use countersign_domain::{
    AccessTokenLifetimes, Change, JobId, JournalEvent, JournaledAggregate, Organization,
    OrganizationCommand as Command, OrganizationError, OrganizationEvent as Event, References, TokenEvent,
};

use crate::support::{given, state, uuid};

fn created() -> Event {
    Event::OrganizationCreated { slug: "acme".into(), name: "Acme".into(), maximum_token_months: 24 }
}

fn create() -> Command {
    Command::Create { slug: "acme".parse().unwrap(), name: "Acme".parse().unwrap() }
}

fn every_command_on_an_existing_one() -> Vec<Command> {
    vec![
        Command::Rename("Acme Ltd".parse().unwrap()),
        Command::Suspend,
        Command::Resume,
        Command::LimitTokenLifetime { months: 12 },
        Command::SetHostName(Some("access.acme.example".parse().unwrap())),
        Command::SetDefaultTokenLifetime { months: 3 },
        Command::LimitAccessTokenLifetime { seconds: Some(7200) },
        Command::SetDefaultAccessTokenLifetime { seconds: 900 },
        Command::RequireSignInCodes(true),
        export(),
    ]
}

fn export() -> Command {
    Command::ExportAudit { job: JobId(uuid(9)), format: ExportFormat::Ndjson, filters: Vec::new(), up_to: 7 }
}

#[test]
fn each_export_is_noted_also_of_a_suspended_one() {
    let exported =
        Event::AuditExported { job: JobId(uuid(9)), format: ExportFormat::Ndjson, filters: Vec::new(), up_to: 7 };
    given::<Organization>(&[created(), Event::OrganizationSuspended {}, exported.clone()])
        .when(export())
        .then_expect_events(vec![exported]);
}

#[test]
fn begins_with_the_default_limit() {
    assert_eq!(DEFAULT_MAXIMUM_TOKEN_MONTHS, 24);
    given::<Organization>(&[]).when(create()).then_expect_events(vec![created()]);
}

#[test]
fn begins_once() {
    given::<Organization>(&[created()]).when(create()).then_expect_error(OrganizationError::Exists);
    given::<Organization>(&[created(), Event::OrganizationSuspended {}])
        .when(create())
        .then_expect_error(OrganizationError::Exists);
}

#[test]
fn names_of_the_operators_are_nobody_elses() {
    for slug in ["operator", "new"] {
        let slug = slug.parse::<Slug>().unwrap();
        let create = Command::Create { slug: slug.clone(), name: "Acme".parse().unwrap() };
        given::<Organization>(&[]).when(create).then_expect_error(OrganizationError::ReservedSlug(slug));
    }
}

#[test]
fn that_of_the_operators_is_never_stopped() {
    let name = "Those who run it".parse::<OrganizationName>().unwrap();
    let create = Command::CreateForOperators { name: name.clone() };
    let created = Event::OrganizationCreated {
        slug: OPERATORS_SLUG.into(),
        name: name.to_string(),
        maximum_token_months: DEFAULT_MAXIMUM_TOKEN_MONTHS,
    };
    given::<Organization>(&[]).when(create.clone()).then_expect_events(vec![created.clone()]);
    given::<Organization>(std::slice::from_ref(&created)).when(create).then_expect_error(OrganizationError::Exists);
    for command in [Command::Suspend, Command::SetHostName(Some("access.acme.example".parse().unwrap()))] {
        given::<Organization>(std::slice::from_ref(&created))
            .when(command)
            .then_expect_error(OrganizationError::OfOperators);
    }
    let rename = Command::Rename("Operations".parse().unwrap());
    let renamed = Change { from: name.to_string(), to: "Operations".into() };
    given::<Organization>(&[created])
        .when(rename)
        .then_expect_events(vec![Event::OrganizationRenamed { name: renamed }]);
}

#[test]
fn must_exist_for_everything_else() {
    for command in every_command_on_an_existing_one() {
        given::<Organization>(&[]).when(command).then_expect_error(OrganizationError::Unknown);
    }
}

#[test]
fn is_renamed() {
    let renamed =
        |from: &str, to: &str| Event::OrganizationRenamed { name: Change { from: from.into(), to: to.into() } };
    given::<Organization>(&[created()])
        .when(Command::Rename("Acme Ltd".parse().unwrap()))
        .then_expect_events(vec![renamed("Acme", "Acme Ltd")]);
    given::<Organization>(&[created(), renamed("Acme", "Acme Ltd")])
        .when(Command::Rename("ACME Ltd".parse().unwrap()))
        .then_expect_events(vec![renamed("Acme Ltd", "ACME Ltd")]);
}

#[test]
fn the_same_name_is_no_change() {
    given::<Organization>(&[created()]).when(Command::Rename(" Acme ".parse().unwrap())).then_expect_events(vec![]);
}

#[test]
fn is_suspended_and_resumed() {
    let suspended = Event::OrganizationSuspended {};
    let resumed = Event::OrganizationResumed {};
    given::<Organization>(&[created()]).when(Command::Suspend).then_expect_events(vec![suspended.clone()]);
    given::<Organization>(&[created(), suspended.clone()])
        .when(Command::Resume)
        .then_expect_events(vec![resumed.clone()]);
    given::<Organization>(&[created(), suspended.clone(), resumed])
        .when(Command::Suspend)
        .then_expect_events(vec![suspended]);
}

#[test]
fn is_not_suspended_or_resumed_twice() {
    given::<Organization>(&[created()]).when(Command::Resume).then_expect_events(vec![]);
    given::<Organization>(&[created(), Event::OrganizationSuspended {}])
        .when(Command::Suspend)
        .then_expect_events(vec![]);
}

#[test]
fn settings_change_while_suspended() {
    given::<Organization>(&[created(), Event::OrganizationSuspended {}])
        .when(Command::LimitTokenLifetime { months: 6 })
        .then_expect_events(vec![Event::TokenLifetimeLimited { months: Change { from: 24, to: 6 } }]);
}

#[test]
fn the_longest_life_of_a_token_is_1_to_120_months() {
    for months in [0, 121, u16::MAX] {
        given::<Organization>(&[created()])
            .when(Command::LimitTokenLifetime { months })
            .then_expect_error(OrganizationError::MonthsOutOfRange);
    }
    for months in [1, 6, 120] {
        given::<Organization>(&[created()])
            .when(Command::LimitTokenLifetime { months })
            .then_expect_events(vec![Event::TokenLifetimeLimited { months: Change { from: 24, to: months } }]);
    }
    given::<Organization>(&[created()]).when(Command::LimitTokenLifetime { months: 24 }).then_expect_events(vec![]);
}

#[test]
fn the_limit_in_force_is_the_last_one_set() {
    let limited = Event::TokenLifetimeLimited { months: Change { from: 24, to: 6 } };
    given::<Organization>(&[created(), limited.clone()])
        .when(Command::LimitTokenLifetime { months: 6 })
        .then_expect_events(vec![]);
    given::<Organization>(&[created(), limited])
        .when(Command::LimitTokenLifetime { months: 24 })
        .then_expect_events(vec![Event::TokenLifetimeLimited { months: Change { from: 6, to: 24 } }]);
}

#[test]
fn has_one_host_name_or_none() {
    let changed = |from: Option<&str>, to: Option<&str>| Event::HostNameChanged {
        host: Change { from: from.map(str::to_owned), to: to.map(str::to_owned) },
    };
    let (old, new) = ("access.acme.example", "login.acme.example");
    let set = |name: Option<&str>| Command::SetHostName(name.map(|name| name.parse().unwrap()));
    given::<Organization>(&[created()]).when(set(Some(old))).then_expect_events(vec![changed(None, Some(old))]);
    given::<Organization>(&[created()]).when(set(None)).then_expect_events(vec![]);
    let with_host = [created(), changed(None, Some(old))];
    given::<Organization>(&with_host).when(set(Some(old))).then_expect_events(vec![]);
    given::<Organization>(&with_host).when(set(Some(new))).then_expect_events(vec![changed(Some(old), Some(new))]);
    given::<Organization>(&with_host).when(set(None)).then_expect_events(vec![changed(Some(old), None)]);
}

#[test]
fn the_usual_life_of_a_manual_token_is_within_the_longest() {
    let limited = Event::TokenLifetimeLimited { months: Change { from: 24, to: 3 } };
    let to = |months| Event::DefaultTokenLifetimeChanged { months: Change { from: 6, to: months } };
    assert_eq!(state::<Organization>(&[created()]).settings().usual_token_months(), 6);
    for months in [1, 24] {
        given::<Organization>(&[created()])
            .when(Command::SetDefaultTokenLifetime { months })
            .then_expect_events(vec![to(months)]);
    }
    for months in [0, 25] {
        given::<Organization>(&[created()])
            .when(Command::SetDefaultTokenLifetime { months })
            .then_expect_error(OrganizationError::DefaultMonthsOutOfRange { maximum: 24 });
    }
    // The one that was set first is cut, and not taken for within the limit when it is set again.
    assert_eq!(state::<Organization>(&[created(), limited.clone()]).settings().usual_token_months(), 3);
    given::<Organization>(&[created(), limited])
        .when(Command::SetDefaultTokenLifetime { months: 6 })
        .then_expect_error(OrganizationError::DefaultMonthsOutOfRange { maximum: 3 });
    given::<Organization>(&[created()]).when(Command::SetDefaultTokenLifetime { months: 6 }).then_expect_events(vec![]);
}

#[test]
fn access_tokens_live_no_longer_than_the_longest() {
    let limited = |from, to| Event::AccessTokenLifetimeLimited { seconds: Change { from, to } };
    let limit = |seconds| Command::LimitAccessTokenLifetime { seconds };
    let default = |seconds| Command::SetDefaultAccessTokenLifetime { seconds };
    for seconds in [60, 315_360_000] {
        let expected = vec![limited(None, Some(seconds))];
        given::<Organization>(&[created()]).when(limit(Some(seconds))).then_expect_events(expected);
    }
    for seconds in [0, 59, 315_360_001] {
        let refused = OrganizationError::SecondsOutOfRange;
        given::<Organization>(&[created()]).when(limit(Some(seconds))).then_expect_error(refused);
    }
    let history = [created(), limited(None, Some(7200))];
    given::<Organization>(&history).when(limit(None)).then_expect_events(vec![limited(Some(7200), None)]);
    for (seconds, is_allowed) in [(59, false), (60, true), (7200, true), (7201, false)] {
        let when = given::<Organization>(&history).when(default(seconds));
        if is_allowed {
            let seconds = Change { from: 3600, to: seconds };
            when.then_expect_events(vec![Event::DefaultAccessTokenLifetimeChanged { seconds }]);
        } else {
            when.then_expect_error(OrganizationError::DefaultSecondsOutOfRange { maximum: 7200 });
        }
    }
    let lifetimes = state::<Organization>(&history).settings().access_tokens;
    assert_eq!([None, Some(600), Some(86_400)].map(|chosen| lifetimes.of(chosen)), [3600, 600, 7200]);
    assert_eq!(
        [None, Some(600), Some(86_400)].map(|chosen| lifetimes.of_endless(chosen)),
        [Some(7200), Some(600), Some(7200)]
    );
    let unlimited = AccessTokenLifetimes::default();
    assert_eq!([unlimited.of_endless(None), unlimited.of_endless(Some(86_400))], [None, Some(86_400)]);
    assert_eq!((unlimited.of(None), unlimited.of(Some(86_400))), (3600, 86_400));
}

#[test]
fn sign_in_codes_are_required_and_made_optional_once() {
    let required = Event::SignInCodesRequired {};
    let require = Command::RequireSignInCodes;
    given::<Organization>(&[created()]).when(require(false)).then_expect_events(vec![]);
    given::<Organization>(&[created()]).when(require(true)).then_expect_events(vec![required.clone()]);
    given::<Organization>(&[created(), required.clone()]).when(require(true)).then_expect_events(vec![]);
    given::<Organization>(&[created(), required])
        .when(require(false))
        .then_expect_events(vec![Event::SignInCodesMadeOptional {}]);
}

#[test]
fn its_events_are_about_nothing_else() {
    assert_eq!(state::<Organization>(&[created()]).references(uuid(1)), References::default());
}

#[test]
fn knows_its_own_events_only() {
    assert_eq!(Organization::event(JournalEvent::from(created())), Some(created()));
    assert_eq!(Organization::event(JournalEvent::from(TokenEvent::TokenRevoked {})), None);
}
