import Counting

/// Of `footfall-worker`.
package struct WorkerSettings: SettingGroup {
    var title: String { "Worker" }

    package let serverURL = Setting(
        "server.url", .text("http://… or https://…"), default: "http://127.0.0.1:3002", flag: .named("server"),
        "The address of the worker's server")
    package let serverCAFile = Setting(
        "server.ca.file", .text("a file"), flag: .standard,
        """
        A PEM file with authorities that are trusted beside the system's where the worker's server is `https://…`; read \
        again when it changes
        """)
    package let id = Setting(
        "worker.id", .workerID, default: .default, flag: .named("id"),
        """
        The name under which cameras are assigned to the worker, also to the one that `footfall up` starts: up to 100 \
        letters, digits and `. _ -`
        """)
    package let tokenFile = Setting(
        "token.file", .text("a file"), flag: .standard, confidential: true,
        "The file with the worker's token, read again when it changes")
    package let token = Setting(
        "token", .text("a token"), confidential: true, "The worker's token, where there is no such file")
    package let user = Setting(
        "worker.user", .text("a user"), flag: .named("run-as"),
        "The user as whom a worker that root starts goes on, for it reads what anybody may have made")
    package let model = Setting(
        "model", .text("a file"), flag: .standard,
        "The detection model: ONNX, or Darknet weights with the .cfg beside it")
}
