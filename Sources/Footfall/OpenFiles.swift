import Foundation

enum OpenFiles {
    /// Lets the process open as many files and connections as the system allows it; shells begin with 1024.
    static func allowAll() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)  // it goes on with fewer otherwise
    }
}
