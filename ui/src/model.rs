//! The window's arithmetic: plain data in, plain data out. Nothing here knows the DOM, signals or
//! IPC, so all of it is tested on the host.

pub mod cells;
pub mod chord;
pub mod columns;
pub mod consent;
pub mod contexts;
pub mod copies;
pub mod diagnostics;
pub mod diff;
pub mod drill;
pub mod figures;
pub mod fuzzy;
pub mod jump;
pub mod keys;
pub mod logs;
pub mod marks;
pub mod moves;
pub mod palette;
pub mod rbac;
pub mod sections;
pub mod selection;
pub mod sieve;
pub mod slice;
pub mod slots;
pub mod viewport;
pub mod words;
pub mod zoom;
