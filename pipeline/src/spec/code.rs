//! The stable names of what can be wrong: scripts, editors and documentation refer to them.

use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident => $name:literal,)*) => {
        /// The stable name of a kind of finding, such as `unknown-field`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $($(#[$doc])* $variant,)*
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name as it is written: lower case with hyphens.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

codes! {
    /// The file cannot be read.
    Unreadable => "unreadable-file",
    /// The file does not exist.
    NoSuchFile => "no-such-file",
    /// The file is bigger than a pipeline file may be.
    TooBig => "file-too-big",
    /// The file holds bytes that are not UTF-8.
    NotUtf8 => "not-utf8",
    /// The file holds nothing but white space and comments.
    Empty => "empty-file",
    /// The YAML itself is broken.
    Syntax => "yaml-syntax",
    /// A tab stands where YAML wants spaces.
    Tab => "tab-indentation",
    /// More than one YAML document.
    ManyDocuments => "several-documents",
    /// Collections inside collections, too many of them.
    TooDeep => "nested-too-deep",
    /// The file holds, or its aliases expand to, too many values.
    TooManyValues => "too-many-values",
    /// An alias without its anchor.
    UnknownAlias => "unknown-alias",
    /// An alias inside its own anchor.
    RecursiveAlias => "recursive-alias",
    /// A YAML tag, which has no meaning here.
    YamlTag => "yaml-tag",
    /// The same key twice in one mapping.
    DuplicateKey => "duplicate-key",
    /// A key that is not text.
    KeyNotText => "key-not-text",
    /// Something that `pipectl fmt` does not lay out.
    Layout => "not-laid-out",
    /// A key that the format does not have.
    UnknownField => "unknown-field",
    /// A key that must be there.
    MissingField => "missing-field",
    /// Text where a mapping is due, and the like.
    WrongType => "wrong-type",
    /// An `apiVersion` that this pipectl does not read.
    ApiVersion => "wrong-api-version",
    /// A `kind` that this pipectl does not read.
    Kind => "wrong-kind",
    /// A value without a unit, or with one that does not fit.
    WrongUnit => "wrong-unit",
    /// A number outside what AWS takes.
    OutOfRange => "out-of-range",
    /// A word that is none of the choices.
    UnknownChoice => "unknown-choice",
    /// Two fields that exclude each other, or a choice that misses its one field.
    Conflict => "conflicting-fields",
    /// The same AWS name for two things.
    NameTaken => "name-taken",
    /// A name of a pipeline, stream, transform or delivery that AWS would refuse.
    InvalidName => "invalid-name",
    /// A name that becomes too long with what pipectl adds.
    NameTooLong => "name-too-long",
    /// A reference to something that the file does not define.
    UnknownReference => "unknown-reference",
    /// A region that cannot be one.
    InvalidRegion => "invalid-region",
    /// A bucket name that S3 refuses.
    InvalidBucket => "invalid-bucket-name",
    /// A Firehose prefix expression that Firehose refuses.
    InvalidPrefix => "invalid-prefix",
    /// A KMS key that cannot be one.
    InvalidKey => "invalid-kms-key",
    /// A tag that AWS refuses or that pipectl keeps for itself.
    InvalidTag => "invalid-tag",
    /// An environment variable that Lambda refuses.
    InvalidVariable => "invalid-environment-variable",
    /// An address that Firehose cannot send to.
    InvalidUrl => "invalid-url",
    /// An ARN that cannot be one, or is of something else.
    InvalidArn => "invalid-arn",
    /// A filter that Lambda refuses, or that lets nothing through.
    InvalidFilter => "invalid-filter",
    /// A path that cannot be one.
    InvalidPath => "invalid-path",
    /// A package that is not there.
    MissingPackage => "no-such-package",
    /// A package that Lambda does not take.
    Package => "unusable-package",
    /// A VRL program that does not compile.
    Vrl => "vrl-does-not-compile",
    /// A pipeline without a stream and without a delivery.
    NothingToDo => "nothing-to-run",
    /// A date pattern that says something else than it seems to.
    MisleadingDate => "misleading-date-pattern",
    /// A transform that no delivery uses.
    UnusedTransform => "unused-transform",
    /// A variable that is not declared.
    UnknownVariable => "unknown-variable",
    /// A variable that nothing uses.
    UnusedVariable => "unused-variable",
    /// A variable without a value.
    MissingValue => "missing-value",
    /// What looks like the use of a variable and is none.
    VariableSyntax => "variable-syntax",
    /// A sensitive value where it would be shown.
    SensitiveHere => "sensitive-value-shown",
    /// An overlay that takes away what is not there.
    NothingToRemove => "nothing-to-remove",
    /// Pipelines that read each other's streams in a circle.
    Cycle => "pipelines-in-a-circle",
    /// A value that works in itself but not where it is used.
    Unsuitable => "unsuitable-value",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl serde::Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
