//! The provider people may sign in with.

use std::path::PathBuf;

use super::Secret;
use crate::{Failure, usage};

/// As flags, variables and file say it.
pub(super) struct Given {
    pub(super) issuer: Option<String>,
    pub(super) client_id: Option<String>,
    pub(super) secret: Option<String>,
    pub(super) secret_file: Option<PathBuf>,
    pub(super) name: Option<String>,
    pub(super) creates: bool,
}

/// The provider people may sign in with.
#[derive(Debug, Clone)]
pub(crate) struct OidcConfig {
    pub(crate) issuer: String,
    pub(crate) client_id: String,
    pub(crate) secret: Option<Secret>,
    /// What the page calls it.
    pub(crate) name: String,
    /// Whoever it knows may come in.
    pub(crate) creates: bool,
}

impl OidcConfig {
    pub(super) fn read(given: Given) -> Result<Option<Self>, Failure> {
        let Given { issuer, client_id, secret, secret_file, name, creates } = given;
        let others = [
            ("oidc_client_id", client_id.is_some()),
            ("oidc_client_secret", secret.is_some()),
            ("oidc_client_secret_file", secret_file.is_some()),
            ("oidc_name", name.is_some()),
            ("oidc_auto_create", creates),
        ];
        let Some(issuer) = issuer else {
            return match others.into_iter().find(|(_, is_set)| *is_set) {
                Some((other, _)) => Err(usage(format!("{other} is set without oidc_issuer"))),
                None => Ok(None),
            };
        };
        let client_id = client_id.ok_or_else(|| {
            usage("oidc_issuer needs oidc_client_id, what the provider knows this server by")
        })?;
        let secret = match (secret, secret_file) {
            (Some(secret), _) => Some(secret),
            (None, Some(path)) => {
                let read = std::fs::read_to_string(&path);
                let text = read.map_err(|error| {
                    usage(format!("cannot read oidc_client_secret_file {}: {error}", path.display()))
                })?;
                Some(text.trim().to_owned())
            }
            (None, None) => None,
        };
        let host = issuer.split_once("://").map_or("", |(_, rest)| rest.split('/').next().unwrap_or(""));
        let name = name.unwrap_or_else(|| host.to_owned());
        if name.chars().count() > 40 || name.chars().any(char::is_control) {
            return Err(usage(format!(
                "oidc_name = {name:?} must have at most 40 characters, and no control characters"
            )));
        }
        let config = Self { issuer, client_id, secret: secret.map(Secret), name, creates };
        // Looked at now, so that a mistake is told before anything is started.
        config.provider(None)?;
        Ok(Some(config))
    }

    /// The provider with these settings. `authorities` is a file of certificates.
    pub(crate) fn provider(&self, authorities: Option<PathBuf>) -> Result<::oidc::Provider, Failure> {
        let settings = ::oidc::Settings {
            issuer: self.issuer.clone(),
            client_id: self.client_id.clone(),
            client_secret: self.secret.as_deref().map(str::to_owned),
            authorities,
        };
        ::oidc::Provider::new(settings).map_err(|error| usage(format!("oidc_issuer: {error}")))
    }
}
