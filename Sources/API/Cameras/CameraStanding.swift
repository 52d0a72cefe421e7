import Counting

/// What a camera's status is now, as SQL: in one form for all that show it, filter by it or count it. What it follows
/// from is said by the functions `camera_status` and `is_silent` of the database, by whose clock time is taken.
enum CameraStanding {
    /// A table: the columns of `read.camera_state`, and what the status depends on besides. It costs what the camera's
    /// own row costs where none of that is used.
    static let cameras = """
        (
          select camera.*, heard.lapses, heard.silent_since
          from read.camera_state as camera
          left join read.camera_heard as heard using (camera_id)
        )
        """

    /// On a row of `cameras`.
    static let status = "camera_status(status, lapses, silent_since)"

    /// Since when the status is what it is: on a row of `cameras`.
    static let since = """
        (case when lapses and is_silent(silent_since) then silent_since + heartbeat_vouching() else status_since end)
        """

    /// Whether the camera should run and nothing was heard of it for as long as a heartbeat vouches: on a row of
    /// `cameras`.
    static let isStale = "(desired_state = 'running' and is_silent(silent_since))"

    /// A select of the ids of cameras that by the last word are online and have gone silent: they are offline.
    ///
    /// By an index, whose half minutes may hold some that are not silent yet.
    static let silent = """
        select camera_id
        from read.camera_heard
        where lapses and silence_slot < now() - heartbeat_vouching() and is_silent(silent_since)
        """

    /// How cameras of one status are found by the index on the last word: each condition leaves some of them, and all
    /// together leave all.
    static func conditions(_ status: CameraStatus) -> [String] {
        switch status {
        case .online: ["status = 'online' and camera_id not in (\(silent))"]
        case .offline: ["status = 'offline'", "status = 'online' and camera_id in (\(silent))"]
        case .maintenance, .error: ["status = '\(status.rawValue)'"]
        }
    }
}
