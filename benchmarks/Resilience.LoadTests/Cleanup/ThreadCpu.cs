using System.Runtime.InteropServices;

namespace Resilience.LoadTests.Cleanup;

/// <summary>The CPU time of the calling thread (Linux): what a wait, a preemption or a pause of the collector does not add to.</summary>
internal static partial class ThreadCpu
{
    private const int ThreadClock = 3;

    public static TimeSpan Now()
    {
        if (ReadClock(ThreadClock, out var time) != 0)
        {
            throw new PlatformNotSupportedException("The thread's CPU clock cannot be read.");
        }

        return TimeSpan.FromTicks((time.Seconds * TimeSpan.TicksPerSecond) + (time.Nanoseconds / TimeSpan.NanosecondsPerTick));
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int ReadClock(int clock, out Timespec time);

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Timespec
    {
        public readonly long Seconds;
        public readonly long Nanoseconds;
    }
}
