namespace Resilience.TestKit.Processes.Internal;

/// <summary>What must be undone when the test process ends and nobody has done it: last registered, first run. Thread-safe.</summary>
internal static class ExitCleanup
{
    private static readonly Lock Gate = new();
    private static readonly List<Entry> Entries = [];

    static ExitCleanup() => AppDomain.CurrentDomain.ProcessExit += static (_, _) => RunAll();

    /// <summary>Registers an action; disposing the result takes it back.</summary>
    public static IDisposable Register(Action action)
    {
        var entry = new Entry(action);
        lock (Gate)
        {
            Entries.Add(entry);
        }

        return entry;
    }

    private static void RunAll()
    {
        while (true)
        {
            Entry last;
            lock (Gate)
            {
                if (Entries.Count == 0)
                {
                    return;
                }

                last = Entries[^1];
                Entries.RemoveAt(Entries.Count - 1);
            }

            try
            {
                last.Action();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidOperationException)
            {
                Console.Error.WriteLine($"Cleanup at exit: {e.Message}");
            }
        }
    }

    private sealed record Entry(Action Action) : IDisposable
    {
        public void Dispose()
        {
            lock (Gate)
            {
                Entries.RemoveAll(entry => ReferenceEquals(entry, this));
            }
        }
    }
}
