//! What the role that serves may do: one list, beside the migrations.

/// The list, as statements that carry it out for one role.
pub(crate) const GRANTS: &str = include_str!("../../../migrations/grants.sql");

/// SQLSTATE of what a role may not do (`insufficient_privilege`).
pub(crate) const NOT_ALLOWED: &str = "42501";

/// A table's line in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub table: &'static str,
    /// Whether a trigger refuses to change it.
    pub is_record: bool,
    /// What the role that serves may do, in SQL.
    pub privileges: &'static str,
}

/// The list.
pub fn listed() -> Vec<Listed> {
    GRANTS
        .lines()
        .filter_map(|line| {
            let mut quoted = line.trim().strip_prefix("['")?.split('\'').step_by(2);
            Some(Listed {
                table: quoted.next()?,
                is_record: quoted.next()? == "record",
                privileges: quoted.next()?,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_list_is_read() {
        let listed = listed();
        let lines = GRANTS
            .lines()
            .filter(|line| line.contains("'record'") || line.contains("'working'"));
        assert_eq!(listed.len(), lines.count());
        let events = listed.iter().find(|listed| listed.table == "events");
        assert_eq!(
            events,
            Some(&Listed {
                table: "events",
                is_record: true,
                privileges: "SELECT"
            })
        );
    }
}
