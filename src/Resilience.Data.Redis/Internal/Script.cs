using StackExchange.Redis;

namespace Resilience.Data.Redis;

/// <summary>A script shipped in this assembly.</summary>
internal sealed class Script
{
    private readonly string _text;

    private Script(string name)
    {
        using var stream = typeof(Script).Assembly.GetManifestResourceStream($"Resilience.Data.Redis.Scripts.{name}.lua")!;
        using var reader = new StreamReader(stream);
        _text = reader.ReadToEnd();
    }

    public static Script Read { get; } = new("read");

    public static Script Write { get; } = new("write");

    public static Script Release { get; } = new("release");

    public static Script Invalidate { get; } = new("invalidate");

    /// <summary>The client calls a script by its hash once it has loaded it; a server that was restarted or flushed does not know it any more.</summary>
    public async Task<RedisResult> RunAsync(IDatabaseAsync database, RedisKey key, RedisValue[] arguments)
    {
        try
        {
            return await database.ScriptEvaluateAsync(_text, [key], arguments).ConfigureAwait(Shared.Systematic.KeepContext);
        }
        catch (RedisServerException exception) when (exception.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal))
        {
            return await database.ScriptEvaluateAsync(_text, [key], arguments).ConfigureAwait(Shared.Systematic.KeepContext);
        }
    }
}
