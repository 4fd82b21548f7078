//! Statements over HTTP, and their answers.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;
use tokio::runtime::Runtime;
use trino_rust_client::{Client, ClientBuilder, Row};

use super::server::Server;

/// A session with a catalog and a schema of its own.
pub(crate) struct Session {
    runtime: Runtime,
    client: Client,
}

/// What a statement gives.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    /// Name and type, as Trino spells it.
    pub(crate) columns: Vec<(String, String)>,
    pub(crate) rows: Vec<Vec<Value>>,
    pub(crate) statistics: Statistics,
}

/// What the engine says of the work that a statement took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Statistics {
    /// Bytes that were read from tables.
    pub(crate) bytes: u64,
    /// Rows that were read from tables.
    pub(crate) rows: u64,
    /// Processor time, in milliseconds.
    pub(crate) cpu_millis: u64,
}

impl Session {
    pub(crate) fn new(server: &Server, catalog: &str, schema: &str) -> Result<Session> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let client = ClientBuilder::new("rulecast", &server.host)
            .port(server.port)
            .catalog(catalog)
            .schema(schema)
            .source("cargo xtask trino")
            .client_request_timeout(Duration::from_secs(120))
            .build()
            .context("no client for Trino")?;
        Ok(Session { runtime, client })
    }

    /// Runs one statement.
    ///
    /// # Errors
    /// Trino's name of the error and its message.
    pub(crate) fn run(&self, sql: &str) -> Result<Answer, String> {
        let sql = sql.trim().trim_end_matches(';').to_owned();
        self.runtime.block_on(async {
            let mut page = self.client.get::<Row>(sql).await.map_err(|e| e.to_string())?;
            let mut answer = Answer::default();
            loop {
                if let Some(error) = page.error {
                    return Err(format!("{}: {}", error.error_name, error.message));
                }
                if let Some(columns) = page.columns.filter(|_| answer.columns.is_empty()) {
                    answer.columns = columns.into_iter().map(|c| (c.name, c.ty)).collect();
                }
                if let Some(trino_rust_client::models::QueryResultData::Direct(rows)) = page.data {
                    answer.rows.extend(rows.into_iter().map(Row::into_json));
                }
                let stats = &page.stats;
                answer.statistics = Statistics {
                    bytes: stats.processed_bytes,
                    rows: stats.processed_rows,
                    cpu_millis: stats.cpu_time_millis,
                };
                let Some(next) = page.next_uri else { return Ok(answer) };
                page = self.client.get_next::<Row>(&next).await.map_err(|e| e.to_string())?;
            }
        })
    }
}
