using Messaging.Http;
using Messaging.Messages;

namespace Messaging.Channels;

/// <summary>A row of the channel list.</summary>
internal sealed class ChannelRow
{
    public long Id { get; set; }

    public string Name { get; set; } = string.Empty;

    public long Private { get; set; }

    public string? Role { get; set; }

    public long Members { get; set; }

    public long Unread { get; set; }

    public long? LastId { get; set; }

    internal ChannelShape ToShape(MessageShape? lastMessage) =>
        new(Ids.Format(Id), Name, Private != 0, Role, Members, lastMessage, Unread, Role is not null);
}
