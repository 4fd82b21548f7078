//! Where the data sets of tests are on this machine.

use std::path::{Path, PathBuf};

use crate::cli::Failure;

/// Folders by the begin of the URLs that they hold.
#[derive(Default, Debug)]
pub(super) struct DataMaps {
    maps: Vec<(String, PathBuf)>,
}

impl DataMaps {
    /// Reads `URL_PREFIX=DIR`; a URL may itself have an equals sign.
    pub(super) fn new(maps: &[String]) -> Result<Self, Failure> {
        let mut read = Self::default();
        for map in maps {
            let Some((prefix, folder)) = map.rsplit_once('=').filter(|(p, f)| !p.is_empty() && !f.is_empty()) else {
                return Err(Failure::new(format!("`--data-map {map}` names no folder"))
                    .help("write the begin of the URLs and the folder, as in `--data-map https://host/data=data`"));
            };
            let folder = PathBuf::from(folder);
            if !folder.is_dir() {
                return Err(Failure::new(format!("the folder `{}` of `--data-map` does not exist", folder.display())));
            }
            read.maps.push((prefix.trim_end_matches('/').to_owned(), folder));
        }
        // The most specific first.
        read.maps.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len()));
        Ok(read)
    }

    /// The file of a data set: a path from the rule's folder, or one of the mapped folders. `None`: it is not on this machine.
    pub(super) fn find(&self, data: &str, rule: &Path) -> Option<PathBuf> {
        let is_url = data.contains("://");
        if !is_url {
            return Some(beside(rule, data)).filter(|p| p.exists());
        }
        self.maps.iter().find_map(|(prefix, folder)| {
            let rest = data.strip_prefix(prefix.as_str())?.strip_prefix('/')?;
            // A query is the server's business.
            let rest = rest.split(['?', '#']).next().unwrap_or(rest);
            let stays = Path::new(rest).components().all(|c| matches!(c, std::path::Component::Normal(_)));
            Some(folder.join(rest)).filter(|p| stays && p.exists())
        })
    }
}

/// A path from the folder of a file.
pub(super) fn beside(file: &Path, path: &str) -> PathBuf {
    file.parent().unwrap_or(Path::new("")).join(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_mapped_and_never_lead_out_of_their_folder() {
        let root = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(root.path().join("data/t1")).expect("a folder");
        for file in ["data/t1/e.json", "secret.json", "rule.yml"] {
            std::fs::write(root.path().join(file), "").expect("a file");
        }
        let map = format!("https://host/x?a=b/={}", root.path().join("data").display());
        let maps = DataMaps::new(&[map]).unwrap_or_else(|f| panic!("{f:?}"));
        let rule = root.path().join("rule.yml");
        assert_eq!(maps.find("https://host/x?a=b/t1/e.json", &rule), Some(root.path().join("data/t1/e.json")));
        assert_eq!(maps.find("https://host/x?a=b/../secret.json", &rule), None);
        assert_eq!(maps.find("https://host/other/t1/e.json", &rule), None);
        assert_eq!(maps.find("data/t1/e.json", &rule), Some(root.path().join("data/t1/e.json")));
        assert!(DataMaps::new(&["https://host".to_owned()]).is_err());
        assert!(DataMaps::new(&["https://host=/no/such/folder".to_owned()]).is_err());
    }
}
