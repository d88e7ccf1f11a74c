//! How is one connection used? Statements are prepared once, transactions end whole or not at all.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::poll_fn;

use tokio::task::JoinSet;
use tokio_postgres::types::ToSql;
use tokio_postgres::{AsyncMessage, Client, Connection, Row, Socket, Statement};

use crate::bell::Bell;
use crate::failure::Failure;

/// What a statement is given.
pub(crate) type Values<'a> = &'a [&'a (dyn ToSql + Sync)];

/// One connection to the primary. Used from one task at a time.
pub(crate) struct Session {
    client: Client,
    prepared: RefCell<HashMap<String, Statement>>,
    /// Whether it is known that the book is where it was.
    arrived: Cell<bool>,
    /// What moves the bytes; gone with the session.
    _connection: JoinSet<()>,
}

impl Session {
    /// What the server tells unasked rings the bell, and so does the connection's end: then nothing is told any more.
    pub(crate) fn new<S>(client: Client, mut connection: Connection<Socket, S>, bell: Option<Bell>) -> Self
    where
        S: tokio_postgres::tls::TlsStream + Unpin + Send + 'static,
    {
        let mut moving = JoinSet::new();
        moving.spawn(async move {
            while let Some(told) = poll_fn(|cx| connection.poll_message(cx)).await {
                match told {
                    Ok(AsyncMessage::Notification(_)) => bell.iter().for_each(Bell::ring),
                    Ok(_) => {}
                    // the client's calls tell the same
                    Err(error) => {
                        tracing::debug!(error = %error, "a connection to the store ended");
                        break;
                    }
                }
            }
            bell.iter().for_each(Bell::ring);
        });
        Self { client, prepared: RefCell::default(), arrived: Cell::new(false), _connection: moving }
    }

    /// The driver's own client, for what is asked once.
    pub(crate) const fn client(&self) -> &Client {
        &self.client
    }

    /// Whether it was asked where the book is.
    pub(crate) const fn has_arrived(&self) -> bool {
        self.arrived.get()
    }

    /// Notes that it was asked.
    pub(crate) fn arrived(&self) {
        self.arrived.set(true);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// The rows of a statement.
    pub(crate) async fn query(&self, sql: &str, values: Values<'_>) -> Result<Vec<Row>, Failure> {
        let statement = self.prepare(sql).await?;
        Ok(self.client.query(&statement, values).await?)
    }

    /// The only row of a statement, if there is one.
    pub(crate) async fn row(&self, sql: &str, values: Values<'_>) -> Result<Option<Row>, Failure> {
        let statement = self.prepare(sql).await?;
        Ok(self.client.query_opt(&statement, values).await?)
    }

    /// How many rows a statement has written.
    pub(crate) async fn execute(&self, sql: &str, values: Values<'_>) -> Result<u64, Failure> {
        let statement = self.prepare(sql).await?;
        Ok(self.client.execute(&statement, values).await?)
    }

    async fn prepare(&self, sql: &str) -> Result<Statement, Failure> {
        let known = self.prepared.borrow().get(sql).cloned();
        if let Some(statement) = known {
            return Ok(statement);
        }
        let statement = self.client.prepare(sql).await?;
        self.prepared.borrow_mut().insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    /// One transaction. The commit is sent when every answer before it is here: a server that stood still does none of it later,
    /// when the caller has long been told that it failed.
    pub(crate) async fn transaction<T>(&mut self, work: impl AsyncFnOnce(&Self) -> Result<T, Failure>) -> Result<T, Failure> {
        self.client.batch_execute("BEGIN").await?;
        match work(self).await {
            Ok(done) => {
                self.client.batch_execute("COMMIT").await?;
                Ok(done)
            }
            Err(failure) => {
                // a connection that is lost has rolled back by itself
                let _ = self.client.batch_execute("ROLLBACK").await;
                Err(failure)
            }
        }
    }

    /// Several statements that see one commit, and write nothing.
    pub(crate) async fn snapshot<T>(&mut self, work: impl AsyncFnOnce(&Self) -> Result<T, Failure>) -> Result<T, Failure> {
        self.client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        let done = work(self).await;
        let _ = self.client.batch_execute("ROLLBACK").await;
        done
    }
}
