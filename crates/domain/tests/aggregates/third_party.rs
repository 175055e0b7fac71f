//! The third party.

use std::sync::Arc;

use countersign_domain::third_party::{Contact, Mode};
use countersign_domain::{
    Change, DomainServices, JournalEvent, JournaledAggregate, Personal, References, Services, ThirdParty,
    ThirdPartyCommand as Command, ThirdPartyError, ThirdPartyEvent as Event, TokenEvent,
};

use crate::support::{OpaqueServices, count_of, event_of, given, json, state, uuid};

fn added() -> Event {
    Event::ThirdPartyAdded {
        name: "Partner".into(),
        contact_name: None,
        contact_email: None,
        requirements: None,
        mode: Mode::Manual,
    }
}

fn deleted() -> Event {
    Event::ThirdPartyDeleted { name: "Partner".into() }
}

fn contact(name: Option<&str>, email: Option<&str>) -> Contact {
    Contact { name: name.map(|name| name.parse().unwrap()), email: email.map(|email| email.parse().unwrap()) }
}

fn add_with(contact: Contact, requirements: Option<&str>) -> Command {
    Command::Add {
        name: "Partner".parse().unwrap(),
        contact,
        requirements: requirements.map(|note| note.parse().unwrap()),
        mode: Mode::Manual,
    }
}

fn add() -> Command {
    add_with(Contact::default(), None)
}

fn every_command_on_an_existing_one() -> Vec<Command> {
    vec![
        Command::Rename("Other".parse().unwrap()),
        Command::ChangeContact(contact(Some("Ada"), Some("ada@example.com"))),
        Command::ChangeRequirements(Some("reviewed".parse().unwrap())),
        Command::ChangeMode(Mode::Automatic),
        Command::Enable,
        Command::Disable,
        Command::Delete,
    ]
}

/// Opaque services and a third party whose contact is as given.
fn with_contact(name: Option<&str>, email: Option<&str>) -> (Arc<OpaqueServices>, Services, Event) {
    let services = OpaqueServices::new();
    let as_services: Services = services.clone();
    let added = event_of::<ThirdParty>(&as_services, &[], add_with(contact(name, email), None));
    (services, as_services, added)
}

fn contact_added(event: &Event) -> (Option<&Personal>, Option<&Personal>) {
    match event {
        Event::ThirdPartyAdded { contact_name, contact_email, .. } => (contact_name.as_ref(), contact_email.as_ref()),
        other => panic!("{other:?}"),
    }
}

type ContactChange = (Change<Option<Personal>>, Change<Option<Personal>>);

fn contact_changed(services: &Services, history: &[Event], contact: Contact) -> ContactChange {
    match event_of::<ThirdParty>(services, history, Command::ChangeContact(contact)) {
        Event::ThirdPartyContactChanged { contact_name, contact_email } => (contact_name, contact_email),
        other => panic!("{other:?}"),
    }
}

#[test]
fn is_added_with_a_name_alone() {
    given::<ThirdParty>(&[]).when(add()).then_expect_events(vec![added()]);
}

#[test]
fn is_added_in_the_mode_chosen() {
    let command = Command::Add {
        name: "Partner".parse().unwrap(),
        contact: Contact::default(),
        requirements: None,
        mode: Mode::Automatic,
    };
    given::<ThirdParty>(&[]).when(command).then_expect_events(vec![Event::ThirdPartyAdded {
        name: "Partner".into(),
        contact_name: None,
        contact_email: None,
        requirements: None,
        mode: Mode::Automatic,
    }]);
}

#[test]
fn is_added_without_the_record_saying_who() {
    let services = OpaqueServices::new();
    let command = add_with(contact(Some("Ada Lovelace"), Some("ada@example.com")), Some("asked Charles Babbage"));
    let event = event_of::<ThirdParty>(&(services.clone() as Services), &[], command);
    let Event::ThirdPartyAdded {
        name,
        contact_name: Some(contact_name),
        contact_email: Some(contact_email),
        requirements: Some(requirements),
        mode: Mode::Manual,
    } = &event
    else {
        panic!("{event:?}")
    };
    assert_eq!(name, "Partner");
    assert_eq!(contact_name.subject, contact_email.subject, "name and address are of one person");
    assert_ne!(requirements.subject, contact_name.subject, "a note can be erased apart from the contact");
    assert_eq!(services.reveal(contact_name).as_deref(), Some("Ada Lovelace"));
    assert_eq!(services.reveal(contact_email).as_deref(), Some("ada@example.com"));
    assert_eq!(services.reveal(requirements).as_deref(), Some("asked Charles Babbage"));
    let json = json(event);
    for clear in ["Ada", "ada@", "example.com", "asked", "Babbage"] {
        assert!(!json.contains(clear), "{clear} in {json}");
    }
}

#[test]
fn is_added_once() {
    given::<ThirdParty>(&[added()]).when(add()).then_expect_error(ThirdPartyError::Exists);
    given::<ThirdParty>(&[added(), deleted()]).when(add()).then_expect_error(ThirdPartyError::Exists);
}

#[test]
fn must_exist_for_everything_else() {
    for command in every_command_on_an_existing_one() {
        given::<ThirdParty>(&[]).when(command).then_expect_error(ThirdPartyError::Unknown);
    }
}

#[test]
fn stays_as_it_is_once_deleted() {
    for command in every_command_on_an_existing_one() {
        given::<ThirdParty>(&[added(), Event::ThirdPartyEnabled {}, deleted()])
            .when(command)
            .then_expect_error(ThirdPartyError::Deleted);
    }
}

#[test]
fn is_renamed() {
    let renamed = Event::ThirdPartyRenamed { name: Change { from: "Partner".into(), to: "partner".into() } };
    given::<ThirdParty>(&[added()])
        .when(Command::Rename("partner".parse().unwrap()))
        .then_expect_events(vec![renamed.clone()]);
    given::<ThirdParty>(&[added()]).when(Command::Rename("Partner".parse().unwrap())).then_expect_events(vec![]);
    given::<ThirdParty>(&[added(), renamed])
        .when(Command::Rename("partner".parse().unwrap()))
        .then_expect_events(vec![]);
}

#[test]
fn changes_mode() {
    let changed = Event::ThirdPartyModeChanged { mode: Change { from: Mode::Manual, to: Mode::Automatic } };
    given::<ThirdParty>(&[added()])
        .when(Command::ChangeMode(Mode::Automatic))
        .then_expect_events(vec![changed.clone()]);
    given::<ThirdParty>(&[added()]).when(Command::ChangeMode(Mode::Manual)).then_expect_events(vec![]);
    given::<ThirdParty>(&[added(), changed]).when(Command::ChangeMode(Mode::Automatic)).then_expect_events(vec![]);
}

#[test]
fn begins_switched_off_and_is_switched() {
    let on = Event::ThirdPartyEnabled {};
    let off = Event::ThirdPartyDisabled {};
    given::<ThirdParty>(&[added()]).when(Command::Disable).then_expect_events(vec![]);
    given::<ThirdParty>(&[added()]).when(Command::Enable).then_expect_events(vec![on.clone()]);
    given::<ThirdParty>(&[added(), on.clone()]).when(Command::Enable).then_expect_events(vec![]);
    given::<ThirdParty>(&[added(), on.clone()]).when(Command::Disable).then_expect_events(vec![off.clone()]);
    given::<ThirdParty>(&[added(), on.clone(), off]).when(Command::Enable).then_expect_events(vec![on]);
}

#[test]
fn is_deleted_whether_on_or_off() {
    given::<ThirdParty>(&[added()]).when(Command::Delete).then_expect_events(vec![deleted()]);
    given::<ThirdParty>(&[added(), Event::ThirdPartyEnabled {}])
        .when(Command::Delete)
        .then_expect_events(vec![deleted()]);
}

#[test]
fn is_deleted_under_its_last_name() {
    let renamed = Event::ThirdPartyRenamed { name: Change { from: "Partner".into(), to: "Other".into() } };
    given::<ThirdParty>(&[added(), renamed])
        .when(Command::Delete)
        .then_expect_events(vec![Event::ThirdPartyDeleted { name: "Other".into() }]);
}

#[test]
fn the_same_contact_is_no_change() {
    let (_, services, added) = with_contact(Some("Ada"), Some("ada@example.com"));
    let same = Command::ChangeContact(contact(Some(" Ada"), Some("ada@example.com ")));
    assert_eq!(count_of::<ThirdParty>(&services, &[added], same), 0);
    let (_, services, added) = with_contact(None, None);
    assert_eq!(count_of::<ThirdParty>(&services, &[added], Command::ChangeContact(Contact::default())), 0);
}

#[test]
fn a_new_name_with_the_same_address_is_the_same_person() {
    let (opaque, services, added) = with_contact(Some("Ada"), Some("ada@example.com"));
    let (name_before, email_before) = contact_added(&added);
    let history = std::slice::from_ref(&added);
    let (name, email) = contact_changed(&services, history, contact(Some("Countess"), Some("ada@example.com")));
    assert_eq!(name.from.as_ref(), name_before);
    assert_eq!(email, Change { from: email_before.cloned(), to: email_before.cloned() }, "not committed anew");
    let after = name.to.unwrap();
    assert_eq!(after.subject, email_before.unwrap().subject);
    assert_eq!(opaque.reveal(&after).as_deref(), Some("Countess"));
}

#[test]
fn a_name_without_an_address_is_corrected_for_the_same_person() {
    let (_, services, added) = with_contact(Some("Ada"), None);
    let before = contact_added(&added).0.unwrap().subject;
    let (name, email) = contact_changed(&services, std::slice::from_ref(&added), contact(Some("Ada L."), None));
    assert_eq!(name.to.unwrap().subject, before);
    assert_eq!(email, Change { from: None, to: None });
}

#[test]
fn a_name_is_taken_away_and_the_address_stays() {
    let (_, services, added) = with_contact(Some("Ada"), Some("ada@example.com"));
    let (_, email_before) = contact_added(&added);
    let (name, email) =
        contact_changed(&services, std::slice::from_ref(&added), contact(None, Some("ada@example.com")));
    assert_eq!(name.to, None);
    assert_eq!(email.to.as_ref(), email_before);
}

#[test]
fn a_new_address_is_a_new_person() {
    let (opaque, services, added) = with_contact(Some("Ada"), Some("ada@example.com"));
    let before = contact_added(&added).1.unwrap().clone();
    let command = Command::ChangeContact(contact(Some("Ada"), Some("charles@example.com")));
    let changed = event_of::<ThirdParty>(&services, std::slice::from_ref(&added), command);
    assert!(!json(changed.clone()).contains("charles"));
    let Event::ThirdPartyContactChanged { contact_name, contact_email } = changed else { panic!("{changed:?}") };
    assert_eq!(contact_email.from, Some(before.clone()));
    let (name, email) = (contact_name.to.unwrap(), contact_email.to.unwrap());
    assert_eq!(name.subject, email.subject);
    assert_ne!(name.subject, before.subject, "the same name, but to be erased with the new person");

    opaque.erase(before.subject);
    assert_eq!(opaque.reveal(&before), None);
    assert_eq!(opaque.reveal(&name).as_deref(), Some("Ada"));
    assert_eq!(opaque.reveal(&email).as_deref(), Some("charles@example.com"));
}

#[test]
fn a_contact_is_taken_away_altogether() {
    let (_, services, added) = with_contact(Some("Ada"), Some("ada@example.com"));
    let (name, email) = contact_changed(&services, std::slice::from_ref(&added), Contact::default());
    assert_eq!((name.to, email.to), (None, None));
}

#[test]
fn contacts_follow_one_another() {
    let (opaque, services, added) = with_contact(Some("Ada"), Some("ada@example.com"));
    let change = Command::ChangeContact(contact(Some("Charles"), Some("charles@example.com")));
    let history = [added.clone(), event_of::<ThirdParty>(&services, &[added], change.clone())];
    assert_eq!(count_of::<ThirdParty>(&services, &history, change), 0);
    let (name, _) = contact_changed(&services, &history, contact(Some("Ada"), Some("ada@example.com")));
    assert_eq!(name.from.and_then(|name| opaque.reveal(&name)).as_deref(), Some("Charles"));
}

#[test]
fn an_erased_person_is_not_taken_up_again() {
    for email in [None, Some("ada@example.com")] {
        let (opaque, services, added) = with_contact(Some("Ada"), email);
        let erased = contact_added(&added).0.unwrap().subject;
        opaque.erase(erased);

        let command = Command::ChangeContact(contact(Some("Charles"), None));
        let changed = event_of::<ThirdParty>(&services, std::slice::from_ref(&added), command);
        let Event::ThirdPartyContactChanged { contact_name, contact_email } = &changed else { panic!("{changed:?}") };
        let successor = contact_name.to.as_ref().unwrap().subject;
        assert_ne!(successor, erased);
        assert_eq!(contact_email.to, None, "the commitment of an erased address is not carried along");

        let history = [added, changed];
        let (name, _) = contact_changed(&services, &history, contact(Some("Charles B."), None));
        assert_eq!(name.to.unwrap().subject, successor);
    }
}

#[test]
fn requirements_change_without_the_record_saying_what() {
    let (opaque, services, added) = with_contact(None, None);
    let note = |text: &str| Command::ChangeRequirements(Some(text.parse().unwrap()));
    let first = event_of::<ThirdParty>(&services, std::slice::from_ref(&added), note("Reviewed with Ada"));
    assert!(!json(first.clone()).contains("Reviewed"));
    let Event::ThirdPartyRequirementsChanged { requirements } = &first else { panic!("{first:?}") };
    assert_eq!(requirements.from, None);
    let committed = requirements.to.clone().unwrap();
    assert_eq!(opaque.reveal(&committed).as_deref(), Some("Reviewed with Ada"));

    let history = [added, first];
    assert_eq!(count_of::<ThirdParty>(&services, &history, note("Reviewed with Ada\r\n")), 0);
    let second = event_of::<ThirdParty>(&services, &history, note("Reviewed again"));
    let Event::ThirdPartyRequirementsChanged { requirements } = second else { panic!("{second:?}") };
    assert_eq!(requirements.from.as_ref(), Some(&committed));
    assert_ne!(requirements.to.unwrap().subject, committed.subject);

    given_requirements_are_taken_away(&services, &history, &committed);
}

fn given_requirements_are_taken_away(services: &Services, history: &[Event], committed: &Personal) {
    let removed = event_of::<ThirdParty>(services, history, Command::ChangeRequirements(None));
    let expected = Change { from: Some(committed.clone()), to: None };
    assert_eq!(removed, Event::ThirdPartyRequirementsChanged { requirements: expected });
    let history = [history, &[removed]].concat();
    assert_eq!(count_of::<ThirdParty>(services, &history, Command::ChangeRequirements(None)), 0);
}

#[test]
fn its_events_are_about_itself() {
    let references = state::<ThirdParty>(&[added()]).references(uuid(1));
    assert_eq!(references, References { third_party: Some(uuid(1).into()), client: None, token: None });
}

#[test]
fn knows_its_own_events_only() {
    assert_eq!(ThirdParty::event(JournalEvent::from(added())), Some(added()));
    assert_eq!(ThirdParty::event(JournalEvent::from(TokenEvent::TokenRevoked {})), None);
}

#[test]
fn modes_are_written_as_they_are_read() {
    for mode in [Mode::Manual, Mode::Automatic] {
        assert_eq!(mode.as_str().parse(), Ok(mode));
        assert_eq!(serde_json::to_value(mode).unwrap(), mode.as_str());
    }
    assert!("Manual".parse::<Mode>().is_err());
}
