//! Reads the list of requirements: lines `- INC-07 [1] text` in docs/requirements.md. Knows nothing of tests.

use anyhow::{Result, bail};

/// One requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// Its stable id, `INC-07`.
    pub id: String,
    /// Its text, with its sources in brackets.
    pub text: String,
}

impl Requirement {
    /// The area of its id: `INC`.
    #[must_use]
    pub fn area(&self) -> &str {
        self.id.split_once('-').map_or(&self.id, |(area, _)| area)
    }
}

/// Reads every requirement of `text`, in its order.
///
/// # Errors
/// An id stands there twice, or there is none at all.
pub fn read(text: &str) -> Result<Vec<Requirement>> {
    let mut found: Vec<Requirement> = Vec::new();
    for line in text.lines() {
        let Some((id, text)) = line
            .strip_prefix("- ")
            .and_then(|line| line.split_once(' '))
        else {
            continue;
        };
        if !is_id(id) {
            continue;
        }
        if found.iter().any(|one| one.id == id) {
            bail!("\"{id}\" stands twice in the list of requirements");
        }
        found.push(Requirement {
            id: id.to_owned(),
            text: text.to_owned(),
        });
    }
    if found.is_empty() {
        bail!("the list of requirements has no line like \"- INC-07 …\"");
    }
    Ok(found)
}

/// Whether `word` looks like `INC-07`.
#[must_use]
pub fn is_id(word: &str) -> bool {
    word.split_once('-').is_some_and(|(area, number)| {
        area.len() == 3
            && area.bytes().all(|byte| byte.is_ascii_uppercase())
            && number.len() >= 2
            && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_with_an_id_are_requirements_and_others_are_not() {
        let read = read(
            "# R\n- Ids are stable\n- INC-07 [1] Detects.\n- **Open** x\n- FIX-110 [B,D] Fixes.\n",
        )
        .unwrap();
        let ids: Vec<(&str, &str)> = read
            .iter()
            .map(|one| (one.id.as_str(), one.area()))
            .collect();
        assert_eq!(ids, [("INC-07", "INC"), ("FIX-110", "FIX")]);
        assert_eq!(read[0].text, "[1] Detects.");
    }

    #[test]
    fn a_double_id_and_an_empty_list_are_refused() {
        assert!(
            read("- INC-07 a\n- INC-07 b\n")
                .unwrap_err()
                .to_string()
                .contains("INC-07")
        );
        assert!(read("nothing\n").is_err());
    }
}
