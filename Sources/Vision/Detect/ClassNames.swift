import Foundation

/// The names of a model's classes, by their number.
enum ClassNames {
    /// The names in the file `<model>.names` beside the model, or in another `.names` file beside it with the
    /// right number of lines; else "person" for a single class, and COCO's names for its 80.
    static func names(count: Int, model: URL) throws(VisionError) -> [DetectedClass] {
        let folder = model.deletingLastPathComponent()
        let own = model.deletingPathExtension().appendingPathExtension("names")
        // An unreadable folder has no names to give.
        let others = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
        let candidates = [own] + others.filter { $0.pathExtension == "names" }.sorted { $0.path < $1.path }
        for file in candidates {
            guard let text = try? String(contentsOf: file, encoding: .utf8) else { continue }
            let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
            let names = lines.filter { !$0.isEmpty }
            if names.count == count { return names.map(DetectedClass.init(rawValue:)) }
        }
        switch count {
        case 1: return [.person]
        case coco.count: return coco
        default:
            throw .unusableModel(path: model.path, reason: "\(count) classes, and no .names file with as many lines")
        }
    }

    /// COCO's 80 classes in their order, with the names that Darknet gives them.
    static let coco: [DetectedClass] = """
        person,bicycle,car,motorbike,aeroplane,bus,train,truck,boat,traffic light,fire hydrant,stop sign,\
        parking meter,bench,bird,cat,dog,horse,sheep,cow,elephant,bear,zebra,giraffe,backpack,umbrella,handbag,\
        tie,suitcase,frisbee,skis,snowboard,sports ball,kite,baseball bat,baseball glove,skateboard,surfboard,\
        tennis racket,bottle,wine glass,cup,fork,knife,spoon,bowl,banana,apple,sandwich,orange,broccoli,carrot,\
        hot dog,pizza,donut,cake,chair,sofa,pottedplant,bed,diningtable,toilet,tvmonitor,laptop,mouse,remote,\
        keyboard,cell phone,microwave,oven,toaster,sink,refrigerator,book,clock,vase,scissors,teddy bear,\
        hair drier,toothbrush
        """.split(separator: ",").map { DetectedClass(rawValue: String($0)) }
}
