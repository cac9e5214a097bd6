using System.Globalization;
using Resilience.Shared;
using StackExchange.Redis;

namespace Resilience.Queues.Redis;

/// <summary>Trims streams on Redis 7: one script for a trim, so that no group can be created or read between the look and the command. Thread-safe.</summary>
internal sealed class RedisStreamTrimStore(RedisLink link, string keyPrefix, ScriptLibrary scripts) : IStreamTrimStore
{
    public async ValueTask<TrimResult> TrimAsync(TrimRequest request, CancellationToken cancellationToken = default)
    {
        var retention = request.Retention;
        var reply = (RedisResult[]?)await link.ScriptAsync(
            scripts.Get("stream_trim"),
            [request.Key, NotesKey(request.Key)],
            [
                retention.MaxLength, request.MaxEntries, Milliseconds(retention.MaxAge), (int)retention.Safety,
                retention.HardMaxLength ?? 4 * retention.MaxLength, Milliseconds(retention.StaleGroupAfter),
            ]).AsTask().WaitAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext) ?? [];
        return new TrimResult(
            (TrimStatus)(int)reply[0], (long)reply[1], (long)reply[2], (long)reply[3], (long)reply[4], (long)reply[5], (int)reply[6] == 1, (int)reply[7]);
    }

    public async ValueTask<ServerMemory> GetMemoryAsync(CancellationToken cancellationToken = default)
    {
        var text = (string?)await link.ExecuteAsync("INFO", "memory").AsTask().WaitAsync(cancellationToken).ConfigureAwait(Systematic.KeepContext) ?? "";
        var fields = text.Split("\r\n", StringSplitOptions.RemoveEmptyEntries)
            .Select(static line => line.Split(':', 2))
            .Where(static pair => pair.Length == 2)
            .ToDictionary(static pair => pair[0], static pair => pair[1], StringComparer.Ordinal);
        return new ServerMemory(Number(fields, "used_memory"), Number(fields, "maxmemory"), fields.GetValueOrDefault("maxmemory_policy", ""));
    }

    /// <summary>On the same node of a cluster as the stream: with its hash tag, or with its whole key as the tag.</summary>
    internal string NotesKey(string stream)
    {
        var open = stream.IndexOf('{', StringComparison.Ordinal);
        var close = open < 0 ? -1 : stream.IndexOf('}', open);
        var tag = close > open + 1 ? stream[(open + 1)..close] : stream;
        return $"{keyPrefix}:{{{tag}}}:1:groups:{stream}";
    }

    private static long Milliseconds(TimeSpan? time) => time is { } value ? (long)value.TotalMilliseconds : -1;

    private static long Number(Dictionary<string, string> fields, string name) =>
        long.TryParse(fields.GetValueOrDefault(name), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : 0;
}
