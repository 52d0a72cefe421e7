import Foundation

/// Makes writing to a pipe that nobody reads any more an error of that writing, and not the end of the process.
package func outliveReaders() { signal(SIGPIPE, SIG_IGN) }

extension FileHandle {
    /// Writes a text at once, even where the output is a file or a pipe. Where nobody reads it any more it is lost, and
    /// the process goes on, if `outliveReaders` was called: `write(_:)` would end it all the same.
    package func say(_ text: String) {
        try? write(contentsOf: Data(text.utf8))  // there is nobody to tell
    }
}
