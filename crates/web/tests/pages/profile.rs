//! Password and sessions.

use countersign_domain::Role;
use reqwest::StatusCode;

use crate::site::{PASSWORD, Site};

const NEW: &str = "a few unrelated words";

#[tokio::test]
async fn a_new_password_takes_the_old_one_and_ends_the_other_sessions() {
    let site = Site::start().await;
    let (member, email) = site.member(Role::Developer).await;
    let (here, elsewhere) = (site.browser(), site.browser());
    here.get(&site.link(member).await).await.location();
    elsewhere.get(&site.link(member).await).await.location();
    let profile = site.path("/profile");
    here.open(&profile).await.must_have("Sign out all other sessions");

    let change = |current, new| [("action", "change-password"), ("current_password", current), ("new_password", new)];
    let wrong = here.fill_in(&profile, &change("not this one", NEW)).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    wrong.must_have("This is not your current password");
    let short = here.fill_in(&profile, &change(PASSWORD, "elevenchars")).await;
    assert_eq!(short.status, StatusCode::UNPROCESSABLE_ENTITY);
    short.must_have("Use at least 12 characters");
    short.must_not_have("elevenchars");

    for guessable in ["Password1234", &email] {
        let common = here.fill_in(&profile, &change(PASSWORD, guessable)).await;
        assert_eq!(common.status, StatusCode::UNPROCESSABLE_ENTITY, "{guessable}");
        common.must_have("among the first passwords that anybody would try");
    }

    let changed = here.fill_in(&profile, &change(PASSWORD, NEW)).await;
    assert_eq!(changed.location(), format!("{profile}?done=password-changed"));
    let after = here.open(&format!("{profile}?done=password-changed")).await;
    after.must_have("Your password is changed");
    after.must_not_have("Sign out all other sessions");
    assert!(elsewhere.get(&profile).await.location().starts_with("/login?"));

    let again = site.browser();
    let old = again.fill_in("/login", &[("email", &email), ("password", PASSWORD)]).await;
    assert_eq!(old.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(again.fill_in("/login", &[("email", &email), ("password", NEW)]).await.location(), site.path(""));
    site.stop().await;
}

#[tokio::test]
async fn one_session_or_all_others_are_signed_out() {
    let site = Site::start().await;
    let (member, _) = site.member(Role::Admin).await;
    let [here, second, third] = [site.browser(), site.browser(), site.browser()];
    for browser in [&here, &second, &third] {
        browser.get(&site.link(member).await).await.location();
    }
    let profile = site.path("/profile");
    let page = here.open(&profile).await;
    let others = page.between_all("name=\"session\" value=\"", "\"");
    assert_eq!(others.len(), 3, "two others and all others");
    let ended = here.submit(&page, &profile, &[("action", "end-session"), ("session", &others[0])]).await;
    assert_eq!(ended.location(), format!("{profile}?done=session-ended"));
    let signed_in = |page: &crate::browser::Page| page.status == StatusCode::OK;
    let alive = [second.get(&profile).await, third.get(&profile).await].iter().filter(|page| signed_in(page)).count();
    assert_eq!(alive, 1);
    let rest = here.submit(&page, &profile, &[("action", "end-session"), ("session", "others")]).await;
    assert_eq!(rest.location(), format!("{profile}?done=sessions-ended"));
    for browser in [&second, &third] {
        assert!(!signed_in(&browser.get(&profile).await));
    }
    assert!(signed_in(&here.get(&profile).await));
    // Nobody ends a session of somebody else.
    let stranger = site.signed_in(Role::Owner).await;
    let mine = others[1].clone();
    let refused = stranger.fill_in(&profile, &[("action", "end-session"), ("session", &mine)]).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
    site.stop().await;
}
