import Logging
import StructuredLogging

/// Of every program.
package struct ProcessSettings: SettingGroup {
    var title: String { "Log and files" }

    package let logLevel = Setting(
        "log.level", SettingKind<Logger.Level>.choice, default: .info, flag: .standard, "From which level on is logged")
    package let logFormat = Setting(
        "log.format", SettingKind<LogFormat>.choice, default: .text, flag: .standard,
        "How the log is written; `json` is one object a line")
    package let share = Setting(
        "share", .text("a folder"),
        "The folder that holds `Migrations`, `projections` and `openapi`, where it is not found beside or above the binaries"
    )
}
