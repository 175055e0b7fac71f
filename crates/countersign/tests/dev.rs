//! `countersign dev` as it is used: the real program with a real PostgreSQL, and the other commands beside it.

#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::Stdio;

use countersign_persistence::testing;
use nix::sys::signal::Signal;
use serde_json::Value;

use support::{Directory, HalfRequest, Server, fail, get, mode, program, run_with_input, succeed, text, wait_for};

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn check_shape(ready: &Value) {
    let top = ["base_url", "database_url", "metrics_url", "operator", "organizations", "sign_in_url"];
    assert_eq!(keys(ready), BTreeSet::from(top));
    let base_url = ready["base_url"].as_str().unwrap();
    assert!(base_url.starts_with("http://127.0.0.1:"));
    assert!(ready["sign_in_url"].as_str().unwrap().starts_with(&format!("{base_url}/o/acme/sign-in/cs_sl_")));
    assert!(ready["metrics_url"].as_str().unwrap().starts_with("http://127.0.0.1:"));
    assert!(ready["database_url"].as_str().unwrap().starts_with("postgres://countersign_serve:"));
    assert_eq!(keys(&ready["operator"]), BTreeSet::from(["email", "password", "sign_in_url"]));
    let operator_url = ready["operator"]["sign_in_url"].as_str().unwrap();
    assert!(operator_url.starts_with(&format!("{base_url}/o/operator/sign-in/cs_sl_")));
    let organizations = ready["organizations"].as_array().unwrap();
    assert_eq!(organizations.len(), 2);
    for (organization, slug) in organizations.iter().zip(["acme", "globex"]) {
        let roles = ["owner", "admin", "developer", "auditor"];
        let others = ["slug", "issuer", "client", "public_client", "third_party", "token"];
        assert_eq!(keys(organization), roles.into_iter().chain(others).collect());
        assert_eq!(organization["slug"], slug);
        assert_eq!(organization["issuer"], format!("{base_url}/t/{slug}"));
        for role in roles {
            assert_eq!(keys(&organization[role]), BTreeSet::from(["email", "password"]));
            assert_eq!(organization[role]["email"], format!("{role}@{slug}.example"));
        }
        let client = ["client_id", "client_secret", "redirect_uri", "scopes"];
        assert_eq!(keys(&organization["client"]), BTreeSet::from(client));
        assert!(organization["client"]["client_secret"].as_str().unwrap().starts_with("cs_sk_"));
        assert_eq!(keys(&organization["public_client"]), BTreeSet::from(["client_id", "redirect_uri"]));
        assert_eq!(keys(&organization["third_party"]), BTreeSet::from(["id"]));
        assert!(organization["token"].as_str().unwrap().starts_with("cs_mt_"));
    }
}

fn server_is_gone(directory: &Directory) -> bool {
    !directory.data().join("private-postgres/postmaster.pid").exists()
}

#[test]
fn a_restart_finds_everything_and_a_fresh_start_nothing() {
    let directory = Directory::new("restart");
    let (server, first) = Server::dev(&directory, &["--fresh"]);
    let first_start = server.started_in;
    check_shape(&first);
    for file in ["master.key", "demo.json", "countersign.toml"] {
        assert_eq!(mode(directory.data().join(file)), 0o600, "{file}");
    }
    assert_eq!(mode(directory.ready_file()), 0o600);
    for organization in first["organizations"].as_array().unwrap() {
        let access_test = format!("{}/access-test", organization["issuer"].as_str().unwrap());
        let (status, body) = get(&access_test, organization["token"].as_str());
        assert_eq!(status, 200, "{body}");
        assert_eq!(get(&access_test, Some("cs_mt_nothing")).0, 401);
    }
    assert_eq!(get(first["metrics_url"].as_str().unwrap(), None).0, 200);
    let other = program().args(["dev", "--port", "0", "--data-dir"]).arg(directory.data()).output().unwrap();
    assert_eq!(other.status.code(), Some(1));
    assert!(text(&other.stderr).contains("is in use by process"), "{}", text(&other.stderr));

    assert_eq!(server.end(Signal::SIGTERM).code(), Some(0));
    assert!(server_is_gone(&directory));

    let (server, second) = Server::dev(&directory, &[]);
    println!("first start {first_start:?}, restart {:?}", server.started_in);
    check_shape(&second);
    let without_addresses = |ready: &Value| {
        let mut organizations = ready["organizations"].clone();
        organizations.as_array_mut().unwrap().iter_mut().for_each(|organization| organization["issuer"] = Value::Null);
        organizations
    };
    assert_eq!(without_addresses(&first), without_addresses(&second));
    assert_ne!(first["sign_in_url"], second["sign_in_url"], "a link works once");
    let listed = succeed(&directory.configuration(), &["member", "list", "acme"]);
    assert_eq!(listed.lines().count(), 5, "nobody was added twice:\n{listed}");

    assert_eq!(server.end(Signal::SIGKILL).code(), None);
    wait_for("the end of PostgreSQL", || server_is_gone(&directory).then_some(()));

    let (server, third) = Server::dev(&directory, &["--fresh"]);
    check_shape(&third);
    assert_ne!(without_addresses(&first), without_addresses(&third));
    assert_eq!(server.end(Signal::SIGINT).code(), Some(0));
}

#[test]
fn the_operator_works_beside_a_running_server() {
    let directory = Directory::new("operator");
    let (server, ready) = Server::dev(&directory, &[]);
    let file = directory.configuration();

    let doctor = succeed(&file, &["doctor", "--data-dir", directory.data().to_str().unwrap()]);
    assert!(doctor.contains("ok       database") && doctor.contains("all is well"), "{doctor}");
    assert!(doctor.contains("the master key opens those of acme"), "{doctor}");
    assert_eq!(succeed(&file, &["migrate"]), "the database is up to date\n");
    let effective = succeed(&file, &["config"]);
    assert!(effective.contains("postgres://countersign_serve:***@"), "{effective}");

    let organizations = succeed(&file, &["org", "list"]);
    assert!(organizations.contains("acme") && organizations.contains("globex"), "{organizations}");
    succeed(&file, &["org", "create", "umbra", "--name", "Umbra AG"]);
    assert!(fail(&file, &["org", "create", "umbra", "--name", "Again"]).contains("taken already"));
    let shown = succeed(&file, &["org", "show", "umbra"]);
    assert!(shown.contains(&format!("{}/t/umbra", ready["base_url"].as_str().unwrap())), "{shown}");
    assert!(fail(&file, &["org", "show", "nobody"]).contains("there is no organization nobody"));

    assert!(fail(&file, &["org", "create", "operator", "--name", "Ours"]).contains("reserved for those who run"));
    assert!(fail(&file, &["org", "suspend", "operator"]).contains("can't be suspended"));
    let operator = ["operator", "add", "otto@run.example", "--name", "Otto Run"];
    assert!(succeed(&file, &[&operator[..], &["--generate-password"]].concat()).contains("password: "));
    let removed = succeed(&file, &["operator", "remove", "otto@run.example", "--reason", "left"]);
    assert!(removed.starts_with("otto@run.example is no operator any more"), "{removed}");
    let line = |listed: &str| listed.lines().find(|line| line.contains("otto@run.example")).unwrap().to_owned();
    assert!(line(&succeed(&file, &["operator", "list"])).ends_with("deactivated"));
    assert_eq!(succeed(&file, &operator), "otto@run.example is an operator\n");
    assert!(line(&succeed(&file, &["operator", "list"])).ends_with("active"));

    let add = ["member", "add", "umbra", "Ann@umbra.example", "--name", "Ann Lee", "--role", "admin"];
    let added = succeed(&file, &[&add[..], &["--generate-password", "--reason", "new"]].concat());
    assert!(added.contains("password: "), "{added}");
    assert!(fail(&file, &add).contains("taken already"));
    let set = ["member", "set-password", "umbra", "ann@umbra.example"];
    assert!(run_with_input(&file, &set, "twelve characters and more\n").status.success());
    let refused = run_with_input(&file, &set, "short\n");
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("at least 12 characters"));
    succeed(&file, &["member", "set-role", "umbra", "ann@umbra.example", "owner"]);
    let reset = ["member", "reset-second-factor", "umbra", "ann@umbra.example", "--reason", "lost telephone"];
    assert_eq!(succeed(&file, &reset), "ann@umbra.example signs in to umbra without a code\n");
    let link = succeed(&file, &["member", "sign-in-link", "umbra", "ann@umbra.example"]);
    assert!(link.contains("/o/umbra/sign-in/cs_sl_"), "{link}");
    let deactivate = ["member", "deactivate", "umbra", "ann@umbra.example"];
    assert!(fail(&file, &deactivate).contains("an organization keeps at least one active owner"));
    assert!(fail(&file, &["member", "set-role", "umbra", "ann@umbra.example", "admin"]).contains("active owner"));
    succeed(&file, &["member", "add", "umbra", "bob@umbra.example", "--name", "Bob Ray", "--role", "owner"]);
    succeed(&file, &deactivate);
    let listed = succeed(&file, &["member", "list", "umbra"]);
    let ann = listed.lines().find(|line| line.contains("Ann@umbra.example")).unwrap();
    assert!(ann.contains("owner") && ann.ends_with("deactivated"), "{listed}");

    let acme = &ready["organizations"][0];
    let access_test = format!("{}/access-test", acme["issuer"].as_str().unwrap());
    succeed(&file, &["org", "suspend", "acme"]);
    wait_for("the suspension", || (get(&access_test, acme["token"].as_str()).0 != 200).then_some(()));
    succeed(&file, &["org", "resume", "acme"]);
    wait_for("the resumption", || (get(&access_test, acme["token"].as_str()).0 == 200).then_some(()));

    let checked = succeed(&file, &["projections", "check"]);
    assert!(checked.contains("every row is what the journal says"), "{checked}");
    succeed(&file, &["projections", "rebuild"]);
    assert_eq!(server.end(Signal::SIGTERM).code(), Some(0));

    let stopped = fail(&file, &["doctor"]);
    assert!(stopped.contains("problem  database"), "{stopped}");
    assert!(fail(&file, &["org", "list"]).contains("error: "));
}

#[test]
fn serve_logs_json_and_ends_in_order() {
    let directory = Directory::new("serve");
    let (dev, ready) = Server::dev(&directory, &[]);
    let mut serve = program();
    serve.arg("--config").arg(directory.configuration()).args(["serve", "--migrate"]);
    serve.env("COUNTERSIGN_SERVER_LISTEN", "127.0.0.1:0").env("COUNTERSIGN_SERVER_BASE_URL", "");
    let mut server = Server::spawn(serve.stdout(Stdio::null()).stderr(Stdio::piped()));
    let mut log = BufReader::new(server.child().stderr.take().unwrap()).lines();
    let address = log
        .by_ref()
        .map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap())
        .find_map(|event| event["address"].as_str().map(str::to_owned))
        .unwrap();
    let acme = &ready["organizations"][0];
    assert_eq!(get(&format!("{address}/t/acme/access-test"), acme["token"].as_str()).0, 200);

    // A request that began before the signal is answered after it; nobody else is let in any more.
    let token = acme["token"].as_str().unwrap();
    let basic = [&acme["client"]["client_id"], &acme["client"]["client_secret"]].map(|text| text.as_str().unwrap());
    let body = format!("token={token}&client_id={}&client_secret={}", basic[0], basic[1]);
    let request = HalfRequest::post(&format!("{address}/t/acme/oauth2/introspect"), &body);
    server.signal(Signal::SIGTERM);
    let host = address.strip_prefix("http://").unwrap();
    wait_for("the closed door", || TcpStream::connect(host).is_err().then_some(()));
    assert!(server.child().try_wait().unwrap().is_none(), "it waits for the request");
    let (status, answer) = request.finish();
    assert_eq!(status, 200, "{answer}");
    assert!(answer.contains("\"active\":true"), "{answer}");
    assert_eq!(server.wait().code(), Some(0));
    assert!(log.any(|line| line.unwrap().contains("\"stopped\"")));
    assert_eq!(dev.end(Signal::SIGTERM).code(), Some(0));

    let refused = program().arg("serve").output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("COUNTERSIGN_DATABASE_URL"), "{}", text(&refused.stderr));
}

#[tokio::test]
async fn a_given_database_is_used_and_never_emptied() {
    let directory = Directory::new("given");
    let server = testing::server().await;
    let url = server.create_database("given_to_dev").await.unwrap().owner;
    // As in most images and installations for development, where the one login is a superuser.
    let url = url.replacen("countersign_owner", "dev_superuser", 1);
    let password = url.split(['@', ':']).nth(2).unwrap();
    let role = format!("CREATE ROLE dev_superuser LOGIN SUPERUSER PASSWORD '{password}'");
    testing::superuser(server).await.batch_execute(&role).await.unwrap();
    let start = || {
        let mut command = program();
        command.args(["dev", "--port", "0", "--data-dir"]).arg(directory.data()).env("DATABASE_URL", &url);
        command
    };
    let (server, first) = Server::start(start(), &directory);
    // The server doesn't work with the owner's rights, but as a login of its own.
    let serve_url = first["database_url"].as_str().unwrap();
    assert!(serve_url.starts_with("postgres://countersign_serve:") && serve_url.ends_with("/given_to_dev"));
    assert_eq!(server.end(Signal::SIGTERM).code(), Some(0));
    let refused = start().arg("--fresh").output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("--fresh"), "{}", text(&refused.stderr));
    let (server, second) = Server::start(start(), &directory);
    assert_eq!(first["organizations"][0]["token"], second["organizations"][0]["token"]);
    assert!(succeed(&directory.configuration(), &["org", "list"]).contains("globex"));
    succeed(&directory.configuration(), &["doctor"]);
    for (command, complaint) in [("doctor", "problem  role"), ("serve", "too many rights")] {
        let mut as_superuser = program();
        as_superuser.arg("--config").arg(directory.configuration()).arg(command).env("COUNTERSIGN_DATABASE_URL", &url);
        let output = as_superuser.output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let said = text(&output.stdout) + &text(&output.stderr);
        assert!(said.contains(complaint), "{said}");
    }
    assert_eq!(server.end(Signal::SIGTERM).code(), Some(0));

    // Logins are not put into organizations that somebody else made.
    fs::remove_file(directory.data().join("demo.json")).unwrap();
    let refused = start().output().unwrap();
    assert!(text(&refused.stderr).contains("an organization acme that"), "{}", text(&refused.stderr));
    fs::remove_dir_all(directory.data()).unwrap();
}

#[test]
fn a_mistyped_variable_is_refused() {
    let output = program().arg("config").env("COUNTERSIGN_SERVER_LISEN", "127.0.0.1:1").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("did you mean COUNTERSIGN_SERVER_LISTEN?"), "{}", text(&output.stderr));
    let output = program().args(["config", "--default"]).output().unwrap();
    assert_eq!(text(&output.stdout), fs::read_to_string("../../config/default.toml").unwrap());
    // A reader that goes away is no error.
    let mut child = program().args(["config", "--default"]).stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
}
