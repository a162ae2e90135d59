//! The executable from outside: what people, clients and operators rely on, and what it must survive.

mod abuse;
mod apart;
mod bars;
mod command_line;
mod finnhub;
mod house;
mod up;
