using System.ComponentModel.DataAnnotations;

namespace Messaging.Channels;

/// <summary>The section <c>Channels</c>.</summary>
internal sealed class ChannelOptions
{
    /// <value>Who owns so many channels creates no more. Default 1,000.</value>
    [Range(1, 1_000_000)]
    public int MaxOwnedPerUser { get; set; } = 1_000;
}
