/// The release that this source is of.
package enum Release {
    /// By Semantic Versioning 2.0.0 (https://semver.org); `-dev` between one release and the next. Shown by `--version`,
    /// the OpenAPI document, the log's first line and the metric `footfall_build_info`.
    package static let version = "0.1.0-dev"
}
