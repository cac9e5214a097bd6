using System.Runtime.Versioning;

// The confined file system under test is Linux's; the portable one has a suite of its own and runs here too.
[assembly: SupportedOSPlatform("linux")]
