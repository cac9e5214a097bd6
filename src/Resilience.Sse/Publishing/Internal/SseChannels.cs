namespace Resilience.Sse;

/// <summary>The rule for channel names. Stateless.</summary>
internal static class SseChannels
{
    private const int MaxLength = 200;

    public static void Validate(string channel)
    {
        ArgumentException.ThrowIfNullOrEmpty(channel);
        if (channel.Length > MaxLength)
        {
            throw new ArgumentException($"The channel's name has {channel.Length} characters; {MaxLength} are the most.", nameof(channel));
        }
    }
}
