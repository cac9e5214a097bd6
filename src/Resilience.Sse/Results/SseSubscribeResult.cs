namespace Resilience.Sse;

/// <summary>A stream of the events of some channels, from the client's position on. Made by <see cref="SseResults.Subscribe(string[])"/>. Belongs to one request.</summary>
public sealed class SseSubscribeResult : SseResult
{
    internal SseSubscribeResult(IReadOnlyList<string> channels)
    {
        foreach (var channel in channels)
        {
            SseChannels.Validate(channel);
        }

        Channels = channels;
    }

    /// <summary>The channels.</summary>
    public IReadOnlyList<string> Channels { get; }

    /// <summary>Marks the connection, for <see cref="SseTarget.Tag"/>.</summary>
    public SseSubscribeResult WithTag(string tag)
    {
        AddTag(tag);
        return this;
    }

    internal override SseSource CreateSource(SseNode node, SseConnection connection, IServiceProvider services) =>
        new HubSource(connection.Cursor);
}
