//! The complete list as CSV (RFC 4180).

use std::fmt::Write as _;

use super::TransactionBody;

/// The first line of the list as CSV, with its line end.
pub const CSV_HEADER: &str = "id,timestamp,user,n,command,kind,side,symbol,shares,price,amount,profit,\
     available_change,ticket,reason,message,source,quote_timestamp,quote_arrived_at,quote_age_ms\r\n";

impl TransactionBody {
    /// The line as CSV, with its line end. What is `null` in JSON is empty.
    ///
    /// A text that a spreadsheet would take for a formula has an apostrophe before it; a number is
    /// none.
    pub fn csv_line(&self) -> String {
        let mut line = Line(String::with_capacity(200));
        line.text(Some(&self.id));
        line.number(Some(self.timestamp));
        line.text(Some(&self.user));
        line.number(Some(self.n));
        line.text(Some(&self.command));
        line.text(Some(self.kind.name()));
        line.text(self.side.map(|side| side.name()));
        line.text(self.symbol.as_deref());
        line.number(self.shares.as_deref());
        line.number(self.price.as_deref());
        line.number(self.amount.as_deref());
        line.number(self.profit.as_deref());
        line.number(Some(&self.available_change));
        line.text(self.ticket.as_deref());
        line.text(self.reason.as_deref());
        line.text(self.message.as_deref());
        line.text(self.quote.as_ref().map(|quote| quote.source.as_str()));
        line.number(self.quote.as_ref().map(|quote| quote.timestamp));
        line.number(self.quote.as_ref().map(|quote| quote.arrived_at));
        line.number(self.quote.as_ref().map(|quote| quote.age_ms));
        line.end()
    }
}

struct Line(String);

impl Line {
    /// Digits, points and signs of our own.
    fn number(&mut self, value: Option<impl std::fmt::Display>) {
        if let Some(value) = value {
            // Writing to memory does not fail.
            let _ = write!(self.0, "{value}");
        }
        self.0.push(',');
    }

    fn text(&mut self, text: Option<&str>) {
        let text = text.unwrap_or_default();
        let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { "'" } else { "" };
        if text.contains(['"', ',', '\r', '\n']) {
            let _ = write!(self.0, "\"{guard}{}\",", text.replace('"', "\"\""));
        } else {
            let _ = write!(self.0, "{guard}{text},");
        }
    }

    fn end(mut self) -> String {
        // The comma after the last.
        self.0.pop();
        self.0.push_str("\r\n");
        self.0
    }
}
