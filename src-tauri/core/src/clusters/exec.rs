//! Programs that give credentials ("exec plugins"): which they are, and whether a person has
//! allowed them.

mod command;

pub(crate) use command::ExecCommand;
