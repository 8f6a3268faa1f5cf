//! The starter pipelines of `pipectl init`.

/// A starter pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Template {
    /// What `pipectl init NAME` calls it.
    pub name: &'static str,
    /// One line for a list.
    pub description: &'static str,
    /// Path and text of each file.
    pub files: &'static [(&'static str, &'static str)],
}

/// All of them; the first is the default.
pub const ALL: &[Template] = &[
    Template {
        name: "clickstream",
        description: "click events or access logs: stream, VRL transform, gzipped JSON lines in S3",
        files: &[("pipeline.yaml", include_str!("../../templates/clickstream/pipeline.yaml"))],
    },
    Template {
        name: "logs",
        description: "application logs put straight into a delivery, no stream to pay for",
        files: &[("pipeline.yaml", include_str!("../../templates/logs/pipeline.yaml"))],
    },
    Template {
        name: "minimal",
        description: "the shortest pipeline: one stream into one bucket",
        files: &[("pipeline.yaml", include_str!("../../templates/minimal/pipeline.yaml"))],
    },
];

/// The template of a name.
pub fn find(name: &str) -> Option<&'static Template> {
    ALL.iter().find(|template| template.name == name)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::spec::file::PipelineFile;
    use crate::spec::{TakeEveryTransform, parse};

    #[test]
    fn every_template_is_a_pipeline_without_warnings() {
        for template in ALL {
            let (name, text) = template.files[0];
            assert_eq!(name, "pipeline.yaml");
            let document = parse(Path::new(name), text.as_bytes(), &TakeEveryTransform)
                .unwrap_or_else(|found| panic!("{}: {found}", template.name));
            assert!(document.warnings.is_empty(), "{}", document.warnings);
        }
    }

    #[test]
    fn every_template_fits_the_types_of_the_schema() {
        for template in ALL {
            let read: Result<PipelineFile, _> = serde_yaml::from_str(template.files[0].1);
            assert!(read.is_ok(), "{}: {:?}", template.name, read.err());
        }
    }

    #[test]
    fn a_template_is_found_by_its_name() {
        assert_eq!(find("clickstream"), Some(&ALL[0]));
        assert_eq!(find("nothing"), None);
    }
}
