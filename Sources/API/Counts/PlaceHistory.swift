/// SQL for where cameras hung when they counted something: what was counted stays with the place, wherever the camera hangs
/// today.
enum PlaceHistory {
    /// The CTE `places`: for each camera, from when to when (half open) it hung at which `location`. The first place goes
    /// back for ever: recordings may be older than the camera's registration. Read only where something asks for it.
    static let places = """
        places as materialized (
          select
            camera_id, location,
            case when lag(position) over history is null then '-infinity' else since end as first,
            lead(since, 1, 'infinity') over history as last
          from read.camera_locations
          window history as (partition by camera_id order by position)
        )
        """

    /// The condition that a camera hung at the place in a parameter (none: anywhere) at an instant. A bucket belongs to
    /// where the camera hung when it began.
    /// - Parameters:
    ///   - location: the parameter, `:location` for instance.
    ///   - camera: SQL for the camera's id, with its table's name.
    ///   - instant: SQL for the instant.
    static func isAt(_ location: String, _ camera: String, _ instant: String) -> String {
        """
        (\(location)::text is null or exists (
          select from places
          where places.camera_id = \(camera) and places.location = \(location)
            and \(instant) >= places.first and \(instant) < places.last))
        """
    }

    /// The condition that a camera hung at that place at any time of a range.
    static func wasAt(_ location: String, _ camera: String, from: String, to: String) -> String {
        """
        (\(location)::text is null or exists (
          select from places
          where places.camera_id = \(camera) and places.location = \(location)
            and places.first < \(to) and places.last > \(from)))
        """
    }
}
