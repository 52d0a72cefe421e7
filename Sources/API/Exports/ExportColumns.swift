/// The columns of an export, and SQL that makes one line of text of a row.
///
/// A line of CSV follows RFC 4180: fields with commas between them, CR LF at the end. Texts stand in quotes, and one that
/// a spreadsheet would take for a formula, because it begins with =, +, -, @ (in their full width too), a tab or a carriage return, has an
/// apostrophe before it (OWASP, "CSV Injection"). Nothing at all is null.
struct ExportColumns {
    enum Kind {
        case number, text, instant
        /// A time in words of the zone, which needs no quotes.
        case local
    }

    struct Column {
        let name: String
        let sql: String
        let kind: Kind

        init(_ name: String, _ kind: Kind, _ sql: String? = nil) {
            self.name = name
            self.kind = kind
            self.sql = sql ?? name
        }

        fileprivate var json: String {
            switch kind {
            case .number, .text: #"\#(sql) as "\#(name)""#
            case .instant: #"rfc3339(\#(sql)) as "\#(name)""#
            case .local: #"\#(local) as "\#(name)""#
            }
        }

        fileprivate var csv: String {
            switch kind {
            case .number: "coalesce((\(sql))::text, '')"
            case .text:
                """
                coalesce('"' || replace(
                  case when \(sql) ~ '^[=+@\\t\\r＝＋－＠-]' then '''' || \(sql) else \(sql) end, '"', '""') || '"', '')
                """
            case .instant: "coalesce(rfc3339(\(sql)), '')"
            case .local: "coalesce(\(local), '')"
            }
        }

        private var local: String { #"to_char(\#(sql), 'YYYY-MM-DD"T"HH24:MI:SS')"# }
    }

    let columns: [Column]

    /// SQL for a row's line, with the line's end.
    func line(_ format: ExportForm.Format) -> String {
        switch format {
        case .csv: columns.map(\.csv).joined(separator: " || ',' || ") + #" || E'\r\n'"#
        case .jsonl:
            #"(select row_to_json(shown)::text from (select \#(columns.map(\.json).joined(separator: ", "))) as shown) || E'\n'"#
        }
    }

    /// What comes before the first row.
    func header(_ format: ExportForm.Format) -> String {
        switch format {
        case .csv: columns.map(\.name).joined(separator: ",") + "\r\n"
        case .jsonl: ""
        }
    }
}
