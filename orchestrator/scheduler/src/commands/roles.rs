//! What a token's bearer may do, and what an account is for.

/// What a token's bearer may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::IntoStaticStr, strum::EnumString)]
#[strum(serialize_all = "snake_case")]
pub enum Scope {
    /// Everything but to act as a runner.
    Admin,
    /// Make tournaments and series, and do with these what an admin may; hand methods in.
    Organiser,
    /// Hand methods in.
    Miner,
    /// Lease runs, report them, read hidden data of those.
    Runner,
    /// See everything that an admin sees of tournaments, and change nothing.
    Reader,
}

impl Scope {
    /// The name used in tokens, in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The role of an account that is made for a token of this scope.
    pub(super) fn role(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Organiser => "organiser",
            Self::Miner => "submitter",
            Self::Runner => "runner",
            Self::Reader => "reader",
        }
    }

    /// Whether an account of this role may have tokens of this scope. A runner executes what
    /// others hand in, and nothing else: no person's account is a runner's too.
    pub(super) fn fits(self, role: &str) -> bool {
        match role {
            "admin" => self != Self::Runner,
            "organiser" => matches!(self, Self::Organiser | Self::Miner | Self::Reader),
            role => role == self.role(),
        }
    }
}

impl AsRef<str> for Scope {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::Scope;

    const ALL: [Scope; 5] = [
        Scope::Admin,
        Scope::Organiser,
        Scope::Miner,
        Scope::Runner,
        Scope::Reader,
    ];

    #[test]
    fn no_account_gets_more_than_its_role_says() {
        for scope in ALL {
            assert!(scope.fits(scope.role()), "{scope:?}");
            assert_eq!(scope.as_str().parse(), Ok(scope));
        }
        for role in ["organiser", "submitter", "runner", "reader", "unheard-of"] {
            assert!(!Scope::Admin.fits(role), "{role}");
            assert_eq!(Scope::Runner.fits(role), role == "runner", "{role}");
        }
        assert!(!Scope::Runner.fits("admin"));
        assert!(Scope::Miner.fits("organiser") && !Scope::Organiser.fits("submitter"));
    }
}
