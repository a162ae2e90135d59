//! The port to a database: statements in the SQL that SQLite and PostgreSQL share, and values that both have.
//!
//! What keeps statements portable: parameters are `?1`, `?2`, … (a backend writes them as its database wants
//! them); whole numbers are `bigint`, truth is 0 or 1, times are nanoseconds since 1970, octets are `bytea`
//! (a word that SQLite takes for any type and stores octets under unchanged). `RETURNING` and `ON CONFLICT`
//! are the same in both. Sums are left to the caller: PostgreSQL's are of another type.

use market::Timestamp;

use super::RecordError;

/// A value as a statement takes it or a row has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Null,
    /// A whole number, a truth, or a time.
    Int(i64),
    /// Text.
    Text(String),
    /// Octets.
    Bytes(Vec<u8>),
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Int(truth.into())
    }
}

impl From<Timestamp> for Value {
    fn from(time: Timestamp) -> Self {
        Self::Int(time.nanos())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_owned())
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// One row of an answer. A column is asked for by its place and as what it is; anything else is damage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row(pub(super) Vec<Value>);

impl Row {
    fn at(&self, place: usize) -> &Value {
        self.0.get(place).unwrap_or(&Value::Null)
    }

    fn wrong<T>(&self, place: usize, wanted: &str) -> Result<T, RecordError> {
        Err(RecordError::Damaged { what: format!("column {place} of an answer is no {wanted}") })
    }

    /// A whole number.
    pub fn int(&self, place: usize) -> Result<i64, RecordError> {
        match self.at(place) {
            Value::Int(number) => Ok(*number),
            _ => self.wrong(place, "number"),
        }
    }

    /// Text.
    pub fn text(&self, place: usize) -> Result<String, RecordError> {
        match self.at(place) {
            Value::Text(text) => Ok(text.clone()),
            _ => self.wrong(place, "text"),
        }
    }

    /// Text, or nothing.
    pub fn text_if_any(&self, place: usize) -> Result<Option<String>, RecordError> {
        if *self.at(place) == Value::Null { Ok(None) } else { self.text(place).map(Some) }
    }

    /// Octets.
    pub fn bytes(&self, place: usize) -> Result<Vec<u8>, RecordError> {
        match self.at(place) {
            Value::Bytes(bytes) => Ok(bytes.clone()),
            _ => self.wrong(place, "octets"),
        }
    }

    /// Octets, or nothing.
    pub fn bytes_if_any(&self, place: usize) -> Result<Option<Vec<u8>>, RecordError> {
        if *self.at(place) == Value::Null { Ok(None) } else { self.bytes(place).map(Some) }
    }

    /// A whole number, or nothing.
    pub fn int_if_any(&self, place: usize) -> Result<Option<i64>, RecordError> {
        if *self.at(place) == Value::Null { Ok(None) } else { self.int(place).map(Some) }
    }

    /// A time.
    pub fn time(&self, place: usize) -> Result<Timestamp, RecordError> {
        self.int(place).map(Timestamp::from_nanos)
    }

    /// A time, or nothing.
    pub fn time_if_any(&self, place: usize) -> Result<Option<Timestamp>, RecordError> {
        if *self.at(place) == Value::Null { Ok(None) } else { self.time(place).map(Some) }
    }
}

/// What may be asked within a transaction.
pub trait Sql {
    /// Carries out a statement and tells how many rows it changed.
    ///
    /// # Errors
    /// [`RecordError::Taken`] where a row must be the only one of its kind and is not; else what the database says.
    fn execute(&mut self, statement: &str, values: &[Value]) -> Result<u64, RecordError>;

    /// Asks for rows.
    ///
    /// # Errors
    /// What the database says.
    fn query(&mut self, statement: &str, values: &[Value]) -> Result<Vec<Row>, RecordError>;
}

impl dyn Sql + '_ {
    /// The first row there is.
    ///
    /// # Errors
    /// What the database says.
    pub fn first(&mut self, statement: &str, values: &[Value]) -> Result<Option<Row>, RecordError> {
        Ok(self.query(statement, values)?.into_iter().next())
    }

    /// A number that no record has had before.
    ///
    /// # Errors
    /// What the database says.
    pub fn new_id(&mut self) -> Result<i64, RecordError> {
        let row =
            self.first("UPDATE counter SET value = value + 1 WHERE name = 'id' RETURNING value", &[])?;
        row.ok_or_else(|| RecordError::Damaged { what: "the counter of records is gone".into() })?.int(0)
    }
}

/// What is to be done within one transaction. It may be called again where the connection turned out to be
/// cut before anything was written.
pub(super) type Work<'a> = dyn FnMut(&mut dyn Sql) -> Result<(), RecordError> + 'a;

/// A database.
pub(super) trait Backend: Send {
    /// Where it is, for people; never a password.
    fn place(&self) -> &str;

    /// Carries work out whole, or not at all where it fails. Durable when this returns.
    fn transaction(&mut self, work: &mut Work<'_>) -> Result<(), RecordError>;
}
