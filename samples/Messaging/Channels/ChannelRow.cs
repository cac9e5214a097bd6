using Messaging.Http;

namespace Messaging.Channels;

/// <summary>What is the reader's own of a channel in the list.</summary>
internal sealed class ChannelRow
{
    public long Id { get; set; }

    public string? Role { get; set; }

    public long Unread { get; set; }

    /// <summary>One who has not joined gets neither text nor count.</summary>
    internal ChannelShape ToShape(ChannelFigures figures) => new(
        Ids.Format(Id), figures.Name, figures.Private, Role, figures.Members, Role is null ? null : figures.LastMessage, Unread, Role is not null);
}
