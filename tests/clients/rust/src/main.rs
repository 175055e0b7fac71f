//! crates.io `oauth2`: a line of JSON for a line of JSON, as the test asks.

mod application;

use std::io::{BufRead, Write};

use application::{Application, Failure, Settings};
use serde::Deserialize;
use serde_json::{Value, json};

/// What is asked: of an application, unless it is to be made.
#[derive(Deserialize)]
struct Request {
    application: Option<usize>,
    method: String,
    parameters: Value,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut applications = Vec::new();
    for line in std::io::stdin().lock().lines() {
        let request = serde_json::from_str(&line?)?;
        let answer = match answer(&mut applications, request) {
            Ok(result) => json!({ "result": result }),
            Err(failure) => json!({ "error": failure.error, "message": failure.message }),
        };
        writeln!(std::io::stdout(), "{answer}")?;
    }
    Ok(())
}

fn answer(applications: &mut Vec<Application>, request: Request) -> Result<Value, Failure> {
    let Request { application, method, parameters } = request;
    let Some(number) = application else {
        let (settings,): (Settings,) = serde_json::from_value(parameters)?;
        applications.push(Application::open(settings)?);
        return Ok(json!(applications.len() - 1));
    };
    let application = applications.get_mut(number).ok_or_else(|| Failure::new("there is no such application"))?;
    let parameters: Vec<Option<String>> = serde_json::from_value(parameters)?;
    let get = |index: usize| parameters.get(index).cloned().flatten();
    let need = |index: usize| get(index).ok_or_else(|| Failure::new(format!("{method} needs more parameters")));
    match method.as_str() {
        "begin" => Ok(application.begin(get(0).as_deref()).into()),
        "finish" => application.finish(&need(0)?),
        "refresh" => application.refresh(need(0)?),
        "own" => application.own(&need(0)?),
        "introspect" => application.introspect(need(0)?),
        "revoke" => application.revoke(need(0)?, &need(1)?),
        "call" => application.call(&need(0)?, &need(1)?),
        _ => Err(Failure::new(format!("{method} is not known here"))),
    }
}
