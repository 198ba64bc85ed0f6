//! Accounts: who somebody is, whichever of their tokens they use.

use gauntlet_domain::{AccountId, AccountName, MethodName, TokenId};

use crate::{Conn, Result};

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRow {
    /// Its id.
    pub id: AccountId,
    /// `admin`, `organiser`, `submitter`, `runner` or `reader`.
    pub role: String,
}

/// Adds an account (constraint `accounts_name_key`).
pub async fn insert(conn: &mut Conn, id: AccountId, name: &AccountName, role: &str) -> Result<()> {
    sqlx::query!(
        "INSERT INTO accounts (id, name, role) VALUES ($1, $2, $3)",
        id.0,
        name.as_str(),
        role
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The account of that name.
pub async fn find(conn: &mut Conn, name: &AccountName) -> Result<Option<AccountRow>> {
    let row = sqlx::query!(
        "SELECT id, role FROM accounts WHERE name = $1",
        name.as_str()
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| AccountRow {
        id: AccountId(row.id),
        role: row.role,
    }))
}

/// Whether the name of a method is another account's than this token's: the first account's that
/// entered one under it. For an admin none is.
pub async fn is_method_of_another(
    conn: &mut Conn,
    name: &MethodName,
    token: TokenId,
) -> Result<bool> {
    let of_another = sqlx::query_scalar!(
        r#"
        SELECT EXISTS (
            SELECT 1 FROM method_names JOIN tokens ON tokens.id = $2
            WHERE method_names.name = $1 AND tokens.scope <> 'admin'
              AND method_names.account_id <> tokens.account_id
        ) AS "of_another!"
        "#,
        name.as_str(),
        token.0
    )
    .fetch_one(conn)
    .await?;
    Ok(of_another)
}
