namespace Messaging.Http;

/// <summary>Times are milliseconds since 1970 in the database and ISO 8601 in UTC outside.</summary>
internal static class Times
{
    internal static DateTime FromStore(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).UtcDateTime;

    internal static DateTime? FromStore(long? milliseconds) => milliseconds is { } value ? FromStore(value) : null;

    internal static long NowForStore(this TimeProvider time) => time.GetUtcNow().ToUnixTimeMilliseconds();
}
