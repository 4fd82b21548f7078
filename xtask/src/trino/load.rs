//! Puts rows where Hive finds them: a table is a folder of lines of JSON, so that loading is writing a file.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};
use rulecast::synth::Record;
use serde_json::{Map, Value};

use super::client::{Answer, Session};
use super::server::Server;
use super::tables::{Shape, Table, quoted};

/// A schema of one catalog, with the tables that were made in it.
pub(crate) struct Place {
    session: Session,
    catalog: String,
    schema: String,
    folder: PathBuf,
    /// By name: the statement that made it.
    made: HashMap<String, String>,
}

impl Place {
    /// A new schema in the catalog with a number. Whoever uses it has the catalog for himself.
    pub(crate) fn new(server: &Server, catalog: usize, schema: &str) -> Result<Place> {
        let name = format!("hive{catalog}");
        let session = Session::new(server, &name, schema)?;
        let place = Place {
            session,
            catalog: name,
            schema: schema.to_owned(),
            folder: server.catalog_folder(catalog),
            made: HashMap::new(),
        };
        place.must(&format!("CREATE SCHEMA {}", quoted(schema)))?;
        Ok(place)
    }

    /// Catalog and schema, as people would name them to a client.
    pub(crate) fn name(&self) -> String {
        format!("{}.{}", self.catalog, self.schema)
    }

    pub(crate) fn run(&self, sql: &str) -> Result<Answer, String> {
        self.session.run(sql)
    }

    fn must(&self, sql: &str) -> Result<Answer> {
        self.run(sql).map_err(|e| anyhow!("{e}\n{sql}"))
    }

    /// Makes the tables hold the records of their sources, and nothing else.
    pub(crate) fn load(&mut self, tables: &[Table], records: &[Record]) -> Result<()> {
        for table in tables {
            let mut by_day: BTreeMap<Option<String>, Vec<Map<String, Value>>> = BTreeMap::new();
            if let Shape::Rows(rows) = &table.shape {
                by_day.insert(None, rows.iter().map(|row| lookup_row(table, row)).collect());
            }
            for record in records.iter().filter(|r| Some(&r.source) == table.source.as_ref()) {
                let shaped = table.shape(&record.text).context("a record is no object")?;
                by_day.entry(shaped.day).or_default().push(shaped.row);
            }
            self.fill(table, by_day)?;
        }
        Ok(())
    }

    fn fill(&mut self, table: &Table, by_day: BTreeMap<Option<String>, Vec<Map<String, Value>>>) -> Result<()> {
        let database = table.database.as_deref().unwrap_or(&self.schema).to_owned();
        let below = format!("data/{database}/{}", table.name);
        let folder = self.folder.join(&below);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder)?;
        let mut days: Vec<&String> = by_day.keys().flatten().collect();
        days.sort();
        let range = match days.as_slice() {
            [] => None,
            // Whole years, so that the table rarely has to be made anew.
            [first, .., last] | [first @ last] => {
                Some((format!("{}/01/01", &first[..4]), format!("{}/12/31", &last[..4])))
            }
        };
        let name = format!("{database}.{}", table.name);
        let ddl = table.ddl(&self.schema, &format!("local:///{below}"), range.as_ref());
        if self.made.get(&name) != Some(&ddl) {
            if let Some(database) = &table.database {
                self.must(&format!("CREATE SCHEMA IF NOT EXISTS {}", quoted(database)))?;
            }
            if self.made.remove(&name).is_some() {
                self.must(&format!("DROP TABLE {}.{}", quoted(&database), quoted(&table.name)))?;
            }
            self.must(&ddl)?;
            self.made.insert(name, ddl);
        }
        for (day, rows) in by_day {
            let folder = day.map_or_else(|| folder.clone(), |day| folder.join(day));
            fs::create_dir_all(&folder)?;
            let mut file = std::io::BufWriter::new(fs::File::create(folder.join("rows.json"))?);
            for row in rows {
                serde_json::to_writer(&mut file, &row)?;
                file.write_all(b"\n")?;
            }
            file.flush()?;
        }
        Ok(())
    }
}

fn lookup_row(table: &Table, row: &[String]) -> Map<String, Value> {
    let cell = |text: Option<&String>| text.map_or(Value::Null, |t| t.as_str().into());
    table.columns.iter().enumerate().map(|(n, (name, _))| (name.clone(), cell(row.get(n)))).collect()
}
