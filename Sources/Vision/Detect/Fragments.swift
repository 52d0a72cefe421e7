/// A connected region of foreground.
struct Region: Sendable, Hashable {
    var box: Box
    /// How much of the picture it covers, 0 to 1.
    var area: Double
}

/// Puts objects together of which parts look like the background.
///
/// Two regions are one object where they stand above one another like the head and the legs of an upright figure,
/// or where one is much smaller than the other and all but touches it. Regions of like size beside one another stay
/// apart, as two people do who walk together.
struct FragmentJoin: Sendable {
    /// Width over height of the picture.
    let aspectRatio: Double

    /// Above this ratio of areas two neighbours are two objects.
    private static let fragmentShare = 0.35
    /// How far apart parts lie at most, in sizes of the larger one.
    private static let reach = 0.1
    /// Height over width of an upright figure: two people above one another are taller, two cars are wider.
    private static let upright = 1.8...3.5
    /// Of an upright figure's height, the part that may be missing in its middle.
    private static let gap = 0.4

    /// - Returns: the objects, largest first.
    func objects(_ regions: [Region]) -> [Region] {
        let ordered = regions.sorted { ($0.area, $1.box.x, $1.box.y) > ($1.area, $0.box.x, $0.box.y) }
        return joined(joined(ordered, where: isOneFigure), where: isFragment)
    }

    /// Gives each region to the first larger one that takes it.
    private func joined(_ regions: [Region], where takes: (Region, Region) -> Bool) -> [Region] {
        var objects: [Region] = []
        for region in regions {
            if let owner = objects.firstIndex(where: { takes($0, region) }) {
                objects[owner].box = objects[owner].box.union(region.box)
                objects[owner].area += region.area
            } else {
                objects.append(region)
            }
        }
        return objects
    }

    private func isFragment(_ object: Region, _ region: Region) -> Bool {
        let near = Box(
            centre: object.box.centre, width: object.box.width * (1 + 2 * FragmentJoin.reach),
            height: object.box.height * (1 + 2 * FragmentJoin.reach))
        return region.area < FragmentJoin.fragmentShare * object.area && near.intersection(region.box) > 0
    }

    private func isOneFigure(_ object: Region, _ region: Region) -> Bool {
        let (upper, lower) = object.box.y < region.box.y ? (object.box, region.box) : (region.box, object.box)
        let whole = upper.union(lower)
        let shared = min(upper.right, lower.right) - max(upper.x, lower.x)
        return FragmentJoin.upright.contains(whole.height / (whole.width * aspectRatio))
            && shared > 0.6 * min(upper.width, lower.width)
            && lower.y - upper.bottom < FragmentJoin.gap * whole.height
    }
}
