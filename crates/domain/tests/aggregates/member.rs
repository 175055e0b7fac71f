//! The member.

use countersign_domain::member::{SignInFailure, SignInMethod};
use countersign_domain::{
    Change, DomainServices, JournalEvent, JournaledAggregate, Member, MemberCommand as Command, MemberError,
    MemberEvent as Event, Personal, References, Role, Services, TokenEvent, VerifierId,
};

use crate::support::{NOW, OpaqueServices, at, count_of, event_of, given, json, state, uuid};

fn personal(text: &str) -> Personal {
    Personal { subject: uuid(7).into(), sha256: text.to_owned() }
}

/// A developer whose name and address have been erased, as far as the services know.
fn added() -> Event {
    Event::MemberAdded { email: personal("email"), name: personal("name"), role: Role::Developer }
}

fn add() -> Command {
    Command::Add { email: "ada@example.com".parse().unwrap(), name: "Ada".parse().unwrap(), role: Role::Admin }
}

fn verifier(number: u128) -> VerifierId {
    uuid(number).into()
}

fn sign_in() -> Command {
    Command::SignIn { session: uuid(3).into(), method: SignInMethod::Password }
}

fn failures(count: u32) -> Command {
    Command::RecordFailedSignIns { cause: SignInFailure::WrongPassword, count, minute: at(NOW) }
}

#[test]
fn is_taken_in_without_the_record_saying_who() {
    let services = OpaqueServices::new();
    let event = event_of::<Member>(&(services.clone() as Services), &[], add());
    let Event::MemberAdded { email, name, role } = &event else { panic!("{event:?}") };
    assert_eq!(*role, Role::Admin);
    assert_eq!(email.subject, name.subject, "one person, one subject");
    assert_ne!(email.sha256, name.sha256);
    assert_eq!(services.reveal(email).as_deref(), Some("ada@example.com"));
    assert_eq!(services.reveal(name).as_deref(), Some("Ada"));
    let json = json(event);
    assert!(!json.to_lowercase().contains("ada"), "{json}");
    assert!(!json.contains("example.com"), "{json}");
}

#[test]
fn two_members_are_two_subjects() {
    let services: Services = OpaqueServices::new();
    let subjects = [0, 1].map(|_| match event_of::<Member>(&services, &[], add()) {
        Event::MemberAdded { name, .. } => name.subject,
        other => panic!("{other:?}"),
    });
    assert_ne!(subjects[0], subjects[1]);
}

#[test]
fn is_taken_in_once() {
    given::<Member>(&[added()]).when(add()).then_expect_error(MemberError::Exists);
    given::<Member>(&[added(), Event::MemberDeactivated {}]).when(add()).then_expect_error(MemberError::Exists);
}

#[test]
fn must_exist_for_everything_else() {
    let commands = [
        Command::Rename("Ada".parse().unwrap()),
        Command::ChangeRole(Role::Owner),
        Command::SetPassword(verifier(1)),
        Command::EnableTotp,
        Command::DisableTotp,
        Command::ReplaceRecoveryCodes,
        Command::Deactivate,
        Command::Reactivate,
        Command::RecordSignInLink { expires_at: at("2026-03-15T09:26:53Z") },
        sign_in(),
        Command::EndSession(uuid(3).into()),
        failures(1),
    ];
    for command in commands {
        given::<Member>(&[]).when(command).then_expect_error(MemberError::Unknown);
    }
}

#[test]
fn a_new_name_stays_with_the_subject() {
    let services = OpaqueServices::new();
    let as_services: Services = services.clone();
    let added = event_of::<Member>(&as_services, &[], add());
    let renamed =
        event_of::<Member>(&as_services, std::slice::from_ref(&added), Command::Rename("Countess".parse().unwrap()));
    let (Event::MemberAdded { name: before, .. }, Event::MemberRenamed { name }) = (&added, &renamed) else {
        panic!("{added:?} {renamed:?}")
    };
    assert_eq!(name.from.as_ref(), Some(before));
    let after = name.to.as_ref().unwrap();
    assert_eq!(after.subject, before.subject);
    assert_eq!(services.reveal(after).as_deref(), Some("Countess"));
    assert!(!json(renamed.clone()).contains("Countess"));

    let history = [added, renamed];
    assert_eq!(count_of::<Member>(&as_services, &history, Command::Rename("Countess".parse().unwrap())), 0);
    let back = event_of::<Member>(&as_services, &history, Command::Rename("Ada".parse().unwrap()));
    let Event::MemberRenamed { name } = back else { panic!("{back:?}") };
    assert_eq!(name.from.and_then(|personal| services.reveal(&personal)).as_deref(), Some("Countess"));
}

#[test]
fn the_same_name_is_no_change() {
    let services: Services = OpaqueServices::new();
    let added = event_of::<Member>(&services, &[], add());
    assert_eq!(count_of::<Member>(&services, &[added], Command::Rename("  Ada ".parse().unwrap())), 0);
}

#[test]
fn changes_role() {
    let to_auditor = Event::MemberRoleChanged { role: Change { from: Role::Developer, to: Role::Auditor } };
    given::<Member>(&[added()]).when(Command::ChangeRole(Role::Auditor)).then_expect_events(vec![to_auditor.clone()]);
    given::<Member>(&[added()]).when(Command::ChangeRole(Role::Developer)).then_expect_events(vec![]);
    given::<Member>(&[added(), to_auditor.clone()]).when(Command::ChangeRole(Role::Auditor)).then_expect_events(vec![]);
    given::<Member>(&[added(), to_auditor])
        .when(Command::ChangeRole(Role::Owner))
        .then_expect_events(vec![Event::MemberRoleChanged { role: Change { from: Role::Auditor, to: Role::Owner } }]);
}

#[test]
fn sets_a_password() {
    let set = |number| Event::MemberPasswordSet { verifier: verifier(number) };
    given::<Member>(&[added()]).when(Command::SetPassword(verifier(1))).then_expect_events(vec![set(1)]);
    given::<Member>(&[added(), set(1)]).when(Command::SetPassword(verifier(2))).then_expect_events(vec![set(2)]);
    assert_eq!(state::<Member>(&[added()]).verifier(), None);
    assert_eq!(state::<Member>(&[added(), set(1), set(2)]).verifier(), Some(verifier(2)));
}

/// Whoever removes the verifier that was replaced would remove the one in force.
#[test]
fn the_verifier_in_force_does_not_replace_itself() {
    given::<Member>(&[added(), Event::MemberPasswordSet { verifier: verifier(1) }])
        .when(Command::SetPassword(verifier(1)))
        .then_expect_events(vec![]);
}

#[test]
fn codes_are_switched_on_once_and_off_again() {
    let (on, off) = (Event::MemberTotpEnabled {}, Event::MemberTotpDisabled {});
    given::<Member>(&[added()]).when(Command::EnableTotp).then_expect_events(vec![on.clone()]);
    given::<Member>(&[added(), on.clone()]).when(Command::EnableTotp).then_expect_error(MemberError::TotpEnabled);
    given::<Member>(&[added(), on.clone()]).when(Command::DisableTotp).then_expect_events(vec![off.clone()]);
    given::<Member>(&[added()]).when(Command::DisableTotp).then_expect_events(vec![]);
    given::<Member>(&[added(), on.clone(), off]).when(Command::EnableTotp).then_expect_events(vec![on]);
}

#[test]
fn only_who_is_asked_for_codes_gets_recovery_codes() {
    let (on, off, replaced) =
        (Event::MemberTotpEnabled {}, Event::MemberTotpDisabled {}, Event::MemberRecoveryCodesReplaced {});
    let replace = || Command::ReplaceRecoveryCodes;
    given::<Member>(&[added()]).when(replace()).then_expect_error(MemberError::TotpDisabled);
    given::<Member>(&[added(), on.clone()]).when(replace()).then_expect_events(vec![replaced.clone()]);
    given::<Member>(&[added(), on.clone(), replaced.clone()]).when(replace()).then_expect_events(vec![replaced]);
    given::<Member>(&[added(), on, off]).when(replace()).then_expect_error(MemberError::TotpDisabled);
}

#[test]
fn is_kept_out_and_let_in_again() {
    let out = Event::MemberDeactivated {};
    let again = Event::MemberReactivated {};
    given::<Member>(&[added()]).when(Command::Deactivate).then_expect_events(vec![out.clone()]);
    given::<Member>(&[added()]).when(Command::Reactivate).then_expect_events(vec![]);
    given::<Member>(&[added(), out.clone()]).when(Command::Deactivate).then_expect_events(vec![]);
    given::<Member>(&[added(), out.clone()]).when(Command::Reactivate).then_expect_events(vec![again.clone()]);
    given::<Member>(&[added(), out.clone(), again]).when(Command::Deactivate).then_expect_events(vec![out]);
}

#[test]
fn signs_in_unless_kept_out() {
    for method in [
        SignInMethod::Password,
        SignInMethod::Link,
        SignInMethod::PasswordAndCode,
        SignInMethod::PasswordAndRecoveryCode,
        SignInMethod::LinkAndCode,
        SignInMethod::LinkAndRecoveryCode,
    ] {
        given::<Member>(&[added()])
            .when(Command::SignIn { session: uuid(3).into(), method })
            .then_expect_events(vec![Event::MemberSignedIn { session: uuid(3).into(), method }]);
    }
    let out = Event::MemberDeactivated {};
    given::<Member>(&[added(), out.clone()]).when(sign_in()).then_expect_error(MemberError::Inactive);
    given::<Member>(&[added(), out, Event::MemberReactivated {}])
        .when(sign_in())
        .then_expect_events(vec![Event::MemberSignedIn { session: uuid(3).into(), method: SignInMethod::Password }]);
}

#[test]
fn a_session_ends_even_of_one_kept_out() {
    let ended = Event::MemberSessionEnded { session: uuid(3).into() };
    let end = || Command::EndSession(uuid(3).into());
    given::<Member>(&[added()]).when(end()).then_expect_events(vec![ended.clone()]);
    given::<Member>(&[added(), Event::MemberDeactivated {}]).when(end()).then_expect_events(vec![ended]);
}

#[test]
fn failed_sign_ins_are_recorded_even_of_one_kept_out() {
    let failed = Event::MemberSignInFailed { cause: SignInFailure::WrongPassword, count: 12, minute: at(NOW) };
    given::<Member>(&[added()]).when(failures(12)).then_expect_events(vec![failed.clone()]);
    given::<Member>(&[added(), Event::MemberDeactivated {}]).when(failures(12)).then_expect_events(vec![failed]);
    given::<Member>(&[added()]).when(failures(0)).then_expect_events(vec![]);
}

#[test]
fn its_events_are_about_nothing_else() {
    assert_eq!(state::<Member>(&[added()]).references(uuid(1)), References::default());
}

#[test]
fn knows_its_own_events_only() {
    assert_eq!(Member::event(JournalEvent::from(added())), Some(added()));
    assert_eq!(Member::event(JournalEvent::from(TokenEvent::TokenRevoked {})), None);
}
