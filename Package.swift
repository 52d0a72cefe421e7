// swift-tools-version: 6.2
import PackageDescription

let swiftSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny")
]

let openCVModules = ["core", "dnn", "imgcodecs", "imgproc", "objdetect", "video", "videoio"]

let fuzzDependencies: [Target.Dependency] = [
    "API", "Access", "Counting", "EventLog", "EventSourcing", "OpenTelemetry", "StreamPolicy",
    .product(name: "HTTPTypes", package: "swift-http-types"),
    .product(name: "Hummingbird", package: "hummingbird"),
    .product(name: "NIOCore", package: "swift-nio"),
]

/// The parsers for libFuzzer, where tools/bench/fuzz asks for them: a program without a `main` of its own kind, for which
/// all modules are built otherwise. Else the same files are tests.
let fuzzing: Target =
    if Context.environment["FOOTFALL_FUZZ"] != nil {
        .executableTarget(
            name: "fuzz-bench", dependencies: fuzzDependencies, path: "tools/bench/fuzz-bench",
            swiftSettings: swiftSettings)
    } else {
        .testTarget(
            name: "FuzzTests", dependencies: fuzzDependencies, path: "tools/bench/fuzz-bench",
            swiftSettings: swiftSettings)
    }

let package = Package(
    name: "footfall",
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        .package(url: "https://github.com/ordo-one/TextTable", from: "0.0.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
    ],
    targets: [
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CMalloc"),
        .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .target(name: "Release", swiftSettings: swiftSettings),
        .target(
            name: "Resilience",
            dependencies: [
                "EventSourcing", .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"), .product(name: "Metrics", package: "swift-metrics"),
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "EventSourcing",
            dependencies: [.product(name: "OrderedCollections", package: "swift-collections")],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "StructuredLogging",
            dependencies: ["EventSourcing", .product(name: "Logging", package: "swift-log")],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "Postgres",
            dependencies: [
                "CLibPQ", "Release", "Resilience",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "EventLog",
            dependencies: [
                "CZstd", "EventSourcing", "Postgres", "Resilience", "Transparency",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "Transparency", dependencies: [.product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "Counting",
            dependencies: [
                "EventSourcing", .product(name: "OrderedCollections", package: "swift-collections"),
            ],
            swiftSettings: swiftSettings
        ),
        .target(name: "StreamPolicy", swiftSettings: swiftSettings),
        .target(
            name: "OpenTelemetry",
            dependencies: [
                "EventSourcing", "Resilience",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "Loopback",
            dependencies: [
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "Settings",
            dependencies: [
                "Counting", "StreamPolicy", "StructuredLogging",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "Installation",
            dependencies: [
                "Counting", "Postgres", "Resilience", "Settings", "StreamPolicy", "StructuredLogging",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "Projector",
            dependencies: [
                "EventLog", "EventSourcing", "Postgres", "Release", "Resilience",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "Reactions",
            dependencies: [
                "Counting", "EventLog", "EventSourcing", "Postgres", "Release", "Resilience", "UseCases",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
            ],
            exclude: ["README.md"],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "Access",
            dependencies: [
                "CHiredis", "Counting", "EventSourcing", "Resilience", "Transparency",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "JWTKit", package: "jwt-kit"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "Secrets",
            dependencies: [
                "Postgres",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "UseCases",
            dependencies: [
                "Counting", "EventLog", "EventSourcing", "Postgres", "Projector", "Resilience", "Secrets",
                "StreamPolicy",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "API",
            dependencies: [
                "Access", "CMalloc", "CZstd", "Counting", "EventLog", "EventSourcing", "OpenTelemetry", "Postgres",
                "Projector", "Release", "Resilience", "Secrets", "StreamPolicy", "Transparency", "UseCases",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdHTTP2", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "Mustache", package: "swift-mustache"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP2", package: "swift-nio-extras"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ],
            swiftSettings: swiftSettings
        ),
        .executableTarget(
            name: "footfall",
            dependencies: [
                "API", "Access", "Counting", "EventLog", "EventSourcing", "Installation", "OpenTelemetry", "Postgres",
                "Projector", "Reactions", "Release", "Resilience", "Secrets", "Settings", "StreamPolicy",
                "StructuredLogging", "Transparency", "UseCases",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdHTTP2", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            path: "Sources/Footfall",
            swiftSettings: swiftSettings
        ),
        .target(
            name: "COpenCV",
            exclude: ["opencv4"],
            cxxSettings: [.headerSearchPath("opencv4")],
            // What takes the place of a function of libavcodec must be seen by the dynamic linker.
            linkerSettings: openCVModules.map { .linkedLibrary("opencv_\($0)") } + [
                .unsafeFlags(["-Xlinker", "--export-dynamic-symbol=avcodec_open2"])
            ]
        ),
        .target(name: "CConfinement"),
        .target(name: "Vision", dependencies: ["COpenCV"], swiftSettings: swiftSettings),
        .executableTarget(
            name: "footfall-worker",
            dependencies: [
                "CConfinement", "Counting", "EventSourcing", "Loopback", "Release", "Resilience", "Settings",
                "StreamPolicy", "StructuredLogging", "Vision",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "X509", package: "swift-certificates"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            path: "Sources/FootfallWorker",
            swiftSettings: swiftSettings
        ),
        .executableTarget(
            name: "footfallctl",
            dependencies: [
                "Access", "Counting", "EventLog", "EventSourcing", "Installation", "Postgres", "Projector", "Reactions",
                "Release", "Secrets", "Settings", "StructuredLogging", "Transparency", "UseCases",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "TextTable", package: "TextTable"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            path: "tools/footfallctl",
            swiftSettings: swiftSettings
        ),
        .executableTarget(
            name: "generator",
            dependencies: ["Counting", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            path: "tools/generator",
            swiftSettings: swiftSettings
        ),
        .target(
            name: "BenchSupport",
            dependencies: ["Installation", "Postgres", .product(name: "Logging", package: "swift-log")],
            path: "tools/bench/support",
            swiftSettings: swiftSettings
        ),
        .executableTarget(
            name: "append-bench",
            dependencies: [
                "BenchSupport", "Counting", "EventLog", "EventSourcing", "Installation", "Postgres",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "tools/bench/append-bench",
            swiftSettings: swiftSettings
        ),
        .executableTarget(
            name: "http-bench",
            dependencies: [
                "Access", "BenchSupport", "Counting", "EventLog", "EventSourcing", "Installation", "Postgres",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            path: "tools/bench/http-bench",
            exclude: ["load.lua"],
            swiftSettings: swiftSettings
        ),
        .executableTarget(
            name: "rebuild-bench",
            dependencies: [
                "BenchSupport", "Counting", "EventLog", "EventSourcing", "Installation", "Postgres", "Projector",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Histogram", package: "hdrhistogram-swift"),
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "tools/bench/rebuild-bench",
            swiftSettings: swiftSettings
        ),
        .target(
            name: "TestSupport",
            dependencies: [
                "Counting", "EventLog", "EventSourcing", "Installation", "Loopback", "Postgres",
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            path: "Tests/TestSupport",
            swiftSettings: swiftSettings
        ),
        .executableTarget(
            name: "TortureWriter",
            dependencies: ["EventLog", "EventSourcing", "Postgres", "TestSupport"],
            path: "Tests/TortureWriter",
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "EventLogTests",
            dependencies: [
                "EventLog", "EventSourcing", "Installation", "Postgres", "Projector", "TestSupport", "TortureWriter",
                "Transparency",
                .product(name: "Subprocess", package: "swift-subprocess"),
            ],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "InstallationTests", dependencies: ["Installation", "Postgres", "Settings", "TestSupport"],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "PostgresTests",
            dependencies: ["Postgres", "Release", "TestSupport", .product(name: "Logging", package: "swift-log")],
            swiftSettings: swiftSettings
        ),
        .testTarget(name: "EventSourcingTests", dependencies: ["EventSourcing"], swiftSettings: swiftSettings),
        .testTarget(
            name: "CountingTests", dependencies: ["Counting", "EventSourcing", "TestSupport"],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "StructuredLoggingTests",
            dependencies: [
                "EventSourcing", "StructuredLogging", .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "SettingsTests",
            dependencies: [
                "API", "Counting", "Installation", "Settings", "StructuredLogging", "TestSupport", "footfall",
                "footfall-worker",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swiftSettings
        ),
        .testTarget(name: "TransparencyTests", dependencies: ["Transparency"], swiftSettings: swiftSettings),
        .testTarget(
            name: "LoopbackTests",
            dependencies: [
                "Loopback", .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "OpenTelemetryTests",
            dependencies: [
                "EventSourcing", "OpenTelemetry", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "MetricsTestKit", package: "swift-metrics"),
                .product(name: "ServiceLifecycleTestKit", package: "swift-service-lifecycle"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ],
            swiftSettings: swiftSettings
        ),
        .testTarget(name: "StreamPolicyTests", dependencies: ["StreamPolicy"], swiftSettings: swiftSettings),
        .testTarget(
            name: "SecretsTests",
            dependencies: [
                "Installation", "Postgres", "Secrets", "TestSupport", .product(name: "Crypto", package: "swift-crypto"),
            ],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "ResilienceTests",
            dependencies: [
                "Resilience",
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "MetricsTestKit", package: "swift-metrics"),
            ],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "AccessTests",
            dependencies: [
                "Access", "EventSourcing", "Installation", "Loopback", "Resilience", "Settings", "Transparency",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "JWTKit", package: "jwt-kit"), .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "UseCasesTests",
            dependencies: [
                "Counting", "EventSourcing", "Postgres", "Secrets", "StreamPolicy", "UseCases",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "APITests",
            dependencies: [
                "API", "Access", "Counting", "EventLog", "EventSourcing", "Installation", "OpenTelemetry", "Postgres",
                "Projector", "Reactions", "Release", "Resilience", "Secrets", "StreamPolicy", "StreamSupport",
                "TestSupport", "Transparency", "UseCases",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdHTTP2", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "HummingbirdTesting", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP2", package: "swift-nio-extras"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "API", "EventSourcing", "Postgres", "Release", "StreamSupport", "TestSupport", "Transparency",
                "UseCases", "footfall", "footfall-worker", "footfallctl",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "ProjectionTests",
            dependencies: [
                "Counting", "EventLog", "EventSourcing", "Installation", "OpenTelemetry", "Postgres", "Projector",
                "TestSupport", "footfallctl", "generator",
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "MetricsTestKit", package: "swift-metrics"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ],
            swiftSettings: swiftSettings
        ),
        .executableTarget(
            name: "ReactingProcess",
            dependencies: ["Counting", "EventLog", "EventSourcing", "Postgres", "Reactions", "TestSupport"],
            path: "Tests/ReactingProcess",
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "ReactionTests",
            dependencies: [
                "Counting", "EventLog", "EventSourcing", "Installation", "Postgres", "Projector", "ReactingProcess",
                "Reactions", "TestSupport",
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "MetricsTestKit", package: "swift-metrics"),
                .product(name: "Subprocess", package: "swift-subprocess"),
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "StreamSupport",
            dependencies: [
                "COpenCV", "Loopback", "Vision",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "X509", package: "swift-certificates"),
            ],
            path: "Tests/StreamSupport",
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "FootfallWorkerTests",
            dependencies: [
                "Counting", "EventSourcing", "StreamPolicy", "StreamSupport", "Vision", "footfall-worker",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "X509", package: "swift-certificates"),
            ],
            swiftSettings: swiftSettings
        ),
        .testTarget(name: "VisionTests", dependencies: ["COpenCV", "Vision"], swiftSettings: swiftSettings),
        fuzzing,
    ],
    cxxLanguageStandard: .cxx17
)
