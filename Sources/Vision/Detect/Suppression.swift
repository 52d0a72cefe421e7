/// Keeps of detections that overlap the surest one (non-maximum suppression), group by group of classes.
func suppressed(_ detections: [Detection], overlap limit: Double) -> [Detection] {
    // Equal confidences are ordered by place, so that the result does not hang on the order of detection.
    let ordered = detections.sorted {
        ($0.confidence, $1.box.x, $1.box.y) > ($1.confidence, $0.box.x, $0.box.y)
    }
    var kept: [Detection] = []
    for detection in ordered {
        let hidden = kept.contains {
            $0.objectClass.group == detection.objectClass.group && $0.box.overlap(detection.box) > limit
        }
        if !hidden { kept.append(detection) }
    }
    return kept
}
